"""The tools of people, pointed to the AWS in memory that the containers' tests use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import pytest

from common.names import file_id
from mayfly.data.access import Access, person_session
from mayfly.stage import Stage
from tests.unit.ecs.faults import Killed, replace_client
from tests.unit.ecs.support import CLEANED, INPUT, Aws, orders_csv
from transformer.ledger import Tables

TABLES = Tables("OrderKPIs", "CategoryKPIs", "PipelineFiles")
A, B = "input/a.csv", "input/b.csv"


class Public(NamedTuple):
    """What people see of the numbers: both tables, and the objects under curated/."""

    orders: dict[str, dict[str, str]]
    categories: dict[tuple[str, str], dict[str, str]]
    curated: dict[str, str]


def access_to(aws: Aws) -> Access:
    return Access(person_session(aws.clients, aws.clock, TABLES, CLEANED), INPUT)


def public(aws: Aws) -> Public:
    listing = aws.s3.list_objects_v2(Bucket=CLEANED, Prefix="curated/").get("Contents", [])
    return Public(aws.orders(), aws.categories(), {entry["Key"]: entry["ETag"] for entry in listing})


def order(number: int, day: int, price: str = "10", category: str = "Books") -> str:
    return f"O-{number},C-{number},2025-07-{day:02},{category},P-1,1,{price},false"


def two_files(aws: Aws) -> None:
    """Process a file of the first two days of a month and, later, one of the second and third.

    They share order 2, of the second day, which the later file has at another price and in another category.
    """
    assert aws.process_at(1, orders_csv(order(1, 1), order(2, 2)), A) == 0
    assert aws.process_at(2, orders_csv(order(2, 2, "25", "Toys"), order(3, 3)), B) == 0


def say(aws: Aws, environ: dict[str, str], **attributes: str) -> None:
    """Write into a claim what the machine or the validator would."""
    aws.dynamodb.update_item(
        TableName="PipelineFiles",
        Key={
            "pk": {"S": f"file#{file_id(INPUT, environ['S3_INPUT_KEY'])}"},
            "sk": {"S": f"v#{environ['S3_INPUT_VERSION']}"},
        },
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues={
            f":{name}": {"N" if value.isdecimal() else "S": value} for name, value in attributes.items()
        },
    )


class Fuse:
    """Clients that note every write, and are killed before or after one of them, by its number."""

    WRITES = ("put_object", "copy_object", "delete_object", "update_item", "transact_write_items")

    def __init__(self, aws: Aws) -> None:
        self.writes: list[str] = []
        self._at, self._before = -1, True
        aws.clients = replace_client(aws, s3=self._client(aws.s3), dynamodb=self._client(aws.dynamodb))

    def set(self, at: int, how: str) -> None:
        """Count from here, and kill ``before`` or ``after`` the write of this number."""
        self._at, self._before = at, how == "before"
        self.writes.clear()

    def _client(self, client: Any) -> Any:
        fuse = self

        class Client:
            def __getattr__(self, name: str) -> Any:
                real = getattr(client, name)
                return partial(fuse._call, name, real) if name in fuse.WRITES else real

        return Client()

    def _call(self, name: str, real: Callable[..., Any], **arguments: Any) -> Any:
        blows = len(self.writes) == self._at
        if blows and self._before:
            raise Killed
        self.writes.append(name)
        answer = real(**arguments)
        if blows:
            raise Killed
        return answer


def killed_everywhere(aws: Aws, how: str, attempt: Callable[[], object]) -> Iterator[int]:
    """Attempt something until it ends, each killed one write later than the one before.

    ``how`` is before or after the write. Yields how many were killed so far, after each.
    """
    fuse = Fuse(aws)
    for attempts in count():
        fuse.set(attempts, how)
        try:
            attempt()
        except Killed:
            yield attempts + 1
        else:
            return


def point_scripts_to(aws: Aws, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Let the main() of a script work on this AWS, with these arguments."""

    class Deployed:
        option = ""

        def client(self, service: str) -> Any:
            return getattr(aws.clients, service)

        def outputs(self) -> dict[str, str]:
            return {
                "InputBucket": INPUT,
                "CleanedBucket": CLEANED,
                "OrderTable": TABLES.orders,
                "CategoryTable": TABLES.categories,
                "LedgerTable": TABLES.ledger,
            }

    monkeypatch.setattr(Stage, "of_environment", lambda _name: Deployed())
    monkeypatch.setattr("sys.argv", ["script", *arguments])
