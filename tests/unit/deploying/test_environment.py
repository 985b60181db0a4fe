"""What the scripts say when the environment points to no AWS, or to one that does not take them."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from mayfly.console import CommandError
from mayfly.stage import Stage

HTML = b"<html><body>It works!<br></body></html>"
XML = b"<html><body>It works!</body></html>"
EXPIRED = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
    b"<Message>The security token included in the request is expired</Message></Error></ErrorResponse>"
)


@pytest.fixture
def answering(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Point the environment to a server that gives one answer to everything; return its address."""
    code, body = request.param

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url
        server.shutdown()


@pytest.mark.parametrize("answering", [(200, HTML), (404, HTML), (200, XML)], indirect=True)
def test_a_web_server_is_no_aws(answering: str) -> None:
    with pytest.raises(CommandError, match=f"no AWS answers at {answering}") as refused:
        Stage.of_environment("demo")
    assert refused.value.parts[1] == "something else than AWS answers there"


@pytest.mark.parametrize("answering", [(403, EXPIRED)], indirect=True)
@pytest.mark.usefixtures("answering")
def test_an_expired_token_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "old")
    with pytest.raises(CommandError, match="does not take the credentials") as refused:
        Stage.of_environment("demo")
    assert "ExpiredToken" in refused.value.parts[1]
    assert "sign in again" in refused.value.parts[2]
