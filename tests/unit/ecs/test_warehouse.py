"""The warehouse: cleaned files become parts to the letter, parts become numbers to the last digit."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody
from hypothesis import given, settings
from hypothesis import strategies as st

from common.exit_codes import TryAgain
from common.orders import COLUMNS
from tests.unit.ecs.support import CLEANED, GOOD_ROW, Aws, row_with
from tests.unit.ecs.warehouses import MEMORY_MIB, SOURCE, add_up, alone, cleaned_form
from transformer.cleaned import fetch
from transformer.kpis import DayNumbers, Sums
from transformer.warehouse import LocalPart, PartFile, Source, Warehouse

Row = Sequence[str]
DAY = "2025-07-01"
OLD, NEW, NEWEST = (f"2025-07-05T10:00:0{second}Z" for second in range(3))


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse(tmp_path, MEMORY_MIB) as opened:
        yield opened


@pytest.fixture
def cleaned(tmp_path: Path) -> Path:
    return tmp_path / "cleaned.csv"


def good(**values: str) -> Row:
    return list({**dict(zip(COLUMNS, GOOD_ROW.split(","), strict=True)), **values}.values())


def write(
    warehouse: Warehouse, path: Path, rows: Sequence[Row], source: Source = SOURCE
) -> dict[str, LocalPart]:
    path.write_bytes(cleaned_form(rows))
    return warehouse.write_parts(path, source)


def part_of(warehouse: Warehouse, path: Path, rows: Sequence[Row], last_modified: str) -> PartFile:
    """Return the part of a file that has one day only."""
    (part,) = write(warehouse, path, rows).values()
    return PartFile(part.path, (last_modified, "v", "f"))


def one_day(warehouse: Warehouse, path: Path, rows: Sequence[Row]) -> DayNumbers:
    return warehouse.compute_day([part_of(warehouse, path, rows, OLD)])


def read_part(part: Path, columns: str = "*") -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        return database.execute(
            f"SELECT {columns} FROM read_parquet($part, hive_partitioning = false)",  # noqa: S608 - the test's own
            {"part": str(part)},
        ).fetchall()


# Parts.


def test_a_file_becomes_one_part_a_day_however_its_days_are_mixed(
    warehouse: Warehouse, cleaned: Path
) -> None:
    days = [
        f"{year}-{month:02}-{day:02}" for year in (1970, 2199) for month in range(1, 13) for day in (1, 28)
    ]
    rows = [good(order_id=f"O-{n}", order_date=days[n % len(days)]) for n in range(3 * len(days) + 5)]
    parts = write(warehouse, cleaned, rows)
    assert list(parts) == days
    assert [part.rows for part in parts.values()] == [4] * 5 + [3] * (len(days) - 5)
    for date, part in parts.items():
        ids = {order for (order,) in read_part(part.path, "order_id")}
        assert ids == {row[0] for row in rows if row[2] == date}


def test_a_part_has_typed_columns_and_says_where_its_rows_come_from(
    warehouse: Warehouse, cleaned: Path
) -> None:
    source = Source("0123abcd", "input/a 'b' \"c\" é+%.csv", "v;1", NEW)
    part = write(warehouse, cleaned, [good(returned="TRUE")], source)[DAY]
    with duckdb.connect() as database:
        described = database.execute(f"DESCRIBE FROM '{part.path}'").fetchall()
    text, number, price = "VARCHAR", "BIGINT", "DECIMAL(18,6)"
    types = [text, text, "DATE", text, text, number, price, "BOOLEAN", text, text, text, text]
    names = (*COLUMNS, "file_id", "source_key", "source_version", "source_last_modified")
    assert [row[:2] for row in described] == list(zip(names, types, strict=True))
    (row,) = read_part(part.path, "* REPLACE (CAST(order_date AS VARCHAR) AS order_date)")
    values = "O-1", "C-1", DAY, "Books", "P-1", 2, Decimal("10.500000"), True
    assert row == (*values, source.file_id, source.key, source.version_id, source.last_modified)


def test_a_warehouse_writes_one_file_after_another(warehouse: Warehouse, cleaned: Path) -> None:
    sources = [Source(file, f"{file}.csv", "v", OLD) for file in ("a", "b")]
    paths = [write(warehouse, cleaned, [good()], source)[DAY].path for source in sources]
    assert [read_part(path, "file_id, source_key") for path in paths] == [[("a", "a.csv")], [("b", "b.csv")]]


def test_the_same_file_becomes_the_same_bytes(tmp_path: Path, cleaned: Path) -> None:
    rows = [good(order_id=f"O-{n}", order_date=f"2025-07-0{n % 3 + 1}") for n in range(3000)]
    bodies = []
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        with Warehouse(tmp_path / attempt, MEMORY_MIB) as warehouse:
            parts = write(warehouse, cleaned, rows)
            bodies.append([part.path.read_bytes() for part in parts.values()])
    assert bodies[0] == bodies[1]


#: What the validator lets pass: anything but NUL.
ids = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(ids, ids, ids, ids), min_size=1, max_size=30))
def test_text_survives_to_the_letter(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("text")
    names = "order_id", "customer_id", "category", "product_id"
    rows = [good(**dict(zip(names, texts, strict=True))) for texts in cells]
    with Warehouse(folder, MEMORY_MIB) as warehouse:
        part = write(warehouse, folder / "cleaned.csv", rows)[DAY]
        assert sorted(read_part(part.path, ", ".join(names))) == sorted(cells)


@pytest.mark.parametrize(
    "value",
    ['a,"b"\nc', "\n", "a\r\nb", "\r", '"', '""', "  x  ", "NULL", "\\N", "#", "é€😀", "\u2028", "a\tb", "'"],
)
def test_an_odd_value_survives(warehouse: Warehouse, cleaned: Path, value: str) -> None:
    part = write(warehouse, cleaned, [good(customer_id=value, product_id=value)])[DAY]
    assert read_part(part.path, "customer_id, product_id") == [(value, value)]


def test_records_as_long_as_the_validator_lets_pass_survive(warehouse: Warehouse, cleaned: Path) -> None:
    long = "é" * (512 * 1024), '"' * (1024 * 1024), "a\n" * (512 * 1024)
    rows = [good(order_id=f"O-{n}", product_id=text) for n, text in enumerate(long * 9)]
    part = write(warehouse, cleaned, rows)[DAY]
    assert sorted(read_part(part.path, "order_id, product_id")) == sorted((row[0], row[4]) for row in rows)


# What is not the cleaned form is refused.


@pytest.mark.parametrize(
    "header",
    [
        ",".join(reversed(COLUMNS)),
        ",".join(COLUMNS) + ",",
        ",".join(COLUMNS) + "\r",
        ",".join(COLUMNS).upper(),
        "\ufeff" + ",".join(COLUMNS),
        GOOD_ROW,
        "",
    ],
)
def test_another_header_is_refused(warehouse: Warehouse, cleaned: Path, header: str) -> None:
    cleaned.write_text(f"{header}\n{GOOD_ROW}\n", newline="")
    with pytest.raises(TryAgain, match=r"the header of cleaned\.csv must be"):
        warehouse.write_parts(cleaned, SOURCE)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("unit_price", "10.1234567"),
        ("unit_price", "10.1234564"),
        ("unit_price", "10.5000000"),
        ("unit_price", "1234567890123"),
        ("unit_price", "1e3"),
        ("unit_price", "1_000"),
        ("unit_price", " 10.5"),
        ("unit_price", "+10.5"),
        ("unit_price", "NaN"),
        ("unit_price", "\uff11"),
        ("unit_price", ""),
        ("quantity", "2.5"),
        ("quantity", "1e3"),
        ("quantity", "0x10"),
        ("quantity", "1_000"),
        ("quantity", " 5"),
        ("quantity", ""),
        ("order_date", "2025-02-30"),
        ("order_date", "2025/07/06"),
        ("order_date", "2025-7-6"),
        ("order_date", "2025-07-06 12:00:00"),
        ("order_date", "epoch"),
        ("order_date", ""),
        ("returned", "t"),
        ("returned", "1"),
        ("returned", "\uff54rue"),
        ("returned", ""),
    ],
)
def test_a_value_that_a_cast_would_bend_is_refused(
    warehouse: Warehouse, cleaned: Path, column: str, value: str
) -> None:
    cleaned.write_bytes(cleaned_form([row_with(column, value).split(",")]))
    with pytest.raises(TryAgain, match=r"cleaned\.csv is not the cleaned form of an order file"):
        warehouse.write_parts(cleaned, SOURCE)


@pytest.mark.parametrize(
    "line", [f"{GOOD_ROW},x", GOOD_ROW.rpartition(",")[0], f'"a"b{GOOD_ROW}', f"{GOOD_ROW}\r"]
)
def test_a_line_of_another_shape_is_refused(warehouse: Warehouse, cleaned: Path, line: str) -> None:
    cleaned.write_bytes(cleaned_form([good()]) + f"{line}\n".encode())
    with pytest.raises(TryAgain, match=r"cleaned\.csv is not the cleaned form of an order file"):
        warehouse.write_parts(cleaned, SOURCE)


def test_a_comma_too_many_changes_no_value(warehouse: Warehouse, cleaned: Path) -> None:
    cleaned.write_bytes(cleaned_form([good(order_id="A")]) + f"{GOOD_ROW},\n".encode())
    part = warehouse.write_parts(cleaned, SOURCE)[DAY]
    assert read_part(part.path, "order_id, unit_price, returned") == [
        ("A", Decimal("10.5"), False),
        ("O-1", Decimal("10.5"), False),
    ]


def test_what_an_unclosed_quote_swallows_is_missing_from_the_count(
    warehouse: Warehouse, cleaned: Path
) -> None:
    lines = GOOD_ROW.replace("C-1", '"C-1'), GOOD_ROW
    cleaned.write_bytes(cleaned_form([good()]) + "\n".join(lines).encode() + b"\n")
    assert warehouse.write_parts(cleaned, SOURCE)[DAY].rows == 1


# Numbers.


def test_the_numbers_are_those_of_plain_python(warehouse: Warehouse, cleaned: Path) -> None:
    rng = random.Random(5)  # noqa: S311 - the same every time, on purpose
    rows = [
        good(
            order_id=f"O-{n}",
            customer_id=rng.choice(["a", "A", "á", "a\u0301", "a ", str(n % 40)]),
            category=rng.choice(["Books", "Café", "books"]),
            quantity=str(rng.randint(1, 10 ** rng.randint(1, 9) - 1)),
            unit_price=f"{rng.randrange(10 ** rng.randint(1, 12))}.{rng.randrange(1, 10**6):06}",
            returned=rng.choice(["true", "FALSE", "True", "false"]),
        )
        for n in range(5000)
    ]
    numbers = one_day(warehouse, cleaned, rows)
    categories, customers = add_up(dict(zip(COLUMNS, row, strict=True)) for row in rows)
    assert (numbers.categories, numbers.customers) == (categories, customers)
    assert numbers.total == Sums.of(categories.values())


def test_many_of_the_greatest_orders_are_exact(warehouse: Warehouse, cleaned: Path) -> None:
    # As floats, or in 64 bits, these would have been rounded or wrapped.
    with cleaned.open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(f"{n},C,{DAY},Books,P,999999999,999999999999.999999,false\n" for n in range(10**5))
    part = warehouse.write_parts(cleaned, SOURCE)[DAY]
    numbers = warehouse.compute_day([alone(part)])
    assert numbers.total.revenue == 10**5 * 999999999 * Decimal("999999999999.999999")
    assert numbers.total.items == 10**5 * 999999999


def test_a_day_without_parts_has_nothing(warehouse: Warehouse) -> None:
    assert warehouse.compute_day([]) == DayNumbers(Sums(), {}, 0, {})


# Days of several parts.


def test_the_orders_of_several_files_add_up(warehouse: Warehouse, cleaned: Path) -> None:
    parts = [
        part_of(warehouse, cleaned, [good(order_id="A"), good(order_id="B")], OLD),
        part_of(warehouse, cleaned, [good(order_id="C", customer_id="C-2", category="Toys")], NEW),
    ]
    numbers = warehouse.compute_day(parts)
    assert (numbers.total.orders, numbers.total.revenue, numbers.customers) == (3, Decimal(63), 2)
    assert sorted(numbers.categories) == ["Books", "Toys"]
    assert numbers.rows_superseded == {part.path: 0 for part in parts}


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_of_an_order_in_several_files_the_newest_row_counts(
    warehouse: Warehouse, cleaned: Path, order: list[int]
) -> None:
    parts = [
        part_of(
            warehouse,
            cleaned,
            [good(order_id=order_id, quantity=quantity, **more) for order_id in orders],
            stamp,
        )
        for orders, quantity, stamp, more in (
            ("AB", "1", OLD, {"category": "Toys", "customer_id": "gone"}),
            ("BC", "10", NEW, {}),
            ("BD", "100", NEWEST, {}),
        )
    ]
    numbers = warehouse.compute_day([parts[n] for n in order])
    assert (numbers.total.orders, numbers.total.items) == (4, 1 + 10 + 200)
    assert numbers.rows_superseded == dict(zip((part.path for part in parts), (1, 1, 0), strict=True))


def test_a_category_and_a_customer_of_superseded_rows_only_are_gone(
    warehouse: Warehouse, cleaned: Path
) -> None:
    older = part_of(warehouse, cleaned, [good(category="Toys", customer_id="C-9")], OLD)
    newer = part_of(warehouse, cleaned, [good()], NEW)
    numbers = warehouse.compute_day([newer, older])
    assert (list(numbers.categories), numbers.customers) == (["Books"], 1)


def test_versions_of_one_second_are_ordered_by_version_then_by_file(
    warehouse: Warehouse, cleaned: Path
) -> None:
    orders = (OLD, "v1", "b"), (OLD, "v2", "a"), (OLD, "v2", "b")
    parts = []
    for quantity, order in enumerate(orders, start=1):
        part = part_of(warehouse, cleaned, [good(quantity=str(quantity))], OLD)
        parts.append(PartFile(part.path, order))
    assert warehouse.compute_day(parts[:2]).total.items == 2
    assert warehouse.compute_day(parts[::-1]).total.items == 3


def test_order_ids_are_the_same_only_to_the_letter(warehouse: Warehouse, cleaned: Path) -> None:
    spellings = ["a", "A", "a ", " a", "á", "a\u0301", "\uff41", "ß", "ss"]
    parts = [
        part_of(warehouse, cleaned, [good(order_id=spelling)], f"2025-07-05T10:00:{n:02}Z")
        for n, spelling in enumerate(spellings)
    ]
    assert warehouse.compute_day(parts).total.orders == len(spellings)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=1), min_size=1, max_size=5
    )
)
def test_many_parts_count_as_their_union_by_age_does(
    tmp_path_factory: pytest.TempPathFactory, files: list[dict[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    union: dict[str, int] = {}
    for file in files:
        union |= file
    with Warehouse(folder, MEMORY_MIB) as warehouse:
        parts = [
            part_of(
                warehouse,
                folder / "f",
                [good(order_id=name, quantity=str(n)) for name, n in file.items()],
                str(age),
            )
            for age, file in enumerate(files)
        ]
        numbers = warehouse.compute_day(parts)
    assert (numbers.total.orders, numbers.total.items) == (len(union), sum(union.values()))
    assert sum(numbers.rows_superseded.values()) == sum(map(len, files)) - len(union)


def test_another_part_at_the_same_path_is_read_anew(
    warehouse: Warehouse, cleaned: Path, tmp_path: Path
) -> None:
    path = tmp_path / "it's a part.parquet"
    found = []
    for quantity in ("1", "2"):
        part_of(warehouse, cleaned, [good(quantity=quantity)], OLD).path.replace(path)
        found.append(warehouse.compute_day([PartFile(path, (OLD, "v", "f"))]).total.items)
    assert found == [1, 2]


# DuckDB itself.


def test_nothing_is_downloaded_and_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[duckdb.DuckDBPyConnection] = []
    connect = duckdb.connect

    def remember(*arguments: object, **options: object) -> duckdb.DuckDBPyConnection:
        opened.append(connect(*arguments, **options))  # type: ignore[arg-type]
        return opened[0]

    monkeypatch.setattr(duckdb, "connect", remember)
    with Warehouse(tmp_path, MEMORY_MIB):
        settings = dict(opened[0].execute("SELECT name, value FROM duckdb_settings()").fetchall())
        with pytest.raises(duckdb.Error, match="httpfs"):
            opened[0].execute("FROM 's3://bucket/key.parquet'")
    assert settings["autoinstall_known_extensions"] == settings["autoload_known_extensions"] == "false"
    assert settings["memory_limit"] == "248.0 MiB"
    assert settings["temp_directory"] == str(tmp_path / "spilled")


# Fetching.


def test_the_pinned_version_is_fetched(aws: Aws, tmp_path: Path) -> None:
    first, _ = (
        aws.s3.put_object(Bucket=CLEANED, Key="k", Body=body)["VersionId"] for body in (b"first", b"second!")
    )
    fetch(aws.s3, CLEANED, "k", first, tmp_path / "k", 5)
    assert (tmp_path / "k").read_bytes() == b"first"


def test_a_version_that_is_gone_is_said_to_be(aws: Aws, tmp_path: Path) -> None:
    version = aws.s3.put_object(Bucket=CLEANED, Key="k", Body=b"x")["VersionId"]
    aws.s3.delete_object(Bucket=CLEANED, Key="k", VersionId=version)
    with pytest.raises(TryAgain, match=rf"version {version} of s3://{CLEANED}/k is gone; reprocess the file"):
        fetch(aws.s3, CLEANED, "k", version, tmp_path / "k", 1)


def test_an_object_of_another_size_is_refused(aws: Aws, tmp_path: Path) -> None:
    version = aws.s3.put_object(Bucket=CLEANED, Key="k", Body=b"four")["VersionId"]
    with pytest.raises(TryAgain, match="must have 5 bytes; found 4"):
        fetch(aws.s3, CLEANED, "k", version, tmp_path / "k", 5)


def test_a_body_that_breaks_off_is_an_error(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"Body": StreamingBody(io.BytesIO(b"fo"), content_length=4)}
    monkeypatch.setattr(aws.s3, "get_object", lambda **_: broken)
    with pytest.raises(IncompleteReadError):
        fetch(aws.s3, CLEANED, "k", "v", tmp_path / "k")
