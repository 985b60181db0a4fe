"""EventBridge over moto: moto keeps rules and targets; events, and what may be asked of a rule, are ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moto.events.models import events_backends
from werkzeug.wrappers import Request, Response

from local_aws.constraints import check_constraints
from local_aws.events.cron import NotAnExpressionError
from local_aws.events.expressions import rule_expression
from local_aws.events.patterns import matches, parse_pattern
from local_aws.events.targets.check import check_target
from local_aws.wire import AwsError, Json, not_modelled, to_json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# What moto answers as AWS does. Whatever else EventBridge has (other buses, archives, replays, connections)
# moto would accept and we would not act on, so it is refused.
_MOTOS = {
    "DeleteRule",
    "DescribeEventBus",
    "DescribeRule",
    "DisableRule",
    "EnableRule",
    "ListEventBuses",
    "ListRuleNamesByTarget",
    "ListRules",
    "ListTagsForResource",
    "ListTargetsByRule",
    "RemoveTargets",
    "TagResource",
    "UntagResource",
}
_OF_RULES = {"PutRule", "EnableRule", "DisableRule", "DeleteRule"}
_ENTRY_MEMBERS = {"Time", "Source", "Resources", "DetailType", "Detail", "EventBusName"}
_MOST_ENTRIES = 10  # a PutEvents request
_MOST_TARGETS = 5  # a rule; https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
Forward = Callable[[Request], Response]


class Events:
    """Answers the requests signed for `events`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def answer(self, request: Request, region: str, forward: Forward) -> Response:
        """Answer one request, or let moto (called with its lock held)."""
        name = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            body = json.loads(request.get_data() or b"{}")
            self._check_bus(body)
            if name == "PutEvents":
                return _response(self._put_events(body, region))
            if name == "TestEventPattern":
                return _response({"Result": matches(parse_pattern(body["EventPattern"]), _event_in(body))})
            if name == "PutRule":
                _check_rule(body)
            elif name == "PutTargets":
                self._check_targets(body, region)
            elif name not in _MOTOS:
                raise not_modelled(f"events:{name}")
        except AwsError as error:
            return _response({"__type": error.code, "message": error.message}, error.status)
        response = forward(request)
        if name in _OF_RULES and response.status_code < 300:
            self.cloud.events(region).rules_changed()
        return response

    def _check_targets(self, body: dict[str, Json], region: str) -> None:
        check_constraints("events", "PutTargets", body)
        for target in body["Targets"]:
            check_target(target, region)
        rule = events_backends[self.cloud.account][region].event_buses["default"].rules.get(body["Rule"])
        there = {target["Id"] for target in rule.targets} if rule else set()
        if len(there | {target["Id"] for target in body["Targets"]}) > _MOST_TARGETS:
            raise AwsError(
                "LimitExceededException", "The requested resource exceeds the maximum number allowed."
            )

    def _check_bus(self, body: dict[str, Json]) -> None:
        for asked in (body, *body.get("Entries", [])):
            bus = str(asked.get("EventBusName") or "default")
            if bus.rpartition("/")[2] != "default":
                raise not_modelled(f"an event bus other than the default one: {bus}")

    def _put_events(self, body: dict[str, Json], region: str) -> dict[str, Json]:
        """Publish; an entry that is refused does not keep the others back.

        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        """
        entries = body.get("Entries", [])
        if not 1 <= len(entries) <= _MOST_ENTRIES:
            raise AwsError(
                "ValidationException",
                "1 validation error detected: Value at 'entries' failed to satisfy constraint: "
                f"Member must have length between 1 and {_MOST_ENTRIES}; found {len(entries)}",
            )
        results = [self._put_event(entry, region) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in one for one in results), "Entries": results}

    def _put_event(self, entry: dict[str, Json], region: str) -> dict[str, Json]:
        for lacking in sorted(set(entry) - _ENTRY_MEMBERS):
            raise not_modelled(f"{lacking} of an event")
        for member in ("Source", "DetailType", "Detail"):
            if not entry.get(member):
                return _refused(
                    "InvalidArgument",
                    f"Parameter {member} is not valid. Reason: {member} is a required argument.",
                )
        if entry["Source"].startswith("aws."):
            return _refused("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return _refused("MalformedDetail", "Detail is malformed.")
        bus = self.cloud.events(region)
        event = bus.event(entry["Source"], entry["DetailType"], detail, entry.get("Resources"))
        if "Time" in entry:
            event["time"] = datetime.fromtimestamp(entry["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        bus.publish(event)
        return {"EventId": event["id"]}


def _event_in(body: dict[str, Json]) -> Json:
    """Return the event that TestEventPattern is to try."""
    try:
        return json.loads(body["Event"])
    except ValueError as error:
        raise AwsError("ValidationException", "Parameter Event is not valid.") from error


def _check_rule(body: dict[str, Json]) -> None:
    check_constraints("events", "PutRule", body)
    if not body.get("EventPattern") and not body.get("ScheduleExpression"):
        raise AwsError(
            "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."
        )
    if body.get("ScheduleExpression"):
        try:
            rule_expression(body["ScheduleExpression"], created=0)
        except NotAnExpressionError as error:
            raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.") from error
    if body.get("EventPattern"):
        parse_pattern(body["EventPattern"])


def _refused(code: str, message: str) -> dict[str, Json]:
    return {"ErrorCode": code, "ErrorMessage": message}


def _response(body: dict[str, Json], status: int = 200) -> Response:
    return Response(to_json(body), status=status, mimetype="application/x-amz-json-1.1")
