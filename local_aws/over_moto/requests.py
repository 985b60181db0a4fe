"""Requests as moto shall see them, where that is not as they came."""

from __future__ import annotations

import io
from typing import Any

from werkzeug.wrappers import Request


def with_body(request: Request, body: bytes, **headers: str) -> Request:
    """Return `request` with another body and, where given (`X_Amz_Target=...`), other headers."""
    environ: dict[str, Any] = {
        **request.environ,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    return _read(environ)


def with_headers(request: Request, headers: dict[str, str]) -> Request:
    """Return `request` with these headers set to other values."""
    changed = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    return _read({**request.environ, "wsgi.input": io.BytesIO(request.get_data()), **changed})


def _read(environ: dict[str, Any]) -> Request:
    environ.pop("werkzeug.request", None)
    request = Request(environ)
    request.get_data(cache=True)
    return request
