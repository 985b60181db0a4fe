"""What ECS can be told when it is started: how it differs from what it is by default."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Lifecycle:
    """How long a task stays in a state, in seconds of the clock.

    The defaults are the quicker end of what is seen on Fargate, as AWS promises nothing. `deprovisioning` is
    shorter than there, because the clock runs at real speed while any other task's process runs.
    """

    provisioning: float = 8.0
    pending: float = 10.0
    activating: float = 0.0
    deactivating: float = 0.0
    deprovisioning: float = 1.0

    def __str__(self) -> str:
        return ",".join(f"{one.name}={getattr(self, one.name):g}" for one in fields(self))

    @classmethod
    def parse(cls, text: str) -> Lifecycle:
        """Return the durations that `text` gives (`pending=30,deprovisioning=15`), the others as they are.

        Raises ValueError for anything else.
        """
        known = [one.name for one in fields(cls)]
        given: dict[str, float] = {}
        for part in text.split(","):
            name, _, seconds = part.partition("=")
            if name not in known:
                raise ValueError(f"{name or 'nothing'} is no state that lasts; these are: {', '.join(known)}")
            try:
                given[name] = float(seconds)
            except ValueError:
                raise ValueError(f"{name} lasts {seconds or 'nothing'}; it must be seconds") from None
            if not 0 <= given[name] < float("inf"):
                raise ValueError(f"{name} lasts {seconds} seconds; it must be 0 or more")
        return cls(**given)


@dataclass(frozen=True)
class EcsSettings:
    """What ECS is told when it is started.

    `rate_limits`: whether calls are throttled as AWS throttles them. `vcpus`: the account's quota of vCPUs
    that run at the same time on Fargate, in each region; None for no limit.

    `engine` is the command of a container engine; without one, containers run as processes.
    """

    lifecycle: Lifecycle = Lifecycle()
    rate_limits: bool = False
    vcpus: float | None = None
    engine: str | None = None
