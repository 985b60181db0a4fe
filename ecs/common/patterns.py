"""Derives, from the checks of a column, one regular expression whose matches are valid for certain.

Millions of cells are sorted with it by an engine that is not Python's: it must mean the same to both, and a
cell that it matches must keep to every check. So it is made of printable ASCII only, and a way through it is
kept only when it is proven, automaton against automaton, to stay within all checks. What is too clever to be
understood here costs speed, never a verdict: such cells are judged one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from common.automata import Automaton, is_apart, is_within
from common.expressions import (
    ANY,
    PRINTABLE,
    Chain,
    Chars,
    Choice,
    Expression,
    NotUnderstood,
    Pattern,
    Repeat,
    is_portable,
    parse_pattern,
    source_of,
)

_ANYTHING = Repeat(ANY, 0, None)
_NO_SPACE = Chars(PRINTABLE - {" "})
#: Longer cells of free text are judged one by one: expressions that count that far are slow everywhere.
_LONGEST_FREE_TEXT = 256
_MOST_WAYS = 64


@dataclass(frozen=True)
class Demand:
    """What one check asks of a text: patterns to be found and not to be found, its length, a list."""

    patterns: tuple[str, ...]
    forbidden: tuple[str, ...]
    fewest: int
    most: int | None
    allowed: frozenset[str] | None


@cache
def certain_pattern(demands: tuple[Demand, ...]) -> str | None:
    """Return an expression, to be matched in full, whose matches meet every demand; None if none is found."""
    try:
        proof = _Proof(demands)
        for shape in _shapes(demands, proof):
            ways = [shape] if proof.holds(shape) else [way for way in _ways(shape) if proof.holds(way)]
            if ways:
                return source_of(ways[0] if len(ways) == 1 else Choice(tuple(ways)))
    except NotUnderstood:
        pass
    return None


class _Proof:
    """That all texts of an expression meet the demands."""

    def __init__(self, demands: Sequence[Demand]) -> None:
        self.patterns = [parse_pattern(source) for d in demands for source in d.patterns]
        self.fewest = max((d.fewest for d in demands), default=0)
        self.most = min((d.most for d in demands if d.most is not None), default=None)
        self._within = [Automaton(_searched(pattern)) for pattern in self.patterns]
        self._within += [Automaton(_one_of(d.allowed)) for d in demands if d.allowed is not None]
        self._apart = [Automaton(_searched(parse_pattern(source))) for d in demands for source in d.forbidden]

    def holds(self, expression: Expression) -> bool:
        shortest, longest = _lengths(expression)
        if shortest < self.fewest or (self.most is not None and longest > self.most):
            return False
        automaton = Automaton(expression)
        return all(is_within(automaton, outer) for outer in self._within) and all(
            is_apart(automaton, other) for other in self._apart
        )


def _shapes(demands: Sequence[Demand], proof: _Proof) -> Iterator[Expression]:
    """Yield what the texts may look like: what a check spells out, or else text of any kind."""
    for demand in demands:
        if demand.allowed is not None:
            yield _one_of(demand.allowed)
    for pattern in proof.patterns:
        if pattern.from_start and pattern.to_end and is_portable(pattern.body):
            yield pattern.body
    most = _LONGEST_FREE_TEXT if proof.most is None else min(proof.most, _LONGEST_FREE_TEXT)
    if proof.fewest <= most:
        yield Repeat(ANY, proof.fewest, most)
    if max(proof.fewest, 1) <= most:
        yield Chain((_NO_SPACE, Repeat(ANY, max(proof.fewest - 1, 0), most - 1)))
        yield Repeat(_NO_SPACE, max(proof.fewest, 1), most)


def _ways(expression: Expression) -> list[Expression]:
    """Return the alternatives that an expression is made of, as far as they show at its top."""
    if isinstance(expression, Choice):
        return [way for branch in expression.branches for way in _ways(branch)]
    if not isinstance(expression, Chain):
        return [expression]
    choices = [_ways(item) for item in expression.items]
    if math.prod(map(len, choices)) > _MOST_WAYS:
        return [expression]
    return [Chain(items) for items in product(*choices)]


def _searched(pattern: Pattern) -> Expression:
    """Return the expression of the texts in which a search finds the pattern."""
    before = () if pattern.from_start else (_ANYTHING,)
    after = () if pattern.to_end else (_ANYTHING,)
    return Chain((*before, pattern.body, *after))


def _one_of(texts: frozenset[str]) -> Expression:
    """Return the expression of those of the texts that are printable ASCII."""
    known = sorted(text for text in texts if PRINTABLE.issuperset(text))
    return Choice(tuple(Chain(tuple(Chars(frozenset(char)) for char in text)) for text in known))


def _lengths(expression: Expression) -> tuple[int, float]:
    """Return how long an expression's shortest and longest texts are."""
    if isinstance(expression, Chars):
        return 1, 1
    if isinstance(expression, Repeat):
        shortest, longest = _lengths(expression.item)
        most = math.inf if expression.most is None else expression.most
        return shortest * expression.least, longest * most if longest and most else 0
    if isinstance(expression, Chain):
        lengths = [_lengths(item) for item in expression.items]
        return sum(short for short, _ in lengths), sum(long for _, long in lengths)
    lengths = [_lengths(branch) for branch in expression.branches]
    return min((short for short, _ in lengths), default=0), max((long for _, long in lengths), default=0)
