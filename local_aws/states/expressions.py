"""What JSONPath states may have for an expression: a path, a context path, a variable, an intrinsic.

And payload templates: JSON in which a key that ends in `.$` takes its value from an expression.
"""

from __future__ import annotations

import re
from typing import NoReturn

from local_aws.states import intrinsics
from local_aws.states.errors import runtime_error
from local_aws.states.jsontext import Json, dumps
from local_aws.states.paths import NoSuchPlaceError, Path, PathError, path
from local_aws.states.scope import Expression, Scope

_VARIABLE = re.compile(r"\$([^\W\d]\w*)")  # a name may hold any letters that Unicode has
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_FUNCTION = re.compile(r"States\.([A-Za-z0-9]+)\s*\(")


class ExpressionError(ValueError):
    """The text is no expression."""


class MissingError(LookupError):
    """A path found nothing: the path as written, and why as AWS words it."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(reason)
        self.text = text
        self.reason = reason


def is_reference(text: str) -> bool:
    """Tell whether a path names one place: no wildcard, slice, filter or descent."""
    variable = None if text.startswith("$$") else _VARIABLE.match(text)
    rest = text[1:] if text.startswith("$$") else "$" + text[variable.end() :] if variable else text
    try:
        return path(rest).steps is not None
    except PathError:
        return False


def compile_path(text: str) -> Expression:
    """Compile `$.a`, `$$.a` or `$variable.a`; the expression raises MissingError when there is nothing."""
    try:
        if text.startswith("$$"):
            return _read_context(path(text[1:]), text)
        variable = _VARIABLE.match(text)
        if variable:
            return _read_variable(variable[1], path("$" + text[variable.end() :]), text)
        return _read_data(path(text), text)
    except PathError as error:
        raise ExpressionError(str(error)) from error


def compile_expression(text: str) -> Expression:
    """Compile a path or an intrinsic function; raises ExpressionError."""
    if text.startswith("$"):
        return compile_path(text)
    parser = _Parser(text)
    expression = parser.function()
    parser.end()
    return expression


def compile_template(template: Json) -> Expression:
    """Compile a payload template; raises ExpressionError. A path that finds nothing is States.Runtime."""
    if isinstance(template, dict):
        members = [_compile_member(key, value) for key, value in template.items()]
        if not any(dynamic for _, _, dynamic in members):
            return lambda _data, _scope: template
        return lambda data, scope: {key: member(data, scope) for key, member, _ in members}
    if isinstance(template, list):
        items = [compile_template(item) for item in template]
        return lambda data, scope: [item(data, scope) for item in items]
    return lambda _data, _scope: template


def refuse_missing(missing: MissingError, field: str, data: Json) -> NoReturn:
    """Raise the States.Runtime that AWS makes of a path in `field` which finds nothing in `data`."""
    raise runtime_error(
        f"The JSONPath '{missing.text}' specified for the field '{field}' could not be found in the input "
        f"'{dumps(data)}'"
    )


def _compile_member(key: str, value: Json) -> tuple[str, Expression, bool]:
    if not key.endswith(".$"):
        return key, compile_template(value), isinstance(value, dict | list)
    if not isinstance(value, str):
        raise ExpressionError(
            f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
        )
    try:
        expression = compile_expression(value)
    except ExpressionError as error:
        raise ExpressionError(
            f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
        ) from error

    def evaluate(data: Json, scope: Scope) -> Json:
        try:
            return expression(data, scope)
        except MissingError as missing:
            refuse_missing(missing, key, data)

    return key[:-2], evaluate, True


def _read_data(place: Path, text: str) -> Expression:
    def read(data: Json, _: Scope) -> Json:
        try:
            return place.read(data)
        except NoSuchPlaceError as missing:
            raise MissingError(text, str(missing)) from None

    return read


def _read_context(place: Path, text: str) -> Expression:
    def read(_: Json, scope: Scope) -> Json:
        try:
            return place.read(scope.context)
        except NoSuchPlaceError as missing:
            raise MissingError(text, str(missing)) from None

    return read


def _read_variable(name: str, place: Path, text: str) -> Expression:
    def read(_: Json, scope: Scope) -> Json:
        if name not in scope.variables:
            raise MissingError(text, f"the variable ${name} has no value")
        try:
            return place.read(scope.variables[name])
        except NoSuchPlaceError as missing:
            raise MissingError(text, str(missing)) from None

    return read


class _Parser:
    """A recursive-descent parser of one intrinsic function call."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def function(self) -> Expression:
        match = _FUNCTION.match(self.text, self.position)
        if match is None or match[1] not in intrinsics.FUNCTIONS:
            raise self._error("an intrinsic function")
        name = match[1]
        self.position = match.end()
        arguments = self._arguments(literal_template=name == "Format")
        return lambda data, scope: intrinsics.call(
            name, [argument(data, scope) for argument in arguments], scope
        )

    def end(self) -> None:
        self._space()
        if self.position != len(self.text):
            raise self._error("the end")

    def _arguments(self, *, literal_template: bool) -> list[Expression]:
        arguments: list[Expression] = []
        self._space()
        while not self._take(")"):
            if arguments and not self._take(","):
                raise self._error("a comma")
            self._space()
            arguments.append(self._argument(raw=literal_template and not arguments))
            self._space()
        return arguments

    def _argument(self, *, raw: bool) -> Expression:
        rest = self.text[self.position :]
        if rest.startswith("'"):
            return self._constant(self._string(raw=raw))
        if rest.startswith("$"):
            return compile_path(self._path())
        for word, value in (("true", True), ("false", False), ("null", None)):
            if re.match(rf"{word}\b", rest):
                self.position += len(word)
                return self._constant(value)
        number = _NUMBER.match(rest)
        if number:
            self.position += number.end()
            return self._constant(float(number[0]) if number[1] or number[2] else int(number[0]))
        return self.function()

    def _string(self, *, raw: bool) -> str:
        """Read a quoted string; a backslash escapes quote, backslash, braces. Format keeps them (`raw`)."""
        match = re.compile(r"'((?:[^'\\]|\\['\\{}])*)'", re.DOTALL).match(self.text, self.position)
        if match is None:
            raise self._error("a string")
        self.position = match.end()
        return match[1] if raw else re.sub(r"\\(.)", r"\1", match[1])

    def _path(self) -> str:
        """Read a path, up to the comma or parenthesis that is not within brackets or quotes."""
        start, depth, quote = self.position, 0, ""
        while self.position < len(self.text):
            character = self.text[self.position]
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in "[(":
                depth += 1
            elif depth and character in "])":
                depth -= 1
            elif character in ",) ":
                break
            self.position += 1
        return self.text[start : self.position]

    def _constant(self, value: Json) -> Expression:
        return lambda _data, _scope: value

    def _take(self, character: str) -> bool:
        if self.text[self.position : self.position + 1] == character:
            self.position += 1
            return True
        return False

    def _space(self) -> None:
        while self.text[self.position : self.position + 1].isspace():
            self.position += 1

    def _error(self, wanted: str) -> ExpressionError:
        return ExpressionError(f"{self.text}: {wanted} was expected at character {self.position + 1}")
