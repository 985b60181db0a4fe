"""Finite automata over printable ASCII: whether one expression's texts are all, or none, among another's."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from common.expressions import PRINTABLE, Chain, Chars, Choice, Expression, NotUnderstood

_MOST_STATES = 5000
_MOST_PAIRS = 5000


class Automaton:
    """A non-deterministic automaton that accepts the texts an expression matches in full."""

    def __init__(self, expression: Expression) -> None:
        self._arrows: list[list[tuple[frozenset[str], int]]] = [[]]
        self._free: list[list[int]] = [[]]
        self._end = self._add(expression, 0)
        self.sets = {chars for arrows in self._arrows for chars, _ in arrows}
        self.start = self._closure([0])

    def step(self, states: frozenset[int], char: str) -> frozenset[int]:
        """Return where the automaton may be after one more character."""
        return self._closure(to for state in states for chars, to in self._arrows[state] if char in chars)

    def accepts(self, states: frozenset[int]) -> bool:
        """Tell whether the text may end here."""
        return self._end in states

    def _add(self, expression: Expression, start: int) -> int:
        """Add states for an expression that begins at ``start``; return the one it ends in."""
        if isinstance(expression, Chars):
            end = self._state()
            self._arrows[start].append((expression.chars, end))
            return end
        if isinstance(expression, Chain):
            for item in expression.items:
                start = self._add(item, start)
            return start
        end = self._state()
        if isinstance(expression, Choice):
            for branch in expression.branches:
                self._free[self._add(branch, start)].append(end)
            return end
        for _ in range(expression.least):
            start = self._add(expression.item, start)
        if expression.most is None:
            self._free[start].append(end)
            self._free[self._add(expression.item, end)].append(end)
            return end
        for _ in range(expression.most - expression.least):
            self._free[start].append(end)
            start = self._add(expression.item, start)
        self._free[start].append(end)
        return end

    def _state(self) -> int:
        if len(self._arrows) >= _MOST_STATES:
            raise NotUnderstood("too many states")
        self._arrows.append([])
        self._free.append([])
        return len(self._arrows) - 1

    def _closure(self, states: Iterable[int]) -> frozenset[int]:
        found = set(states)
        waiting = list(found)
        while waiting:
            for state in self._free[waiting.pop()]:
                if state not in found:
                    found.add(state)
                    waiting.append(state)
        return frozenset(found)


def is_within(inner: Automaton, outer: Automaton) -> bool:
    """Tell whether it is proven that ``outer`` accepts every text that ``inner`` accepts."""
    return _never(inner, outer, lambda one, other: one and not other)


def is_apart(one: Automaton, other: Automaton) -> bool:
    """Tell whether it is proven that no text is accepted by both."""
    return _never(one, other, lambda first, second: first and second)


def _never(one: Automaton, other: Automaton, bad: Callable[[bool, bool], bool]) -> bool:
    """Walk both side by side through all texts; no proof is found in too many steps."""
    alphabet = _representatives(one.sets | other.sets)
    seen = {(one.start, other.start)}
    waiting = list(seen)
    while waiting:
        here, there = waiting.pop()
        if bad(one.accepts(here), other.accepts(there)) or len(seen) > _MOST_PAIRS:
            return False
        for char in alphabet:
            pair = (one.step(here, char), other.step(there, char))
            if pair[0] and pair not in seen:
                seen.add(pair)
                waiting.append(pair)
    return True


def _representatives(sets: Iterable[frozenset[str]]) -> list[str]:
    """Return one character of each kind that the sets tell apart."""
    ordered = list(sets)
    kinds = {tuple(char in chars for chars in ordered): char for char in sorted(PRINTABLE)}
    return list(kinds.values())
