"""JSONata as Step Functions offers it: `{% expression %}` in strings, `$states`, variables, extra functions.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any

from jsonata import JException, Jsonata, Utils

from local_aws.states.errors import QUERY_EVALUATION_ERROR, EvaluationError
from local_aws.states.expressions import ExpressionError
from local_aws.states.jsontext import Json, loads
from local_aws.states.scope import Expression, Scope

UNDEFINED = object()  # what a JSONata expression gives that finds nothing; JSON has no word for it


def is_expression(value: Json) -> bool:
    """Tell whether a string is `{% ... %}` and so to be evaluated."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def compile_value(template: Json, field: str) -> Expression:
    """Compile JSON in which strings may be JSONata; `data` of the expression is what `$states` is to be.

    An expression that finds nothing is States.QueryEvaluationError, as is one that fails.
    """
    if isinstance(template, dict):
        members = [(key, compile_value(value, f"{field}/{key}")) for key, value in template.items()]
        return lambda data, scope: {key: member(data, scope) for key, member in members}
    if isinstance(template, list):
        items = [compile_value(item, f"{field}[{index}]") for index, item in enumerate(template)]
        return lambda data, scope: [item(data, scope) for item in items]
    if not is_expression(template):
        return lambda _data, _scope: template
    return _compile(template[2:-2].strip(), field)


def _compile(text: str, field: str) -> Expression:
    try:
        program = Jsonata(text)
    except JException as error:
        raise ExpressionError(f"Invalid JSONata expression: {error}") from error
    program.set_output_convert_nulls(False)

    def evaluate(data: Json, scope: Scope) -> Json:
        try:
            value = _plain(program.evaluate(None, {**scope.variables, "states": data, **_functions(scope)}))
        except (JException, ValueError, ArithmeticError, RecursionError) as error:
            raise EvaluationError(
                QUERY_EVALUATION_ERROR,
                f"The JSONata expression '{text}' specified for the field '{field}' threw an error during "
                f"evaluation. {error}",
            ) from error
        if value is UNDEFINED:
            raise EvaluationError(
                QUERY_EVALUATION_ERROR,
                f"The JSONata expression '{text}' specified for the field '{field}' returned nothing "
                "(undefined).",
            )
        return value

    return evaluate


def _plain(value: Any) -> Json:
    """Return JSON for what the library gives: null has a class of its own there, and None is undefined."""
    if value is None:
        return UNDEFINED
    if isinstance(value, Utils.NullValue):
        return None
    if isinstance(value, list):
        return [item for item in map(_plain, value) if item is not UNDEFINED]
    if isinstance(value, dict):
        members = {key: _plain(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not UNDEFINED}
    if isinstance(value, bool | int | float | str):
        return value
    raise ValueError("a function is not JSON")


def _functions(scope: Scope) -> dict[str, Any]:
    """Return the functions that Step Functions adds to JSONata."""
    made: dict[str, Callable[..., Json]] = {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "random": lambda *seed: (random.Random(seed[0]) if seed else scope.random).random(),  # noqa: S311
        "uuid": lambda *_: scope.new_id(),
        "parse": loads,
    }
    # AWS has no $eval: unbound, a call of it fails as for any unknown name.
    return {"eval": None, **{name: Jsonata.JLambda(function) for name, function in made.items()}}


def _partition(items: list[Json], size: int) -> Json:
    return [items[start : start + int(size)] for start in range(0, len(items), int(size))]


def _range(first: int, last: int, step: int) -> Json:
    return list(range(int(first), int(last) + (1 if step > 0 else -1), int(step)))


def _hash(data: str, algorithm: str = "SHA-256") -> Json:
    return hashlib.new(algorithm.replace("-", "").lower(), data.encode(), usedforsecurity=False).hexdigest()
