"""When AWS fails: lost answers, conflicts, denials and broken connections."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, IncompleteReadError, NoCredentialsError

from tests.unit.ecs.support import CLEANED, VALID, Aws, orders_csv

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LOST = ConnectionClosedError(endpoint_url="https://dynamodb")


def aws_error(code: str, operation: str, status: int = 400, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "of the test"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, operation)


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return aws_error("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)


class Faulty:
    """A client whose calls of one operation go through ``on_call``, which is given the real one."""

    def __init__(
        self, client: Any, operation: str, on_call: Callable[[Callable[..., Any], Any], Any]
    ) -> None:
        self._client, self._operation, self._on_call = client, operation, on_call

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._operation:
            return real
        return lambda **arguments: self._on_call(real, arguments)


def raising(*errors: Exception, then_real: bool = True) -> Callable[[Callable[..., Any], Any], Any]:
    """Raise these errors, one a call, and then call through."""
    left = list(errors)

    def on_call(real: Callable[..., Any], arguments: Any) -> Any:
        if left:
            raise left.pop(0)
        assert then_real
        return real(**arguments)

    return on_call


class CutOff(io.BytesIO):
    """A body whose connection breaks after these bytes."""

    def readinto(self, buffer: WriteableBuffer) -> int:
        if count := super().readinto(buffer):
            return count
        raise IncompleteReadError(actual_bytes=400, expected_bytes=len(VALID))


def break_dynamodb(aws: Aws, operation: str, on_call: Callable[[Callable[..., Any], Any], Any]) -> None:
    aws.clients = replace_client(aws, dynamodb=Faulty(aws.dynamodb, operation, on_call))


def break_s3(aws: Aws, operation: str, on_call: Callable[[Callable[..., Any], Any], Any]) -> None:
    aws.clients = replace_client(aws, s3=Faulty(aws.s3, operation, on_call))


def replace_client(aws: Aws, **client: Any) -> Any:
    return type(aws.clients)(**{**vars(aws.clients), **client})


def validated(aws: Aws, body: bytes = VALID) -> dict[str, str]:
    environ = aws.upload(body)
    assert aws.validate(environ) == 0
    return environ


def test_a_commit_whose_answer_is_lost_is_found_in_the_ledger(aws: Aws) -> None:
    environ = validated(aws)
    calls: list[Any] = []

    def commit_and_lose_the_answer(real: Callable[..., Any], arguments: Any) -> Any:
        calls.append(arguments)
        real(**arguments)
        raise LOST

    break_dynamodb(aws, "transact_write_items", commit_and_lose_the_answer)
    assert aws.transform(environ) == 0
    assert len(calls) == 1
    assert len(aws.orders()) == 3


def test_a_commit_that_was_lost_on_its_way_is_sent_again_as_another_transaction(aws: Aws) -> None:
    environ = validated(aws)
    tokens: list[str] = []

    def lose_the_first(real: Callable[..., Any], arguments: Any) -> Any:
        tokens.append(arguments["ClientRequestToken"])
        if len(tokens) == 1:
            raise LOST
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", lose_the_first)
    assert aws.transform(environ) == 0
    assert len(set(tokens)) == 2
    assert {len(token) for token in tokens} == {36}
    assert len(aws.orders()) == 3


def test_a_lost_commit_that_arrives_late_does_no_harm(aws: Aws) -> None:
    environ = validated(aws)
    late: list[Any] = []

    def arrive_late(real: Callable[..., Any], arguments: Any) -> Any:
        if not late:
            late.append(arguments)
            raise LOST
        real(**late[0])
        return real(**arguments)  # whose heads are no longer as they were read

    break_dynamodb(aws, "transact_write_items", arrive_late)
    assert aws.transform(environ) == 0
    revision = late[0]["TransactItems"][1]["Put"]["Item"]["revision"]["S"]
    assert aws.ledger()["day#2025-07-01", "head"]["revision"] == revision


@pytest.mark.parametrize("filled_before", [True, False])
def test_a_newer_version_that_commits_between_read_and_commit_keeps_its_day(
    aws: Aws, filled_before: bool
) -> None:
    row = "O-1,C-1,2025-07-01,Books,P-1,1,{}.00,false"
    if filled_before:
        assert aws.process_at(1, orders_csv(row.format(1))) == 0
    environ = aws.prepared_at(2, orders_csv(row.format(2).replace("Books", "Toys")))
    rival = aws.prepared_at(3, orders_csv(row.format(3)))
    rivals: list[int] = []

    def let_the_rival_go_first(real: Callable[..., Any], arguments: Any) -> Any:
        if not rivals:
            rivals.append(0)
            assert aws.transform(rival) == 0
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", let_the_rival_go_first)
    assert aws.transform(environ) == 0
    assert aws.ledger()["day#2025-07-01", "head"]["version_id"] == rival["S3_INPUT_VERSION"]
    assert aws.orders()["2025-07-01"]["total_revenue"] == "3"
    assert list(aws.categories()) == [("2025-07-01", "Books")]


@pytest.mark.parametrize(
    "error",
    [
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError", "None"),
        cancelled("ProvisionedThroughputExceeded"),
        aws_error("TransactionInProgressException", "TransactWriteItems"),
        aws_error("InternalServerError", "TransactWriteItems", 500),
        aws_error("ThrottlingException", "TransactWriteItems"),
        LOST,
    ],
)
def test_what_may_pass_is_waited_out_with_jitter(aws: Aws, error: Exception) -> None:
    environ = validated(aws)
    break_dynamodb(aws, "transact_write_items", raising(error, error, error))
    assert aws.transform(environ) == 0
    assert len(aws.clock.slept) == 3
    assert len(set(aws.clock.slept)) == 3
    assert all(0 < slept <= 5 for slept in aws.clock.slept)


def test_after_20_conflicts_it_asks_to_be_tried_again(aws: Aws) -> None:
    environ = validated(aws)
    conflicts = [cancelled("TransactionConflict")] * 20
    break_dynamodb(aws, "transact_write_items", raising(*conflicts, then_real=False))
    assert aws.transform(environ) == 75
    assert aws.orders() == {}


def test_a_transaction_that_is_wrong_in_itself_is_a_crash(aws: Aws) -> None:
    environ = validated(aws)
    break_dynamodb(aws, "transact_write_items", raising(cancelled("ValidationError")))
    with pytest.raises(ClientError):
        aws.transform(environ)
    assert aws.orders() == {}


@pytest.mark.parametrize(("execution", "status"), [("run-9", "RUNNING"), ("run-1", "FAILED")])
def test_a_claim_lost_between_read_and_commit_keeps_the_numbers_out(
    aws: Aws, execution: str, status: str
) -> None:
    environ = validated(aws)

    def lose_the_claim(real: Callable[..., Any], arguments: Any) -> Any:
        aws.claim("input/orders.csv", environ["S3_INPUT_VERSION"], execution, status)
        return real(**arguments)

    break_dynamodb(aws, "transact_write_items", lose_the_claim)
    assert aws.transform(environ) == 75
    assert aws.orders() == {}


@pytest.mark.parametrize("operation", ["get_object", "put_object"])
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
    assert aws.s3.list_objects_v2(Bucket=CLEANED)["KeyCount"] == 0
