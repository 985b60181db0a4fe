"""Task definitions: families and their revisions.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-definition-state.html
"""

from __future__ import annotations

import copy

from local_aws.ecs.records import TaskDefinition
from local_aws.ecs.store import EcsStore, check_tags
from local_aws.ecs.validation import check_definition
from local_aws.wire import AwsError, Json, not_modelled, operation

_CONTAINER_DEFAULTS: Json = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}
_MISSING = (
    "The specified task definition does not exist. Specify a valid account, family, revision and try again."
)
_STILL_ACTIVE = (
    "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
)


class TaskDefinitionOperations(EcsStore):
    """The operations on task definitions."""

    @operation(
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "containerDefinitions",
        "volumes",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "tags",
        "runtimePlatform",
        "ephemeralStorage",
    )
    def RegisterTaskDefinition(self, request: dict[str, Json]) -> Json:
        """Register the next revision of a family; numbers are never given twice."""
        check_definition(request)
        tags = check_tags(request.get("tags") or [])
        body = copy.deepcopy({name: value for name, value in request.items() if name != "tags"})
        body["containerDefinitions"] = [_CONTAINER_DEFAULTS | one for one in body["containerDefinitions"]]
        compatible = ["EC2", "FARGATE"] if request.get("networkMode") == "awsvpc" else ["EC2"]
        family = request["family"]
        revision = self.revisions.get(family, 0) + 1
        definition = TaskDefinition(
            arn=self.arn(f"task-definition/{family}:{revision}"),
            family=family,
            revision=revision,
            body={"volumes": [], "placementConstraints": [], "compatibilities": compatible} | body,
            tags=tags,
            registered_at=self.cloud.clock.now(),
        )
        self.revisions[family] = revision
        self.families.setdefault(family, []).append(definition)
        return {"taskDefinition": definition.describe(), "tags": tags}

    @operation("taskDefinition", "include")
    def DescribeTaskDefinition(self, request: dict[str, Json]) -> Json:
        """Describe a revision, an INACTIVE one too, or a family's newest active one."""
        definition = self.find_definition(request["taskDefinition"])
        if definition is None:
            raise AwsError("ClientException", "Unable to describe task definition.")
        answer = {"taskDefinition": definition.describe()}
        return answer | ({"tags": definition.tags} if "TAGS" in (request.get("include") or []) else {})

    @operation("taskDefinition")
    def DeregisterTaskDefinition(self, request: dict[str, Json]) -> Json:
        """Make a revision INACTIVE: tasks that run go on, new ones cannot start."""
        named = request["taskDefinition"]
        if ":" not in named.rpartition("/")[2]:
            raise AwsError("InvalidParameterException", "Invalid revision number. Number: null")
        definition = self.find_definition(named)
        if definition is None:
            raise AwsError("ClientException", "The specified task definition does not exist.")
        if definition.status == "ACTIVE":
            definition.status = "INACTIVE"
            definition.deregistered_at = self.cloud.clock.now()
        return {"taskDefinition": definition.describe()}

    @operation("taskDefinitions")
    def DeleteTaskDefinitions(self, request: dict[str, Json]) -> Json:
        """Delete up to 10 INACTIVE revisions; each is gone once no task refers to it."""
        named = request["taskDefinitions"]
        if not 1 <= len(named) <= 10:
            raise AwsError(
                "InvalidParameterException", f"taskDefinitions must hold 1 to 10 names, found {len(named)}."
            )
        deleted, failures = [], []
        for one in named:
            definition = self.find_definition(one)
            if definition is None:
                failures.append({"arn": one, "reason": _MISSING})
            elif definition.status == "ACTIVE":
                failures.append({"arn": definition.arn, "reason": _STILL_ACTIVE})
            else:
                definition.status = "DELETE_IN_PROGRESS"
                definition.delete_requested_at = self.cloud.clock.now()
                deleted.append(definition.describe())
        self.purge_definitions()
        return {"taskDefinitions": deleted, "failures": failures}

    @operation("familyPrefix", "status", "sort", "nextToken", "maxResults")
    def ListTaskDefinitions(self, request: dict[str, Json]) -> Json:
        """List revisions by status (default ACTIVE); `familyPrefix` is, despite its name, a whole family."""
        self.purge_definitions()
        status = request.get("status") or "ACTIVE"
        family = request.get("familyPrefix")
        arns = [
            one.arn
            for name in sorted(self.families)
            for one in self.families[name]
            if one.status == status and family in (None, name)
        ]
        page, following = self.page(arns[::-1] if request.get("sort") == "DESC" else arns, request)
        return {"taskDefinitionArns": page, **following}

    @operation("familyPrefix", "status", "nextToken", "maxResults")
    def ListTaskDefinitionFamilies(self, request: dict[str, Json]) -> Json:
        """List families whose name starts with `familyPrefix`: ACTIVE ones have an active revision."""
        self.purge_definitions()
        status = request.get("status") or "ALL"
        if status not in ("ACTIVE", "INACTIVE", "ALL"):
            raise not_modelled(f"families of status {status}")
        names = []
        for name, revisions in sorted(self.families.items()):
            state = "ACTIVE" if any(one.status == "ACTIVE" for one in revisions) else "INACTIVE"
            if revisions and name.startswith(request.get("familyPrefix") or "") and status in ("ALL", state):
                names.append(name)
        page, following = self.page(names, request)
        return {"families": page, **following}
