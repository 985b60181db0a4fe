"""Which service integrations there are, by AWS's documentation and botocore's models.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from botocore.model import OperationModel, ServiceModel

from local_aws.lint.findings import closest
from local_aws.lint.optimized import OPTIMIZED
from local_aws.states.integrations.names import sdk_services
from local_aws.wire import service_model

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_UNKNOWN = "PLACEHOLDER"
_INTEGRATION = re.compile(
    r"(?P<start>arn:[^:]*:states:[^:]*:[^:]*:)(?P<sdk>aws-sdk:)?(?P<service>[^:.]+):(?P<action>[^:.]+)"
    r"(?:\.(?P<pattern>.*))?"
)
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]*:(\d{12}|PLACEHOLDER)?:function:.+")
_ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:(\d{12}|PLACEHOLDER):activity:.+")


@dataclass(frozen=True, slots=True)
class Call:
    """What a Task calls. `operation` is None where no model says what it takes; `sdk` is for aws-sdk.

    `open` tells that any error name may come of it: from a function, an activity's worker, a token's owner.
    """

    service: str
    action: str
    pattern: str
    sdk: bool
    open: bool
    operation: OperationModel | None


class UnknownResourceError(ValueError):
    """A Resource that Step Functions does not know: what of it, and what was meant, if that can be told."""

    def __init__(self, what: str, close: str | None) -> None:
        super().__init__(what)
        self.what, self.close = what, close


def call_of(resource: str) -> Call | None:
    """Return what a Resource calls; None when a placeholder hides it. Raises UnknownResourceError."""
    text = _PLACEHOLDER.sub(_UNKNOWN, resource).replace(f"arn:{_UNKNOWN}:", "arn:aws:")
    if _FUNCTION.fullmatch(text) or _ACTIVITY.fullmatch(text):
        return Call("lambda", "invoke", "", sdk=False, open=True, operation=None)
    parts = _INTEGRATION.fullmatch(text)
    if parts is None or not text.startswith("arn:aws"):
        if text.startswith(_UNKNOWN):
            return None
        raise UnknownResourceError(f"{resource} is no integration, function or activity", _close_arn(text))
    if _UNKNOWN in text[len(parts["start"]) :]:
        return None
    find = _sdk_call if parts["sdk"] else _optimized_call
    return find(parts["start"], parts["service"], parts["action"], parts["pattern"] or "")


@functools.cache
def operations(model: ServiceModel) -> dict[str, str]:
    """Return the name of each operation by the action's."""
    return {name[:1].lower() + name[1:]: name for name in model.operation_names}


def _sdk_call(start: str, service: str, action: str, pattern: str) -> Call:
    services = sdk_services()
    if service not in services:
        close = closest(service, list(services))
        raise UnknownResourceError(
            f"there is no service aws-sdk:{service}",
            close and f"{start}aws-sdk:{close}:{action}" + f".{pattern}" * bool(pattern),
        )
    model = service_model(services[service])
    actions = operations(model)
    if action not in actions:
        close = closest(action, list(actions))
        raise UnknownResourceError(
            f"aws-sdk:{service} has no action {action}", close and f"{start}aws-sdk:{service}:{close}"
        )
    if pattern not in ("", "waitForTaskToken"):
        optimized = f"{start}{service}:{action}.{pattern}" if pattern in _patterns(service, action) else None
        raise UnknownResourceError(
            f"aws-sdk integrations have no pattern .{pattern}",
            optimized or f"{start}aws-sdk:{service}:{action}",
        )
    return Call(service, action, pattern, True, bool(pattern), model.operation_model(actions[action]))


def _optimized_call(start: str, service: str, action: str, pattern: str) -> Call:
    if service not in OPTIMIZED:
        services = sdk_services()
        sdk = service in services and action in operations(service_model(services[service]))
        close = f"aws-sdk:{service}" if sdk else closest(service, list(OPTIMIZED))
        raise UnknownResourceError(
            f"there is no optimized integration of {service}",
            close and f"{start}{close}:{action}" + f".{pattern}" * bool(pattern),
        )
    known = OPTIMIZED[service]
    if action not in known.actions:
        close = closest(action, list(known.actions))
        model = service_model(known.botocore) if known.botocore else None
        if not close and model and action in operations(model):
            raise UnknownResourceError(
                f"the optimized integration of {service} has no action {action}",
                f"{start}aws-sdk:{_sdk_name(known.botocore)}:{action}",
            )
        raise UnknownResourceError(
            f"the optimized integration of {service} has no action {action}",
            close and f"{start}{service}:{close}" + f".{pattern}" * bool(pattern),
        )
    patterns = known.actions[action]
    if pattern not in patterns:
        close = closest(pattern, [one for one in patterns if one]) if pattern else patterns[0]
        ending = f".{close}" if close else ""
        raise UnknownResourceError(
            f"{service}:{action} has no pattern .{pattern}"
            if pattern
            else f"{service}:{action} needs a pattern",
            f"{start}{service}:{action}{ending}",
        )
    operation = None
    if known.modelled:
        model = service_model(known.botocore)
        operation = model.operation_model(operations(model)[action])
    opened = pattern == "waitForTaskToken" or service == "lambda"
    return Call(service, action, pattern, False, opened, operation)


def _sdk_name(botocore_name: str) -> str:
    return next(name for name, asked in sdk_services().items() if asked == botocore_name)


def _patterns(service: str, action: str) -> tuple[str, ...]:
    return OPTIMIZED[service].actions.get(action, ()) if service in OPTIMIZED else ()


def _close_arn(text: str) -> str | None:
    """Return the integration that a text without `arn:aws:states:::` may mean."""
    parts = re.fullmatch(r"(?:arn:aws:)?(?:states:*)?((?:aws-sdk:)?[a-z0-9-]+:\w+(?:\.[\w:]+)?)", text)
    return f"arn:aws:states:::{parts[1]}" if parts else None
