"""Task tokens: who has one may end the attempt it stands for, or say that it is alive.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from local_aws.states.effects import TaskCall
from local_aws.states.errors import StateError
from local_aws.states.jsontext import Json, loads
from local_aws.wire import AwsError


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt of a task that waits for its token."""

    answer: asyncio.Future[Json]
    alive: Callable[[], None]


class Callbacks:
    """The tokens of one region. Its methods belong to the event loop's thread."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._attempts: dict[str, _Attempt | None] = {}  # None: nobody waits for it any more, or yet
        self._abandoned: set[asyncio.Task[Json]] = set()  # asyncio itself keeps only weak references

    def issue(self) -> str:
        """Return a new token."""
        token = base64.b64encode(self._new_id().encode()).decode()
        self._attempts[token] = None
        return token

    async def answered(self, call: TaskCall, work: Coroutine[Any, Any, Json]) -> Json:
        """Return what comes of a call; raises StateError.

        Of one that waits for its token the `work` is only the beginning. A job's token may end it early; the
        job itself then goes on, as nothing says that AWS would stop it.
        """
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._attempts[call.token] = _Attempt(answer, call.alive)
        working = asyncio.ensure_future(work)
        try:
            if call.resource.pattern == "waitForTaskToken":
                call.submitted(await working)
                return await answer
            await asyncio.wait({working, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                return working.result()
            self._abandoned.add(working)
            working.add_done_callback(self._forget)
            return answer.result()
        finally:
            self._attempts[call.token] = None
            if working not in self._abandoned:
                working.cancel()

    def succeed(self, token: str, output: str) -> None:
        """End an attempt with a result, a JSON text; raises InvalidToken, TaskTimedOut, InvalidOutput."""
        attempt = self._attempt(token)
        try:
            result = loads(output)
        except ValueError as error:
            raise AwsError("InvalidOutput", f"Invalid Output: '{error}'") from error
        self._attempts[token] = None
        attempt.answer.set_result(result)

    def fail(self, token: str, error: str | None, cause: str | None) -> None:
        """End an attempt with an error; raises InvalidToken, TaskTimedOut."""
        attempt = self._attempt(token)
        self._attempts[token] = None
        attempt.answer.set_exception(StateError(error, cause))

    def beat(self, token: str) -> None:
        """Tell that an attempt is alive; raises InvalidToken, TaskTimedOut."""
        self._attempt(token).alive()

    def _attempt(self, token: str) -> _Attempt:
        if token not in self._attempts:
            raise AwsError("InvalidToken", "Invalid Token: 'Invalid token'")
        attempt = self._attempts[token]
        if attempt is None:
            raise AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return attempt

    def _forget(self, job: asyncio.Task[Json]) -> None:
        self._abandoned.discard(job)
        if not job.cancelled():
            job.exception()  # what becomes of the job matters to nobody now
