"""Answers in pages."""

from __future__ import annotations

from local_aws.states.jsontext import Json
from local_aws.wire import AwsError

_MOST = 1_000


def page(member: str, rows: list[Json], request: Json, default: int = 100) -> dict[str, Json]:
    """Return the rows that a request asks for under `member`, and a nextToken when there are more.

    `maxResults` 0 means the default; a token that we did not give is InvalidToken.
    """
    size = int(request.get("maxResults") or default)
    if not 0 < size <= _MOST:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: "
            f"Member must have value less than or equal to {_MOST}",
        )
    token = request.get("nextToken") or "0"
    if not token.isdecimal():
        raise AwsError("InvalidToken", f"Invalid Token: '{token}'")
    start = int(token)
    answer: dict[str, Json] = {member: rows[start : start + size]}
    if start + size < len(rows):
        answer["nextToken"] = str(start + size)
    return answer
