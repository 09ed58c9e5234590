"""Data that do not fit memory: a stream of chunks leaves X'X, X'y, y'y, means and counts behind.

These are all that ridge regression and its students ask of the data, so any of them follows from
one pass. Moments are kept about the running means (the pairwise update of Chan, Golub and LeVeque),
so an intercept costs no digits. Squaring does: singular values below sqrt(p eps) of the largest are
lost, and one that is smaller by a factor c keeps a relative accuracy of about c**2 eps. For data
worse conditioned than 1e6 or so use `QRAccumulator`, which loses c eps.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.spectral import _stored
from sdtheory.spectral.spectrum import Spectrum
from sdtheory.spectral.summary import Chunk, Summary, not_empty, same_labels, summarised, varies

__all__ = ["GramAccumulator"]


@dataclass(slots=True)
class GramAccumulator:
    """Moments of the rows seen so far; feed it chunks with `update`, join two with `merge`.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory import filters
    >>> x, y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [2.0, 1.0]]), np.arange(4.0)
    >>> seen = GramAccumulator()
    >>> for rows in (slice(0, 2), slice(2, 4)):
    ...     seen.update(x[rows], y[rows])
    >>> summary = seen.summary()
    >>> profile = filters.distill(summary.spectrum.eigenvalues, lam=1.0, xi=1.0, steps=1)
    >>> summary.coefficients(profile)[0]
    array([0.58125, 0.76875])
    >>> other = GramAccumulator()
    >>> other.update(x, y)
    >>> other.merge(seen)  # all rows twice
    >>> other.rows, other.y_mean
    (8, array([1.5]))
    """

    rows: int = 0
    """How many samples have been seen."""
    total: float = 0.0
    """Sum of their weights, which is their number without any."""
    single: bool = True
    """Whether the labels came as vectors (m,)."""
    x_mean: Array = None
    """Weighted mean of the features (p,); None before the first sample, as all that follow."""
    y_mean: Array = None
    """Weighted mean of the labels (q,)."""
    gram: Array = None
    """Weighted X'X about the means, (p, p)."""
    cross: Array = None
    """Weighted X'y about the means, (p, q)."""
    energy: Array = None
    """Weighted y'y of each output about its mean, (q,)."""

    def update(self, design: Array, y: Array, sample_weight: Array | None = None) -> None:
        """Add a chunk: features (m, p), labels (m,) or (m, q), and weights (m,) or None."""
        seen = None if self.x_mean is None else self.cross
        chunk = Chunk.made(design, y, sample_weight, seen, self.single)
        if chunk.rows == 0:
            return
        x, y, root = chunk.design, chunk.y, chunk.root
        xp = namespace(x)
        shares = xp.ones_like(x[:, 0]) if root is None else root**2
        total = float(xp.sum(shares))
        # Rows without any weight say nothing; their mean is then any number.
        shares = shares / (total if total > 0 else 1.0)
        x_mean, y_mean = shares @ x, shares @ y
        x, y = x - x_mean, y - y_mean
        if root is not None:
            x, y = root[:, None] * x, root[:, None] * y
        energy = xp.sum(y**2, axis=0)
        self.merge(
            GramAccumulator(
                chunk.rows, total, chunk.single, x_mean, y_mean, x.T @ x, x.T @ y, energy
            )
        )

    def merge(self, other: GramAccumulator) -> None:
        """Add the samples that another accumulator has seen."""
        _checks.instance("other", other, GramAccumulator)
        if other.x_mean is None:
            return
        if self.x_mean is None or self.total == 0:
            seen = self.rows
            for name in self.__slots__:
                setattr(self, name, getattr(other, name))
            self.rows += seen
            return
        same_labels(self.cross, self.single, other.cross, other.single, "other")
        both = self.total + other.total
        share = self.total * (other.total / both)
        dx, dy = other.x_mean - self.x_mean, other.y_mean - self.y_mean
        self.gram = self.gram + other.gram + share * (dx[:, None] * dx)
        self.cross = self.cross + other.cross + share * (dx[:, None] * dy)
        self.energy = self.energy + other.energy + share * dy**2
        self.x_mean = self.x_mean + (other.total / both) * dx
        self.y_mean = self.y_mean + (other.total / both) * dy
        self.rows, self.total = self.rows + other.rows, both

    def summary(self, intercept: bool = False) -> Summary:
        """Factorise once: everything that students ask of the samples seen so far.

        Parameters
        ----------
        intercept : bool
            Fit an unpenalised intercept.
        """
        _checks.flag("intercept", intercept)
        not_empty(self.rows, self.total)
        gram, cross, energy = self.gram, self.cross, self.energy
        x_mean, y_mean = self.x_mean, self.y_mean
        if intercept:
            xp = namespace(gram)
            x_spread = xp.sqrt(xp.linalg.diagonal(gram) / self.total)
            x_kept = varies(x_spread, x_mean, self.rows)
            y_kept = varies(xp.sqrt(energy / self.total), y_mean, self.rows)
            gram, energy = x_kept[:, None] * gram * x_kept, energy * y_kept
            cross = x_kept[:, None] * cross * y_kept
        else:
            gram = gram + self.total * (x_mean[:, None] * x_mean)
            cross = cross + self.total * (x_mean[:, None] * y_mean)
            energy = energy + self.total * y_mean**2
        spectrum = Spectrum.from_gram(gram, cross, energy, self.rows)
        assert spectrum.targets is not None  # a Gram matrix knows its targets
        means = (x_mean, y_mean) if intercept else (0.0 * x_mean, 0.0 * y_mean)
        return summarised(spectrum, spectrum.targets, *means, self.total, intercept, self.single)

    def save(self, path: str | Path) -> None:
        """Write an ``.npz`` file, whole or not at all, without pickle."""
        _stored.save(self, _checks.path("path", path))

    @classmethod
    def load(cls, path: str | Path) -> GramAccumulator:
        """Read what `save` wrote, as NumPy arrays; refuses anything else.

        >>> import tempfile
        >>> seen = GramAccumulator()
        >>> seen.update([[1.0], [2.0]], [1.0, 0.0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     seen.save(f"{folder}/seen.npz")
        ...     GramAccumulator.load(f"{folder}/seen.npz").rows
        2
        """
        found: GramAccumulator = _stored.load(cls, _checks.path("path", path))
        return found
