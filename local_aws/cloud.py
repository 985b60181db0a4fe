"""One AWS: its account, its clock, its event loop, and the services that are ours, a region at a time."""

from __future__ import annotations

import asyncio
import random
import threading
import uuid
from collections.abc import Coroutine
from typing import Any, TypeVar

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal import mock_random

from local_aws.clients import in_process_client
from local_aws.clock import Clock
from local_aws.ecs.images import Images
from local_aws.ecs.service import EcsService
from local_aws.ecs.settings import EcsSettings
from local_aws.endpoint import Endpoint
from local_aws.events.bus import EventBus
from local_aws.functions.service import Functions
from local_aws.iam.enforcer import Enforcer
from local_aws.states.service import StatesService
from local_aws.wire import Service

Result = TypeVar("Result")
OWN_SERVICES: tuple[type[Service], ...] = (EcsService, StatesService)


class Cloud:
    """What a request needs: the clock, the loop on which our services live, and clients to reach the rest.

    Our services are single-threaded: their methods run on one event loop in a thread of its own. Requests
    come in on other threads and are handed over (`run`); calls that block are made off the loop (`call`).
    """

    account = DEFAULT_ACCOUNT_ID

    def __init__(
        self,
        images: Images,
        clock: Clock | None = None,
        seed: int | None = None,
        ecs_settings: EcsSettings | None = None,
    ) -> None:
        self.ecs_settings = ecs_settings or EcsSettings()
        self.clock = clock or Clock()
        self.images = images
        self.random = random.Random(seed)  # noqa: S311 - ids and jitter, no secrets
        if seed is not None:
            mock_random.seed(seed)  # the ids that moto makes up, as its /moto-api/seed does
        self.enforcer = Enforcer(self)
        self.endpoint = Endpoint(self)
        self.endpoint_url = "http://127.0.0.1"  # what tasks are told; the server puts its port in
        self.loop = self.clock.new_event_loop()
        self._services: dict[tuple[str, str], Any] = {}
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self.loop.run_forever, name="local-aws-loop", daemon=True)

    def start(self) -> None:
        """Start the event loop's thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the processes of all tasks and functions, and every execution, then the loop."""

        async def end() -> None:
            for service in self.all_ecs():
                await service.kill_all()
            for functions in [one for one in self._services.values() if isinstance(one, Functions)]:
                await functions.kill_all()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            # Calls that are under way on other threads still ask this loop, and would wait for ever.
            await self.loop.shutdown_default_executor()

        if self._thread.is_alive():
            self.run(end())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(timeout=10)
            self.loop.close()

    def ecs(self, region: str) -> EcsService:
        """Return ECS in `region`."""
        service: EcsService = self._regional(EcsService, region)
        return service

    def all_ecs(self) -> list[EcsService]:
        """Return ECS in every region that has been used."""
        with self._lock:
            return [one for one in self._services.values() if isinstance(one, EcsService)]

    def states(self, region: str) -> StatesService:
        """Return Step Functions in `region`."""
        service: StatesService = self._regional(StatesService, region)
        return service

    def events(self, region: str) -> EventBus:
        """Return EventBridge's delivery in `region`."""
        bus: EventBus = self._regional(EventBus, region)
        return bus

    def functions(self, region: str) -> Functions:
        """Return Lambda in `region`, as far as functions are invoked."""
        functions: Functions = self._regional(Functions, region)
        return functions

    def service_by_target(self, prefix: str, region: str) -> Service | None:
        """Return our service that the X-Amz-Target prefix names, or None when it is not ours."""
        for kind in OWN_SERVICES:
            if kind.target() == prefix:
                service: Service = self._regional(kind, region)
                return service
        return None

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client of this AWS, without a socket. Its calls block: on the loop, use `call`."""
        with self._lock:  # boto3 clients are thread-safe, making them is not
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = in_process_client(self._session, self.endpoint, service, region)
            return self._clients[key]

    async def call(self, service: str, region: str, method: str, **parameters: Any) -> dict[str, Any]:
        """Call an AWS API from the loop, off the loop; raises botocore's ClientError as boto3 does."""

        def send() -> dict[str, Any]:
            result: dict[str, Any] = getattr(self.client(service, region), method)(**parameters)
            return result

        async with self.clock.calling():
            return await asyncio.to_thread(send)

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the loop and wait for it; for threads other than the loop's."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def new_id(self) -> str:
        """Return a UUID from this cloud's source of randomness (the same seed gives the same ids)."""
        with self._lock:
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _regional(self, kind: Any, region: str) -> Any:
        with self._lock:
            key = (kind.__name__, region)
            if key not in self._services:
                self._services[key] = kind(self, region)
            return self._services[key]
