"""What calls of ECS need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from local_aws.ecs.store import short_name
from local_aws.iam.calls import Call
from local_aws.iam.conditions import Context
from local_aws.iam.policies import Need
from local_aws.wire import Json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

TASKS: Final = "ecs-tasks.amazonaws.com"
# Operations whose actions AWS authorises on no resource, ListTasks with a condition on its cluster: its one
# resource is the container instance, which Fargate has not.
_WITHOUT_RESOURCE: Final = {
    "DeregisterTaskDefinition",
    "DescribeTaskDefinition",
    "ListClusters",
    "ListTaskDefinitionFamilies",
    "ListTaskDefinitions",
    "ListTasks",
}


def needs(cloud: Cloud, call: Call) -> Iterator[Need]:
    """Yield what a call needs; on the event loop's thread, for the tags of what there is are looked up."""
    return Ecs(cloud, call).needs()


class Ecs:
    """One call, beside the ECS it is made to."""

    def __init__(self, cloud: Cloud, call: Call) -> None:
        self.service = cloud.ecs(call.region)
        self.operation = call.operation
        self.parameters = call.parameters

    def needs(self) -> Iterator[Need]:
        """Yield what the call needs."""
        match self.operation:
            case "CreateCluster":
                name = self.parameters.get("clusterName") or "default"
                yield from self._made(self.service.arn(f"cluster/{name}"), self.parameters.get("tags"))
            case "RegisterTaskDefinition":
                # The revision does not exist yet, so any of the family stands for it.
                family = self.service.arn(f"task-definition/{self.parameters.get('family')}:*")
                yield from self._made(family, self.parameters.get("tags"))
                yield from _passed(self.parameters)
            case "RunTask":
                yield from self._run()
            case operation if (arns := self._named()) is not None:
                for arn in arns:
                    yield Need(f"ecs:{operation}", arn, {**self._in_cluster(), **self._tags_of(arn)})
            case operation:
                resource = "*" if operation in _WITHOUT_RESOURCE else None
                yield Need(f"ecs:{operation}", resource, self._in_cluster())

    def _named(self) -> list[str] | None:
        """Return the ARNs of what the request is about; None for an operation that names nothing."""
        asked = self.parameters
        clusters = [
            self.service.arn(f"cluster/{short_name(str(one))}") for one in asked.get("clusters") or []
        ]
        tagged = [str(asked.get("resourceArn"))]
        return {
            "DeleteCluster": [self.service.arn(f"cluster/{self._cluster()}")],
            "DescribeClusters": clusters or [self.service.arn("cluster/default")],
            "DeleteTaskDefinitions": list(map(self._definition_arn, asked.get("taskDefinitions") or [])),
            "StopTask": [self._task_arn(asked.get("task"))],
            "DescribeTasks": list(map(self._task_arn, asked.get("tasks") or [])),
            "TagResource": tagged,
            "UntagResource": tagged,
            "ListTagsForResource": tagged,
        }.get(self.operation)

    def _run(self) -> Iterator[Need]:
        """Yield what RunTask needs: since 2024 AWS resolves the revision before it authorises.

        That tags which a task takes from its definition are authorised as those of the request is our
        reading, the stricter one.
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
        """
        definition = self.service.find_definition(str(self.parameters.get("taskDefinition")))
        arn = self._definition_arn(self.parameters.get("taskDefinition"))
        own = self.parameters.get("tags") or []
        yield Need("ecs:RunTask", arn, {**self._in_cluster(), **self._tags_of(arn), **_request_tags(own)})
        inherits = definition is not None and self.parameters.get("propagateTags") == "TASK_DEFINITION"
        if tags := (definition.tags if definition is not None and inherits else []) + own:
            yield self._tagging(self.service.arn(f"task/{self._cluster()}/*"), tags)
        overrides = self.parameters.get("overrides") or {}
        body = definition.body if definition is not None else {}
        roles = ("taskRoleArn", "executionRoleArn")
        yield from _passed({name: overrides.get(name) or body.get(name) for name in roles})

    def _made(self, arn: str, tags: Json) -> Iterator[Need]:
        """Yield what making something needs, with the tags it is given."""
        yield Need(f"ecs:{self.operation}", arn, _request_tags(tags or []))
        if tags:
            yield self._tagging(arn, tags)

    def _tagging(self, arn: str, tags: Json) -> Need:
        return Need("ecs:TagResource", arn, {"ecs:createaction": (self.operation,), **_request_tags(tags)})

    def _task_arn(self, named: Json) -> str:
        return self.service.arn(f"task/{self._cluster()}/{short_name(str(named))}")

    def _cluster(self) -> str:
        return short_name(str(self.parameters.get("cluster") or "default"))

    def _in_cluster(self) -> Context:
        if self.operation not in ("RunTask", "StopTask", "DescribeTasks", "ListTasks"):
            return {}
        return {"ecs:cluster": (self.service.arn(f"cluster/{self._cluster()}"),)}

    def _definition_arn(self, named: Json) -> str:
        name = str(named)
        definition = self.service.find_definition(name)
        if definition is not None:
            return definition.arn
        return name if name.startswith("arn:") else self.service.arn(f"task-definition/{name}")

    def _tags_of(self, arn: str) -> Context:
        """Return the tags of what there is by this ARN."""
        kind = arn.split(":")[5].partition("/")[0]
        name = short_name(arn)
        found = {
            "cluster": self.service.clusters.get(name),
            "task": self.service.tasks.get(name),
            "task-definition": self.service.find_definition(arn) if kind == "task-definition" else None,
        }.get(kind)
        tags = found.tags if found is not None else []
        return {f"aws:resourcetag/{tag['key'].lower()}": (tag["value"],) for tag in tags}


def _passed(roles: dict[str, Json]) -> Iterator[Need]:
    """Yield what giving a task its roles needs.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    for name in ("taskRoleArn", "executionRoleArn"):
        if arn := roles.get(name):
            yield Need("iam:PassRole", str(arn), {"iam:passedtoservice": (TASKS,)})


def _request_tags(tags: list[Json]) -> Context:
    if not tags:
        return {}
    pairs = {str(tag.get("key", "")): str(tag.get("value", "")) for tag in tags}
    each = {f"aws:requesttag/{key.lower()}": (value,) for key, value in pairs.items()}
    return {"aws:tagkeys": tuple(pairs), **each}
