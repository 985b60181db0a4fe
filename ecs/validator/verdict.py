"""Notes in the ledger what was found in a version, for those who ask what became of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.aws_errors import code_of, using
from common.log import Log
from common.names import file_id
from common.settings import RunSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


@dataclass(frozen=True)
class Verdict:
    """What was found. ``report`` is the key of a rejection's report; times are in UTC and in seconds."""

    rows: int
    rows_rejected: int
    report: str | None
    contract: str
    contract_version: str
    validated_at: str
    validate_seconds: float


def note_verdict(dynamodb: DynamoDBClient, table: str, run: RunSettings, verdict: Verdict, log: Log) -> None:
    """Write the verdict into the version's claim, if it is still claimed by this execution.

    Another execution may have taken the version over. That is for the transformer to find out: what it
    commits depends on the claim, and this note does not.
    """
    facts = _items(verdict)
    names = {f"#{name}": name for name in facts}
    try:
        with using("LEDGER_TABLE", table):
            dynamodb.update_item(
                TableName=table,
                Key={
                    "pk": {"S": f"file#{file_id(run.input_bucket, run.input_key)}"},
                    "sk": {"S": f"v#{run.input_version}"},
                },
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in facts),
                ConditionExpression="#execution = :me",
                ExpressionAttributeNames={"#execution": "execution", **names},
                ExpressionAttributeValues={
                    ":me": {"S": run.execution_id},
                    **{f":{name}": value for name, value in facts.items()},
                },
            )
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        log.warning("the version is claimed by another execution: its ledger item is left as it is")


def _items(verdict: Verdict) -> dict[str, AttributeValueTypeDef]:
    facts: dict[str, AttributeValueTypeDef] = {
        "rows": {"N": str(verdict.rows)},
        "rows_rejected": {"N": str(verdict.rows_rejected)},
        "contract": {"S": verdict.contract},
        "contract_version": {"S": verdict.contract_version},
        "validated_at": {"S": verdict.validated_at},
        "validate_seconds": {"N": f"{verdict.validate_seconds:.3f}"},
    }
    if verdict.report:
        facts["report"] = {"S": verdict.report}
    return facts
