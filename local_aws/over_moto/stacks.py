"""Stacks: templates applied resource by resource, rolled back when one fails, and removed.

moto's parser resolves a template and asks for its resources in the order of their dependencies; what is made,
changed in place, replaced or kept is decided here, so that an update reaches every resource whose resolved
properties changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudformation.models import CloudFormationBackend, Event, Stack
from moto.cloudformation.parsing import OutputMap, ResourceMap
from moto.core.exceptions import ServiceException

from local_aws.over_moto.resources.base import Current, Place, Resource
from local_aws.wire import AwsError, Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# What an API call, or moto's resolving of a template, refuses with.
FAILURES = (AwsError, BotoCoreError, ClientError, ServiceException, KeyError, TypeError, ValueError)


class LocalStack(Stack):
    """moto's stack, with what AWS says of one that failed."""

    stack_status_reason: str | None = None

    @staticmethod
    def cloudformation_name_type() -> str:
        """Tell moto that no property holds the name."""
        return ""

    def is_created(self) -> bool:
        """Tell moto that there is nothing to wait for."""
        return True


class Application:
    """One pass over a template: makes, changes or keeps each of its resources."""

    def __init__(self, stack: Stack, place: Place, before: dict[str, Resource]) -> None:
        self.stack = stack
        self.place = place
        self.before = before
        self.now: dict[str, Resource] = {}

    def apply(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        """Bring the stack to the template; raise what the first resource that fails raises."""
        resources = self.map_of(template, parameters)
        Current.maker = self
        try:
            resources.create(template)
        finally:
            Current.maker = None
        outputs = OutputMap(resources, template, self.stack.stack_id)
        list(
            outputs.values()
        )  # resolved now and kept: when resources go, their attributes can't be asked for
        self.stack.resource_map, self.stack.output_map = resources, outputs
        self.stack.template_dict = template
        self.stack.parameters = parameters

    def map_of(self, template: dict[str, Any], parameters: dict[str, str]) -> ResourceMap:
        """Return moto's view of a template with its parameters and conditions resolved."""
        resources = ResourceMap(
            self.stack.stack_id,
            self.stack.name,
            parameters,
            self.place.tags,
            region_name=self.place.region,
            account_id=self.place.cloud.account,
            template=template,
            cross_stack_resources=self.stack.cross_stack_resources,
        )
        resources.load()
        return resources

    def ensure(self, kind: type[Resource], logical_id: str, name: str, properties: Json) -> Resource:
        """Return the resource as the properties want it: what there was, changed in place, or a new one."""
        there = self.before.get(logical_id)
        if there is not None and isinstance(there, kind):
            changed = {
                key
                for key in {*there.properties, *properties}
                if there.properties.get(key) != properties.get(key)
            }
            if not changed & kind.replaced_by:
                self._update(there, properties, needed=bool(changed))
                self.now[logical_id] = there
                return there
            if kind.named_by in properties and kind.named_by not in changed:
                reason = (
                    "CloudFormation cannot update a stack when a custom-named resource requires "
                    f"replacing. Rename {properties[kind.named_by]} and update the stack again."
                )
                self.say(there, "UPDATE_FAILED", reason)
                raise AwsError("ValidationError", reason)
        # moto takes the name from the property that its own class of the type names, which may be another.
        resource = kind(self.place, logical_id, properties.get(kind.named_by, name), properties)
        self._do(resource, "CREATE", resource.create)
        self.now[logical_id] = resource
        return resource

    def _update(self, there: Resource, properties: Json, *, needed: bool) -> None:
        if not needed and not there.unsure and there.place.tags == self.place.tags:
            return
        old, old_tags = there.properties, there.place.tags
        there.properties, there.place, there.unsure = properties, self.place, True
        self._do(there, "UPDATE", lambda: there.update(old, old_tags))
        there.unsure = False

    def _do(self, resource: Resource, verb: str, work: Any) -> None:
        self.say(resource, f"{verb}_IN_PROGRESS")
        try:
            work()
        except FAILURES as error:
            self.say(resource, f"{verb}_FAILED", str(error))
            raise
        self.say(resource, f"{verb}_COMPLETE")

    def remove(self, resources: list[Resource], kept: dict[str, str]) -> list[str]:
        """Delete resources, the last made first; return the reasons of those that could not be.

        `kept` names the logical ids whose DeletionPolicy is Retain.
        """
        failures = []
        for resource in reversed(resources):
            if kept.get(resource.logical_resource_id) == "Retain":
                self.say(resource, "DELETE_SKIPPED")
                continue
            try:
                self._do(resource, "DELETE", resource.delete)
            except FAILURES as error:
                if not is_gone(error):
                    failures.append(f"{resource.logical_resource_id}: {error}")
                    continue
            self.before.pop(resource.logical_resource_id, None)
        return failures

    def say(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """Add a resource's event to the stack's."""
        self.stack.events.append(
            Event(
                self.stack.stack_id,
                self.stack.name,
                resource.logical_resource_id,
                resource.physical_resource_id,
                resource.kind,
                status,
                reason,
                None,
            )
        )


class Stacks:
    """The stacks of one AWS and the resources they own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.resources: dict[str, dict[str, Resource]] = {}

    def check(self, stack: Stack, template: dict[str, Any], parameters: dict[str, str]) -> None:
        """Raise what moto's parser has against a template and its parameters, before anything is made."""
        self._run(stack, {}).map_of(template, parameters)

    def create(self, stack: LocalStack, template: dict[str, Any], parameters: dict[str, str]) -> None:
        """Make a stack's resources; it ends in CREATE_COMPLETE or ROLLBACK_COMPLETE."""
        self.set_status(stack, "CREATE_IN_PROGRESS", "User Initiated")
        run = self._run(stack, {})
        try:
            run.apply(template, parameters)
        except FAILURES as error:
            self.empty(stack, template, parameters)
            self.set_status(stack, "ROLLBACK_IN_PROGRESS", str(error))
            failures = run.remove(list(run.now.values()), {})
            run.now = {}
            self.set_status(
                stack, "ROLLBACK_FAILED" if failures else "ROLLBACK_COMPLETE", "; ".join(failures) or None
            )
            return
        self.resources[stack.stack_id] = run.now
        self.set_status(stack, "CREATE_COMPLETE")

    def update(
        self, stack: LocalStack, template: dict[str, Any], parameters: dict[str, str], tags: dict[str, str]
    ) -> bool:
        """Bring a stack to another template; return False when it was rolled back to the one it had."""
        old = self.resources.get(stack.stack_id, {})
        old_template, old_parameters, old_tags = stack.template_dict, stack.parameters, stack.tags
        self.set_status(stack, "UPDATE_IN_PROGRESS", "User Initiated")
        stack.tags = tags
        run = self._run(stack, dict(old))
        try:
            run.apply(template, parameters)
        except FAILURES as error:
            self.set_status(stack, "UPDATE_ROLLBACK_IN_PROGRESS", str(error))
            stack.tags = old_tags
            self._roll_back(stack, run, old, old_template, old_parameters)
            return False
        self.resources[stack.stack_id] = run.now
        self.set_status(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        leavers = [resource for resource in old.values() if resource not in run.now.values()]
        run.remove(leavers, retained(old_template))
        self.set_status(stack, "UPDATE_COMPLETE")
        return True

    def _roll_back(
        self,
        stack: LocalStack,
        failed: Application,
        old: dict[str, Resource],
        template: dict[str, Any],
        parameters: dict[str, str],
    ) -> None:
        back = self._run(stack, dict(old))
        newcomers = [resource for resource in failed.now.values() if resource not in old.values()]
        try:
            back.apply(template, parameters)
        except FAILURES as error:
            self.resources[stack.stack_id] = {**old, **back.now}
            self.set_status(stack, "UPDATE_ROLLBACK_FAILED", str(error))
            return
        self.resources[stack.stack_id] = back.now
        failures = back.remove(newcomers, {})
        self.set_status(stack, "UPDATE_ROLLBACK_COMPLETE", "; ".join(failures) or None)

    def delete(self, stack: LocalStack) -> bool:
        """Remove a stack's resources; return False, with DELETE_FAILED, when one of them could not be."""
        owned = self.resources.get(stack.stack_id, {})
        self.set_status(stack, "DELETE_IN_PROGRESS", "User Initiated")
        run = self._run(stack, owned)
        failures = run.remove(list(owned.values()), retained(stack.template_dict))
        if failures:
            ids = ", ".join(failure.partition(":")[0] for failure in failures)
            self.set_status(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: [{ids}].")
            return False
        self.empty(stack, stack.template_dict, stack.parameters)
        self.resources.pop(stack.stack_id, None)
        self.set_status(stack, "DELETE_COMPLETE")
        return True

    def _run(self, stack: Stack, before: dict[str, Resource]) -> Application:
        return Application(stack, Place(self.cloud, stack.region_name, dict(stack.tags)), before)

    def empty(self, stack: Stack, template: dict[str, Any], parameters: dict[str, str]) -> None:
        """Leave the stack without resources. (moto's map makes a resource that is asked for and missing.)."""
        bare = {"Parameters": template.get("Parameters") or {}, "Resources": {}}
        stack.resource_map = self._run(stack, {}).map_of(bare, parameters)
        stack.output_map = OutputMap(stack.resource_map, bare, stack.stack_id)

    @staticmethod
    def set_status(stack: LocalStack, status: str, reason: str | None = None) -> None:
        """Set the stack's status and add its event."""
        stack.status = status
        stack.stack_status_reason = reason
        name, kind = stack.name, "AWS::CloudFormation::Stack"
        stack.events.append(Event(stack.stack_id, name, name, stack.stack_id, kind, status, reason, None))


def retained(template: dict[str, Any]) -> dict[str, str]:
    """Return the DeletionPolicy of each resource that has one."""
    resources = template.get("Resources") or {}
    return {name: spec["DeletionPolicy"] for name, spec in resources.items() if "DeletionPolicy" in spec}


def is_gone(error: Exception) -> bool:
    """Tell whether a deletion failed because what was to be deleted is not there, which is no failure."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        return code.startswith("NoSuch") or "NotFound" in code or "NonExistent" in code
    return False


def find(backend: CloudFormationBackend, name_or_id: str) -> LocalStack:
    """Return the stack of that name or id; raise ValidationError when there is none."""
    for stack in backend.stacks.values():
        if name_or_id in (stack.name, stack.stack_id) and isinstance(stack, LocalStack):
            return stack
    raise AwsError("ValidationError", f"Stack [{name_or_id}] does not exist")
