"""Lambda functions, run: found where moto keeps them, each invocation in a process of the function's own.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moto.awslambda.models import LambdaFunction, lambda_backends

from local_aws.functions.asynchronous import Event, deliver
from local_aws.functions.code import CodeFolders
from local_aws.functions.environment import Asked, Environment, Outcome
from local_aws.functions.logs import LogStream
from local_aws.functions.output import TAIL, log_of
from local_aws.functions.settings import fingerprint, variables_of
from local_aws.iam.calls import Call
from local_aws.iam.enforcer import AccessDeniedError
from local_aws.iam.roles import NotTrustedError, acting
from local_aws.wire import AwsError, not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

_NAME: Final = re.compile(
    r"(?:(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?P<account>\d{12}):function:)?(?P<name>[\w-]+)"
    r"(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)
# Bytes of a payload: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MOST_SENT: Final = {"RequestResponse": 6_291_456, "DryRun": 6_291_456, "Event": 1_048_576}
_MOST_ANSWERED: Final = 6_291_556
_KEPT_IDLE: Final = 4  # processes a function; on AWS they go when they have not been used for a while


@dataclass(frozen=True, slots=True)
class Answer:
    """What Invoke answers: HTTP status, payload, whether the function failed, the last 4 KB of its log."""

    status: int
    request_id: str
    payload: bytes = b""
    failed: bool = False
    log: str = ""


class Functions:
    """Lambda in one region, as far as invocations go. On the event loop's thread only."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        self.cloud = cloud
        self.region = region
        self._code = CodeFolders()
        self._running: Counter[str] = Counter()
        self._idle: defaultdict[str, list[_Process]] = defaultdict(list)
        self._busy: set[_Process] = set()
        self._events: set[asyncio.Task[None]] = set()

    def find(self, named: str) -> LambdaFunction:
        """Return the function of a name or ARN; raise AwsError ResourceNotFoundException."""
        parts = _NAME.fullmatch(named)
        if parts is None:
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{named}' at 'functionName' failed to satisfy "
                f"constraint: Member must satisfy regular expression pattern: {_NAME.pattern}",
            )
        if parts["qualifier"] not in (None, "$LATEST"):
            raise not_modelled(f"versions and aliases of functions ({named})")
        region, account = parts["region"] or self.region, parts["account"] or self.cloud.account
        arn = f"arn:aws:lambda:{region}:{account}:function:{parts['name']}"
        for function in lambda_backends[self.cloud.account][self.region].list_functions():
            if function.function_arn == arn:
                return function
        raise AwsError(
            "ResourceNotFoundException", f"Function not found: {arn}:$LATEST", status=404, Type="User"
        )

    def permit(self, named: str) -> None:
        """Raise AwsError AccessDeniedException unless whoever acts may invoke a function."""
        enforcer = self.cloud.enforcer
        try:
            call = Call("lambda", self.region, "Invoke", {"FunctionName": named})
            enforcer.check(enforcer.roles.session_of(acting()), call)
        except AccessDeniedError as denied:
            raise AwsError("AccessDeniedException", str(denied), status=403) from denied

    async def invoke(
        self, named: str, payload: bytes, kind: str = "RequestResponse", client_context: str | None = None
    ) -> Answer:
        """Invoke a function, by name or ARN, with JSON text; raise AwsError when Lambda refuses.

        `kind` is RequestResponse, Event (returns at once) or DryRun. `client_context` is JSON text.
        """
        function = self.find(named)
        _check_payload(payload, kind)
        request_id = self.cloud.new_id()
        if kind == "DryRun":
            return Answer(204, request_id)
        if kind == "Event":
            event = Event(request_id, function.function_name, payload, self.cloud.clock.time())
            task = asyncio.create_task(deliver(self, event))
            self._events.add(task)
            task.add_done_callback(self._events.discard)
            return Answer(202, request_id)
        return await self.run(function, request_id, payload, client_context)

    async def run(
        self, function: LambdaFunction, request_id: str, payload: bytes, client_context: str | None = None
    ) -> Answer:
        """Run a function once; raise AwsError TooManyRequestsException when its concurrency is used up."""
        name, most = function.function_name, function.reserved_concurrency
        if most is not None and self._running[name] >= int(most):
            raise AwsError(
                "TooManyRequestsException",
                "Rate Exceeded.",
                status=429,
                Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
                Type="User",
            )
        asked = Asked(request_id, (payload or b"{}").decode(), function.function_arn, client_context)
        self._running[name] += 1
        try:
            with self.cloud.clock.at_real_speed():
                process = await self._process_of(function)
                outcome = await self._invoke(process, asked, float(function.timeout))
        finally:
            self._running[name] -= 1
        events = log_of(request_id, outcome.output, outcome.measured)
        await process.logs.write(events)
        return _answer(outcome, request_id, b"".join(events))

    async def forget(self, name: str) -> None:
        """End the idle processes of a function."""
        for process in self._idle.pop(name, []):
            await process.environment.close()

    async def settle(self) -> None:
        """Return when no asynchronous invocation is left."""
        while self._events:
            await asyncio.gather(*self._events)

    async def kill_all(self) -> None:
        """End every process at once, as at a shutdown."""
        for task in list(self._events):
            task.cancel()
        for process in list(self._busy):
            await process.environment.close()
        for name in list(self._idle):
            await self.forget(name)
        self._code.close()

    async def _invoke(self, process: _Process, asked: Asked, seconds: float) -> Outcome:
        self._busy.add(process)
        try:
            outcome = await process.environment.invoke(asked, seconds)
        except asyncio.CancelledError:
            await process.environment.close()
            raise
        finally:
            self._busy.discard(process)
        name = process.function
        if process.environment.is_alive and len(self._idle[name]) < _KEPT_IDLE:
            self._idle[name].append(process)
        else:
            await process.environment.close()
        return outcome

    async def _process_of(self, function: LambdaFunction) -> _Process:
        """Return an idle process of the function as it is now, or a new one."""
        idle, now = self._idle[function.function_name], fingerprint(function)
        while idle:
            process = idle.pop()
            if process.environment.is_alive and process.environment.fingerprint == now:
                return process
            await process.environment.close()
        try:
            role = self.cloud.enforcer.roles.begin(
                function.role, "lambda.amazonaws.com", function.function_arn, function.function_name
            )
        except NotTrustedError as error:
            raise AwsError(
                "AccessDeniedException",
                f"The role defined for the function cannot be assumed by Lambda. ({error})",
                status=403,
            ) from error
        folder = self._code.folder(function.code_bytes, function.code_sha_256)
        logs = LogStream(self.cloud, self.region, function.function_name, role)
        environment = Environment(now, folder, int(function.memory_size), self.cloud.clock)
        scratch = self._code.scratch()
        await environment.start(variables_of(function, folder, scratch, logs, role, self.cloud.endpoint_url))
        return _Process(function.function_name, environment, logs)


@dataclass(frozen=True, eq=False, slots=True)
class _Process:
    function: str
    environment: Environment
    logs: LogStream


def _check_payload(payload: bytes, kind: str) -> None:
    most = _MOST_SENT[kind]
    if len(payload) > most:
        raise AwsError(
            "RequestTooLargeException",
            f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {most} bytes)",
            status=413,
            Type="User",
        )
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        raise AwsError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {error}",
            Type="User",
        ) from error


def _answer(outcome: Outcome, request_id: str, log: bytes) -> Answer:
    tail = base64.b64encode(log[-TAIL:]).decode()
    if len(outcome.payload) <= _MOST_ANSWERED:
        return Answer(200, request_id, outcome.payload, outcome.failed, tail)
    error = {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({_MOST_ANSWERED} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    return Answer(200, request_id, json.dumps(error).encode(), True, tail)
