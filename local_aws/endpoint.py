"""The one HTTP address: Step Functions and ECS are ours, all else is moto's, extended where it falls short.

A WSGI application. An extension stands before moto: it may refuse a request, answer it, or let moto answer
and act on the answer (`forward`). moto's backends have no locks, so moto answers one request at a time.
"""

from __future__ import annotations

import functools
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from local_aws.ecs.metadata import TaskMetadata
from local_aws.iam.calls import Call
from local_aws.iam.enforcer import AccessDeniedError
from local_aws.iam.gate import Gate, refused
from local_aws.over_moto import cloudformation, dynamodb, events, functions, logs, s3, scheduler, sns
from local_aws.wire import AwsError, Json, Service, json_error, to_json

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

DEFAULT_REGION = "us-east-1"
Forward = Callable[[Request], Response]


class Extension(Protocol):
    """Stands before moto for one service; called under the endpoint's lock, so one request at a time."""

    def answer(self, request: Request, region: str, forward: Forward) -> Response:
        """Refuse the request, answer it, or let moto answer (`forward`) and act on the answer."""


class Endpoint:
    """Routes each request to who answers it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._gate = Gate(cloud)
        self._task_metadata = TaskMetadata(cloud)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.RLock()  # CloudFormation makes moto call itself
        self._extensions: dict[str, Extension] = {
            "dynamodb": dynamodb.DynamoDb(cloud),
            "s3": s3.S3(cloud),
            "events": events.Events(cloud),
            "scheduler": scheduler.Scheduler(cloud),
            "lambda": functions.Functions(cloud),
            "logs": logs.Logs(cloud),
            "sns": sns.Sns(cloud),
            "cloudformation": cloudformation.CloudFormation(cloud),
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one HTTP request (WSGI)."""
        request = Request(environ)
        request.get_data(cache=True)  # read before the lock is taken: a slow sender must not hold up the rest
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/_local_aws/health":
            return Response(json.dumps({"status": "running"}), mimetype="application/json")
        if self._task_metadata.is_for(request):
            return self._task_metadata.answer(request)
        region, service_name = signed_for(request)
        prefix, _, name = request.headers.get("X-Amz-Target", "").rpartition(".")
        own = self.cloud.service_by_target(prefix, region) if prefix else None
        if own is not None:
            return self._answer_json(own, name, request)
        if service_name == "lambda" and functions.is_invocation(request):
            invoke = functools.partial(functions.invoke, self.cloud, request, region)
            return self._gate.answer(request, region, service_name, invoke)
        extension = self._extensions.get(service_name)

        def answer() -> Response:
            return extension.answer(request, region, self._forward) if extension else self._forward(request)

        with self._lock:
            return self._gate.answer(request, region, service_name, answer)

    def _answer_json(self, service: Service, name: str, request: Request) -> Response:
        try:
            body = json.loads(request.get_data() or b"{}")
            answer = self.cloud.run(self._checked(service, name, body, request))
        except AwsError as error:
            return json_error(error)
        except AccessDeniedError as denied:
            return json_error(refused(service.name_in_arn, denied))
        return Response(to_json(answer), mimetype="application/x-amz-json-1.0")

    async def _checked(self, service: Service, name: str, body: Json, request: Request) -> Json:
        """Answer if the caller may ask, which depends on what there is: so on the loop, like the service."""
        call = Call(service.name_in_arn, service.region, name, body)
        self.cloud.enforcer.check(self._gate.caller(request), call)
        return await service.answer(name, body)

    def _forward(self, request: Request) -> Response:
        """Let moto answer."""
        environ = dict(request.environ)
        environ["wsgi.input"] = io.BytesIO(request.get_data())
        return Response.from_app(self._moto, environ, buffered=True)


def signed_for(request: Request) -> tuple[str, str]:
    """Return the region and service a request is signed for (Credential=KEY/DATE/REGION/SERVICE/...)."""
    scope = re.search(
        r"(?:Credential=|^)[^/,\s]+/\d{8}/([^/]+)/([^/]+)/aws4_request",
        request.headers.get("Authorization") or request.args.get("X-Amz-Credential", ""),
    )
    return (scope[1], scope[2]) if scope else (DEFAULT_REGION, "s3" if request.path != "/" else "")
