"""CloudWatch Logs, where moto falls short of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from moto.logs.models import logs_backends
from werkzeug.wrappers import Request, Response

from local_aws.over_moto.requests import with_body
from local_aws.wire import AwsError, Json, json_error

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


class Logs:
    """Stands before moto's CloudWatch Logs, which ignores `logStreamNamePrefix` of FilterLogEvents."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:
        """Answer one request."""
        if request.headers.get("X-Amz-Target") != "Logs_20140328.FilterLogEvents":
            return forward(request)
        body = json.loads(request.get_data() or b"{}")
        if body.get("logStreamNamePrefix") is None:
            return forward(request)
        if body.get("logStreamNames"):
            return json_error(
                AwsError(
                    "InvalidParameterException", "logStreamNamePrefix and logStreamNames exclude each other"
                )
            )
        names = self._streams(body, region)
        if names == []:
            return Response(
                json.dumps({"events": [], "searchedLogStreams": []}), mimetype="application/x-amz-json-1.1"
            )
        return forward(with_body(request, json.dumps({**body, "logStreamNames": names}).encode()))

    def _streams(self, body: Json, region: str) -> list[str] | None:
        """Return the names with the prefix, or None when moto is to say that there is no such group.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        group = logs_backends[self.cloud.account][region].groups.get(body.get("logGroupName"))
        if group is None:
            return None
        return [name for name in group.streams if name.startswith(body["logStreamNamePrefix"])]
