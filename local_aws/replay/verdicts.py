"""Holding our verdict on a definition against the one that AWS gave."""

from __future__ import annotations

from typing import Any

from local_aws.replay.execution import known, known_in_express
from local_aws.states.fields import DefinitionError, NotModelledError, Problem
from local_aws.states.jsontext import dumps
from local_aws.states.parsing import parse_definition

_NOT_JSON = "INVALID_JSON_DESCRIPTION"  # its message and location are in the words of AWS's JSON reader


def verdict_difference(case: dict[str, Any]) -> str | None:
    """Return the first difference between AWS's verdict on a case's `definition_text` and ours, or None.

    AWS gave it as ValidateStateMachineDefinition does (`expected.diagnostics`), or as the error of
    CreateStateMachine (`expected.message`).
    """
    express = case.get("machine_type") == "EXPRESS"
    fault: DefinitionError | None = None
    try:
        parse_definition(case["definition_text"], known_in_express if express else known)
    except NotModelledError as error:
        return f"refused by name: {error}"
    except DefinitionError as error:
        fault = error
    expected = case["expected"]
    ours = "FAIL" if fault else "OK"
    if expected["result"] != ours:
        return f"result: AWS {expected['result']}, ours {ours}" + (f" ({fault})" if fault else "")
    if "diagnostics" in expected:
        return _diagnostics_difference(expected["diagnostics"], fault.problems if fault else [])
    message = _message(expected.get("message"))
    if message is not None and not message.endswith(str(fault)):
        return f"message: AWS {message!r}, ours {str(fault)!r}"
    return None


def _message(told: Any) -> str | None:
    """Return the text of a recorded error: of botocore's answer, or of its exception, or as it is."""
    if isinstance(told, dict):
        return told.get("message") or told.get("exception_value")
    return told if isinstance(told, str) else None


def _diagnostics_difference(recorded: list[dict[str, Any]], problems: list[Problem]) -> str | None:
    theirs = sorted(_comparable(one["code"], one.get("location", ""), one["message"]) for one in recorded)
    ours = sorted(_comparable(one.code, one.location, one.message) for one in problems)
    return None if theirs == ours else f"diagnostics: AWS {dumps(theirs)}, ours {dumps(ours)}"


def _comparable(code: str, location: str, message: str) -> tuple[str, ...]:
    return (code,) if code == _NOT_JSON else (code, location, message)
