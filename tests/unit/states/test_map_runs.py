"""Map Runs on a running cloud: what they read from S3 and write there, and what the API tells of them.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
The texts, and the shapes of the answers, are as recorded on AWS.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.cloud import Cloud
from tests.unit.local_iam.support import allow, change_policy, make_role, trust
from tests.unit.states.running import REGION, ROLE, cloud_at, text_of

ORDERS = "id,quantity\n1,2\n2,1\n3,0\n4,5\n5,1\n"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with cloud_at() as running:
        s3 = running.client("s3", REGION)
        for bucket in ("orders", "results"):
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket="orders", Key="today.csv", Body=ORDERS.encode())
        for number in range(5):
            s3.put_object(Bucket="orders", Key=f"many/{number}", Body=b"")
        yield running


@pytest.fixture(scope="module")
def states(cloud: Cloud) -> Any:
    return cloud.client("stepfunctions", REGION)


def start(states: Any, machine: str, given: Any, role: str = ROLE) -> str:
    created = states.create_state_machine(
        name=machine, definition=text_of(f"distributed_{machine}"), roleArn=role
    )
    arn: str = states.start_execution(stateMachineArn=created["stateMachineArn"], input=json.dumps(given))[
        "executionArn"
    ]
    return arn


def ended(cloud: Cloud, states: Any, arn: str) -> dict[str, Any]:
    async def wait() -> None:
        await asyncio.wait_for(cloud.states(REGION)._execution(arn).ended(), 20)

    cloud.run(wait())
    description: dict[str, Any] = states.describe_execution(executionArn=arn)
    return description


def map_run_of(states: Any, execution: str) -> dict[str, Any]:
    (row,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    run: dict[str, Any] = states.describe_map_run(mapRunArn=row["mapRunArn"])
    assert row["stateMachineArn"] == run["mapRunArn"].replace(":mapRun:", ":stateMachine:").rpartition(":")[0]
    return run


def children_of(states: Any, run: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = states.list_executions(mapRunArn=run["mapRunArn"], **more)["executions"]
    return rows


def counted(counts: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


def written(cloud: Cloud, key: str) -> bytes:
    body: bytes = cloud.client("s3", REGION).get_object(Bucket="results", Key=key)["Body"].read()
    return body


@pytest.fixture(scope="module")
def orders(cloud: Cloud, states: Any) -> dict[str, Any]:
    """Five orders in batches of two, of which the second is refused and tolerated."""
    return ended(cloud, states, start(states, "orders", {"key": "today.csv"}))


def test_the_results_are_written_as_aws_writes_them(cloud: Cloud, orders: dict[str, Any]) -> None:
    output = json.loads(orders["output"])
    run = output["MapRunArn"]
    place = f"orders/{run.rpartition(':')[2]}"
    assert output["ResultWriterDetails"] == {"Bucket": "results", "Key": f"{place}/manifest.json"}
    manifest = json.loads(written(cloud, f"{place}/manifest.json"))
    files = manifest.pop("ResultFiles")
    assert manifest == {"DestinationBucket": "results", "MapRunArn": run}
    assert files == {
        "FAILED": [{"Key": f"{place}/FAILED_0.json", "Size": len(written(cloud, f"{place}/FAILED_0.json"))}],
        "PENDING": [],
        "SUCCEEDED": [
            {"Key": f"{place}/SUCCEEDED_0.json", "Size": len(written(cloud, f"{place}/SUCCEEDED_0.json"))}
        ],
    }
    first, second = json.loads(written(cloud, f"{place}/SUCCEEDED_0.json"))
    assert list(first) == sorted(first)
    assert json.loads(first["Output"]) == json.loads(first["Input"])
    assert json.loads(second["Input"]) == {"Items": [{"id": "5", "quantity": "1"}]}
    assert (first["Status"], first["RedriveStatus"]) == ("SUCCEEDED", "NOT_REDRIVABLE")
    (failed,) = json.loads(written(cloud, f"{place}/FAILED_0.json"))
    assert "Output" not in failed
    assert (failed["Status"], failed["Error"], failed["Cause"]) == (
        "FAILED",
        "BadBatch",
        "nothing was ordered",
    )


def test_a_map_run_counts_executions_and_the_items_in_them(states: Any, orders: dict[str, Any]) -> None:
    run = map_run_of(states, orders["executionArn"])
    assert run["status"] == "SUCCEEDED"
    assert (run["maxConcurrency"], run["toleratedFailureCount"]) == (1, 2)
    assert counted(run["executionCounts"]) == {"succeeded": 2, "failed": 1, "total": 3, "resultsWritten": 3}
    assert counted(run["itemCounts"]) == {"succeeded": 3, "failed": 2, "total": 5, "resultsWritten": 5}


def test_the_children_are_executions_of_their_own(states: Any, orders: dict[str, Any]) -> None:
    run = map_run_of(states, orders["executionArn"])
    rows = children_of(states, run)
    assert [(row["status"], row["itemCount"]) for row in rows] == [
        ("SUCCEEDED", 1),
        ("FAILED", 2),
        ("SUCCEEDED", 2),
    ]
    assert children_of(states, run, statusFilter="FAILED") == [rows[1]]
    child = states.describe_execution(executionArn=rows[1]["executionArn"])
    assert child["mapRunArn"] == run["mapRunArn"]
    assert child["stateMachineArn"].endswith(":stateMachine:orders/Orders")
    assert (child["error"], child["redriveStatus"]) == ("BadBatch", "REDRIVABLE_BY_MAP_RUN")
    history = states.get_execution_history(executionArn=rows[1]["executionArn"])["events"]
    assert [event["type"] for event in history] == [
        "ExecutionStarted",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "FailStateEntered",
        "ExecutionFailed",
    ]
    machine = states.describe_state_machine_for_execution(executionArn=rows[1]["executionArn"])
    assert (machine["name"], machine["label"]) == ("orders", "Orders")
    assert json.loads(machine["definition"])["StartAt"] == "Choose"
    assert "ProcessorConfig" not in machine["definition"]


def test_only_the_parent_is_an_execution_of_the_machine(states: Any, orders: dict[str, Any]) -> None:
    rows = states.list_executions(stateMachineArn=orders["stateMachineArn"])["executions"]
    assert [row["executionArn"] for row in rows] == [orders["executionArn"]]


def test_all_pages_of_a_bucket_are_read_and_the_results_are_lines_on_demand(
    cloud: Cloud, states: Any
) -> None:
    output = json.loads(ended(cloud, states, start(states, "lines", {}))["output"])
    manifest = json.loads(written(cloud, output["ResultWriterDetails"]["Key"]))
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    assert file["Key"].endswith("/SUCCEEDED_0.jsonl")
    text = written(cloud, file["Key"]).decode()
    assert text.endswith("\n")
    items = [json.loads(line) for line in text.splitlines()]
    assert [item["Key"] for item in items] == [f"many/{number}" for number in range(5)]
    assert isinstance(items[0]["LastModified"], float)


def test_a_map_run_that_fails_still_writes_what_failed_and_what_never_began(
    cloud: Cloud, states: Any
) -> None:
    items = [{"bad": True, "n": 1}, {"bad": False, "n": 2}]
    failed = ended(cloud, states, start(states, "refused", {"items": items}))
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"
    run = map_run_of(states, failed["executionArn"])
    assert counted(run["itemCounts"]) == {"failed": 1, "pending": 1, "total": 2, "resultsWritten": 2}
    place = run["mapRunArn"].rpartition(":")[2]
    files = json.loads(written(cloud, f"{place}/manifest.json"))["ResultFiles"]
    assert [len(files[name]) for name in ("FAILED", "PENDING", "SUCCEEDED")] == [1, 1, 0]
    (pending,) = json.loads(written(cloud, f"{place}/PENDING_0.json"))
    assert pending == {
        "Input": json.dumps(items[1], separators=(",", ":")),
        "InputDetails": {"Included": True},
        "Status": "PENDING",
    }


def test_a_bucket_that_cannot_be_written_to_fails_the_map_run(cloud: Cloud, states: Any) -> None:
    failed = ended(cloud, states, start(states, "unwritten", [1]))
    assert failed["error"] == "States.ResultWriterFailed"
    assert "The specified bucket does not exist" in failed["cause"]
    assert map_run_of(states, failed["executionArn"])["status"] == "FAILED"


def begun(cloud: Cloud, states: Any, arn: str, children: int = 1) -> dict[str, Any]:
    """Return the Map Run of an execution once so many of its children have begun."""

    async def wait() -> None:
        runs = cloud.states(REGION).map_runs
        while sum(1 for run in runs.of_execution(arn) for child in run.children if child.started) < children:
            await asyncio.sleep(0)

    cloud.run(asyncio.wait_for(wait(), 20))
    return map_run_of(states, arn)


def test_a_stopped_execution_aborts_its_map_run_and_the_children_that_run(cloud: Cloud, states: Any) -> None:
    arn = start(states, "held", [1, 2])
    run = begun(cloud, states, arn)
    assert counted(run["executionCounts"]) == {"pending": 1, "running": 1, "total": 2}
    states.stop_execution(executionArn=arn)
    run = map_run_of(states, arn)
    assert run["status"] == "ABORTED"
    assert counted(run["executionCounts"]) == {"pending": 1, "aborted": 1, "total": 2}
    (row,) = children_of(states, run)
    child = states.describe_execution(executionArn=row["executionArn"])
    assert child["cause"] == (
        f"The map run execution [{run['mapRunArn']}] which was managing this resource was aborted"
    )
    last = states.get_execution_history(executionArn=row["executionArn"])["events"][-1]
    assert (last["type"], last["previousEventId"]) == ("ExecutionAborted", 0)


def test_a_child_can_be_stopped_and_the_map_run_goes_on(cloud: Cloud, states: Any) -> None:
    arn = start(states, "held", [1, 2])
    run = begun(cloud, states, arn)
    (row,) = children_of(states, run)
    states.stop_execution(executionArn=row["executionArn"], error="Enough", cause="of this")
    child = states.describe_execution(executionArn=row["executionArn"])
    assert (child["status"], child["error"], child["cause"]) == ("ABORTED", "Enough", "of this")
    begun(cloud, states, arn, children=2)
    cloud.clock.skip(3_600)
    assert ended(cloud, states, arn)["status"] == "SUCCEEDED"
    assert counted(map_run_of(states, arn)["executionCounts"]) == {
        "aborted": 1,
        "succeeded": 1,
        "total": 2,
        "resultsWritten": 2,
    }


def test_the_machines_role_must_be_allowed_to_start_its_executions(cloud: Cloud, states: Any) -> None:
    role = make_role(cloud, trusting=trust("states.amazonaws.com"))
    failed = ended(cloud, states, start(states, "waits", [], role))
    assert failed["error"] == "States.Permissions"
    assert "is not authorized to perform: states:StartExecution" in failed["cause"]
    change_policy(cloud, role, allow("states:StartExecution"))
    assert ended(cloud, states, start(states, "waits", [], role))["status"] == "SUCCEEDED"


def test_what_is_no_map_run_is_told_apart_from_one_that_is_not_there(states: Any, orders: Any) -> None:
    for arn, code in ((orders["executionArn"], "InvalidArn"), (ROLE, "InvalidArn")):
        with pytest.raises(ClientError) as error:
            states.describe_map_run(mapRunArn=arn)
        assert error.value.response["Error"]["Code"] == code
    gone = map_run_of(states, orders["executionArn"])["mapRunArn"][:-1]
    with pytest.raises(ClientError) as error:
        states.list_executions(mapRunArn=gone)
    assert error.value.response["Error"]["Code"] == "ResourceNotFound"


def test_changing_a_map_run_is_refused_by_name(states: Any, orders: dict[str, Any]) -> None:
    run = map_run_of(states, orders["executionArn"])
    with pytest.raises(ClientError, match="stepfunctions:UpdateMapRun"):
        states.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=2)
