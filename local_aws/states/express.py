"""What an Express state machine may not have.

https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
"""

from __future__ import annotations

from local_aws.states.resources import Resource


class NotInExpressError(ValueError):
    """A resource that only a Standard state machine may call; the message is AWS's."""


def check_express(resource: Resource) -> None:
    """Raise NotInExpressError for a resource that an Express state machine may not call."""
    if resource.kind == "Activity":
        raise NotInExpressError("Express state machine does not support Activity ARN")
    if resource.pattern.startswith("sync"):
        raise NotInExpressError("Express state machine does not support '.sync' service integration")
    if resource.pattern == "waitForTaskToken":
        # AWS's message ends with a space, too.
        raise NotInExpressError(
            "Express state machine does not support '.waitForTaskToken' service integration "
        )
