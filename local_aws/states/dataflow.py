"""How data moves through a state: from its input to what it works on, and from its result to its output.

JSONPath states filter it in steps (InputPath, Parameters, ResultSelector, ResultPath, OutputPath), JSONata
states by expressions (Arguments, Output).
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from local_aws.states.errors import RESULT_PATH_MATCH_FAILURE, EvaluationError, runtime_error
from local_aws.states.expressions import MissingError
from local_aws.states.jsontext import Json, dumps
from local_aws.states.paths import NoSuchPlaceError, ReferencePath
from local_aws.states.scope import Expression, Scope

Assign = Expression  # an object: the variables to set, by name
Finished = tuple[Json, dict[str, Json]]  # a state's output and the variables it sets


class Dataflow(Protocol):
    """The two ends of a state, in either query language."""

    def data(self, raw: Json, scope: Scope) -> Json:
        """Return what the state's own expressions read: its `$`, or its `$states`."""

    def arguments(self, data: Json, scope: Scope) -> Json:
        """Return what the state works on."""

    def finish(self, raw: Json, data: Json, result: Json, scope: Scope) -> Finished:
        """Return the state's output and assignments, given what came of it."""


@dataclass(frozen=True, slots=True)
class JsonPathFlow:
    """Filters by paths; what is None leaves things as they are."""

    input: Expression | None = None
    parameters: Expression | None = None
    selector: Expression | None = None
    result_path: ReferencePath | None = None
    discard: bool = False  # ResultPath is null
    output: Expression | None = None
    assign: Assign | None = None

    def data(self, raw: Json, scope: Scope) -> Json:
        """Return the state's input after InputPath."""
        return read(self.input, raw, scope) if self.input else raw

    def arguments(self, data: Json, scope: Scope) -> Json:
        """Return what Parameters makes of the input."""
        return self.parameters(data, scope) if self.parameters else data

    def finish(self, raw: Json, data: Json, result: Json, scope: Scope) -> Finished:  # noqa: ARG002 - see Dataflow
        """Select from the result, put it into the state's input, filter; variables have their old values."""
        selected = self.selector(result, scope) if self.selector else result
        assigned = self.assign(selected, scope) if self.assign else {}
        merged = put_result(self.result_path, self.discard, raw, selected)
        return (read(self.output, merged, scope) if self.output else merged), assigned


@dataclass(frozen=True, slots=True)
class JsonataFlow:
    """Arguments and Output; without them the input, or the result, as it is."""

    argument: Expression | None = None
    output: Expression | None = None
    assign: Assign | None = None

    def data(self, raw: Json, scope: Scope) -> Json:
        """Return `$states`."""
        return {"input": raw, "context": scope.context}

    def arguments(self, data: Json, scope: Scope) -> Json:
        """Return Arguments, or the input."""
        return self.argument(data, scope) if self.argument else data["input"]

    def finish(self, raw: Json, data: Json, result: Json, scope: Scope) -> Finished:  # noqa: ARG002 - see Dataflow
        """Return Output, or the result; `$states.result` is there for both."""
        states = {**data, "result": result}
        output = self.output(states, scope) if self.output else result
        return output, self.assign(states, scope) if self.assign else {}


def read(expression: Expression, data: Json, scope: Scope) -> Json:
    """Evaluate a path; one that finds nothing is States.Runtime, worded as for InputPath and its like."""
    try:
        return expression(data, scope)
    except MissingError as missing:
        raise runtime_error(f"Invalid path '{missing.text}' : {missing.reason}") from None


def put_result(result_path: ReferencePath | None, discard: bool, raw: Json, result: Json) -> Json:
    """Apply ResultPath: the result replaces the input, goes into it, or is discarded.

    Raises States.ResultPathMatchFailure when the path cannot be made in the input.
    """
    if discard:
        return raw
    if result_path is None:
        return result
    try:
        return result_path.put(raw, result)
    except NoSuchPlaceError:
        raise EvaluationError(
            RESULT_PATH_MATCH_FAILURE,
            f"Unable to apply Step with name '{result_path.text}' to input '{dumps(raw)}'",
        ) from None
