"""One pass over a template: each of its resources is made, changed in place, replaced or kept.

moto's parser resolves a template and asks for its resources in the order of their dependencies; what becomes
of each is decided here, so that an update reaches every resource whose resolved properties changed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.cloudformation.models import Event, Stack
from moto.cloudformation.parsing import OutputMap, ResourceMap
from moto.core.exceptions import ServiceException

from local_aws.over_moto.resources.base import Current, Place, Resource
from local_aws.wire import AwsError, Json

# What an API call, or moto's resolving of a template, refuses with.
FAILURES = (AwsError, BotoCoreError, ClientError, ServiceException, KeyError, TypeError, ValueError)


class Resources(ResourceMap):
    """moto's resolver, with conditions that compare text, as CloudFormation's do: a Number's 0 equals "0"."""

    def load_conditions(self) -> None:
        """Decide all conditions, with parameters as text."""
        numbers = {
            name: value for name, value in self.resolved_parameters.items() if isinstance(value, int | float)
        }
        self._parsed_resources.update(as_text(numbers))
        super().load_conditions()
        self._parsed_resources.update(numbers)


class Pass(ABC):
    """Walks over a template: moto's parser hands each resource, its properties resolved, to `ensure`."""

    def __init__(self, stack: Stack, place: Place, before: dict[str, Resource]) -> None:
        self.stack = stack
        self.place = place
        self.before = before
        self.now: dict[str, Resource] = {}

    def walk(self, template: dict[str, Any], parameters: dict[str, str]) -> ResourceMap:
        """Let every resource pass through `ensure`; raise what the first one that fails raises."""
        resources = self.map_of(template, parameters)
        Current.maker = self
        try:
            resources.create(template)
        finally:
            Current.maker = None
        return resources

    def map_of(self, template: dict[str, Any], parameters: dict[str, str]) -> ResourceMap:
        """Return moto's view of a template with its parameters and conditions resolved."""
        resources = Resources(
            self.stack.stack_id,
            self.stack.name,
            parameters,
            self.place.tags,
            region_name=self.place.region,
            account_id=self.place.cloud.account,
            template={**template, "Conditions": as_text(template.get("Conditions") or {})},
            cross_stack_resources=self.stack.cross_stack_resources,
        )
        resources.load()
        return resources

    @abstractmethod
    def ensure(self, kind: type[Resource], logical_id: str, name: str, properties: Json) -> Resource:
        """Return the resource as the properties want it."""


class Application(Pass):
    """A pass that carries out what the template asks for."""

    def apply(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        """Bring the stack to the template; raise what the first resource that fails raises."""
        resources = self.walk(template, parameters)
        outputs = OutputMap(resources, template, self.stack.stack_id)
        # Resolved now and kept: when resources go, their attributes can't be asked for.
        list(outputs.values())
        self.stack.resource_map, self.stack.output_map = resources, outputs
        self.stack.template_dict = template
        self.stack.parameters = parameters

    def ensure(self, kind: type[Resource], logical_id: str, name: str, properties: Json) -> Resource:
        """Return the resource as the properties want it: what there was, changed in place, or a new one."""
        there = self.before.get(logical_id)
        if there is not None and isinstance(there, kind):
            changed = changes_between(there.properties, properties)
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

    def remove(self, resources: list[Resource], kept: Callable[[Resource], bool]) -> list[str]:
        """Delete resources, the last made first; return the reasons of those that could not be.

        `kept` tells of a resource whether its policy keeps it; it then leaves the stack and stays.
        """
        failures = []
        for resource in reversed(resources):
            if kept(resource):
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


def as_text(value: Json) -> Json:
    """Return a value with its numbers and booleans as the text they are to CloudFormation."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def changes_between(old: Json, new: Json) -> set[str]:
    """Return the names of the properties that differ."""
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def is_gone(error: Exception) -> bool:
    """Tell whether a deletion failed because what was to be deleted is not there, which is no failure."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        return code.startswith("NoSuch") or "NotFound" in code or "NonExistent" in code
    return False
