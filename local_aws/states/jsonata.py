"""JSONata in a definition: `{% expression %}` in strings, with `$states`, variables and AWS's functions.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from local_aws.states.errors import EvaluationError, query_error
from local_aws.states.jsonata_functions import bound
from local_aws.states.jsonata_library import (
    UNDEFINED,
    JsonataError,
    Program,
    UnsupportedResultError,
    from_json,
)
from local_aws.states.jsontext import Json, dumps
from local_aws.states.scope import Expression, Scope

Report = Callable[[str, str, str], None]  # AWS's code of a fault, its message, and the field
INVALID = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION"
_WHOLE_STATES = re.compile(r"\$states\s*(?!\s*\.\s*\w)")
_TYPES = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def is_expression(value: Json) -> bool:
    """Tell whether a string is `{% ... %}` and so to be evaluated."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def compile_value(template: Json, field: str, report: Report) -> Expression:
    """Compile JSON in which strings may be JSONata; `data` of the expression is what `$states` is to be.

    `field` is the path from the state to the template. What AWS would refuse in the definition is reported;
    at run time an expression that fails or finds nothing is States.QueryEvaluationError.
    """
    if isinstance(template, dict):
        members = [(key, compile_value(value, f"{field}/{key}", report)) for key, value in template.items()]
        return lambda data, scope: {key: member(data, scope) for key, member in members}
    if isinstance(template, list):
        items = [compile_value(item, f"{field}[{index}]", report) for index, item in enumerate(template)]
        return lambda data, scope: [item(data, scope) for item in items]
    if not is_expression(template):
        return lambda _data, _scope: template
    return _compile(_text(template), field, report)


def expected(expression: Expression, template: Json, field: str, kind: str) -> Expression:
    """Return an expression that is States.QueryEvaluationError where its value has not the type `kind`."""

    def evaluate(data: Json, scope: Scope) -> Json:
        value = expression(data, scope)
        if type_of(value) != kind:
            raise unexpected(field, template, kind, value)
        return value

    return evaluate


def unexpected(field: str, template: Json, kind: str, value: Json) -> EvaluationError:
    """Return the error of a field whose expression gave `value`, which is not a `kind`."""
    return query_error(
        f"The JSONata expression '{_text(template)}' specified for the field '{field}' returned an "
        f"unexpected result type. Expected '{kind}', but was '{type_of(value)}' for value: {dumps(value)}",
        field,
    )


def type_of(value: Json) -> str:
    """Return JSONata's name of a value's type."""
    return _TYPES.get(type(value), "number")


def _text(template: str) -> str:
    return template[2:-2].strip()


def _compile(text: str, field: str, report: Report) -> Expression:
    try:
        program = Program(text)
    except JsonataError as error:
        report(INVALID, str(error), field)
        return lambda _data, _scope: None
    for message in program.unsupported(in_catch=field.startswith("Catch[")):
        report(UNSUPPORTED, message, field)
    whole = _WHOLE_STATES.search(text) is not None
    told = f"The JSONata expression '{text}' specified for the field '{field}'"

    def seen(name: str) -> bool:
        """Tell whether the expression can see what has this name: only that is made ready for the library."""
        return name in text

    def evaluate(data: Json, scope: Scope) -> Json:
        states = {name: from_json(value) for name, value in data.items() if whole or seen(name)}
        variables = {name: from_json(value) for name, value in scope.variables.items() if seen(name)}
        try:
            value = program.evaluate({**bound(scope), **variables, "states": states})
        except JsonataError as error:
            reason = f". {error.code}: {error}" if error.code else f": {error}"
            raise query_error(f"{told} threw an error during evaluation{reason}", field) from error
        except UnsupportedResultError as error:
            raise query_error(f"{told} returned an unsupported result type.", field) from error
        if value is UNDEFINED:
            raise query_error(f"{told} returned nothing (undefined).", field)
        return value

    return evaluate
