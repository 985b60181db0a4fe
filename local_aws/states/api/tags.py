"""Tags of machines and activities."""

from __future__ import annotations

from local_aws.states.api.base import StatesBase
from local_aws.states.jsontext import Json
from local_aws.wire import AwsError, operation


class TagsApi(StatesBase):
    """Add, remove and list tags."""

    @operation("resourceArn", "tags")
    def TagResource(self, request: Json) -> Json:
        """Add tags to a machine or an activity."""
        tags = self._tags(request["resourceArn"])
        tags.update({tag["key"]: tag.get("value", "") for tag in request["tags"]})
        return {}

    @operation("resourceArn", "tagKeys")
    def UntagResource(self, request: Json) -> Json:
        """Remove tags from a machine or an activity."""
        for key in request["tagKeys"]:
            self._tags(request["resourceArn"]).pop(key, None)
        return {}

    @operation("resourceArn")
    def ListTagsForResource(self, request: Json) -> Json:
        """List the tags of a machine or an activity."""
        tags = self._tags(request["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def _tags(self, arn: str) -> dict[str, str]:
        tagged = self._machines.get(arn) or self._activities.get(arn)
        if tagged is None:
            raise AwsError("ResourceNotFound", f"Resource not found: '{arn}'")
        return tagged.tags
