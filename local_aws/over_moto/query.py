"""Requests of AWS's Query protocol, which CloudFormation speaks."""

from __future__ import annotations

import re
from datetime import datetime
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from local_aws.wire import AwsError, Json, not_modelled


class Form:
    """A request of the Query protocol, in which lists are spelled `Name.member.1.Key`."""

    def __init__(self, request: Request) -> None:
        self._fields = request.form

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __getitem__(self, name: str) -> str:
        if name not in self._fields:
            raise AwsError(
                "ValidationError",
                f"1 validation error detected: Value null at '{name[:1].lower()}{name[1:]}' failed to "
                "satisfy constraint: Member must not be null",
            )
        return self._fields[name]

    def get(self, name: str) -> str | None:
        """Return a field's value, or None."""
        return self._fields.get(name)

    def members(self, name: str) -> list[str]:
        """Return a list of texts."""
        numbered = re.compile(rf"{name}\.member\.\d+")
        return [value for key, value in self._fields.items() if numbered.fullmatch(key)]

    def pairs(self, name: str, key: str, value: str) -> dict[str, str]:
        """Return a list of structures as a mapping from their member `key` to their member `value`."""
        pairs = {}
        for field, found in self._fields.items():
            if match := re.fullmatch(rf"({name}\.member\.\d+)\.{key}", field):
                other = f"{match[1]}.{value}"
                if other in self._fields:
                    pairs[found] = self._fields[other]
        return pairs

    def refuse(self, *names: str) -> None:
        """Raise for members that AWS honours and the local AWS would ignore."""
        action = self._fields["Action"]
        for name in names:
            value = next(
                (text for key, text in self._fields.items() if key.partition(".")[0] == name), "false"
            )
            if value not in ("false", ""):
                raise not_modelled(f"the parameter {name} of cloudformation:{action}")


def query_error(error: AwsError) -> Response:
    """Return an error as services of the Query protocol answer it."""
    inner = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
    body = f"<ErrorResponse><Error>{inner}</Error><RequestId>0</RequestId></ErrorResponse>"
    return Response(body, status=error.status, mimetype="text/xml")


def xml(value: Json) -> str:
    """Return a value as the Query protocol answers it: lists as `<member>`s, and nothing for None."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml(inner)}</{name}>" for name, inner in value.items() if inner is not None)
    if isinstance(value, list):
        return "".join(f"<member>{xml(inner)}</member>" for inner in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return escape(str(value))
