"""The contract, which deploy.sh looks at as the validator will."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.contract import parse_contract
from mayfly.console import CommandError
from mayfly.deploying.contracts import refuse_useless
from mayfly.deploying.deploy import CONTRACT, prepare, upload_references
from mayfly.stage import Stage

Change = Callable[[dict[str, Any]], object]


def test_the_contract_of_orders_is_taken() -> None:
    refuse_useless(CONTRACT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document.pop("x-version"), "'x-version' is missing"),
        (
            lambda document: document.update({"$id": 1}),
            "it is no JSON Schema: $['$id']: 1 is not of type 'string'",
        ),
        (
            lambda document: [
                document["properties"].pop("returned"),
                document["required"].remove("returned"),
            ],
            "the KPIs are made of the columns order_id, ",
        ),
    ],
)
def test_a_contract_that_would_fail_every_file_is_refused(tmp_path: Path, change: Change, said: str) -> None:
    document = json.loads(CONTRACT.read_bytes())
    change(document)
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(CommandError, match="contract") as refused:
        refuse_useless(changed)

    assert said in refused.value.parts[1]
    assert str(changed) in refused.value.parts[1]


def test_it_is_looked_at_before_anything_is_made(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="contract"):
        prepare(stage, {}, {"CONTRACT_FILE": str(tmp_path / "gone.json")}, yes=True)


def test_it_is_put_where_its_content_names_it_and_pinned_by_version(stage: Stage) -> None:
    s3 = stage.client("s3")
    s3.create_bucket(Bucket="mayfly-artifacts-of-a-test")
    s3.put_bucket_versioning(
        Bucket="mayfly-artifacts-of-a-test", VersioningConfiguration={"Status": "Enabled"}
    )

    first, second = (upload_references(stage, "mayfly-artifacts-of-a-test", {}) for _ in range(2))

    assert first == second
    key, _, version = (
        first["ContractUri"].removeprefix("s3://mayfly-artifacts-of-a-test/").partition("?versionId=")
    )
    answer = s3.get_object(Bucket="mayfly-artifacts-of-a-test", Key=key, VersionId=version)
    assert parse_contract(answer["Body"].read()).name == "orders"
