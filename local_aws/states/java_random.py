"""The random numbers of Java, which AWS gives to whoever brings a seed.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Random.html; that AWS's are these:
https://github.com/floci-io/floci/issues/2662
"""

from __future__ import annotations

_MULTIPLIER = 0x5DEECE66D
_INCREMENT = 0xB
_MASK = (1 << 48) - 1


class JavaRandom:
    """java.util.Random: the same seed gives the same numbers."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _MULTIPLIER) & _MASK

    def next_double(self) -> float:
        """Return the next number from 0.0 up to, but not including, 1.0."""
        return ((self._next(26) << 27) + self._next(27)) / (1 << 53)

    def _next(self, bits: int) -> int:
        self._state = (self._state * _MULTIPLIER + _INCREMENT) & _MASK
        return self._state >> (48 - bits)
