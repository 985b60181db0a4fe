"""What a file is held to: the contract, and the reference list that it asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.contract import Contract, ContractError, parse_contract
from common.exit_codes import WrongSettings
from common.report import ContractUsed, ReferenceUsed
from common.settings import S3Uri, ValidatorSettings
from validator.reference import open_document, read_reference

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class Terms:
    """The contract and the names on its reference list, and which versions of both they were read from."""

    contract: Contract
    names: frozenset[str] | None
    contract_used: ContractUsed
    reference_used: ReferenceUsed | None


def read_terms(s3: S3Client, settings: ValidatorSettings) -> Terms:
    """Read the contract and, if it asks for one, the reference list.

    Raises ``WrongSettings`` when one of them is not there, or is not what it should be.
    """
    contract, contract_used = _read_contract(s3, settings.contract)
    if contract.reference is None:
        return Terms(contract, None, contract_used, None)
    column = contract.reference.column
    if settings.reference is None:
        asked = f"{settings.contract} asks for a reference list with a column {column!r}"
        raise WrongSettings([f"REFERENCE_URI is not set, but the contract {asked}"])
    reference = read_reference(s3, settings.reference, column)
    return Terms(
        contract, reference.names, contract_used, ReferenceUsed(str(reference.uri), reference.version_id)
    )


def _read_contract(s3: S3Client, uri: S3Uri) -> tuple[Contract, ContractUsed]:
    answer = open_document(s3, "CONTRACT_URI", uri)
    try:
        contract = parse_contract(answer["Body"].read())
    except ContractError as error:
        raise WrongSettings([f"CONTRACT_URI: {uri}: {problem}" for problem in error.problems]) from error
    plain = str(replace(uri, version=None))
    return contract, ContractUsed(contract.name, contract.version, plain, answer.get("VersionId"))
