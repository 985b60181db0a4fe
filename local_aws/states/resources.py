"""What a Resource may be: `arn:aws:states:::[aws-sdk:]SERVICE:ACTION[.PATTERN]`, a function, an activity."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local_aws.states.jsontext import Json

_INTEGRATION = re.compile(
    r"arn:aws[\w-]*:states:[\w-]*:\d*:(?P<service>(aws-sdk:)?[A-Za-z0-9-]+):(?P<action>\w+)"
    r"(?:\.(?P<pattern>sync(:2)?|waitForTaskToken))?"
)
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:.+")
_ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:.+")


@dataclass(frozen=True, slots=True)
class Resource:
    """What a Task calls. For an integration `service` is as histories name it (`ecs`, `aws-sdk:s3`)."""

    text: str
    kind: str  # Task, LambdaFunction or Activity: how its history events begin
    service: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def action_and_pattern(self) -> str:
        """Return `runTask.sync`, as histories name the resource."""
        return f"{self.action}.{self.pattern}" if self.pattern else self.action

    def completed(self, parameters: Json) -> Json:
        """Return the parameters with what Step Functions adds to them: by whom a job of ECS was started."""
        if (self.service, self.action_and_pattern) != ("ecs", "runTask.sync"):
            return parameters
        return {"StartedBy": "AWS Step Functions", **parameters}


def parse_resource(text: str) -> Resource | None:
    """Return the resource that a text names, or None when it names none."""
    if _FUNCTION.fullmatch(text):
        return Resource(text, "LambdaFunction")
    if _ACTIVITY.fullmatch(text):
        return Resource(text, "Activity")
    integration = _INTEGRATION.fullmatch(text)
    if integration is None:
        return None
    return Resource(text, "Task", integration["service"], integration["action"], integration["pattern"] or "")
