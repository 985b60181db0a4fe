"""What an error of AWS means for the run: a wrong setting, or something that may pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from common.exit_codes import WrongSettings

_NOT_THERE = {"NoSuchBucket", "ResourceNotFoundException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden"}
_TRANSIENT = {
    "InternalError",
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
}

#: No object, or no such version of it (405 is AWS's answer for a version that is a delete marker).
OBJECT_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "404"})


def code_of(error: ClientError) -> str:
    """Return the error's code, such as ``NoSuchKey``."""
    return error.response.get("Error", {}).get("Code", "")


def is_transient(error: ClientError) -> bool:
    """Tell whether the same call may succeed later, although the SDK's own retries did not help."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in _TRANSIENT or status >= 500


@contextmanager
def using(setting: str, value: str) -> Iterator[None]:
    """Run AWS calls that depend on a setting.

    Raises ``WrongSettings`` naming the setting when what it names is not there or may not be used.
    """
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _NOT_THERE:
            raise WrongSettings([f"{setting}: {value!r} does not exist ({code})"]) from error
        if code in _DENIED:
            problem = f"{setting}: the task's role may not use {value!r} ({code} from {error.operation_name})"
            raise WrongSettings([problem]) from error
        raise
