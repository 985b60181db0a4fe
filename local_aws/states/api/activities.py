"""Activities, their workers, and whoever else holds a task token.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
"""

from __future__ import annotations

from local_aws.states.activities import Activity
from local_aws.states.api.base import StatesBase, check_arn, check_size, valid_name
from local_aws.states.jsontext import Json
from local_aws.states.pages import page
from local_aws.wire import AwsError, operation


class ActivitiesApi(StatesBase):
    """Create, list and work on activities; answer for tasks."""

    @operation("name", "tags")
    def CreateActivity(self, request: Json) -> Json:
        """Create an activity; the same name again is answered as the first time."""
        name = valid_name(request["name"])
        arn = self.arn(f"activity:{name}")
        if arn not in self._activities:
            tags = {tag["key"]: tag.get("value", "") for tag in request.get("tags") or []}
            self._activities[arn] = Activity(arn, name, self.cloud.clock.now(), tags)
        return {"activityArn": arn, "creationDate": self._activities[arn].created}

    @operation("activityArn")
    def DescribeActivity(self, request: Json) -> Json:
        """Describe an activity."""
        activity = self._known(request["activityArn"])
        return {**_row(activity), "encryptionConfiguration": {"type": "AWS_OWNED_KEY"}}

    @operation("maxResults", "nextToken")
    def ListActivities(self, request: Json) -> Json:
        """List the activities, by name."""
        rows = [_row(activity) for _, activity in sorted(self._activities.items())]
        return page("activities", rows, request)

    @operation("activityArn")
    def DeleteActivity(self, request: Json) -> Json:
        """Delete an activity, which may be gone already."""
        check_arn(request["activityArn"], "activity")
        self._activities.pop(request["activityArn"], None)
        return {}

    @operation("activityArn", "workerName")
    async def GetActivityTask(self, request: Json) -> Json:
        """Hand a task to a worker; when there is none for a minute, an empty answer."""
        activity = self._known(request["activityArn"])
        task = await activity.take(self.cloud.clock, request.get("workerName"))
        return {"taskToken": task.token, "input": task.input} if task else {}

    @operation("taskToken", "output")
    def SendTaskSuccess(self, request: Json) -> Json:
        """End a task with its result."""
        check_size("output", request["output"])
        self.callbacks.succeed(request["taskToken"], request["output"])
        return {}

    @operation("taskToken", "error", "cause")
    def SendTaskFailure(self, request: Json) -> Json:
        """End a task with an error, whose name and cause may both be missing."""
        self.callbacks.fail(request["taskToken"], request.get("error"), request.get("cause"))
        return {}

    @operation("taskToken")
    def SendTaskHeartbeat(self, request: Json) -> Json:
        """Tell that a task is still worked on."""
        self.callbacks.beat(request["taskToken"])
        return {}

    def _known(self, arn: str) -> Activity:
        check_arn(arn, "activity")
        if arn not in self._activities:
            raise AwsError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
        return self._activities[arn]


def _row(activity: Activity) -> Json:
    return {"activityArn": activity.arn, "name": activity.name, "creationDate": activity.created}
