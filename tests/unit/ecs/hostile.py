"""Hostile order files, from a seed: cells, rows and whole files that a careless reader gets wrong.

The same seed gives the same bytes. Most of a row is good, so that one fault is not hidden behind another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from common.orders import COLUMNS

CATEGORIES = ("Books", "Electronics", "Grocery", "Home & Garden", "Spielzeug für Kinder", 'Toys, "old"')
_LONGEST_ID = 128

#: Cells that some reader of numbers, dates or text takes for something they are not.
CELLS = (
    *(
        "",
        " ",
        "\t",
        "\u00a0",
        "\u3000 ",
        "\ufeff",
        "\ufeffBooks",
        "\x1c",
        "\x1f",
        "\x85",
        "\u2028",
        "\u200b",
    ),
    *(
        "NaN",
        "nan",
        "inf",
        "-Infinity",
        "NULL",
        "null",
        "None",
        "N/A",
        "\\N",
        "#REF!",
        "=1+1",
        "@x",
        "undefined",
    ),
    *(
        "0",
        "00",
        "01",
        "1",
        "5",
        " 5",
        "5 ",
        "5\n",
        "\n5",
        "5\r",
        "5\r\n",
        "\v5",
        "+5",
        "-5",
        "-0",
        "1_000",
        "1,000",
    ),
    *(
        "1.",
        ".5",
        "0.0",
        "0.000000",
        "0.0000001",
        "0.0000000",
        "2.5",
        "1e3",
        "1E3",
        "0x10",
        "0b1",
        "0o7",
        "1/2",
    ),
    *("999999999", "1000000000", "4294967296", "9223372036854775808", "9" * 40, "1" + "0" * 400),
    *("999999999999.999999", "1000000000000", "0.000001", "1.123456", "1.1234567", "1.12345670", "1234.50"),
    *(
        "\uff15",
        "\u0665",
        "\u0967",
        "1\uff10",
        "\u00b2",
        "\u2460",
        "\u00bd",
        "\u2212" + "1",
        "1\u200b",
        "1\u0301",
    ),
    *(
        "2025-07-06",
        "2025/07/06",
        "2025-7-6",
        "2025-07-6",
        "20250706",
        "06.07.2025",
        "25-07-06",
        "2025-07-06Z",
    ),
    *("2025-02-28", "2025-02-29", "2025-02-30", "2024-02-29", "2100-02-29", "2000-02-29", "2025-04-31"),
    *("4771-9- 13", "0000-01-01", "1969-12-31", "1970-01-01", "2199-12-31", "2200-01-01", "9999-12-31"),
    *("2025-00-10", "2025-13-01", "2025-01-00", "2025-01-32", "+2025-01-01", "-2025-01-01", "2025-W27-1"),
    *(
        "2025-07-06T00:00:00",
        "2025-07-06 ",
        " 2025-07-06",
        "2025-07-06\n",
        "2025-07-06\r\n",
        "2025-07-06\x85",
    ),
    *("\uff12\uff10\uff12\uff15-07-06", "2025\u201007\u201006", "2025\u221207-06", "epoch", "today", "now"),
    *(
        "true",
        "false",
        "TRUE",
        "False",
        "tRuE",
        "t",
        "f",
        "yes",
        "no",
        "on",
        "1.0",
        "true ",
        "\uff54rue",
        "tru\u0435",
    ),
    *(
        "books",
        "BOOKS",
        "Books ",
        " Books",
        "Boks",
        "Bo\u200boks",
        "Book\u015b",
        "Electronic",
        "Elec\u0074ronics",
    ),
    *(
        "\u00e9",
        "e\u0301",
        "\U0001f600",
        "\U0001f469\u200d\U0001f680",
        "\u202eabc",
        "\u00df",
        "\u0130",
        "\ud7ff\ue000",
    ),
    *("\ufffd", "\uffff", "\U0010ffff", "\x01", "\x7f", "\x1b[31m", "a\x00b", "\x00"),
    *(
        '"',
        '""',
        'a"b',
        '"a"',
        ",",
        "a,b",
        "\n",
        "\r",
        "\r\n",
        "a\rb",
        "a\r\nb",
        "'",
        "\\",
        "\\n",
        "\\,",
        ";",
        "|",
    ),
    *(
        "x" * 127,
        "x" * 128,
        "x" * 129,
        "\u00fc" * 128,
        "\u00fc" * 129,
        "\U0001f600" * 128,
        "\U0001f600" * 129,
    ),
    *("x" * 127 + "\n", "x" * 128 + "\n", " " * 128, " " * 129, "x" * 5000),
)

_GOOD: dict[str, Callable[[random.Random], str]] = {
    "order_id": lambda rng: f"O-{rng.randrange(10**9)}",
    "customer_id": lambda rng: rng.choice(("C-", "Kunde ", "\u5ba2-")) + str(rng.randrange(5000)),
    "order_date": lambda rng: f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    "category": lambda rng: rng.choice(CATEGORIES),
    "product_id": lambda rng: f"P-{rng.randrange(800)}",
    "quantity": lambda rng: str(rng.randint(1, 40)),
    "unit_price": lambda rng: f"{rng.randrange(2000)}.{rng.randint(1, 99):02}",
    "returned": lambda rng: rng.choice(("true", "false", "False", "TRUE")),
}


def hostile_cell(rng: random.Random, column: str) -> str:
    """Return a cell that may or may not be valid in the column, and is worth a second look."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(CELLS)
    good = _GOOD[column](rng)
    if kind < 0.7:
        return _GOOD[rng.choice(COLUMNS)](rng)
    mark: str = rng.choice(
        (*"0123456789-+_.,:/eExX \t\n\r\"'\v\f", "\u00a0", "\ufeff", "\uff11", "\x1c", "\x85", "\u0301")
    )
    at = rng.randint(0, len(good))
    if kind < 0.9:
        return good[:at] + mark + good[at:]
    return good[:at] + mark + good[at + 1 :]


def hostile_rows(seed: int, count: int) -> Iterator[list[str]]:
    """Yield rows in the order of ``COLUMNS``; about half are all good, and one in forty repeats an id."""
    rng = random.Random(seed)  # noqa: S311 - the same every time, on purpose
    ids: list[str] = []
    for _ in range(count):
        row = [_GOOD[column](rng) for column in COLUMNS]
        if ids and rng.random() < 0.025:
            row[0] = rng.choice(ids)
        if rng.random() < 0.5:
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                at = rng.randrange(len(COLUMNS))
                row[at] = hostile_cell(rng, COLUMNS[at])
        ids.append(row[0])
        yield row


def hostile_file(seed: int, count: int) -> bytes:
    """Return a file of so many rows, hostile in its cells and in how they are written."""
    rng = random.Random(seed)  # noqa: S311 - likewise
    columns = list(COLUMNS)
    if rng.random() < 0.3:
        rng.shuffle(columns)
    end = rng.choice((b"\n", b"\n", b"\r\n", None))
    calm = rng.random() < 0.5  # nothing but valid CSV
    lines = [b"\xef\xbb\xbf" * (rng.random() < 0.2) + _line(rng, _hostile_header(rng, columns), end)]
    for row in hostile_rows(rng.randrange(2**32), count):
        cells = [row[COLUMNS.index(column)] for column in columns]
        if not calm and rng.random() < 0.1:
            lines.append(_ragged(rng, cells, end))
        else:
            lines.append(_line(rng, cells, end))
        if rng.random() < 0.03:
            lines.append(_end(rng, end) * rng.randint(1, 3))
    if not calm and rng.random() < 0.1:
        lines.insert(rng.choice((len(lines), rng.randint(1, len(lines)))), b'"never closed,')
    body = b"".join(lines)
    return body.rstrip(b"\r\n") if rng.random() < 0.3 else body


def _hostile_header(rng: random.Random, columns: Sequence[str]) -> list[str]:
    """Return the columns' names, one time in eight with a fault."""
    header = list(columns)
    if rng.random() < 0.875:
        return header
    at = rng.randrange(len(header))
    kind = rng.randrange(5)
    if kind == 0:
        del header[at]
    elif kind == 1:
        header.insert(at, rng.choice(("remark", "", "reason", header[0])))
    else:
        header[at] = (header[at].upper(), f" {header[at]}", header[at].replace("_", ""))[kind - 2]
    return header


def _line(rng: random.Random, cells: Sequence[str], end: bytes | None) -> bytes:
    return ",".join(_written(rng, cell) for cell in cells).encode() + _end(rng, end)


def _written(rng: random.Random, cell: str) -> str:
    if any(mark in cell for mark in ',"\r\n') or rng.random() < 0.04:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _end(rng: random.Random, end: bytes | None) -> bytes:
    return rng.choice((b"\n", b"\r\n")) if end is None else end


def _ragged(rng: random.Random, cells: Sequence[str], end: bytes | None) -> bytes:
    """Return a line that is not as many well-written cells as the header has."""
    good = [_GOOD[column](rng) for column in COLUMNS]
    line = ",".join(_written(rng, cell) for cell in rng.choice((good, list(cells)))).encode()
    at = rng.randint(0, len(line))
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: line + b",",
        lambda: line + b",more",
        lambda: line.rpartition(b",")[0],
        lambda: b" ",
        lambda: b"," * rng.randint(1, 12),
        lambda: b'""',
        lambda: line[:at] + b'"' + line[at:] + b'"',
        lambda: b'a"b' + line,
        lambda: b'"a"b' + line,
        lambda: b'"a" ' + line,
        lambda: b' "a"' + line,
        lambda: line[:at] + b"\r" + line[at:],
        lambda: line + b"\r",
        lambda: line[:at] + b"\xff" + line[at:],
        lambda: line[:at] + b"\xc3" + line[at:],
        lambda: line[:at] + b"\xed\xa0\x80" + line[at:],
        lambda: line[:at] + b"\0" + line[at:],
        lambda: line[:at] + b"\n" + line[at:],
        lambda: line + b"," + b"x" * rng.choice((1000, 70_000)),
    )
    return rng.choice(ways)() + _end(rng, end)
