"""The rules of files and records, as data: a name that stays, and advice that says what to do.

The rules of cells stand in the contract. Names are part of reports that people filter and count by: a rule
may be added, never renamed.
"""

from __future__ import annotations

from dataclasses import dataclass

#: How much of a value a finding shows, in characters.
SHOWN = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place.

    ``record`` counts data rows from 1; ``line`` is the physical line, from 1. A finding about the file as a
    whole has no record; one about a whole row has no column.
    """

    rule: str
    advice: str
    line: int | None = None
    record: int | None = None
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by name; ``advice`` is a template for what to do about a finding."""

    name: str
    advice: str

    def found(
        self,
        *,
        line: int | None = None,
        record: int | None = None,
        column: str | None = None,
        value: str | None = None,
        **facts: object,
    ) -> Finding:
        """Return a finding of this rule; ``facts`` fill the advice."""
        return Finding(self.name, self.advice.format(**facts), line, record, column, shorten(value))


def shorten(value: str | None) -> str | None:
    """Return the beginning of a value, with an ellipsis when there is more."""
    return value if value is None or len(value) <= SHOWN else value[:SHOWN] + "…"


# About the file.
OBJECT_GONE = Rule(
    "object_gone", "This version was permanently deleted before it could be read; upload the file again."
)
EMPTY_FILE = Rule(
    "empty_file", "The file holds nothing; upload it again, with a header and at least one row."
)
NO_ROWS = Rule("no_rows", "There is a header and no row; upload the file again once it has rows.")
WRONG_ENCODING = Rule(
    "wrong_encoding", "The file looks like {encoding}; save it as UTF-8 (in Excel: CSV UTF-8)."
)
MISSING_COLUMN = Rule("missing_column", "Add this column; the header must name {expected}.")
UNKNOWN_COLUMN = Rule(
    "unknown_column", "Remove this column; the header must name {expected}, and nothing else."
)
RENAMED_COLUMN = Rule("renamed_column", "Did you mean {expected}? Names must match to the letter.")
DUPLICATE_COLUMN = Rule("duplicate_column", "This column stands in the header {times} times; keep one.")

# About a record.
INVALID_UTF8 = Rule("invalid_utf8", "There are bytes here that are no UTF-8; save the file as UTF-8.")
NUL_CHARACTER = Rule("nul_character", "There is a NUL character here; remove it, and see what wrote it.")
RECORD_TOO_LONG = Rule(
    "record_too_long", "A row may be at most 1 MiB long; look for missing line ends or a stray quote."
)
UNCLOSED_QUOTE = Rule(
    "unclosed_quote",
    "A quote opened in this row is never closed, so all after it could not be read; close it.",
)
BAD_QUOTES = Rule("bad_quotes", 'Put quotes around the whole value, and double those inside: "5"" pipe".')
BARE_CARRIAGE_RETURN = Rule(
    "bare_carriage_return", "A line ends in CR alone; save the file with LF or CRLF line ends."
)
FIELD_COUNT = Rule(
    "field_count",
    "This row has {found} values where the header has {expected}; quote values that hold commas.",
)

# About a version and the days it falls on; found by the transformer.
WITHDRAWN = Rule(
    "withdrawn", "This version was taken back with withdraw.sh; upload the file again to count it again."
)
TOO_MANY_CATEGORIES = Rule(
    "too_many_categories",
    "This day would have {found} categories, those it had before among them, and one transaction writes "
    "{most}; check the reference list, or take back a file of this day that should not be there.",
)

#: What a contract cannot name a rule of its own.
RESERVED_NAMES = frozenset(rule.name for rule in (*globals().values(),) if isinstance(rule, Rule))
