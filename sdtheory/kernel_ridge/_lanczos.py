"""Lanczos with the labels as start vector: all rounds, weights and penalties from one run.

After m products Q (n, m) is orthonormal and K Q = Q T + beta q_next e_m'. Every student of the
small problem (T, |y| e_1) is an approximate student of (K, y), and misses its own equation only
along q_next. That residual is known without another product, so the error is bounded, not guessed.
Rounding adds to it: K Q and Q T agree to some eps |K| only, which a small penalty magnifies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, is_array, namespace, place

__all__ = ["Approximation", "Krylov"]


@dataclass(frozen=True, slots=True)
class Approximation:
    """A chain in a Krylov space, round by round, and how far it may be from that of the kernel.

    Errors are those of the fitted values, and those in the norm of the function space: no
    prediction at x is off by more than sqrt(k(x, x)) times the latter.
    """

    dual: list[Array]
    """Weights (n,) of the training points."""
    fitted: list[Array]
    """Fitted values (n,)."""
    missed: list[float]
    """Proved bound on the error of the fitted values in exact arithmetic."""
    missed_norm: list[float]
    """The same in the function space."""
    rounding: list[float]
    """What rounding may add to the first, to first order."""
    rounding_norm: list[float]
    """What it may add to the second."""


class Krylov:
    """The Krylov space of a kernel and one label vector; grows on demand."""

    def __init__(self, product: Callable[[Array], Array], y: Array) -> None:
        xp = namespace(y)
        self._product, self._xp = product, xp
        self.norm = float(xp.linalg.vector_norm(y))
        # Products, and what is orthogonal to their basis, are right to so many |K|.
        self._rounding = 2.0 * eps(y) * y.shape[0] ** 0.5
        self._columns = [y / self.norm] if self.norm > 0 else []
        self._diagonal: list[float] = []
        self._beside: list[float] = []
        self._d: Array
        self._vectors: Array

    @property
    def products(self) -> int:
        """How many kernel products have been made."""
        return len(self._diagonal)

    @property
    def exhausted(self) -> bool:
        """Whether the space contains every student already."""
        if self.norm == 0 or not self._beside:
            return self.norm == 0
        # Beside the diagonal of a semi-definite matrix nothing is larger than on it. What is left
        # of a product may be its rounding error: then it is neither new nor orthogonal.
        return bool(self._beside[-1] <= self._rounding * max(map(abs, self._diagonal)))

    def grow(self, products: int) -> None:
        """Make up to `products` more products, with full reorthogonalisation."""
        xp = self._xp
        for _ in range(products):
            if self.exhausted:
                break
            q = self._columns[-1]
            new = self._product(q)
            alike = is_array(new) and namespace(new) is xp and new.shape == q.shape
            if not alike or not bool(xp.all(xp.isfinite(new))):
                raise ValueError(
                    f"kernel must map a vector of shape {tuple(q.shape)} to a finite one of the "
                    f"same shape, got {_checks.show(new)}"
                )
            self._diagonal.append(float(xp.sum(q * new)))
            basis = xp.stack(self._columns)
            for _ in range(2):  # twice is enough
                new = new - (basis @ new) @ basis
            self._beside.append(float(xp.linalg.vector_norm(new)))
            if not self.exhausted:
                self._columns.append(new / self._beside[-1])
        if self._diagonal:
            self._diagonalise()

    def _diagonalise(self) -> None:
        xp, m = self._xp, self.products
        like = self._columns[0]
        small = [[0.0] * m for _ in range(m)]
        for i in range(m):
            small[i][i] = self._diagonal[i]
            if i + 1 < m:
                small[i][i + 1] = small[i + 1][i] = self._beside[i]
        table = place(small, like)
        d, self._vectors = xp.linalg.eigh(table)
        low, size = float(xp.min(d)), float(xp.max(xp.abs(d)))
        if low < -(eps(d) ** 0.5) * size:
            raise ValueError(
                f"kernel must be positive semi-definite, got a Rayleigh quotient of {low:.6g}"
            )
        self._d = xp.where(d > 0, d, 0.0 * d)  # what is negative is so by rounding

    def chain(self, lams: list[float], xis: list[float]) -> Approximation:
        """Return the teacher and its students, with bounds on their errors."""
        xp = self._xp
        basis = xp.stack(self._columns[: self.products])
        start = self.norm * self._vectors[0, :]
        beta = 0.0 if self.exhausted else self._beside[-1]
        size = float(xp.max(self._d))
        found = Approximation([], [], [], [], [], [])
        kept, before = xp.ones_like(start), xp.zeros_like(start)
        missed, missed_norm, rounding = 0.0, 0.0, 0.0
        for k, lam in enumerate(lams):
            xi = 0.0 if k == 0 else xis[k - 1]
            mixture = (1.0 - xi) + xi * kept
            coefficient = mixture / (self._d + lam)
            kept = self._d * coefficient
            weights = self._vectors @ (coefficient * start)
            # (K + lam) error_k = xi K error_{k-1} + residual q_next, and K is semi-definite.
            residual = beta * abs(float(weights[-1] - xi * before[-1]))
            missed = abs(xi) * missed + residual
            missed_norm = abs(xi) * missed_norm + 0.5 * residual / lam**0.5
            wrong = self._rounding * float(xp.linalg.vector_norm(size * weights))
            passed_on = abs(xi) * rounding
            rounding = size / (size + lam) * passed_on + wrong
            length = float(xp.linalg.vector_norm(kept * start))
            norm = float(xp.linalg.vector_norm(xp.sqrt(self._d) * coefficient * start))
            found.dual.append(weights @ basis)
            found.fitted.append((self._vectors @ (kept * start)) @ basis)
            found.missed.append(missed)
            found.missed_norm.append(missed_norm)
            found.rounding.append(rounding + self._rounding * length)
            found.rounding_norm.append(0.5 * (passed_on + wrong) / lam**0.5 + self._rounding * norm)
            before = weights
        return found
