"""Invoking functions. What AWS answers is from its documentation, where no other source is named."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.functions.support import ACCOUNT, REGION, Lambda
from tests.unit.local_iam.support import allow, change_policy


def test_a_handler_is_given_the_event_and_its_return_value_is_the_payload(functions: Lambda) -> None:
    name = functions.make()
    for event in ({"a": [1, 1.5, None, "ü"]}, "text", 0, None):
        said = functions.invoke(name, event)
        assert said.payload == ({} if event is None else event)  # AWS's runtime makes {} of no payload
        assert (said.answer["StatusCode"], said.answer["ExecutedVersion"]) == (200, "$LATEST")
        assert "FunctionError" not in said.answer


def test_a_handler_knows_its_function_and_how_long_it_may_run(functions: Lambda) -> None:
    role = functions.role()
    settings = {"MemorySize": 256, "Timeout": 7, "Environment": {"Variables": {"STAGE": "test"}}}
    name = functions.make("handlers.about", Role=role, **settings)
    said = functions.invoke(name)
    context, environment = said.payload["context"], said.payload["environment"]
    assert context["function_name"] == name
    assert context["function_version"] == "$LATEST"
    assert context["invoked_function_arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert context["memory_limit_in_mb"] == "256"
    assert context["aws_request_id"] == said.answer["ResponseMetadata"]["RequestId"]
    assert context["log_group_name"] == f"/aws/lambda/{name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", context["log_stream_name"])
    assert 0 < said.payload["left"] <= 7000
    assert environment["STAGE"] == "test"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_REGION"] == REGION
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    session = functions.cloud.enforcer.roles.session_of(environment["AWS_ACCESS_KEY_ID"])
    assert session is not None
    assert (session.role_arn, session.name) == (role, name)


def test_a_function_calls_aws_with_the_rights_of_its_role(functions: Lambda) -> None:
    s3 = functions.of("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="data", Key="k", Body=b"content")
    role, place = functions.role(), {"Bucket": "data", "Key": "k"}
    name = functions.make("handlers.read_object", Role=role, Timeout=30)
    said = functions.invoke(name, place)
    assert "is not authorized to perform: s3:GetObject" in said.payload["errorMessage"]
    change_policy(functions.cloud, role, allow("s3:GetObject", on="arn:aws:s3:::data/*"))
    assert functions.invoke(name, place).payload == "content"


def test_globals_last_from_one_invocation_to_the_next_until_the_function_is_changed(
    functions: Lambda,
) -> None:
    name = functions.make("handlers.count")
    assert [functions.invoke(name).payload for _ in range(3)] == [1, 2, 3]
    functions.client.update_function_configuration(FunctionName=name, MemorySize=512)
    assert functions.invoke(name).payload == 1


def test_an_exception_is_an_unhandled_error_with_the_handlers_frames(functions: Lambda) -> None:
    said = functions.invoke(functions.make("handlers.fail"))
    assert (said.answer["StatusCode"], said.answer["FunctionError"]) == (200, "Unhandled")
    (frame,) = said.payload.pop("stackTrace")
    assert re.fullmatch(
        r'  File "/var/task/handlers.py", line \d+, in fail\n    raise LookupError\("nothing here"\)\n', frame
    )
    assert said.payload == {
        "errorType": "LookupError",
        "errorMessage": "nothing here",
        "requestId": said.answer["ResponseMetadata"]["RequestId"],
    }


def test_a_function_that_takes_too_long_is_stopped(functions: Lambda) -> None:
    name = functions.make("handlers.sleep", Timeout=1)
    said = functions.invoke(name, LogType="Tail")
    request = said.answer["ResponseMetadata"]["RequestId"]
    assert said.answer["FunctionError"] == "Unhandled"
    assert said.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request} Error: Task timed out after 1.00 seconds",
    }
    assert f"Z {request} Task timed out after 1.00 seconds\n" in said.log
    assert "asleep\n" in said.log
    assert said.log.endswith("Status: timeout\n")


@pytest.mark.parametrize(
    ("handler", "event", "reason"),
    [
        ("handlers.leave", 0, "Runtime exited without providing a reason"),
        ("handlers.leave", 3, "Runtime exited with error: exit status 3"),
        ("handlers.be_killed", 0, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_an_error(functions: Lambda, handler: str, event: int, reason: str) -> None:
    said = functions.invoke(functions.make(handler), event)
    request = said.answer["ResponseMetadata"]["RequestId"]
    message = f"RequestId: {request} Error: {reason}"
    assert said.payload == {"errorType": "Runtime.ExitError", "errorMessage": message}


def test_after_a_process_that_has_ended_comes_a_fresh_one(functions: Lambda) -> None:
    name = functions.make("handlers.leave_later")
    answers = [functions.invoke(name, leave).payload for leave in (False, True, False)]
    assert (answers[0], answers[1]["errorType"], answers[2]) == (1, "Runtime.ExitError", 1)


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("gone.echo", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
        ("handlers.gone", "Runtime.HandlerNotFound", "Handler 'gone' missing on module 'handlers'"),
        ("handlers", "Runtime.MalformedHandlerName", "Bad handler 'handlers': not enough values to unpack"),
        ("broken.echo", "LookupError", "at the start"),
        ("handlers.no_json", "Runtime.MarshalError", "Unable to marshal response: Object of type object"),
    ],
)
def test_what_the_runtime_cannot_do_is_an_error_of_its_own(
    functions: Lambda, handler: str, kind: str, message: str
) -> None:
    said = functions.invoke(functions.make(handler))
    assert said.answer["FunctionError"] == "Unhandled"
    assert said.payload["errorType"] == kind
    assert said.payload["errorMessage"].startswith(message)


def test_decimals_are_numbers_and_bytes_go_as_they_are(functions: Lambda) -> None:
    assert functions.invoke(functions.make("handlers.decimal")).payload == {"amount": 1.10}
    answer = functions.client.invoke(FunctionName=functions.make("handlers.raw"))
    assert answer["Payload"].read() == b"\xff raw"


def test_an_answer_that_is_too_large_is_an_error(functions: Lambda) -> None:
    said = functions.invoke(functions.make("handlers.large"))
    assert said.payload == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }


def test_what_is_written_goes_to_the_log_group_by_the_functions_role(functions: Lambda) -> None:
    rights = allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    name = functions.make("handlers.write", Role=functions.role(rights))
    said = functions.invoke(name, LogType="Tail")
    request = said.answer["ResponseMetadata"]["RequestId"]
    start, first, second, record, last, end, report = functions.logged(name)
    assert (start, end) == (
        f"START RequestId: {request} Version: $LATEST\n",
        f"END RequestId: {request}\n",
    )
    assert (first, second, last) == ("first\n", "second\n", "last")
    assert re.fullmatch(
        rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{request}\tone\nrecord\n", record
    )
    assert re.fullmatch(
        rf"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: [1-9]\d MB\tInit Duration: [\d.]+ ms\t\n",
        report,
    )
    assert said.log == "".join([start, first, second, record, last, end, report])
    functions.invoke(name)
    assert "Init Duration" not in functions.logged(name)[-1]


def test_a_function_whose_role_may_not_log_runs_all_the_same(
    functions: Lambda, caplog: pytest.LogCaptureFixture
) -> None:
    name = functions.make("handlers.write")
    assert "FunctionError" not in functions.invoke(name).answer
    assert f"log events of /aws/lambda/{name} are lost" in caplog.text
    groups = functions.of("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")
    assert groups["logGroups"] == []


def test_an_error_is_one_event_of_the_log(functions: Lambda) -> None:
    name = functions.make("handlers.fail", Role=functions.role(allow("logs:*")))
    functions.invoke(name)
    (error,) = [message for message in functions.logged(name) if "LookupError" in message]
    assert error.startswith("[ERROR] LookupError: nothing here\nTraceback (most recent call last):\n")


def test_a_dry_run_runs_nothing(functions: Lambda) -> None:
    name = functions.make("handlers.count")
    assert functions.invoke(name, InvocationType="DryRun").answer["StatusCode"] == 204
    assert functions.invoke(name).payload == 1


def test_a_function_is_named_by_name_or_arn(functions: Lambda) -> None:
    name = functions.make()
    for prefix in ("", f"{ACCOUNT}:function:", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"):
        assert functions.invoke(prefix + name, 1).payload == 1


def test_a_function_that_is_not_there_is_refused(functions: Lambda) -> None:
    with pytest.raises(ClientError, match="Function not found") as caught:
        functions.invoke("gone")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:gone:$LATEST",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("payload", "kind", "code", "status"),
    [
        ("{", "RequestResponse", "InvalidRequestContentException", 400),
        (json.dumps("x" * 6_291_456), "RequestResponse", "RequestTooLargeException", 413),
        (json.dumps("x" * 1_048_576), "Event", "RequestTooLargeException", 413),
    ],
)
def test_a_payload_that_is_no_json_or_too_large_is_refused(
    functions: Lambda, payload: str, kind: str, code: str, status: int
) -> None:
    with pytest.raises(ClientError) as caught:
        functions.client.invoke(FunctionName=functions.make(), Payload=payload, InvocationType=kind)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_reserved_concurrency_is_a_limit(functions: Lambda, tmp_path: Path) -> None:
    name = functions.make("handlers.touch", Timeout=30)
    functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    waiting, go = tmp_path / "waiting", tmp_path / "go"
    event = {"waiting": str(waiting), "go": str(go)}
    first = threading.Thread(target=functions.invoke, args=(name, event))
    first.start()
    while not waiting.exists():
        first.join(0.005)
    with pytest.raises(ClientError, match="Rate Exceeded") as caught:
        functions.invoke(name, event)
    go.touch()
    first.join()
    assert functions.invoke(name, event).answer["StatusCode"] == 200
    error: Any = caught.value.response
    assert error["Error"]["Code"] == "TooManyRequestsException"
    assert error["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 429
