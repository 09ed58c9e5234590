"""Tuning on data that do not fit memory: from one pass over them, or two for leave-one-out."""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import namespace, place
from sdtheory.label_noise._samples import Samples
from sdtheory.label_noise.estimated import derivatives_of
from sdtheory.label_noise.one_round import Derivatives
from sdtheory.label_noise.tuning import TunedXi, tuned_of, tuned_on
from sdtheory.spectral import LeftOutAccumulator, Summary

__all__ = ["derivatives_left_out", "tune_left_out", "tune_summary"]


def tune_summary(summary: Summary, lam: float, method: str = "gcv", *, steps: int = 1) -> TunedXi:
    """Return the weights that minimise the cross-validated error, from one pass over the data.

    Parameters
    ----------
    summary : Summary
        Of `GramAccumulator` or `QRAccumulator`, which have dealt with intercept and weights.
    lam : float
        Penalty in the sum convention, positive.
    method : {"gcv", "gcv_published"}
        As for `tune_xi`; for leave-one-out see `tune_left_out`.
    steps : int
        Rounds.

    Examples
    --------
    >>> from sdtheory.spectral import GramAccumulator
    >>> seen = GramAccumulator()
    >>> seen.update([[1.0, 0.0], [1.0, 1.0]], [1.0, 2.0])
    >>> seen.update([[0.0, 2.0]], [0.0])
    >>> float(tune_summary(seen.summary(), 1.0).xi)
    -0.785304020598
    """
    _checks.instance("summary", summary, Summary)
    method = _checks.choice("method", method, ("gcv", "gcv_published"))
    steps = _checks.integer("steps", steps, at_least=1, at_most=_checks.POWERS)
    return tuned_of(_samples(summary), _checks.number("lam", lam, above=0), method, steps)


def tune_left_out(seen: LeftOutAccumulator) -> list[TunedXi]:
    """Return the weights that minimise the exact leave-one-out error, for each of its penalties.

    >>> from sdtheory.spectral import GramAccumulator, LeftOutAccumulator
    >>> chunks = [([[1.0, 0.0], [1.0, 1.0]], [1.0, 2.0]), ([[0.0, 2.0]], [0.0])]
    >>> first = GramAccumulator()
    >>> for x, y in chunks:
    ...     first.update(x, y)
    >>> second = LeftOutAccumulator(first.summary(), lam=[0.1, 1.0])
    >>> for x, y in chunks:
    ...     second.update(x, y)
    >>> [float(best.xi) for best in tune_left_out(second)]
    [4.93642595, 0.13581339]
    """
    _checks.instance("seen", seen, LeftOutAccumulator)
    return [tuned_on(squares, "loo", seen.steps) for squares in seen.criteria()]


def derivatives_left_out(seen: LeftOutAccumulator) -> list[Derivatives]:
    """Return slope and curvature of the leave-one-out error of ridge, for each of its penalties.

    As `estimated_derivatives`; the accumulator must have been made for two rounds or more.

    >>> from sdtheory.spectral import GramAccumulator
    >>> x, y = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], [1.0, 2.0, 0.0]
    >>> first = GramAccumulator()
    >>> first.update(x, y)
    >>> second = LeftOutAccumulator(first.summary(), lam=[1.0], steps=2)
    >>> second.update(x, y)
    >>> derivatives_left_out(second)[0].first < 0  # under-regularised
    np.True_
    """
    _checks.instance("seen", seen, LeftOutAccumulator)
    if seen.steps < 2:
        raise ValueError(f"seen must be of at least 2 steps, got {seen.steps}")
    return [derivatives_of(squares) for squares in seen.criteria()]


def _samples(summary: Summary) -> Samples:
    targets, xp = summary.targets, namespace(summary.x_mean)
    single = targets.projected.ndim == 1
    z = targets.projected[:, None] if single else targets.projected
    y_mean = xp.reshape(summary.y_mean, (1,)) if single else summary.y_mean
    spare = xp.reshape(xp.sqrt(xp.sum(targets.outside)), (1,))
    # Cross-validation asks whether there is an intercept, not for its vector.
    constant = place([1.0], like=spare) if summary.intercept else None
    return Samples(
        summary.spectrum,
        xp.zeros_like(z),
        z,
        spare,
        constant,
        summary.x_mean,
        y_mean,
        summary.total,
    )
