"""Stands before every service at the endpoint: lets pass what the caller may do, and refuses the rest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Request, Response

from local_aws.iam.calls import Call, call_of
from local_aws.iam.enforcer import AccessDeniedError
from local_aws.iam.needs_of_s3 import TELLING, list_bucket
from local_aws.iam.roles import Session
from local_aws.over_moto.query import query_error
from local_aws.over_moto.s3 import xml_error
from local_aws.wire import AwsError, json_error

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

# What services call a refusal, and its HTTP status; the others have AccessDeniedException, 400.
_CODES: Final = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
_OF_REST: Final = {"lambda", "scheduler"}
_OF_QUERY: Final = {"cloudformation", "cloudwatch", "iam", "s3", "sqs", "sts"}  # by protocol or by descent


class Gate:
    """Checks requests for services that moto answers, and says no as each service does."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def caller(self, request: Request) -> Session | None:
        """Return the session that has signed a request; None for the owner."""
        signed = re.search(
            r"(?:Credential=|^)([^/,\s]+)/",
            request.headers.get("Authorization") or request.args.get("X-Amz-Credential", ""),
        )
        return self._cloud.enforcer.roles.session_of(signed[1]) if signed else None

    def answer(
        self, request: Request, region: str, signed_for: str, answer: Callable[[], Response]
    ) -> Response:
        """Return the answer, or a refusal."""
        session = self.caller(request)
        if session is None or not session.checked:
            return answer()
        call = call_of(request, region, signed_for)
        try:
            self._cloud.enforcer.check(session, call)
            response = answer()
            self._check_telling(session, call, response)
        except AccessDeniedError as denied:
            return _refusal(request, call, refused(call.service, denied))
        return response

    def _check_telling(self, session: Session, call: Call, response: Response) -> None:
        """Keep from a caller who may not list a bucket that an object is not in it."""
        if call.service == "s3" and call.operation in TELLING and response.status_code == 404:
            self._cloud.enforcer.demand(session, list_bucket(call.parameters), call.region)


def refused(service: str, denied: AccessDeniedError) -> AwsError:
    """Return a refusal by the name that a service gives it."""
    if service in _OF_REST:
        return AwsError("AccessDeniedException", str(denied), status=403)
    if service in _OF_QUERY or service in _CODES:
        return AwsError(_CODES.get(service, "AccessDenied"), str(denied), status=403)
    return AwsError("AccessDeniedException", str(denied))


def _refusal(request: Request, call: Call, error: AwsError) -> Response:
    """Return a refusal in the protocol of the request."""
    if call.service == "s3":
        return xml_error(error)
    if "X-Amz-Target" in request.headers or call.service in _OF_REST:
        return json_error(error)
    return query_error(error)
