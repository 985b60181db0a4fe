"""CloudFormation: templates are checked and applied by us (template.py, stacks.py), the rest is moto's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto.cloudformation.models import ChangeSet, CloudFormationBackend, cloudformation_backends
from moto.cloudformation.utils import generate_stack_id
from moto.core.exceptions import ServiceException
from werkzeug.wrappers import Request, Response

from local_aws.over_moto import template as templates
from local_aws.over_moto.query import Form
from local_aws.over_moto.resources.base import Resource
from local_aws.over_moto.stack_requests import asked_for, body_of
from local_aws.over_moto.stacks import LocalStack, Stacks, find
from local_aws.wire import AwsError, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
# What moto answers as AWS does, from the stacks we make.
_MOTOS = {
    "DeleteChangeSet",
    "DescribeChangeSet",
    "DescribeStackEvents",
    "DescribeStacks",
    "GetStackPolicy",
    "GetTemplate",
    "GetTemplateSummary",
    "ListChangeSets",
    "ListExports",
    "ListStacks",
    "SetStackPolicy",
}
_UPDATABLE = re.compile(r"(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE")


class CloudFormation:
    """Stands before moto's CloudFormation."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.stacks = Stacks(cloud)

    def answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:
        """Answer one request."""
        action = request.form.get("Action", "")
        if action in _MOTOS:
            return forward(request)
        backend: CloudFormationBackend = cloudformation_backends[self.cloud.account][region]
        ours = {
            "CreateChangeSet": self._create_change_set,
            "CreateStack": self._create_stack,
            "DeleteStack": self._delete_stack,
            "DescribeStackResource": self._describe_resource,
            "DescribeStackResources": self._describe_resources,
            "ExecuteChangeSet": self._execute_change_set,
            "ListStackResources": self._list_resources,
            "UpdateStack": self._update_stack,
            "ValidateTemplate": self._validate_template,
        }
        try:
            if action not in ours:
                raise not_modelled(f"cloudformation:{action}")
            result = ours[action](Form(request), backend)
        except AwsError as error:
            return self._error(error)
        except ServiceException as error:  # moto's own refusals, of parameters and templates
            return self._error(AwsError(getattr(error, "code", "ValidationError"), str(error.message)))
        return self._xml(
            f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{result}</{action}Result>'
            f"<ResponseMetadata><RequestId>{self.cloud.new_id()}</RequestId></ResponseMetadata></{action}Response>"
        )

    def _create_stack(self, form: Form, backend: CloudFormationBackend) -> str:
        form.refuse("RoleARN", "NotificationARNs", "DisableRollback", "OnFailure", "TimeoutInMinutes")
        name, body, template, parameters = asked_for(form, None, self.cloud.account)
        self._refuse_existing(name, backend)
        stack = self._new_stack(name, body, form, parameters, backend)
        self.stacks.check(stack, template, parameters)
        backend.stacks[stack.stack_id] = stack
        self.stacks.create(stack, template, parameters)
        self._export(stack, backend)
        return f"<StackId>{stack.stack_id}</StackId>"

    def _update_stack(self, form: Form, backend: CloudFormationBackend) -> str:
        form.refuse("RoleARN", "NotificationARNs", "DisableRollback", "StackPolicyDuringUpdateBody")
        stack = find(backend, form["StackName"])
        if not _UPDATABLE.fullmatch(stack.status):
            raise templates.refused(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            )
        _, body, template, parameters = asked_for(form, stack, self.cloud.account)
        tags = form.pairs("Tags", "Key", "Value") or dict(stack.tags)
        if (template, parameters, tags) == (stack.template_dict, stack.parameters, dict(stack.tags)):
            raise templates.refused("No updates are to be performed.")
        self.stacks.check(stack, template, parameters)
        self._update(stack, body, template, parameters, tags, backend)
        return f"<StackId>{stack.stack_id}</StackId>"

    def _update(
        self,
        stack: LocalStack,
        body: str,
        template: dict[str, Any],
        parameters: dict[str, str],
        tags: dict[str, str],
        backend: CloudFormationBackend,
    ) -> None:
        if self.stacks.update(stack, template, parameters, tags):
            stack.template = body
            stack.description = template.get("Description")
            self._export(stack, backend)

    def _delete_stack(self, form: Form, backend: CloudFormationBackend) -> str:
        form.refuse("RetainResources", "RoleARN", "DeletionMode")
        try:
            stack = find(backend, form["StackName"])
        except AwsError:
            return ""  # as on AWS, deleting what is not there succeeds
        if self.stacks.delete(stack):
            del backend.stacks[stack.stack_id]
            backend.deleted_stacks[stack.stack_id] = stack
            self._withdraw_exports(stack, backend)
        return ""

    def _create_change_set(self, form: Form, backend: CloudFormationBackend) -> str:
        form.refuse(
            "RoleARN", "NotificationARNs", "ResourcesToImport", "OnStackFailure", "ImportExistingResources"
        )
        kind = form.get("ChangeSetType") or "UPDATE"
        if kind not in ("CREATE", "UPDATE"):
            raise not_modelled(f"change sets of type {kind}")
        stack = find(backend, form["StackName"]) if kind == "UPDATE" else None
        name, body, template, parameters = asked_for(form, stack, self.cloud.account)
        tags = form.pairs("Tags", "Key", "Value")
        if stack is None:
            self._refuse_existing(name, backend)
            stack = self._new_stack(name, body, form, parameters, backend)
            self.stacks.set_status(stack, "REVIEW_IN_PROGRESS", "User Initiated")
            backend.stacks[stack.stack_id] = stack
        region = backend.region_name
        change_id = (
            f"arn:aws:cloudformation:{region}:{self.cloud.account}:changeSet/{form['ChangeSetName']}/"
            f"{self.cloud.new_id()}"
        )
        change = ChangeSet(
            change_set_type=kind,
            change_set_id=change_id,
            change_set_name=form["ChangeSetName"],
            stack=stack,
            template=body,
            parameters=parameters,
            description=form.get("Description") or "",
            tags=tags or dict(stack.tags),
        )
        change.status, change.execution_status = "CREATE_COMPLETE", "AVAILABLE"
        unchanged = (template, parameters, change.tags) == (
            stack.template_dict,
            stack.parameters,
            dict(stack.tags),
        )
        if kind == "UPDATE" and unchanged:
            change.status, change.execution_status = "FAILED", "UNAVAILABLE"
            change.status_reason = (
                "The submitted information didn't contain changes. Submit different information to create a "
                "change set."
            )
        backend.change_sets[change_id] = change
        return f"<Id>{change_id}</Id><StackId>{stack.stack_id}</StackId>"

    def _execute_change_set(self, form: Form, backend: CloudFormationBackend) -> str:
        form.refuse("DisableRollback", "RetainExceptOnCreate")
        wanted, stack_name = form["ChangeSetName"], form.get("StackName")
        for change in backend.change_sets.values():
            known = change.change_set_id == wanted
            if known or (
                change.change_set_name == wanted and stack_name in (change.stack_name, change.stack_id)
            ):
                break
        else:
            raise AwsError("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", status=404)
        if change.execution_status != "AVAILABLE":
            raise AwsError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{change.change_set_id}] cannot be executed in its current status of "
                f"[{change.status}]",
            )
        stack = find(backend, change.stack_id)
        template = templates.read(change.template, inline=False)
        if change.change_set_type == "CREATE":
            self.stacks.create(stack, template, change.parameters)
            self._export(stack, backend)
        else:
            self._update(stack, change.template, template, change.parameters, change.tags or {}, backend)
        change.execution_status = "EXECUTE_COMPLETE"
        return ""

    def _validate_template(self, form: Form, backend: CloudFormationBackend) -> str:  # noqa: ARG002 - one of a kind
        template = templates.read(body_of(form, None, self.cloud.account), inline="TemplateBody" in form)
        templates.check(template, {"CAPABILITY_NAMED_IAM"})
        parameters = "".join(
            f"<member><ParameterKey>{escape(name)}</ParameterKey>"
            f"<NoEcho>{str(spec.get('NoEcho', False)).lower()}</NoEcho></member>"
            for name, spec in (template.get("Parameters") or {}).items()
        )
        described = escape(str(template.get("Description") or ""))
        return f"<Description>{described}</Description><Parameters>{parameters}</Parameters>"

    def _describe_resource(self, form: Form, backend: CloudFormationBackend) -> str:
        stack, wanted = find(backend, form["StackName"]), form["LogicalResourceId"]
        owned = self.stacks.resources.get(stack.stack_id, {})
        if wanted not in owned:
            raise templates.refused(f"Resource {wanted} does not exist for stack {stack.name}")
        detail = self._resource_xml(stack, owned[wanted], "LastUpdatedTimestamp")
        return f"<StackResourceDetail>{detail}</StackResourceDetail>"

    def _describe_resources(self, form: Form, backend: CloudFormationBackend) -> str:
        form.refuse("PhysicalResourceId")
        stack, wanted = find(backend, form["StackName"]), form.get("LogicalResourceId")
        members = "".join(
            f"<member>{self._resource_xml(stack, resource, 'Timestamp')}</member>"
            for name, resource in self.stacks.resources.get(stack.stack_id, {}).items()
            if wanted in (None, name)
        )
        return f"<StackResources>{members}</StackResources>"

    def _list_resources(self, form: Form, backend: CloudFormationBackend) -> str:
        stack = find(backend, form["StackName"])
        members = "".join(
            f"<member>{self._resource_xml(stack, resource, 'LastUpdatedTimestamp')}</member>"
            for resource in self.stacks.resources.get(stack.stack_id, {}).values()
        )
        return f"<StackResourceSummaries>{members}</StackResourceSummaries>"

    @staticmethod
    def _resource_xml(stack: LocalStack, resource: Resource, timestamp: str) -> str:
        last = next(
            event
            for event in reversed(stack.events)
            if event.logical_resource_id == resource.logical_resource_id
        )
        fields = {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "LogicalResourceId": resource.logical_resource_id,
            "PhysicalResourceId": resource.physical_resource_id,
            "ResourceType": resource.kind,
            "ResourceStatus": last.resource_status,
            "ResourceStatusReason": last.resource_status_reason,
            timestamp: last.timestamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value)

    @staticmethod
    def _refuse_existing(name: str, backend: CloudFormationBackend) -> None:
        for there in backend.stacks.values():
            if there.name == name:
                raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")

    def _new_stack(
        self,
        name: str,
        body: str,
        form: Form,
        parameters: dict[str, str],
        backend: CloudFormationBackend,
    ) -> LocalStack:
        stack = LocalStack(
            stack_id=generate_stack_id(name, backend.region_name, self.cloud.account),
            name=name,
            template={},
            parameters=parameters,
            account_id=self.cloud.account,
            region_name=backend.region_name,
            tags=form.pairs("Tags", "Key", "Value"),
            enable_termination_protection=False,
        )
        stack.template = body
        stack.cross_stack_resources = backend.exports
        return stack

    def _export(self, stack: LocalStack, backend: CloudFormationBackend) -> None:
        """Offer the stack's exported outputs to other stacks."""
        self._withdraw_exports(stack, backend)
        for export in stack.exports:
            backend.exports[export.name] = export

    @staticmethod
    def _withdraw_exports(stack: LocalStack, backend: CloudFormationBackend) -> None:
        for name in [
            key for key, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id
        ]:
            del backend.exports[name]

    def _error(self, error: AwsError) -> Response:
        return self._xml(
            f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{escape(error.code)}</Code>'
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{self.cloud.new_id()}</RequestId>"
            "</ErrorResponse>",
            error.status,
        )

    @staticmethod
    def _xml(body: str, status: int = 200) -> Response:
        return Response(body, status=status, mimetype="text/xml")
