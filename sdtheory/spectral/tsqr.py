"""Streamed QR: the triangle R of a data matrix too large to hold, by one small QR a chunk (TSQR).

R has the singular values of the data and loses no more digits than factorising all of them at once
would: a singular value that is smaller than the largest by a factor c keeps a relative accuracy of
about c eps, where a Gram matrix keeps c**2 eps. A column of ones comes first, so that the rest of R
is the triangle of the centred data. It takes twice the arithmetic of a Gram matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdtheory import _checks
from sdtheory._array import Array, namespace, triangle
from sdtheory.spectral import _stored
from sdtheory.spectral.spectrum import Spectrum
from sdtheory.spectral.summary import Chunk, Summary, not_empty, same_labels, summarised, varies

__all__ = ["QRAccumulator"]


@dataclass(slots=True)
class QRAccumulator:
    """The triangle of the rows seen so far; used as `GramAccumulator` is.

    Examples
    --------
    >>> seen = QRAccumulator()
    >>> seen.update([[1.0, 1.0], [1e-9, 0.0]], [1.0, 2.0])
    >>> seen.update([[0.0, 1e-9]], [2.0])
    >>> seen.summary().spectrum.eigenvalues
    array([2.e+00, 1.e-18])
    """

    rows: int = 0
    """How many samples have been seen."""
    outputs: int = 0
    """How many columns of the triangle are labels."""
    single: bool = True
    """Whether the labels came as vectors (m,)."""
    triangle: Array = None
    """R of the columns 1, X, y, of shape (min(rows, 1 + p + q), 1 + p + q); None before any."""

    @property
    def total(self) -> float:
        """Sum of the sample weights, their number without any."""
        if self.triangle is None:
            return 0.0
        return float(namespace(self.triangle).sum(self.triangle[:, 0] ** 2))

    def update(self, design: Array, y: Array, sample_weight: Array | None = None) -> None:
        """Add a chunk: features (m, p), labels (m,) or (m, q), and weights (m,) or None."""
        chunk = Chunk.made(design, y, sample_weight, self._cross(), self.single)
        if chunk.rows == 0:
            return
        xp = namespace(chunk.design)
        columns = [xp.ones_like(chunk.design[:, :1]), chunk.design, chunk.y]
        if chunk.root is not None:
            columns = [chunk.root[:, None] * column for column in columns]
        self._add(xp.concat(columns, axis=1), chunk.rows)
        self.outputs, self.single = chunk.y.shape[1], chunk.single

    def merge(self, other: QRAccumulator) -> None:
        """Add the samples that another accumulator has seen."""
        _checks.instance("other", other, QRAccumulator)
        cross, new = self._cross(), other._cross()
        if new is None:
            return
        if cross is not None:
            same_labels(cross, self.single, new, other.single, "other")
        self._add(other.triangle, other.rows)
        self.outputs, self.single = other.outputs, other.single

    def summary(self, intercept: bool = False) -> Summary:
        """Factorise once: everything that students ask of the samples seen so far.

        Parameters
        ----------
        intercept : bool
            Fit an unpenalised intercept.
        """
        _checks.flag("intercept", intercept)
        total = self.total
        not_empty(self.rows, total)
        small = self.triangle
        xp = namespace(small)
        last = small.shape[1] - self.outputs
        means = small[0, 1:] / small[0, 0]
        if intercept:  # what is left of each column beside the first is its deviation from the mean
            small = small[1:, :] if small.shape[0] > 1 else xp.zeros_like(small)
            spread = xp.linalg.vector_norm(small[:, 1:], axis=0) / total**0.5
            kept = varies(spread, means, self.rows)
            small = xp.concat([small[:, :1], small[:, 1:] * kept], axis=1)
        else:
            means = xp.zeros_like(means)
        # R is a small data set that no penalty tells from the large one.
        found = Spectrum.from_design(small[:, 1:last])
        spectrum = Spectrum(found.eigenvalues, self.rows, None, found.right)
        targets = found.project(small[:, last:])
        x_mean, y_mean = means[: last - 1], means[last - 1 :]
        return summarised(spectrum, targets, x_mean, y_mean, total, intercept, self.single)

    def save(self, path: str | Path) -> None:
        """Write an ``.npz`` file, whole or not at all, without pickle."""
        _stored.save(self, _checks.path("path", path))

    @classmethod
    def load(cls, path: str | Path) -> QRAccumulator:
        """Read what `save` wrote, as NumPy arrays; refuses anything else."""
        found: QRAccumulator = _stored.load(cls, _checks.path("path", path))
        return found

    def _add(self, rows: Array, count: int) -> None:
        xp = namespace(rows)
        self.triangle = triangle(
            rows if self.triangle is None else xp.concat([self.triangle, rows])
        )
        self.rows += count

    def _cross(self) -> Array | None:
        """Return a matrix of the shape (p, q) of X'y."""
        if self.triangle is None:
            return None
        last = self.triangle.shape[1] - self.outputs
        return self.triangle[:1, 1:last].T @ self.triangle[:1, last:]
