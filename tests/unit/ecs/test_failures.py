"""When AWS fails the validator: denials, errors that pass, and broken connections."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError, NoCredentialsError

from tests.unit.ecs.faults import LOST, aws_error, break_dynamodb, break_s3, raising
from tests.unit.ecs.support import INPUT, VALID, Aws


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


class CutOff(io.BytesIO):
    """A body whose connection breaks after these bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if found := super().read(size):
            return found
        raise IncompleteReadError(actual_bytes=400, expected_bytes=len(VALID))


@pytest.mark.parametrize("operation", ["get_object", "copy_object", "put_object"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (aws_error("AccessDenied", "GetObject", 403), 78),
        (NoCredentialsError(), 78),
        (aws_error("SlowDown", "GetObject", 503), 75),
        (aws_error("InternalError", "GetObject", 500), 75),
        (LOST, 75),
    ],
)
def test_the_validator_tells_what_may_pass_from_what_will_not(
    aws: Aws, operation: str, error: Exception, code: int
) -> None:
    environ = aws.upload(VALID)
    break_s3(aws, operation, raising(error))
    assert aws.validate(environ) == code
    assert aws.keys("handoff/") == []


def test_a_connection_that_breaks_in_the_middle_of_the_file_is_tried_again_and_nothing_published(
    aws: Aws,
) -> None:
    environ = aws.upload(VALID)

    def cut_off(real: Callable[..., Any], arguments: Any) -> Any:
        answer = real(**arguments)
        if "VersionId" in arguments:
            answer["Body"] = CutOff(answer["Body"].read(400))
        return answer

    break_s3(aws, "get_object", cut_off)
    assert aws.validate(environ) == 75
    assert aws.keys() == []


def test_an_error_nobody_has_thought_of_is_a_crash(aws: Aws) -> None:
    environ = aws.upload(VALID)
    break_s3(aws, "put_object", raising(aws_error("Strange", "PutObject")))
    with pytest.raises(ClientError, match="Strange"):
        aws.validate(environ)
    assert aws.keys("handoff/") == []


def test_a_ledger_that_cannot_be_written_to_keeps_the_handoff_back(aws: Aws) -> None:
    environ = aws.upload(VALID)
    break_dynamodb(aws, "update_item", raising(LOST))
    assert aws.validate(environ) == 75
    assert aws.keys("handoff/") == []


def test_a_version_that_is_deleted_before_it_could_be_copied_is_rejected_as_gone(aws: Aws) -> None:
    environ = aws.upload(VALID)

    def delete_it(*_: Any) -> Any:
        version = environ["S3_INPUT_VERSION"]
        aws.s3.delete_object(Bucket=INPUT, Key="input/orders.csv", VersionId=version)
        raise aws_error("NoSuchVersion", "CopyObject", 404)

    break_s3(aws, "copy_object", delete_it)
    assert aws.validate(environ) == 65
    assert aws.report(environ)["counts"]["by_rule"] == {"object_gone": 1}
    assert aws.keys("handoff/") == []
