"""Where the instances of a claim come from: one description, drawn at random or searched.

A claim describes its instances once, as a function of a `Draw`. Measuring hands it a seeded NumPy
generator; falsifying hands it hypothesis, which looks for extreme values and shrinks what it finds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, overload

import numpy as np

__all__ = ["Draw", "Instance", "Instances", "Rejected", "SampledDraw", "search_strategy"]

T = TypeVar("T")
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Instance = Mapping[str, Any]
Instances = Callable[["Draw"], Instance]
Shape = int | tuple[int, ...]


class Rejected(Exception):  # noqa: N818 - a signal, not an error
    """Raised by `Draw.assume`: these draws do not make a valid instance."""


class Draw(Protocol):
    """A source of values. With `size` (a length or a shape) the result is a float64 array.

    >>> draw = SampledDraw(np.random.default_rng(0))
    >>> 0.0 <= draw.uniform(0.0, 1.0) <= 1.0, draw.log_uniform(1e-3, 1e3, size=2).shape
    (True, (2,))
    >>> draw.integer(3, 3), draw.choice(["only"])
    (3, 'only')
    >>> np.random.default_rng(draw.seed()).normal(size=2).shape
    (2,)
    >>> draw.assume(draw.uniform(1.0, 2.0) >= 1.0)  # raises Rejected if not
    """

    @overload
    def uniform(self, low: float, high: float, size: None = None) -> float: ...
    @overload
    def uniform(self, low: float, high: float, size: Shape) -> FloatArray: ...
    def uniform(self, low: float, high: float, size: Shape | None = None) -> float | FloatArray:
        """Draw from the interval [low, high]."""

    @overload
    def log_uniform(self, low: float, high: float, size: None = None) -> float: ...
    @overload
    def log_uniform(self, low: float, high: float, size: Shape) -> FloatArray: ...
    def log_uniform(self, low: float, high: float, size: Shape | None = None) -> float | FloatArray:
        """Draw from [low, high] with a uniform logarithm (0 < low <= high)."""

    def integer(self, low: int, high: int) -> int:
        """Draw an integer from low, ..., high."""

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of `options`; the search shrinks towards the first."""

    def seed(self) -> int:
        """Draw a seed for `numpy.random.default_rng` (random matrices, Monte Carlo)."""

    def assume(self, condition: object) -> None:
        """Reject the instance unless `condition` holds; build valid instances where you can."""


class SampledDraw:
    """Draws from a NumPy generator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def uniform(self, low: float, high: float, size: Shape | None = None) -> Any:  # noqa: D102
        return self._rng.uniform(low, high, size)

    def log_uniform(self, low: float, high: float, size: Shape | None = None) -> Any:  # noqa: D102
        value = 10.0 ** self._rng.uniform(math.log10(low), math.log10(high), size)
        return np.clip(value, low, high) if size is not None else min(max(value, low), high)

    def integer(self, low: int, high: int) -> int:  # noqa: D102
        return int(self._rng.integers(low, high, endpoint=True))

    def choice(self, options: Sequence[T]) -> T:  # noqa: D102
        return options[self.integer(0, len(options) - 1)]

    def seed(self) -> int:  # noqa: D102
        return self.integer(0, 2**32 - 1)

    def assume(self, condition: object) -> None:  # noqa: D102
        if not condition:
            raise Rejected


class _SearchedDraw:
    """Draws through hypothesis (`draw` is what `hypothesis.strategies.composite` hands on)."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        from hypothesis import assume
        from hypothesis import strategies as st
        from hypothesis.extra import numpy as hnp

        self._draw, self._assume, self._st, self._hnp = draw, assume, st, hnp

    def uniform(self, low: float, high: float, size: Shape | None = None) -> Any:
        elements = self._st.floats(low, high, allow_subnormal=False)
        if size is None:
            return self._draw(elements)
        return self._draw(self._hnp.arrays(np.float64, size, elements=elements))

    def log_uniform(self, low: float, high: float, size: Shape | None = None) -> Any:
        # Exponents shrink towards zero, hence values towards one.
        value = 10.0 ** self.uniform(math.log10(low), math.log10(high), size)
        return np.clip(value, low, high) if size is not None else min(max(value, low), high)

    def integer(self, low: int, high: int) -> int:
        return int(self._draw(self._st.integers(low, high)))

    def choice(self, options: Sequence[T]) -> T:
        chosen: T = self._draw(self._st.sampled_from(options))
        return chosen

    def seed(self) -> int:
        return self.integer(0, 2**32 - 1)

    def assume(self, condition: object) -> None:
        self._assume(bool(condition))


def search_strategy(instances: Instances) -> Any:
    """Return `instances` as a hypothesis strategy (needs the `claims` extra)."""
    from hypothesis import strategies as st

    @st.composite
    def strategy(draw: Callable[[Any], Any]) -> Instance:
        return instances(_SearchedDraw(draw))

    return strategy()
