"""What becomes of files: through the deployed machine, by the AWS API alone."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from mayfly.template import ROOT
from tests.e2e.pipeline import HEADER, NOTHING_LEFT, Pipeline, fresh_day, orders


def test_a_valid_file_becomes_exact_kpis_and_moves_to_processed(pipeline: Pipeline) -> None:
    day = fresh_day()
    rows = [
        f"O-1,C-1,{day},Electronics,P-1,2,199.99,false",
        f"O-2,C-2,{day},Books,P-2,1,29.99,true",
        f"O-3,C-1,{day},Books,P-3,3,0.10,false",
    ]
    body = (HEADER + "\n".join(rows) + "\n").encode()

    execution = pipeline.process("input/valid.csv", body)

    assert execution["status"] == "SUCCEEDED"
    assert pipeline.order_kpis(day) == [
        {
            "order_date": day,
            "total_orders": 3,
            "total_revenue": Decimal("430.27"),  # 2 x 199.99 + 29.99 + 3 x 0.10
            "total_items_sold": 6,
            "return_rate": Decimal("0.333333"),
            "unique_customers": 2,
        }
    ]
    books = {
        "daily_revenue": Decimal("30.29"),
        "avg_order_value": Decimal("15.145"),
        "avg_return_rate": Decimal("0.5"),
    }
    electronics = {
        "daily_revenue": Decimal("399.98"),
        "avg_order_value": Decimal("399.98"),
        "avg_return_rate": 0,
    }
    assert pipeline.category_kpis(day) == [
        {"order_date": day, "category": "Books", **books},
        {"order_date": day, "category": "Electronics", **electronics},
    ]
    assert not pipeline.has("InputBucket", "input/valid.csv")
    assert pipeline.read("processed/input/valid.csv") == body
    assert [item["status"]["S"] for item in pipeline.ledger("input/valid.csv")] == ["ARCHIVED"]
    notices = [notice for notice in pipeline.inbox.notices() if "input/valid.csv" in notice["message"]]
    assert [notice["topic"] for notice in notices] == ["pipeline-success"]
    assert pipeline.left() == NOTHING_LEFT


def test_an_invalid_file_is_rejected_with_its_reasons_and_stays(pipeline: Pipeline) -> None:
    body = (ROOT / "data" / "orders" / "invalid_order.csv").read_bytes()
    before = pipeline.order_kpis()

    execution = pipeline.process("input/invalid.csv", body)

    assert (execution["status"], execution["error"]) == ("FAILED", "ValidationError")
    assert pipeline.order_kpis() == before
    assert pipeline.has("InputBucket", "input/invalid.csv")
    assert not pipeline.has("CleanedBucket", "processed/input/invalid.csv")
    assert [item["status"]["S"] for item in pipeline.ledger("input/invalid.csv")] == ["REJECTED"]
    (notice,) = [notice for notice in pipeline.inbox.notices() if "input/invalid.csv" in notice["message"]]
    assert notice["topic"] == "pipeline-failure"
    assert "rejected" in notice["message"]
    assert "line" in notice["message"]
    assert pipeline.left() == NOTHING_LEFT


@pytest.mark.parametrize(
    "name",
    [
        "grün %2F&=?#.csv",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("with space.csv", "a+b.csv", "100%41.csv", "a/b/c d.csv", "quo\"te'{}\\.csv")
        ),
    ],
)
def test_any_key_works_from_end_to_end(pipeline: Pipeline, name: str) -> None:
    key, day = f"input/{name}", fresh_day()

    execution = pipeline.process(key, orders(day))

    assert execution["status"] == "SUCCEEDED"
    assert not pipeline.has("InputBucket", key)
    assert pipeline.read(f"processed/{key}") == orders(day)
    assert len(pipeline.order_kpis(day)) == 1


def test_a_key_of_a_thousand_bytes_works_and_one_more_is_refused_before_a_cluster(pipeline: Pipeline) -> None:
    longest = "input/" + "ü" * 497
    assert len(longest.encode()) == 1000
    assert pipeline.process(longest, orders(fresh_day()))["status"] == "SUCCEEDED"

    execution = pipeline.process(longest + "x", orders(fresh_day()))

    assert (execution["status"], execution["error"]) == ("FAILED", "KeyTooLong")
    assert "CreateCluster" not in pipeline.states_entered(execution["executionArn"])
    assert any("KeyTooLong" in notice["message"] for notice in pipeline.inbox.notices())


def test_a_file_outside_input_starts_nothing(pipeline: Pipeline) -> None:
    pipeline.upload("elsewhere/orders.csv", orders(fresh_day()))
    pipeline.process("input/after-elsewhere.csv", orders(fresh_day()))  # events keep their order here

    states = pipeline.client("stepfunctions")
    machine = pipeline.outputs["StateMachineArn"]
    arns = [item["executionArn"] for item in states.list_executions(stateMachineArn=machine)["executions"]]
    inputs = [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]
    assert "elsewhere/orders.csv" not in [document.get("key") for document in inputs]


def test_a_folder_marker_ends_quietly(pipeline: Pipeline) -> None:
    execution = pipeline.process("input/folder/", b"")

    assert execution["status"] == "SUCCEEDED"
    assert pipeline.states_entered(execution["executionArn"]) == ["CheckInput", "IgnoreFolderMarker"]
    assert pipeline.has("InputBucket", "input/folder/")


@pytest.mark.long
def test_eight_files_at_once_are_all_processed(pipeline: Pipeline) -> None:
    files = {f"input/at-once-{number}.csv": fresh_day() for number in range(8)}
    for key, day in files.items():
        pipeline.upload(key, orders(day))

    ends = [pipeline.end_of(pipeline.started_for(key)[0]) for key in files]

    assert [end["status"] for end in ends] == ["SUCCEEDED"] * 8
    assert [row["total_revenue"] for row in pipeline.order_kpis(*files.values())] == [Decimal("21.00")] * 8
    assert pipeline.left() == NOTHING_LEFT


def test_a_file_uploaded_twice_is_two_versions_and_the_newer_counts(pipeline: Pipeline) -> None:
    day = fresh_day()
    prices = {
        pipeline.upload("input/twice.csv", orders(day, "1,5.00,false")): Decimal("5.00"),
        pipeline.upload("input/twice.csv", orders(day, "1,7.00,false")): Decimal("7.00"),
    }
    listed = pipeline.client("s3").list_object_versions(
        Bucket=pipeline.outputs["InputBucket"], Prefix="input/twice.csv"
    )
    # S3 knows the second of an upload only: within one, the version id decides.
    newest = max(listed["Versions"], key=lambda version: (version["LastModified"], version["VersionId"]))

    ends = [pipeline.end_of(arn) for arn in pipeline.started_for("input/twice.csv", 2)]

    assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    assert [row["total_revenue"] for row in pipeline.order_kpis(day)] == [prices[newest["VersionId"]]]
    assert not pipeline.has("InputBucket", "input/twice.csv")


def test_the_same_event_twice_is_processed_once(pipeline: Pipeline) -> None:
    day = fresh_day()
    version = pipeline.upload("input/dup.csv", orders(day))
    (first,) = pipeline.started_for("input/dup.csv")
    document = {
        "bucket": pipeline.outputs["InputBucket"],
        "key": "input/dup.csv",
        "object": {"version-id": version},
    }

    second = pipeline.end_of(pipeline.start(document))

    assert second["status"] == "SUCCEEDED"
    assert pipeline.states_entered(second["executionArn"])[-1] == "DuplicateEvent"
    assert pipeline.end_of(first)["status"] == "SUCCEEDED"
    assert [row["total_orders"] for row in pipeline.order_kpis(day)] == [1]


def test_a_start_by_hand_with_bucket_and_key_works(pipeline: Pipeline) -> None:
    day = fresh_day()
    uploaded_unseen(pipeline, "input/by-hand.csv", orders(day))

    execution = pipeline.end_of(
        pipeline.start(
            {"bucket": pipeline.outputs["InputBucket"], "key": "input/by-hand.csv"}, name="by-hand"
        )
    )

    assert execution["status"] == "SUCCEEDED"
    assert len(pipeline.order_kpis(day)) == 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"key": "input/x.csv"},
        {"bucket": "another", "key": "input/x.csv"},
        "text",
        {"bucket": 1, "key": 2},
        None,
    ],
)
def test_a_start_by_hand_with_a_wrong_input_says_what_is_expected(
    pipeline: Pipeline, document: object
) -> None:
    execution = pipeline.end_of(pipeline.start(document))

    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidInput")
    assert "must name the bucket" in execution["cause"]


def test_reprocess_must_be_true_or_false(pipeline: Pipeline) -> None:
    document = {"bucket": pipeline.outputs["InputBucket"], "key": "input/x.csv", "reprocess": "yes"}

    execution = pipeline.end_of(pipeline.start(document))

    assert (execution["status"], execution["error"]) == ("FAILED", "InvalidInput")
    assert "reprocess as true or false" in execution["cause"]


def test_an_object_deleted_before_it_is_read_ends_in_object_gone(pipeline: Pipeline) -> None:
    document = {"bucket": pipeline.outputs["InputBucket"], "key": "input/never-was.csv"}

    execution = pipeline.end_of(pipeline.start(document))

    assert (execution["status"], execution["error"]) == ("FAILED", "ObjectGone")
    assert "CreateCluster" not in pipeline.states_entered(execution["executionArn"])


def uploaded_unseen(pipeline: Pipeline, key: str, body: bytes) -> str:
    """Upload an object that starts nothing; return its version id."""
    events = pipeline.client("events")
    events.disable_rule(Name="S3TriggerRule")
    version = pipeline.upload(key, body)
    events.enable_rule(Name="S3TriggerRule")
    return version


def test_a_version_deleted_for_good_while_its_event_is_on_the_way_ends_in_object_gone(
    pipeline: Pipeline,
) -> None:
    key, bucket = "input/gone.csv", pipeline.outputs["InputBucket"]
    version = uploaded_unseen(pipeline, key, orders(fresh_day()))
    pipeline.client("s3").delete_object(Bucket=bucket, Key=key, VersionId=version)

    execution = pipeline.end_of(
        pipeline.start({"bucket": bucket, "key": key, "object": {"version-id": version}}), hurry=5
    )

    assert (execution["status"], execution["error"]) == ("FAILED", "ObjectGone")


def test_an_object_deleted_after_its_event_is_processed_all_the_same(pipeline: Pipeline) -> None:
    """Deleting leaves the version there, and the event was about that version."""
    key, bucket, day = "input/deleted.csv", pipeline.outputs["InputBucket"], fresh_day()
    version = uploaded_unseen(pipeline, key, orders(day))
    pipeline.client("s3").delete_object(Bucket=bucket, Key=key)

    execution = pipeline.end_of(
        pipeline.start({"bucket": bucket, "key": key, "object": {"version-id": version}})
    )

    assert execution["status"] == "SUCCEEDED"
    assert len(pipeline.order_kpis(day)) == 1
    assert not pipeline.has("InputBucket", key)


def test_a_field_of_the_input_is_never_taken_for_one_of_the_machine(pipeline: Pipeline) -> None:
    key, day = "input/pasted.csv", fresh_day()
    uploaded_unseen(pipeline, key, orders(day))
    failure = {"state": "x", "status": "REJECTED", "error": "Pasted", "cause": "from an older run"}

    execution = pipeline.end_of(
        pipeline.start({"bucket": pipeline.outputs["InputBucket"], "key": key, "failure": failure})
    )

    assert execution["status"] == "SUCCEEDED"
    assert len(pipeline.order_kpis(day)) == 1


def test_a_name_that_ecs_does_not_take_is_refused_with_advice(pipeline: Pipeline) -> None:
    document = {"bucket": pipeline.outputs["InputBucket"], "key": "input/named.csv"}

    execution = pipeline.end_of(pipeline.start(document, name="orders.2025@x"))

    assert (execution["status"], execution["error"]) == ("FAILED", "UnusableName")
    assert "letters, digits, - and _" in execution["cause"]


def test_an_object_overwritten_before_it_is_read_is_processed_as_its_event_said(pipeline: Pipeline) -> None:
    """The newer version is neither lost nor half-read: it stays in input/ for the event of its own."""
    day, newer_day = fresh_day(), fresh_day()
    version = uploaded_unseen(pipeline, "input/overwritten.csv", orders(day))
    uploaded_unseen(pipeline, "input/overwritten.csv", orders(newer_day))
    document = {
        "bucket": pipeline.outputs["InputBucket"],
        "key": "input/overwritten.csv",
        "object": {"version-id": version},
    }

    execution = pipeline.end_of(pipeline.start(document), hurry=2)

    assert execution["status"] == "SUCCEEDED"
    assert pipeline.read("processed/input/overwritten.csv") == orders(day)
    assert pipeline.has("InputBucket", "input/overwritten.csv")  # the newer one
    assert len(pipeline.order_kpis(day)) == 1
    assert pipeline.order_kpis(newer_day) == []


def test_an_unversioned_bucket_is_refused(pipeline: Pipeline) -> None:
    """The machine's own check: versioning switched off behind the template's back."""
    s3 = pipeline.client("s3")
    bucket = pipeline.outputs["InputBucket"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    try:
        s3.put_object(Bucket=bucket, Key="input/unversioned.csv", Body=orders(fresh_day()))
        execution = pipeline.end_of(pipeline.started_for("input/unversioned.csv")[0])
    finally:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    assert (execution["status"], execution["error"]) == ("FAILED", "UnversionedBucket")


def test_two_files_of_a_day_add_up_and_an_order_in_both_counts_once(pipeline: Pipeline) -> None:
    day = fresh_day()
    assert pipeline.process("input/first-of-day.csv", orders(day, "1,1.00,false"))["status"] == "SUCCEEDED"

    both = orders(day, "2,1.00,false", "1,9.99,true")  # the order of the first file, and one of its own
    assert pipeline.process("input/second-of-day.csv", both)["status"] == "SUCCEEDED"

    versions = {name: pipeline.ledger(f"input/{name}-of-day.csv")[0] for name in ("first", "second")}
    assert [int(item["rows"]["N"]) for item in versions.values()] == [1, 2]
    (row,) = pipeline.order_kpis(day)
    counted = [int(item["rows_superseded"]["N"]) for item in versions.values()]
    # S3 knows the second of an upload only: within one, the file's id decides which row counts.
    revenue = Decimal("10.99") if counted[1] else Decimal("11.99")
    assert (row["total_orders"], row["total_revenue"], row["unique_customers"]) == (2, revenue, 2)
    assert row["return_rate"] == Decimal("0.5")
    assert sum(item["daily_revenue"] for item in pipeline.category_kpis(day)) == revenue


def test_a_corrected_file_replaces_what_it_said(pipeline: Pipeline) -> None:
    day = fresh_day()
    pipeline.process("input/corrected.csv", orders(day, "1,1.00,false", "1,2.00,true"))
    pipeline.upload("input/corrected.csv", orders(day, "1,1.50,false"))
    end = pipeline.end_of(pipeline.started_for("input/corrected.csv", 2)[-1])

    assert end["status"] == "SUCCEEDED"
    assert [(row["total_orders"], row["total_revenue"]) for row in pipeline.order_kpis(day)] == [
        (1, Decimal("1.50"))
    ]


def test_a_reprocess_of_a_rejected_version_runs_again(pipeline: Pipeline) -> None:
    first = pipeline.process("input/again.csv", b"nonsense\n")
    assert first["error"] == "ValidationError"
    document = {"bucket": pipeline.outputs["InputBucket"], "key": "input/again.csv"}

    duplicate = pipeline.end_of(pipeline.start(document))
    again = pipeline.end_of(pipeline.start({**document, "reprocess": True}))

    assert pipeline.states_entered(duplicate["executionArn"])[-1] == "DuplicateEvent"
    assert again["error"] == "ValidationError"
    assert "RunValidator" in pipeline.states_entered(again["executionArn"])
