"""The environment of a test that has a local AWS of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mayfly.demo.demo import point_to


@contextmanager
def pointed_to(url: str) -> Iterator[None]:
    """Point this process's AWS clients to `url`, and put its environment back in the end."""
    saved = os.environ.copy()
    point_to(url)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
