"""Ratios that can be trusted on a busy machine: contestants take turns, round after round.

A ratio is the median over rounds of the two times of one round; its spread is the smallest and the
largest of them. On a processor with one thread the clock counts the processor time of this process,
so that other programs do not count; otherwise it is the wall clock.
"""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import scipy.stats
import threadpoolctl

Work = Callable[[], Any]
Kind = Literal["peer", "limit", "budget", "growth", "memory"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    topic: str
    case: str
    kind: Kind
    against: str
    """The peer, the limit, or what the work grows with."""
    ratio: float
    """Times faster than a peer; times the cost of a limit or budget; exponent of a growth."""
    low: float
    high: float
    """Smallest and largest ratio over the rounds; for an exponent, its 95% interval."""
    seconds: float
    """Median time of our work; NaN where no time was measured."""
    against_seconds: float
    wanted: float | None
    """What the ratio must reach: from above for a peer, from below for everything else."""
    rounds: int
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the ratio is as wanted; None where nothing was promised."""
        if self.wanted is None:
            return None
        return self.ratio >= self.wanted if self.kind == "peer" else self.ratio <= self.wanted


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure."""

    quick: bool = False
    """Smallest sizes, one round: finds crashes, measures nothing."""
    full: bool = False
    """Also what takes minutes."""
    device: str = "cpu"
    report: Callable[[Row], None] | None = None
    """Called with every row as soon as it is measured."""

    def pick(self, small: Any, normal: Any) -> Any:
        """Return the first for a quick run, the second otherwise."""
        return small if self.quick else normal

    def log(self, row: Row) -> Row:
        """Report a row; a quick run keeps no promise and breaks none."""
        row = replace(row, wanted=None) if self.quick else row
        if self.report is not None:
            self.report(row)
        return row

    def put(self, values: np.ndarray) -> Any:
        """Return an array on the device: NumPy's on the processor, torch's on a GPU."""
        if self.device == "cpu":
            return values
        import torch

        return torch.as_tensor(values, device=self.device)

    def clock(self) -> Callable[[], float]:
        """Return the clock that times are read from."""
        if self.device != "cpu":
            import torch

            def synchronised() -> float:
                torch.cuda.synchronize(self.device)
                return time.perf_counter()

            return synchronised
        return time.process_time if threads() == 1 else time.perf_counter


def threads() -> int:
    """Return how many threads linear algebra may use."""
    return max((pool["num_threads"] for pool in threadpoolctl.threadpool_info()), default=1)


def interleaved(contestants: Mapping[str, Work], rounds: int, options: Options) -> np.ndarray:
    """Return the times (rounds, contestants) of work that takes turns.

    Three rounds or more come after one warm-up each; work so long that it runs less often does not
    feel it.
    """
    now, names = options.clock(), list(contestants)
    times = np.zeros((1 if options.quick else rounds, len(names)))
    if times.shape[0] > 2:
        for work in contestants.values():
            work()
    for k in range(times.shape[0]):
        # Every other round goes backwards, so that nobody always runs on a warm cache.
        for j in range(len(names))[:: -1 if k % 2 else 1]:
            start = now()
            contestants[names[j]]()
            times[k, j] = now() - start
    return np.maximum(times, 1e-9)


def compare(
    topic: str,
    case: str,
    ours: Work,
    other: Work,
    options: Options,
    *,
    against: str,
    kind: Kind = "peer",
    wanted: float | None = None,
    rounds: int = 5,
    scale: float = 1.0,
    note: str = "",
) -> Row:
    """Time two pieces of work in turns; `scale` is how many times the other's work is the whole."""
    times = interleaved({"ours": ours, "other": other}, rounds, options)
    mine, theirs = times[:, 0], times[:, 1] * scale
    ratios = theirs / mine if kind == "peer" else mine / theirs
    if scale != 1.0:
        note = f"{note}; " if note else ""
        note += f"the other timed on 1/{scale:,.0f} of the work"
    row = Row(
        topic, case, kind, against,
        float(np.median(ratios)), float(ratios.min()), float(ratios.max()),
        float(np.median(mine)), float(np.median(theirs)), wanted, len(ratios), note,
    )  # fmt: skip
    return options.log(row)


def budget(
    topic: str,
    case: str,
    times: Sequence[float],
    seconds: float,
    options: Options,
    note: str = "",
    promised: bool = True,
) -> Row:
    """Return times as shares of a number of seconds; the promise is at most one."""
    shares = np.asarray(times) / seconds
    row = Row(
        topic, case, "budget", f"{seconds:g} s",
        float(np.median(shares)), float(shares.min()), float(shares.max()),
        statistics.median(times), seconds, 1.0 if promised else None, len(times), note,
    )  # fmt: skip
    return options.log(row)


def timed(work: Work, rounds: int, options: Options) -> list[float]:
    """Return the times of one piece of work."""
    return interleaved({"work": work}, rounds, options)[:, 0].tolist()


def growth(
    topic: str,
    case: str,
    what: str,
    sizes: Sequence[int],
    make: Callable[[int], Work],
    options: Options,
    *,
    rounds: int = 3,
    wanted: float | None = None,
    note: str = "",
) -> Row:
    """Fit time = constant * size**exponent to times that take turns; 95% interval of the exponent.

    The interval is that of the regression on the logarithms of all times: it holds the noise of the
    machine and the bend of the curve.
    """
    sizes = sizes[:2] if options.quick else sizes
    works = {str(size): make(size) for size in sizes}
    times = interleaved(works, rounds, options)
    x = np.log(np.tile(np.asarray(sizes, dtype=float), times.shape[0]))
    fit = scipy.stats.linregress(x, np.log(times).ravel())
    freedom = x.size - 2
    half = float(scipy.stats.t.ppf(0.975, freedom) * fit.stderr) if freedom > 0 else math.inf
    largest = np.median(times, axis=0)
    row = Row(
        topic, case, "growth", what,
        float(fit.slope), float(fit.slope) - half, float(fit.slope) + half,
        float(largest[-1]), math.nan, wanted, times.shape[0],
        f"{sizes[0]:,} to {sizes[-1]:,}{'; ' + note if note else ''}",
    )  # fmt: skip
    return options.log(row)
