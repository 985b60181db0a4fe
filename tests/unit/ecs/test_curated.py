"""The curated table: what is committed, a folder a day, a file a file; it follows the manifests."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from common.clients import Clients
from common.log import Log
from common.names import curated_key, file_id
from common.stages import Stages
from tests.unit.ecs.commits import withdraw
from tests.unit.ecs.faults import Killed, break_s3, once
from tests.unit.ecs.support import CLEANED, INPUT, Aws, orders_csv
from transformer.commit import Alone, DayCommitter
from transformer.curated import Curated
from transformer.ledger import Tables
from transformer.manifests import Entry, Manifest, Version
from transformer.plan import Planner
from transformer.session import Session
from transformer.warehouse import Warehouse


@pytest.fixture
def aws(memory: Aws) -> Aws:
    return memory


ORDERS = "input/orders.csv"
FILE = file_id(INPUT, ORDERS)


def order(number: int, day: int, price: str = "10.00") -> str:
    return f"O-{number},C-{number},2025-07-0{day},Books,P-1,1,{price},false"


def key(day: int) -> str:
    return curated_key(f"2025-07-0{day}", FILE)


def prices(aws: Aws, day: int) -> list[str]:
    """Return the prices in the day's object of the file, as somebody reads them who queries the table."""
    path = aws.scratch / "curated.parquet"
    path.write_bytes(aws.read(key(day)))
    rows = duckdb.execute("SELECT unit_price FROM read_parquet(?) ORDER BY order_id", [str(path)]).fetchall()
    path.unlink()
    return [f"{price:.2f}" for (price,) in rows]


def session(aws: Aws) -> Session:
    clients: Clients = aws.clients
    log = Log(io.BytesIO(), aws.clock, None)
    tables = Tables("OrderKPIs", "CategoryKPIs", "PipelineFiles")
    return Session("a-person", clients, aws.clock, log, Stages(aws.clock), tables, CLEANED)


def take_back(aws: Aws, day: int, version_id: str, second: int) -> None:
    """Do what withdraw.sh does for one day of a file, up to this version."""
    mark = Entry(
        Version(FILE, INPUT, ORDERS, version_id, f"2025-07-05T10:00:{second:02}Z"), "a-person", 0, None
    )

    def change(manifest: Manifest) -> Manifest | None:
        return manifest.with_entry(mark)

    run = session(aws)
    with Warehouse(aws.scratch / "warehouse", 512) as warehouse:
        planner = Planner(run, warehouse, aws.scratch)
        DayCommitter(run, planner).commit({f"2025-07-0{day}": change}, Alone())
    Curated(run).publish(f"2025-07-0{day}", FILE)


def test_every_day_of_a_file_is_published_as_a_copy_of_its_part(aws: Aws) -> None:
    assert aws.process_at(1, orders_csv(order(1, 1), order(2, 1, "7.00"), order(3, 2))) == 0
    assert aws.keys("curated/") == [key(1), key(2)]
    assert prices(aws, 1) == ["10.00", "7.00"]
    [part] = [name for name in aws.keys("parts/") if name.endswith("2025-07-01.parquet")]
    assert aws.read(key(1)) == aws.read(part)


def test_a_corrected_version_replaces_what_it_has_and_leaves_the_rest(aws: Aws) -> None:
    assert aws.process_at(1, orders_csv(order(1, 1), order(2, 2))) == 0
    assert aws.process_at(2, orders_csv(order(1, 1, "5.00"))) == 0
    assert (prices(aws, 1), prices(aws, 2)) == (["5.00"], ["10.00"])


def test_an_older_version_that_comes_late_does_not_show(aws: Aws) -> None:
    assert aws.process_at(2, orders_csv(order(1, 1, "5.00"))) == 0
    assert aws.process_at(1, orders_csv(order(1, 1), order(2, 2))) == 0
    assert (prices(aws, 1), prices(aws, 2)) == (["5.00"], ["10.00"])


def test_a_copy_that_is_overtaken_by_a_newer_version_is_made_again(aws: Aws) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1)))
    newer = aws.prepared_at(2, orders_csv(order(1, 1, "5.00")))

    def let_the_newer_one_go_first(real: Callable[..., Any], arguments: Any) -> Any:
        assert aws.transform(newer) == 0
        return real(**arguments)

    break_s3(aws, "copy_object", once(let_the_newer_one_go_first))
    assert aws.transform(environ) == 0
    assert prices(aws, 1) == ["5.00"]


def test_nothing_is_published_before_it_is_committed(aws: Aws) -> None:
    def look(real: Callable[..., Any], arguments: Any) -> Any:
        assert aws.orders()["2025-07-01"]["total_orders"] == "1"
        assert arguments["CopySource"]["VersionId"]
        return real(**arguments)

    break_s3(aws, "copy_object", look)
    assert aws.process_at(1, orders_csv(order(1, 1))) == 0


def test_a_day_that_is_taken_back_is_in_no_table_and_its_object_is_gone(aws: Aws) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1), order(2, 2)))
    assert aws.transform(environ) == 0
    take_back(aws, 1, environ["S3_INPUT_VERSION"], 1)
    assert list(aws.orders()) == ["2025-07-02"]
    assert list(aws.categories()) == [("2025-07-02", "Books")]
    assert aws.keys("curated/") == [key(2)]
    assert ("day#2025-07-01", "head") in aws.ledger()


def test_taking_back_one_of_two_files_leaves_the_other(aws: Aws) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1)))
    assert aws.transform(environ) == 0
    assert aws.process_at(2, orders_csv(order(2, 1, "3.00")), "input/other.csv") == 0
    take_back(aws, 1, environ["S3_INPUT_VERSION"], 1)
    assert aws.orders()["2025-07-01"]["total_revenue"] == "3"


@pytest.mark.parametrize(("second", "left"), [(1, []), (3, ["2025-07-01"])])
def test_a_version_counts_after_a_day_was_taken_back_only_if_it_is_newer(
    aws: Aws, second: int, left: list[str]
) -> None:
    environ = aws.prepared_at(2, orders_csv(order(1, 1)))
    assert aws.transform(environ) == 0
    take_back(aws, 1, environ["S3_INPUT_VERSION"], 2)
    assert aws.process_at(second, orders_csv(order(1, 1, "4.00"))) == 0
    assert list(aws.orders()) == left
    assert len(aws.keys("curated/")) == len(left)


def test_a_copy_that_is_overtaken_by_the_file_being_taken_back_is_removed(aws: Aws) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1)))

    def take_it_back_first(real: Callable[..., Any], arguments: Any) -> Any:
        take_back(aws, 1, environ["S3_INPUT_VERSION"], 1)
        return real(**arguments)

    break_s3(aws, "copy_object", once(take_it_back_first))
    assert aws.transform(environ) == 0
    assert aws.keys("curated/") == []


def test_a_retry_removes_what_was_published_after_the_file_was_taken_back(aws: Aws) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1)))
    alone = aws.clients

    def copy_late_and_die(real: Callable[..., Any], arguments: Any) -> Any:
        take_back(aws, 1, environ["S3_INPUT_VERSION"], 1)
        withdraw(aws, environ)
        real(**arguments)
        raise Killed

    break_s3(aws, "copy_object", copy_late_and_die)
    with pytest.raises(Killed):
        aws.transform(environ)
    assert aws.keys("curated/") == [key(1)]
    aws.clients = alone
    assert aws.transform(environ) == 65
    assert aws.keys("curated/") == []


def test_a_retry_publishes_what_is_missing(aws: Aws) -> None:
    environ = aws.prepared_at(1, orders_csv(order(1, 1), order(2, 2)))
    alone = aws.clients

    def break_off(_real: Callable[..., Any], _arguments: Any) -> Any:
        raise ConnectionError

    break_s3(aws, "copy_object", break_off)
    with pytest.raises(ConnectionError):
        aws.transform(environ)
    assert len(aws.orders()) == 2
    assert aws.keys("curated/") == []
    aws.clients = alone
    assert aws.transform(aws.reprocess(environ)) == 0
    assert aws.keys("curated/") == [key(1), key(2)]
