"""Tags of clusters, tasks and task definitions.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

from local_aws.ecs.records import Cluster, Task, TaskDefinition
from local_aws.ecs.store import EcsStore, check_tags, short_name
from local_aws.wire import AwsError, Json, operation


class TagOperations(EcsStore):
    """The operations on tags."""

    @operation("resourceArn", "tags")
    def TagResource(self, request: dict[str, Json]) -> Json:
        """Add tags, or give those that exist a new value."""
        resource = self._find_resource(request["resourceArn"])
        added = check_tags(request["tags"])
        names = {tag["key"] for tag in added}
        resource.tags = check_tags([tag for tag in resource.tags if tag["key"] not in names] + added)
        return {}

    @operation("resourceArn", "tagKeys")
    def UntagResource(self, request: dict[str, Json]) -> Json:
        """Take tags away."""
        resource = self._find_resource(request["resourceArn"])
        resource.tags = [tag for tag in resource.tags if tag["key"] not in request["tagKeys"]]
        return {}

    @operation("resourceArn")
    def ListTagsForResource(self, request: dict[str, Json]) -> Json:
        """List tags."""
        return {"tags": self._find_resource(request["resourceArn"]).tags}

    def _find_resource(self, arn: str) -> Cluster | Task | TaskDefinition:
        found: Cluster | Task | TaskDefinition | None
        match arn.rpartition(":task-definition/")[1] or arn.rpartition(":")[2].partition("/")[0]:
            case "cluster":
                return self.find_cluster(arn)
            case "task":
                found = self.tasks.get(short_name(arn))
            case ":task-definition/":
                found = self.find_definition(arn)
            case _:
                raise AwsError("InvalidParameterException", f"Invalid identifier: {arn}")
        if found is None:
            raise AwsError("ResourceNotFoundException", f"The specified resource was not found: {arn}")
        return found
