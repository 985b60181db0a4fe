"""CloudFormation: templates are checked and applied by us (template.py, stacks.py), the rest is moto's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from moto.core.exceptions import ServiceException
from werkzeug.wrappers import Request, Response

from local_aws.over_moto import template as templates
from local_aws.over_moto.application import FAILURES
from local_aws.over_moto.change_sets import ChangeSets, unchanged, updatable
from local_aws.over_moto.query import Form, xml
from local_aws.over_moto.resources.base import Resource
from local_aws.over_moto.stack_requests import asked_for, body_of
from local_aws.over_moto.stacks import LocalStack, Stacks
from local_aws.wire import AwsError, Json, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
# What moto answers as AWS does, from the stacks we make.
_MOTOS = {
    "DescribeStackEvents",
    "DescribeStacks",
    "GetStackPolicy",
    "GetTemplate",
    "GetTemplateSummary",
    "ListExports",
    "ListStacks",
    "SetStackPolicy",
}


class CloudFormation:
    """Stands before moto's CloudFormation."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.stacks = Stacks(cloud)
        self.change_sets = ChangeSets(cloud, self.stacks)

    def answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:
        """Answer one request."""
        action = request.form.get("Action", "")
        if action in _MOTOS:
            return forward(request)
        ours = {
            "CreateChangeSet": self.change_sets.create,
            "CreateStack": self._create_stack,
            "DeleteChangeSet": self.change_sets.delete,
            "DeleteStack": self._delete_stack,
            "DescribeChangeSet": self.change_sets.describe,
            "DescribeStackResource": self._describe_resource,
            "DescribeStackResources": self._describe_resources,
            "ExecuteChangeSet": self.change_sets.execute,
            "ListChangeSets": self.change_sets.list_all,
            "ListStackResources": self._list_resources,
            "UpdateStack": self._update_stack,
            "ValidateTemplate": self._validate_template,
        }
        try:
            if action not in ours:
                raise not_modelled(f"cloudformation:{action}")
            result = ours[action](Form(request), region)
        except AwsError as error:
            return self._error(error)
        except ServiceException as error:  # moto's own refusals, of parameters and templates
            return self._error(AwsError(getattr(error, "code", "ValidationError"), str(error.message)))
        except FAILURES as error:  # a template whose functions cannot be resolved
            return self._error(templates.refused(f"Template error: {error}"))
        return self._response(
            f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{xml(result)}</{action}Result>'
            f"<ResponseMetadata><RequestId>{self.cloud.new_id()}</RequestId></ResponseMetadata></{action}Response>"
        )

    def _create_stack(self, form: Form, region: str) -> Json:
        form.refuse("RoleARN", "NotificationARNs", "DisableRollback", "OnFailure", "TimeoutInMinutes")
        asked = asked_for(form, None, self.cloud.account)
        if self.stacks.known(region, asked.name):
            raise AwsError("AlreadyExistsException", f"Stack [{asked.name}] already exists")
        stack = self.stacks.open(asked, region)
        self.stacks.create(stack, asked)
        return {"StackId": stack.stack_id}

    def _update_stack(self, form: Form, region: str) -> Json:
        form.refuse("RoleARN", "NotificationARNs", "DisableRollback", "StackPolicyDuringUpdateBody")
        stack = self.stacks.find(region, form["StackName"])
        if not updatable(stack):
            raise templates.refused(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            )
        asked = asked_for(form, stack, self.cloud.account)
        if unchanged(stack, asked, self.stacks.plan(stack, asked)):
            raise templates.refused("No updates are to be performed.")
        self.stacks.update(stack, asked)
        self.change_sets.outdate(stack)
        return {"StackId": stack.stack_id}

    def _delete_stack(self, form: Form, region: str) -> Json:
        form.refuse("RetainResources", "RoleARN", "DeletionMode")
        stack = self.stacks.known(region, form["StackName"])
        if stack is not None and self.stacks.delete(stack):  # as on AWS, deleting what is not there succeeds
            self.change_sets.forget(stack)
        return {}

    def _validate_template(self, form: Form, region: str) -> Json:  # noqa: ARG002 - one of a kind
        template = templates.read(body_of(form, None, self.cloud.account), inline="TemplateBody" in form)
        templates.check(template, {"CAPABILITY_NAMED_IAM"})
        parameters = [
            {"ParameterKey": name, "NoEcho": spec.get("NoEcho", False)}
            for name, spec in (template.get("Parameters") or {}).items()
        ]
        return {"Description": template.get("Description") or "", "Parameters": parameters}

    def _describe_resource(self, form: Form, region: str) -> Json:
        stack, wanted = self.stacks.find(region, form["StackName"]), form["LogicalResourceId"]
        owned = self.stacks.resources.get(stack.stack_id, {})
        if wanted not in owned:
            raise templates.refused(f"Resource {wanted} does not exist for stack {stack.name}")
        return {"StackResourceDetail": resource_of(stack, owned[wanted], "LastUpdatedTimestamp")}

    def _describe_resources(self, form: Form, region: str) -> Json:
        form.refuse("PhysicalResourceId")
        stack, wanted = self.stacks.find(region, form["StackName"]), form.get("LogicalResourceId")
        return {
            "StackResources": [
                resource_of(stack, resource, "Timestamp")
                for name, resource in self.stacks.resources.get(stack.stack_id, {}).items()
                if wanted in (None, name)
            ]
        }

    def _list_resources(self, form: Form, region: str) -> Json:
        stack = self.stacks.find(region, form["StackName"])
        owned = self.stacks.resources.get(stack.stack_id, {}).values()
        return {
            "StackResourceSummaries": [
                resource_of(stack, resource, "LastUpdatedTimestamp") for resource in owned
            ]
        }

    def _error(self, error: AwsError) -> Response:
        told = {"Type": "Sender", "Code": error.code, "Message": error.message}
        body = xml({"Error": told, "RequestId": self.cloud.new_id()})
        return self._response(f'<ErrorResponse xmlns="{NAMESPACE}">{body}</ErrorResponse>', error.status)

    @staticmethod
    def _response(body: str, status: int = 200) -> Response:
        return Response(body, status=status, mimetype="text/xml")


def resource_of(stack: LocalStack, resource: Resource, timestamp: str) -> dict[str, Json]:
    """Return what is told of a stack's resource; `timestamp` is what its last event's time is called."""
    last = next(
        event for event in reversed(stack.events) if event.logical_resource_id == resource.logical_resource_id
    )
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": resource.logical_resource_id,
        "PhysicalResourceId": resource.physical_resource_id,
        "ResourceType": resource.kind,
        "ResourceStatus": last.resource_status,
        "ResourceStatusReason": last.resource_status_reason,
        timestamp: last.timestamp,
    }
