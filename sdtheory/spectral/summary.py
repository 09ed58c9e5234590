"""What one pass over the data leaves behind, and what a chunk of data must look like."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.spectrum import Spectrum, Targets

__all__ = ["Chunk", "Summary", "not_empty", "same_labels", "summarised", "varies"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A factorised data set without its samples: filters act on it, coefficients come out."""

    spectrum: Spectrum
    """Of the weighted, centred design; without vectors in sample space, with `targets`."""
    x_mean: Array
    """Weighted mean of the features (p,); zero without an intercept."""
    y_mean: Array
    """Weighted mean of the labels, () or (q,); zero without an intercept."""
    total: float
    """Sum of the sample weights, their number without any."""
    intercept: bool
    """Whether an unpenalised intercept is fitted."""

    @property
    def targets(self) -> Targets:
        """The labels in the coordinates of the spectrum."""
        targets = self.spectrum.targets
        assert targets is not None  # both accumulators keep them
        return targets

    def coefficients(self, profile: Filter) -> tuple[Array, Array]:
        """Return a student's coefficients (p,) or (p, q) and intercept () or (q,).

        Predictions at features (m, p) are new @ coefficients + intercept.
        """
        slopes = self.spectrum.parameters(profile, self.targets)
        return slopes, self.y_mean - self.x_mean @ slopes


def summarised(
    spectrum: Spectrum,
    targets: Targets,
    x_mean: Array,
    y_mean: Array,
    total: float,
    intercept: bool,
    single: bool,
) -> Summary:
    """Return a summary; labels that came as vectors lose their second axis again."""
    if single:
        targets = Targets(targets.projected[:, 0], targets.outside[0])
        y_mean = y_mean[0]
    held = Spectrum(spectrum.eigenvalues, spectrum.n, None, spectrum.right, targets)
    return Summary(held, x_mean, y_mean, total, bool(intercept))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some samples, checked; labels are columns."""

    design: Array
    """Features (m, p)."""
    y: Array
    """Labels (m, q)."""
    root: Array | None
    """Square roots of the sample weights (m,); None where all are one."""
    rows: int
    single: bool
    """Whether the labels were a vector."""

    @classmethod
    def made(
        cls, design: Array, y: Array, sample_weight: Array | None, seen: Array | None, single: bool
    ) -> Chunk:
        """Check a chunk; `seen` is a matrix (p, q) that earlier chunks led to, or None."""
        design = _checks.array("design", design, like=seen, ndim=2, empty=True)
        y = _checks.array("y", y, like=design, ndim=(1, 2), empty=True)
        _checks.same_length("y", y, "design", design)
        vector = y.ndim == 1
        y = y[:, None] if vector else y
        if seen is not None:
            same_labels(seen, single, design[:1, :].T @ y[:1, :], vector)
        root = None
        if sample_weight is not None:
            weight = _checks.array(
                "sample_weight", sample_weight, like=design, ndim=1, at_least=0, empty=True
            )
            _checks.same_length("sample_weight", weight, "design", design)
            root = namespace(design).sqrt(weight)
        return cls(design, y, root, design.shape[0], vector)


def same_labels(
    seen: Array, single: bool, new: Array, new_single: bool, name: str = "design and y"
) -> None:
    """Raise unless two matrices (p, q) tell of data of the same form."""
    if tuple(seen.shape) == tuple(new.shape) and single == new_single:
        return

    def form(matrix: Array, vector: bool) -> str:
        features, outputs = matrix.shape
        return f"{features} features and {'a label vector' if vector else f'{outputs} outputs'}"

    raise ValueError(
        f"{name} must have {form(seen, single)}, as before, got {form(new, new_single)}"
    )


def varies(deviation: Array, mean: Array, rows: int, most: float = math.inf) -> Array:
    """Say, by one or zero for each column, whether its deviation is more than rounding.

    What centring leaves of a constant would be magnified by every criterion that knows no scale.
    Rounding errors of a sum of `rows` terms grow like the root of their number; with all rows at
    hand it is `most` units at most.
    """
    xp = namespace(deviation)
    rounding = min(64 * rows**0.5, most) * eps(mean) * xp.abs(mean)
    return xp.astype(deviation > rounding, deviation.dtype)


def not_empty(rows: int, total: float) -> None:
    """Raise unless there is something to factorise."""
    if not total > 0:
        raise ValueError(
            f"update must have seen a sample with a positive weight, got {rows} rows of weight 0"
        )
