"""Bucket policies: moto applies them without their conditions, so that `only by TLS` would forbid everything.

A statement with a condition is kept and described back, and stops nobody; one without is moto's to apply.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from local_aws.over_moto.requests import with_body
from local_aws.wire import AwsError

Forward = Callable[[Request], Response]


class BucketPolicies:
    """Keeps the policies of all buckets as they were put."""

    def __init__(self) -> None:
        self._put: dict[str, bytes] = {}

    def answer(self, request: Request, bucket: str, forward: Forward) -> Response:
        """Answer PutBucketPolicy, GetBucketPolicy or DeleteBucketPolicy."""
        if request.method == "PUT":
            given = request.get_data()
            response = forward(with_body(request, unconditional(given)))
            if response.status_code < 300:
                self._put[bucket] = given
            return response
        response = forward(request)
        # Whether there is a policy is moto's to say: one that was deleted, or its bucket, is not told of.
        if request.method == "GET" and response.status_code == 200 and bucket in self._put:
            return Response(self._put[bucket], mimetype="application/json")
        return response


def unconditional(policy: bytes) -> bytes:
    """Return a policy without its conditional statements; raise MalformedPolicy for what is no policy."""
    try:
        parsed = json.loads(policy)
        statements = parsed["Statement"]
    except (ValueError, TypeError, KeyError) as error:
        raise AwsError("MalformedPolicy", "Policies must be valid JSON and have a Statement") from error
    statements = statements if isinstance(statements, list) else [statements]
    kept = [statement for statement in statements if "Condition" not in statement]
    return json.dumps({**parsed, "Statement": kept}).encode()
