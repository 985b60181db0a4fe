"""SNS, where moto would do something else than AWS: it sends functions nothing, and says that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Request, Response

from local_aws.over_moto.query import query_error
from local_aws.wire import not_modelled

if TYPE_CHECKING:
    from local_aws.cloud import Cloud

_LACKING: Final = {"lambda", "firehose", "application"}  # protocols of subscriptions


class Sns:
    """Stands before moto's SNS."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def answer(self, request: Request, region: str, forward: Callable[[Request], Response]) -> Response:  # noqa: ARG002 - see Extension
        """Refuse a subscription that nothing would be sent to; let moto answer the rest."""
        protocol = request.form.get("Protocol")
        if request.form.get("Action") == "Subscribe" and protocol in _LACKING:
            return query_error(not_modelled(f"subscriptions to a topic of the protocol {protocol}"))
        return forward(request)
