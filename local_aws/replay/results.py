"""What tasks are said to answer: an entry for each attempt, in the order in which attempts are made."""

from __future__ import annotations

import collections
from typing import Any

_Key = tuple[str, tuple[int, ...]]


class NoResultError(LookupError):
    """A task is tried once more, and no result of it is left."""

    def __init__(self, state: str, iteration: tuple[int, ...], attempt: int) -> None:
        place = f" in iteration {list(iteration)}" if iteration else ""
        super().__init__(f"no result is left for attempt {attempt} of the task {state}{place}")
        self.state = state
        self.iteration = iteration


class Results:
    """The entries of `task_results` that are left.

    `state` says whose an entry is, `iteration` (the indexes of the Maps around it, outermost first) which
    iteration's; without that it serves whichever iteration comes first.
    """

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self._left: dict[_Key, collections.deque[dict[str, Any]]] = collections.defaultdict(collections.deque)
        self._attempts: collections.Counter[_Key] = collections.Counter()
        for entry in entries:
            self._left[entry["state"], tuple(entry.get("iteration") or ())].append(entry)

    def peek(self, state: str, iteration: tuple[int, ...]) -> dict[str, Any] | None:
        """Return the entry of the state's next attempt, or None."""
        left = self._left[state, iteration] or self._left[state, ()]
        return left[0] if left else None

    def take(self, state: str, iteration: tuple[int, ...]) -> dict[str, Any]:
        """Return the entry of the state's next attempt, which it then has had; raises NoResultError."""
        self._attempts[state, iteration] += 1
        left = self._left[state, iteration] or self._left[state, ()]
        if not left:
            raise NoResultError(state, iteration, self._attempts[state, iteration])
        return left.popleft()
