"""CloudFormation, where moto falls short of AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from local_aws.cloud import Cloud


class CloudFormation:
    """Stands before moto's CloudFormation."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:  # noqa: ARG002
        """Answer one request."""
        return forward(request)
