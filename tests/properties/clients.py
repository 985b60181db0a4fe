"""What the code takes for boto3's clients: every method is handed to something that carries out calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

Answer = dict[str, Any]


class Callee(Protocol):
    """Whatever answers calls."""

    def call(self, service: str, method: str, parameters: Mapping[str, Any]) -> Answer:
        """Carry out one call as a boto3 client's method would."""
        ...


class Client:
    """A client of one service."""

    def __init__(self, callee: Callee, service: str) -> None:
        self._callee, self._service = callee, service

    def __getattr__(self, method: str) -> Callable[..., Answer]:
        if method.startswith("_"):
            raise AttributeError(method)
        return lambda **parameters: self._callee.call(self._service, method, parameters)

    def get_paginator(self, method: str) -> _Paginator:
        """Return what asks page by page; here the first page is the last."""
        return _Paginator(getattr(self, method))

    def download_file(self, bucket: str, key: str, path: str) -> None:
        """Write an object's body to a file."""
        Path(path).write_bytes(self.get_object(Bucket=bucket, Key=key)["Body"].read())


class _Paginator:
    def __init__(self, method: Callable[..., Answer]) -> None:
        self._method = method

    def paginate(self, **parameters: Any) -> list[Answer]:
        return [self._method(**parameters)]
