"""boto3 clients of the local AWS whose requests never touch a socket: the endpoint's WSGI app gets them.

The seam is botocore's `before-send` event, whose handler may answer instead of the network.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextvars import Context
from typing import Any

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.handlers import handle_copy_source_param
from werkzeug.test import Client, EnvironBuilder

from local_aws.iam.roles import OWNER, acting

CREDENTIALS = {"aws_access_key_id": OWNER, "aws_secret_access_key": "test"}


class _Body(io.BytesIO):
    """A response body with the one method of urllib3's that botocore needs besides read()."""

    def stream(self, amount: int = 65536, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


def in_process_client(session: Any, app: Any, service: str, region: str) -> Any:
    """Return a boto3 client of `service` whose calls are answered by the WSGI application `app`.

    Clients of one `boto3.Session` share what it has loaded, which is most of the time that making one takes.
    A call is made by whoever is `acting`; a signature is checked by nobody, so one client does for all.
    One attempt a call: whoever calls decides on retries. Calls block: never make one on the loop's thread.
    """
    client = session.client(
        service,
        region_name=region,
        endpoint_url="http://127.0.0.1",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        **CREDENTIALS,
    )

    def send(request: Any, **_: Any) -> AWSResponse:
        body: Any = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        headers = [
            (key, value.decode() if isinstance(value, bytes) else str(value))
            for key, value in request.headers.items()
        ]
        headers = [(key, value.replace(f"={OWNER}/", f"={acting()}/", 1)) for key, value in headers]
        builder = EnvironBuilder(
            path=request.url.removeprefix("http://127.0.0.1"),
            method=request.method,
            headers=headers,
            data=body,
        )
        response = Context().run(Client(app).open, builder)  # who answers does not act as who asks
        answered: Any = HeadersDict(response.headers.items())
        return AWSResponse(request.url, response.status_code, answered, _Body(response.get_data()))

    client.meta.events.register("before-send.*.*", send)
    # Step Functions sends CopySource as the machine wrote it; boto3 would hide a missing encoding.
    for operation in ("CopyObject", "UploadPartCopy"):
        client.meta.events.unregister(f"before-parameter-build.s3.{operation}", handle_copy_source_param)
    return client
