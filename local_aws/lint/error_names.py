"""Error names in Retry and Catch that do not exist, or that the state's integration cannot give.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.model import ServiceModel

from local_aws.lint.definition import WORK, MachineNode, StateNode, states
from local_aws.lint.findings import Finding, closest, did_you_mean, finding
from local_aws.lint.integrations import known_call
from local_aws.lint.optimized import OPTIMIZED
from local_aws.lint.retries import error_names
from local_aws.lint.services import Call
from local_aws.states.integrations.names import error_prefix, java_name

_STATES = (
    "States.ALL",
    "States.TaskFailed",
    "States.Timeout",
    "States.HeartbeatTimeout",
    "States.Permissions",
    "States.Runtime",
    "States.DataLimitExceeded",
    "States.BranchFailed",
    "States.NoChoiceMatched",
    "States.ResultPathMatchFailure",
    "States.ParameterPathFailure",
    "States.IntrinsicFailure",
    "States.QueryEvaluationError",
    "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed",
    "States.ResultWriterFailed",
    "States.Http.Socket",
)
_HTTP_STATUS = re.compile(r"States\.Http\.StatusCode\.\d{3}")
# What only a Choice, a Parallel or a Map gives.
_NOT_OF_A_TASK = frozenset(
    {"States.BranchFailed", "States.NoChoiceMatched", "States.ExceedToleratedFailureThreshold"}
    | {"States.ItemReaderFailed", "States.ResultWriterFailed"}
)
# What the SDK for Java itself gives, and what Step Functions adds to a service's own errors.
_OF_THE_SDK = (
    "SdkClientException",
    "SdkException",
    "ApiCallTimeoutException",
    "ApiCallAttemptTimeoutException",
)
_ADDED = {"AmazonECS": ("Unknown",), "EventBridge": ("FailedEntry",), "Lambda": ("Unknown",)}
_UNMODELLED_1 = re.compile(r"(Amazon|AWS)\w+Exception")  # of the SDK for Java 1, such as AmazonECSException
# Prefixes that AWS documents otherwise than the rule has them.
_DOCUMENTED = {"SeSv2": "SesV2", "IoT": "Iot", "IoTWireless": "IotWireless", "MemoryDb": "MemoryDB"} | {
    "IoTJobsDataPlane": "IotJobsDataPlane"
}


@dataclass(frozen=True, slots=True)
class _Errors:
    """What may come of a state: names of Fail states, calls; `open` when any name may come."""

    names: frozenset[str] = frozenset()
    calls: tuple[Call, ...] = ()
    open: bool = False

    def __add__(self, other: _Errors) -> _Errors:
        return _Errors(self.names | other.names, self.calls + other.calls, self.open or other.open)


def check(machine: MachineNode) -> Iterator[Finding]:
    """Yield the error names that never match."""
    for state in states(machine):
        if state.kind in WORK:
            errors = _errors_of(state)
            for element in [*state.elements("Retry"), *state.elements("Catch")]:
                for path, name in error_names(element):
                    if name in errors.names:
                        continue
                    if name.lower().startswith(("state.", "states.")):
                        yield from _of_states(name, path, state, errors)
                    else:
                        yield from _of_calls(name, path, errors)


def _errors_of(state: StateNode) -> _Errors:
    if state.kind == "Task":
        call = known_call(state)
        return _Errors(calls=(call,), open=call.open) if call else _Errors(open=True)
    if state.kind == "Fail":
        literal = state.body.get("Error")
        known = isinstance(literal, str) and not re.search(r"\$\{|\{%", literal)
        return _Errors(frozenset({str(literal)})) if known else _Errors(open=True)
    inner = [_errors_of(one) for machine in state.inner() for one in machine.states.values()]
    distributed = any(key in state.body for key in ("ItemReader", "ResultWriter"))
    return sum(inner, _Errors(open=distributed))


def _of_states(name: str, path: str, state: StateNode, errors: _Errors) -> Iterator[Finding]:
    """Judge a name that is the language's own, or surely meant to be."""
    if name not in _STATES and not _HTTP_STATUS.fullmatch(name):
        close = closest(name, _STATES)
        if close or not errors.open:  # a function may give an error any name
            fix = did_you_mean(close, "the names that begin with States. are the language's own")
            yield finding("UNKNOWN_ERROR", path, f"the language has no error {name}", fix)
    elif state.kind == "Task":
        missing_heartbeat = not {"HeartbeatSeconds", "HeartbeatSecondsPath"} & state.body.keys()
        if name in _NOT_OF_A_TASK:
            what = f"a Task does not give {name}"
        elif name == "States.HeartbeatTimeout" and missing_heartbeat:
            what = f"{name} needs HeartbeatSeconds, which {state.name} has not"
        elif name == "States.QueryEvaluationError" and not state.jsonata:
            what = f"{name} is an error of JSONata states, and {state.name} is a JSONPath state"
        else:
            return
        yield finding("IMPOSSIBLE_ERROR", path, what, "remove the name")


def _of_calls(name: str, path: str, errors: _Errors) -> Iterator[Finding]:
    """Judge a name that is not the language's own, by what the calls may give."""
    if any(_prefixes(call) == () for call in errors.calls):
        return
    prefix, _, rest = name.partition(".")
    own = [one for call in errors.calls for one in _prefixes(call)]
    matching = [call for call in errors.calls if prefix in _prefixes(call)]
    if not matching:
        other_case = next((one for one in own if one.lower() == prefix.lower()), None)
        if other_case is None and errors.open:
            return
        meant = _with_prefix(name, errors, other_case)
        what = f"{_title(errors)} does not give {name}" + (
            f": its errors begin with {' or '.join(f'{one}.' for one in dict.fromkeys(own))}" if own else ""
        )
        yield finding("IMPOSSIBLE_ERROR", path, what, did_you_mean(meant, ""))
        return
    if any(rest in known(call) or _is_generic(call, prefix, rest) for call in matching):
        return
    close = _modelled_name(rest, matching[0])
    if close or not errors.open:
        unmodelled = f"an error that the API's model does not have arrives as {_unmodelled(matching[0])}"
        what = f"the model of {prefix} has no error {rest}"
        yield finding(
            "UNKNOWN_ERROR", path, what, did_you_mean(f"{prefix}.{close}" if close else None, unmodelled)
        )


def _prefixes(call: Call) -> tuple[str, ...]:
    if call.sdk and call.operation:
        prefix = error_prefix(call.operation.service_model)
        return (prefix, _DOCUMENTED[prefix]) if prefix in _DOCUMENTED else (prefix,)
    return OPTIMIZED[call.service].prefixes


def known(call: Call) -> tuple[str, ...]:
    """Return the names of the errors in the model of what is called, without their prefix."""
    return _modelled(call.operation.service_model) if call.operation else ()


@functools.cache
def _modelled(model: ServiceModel) -> tuple[str, ...]:
    names = []
    for shape in model.error_shapes:
        for name in (shape.name, str(shape.metadata.get("error", {}).get("code") or shape.name)):
            plain = name.removesuffix("Fault")
            full = plain if plain.endswith("Exception") else plain + "Exception"
            names += [full, java_name(full)]
    return tuple(dict.fromkeys(names))


def _is_generic(call: Call, prefix: str, rest: str) -> bool:
    if rest in _OF_THE_SDK or rest in _ADDED.get(prefix, ()) or prefix == "AmazonECS":
        return True
    if call.sdk:
        return rest == f"{prefix}Exception"
    return call.operation is None or bool(_UNMODELLED_1.fullmatch(rest))


def _unmodelled(call: Call) -> str:
    prefix = _prefixes(call)[0]
    return f"{prefix}.{prefix}Exception" if call.sdk else "the SDK's own, such as ECS.AmazonECSException"


def _modelled_name(name: str, call: Call) -> str | None:
    """Return the name of the API's model that is surely meant."""
    return f"{name}Exception" if f"{name}Exception" in known(call) else closest(name, known(call), 0.85)


def _with_prefix(name: str, errors: _Errors, other_case: str | None) -> str | None:
    """Return the name as one of the calls gives it, if an API's model has it or only the prefix is off."""
    rest = name.rpartition(".")[2]
    for call in errors.calls:
        if meant := _modelled_name(rest, call):
            return f"{_prefixes(call)[0]}.{meant}"
    return f"{other_case}.{rest}" if other_case else None


def _title(errors: _Errors) -> str:
    titles = {("aws-sdk:" if call.sdk else "") + f"{call.service}:{call.action}" for call in errors.calls}
    return ", ".join(sorted(titles)) or "the state"
