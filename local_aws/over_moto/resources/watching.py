"""Log groups and alarms."""

from __future__ import annotations

from typing import Any

from moto.core.common_models import CloudFormationModel

from local_aws.over_moto.resources.base import Resource
from local_aws.wire import AwsError, Json

_DAY = 86_400  # seconds


class LogGroup(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html."""

    kind = "AWS::Logs::LogGroup"
    named_by = "LogGroupName"
    honours = frozenset({"LogGroupName", "RetentionInDays", "Tags"})
    replaced_by = frozenset({"LogGroupName"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the log group."""
        self.client("logs").create_log_group(
            logGroupName=self.name, **({"tags": self.tags} if self.tags else {})
        )
        self._put_retention({})

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Bring retention and tags to what the template says."""
        self._put_retention(old)
        logs, arn = self.client("logs"), self.attribute("Arn").removesuffix(":*")
        if gone := self.tags_gone(old, old_tags):
            logs.untag_resource(resourceArn=arn, tagKeys=gone)
        if self.tags:
            logs.tag_resource(resourceArn=arn, tags=self.tags)

    def delete(self) -> None:
        """Remove the log group."""
        self.client("logs").delete_log_group(logGroupName=self.name)

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return f"arn:aws:logs:{self.place.region}:{self.place.cloud.account}:log-group:{self.name}:*"

    def _put_retention(self, old: Json) -> None:
        logs = self.client("logs")
        if days := self.properties.get("RetentionInDays"):
            logs.put_retention_policy(logGroupName=self.name, retentionInDays=int(days))
        elif "RetentionInDays" in old:
            logs.delete_retention_policy(logGroupName=self.name)


class Alarm(Resource, CloudFormationModel):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudwatch-alarm.html.

    It is checked and described back, and never changes its state: nothing here counts AWS's own metrics.
    """

    kind = "AWS::CloudWatch::Alarm"
    named_by = "AlarmName"
    as_given = (
        "AlarmDescription",
        "ComparisonOperator",
        "TreatMissingData",
        "AlarmActions",
        "OKActions",
        "InsufficientDataActions",
        "ActionsEnabled",
        "Namespace",
        "MetricName",
        "Dimensions",
        "Statistic",
        "Unit",
    )
    whole = ("EvaluationPeriods", "DatapointsToAlarm", "Period")  # numbers
    honours = frozenset({"AlarmName", "Threshold", "Metrics", "Tags", *as_given, *whole})
    replaced_by = frozenset({"AlarmName"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        """Make the alarm, or raise what PutMetricAlarm refuses."""
        settings: dict[str, Any] = self.given(*self.as_given)
        settings |= {name: int(value) for name, value in self.given(*self.whole).items()}
        if "Threshold" in self.properties:
            settings["Threshold"] = float(self.properties["Threshold"])
        if "Metrics" in self.properties:
            settings["Metrics"] = [metric_of(given) for given in self.properties["Metrics"]]
        check_alarm(settings)
        tags = {"Tags": self.tag_list} if self.tags else {}
        self.client("cloudwatch").put_metric_alarm(AlarmName=self.name, **settings, **tags)

    def update(self, old: Json, old_tags: dict[str, str]) -> None:
        """Put the alarm anew, which replaces every setting, and bring its tags to what the template says."""
        self.create()
        cloudwatch, arn = self.client("cloudwatch"), self.attribute("Arn")
        if gone := self.tags_gone(old, old_tags):
            cloudwatch.untag_resource(ResourceARN=arn, TagKeys=gone)
        if self.tags:
            cloudwatch.tag_resource(ResourceARN=arn, Tags=self.tag_list)

    def delete(self) -> None:
        """Remove the alarm."""
        self.client("cloudwatch").delete_alarms(AlarmNames=[self.name])

    def attribute(self, name: str) -> str:  # noqa: ARG002 - there is only Arn
        """Return the value of Fn::GetAtt."""
        return f"arn:aws:cloudwatch:{self.place.region}:{self.place.cloud.account}:alarm:{self.name}"


def metric_of(given: Json) -> dict[str, Any]:
    """Return the API's form of one of an alarm's Metrics: a template's numbers may be text."""
    metric: dict[str, Any] = dict(given)
    if "ReturnData" in metric:
        metric["ReturnData"] = metric["ReturnData"] in (True, "true")
    if "Period" in metric:
        metric["Period"] = int(metric["Period"])
    if stat := metric.get("MetricStat"):
        metric["MetricStat"] = {**stat, "Period": int(stat["Period"])}
    return metric


def check_alarm(settings: dict[str, Any]) -> None:
    """Raise what AWS, but not moto, refuses of an alarm.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    metrics = settings.get("Metrics", [])
    if metrics and sum(metric.get("ReturnData", True) for metric in metrics) != 1:
        raise AwsError("ValidationError", "Exactly one element of the metrics list should return data.")
    periods = [metric["MetricStat"]["Period"] for metric in metrics if "MetricStat" in metric]
    longest = max([settings.get("Period", 0), *periods])
    for period in periods or [longest]:
        if period not in (10, 20, 30) and (period < 60 or period % 60):
            raise AwsError("ValidationError", "The value for Period must be 10, 20, 30 or a multiple of 60.")
    limit = 7 * _DAY if longest >= 3600 else _DAY
    if settings["EvaluationPeriods"] * longest > limit:
        raise AwsError(
            "ValidationError",
            f"Metrics cannot be checked across more than {limit // _DAY} day(s) (EvaluationPeriods * Period "
            f"must be <= {limit}).",
        )
