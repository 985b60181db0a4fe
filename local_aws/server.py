"""The local AWS as an HTTP server on the loopback address, in this process."""

from __future__ import annotations

import errno
import socket
import threading
from typing import Any, Self

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from local_aws.clock import Clock
from local_aws.cloud import Cloud
from local_aws.ecs.images import Images
from local_aws.ecs.settings import EcsSettings

HOST = "127.0.0.1"
_POLL = 0.05  # seconds within which a stop is noticed


class PortInUseError(OSError):
    """Another program listens on the port that was asked for."""


class _Handler(MotoRequestHandler):
    """Looks nothing up and writes no line a request; closes each connection, for werkzeug cannot keep one."""

    protocol_version = "HTTP/1.1"  # chunked requests and `Expect: 100-continue`
    disable_nagle_algorithm = (
        True  # an answer is written in two parts; waiting for the first one's ACK costs 40 ms
    )

    def address_string(self) -> str:
        return str(self.client_address[0])

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        pass


class LocalAws:
    """One AWS at one address; a context manager. One at a time: moto's state belongs to the process."""

    def __init__(
        self,
        images: Images,
        port: int = 0,
        clock: Clock | None = None,
        seed: int | None = None,
        ecs_settings: EcsSettings | None = None,
    ) -> None:
        """Prepare an AWS on `port` of 127.0.0.1 (0: any free one) whose tasks run `images`."""
        self.port = port
        self.cloud = Cloud(images, clock, seed, ecs_settings)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return what AWS_ENDPOINT_URL has to be."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> Self:
        """Begin to answer, with nothing in any service; raise PortInUseError when the port is taken."""
        listener = listen(self.port)
        self.port = listener.getsockname()[1]
        BackendDict.reset()
        reset_model_data()
        self._server = make_server(
            HOST,
            self.port,
            self.cloud.endpoint,
            threaded=True,
            request_handler=_Handler,
            fd=listener.fileno(),
        )
        listener.close()  # the server has its own copy
        self.cloud.endpoint_url = self.url
        self.cloud.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name="local-aws-http", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every task's process, then stop answering."""
        self.cloud.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(timeout=10)
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on `port` of 127.0.0.1 (0: any free one); raise PortInUseError.

    werkzeug would print advice and exit when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortInUseError(f"port {port} of {HOST} is in use by another program") from error
    listener.listen(128)
    return listener
