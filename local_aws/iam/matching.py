"""How the texts of a policy match those of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import functools
import re

from local_aws.wildcards import around_stars
from local_aws.wire import Json


def listed(value: Json) -> list[Json]:
    """Return a policy's value that may stand alone as a list."""
    return value if isinstance(value, list) else [value]


def like(pattern: str, value: str) -> bool:
    """Match with * and ?, which stand for any characters and for one."""
    return _expression(pattern).fullmatch(value) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Match ARNs part by part: no * stands for a colon between the first six. A lone * is any ARN."""
    if pattern == "*":
        return True
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(found) == 6 and all(map(like, wanted, found))


@functools.lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    return around_stars([re.escape(piece).replace(r"\?", ".") for piece in pattern.split("*")])
