"""Stacks: made, updated, rolled back when a resource fails, and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.cloudformation.models import CloudFormationBackend, Event, Stack, cloudformation_backends
from moto.cloudformation.parsing import OutputMap
from moto.cloudformation.utils import generate_stack_id

from local_aws.over_moto.application import FAILURES, Application
from local_aws.over_moto.plan import Change, Plan
from local_aws.over_moto.resources.base import Place, Resource
from local_aws.over_moto.stack_requests import Asked
from local_aws.over_moto.template import keeps
from local_aws.wire import AwsError

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


class LocalStack(Stack):
    """moto's stack, with what AWS says of one that failed."""

    stack_status_reason: str | None = None

    @property
    def parameter_list(self) -> list[dict[str, Any]]:
        """Return the parameters as DescribeStacks tells them: as text, lists too."""
        secret = self.resource_map.no_echo_parameter_keys
        return [
            {"ParameterKey": key, "ParameterValue": "****" if key in secret else value}
            for key, value in self.parameters.items()
        ]

    @staticmethod
    def cloudformation_name_type() -> str:
        """Tell moto that no property holds the name."""
        return ""

    def is_created(self) -> bool:
        """Tell moto that there is nothing to wait for."""
        return True


class Stacks:
    """The stacks of one AWS and the resources they own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.resources: dict[str, dict[str, Resource]] = {}

    def backend(self, region: str) -> CloudFormationBackend:
        """Return where moto keeps a region's stacks."""
        backend: CloudFormationBackend = cloudformation_backends[self.cloud.account][region]
        return backend

    def find(self, region: str, name_or_id: str) -> LocalStack:
        """Return the stack of that name or id; raise ValidationError when there is none."""
        if stack := self.known(region, name_or_id):
            return stack
        raise AwsError("ValidationError", f"Stack [{name_or_id}] does not exist")

    def known(self, region: str, name_or_id: str) -> LocalStack | None:
        """Return the stack of that name or id, or None."""
        for stack in self.backend(region).stacks.values():
            if name_or_id in (stack.name, stack.stack_id) and isinstance(stack, LocalStack):
                return stack
        return None

    def open(self, asked: Asked, region: str) -> LocalStack:
        """Return a stack of which nothing is made yet."""
        backend = self.backend(region)
        stack = LocalStack(
            stack_id=generate_stack_id(asked.name, region, self.cloud.account),
            name=asked.name,
            template={},
            parameters=asked.parameters,
            account_id=self.cloud.account,
            region_name=region,
            tags=asked.tags,
            enable_termination_protection=False,
        )
        stack.cross_stack_resources = backend.exports
        Application(stack, self._place(stack), {}).map_of(
            asked.template, asked.parameters
        )  # moto may refuse it
        backend.stacks[stack.stack_id] = stack
        return stack

    def plan(self, stack: LocalStack, asked: Asked) -> list[Change]:
        """Return what bringing the stack to what is asked for would change; nothing is."""
        place = Place(self.cloud, stack.region_name, asked.tags)
        return Plan(stack, place, self.resources.get(stack.stack_id, {})).of(asked.template, asked.parameters)

    def create(self, stack: LocalStack, asked: Asked) -> None:
        """Make a stack's resources; it ends in CREATE_COMPLETE or ROLLBACK_COMPLETE."""
        stack.template, stack.description = asked.body, asked.template.get("Description")
        stack.tags = asked.tags
        self.set_status(stack, "CREATE_IN_PROGRESS", "User Initiated")
        run = Application(stack, self._place(stack), {})
        try:
            run.apply(asked.template, asked.parameters)
        except FAILURES as error:
            self._empty(stack, asked.template, asked.parameters)
            self.set_status(stack, "ROLLBACK_IN_PROGRESS", str(error))
            failures = run.remove(list(run.now.values()), _kept_in_rollback(asked.template))
            run.now = {}
            status = "ROLLBACK_FAILED" if failures else "ROLLBACK_COMPLETE"
            self.set_status(stack, status, "; ".join(failures) or None)
            return
        self.resources[stack.stack_id] = run.now
        self._export(stack)
        self.set_status(stack, "CREATE_COMPLETE")

    def update(self, stack: LocalStack, asked: Asked) -> None:
        """Bring a stack to another template, or roll it back to the one it had."""
        old = self.resources.get(stack.stack_id, {})
        before = Asked(
            stack.name, str(stack.template), stack.template_dict, stack.parameters, dict(stack.tags)
        )
        self.set_status(stack, "UPDATE_IN_PROGRESS", "User Initiated")
        stack.tags = asked.tags
        run = Application(stack, self._place(stack), dict(old))
        try:
            run.apply(asked.template, asked.parameters)
        except FAILURES as error:
            self.set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", str(error))
            stack.tags = before.tags
            self._roll_back(stack, run, old, before, asked)
            return
        self.resources[stack.stack_id] = run.now
        stack.template, stack.description = asked.body, asked.template.get("Description")
        self._export(stack)
        self.set_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")

        def kept(leaver: Resource) -> bool:
            name = leaver.logical_resource_id
            if name in run.now:
                return keeps(asked.template, name, "UpdateReplacePolicy")
            return keeps(before.template, name, "DeletionPolicy")

        run.remove([resource for resource in old.values() if resource not in run.now.values()], kept)
        self.set_status(stack, "UPDATE_COMPLETE")

    def _roll_back(
        self, stack: LocalStack, failed: Application, old: dict[str, Resource], before: Asked, asked: Asked
    ) -> None:
        back = Application(stack, self._place(stack), dict(old))
        newcomers = [resource for resource in failed.now.values() if resource not in old.values()]
        try:
            back.apply(before.template, before.parameters)
        except FAILURES as error:
            self.resources[stack.stack_id] = {**old, **back.now}
            self.set_status(stack, "UPDATE_ROLLBACK_FAILED", str(error))
            return
        self.resources[stack.stack_id] = back.now
        failures = back.remove(newcomers, _kept_in_rollback(asked.template))
        self.set_status(stack, "UPDATE_ROLLBACK_COMPLETE", "; ".join(failures) or None)

    def delete(self, stack: LocalStack) -> bool:
        """Remove a stack with its resources; return False, with DELETE_FAILED, when one could not be."""
        owned = self.resources.get(stack.stack_id, {})
        self.set_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
        run = Application(stack, self._place(stack), owned)
        template = stack.template_dict
        failures = run.remove(
            list(owned.values()),
            lambda resource: keeps(template, resource.logical_resource_id, "DeletionPolicy"),
        )
        if failures:
            ids = ", ".join(failure.partition(":")[0] for failure in failures)
            self.set_status(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: [{ids}].")
            return False
        self._empty(stack, template, stack.parameters)
        self.resources.pop(stack.stack_id, None)
        self.set_status(stack, "DELETE_COMPLETE")
        backend = self.backend(stack.region_name)
        del backend.stacks[stack.stack_id]
        backend.deleted_stacks[stack.stack_id] = stack
        self._withdraw_exports(stack)
        return True

    def _place(self, stack: Stack) -> Place:
        return Place(self.cloud, stack.region_name, dict(stack.tags))

    def _empty(self, stack: Stack, template: dict[str, Any], parameters: dict[str, str]) -> None:
        """Leave the stack without resources. (moto's map makes a resource that is asked for and missing.)."""
        bare = {"Parameters": template.get("Parameters") or {}, "Resources": {}}
        stack.resource_map = Application(stack, self._place(stack), {}).map_of(bare, parameters)
        stack.output_map = OutputMap(stack.resource_map, bare, stack.stack_id)

    def _export(self, stack: LocalStack) -> None:
        """Offer the stack's exported outputs to other stacks."""
        self._withdraw_exports(stack)
        for export in stack.exports:
            self.backend(stack.region_name).exports[export.name] = export

    def _withdraw_exports(self, stack: LocalStack) -> None:
        exports = self.backend(stack.region_name).exports
        for name in [key for key, export in exports.items() if export.exporting_stack_id == stack.stack_id]:
            del exports[name]

    @staticmethod
    def set_status(stack: LocalStack, status: str, reason: str | None = None) -> None:
        """Set the stack's status and add its event."""
        stack.status = status
        stack.stack_status_reason = reason
        name, kind = stack.name, "AWS::CloudFormation::Stack"
        stack.events.append(Event(stack.stack_id, name, name, stack.stack_id, kind, status, reason, None))


def _kept_in_rollback(template: dict[str, Any]) -> Any:
    def kept(resource: Resource) -> bool:
        return keeps(template, resource.logical_resource_id, "DeletionPolicy", rollback=True)

    return kept
