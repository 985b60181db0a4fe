"""What the orders machine does when a version comes again, and what it tells of one that was accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_aws.replay.execution import Outcome, run
from mayfly.local.step_functions_mocks import ASL, FOLDER, read, substituted

TOLD = "Order file {}\nFile: s3://"


def outcome_of(claim: dict[str, str], **thrown: dict[str, str]) -> Outcome:
    """Run a reprocess of a version whose claim has such members; Tasks in `thrown` never succeed."""
    item = {"Item": {name: {"S": value} for name, value in {"pk": "file#1", **claim}.items()}}
    answers = {state: given["0"]["Return"] for state, given in read(FOLDER / "answers.json").items()}
    answers |= {"ReadClaim": item, "ReadOutcome": item}
    results: list[dict[str, Any]] = []
    for state, answer in answers.items():
        results += (
            [{"state": state, "throws": thrown[state]}] * 8
            if state in thrown
            else [{"state": state, "returns": answer}]
        )
    given = read(FOLDER / "input.json") | {"reprocess": True}
    return run({"definition": substituted(ASL), "input": given, "task_results": results})


def entered(outcome: Outcome) -> list[str]:
    """Return the states that were entered."""
    details = [event.get("stateEnteredEventDetails") for event in outcome.events]
    return [detail["name"] for detail in details if detail]


def notice(outcome: Outcome) -> str:
    """Return the message of the last notice."""
    details = [event.get("taskScheduledEventDetails") for event in outcome.events]
    sent = [detail["parameters"] for detail in details if detail and detail["resource"] == "publish"]
    return str(json.loads(sent[-1])["Message"])


def test_a_version_whose_numbers_and_curated_rows_stand_is_archived_without_a_cluster() -> None:
    outcome = outcome_of({"accepted_at": "then", "committed_at": "then", "completed_at": "then"})

    assert outcome.status == "SUCCEEDED"
    states = entered(outcome)
    assert states[states.index("ReclaimFile") :] == [
        "ReclaimFile", "ReadClaim", "CheckClaim", "NothingToProcess", "ArchiveFile", "DeleteSourceFile",
        "RecordArchived", "NotifySuccess",
    ]  # fmt: skip
    assert "the numbers were in the tables already" in notice(outcome)


def test_an_accepted_version_is_not_judged_again_and_its_transformer_finishes_it() -> None:
    outcome = outcome_of({"accepted_at": "then"})

    assert outcome.status == "SUCCEEDED"
    states = entered(outcome)
    assert "RunTransformer" in states
    assert "SkipValidation" in states
    assert not {"RegisterValidatorTask", "RunValidator"} & set(states)


def test_a_version_that_was_not_accepted_is_judged_again() -> None:
    states = entered(outcome_of({}))

    assert {"RunValidator", "RunTransformer"} < set(states)


def test_a_claim_that_cannot_be_read_fails_the_run_and_the_ledger_hears_of_it() -> None:
    refused = {"error": "DynamoDB.AmazonDynamoDBException", "cause": "no"}
    outcome = outcome_of({}, ReadClaim=refused)

    assert (outcome.status, outcome.error) == ("FAILED", refused["error"])
    assert "RecordFailure" in entered(outcome)
    assert not {"CreateCluster", "ArchiveFile"} & set(entered(outcome))


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ({}, "not processed: it is still in input/"),
        (
            {"accepted_at": "then"},
            "accepted, but not finished: some of its days are not in the tables yet, "
            "and a reprocess completes them",
        ),
        (
            {"accepted_at": "then", "committed_at": "then"},
            "counted, but not finished: its numbers are in the tables, "
            "and a reprocess archives it without counting it again",
        ),
        (
            {"accepted_at": "then", "committed_at": "then", "withdrawn_at": "later"},
            "not processed: it is still in input/",
        ),
    ],
)
def test_a_failed_run_tells_whether_the_numbers_count(claim: dict[str, str], told: str) -> None:
    crash = {"error": "States.TaskFailed", "cause": '{"Containers":[{"ExitCode":1,"Name":"any"}]}'}
    outcome = outcome_of(claim, RunTransformer=crash)

    assert outcome.status == "FAILED"
    assert notice(outcome).startswith(TOLD.format(told))


def test_the_notice_goes_out_when_the_ledger_cannot_be_asked() -> None:
    refused = {"error": "DynamoDB.AmazonDynamoDBException", "cause": "no"}
    outcome = outcome_of({"accepted_at": "then"}, ArchiveFile=refused, ReadOutcome=refused)

    assert notice(outcome).startswith("Order file not finished: the ledger could not be asked")


def test_a_file_that_could_not_be_archived_is_told_as_counted() -> None:
    refused = {"error": "S3.S3Exception", "cause": "no"}
    outcome = outcome_of(
        {"accepted_at": "then", "committed_at": "then", "completed_at": "then"}, ArchiveFile=refused
    )

    assert outcome.error == "S3.S3Exception"
    assert notice(outcome).startswith("Order file counted, but not finished")
