"""Every comparison of a simulation with a formula, with the chances of its two errors."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from sdtheory.claims import SCORE_LIMIT, residuals

LAW = 2 * float(stats.norm.sf(SCORE_LIMIT))


@dataclass(frozen=True)
class Comparison:
    """One comparison of a simulation with what should be its mean."""

    score: float
    entries: int = 1
    draws: int = 0
    """0 where the distribution is exact."""
    refused: float = 0.0
    """The chance that a sample like this one is refused because it scatters too much."""
    skewness: float = 0.0
    """Of the mean, in the entry where it is largest; 0 where it may be chance."""
    statistics: tuple[float, ...] = ()
    """Deviations in estimated standard errors."""

    @property
    def false_alarm(self) -> float:
        """The chance of a score beyond the limit although the formula is right.

        The first correction for skewness multiplies Student's tail by exp(skewness t^3 / 3).
        """
        return min(LAW * math.exp(abs(self.skewness) * SCORE_LIMIT**3 / 3) + self.refused, 1.0)

    def missed(self) -> float:
        """Return the chance that a deviation of this mean size stays below the limit."""
        if not math.isfinite(self.score) or not self.draws:
            return 0.0 if self.score > SCORE_LIMIT else 1.0
        sizes = []
        for score in (SCORE_LIMIT, self.score):
            tail = float(stats.norm.sf(score)) / self.entries
            sizes.append(-float(stats.t.ppf(tail, self.draws - 1)) if tail > 0 else math.inf)
        if not math.isfinite(sizes[1]):
            return 0.0
        return float(np.nan_to_num(stats.nct.cdf(sizes[0], self.draws - 1, sizes[1])))


def _compared(
    score: float, draws: Any, want: Any, precision: float, scale: Any = None
) -> Comparison:
    sample, target = np.asarray(draws, dtype=float), np.asarray(want, dtype=float)
    count = sample.shape[0]
    centred = sample - np.mean(sample, axis=0)
    spread = np.std(sample, axis=0, ddof=1)
    size = precision * np.abs(target if scale is None else np.asarray(scale, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        slack = np.where(spread > 0, size**2 * count / spread**2, np.inf)
        skewness = np.where(spread > 0, np.mean(centred**3, axis=0) / spread**3, 0.0)
        t = np.where(spread > 0, (np.mean(sample, axis=0) - target) / spread * count**0.5, 0.0)
    certain = np.where(np.abs(skewness) > 4 * (6 / count) ** 0.5, skewness, 0.0)
    return Comparison(
        score, int(np.size(centred[0])), count,
        float(np.sum(stats.chi2.sf((count - 1) * slack, count - 1))),
        float(np.max(np.abs(certain))) / count**0.5, tuple(np.ravel(t).tolist()),
    )  # fmt: skip


@contextlib.contextmanager
def compared() -> Iterator[list[Comparison]]:
    """Note every comparison, wherever its function was imported."""
    seen: list[Comparison] = []
    plain = {name: getattr(residuals, name) for name in ("z_score", "deviate")}

    def z_score(draws: Any, want: Any, *args: Any, **kwargs: Any) -> float:
        before = len(seen)
        score = float(plain["z_score"](draws, want, *args, **kwargs))
        del seen[before:]  # the deviate of its own tail
        seen.append(_compared(score, draws, want, *args, **kwargs))
        return score

    def deviate(chance: float) -> float:
        seen.append(Comparison(float(plain["deviate"](chance))))
        return seen[-1].score

    swaps = {"z_score": z_score, "deviate": deviate}
    places = [
        (module, name)
        for name in swaps
        for module in list(sys.modules.values())
        if getattr(module, "__dict__", {}).get(name) is plain[name]
    ]
    for module, name in places:
        setattr(module, name, swaps[name])
    try:
        yield seen
    finally:
        for module, name in places:
            setattr(module, name, plain[name])
