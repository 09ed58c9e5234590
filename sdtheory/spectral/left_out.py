"""Exact leave-one-out errors of a whole pipeline, sample by sample, so that a stream will do."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, device, eps, namespace, place, triangle
from sdtheory.spectral.risks import LeastSquares
from sdtheory.spectral.summary import Chunk, Summary

__all__ = ["LeftOutAccumulator", "left_out_errors"]


def left_out_errors(
    left: Array,
    d: Array,
    z: Array,
    y: Array,
    lam: Array,
    steps: int,
    complete: bool,
    constant: Array | None = None,
) -> list[Array]:
    """Return e_0, ..., e_steps (m, q): leaving out a sample costs it e_0 + w_1 e_1 + ....

    Each sample needs its own row only: `left` (m, r) of U and `y` (m, q); d (r,) and z (r, q) are
    of all samples, and so is `complete`: whether there are as many modes as samples. A `constant`
    (m,) is a direction that no penalty holds back; labels and modes are orthogonal to it.

    Notes
    -----
    Students move along the ridge path, and leaving out a sample commutes with that. So e_k are the
    coefficients in t of the leave-one-out residual of ridge at the penalty lam (1 - t), which is
    residual / (1 - leverage); both series are known, and the quotient of power series is short.
    """
    xp = namespace(left)
    inverse = 1.0 / (d + lam)
    # Residuals and 1 - leverage have a part that no penalty changes and one that carries a factor
    # lam. Without the former (as many modes as samples) the factor is left out: no digits are lost.
    fixed, spare, scale = y - left @ z, 1.0 - xp.sum(left**2, axis=1), float(lam)
    if constant is not None:
        spare = spare - constant**2
    free = spare > 4 * (left.shape[1] + 1) * eps(d)
    if complete:
        free, scale = xp.zeros_like(free), 1.0
    # A sample that the others say nothing of is fitted exactly: what is left of it is rounding.
    fixed = xp.where(free[:, None], fixed, xp.zeros_like(fixed))
    spare = xp.where(free, spare, xp.zeros_like(spare)) + scale * ((left**2) @ inverse)
    if not bool(xp.all(spare > 0)):
        raise ValueError(
            "lam must be larger: a sample is interpolated (leverage one), so leaving it out is "
            f"undetermined, got {float(lam)}"
        )
    lost = float(lam) * inverse
    # Of the changes, too, if it is small: what does not fall with the penalty would cancel.
    small = complete and float(lam) < (float(xp.min(d)) * float(xp.max(d))) ** 0.5
    change = inverse * lost if small else -(scale * inverse) * (d * inverse)
    errors = [(fixed + scale * (left @ (inverse[:, None] * z))) / spare[:, None]]
    leverages: list[Array] = []
    for k in range(steps):
        leverages.append((left**2) @ change)
        rest = left @ (change[:, None] * z)
        size = xp.abs(left) @ xp.abs(change[:, None] * z)
        for j in range(k + 1):
            carried = leverages[j][:, None] * errors[k - j]
            rest, size = rest - carried, size + xp.abs(carried)
        # What is left of a complete cancellation is rounding, and no direction.
        bound = 4 * max(left.shape) * eps(d) * xp.linalg.vector_norm(size)
        noise = xp.linalg.vector_norm(rest) <= bound
        errors.append(xp.where(noise, 0.0 * rest, rest) / spare[:, None])
        change = change * lost
    return errors


@dataclass(slots=True)
class LeftOutAccumulator:
    """Leave-one-out errors at some penalties, from a second pass over the data.

    Feed it the chunks that its `summary` was made from, with `update` or `stream`, and join two
    with `merge`. The errors of all samples are kept as one small triangle a penalty.

    >>> import numpy as np
    >>> from sdtheory.spectral import GramAccumulator
    >>> x, y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), np.array([1.0, 2.0, 0.0])
    >>> moments = GramAccumulator()
    >>> moments.update(x, y)
    >>> halves = [LeftOutAccumulator(moments.summary(), lam=[1.0]) for _ in range(2)]
    >>> halves[0].update(x[:2], y[:2])
    >>> halves[1].update(x[2:], y[2:])
    >>> halves[0].merge(halves[1])
    >>> -halves[0].criteria()[0].minimiser().weights  # the best xi at the penalty 1
    array([0.13581339])
    """

    summary: Summary
    """Of all samples."""
    lam: Array
    """Penalties (l,), positive."""
    steps: int = 1
    """Rounds of distillation."""
    rows: int = 0
    """How many samples have been seen."""
    triangles: Array = None
    """R (l, steps + 1, steps + 1) of the columns e_0, ..., e_steps; None before any sample."""

    def __post_init__(self) -> None:
        """Check the arguments."""
        _checks.instance("summary", self.summary, Summary)
        d = self.summary.spectrum.eigenvalues
        self.rows = _checks.integer("rows", self.rows)
        if self.triangles is not None:
            self.triangles = _checks.array("triangles", self.triangles, like=d, ndim=3)
        self.lam = _checks.array("lam", self.lam, like=d, ndim=(0, 1), above=0)
        self.lam = namespace(d).reshape(self.lam, (-1,))
        self.steps = _checks.integer("steps", self.steps, at_least=1, at_most=_checks.POWERS)

    def update(self, design: Array, y: Array, sample_weight: Array | None = None) -> None:
        """Add a chunk: features (m, p), labels (m,) or (m, q), and weights (m,) or None."""
        spectrum, z = self.summary.spectrum, self.summary.targets.projected
        right = spectrum.right
        assert right is not None  # a summary is of a design
        single = z.ndim == 1
        z = z[:, None] if single else z
        chunk = Chunk.made(design, y, sample_weight, right @ z, single)
        if chunk.rows == 0:
            return
        xp = namespace(right)
        d, y = spectrum.eigenvalues, chunk.y - self.summary.y_mean
        left = ((chunk.design - self.summary.x_mean) @ right) / xp.sqrt(d)
        constant = xp.ones_like(chunk.design[:, :1]) / self.summary.total**0.5
        if chunk.root is not None:
            root = chunk.root[:, None]
            left, y, constant = root * left, root * y, root * constant
        kept = constant[:, 0] if self.summary.intercept else None
        self._add(xp.stack([self._columns(left, z, y, lam, kept) for lam in self.lam]), chunk.rows)

    def merge(self, other: LeftOutAccumulator) -> None:
        """Add the samples that another accumulator with the same summary has seen."""
        _checks.instance("other", other, LeftOutAccumulator)
        if other.lam.shape[0] != self.lam.shape[0] or other.steps != self.steps:
            raise ValueError(
                f"other must have {self.lam.shape[0]} penalties and {self.steps} steps, got "
                f"{other.lam.shape[0]} and {other.steps}"
            )
        if other.triangles is not None:
            self._add(other.triangles, other.rows)

    def criteria(self) -> list[LeastSquares]:
        """Return, for each penalty, the leave-one-out error as a function of the Taylor weights.

        Mean over samples of the squared error, summed over outputs; see `filters.taylor`.
        """
        if self.triangles is None or self.rows != self.summary.spectrum.n:
            raise ValueError(
                f"update must have seen the {self.summary.spectrum.n} samples of the summary, "
                f"got {self.rows}"
            )
        slope, constant = (place(v, like=self.lam) for v in ([0.0] * self.steps, 0.0))
        scaled = self.triangles / self.summary.total**0.5
        return [
            LeastSquares(scaled[k, :, 0], scaled[k, :, 1:], slope, constant)
            for k in range(self.lam.shape[0])
        ]

    def _columns(
        self, left: Array, z: Array, y: Array, lam: Array, constant: Array | None
    ) -> Array:
        """Return e_0, ..., e_steps as columns (m q, steps + 1)."""
        xp, d = namespace(left), self.summary.spectrum.eigenvalues
        complete = d.shape[0] + (constant is not None) == self.summary.spectrum.n
        errors = left_out_errors(left, d, z, y, lam, self.steps, complete, constant)
        return xp.stack([xp.reshape(e, (-1,)) for e in errors], axis=1)

    def _add(self, rows: Array, count: int) -> None:
        xp = namespace(rows)
        if self.triangles is None:
            shape = (rows.shape[0], self.steps + 1, self.steps + 1)
            before = xp.zeros(shape, dtype=rows.dtype, device=device(rows))
        else:
            before = self.triangles
        self.triangles = triangle(xp.concat([before, rows], axis=1))
        self.rows += count
