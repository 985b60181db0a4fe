"""The contract of a stage's order files, read as the validator reads it before any order file meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator

from common.contract import ContractError, parse_contract
from common.orders import COLUMNS
from mayfly.console import CommandError


def refuse_useless(contract: Path) -> None:
    """Raise CommandError for a contract with which validator or transformer would refuse every file."""
    problems: list[str]
    try:
        problems = list(_problems(contract.read_bytes()))
    except (OSError, ContractError) as error:
        problems = error.problems if isinstance(error, ContractError) else [str(error)]
    if problems:
        raise CommandError(
            "the contract cannot be used",
            "; ".join(f"{contract}: {problem}" for problem in problems),
            "mend it, or name another as CONTRACT_FILE; docs/contract.md says how one is written",
        )


def _problems(document: bytes) -> Iterator[str]:
    """Yield what is wrong; raise ContractError for what is no contract at all."""
    contract = parse_contract(document)
    try:
        Draft202012Validator.check_schema(json.loads(document))
    except SchemaError as error:
        yield f"it is no JSON Schema: {error.json_path}: {error.message}"
    if contract.names != COLUMNS:
        wanted, found = (", ".join(names) for names in (COLUMNS, contract.names))
        yield f"the KPIs are made of the columns {wanted}, in this order; found {found}"
