"""What a resource of a stack is: made, changed and removed by the API calls that CloudFormation makes."""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

# moto finds resource classes in the order of their definition and the last one of a type wins: so the parser,
# which imports all of moto's, comes before ours.
from moto.cloudformation import parsing as _first  # noqa: F401
from moto.core.common_models import CloudFormationModel

from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# What a resource is called that is only planned, and its attributes; change sets on AWS show it so.
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


@dataclass(frozen=True)
class Place:
    """Where a resource is: the AWS, the region and the stack's tags, which every resource of it gets."""

    cloud: Cloud
    region: str
    tags: dict[str, str]

    def client(self, service: str) -> Any:
        """Return a boto3 client; its calls come back to the endpoint on this thread, which holds the lock."""
        return self.cloud.client(service, self.region)


class Maker(Protocol):
    """Decides whether a resource is made, changed or kept."""

    def ensure(self, kind: type[Resource], logical_id: str, name: str, properties: Json) -> Resource:
        """Return the resource as the properties want it."""


class Current:
    """The stack operation under way.

    moto's parser calls class methods with an account and a region and nothing else, so what they need stands
    here. One operation runs at a time: the endpoint's lock sees to it.
    """

    maker: ClassVar[Maker | None] = None


class Resource(CloudFormationModel):
    """A resource of a stack. Each type names CloudFormationModel as well: moto asks for direct subclasses."""

    kind: ClassVar[str] = ""  # as templates name the type
    named_by: ClassVar[str] = ""  # the property that holds its name
    honours: ClassVar[frozenset[str]] = frozenset()  # the properties it has; any other is refused
    replaced_by: ClassVar[frozenset[str]] = frozenset()  # the properties whose change makes a new resource
    attributes: ClassVar[frozenset[str]] = frozenset()  # what Fn::GetAtt can ask for

    def __init__(self, place: Place, logical_id: str, name: str, properties: Json) -> None:
        self.place = place
        self.logical_resource_id = logical_id
        self.cf_resource_type = self.kind
        self.name = name
        self.properties = properties
        self.physical_resource_id = name
        self.unsure = False  # an update failed half-way, so what AWS has may differ from `properties`

    @abstractmethod
    def create(self) -> None:
        """Make it and set `physical_resource_id`, what Ref gives."""

    @abstractmethod
    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring what exists to `properties`; `old` is what they were."""

    @abstractmethod
    def delete(self) -> None:
        """Remove it; raise botocore's ClientError when AWS would refuse."""

    @abstractmethod
    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""

    def client(self, service: str) -> Any:
        """Return a boto3 client of where the resource is."""
        return self.place.client(service)

    @property
    def tags(self) -> dict[str, str]:
        """Return the resource's tags, with the stack's."""
        own = self.properties.get("Tags") or []
        if isinstance(own, dict):
            return {**self.place.tags, **own}
        return {**self.place.tags, **{tag["Key"]: tag["Value"] for tag in own}}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """Return the tags as most APIs want them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def tags_gone(self, old: Json, old_tags: dict[str, str]) -> list[str]:
        """Return the keys of the tags that it had and shall no longer have."""
        listed = {tag["Key"] for tag in old.get("Tags") or [] if isinstance(tag, dict)}
        return sorted(({*old_tags, *listed}) - set(self.tags))

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of the properties that the template has, for an API that calls them the same."""
        return {name: self.properties[name] for name in names if name in self.properties}

    @classmethod
    def cloudformation_type(cls) -> str:
        """Tell moto the type."""
        return cls.kind

    @classmethod
    def cloudformation_name_type(cls) -> str:
        """Tell moto which property holds the name."""
        return cls.named_by

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Tell moto whether Fn::GetAtt can ask for it."""
        return attr in cls.attributes

    def get_cfn_attribute(self, name: str) -> str:
        """Give moto the value of Fn::GetAtt."""
        return UNKNOWN if self.physical_resource_id == UNKNOWN else self.attribute(name)

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003 - moto's signature
        region_name: str,  # noqa: ARG003 - likewise
        **kwargs: Any,
    ) -> Resource:
        """Be called by moto's parser when it first needs the resource."""
        if Current.maker is None:
            raise RuntimeError("a resource is made outside of a stack operation")
        properties = without_none(cloudformation_json.get("Properties") or {})
        return Current.maker.ensure(cls, kwargs["LogicalId"], resource_name, properties)


def without_none(value: Json) -> Json:
    """Drop what Ref AWS::NoValue has left in lists and dicts."""
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_none(inner) for inner in value if inner is not None]
    return value


def document(value: Json) -> str:
    """Return a policy or pattern as the JSON text that APIs want."""
    return value if isinstance(value, str) else json.dumps(value)


def lowered(value: Json) -> Json:
    """Return a value with its members' first letters in lower case, as Step Functions and ECR spell them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lowered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [lowered(inner) for inner in value]
    return value
