from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

REGION = "us-east-1"


@contextmanager
def refused(code: str, *words: str) -> Iterator[dict[str, Any]]:
    """Expect AWS's refusal with this code and these words in it; yield a dict that then holds the answer."""
    answer: dict[str, Any] = {}
    with pytest.raises(ClientError) as caught:
        yield answer
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    for word in words:
        assert word in error["Message"]
    answer.update(caught.value.response)
