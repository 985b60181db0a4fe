"""The schedules of EventBridge Scheduler, and their groups."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource
from local_aws.wire import Json


class Schedule(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-scheduler-schedule.html."""

    kind = "AWS::Scheduler::Schedule"
    named_by = "Name"
    honours = frozenset(
        {
            "Name",
            "GroupName",
            "Description",
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "StartDate",
            "EndDate",
            "State",
            "KmsKeyArn",
            "FlexibleTimeWindow",
            "Target",
        }
    )
    replaced_by = frozenset({"Name", "GroupName"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the schedule."""
        self.client("scheduler").create_schedule(**self._settings())

    def update(self, old: Json, old_tags: dict[str, str]) -> None:  # noqa: ARG002 - it is put whole, untagged
        """Bring the schedule to what the template says."""
        self.client("scheduler").update_schedule(**self._settings())

    def delete(self) -> None:
        """Remove the schedule."""
        self.client("scheduler").delete_schedule(Name=self.name, GroupName=self._group)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        place = f"{self.place.region}:{self.place.cloud.account}"
        return f"arn:aws:scheduler:{place}:schedule/{self._group}/{self.name}"

    @property
    def _group(self) -> str:
        return str(self.properties.get("GroupName", "default"))

    def _settings(self) -> dict[str, Any]:
        dates = {
            name: datetime.fromisoformat(value) for name, value in self.given("StartDate", "EndDate").items()
        }
        return {**self.properties, **dates, "Name": self.name}


class ScheduleGroup(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-scheduler-schedulegroup.html."""

    kind = "AWS::Scheduler::ScheduleGroup"
    named_by = "Name"
    honours = frozenset({"Name", "Tags"})
    replaced_by = frozenset({"Name"})
    attributes = frozenset({"Arn", "State"})

    def create(self) -> None:
        """Make the group."""
        tags = {"Tags": self.tag_list} if self.tags else {}
        self.client("scheduler").create_schedule_group(Name=self.name, **tags)

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring the tags to what the template says."""
        scheduler = self.client("scheduler")
        if gone := self.tags_gone(old, old_tags):
            scheduler.untag_resource(ResourceArn=self.attribute("Arn"), TagKeys=gone)
        if self.tags:
            scheduler.tag_resource(ResourceArn=self.attribute("Arn"), Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the group with the schedules that are still in it."""
        self.client("scheduler").delete_schedule_group(Name=self.name)

    def attribute(self, name: str) -> str:
        """Return the value of Fn::GetAtt."""
        if name == "State":
            return str(self.client("scheduler").get_schedule_group(Name=self.name)["State"])
        place = f"{self.place.region}:{self.place.cloud.account}"
        return f"arn:aws:scheduler:{place}:schedule-group/{self.name}"
