"""Every risk of this field is a sum of squares, linear in what a filter loses and in what it keeps.

    risk(f) = constant + |offset + weight @ part(f)|**2 + ... + 2 slope . kept(f)

where part(f) is `lost` (bias: what is missing from the signal) or `coefficient` (noise, and
predictions at new points). Bias and noise are never subtracted from each other, so nothing cancels.
`risk.along(base, directions)` restricts it to an affine family of filters: a small least-squares
problem, and its solution is an optimal weight (see `projections`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdtheory import _checks
from sdtheory._array import Array, eps, first, namespace
from sdtheory.spectral.filters import Filter

__all__ = ["Block", "LeastSquares", "Minimiser", "QuadraticRisk", "Ratio", "RatioRisk"]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows offset + weight @ part; `weight` is (m, r), or (r,) for a diagonal matrix.

    >>> import numpy as np
    >>> from sdtheory.spectral import filters
    >>> teacher = filters.distill([1.0, 3.0], lam=1.0, xi=0.0, steps=0)
    >>> Block(np.array([2.0, 4.0]), "lost").rows(teacher)
    array([1., 1.])
    """

    weight: Array
    part: Literal["lost", "coefficient"]
    offset: Array | None = None
    """Shape (m,); None for zero."""

    def rows(self, profile: Filter, change: bool = False) -> Array:
        """Return the rows (..., m) of a filter; of a change, without the offset."""
        _checks.instance("profile", profile, Filter)
        _checks.flag("change", change)
        values = profile.lost if self.part == "lost" else profile.coefficient
        if values.shape[-1] != self.weight.shape[-1]:
            raise ValueError(
                f"filter must have the {self.weight.shape[-1]} modes of the risk, "
                f"got {values.shape[-1]}"
            )
        rows = values * self.weight if self.weight.ndim == 1 else values @ self.weight.T
        return rows if change or self.offset is None else rows + self.offset


@dataclass(frozen=True, slots=True)
class QuadraticRisk:
    """A quadratic functional of a filter; call it with a filter (or a stack of them).

    >>> import numpy as np
    >>> from sdtheory.spectral import filters
    >>> bias = Block(np.array([1.0, 2.0]), "lost")
    >>> risk = QuadraticRisk((bias,), constant=np.array(0.5))
    >>> teacher = filters.distill([1.0, 3.0], lam=1.0, xi=0.0, steps=0)
    >>> risk(teacher)
    np.float64(1.0)
    >>> risk.along(teacher, filters.taylor_directions([1.0, 3.0], 1.0, steps=1)).minimiser().weights
    array([1.53846154])
    >>> risk.traces(teacher), risk.tilt(teacher)  # what the risk sees of a filter; its linear part
    (array([0.5, 0.5]), np.float64(0.0))
    """

    blocks: tuple[Block, ...]
    constant: Array
    """Shape (): what no filter changes."""
    slope: Array | None = None
    """Shape (r,): coefficient of 2 * kept (the penalty on degrees of freedom in SURE)."""

    def __call__(self, profile: Filter) -> Array:
        """Return the risk, of shape (...) for filters of shape (..., r)."""
        _checks.instance("profile", profile, Filter)
        xp = namespace(profile.kept)
        total = self.constant
        for block in self.blocks:
            total = total + xp.sum(block.rows(profile) ** 2, axis=-1)
        return total + 2.0 * self.tilt(profile)

    def rows(self, profile: Filter, change: bool = False) -> Array:
        """Return all rows of one filter (m,) or of a stack of changes (k, m)."""
        _checks.instance("profile", profile, Filter)
        xp = namespace(profile.kept)
        return xp.concat([block.rows(profile, change) for block in self.blocks], axis=-1)

    def traces(self, profile: Filter) -> Array:
        """Return rows of changes (k, m) that vanish, mode by mode, if the risk cannot see them."""
        rows = self.rows(profile, change=True)
        if self.slope is None:
            return rows
        return namespace(rows).concat([rows, self.slope * profile.kept], axis=-1)

    def tilt(self, profile: Filter) -> Array:
        """Return slope . kept, of shape (...)."""
        _checks.instance("profile", profile, Filter)
        xp = namespace(profile.kept)
        tilted = xp.zeros_like(profile.kept) if self.slope is None else self.slope * profile.kept
        return xp.sum(tilted, axis=-1)

    def along(self, base: Filter, directions: Filter) -> LeastSquares:
        """Restrict the risk to base + w_1 direction_1 + ... + w_k direction_k."""
        _checks.instance("base", base, Filter)
        _checks.instance("directions", directions, Filter)
        return LeastSquares(
            residual=self.rows(base),
            design=self.rows(directions, change=True).T,
            slope=self.tilt(directions),
            constant=self.constant + 2.0 * self.tilt(base),
        )


@dataclass(frozen=True, slots=True)
class RatioRisk:
    """Energy over squared residual degrees of freedom: generalised cross-validation.

    value(f) = energy(f) / (spare + sum of lost)**2; energy is a `QuadraticRisk` without slope.

    >>> import numpy as np
    >>> from sdtheory.spectral import filters
    >>> energy = QuadraticRisk((Block(np.array([1.0, 2.0]), "lost"),), constant=np.array(0.5))
    >>> teacher = filters.distill([1.0, 3.0], lam=1.0, xi=0.0, steps=0)
    >>> risk = RatioRisk(energy, spare=1)
    >>> risk(teacher), risk.freedom(teacher)
    (np.float64(0.32653061), np.float64(1.75))
    """

    energy: QuadraticRisk
    spare: int
    """Samples beyond the number of modes: n - r."""

    def __call__(self, profile: Filter) -> Array:
        """Return the criterion, of shape (...) for filters of shape (..., r)."""
        return self.energy(profile) / self.freedom(profile) ** 2

    def freedom(self, profile: Filter) -> Array:
        """Return the residual degrees of freedom (...) of filters (..., r), not zero."""
        _checks.instance("profile", profile, Filter)
        xp = namespace(profile.kept)
        freedom = self.spare + xp.sum(profile.lost, axis=-1)
        if not bool(xp.all(freedom != 0)):
            raise ValueError("lam must be larger: no residual degrees of freedom are left, got 0")
        return freedom

    def traces(self, profile: Filter) -> Array:
        """Return rows of changes (k, m) that vanish, mode by mode, if the risk cannot see them."""
        rows = self.energy.rows(profile, change=True)
        return namespace(rows).concat([rows, profile.lost], axis=-1)

    def along(self, base: Filter, directions: Filter) -> Ratio:
        """Restrict the criterion to base + w_1 direction_1 + ... + w_k direction_k."""
        _checks.instance("base", base, Filter)
        xp = namespace(base.kept)
        squares = self.energy.along(base, directions)
        return Ratio(
            squares,
            self.spare + xp.sum(base.lost, axis=-1),
            xp.sum(directions.lost, axis=-1),
        )


@dataclass(frozen=True, slots=True)
class Minimiser:
    """Where a criterion in a few unknowns is smallest."""

    weights: Array
    """Shape (k,); the shortest one where several are equally good."""
    rank: int
    """Number of independent directions."""
    descent: Array | None = None
    """A direction in which the criterion falls for ever, if there is one (rounding apart)."""


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """The criterion constant + |residual + design @ w|**2 + 2 slope . w in k unknowns w.

    >>> import numpy as np
    >>> one, zero = np.ones(1), np.zeros(1)
    >>> criterion = LeastSquares(residual=2.0 * one, design=one[:, None], slope=zero, constant=0.0)
    >>> criterion(zero), criterion.minimiser().weights
    (np.float64(4.0), array([-2.]))
    """

    residual: Array
    """Shape (m,)."""
    design: Array
    """Shape (m, k)."""
    slope: Array
    """Shape (k,)."""
    constant: Array
    """Shape ()."""

    def __call__(self, weights: Array) -> Array:
        """Return the value at w (..., k)."""
        xp = namespace(self.design)
        weights = _checks.array("weights", weights, like=self.design, empty=True)
        if weights.ndim == 0 or weights.shape[-1] != self.design.shape[1]:
            raise ValueError(
                f"weights must have shape (..., {self.design.shape[1]}), got {tuple(weights.shape)}"
            )
        rows = self.residual + weights @ self.design.T
        tilt = xp.sum(self.slope * weights, axis=-1)
        return self.constant + xp.sum(rows**2, axis=-1) + 2.0 * tilt

    def minimiser(self) -> Minimiser:
        """Solve by the singular values of the column-scaled design, never by normal equations."""
        xp = namespace(self.design)
        scale = _column_norms(self.design)
        if 0 in self.design.shape:
            return Minimiser(xp.zeros_like(self.slope), 0)
        if self.design.shape[1] == 1:
            return self._along_one(scale)
        left, s, right = xp.linalg.svd(self.design / scale, full_matrices=False)
        rank = _rank(s, max(self.design.shape))
        left, s, right = left[:, :rank], s[:rank], right[:rank, :]
        slope = self.slope / scale
        projected = right @ slope
        weights = -(((self.residual @ left) + projected / s) / s) @ right / scale
        flat = slope - projected @ right
        size = first(xp.linalg.vector_norm(slope))
        unbounded = first(xp.linalg.vector_norm(flat)) > 1e3 * eps(s) * size
        return Minimiser(weights, rank, -flat / scale if unbounded else None)

    def _along_one(self, scale: Array) -> Minimiser:
        """Project on one direction: a rotation would mix rows whose sizes differ by decades."""
        xp, unit, slope = namespace(scale), self.design / scale, self.slope / scale
        if not bool(xp.any(unit != 0)):
            return Minimiser(xp.zeros_like(slope), 0, -slope if first(slope) != 0 else None)
        return Minimiser(-(self.residual @ unit + slope) / scale, 1)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The criterion (constant + |residual + design @ w|**2) / (freedom + freedoms . w)**2."""

    squares: LeastSquares
    freedom: Array
    """Residual degrees of freedom at w = 0, positive; shape ()."""
    freedoms: Array
    """Shape (k,)."""

    def __call__(self, weights: Array) -> Array:
        """Return the value at w (..., k)."""
        xp = namespace(self.freedoms)
        return (
            self.squares(weights) / (self.freedom + xp.sum(self.freedoms * weights, axis=-1)) ** 2
        )

    def minimiser(self) -> Minimiser:
        """Solve by homogeneity: with v = u (1, w), the shortest residual at one degree of freedom.

        If the best u is not positive, the infimum over positive degrees of freedom is not attained:
        the criterion falls for ever along the returned direction.
        """
        xp = namespace(self.freedoms)
        squares = self.squares
        moved = xp.linalg.vector_norm(squares.design, axis=0) + xp.abs(self.freedoms)
        rank = int(xp.sum(xp.astype(moved > 0, xp.int64)))
        columns = xp.concat([squares.residual[:, None], squares.design], axis=1)
        floor = xp.concat(
            [xp.reshape(xp.sqrt(squares.constant), (1,)), xp.zeros_like(self.freedoms)]
        )
        columns = xp.concat([columns, floor[None, :]], axis=0)
        scale = _column_norms(columns)
        _, s, right = xp.linalg.svd(columns / scale, full_matrices=False)
        if rank == 0 or first(s) == 0:
            return Minimiser(xp.zeros_like(self.freedoms), 0)
        s = xp.where(s > eps(s) * s[0], s, eps(s) * s[0])
        freedoms = xp.concat([xp.reshape(self.freedom, (1,)), self.freedoms]) / scale
        best = ((right @ freedoms) / s**2) @ right / scale
        weights = best[1:] / xp.where(best[0] == 0, xp.ones_like(best[0]), best[0])
        return Minimiser(weights, rank, None if first(best) > 0 else best[1:])


def _column_norms(matrix: Array) -> Array:
    """Return the length of each column; 1 for a column of zeros."""
    xp = namespace(matrix)
    norms = xp.linalg.vector_norm(matrix, axis=0)
    return xp.where(norms == 0, xp.ones_like(norms), norms)


def _rank(s: Array, size: int) -> int:
    xp = namespace(s)
    return int(xp.sum(xp.astype(s > size * eps(s) * s[0], xp.int64)))
