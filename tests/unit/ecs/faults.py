"""Clients that fail as AWS does: errors, lost answers, and whatever a test does between two calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError

from tests.unit.ecs.support import Aws

LOST = ConnectionClosedError(endpoint_url="https://dynamodb")


def aws_error(code: str, operation: str, status: int = 400, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "of the test"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, operation)


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return aws_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)


class Faulty:
    """A client whose calls of one operation go through ``on_call``, which is given the real one."""

    def __init__(
        self, client: Any, operation: str, on_call: Callable[[Callable[..., Any], Any], Any]
    ) -> None:
        self._client, self._operation, self._on_call = client, operation, on_call

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._operation:
            return real
        return lambda **arguments: self._on_call(real, arguments)


def raising(*errors: BaseException, then_real: bool = True) -> Callable[[Callable[..., Any], Any], Any]:
    """Raise these errors, one a call, and then call through."""
    left = list(errors)

    def on_call(real: Callable[..., Any], arguments: Any) -> Any:
        if left:
            raise left.pop(0)
        assert then_real
        return real(**arguments)

    return on_call


def once(on_call: Callable[[Callable[..., Any], Any], Any]) -> Callable[[Callable[..., Any], Any], Any]:
    """Do this at the first call only; the others, those made meanwhile among them, go through."""
    calls: list[int] = []

    def first(real: Callable[..., Any], arguments: Any) -> Any:
        calls.append(0)
        return on_call(real, arguments) if len(calls) == 1 else real(**arguments)

    return first


def break_dynamodb(aws: Aws, operation: str, on_call: Callable[[Callable[..., Any], Any], Any]) -> None:
    """Put this in the way of an operation; what is in the way of others stays."""
    aws.clients = replace_client(aws, dynamodb=Faulty(aws.clients.dynamodb, operation, on_call))


def break_s3(aws: Aws, operation: str, on_call: Callable[[Callable[..., Any], Any], Any]) -> None:
    """Put this in the way of an operation; what is in the way of others stays."""
    aws.clients = replace_client(aws, s3=Faulty(aws.clients.s3, operation, on_call))


def replace_client(aws: Aws, **client: Any) -> Any:
    return type(aws.clients)(**{**vars(aws.clients), **client})


class Killed(BaseException):
    """The attempt is gone: nothing in it may catch this."""


class Fuse:
    """Ends an attempt at one of its writes: before it, after it, or losing its answer."""

    WRITES = ("put_object", "copy_object", "delete_object", "update_item", "transact_write_items")

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._at: int | None = None
        self._how = ""
        self._writes = 0
        self.blown = False

    def install(self) -> None:
        """Let the clients of the containers go through here."""
        dynamodb, s3 = self._aws.dynamodb, self._aws.s3
        for operation in self.WRITES:
            dynamodb = Faulty(dynamodb, operation, self._call)  # type: ignore[assignment]
            s3 = Faulty(s3, operation, self._call)  # type: ignore[assignment]
        self._aws.clients = replace_client(self._aws, s3=s3, dynamodb=dynamodb)

    def set(self, at: int, how: str) -> None:
        """Blow at this write, the first is 0: ``before`` or ``after`` it, or losing the ``answer``."""
        self._at, self._how, self._writes, self.blown = at, how, 0, False

    def unset(self) -> None:
        """Let everything through."""
        self._at, self.blown = None, False

    def _call(self, real: Callable[..., Any], arguments: Any) -> Any:
        if self.blown and self._how != "answer":
            raise Killed  # the attempt is gone, its last words, too
        blows = self._writes == self._at
        self._writes += 1
        self.blown = self.blown or blows
        if blows and self._how == "before":
            raise Killed
        answer = real(**arguments)
        if blows:
            raise LOST if self._how == "answer" else Killed
        return answer
