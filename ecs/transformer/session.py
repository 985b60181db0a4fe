"""Who acts on the tables, and by what means: an execution's container, or a person's command."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from common.clients import Clients
from common.clock import Clock
from common.log import Log
from common.stages import Stages
from transformer.ledger import Ledger, Tables
from transformer.store import Store


@dataclass(frozen=True)
class Session:
    """The means of one run. ``owner`` is the execution, or whatever names who holds a lease."""

    owner: str
    clients: Clients
    clock: Clock
    log: Log
    stages: Stages
    tables: Tables
    bucket: str

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger to read."""
        return Ledger(self.clients.dynamodb, self.tables.ledger)

    @cached_property
    def store(self) -> Store:
        """The cleaned bucket."""
        return Store(self.clients.s3, self.bucket)
