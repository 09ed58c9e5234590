"""One chain of students by the cheapest route that answers the question.

Every route yields dual weights: predictions are K(new, train) @ dual. One penalty needs one
Cholesky factor; many penalties one eigendecomposition; a large kernel, or one that exists only as a
function, a few dozen products with the labels (Lanczos), with a bound on the error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace
from sdtheory.kernel_ridge._cholesky import solve_chain
from sdtheory.kernel_ridge._lanczos import Krylov
from sdtheory.spectral import filters
from sdtheory.spectral.schedules import per_round
from sdtheory.spectral.smoother import Smoother

__all__ = ["ROUTES", "Chain", "distil"]

ROUTES = ("auto", "cholesky", "eigh", "lanczos")
# An eigendecomposition costs about as much as this many Cholesky factors of the same size.
_FACTORS_PER_EIGH = 6
# From here on a product costs so much less than a factor that trying Lanczos first is cheap.
_LARGE = 1500
# A product has 6 / n of a factor's arithmetic, but waits for memory: it costs about 30 / n of one.
_PRODUCTS_PER_FACTOR = 1 / 30
_BATCH = 10


@dataclass(frozen=True, slots=True)
class Chain:
    """The teacher and its students, as functions of K(new, train)."""

    dual: Array
    """Weights of the training points (rounds + 1, n) or (rounds + 1, n, q), the teacher's first."""
    fitted: Array
    """Predictions at the training inputs, same shape."""
    route: str
    """`cholesky`, `eigh` or `lanczos`: what was done."""
    why: str
    """Why this route."""
    products: int
    """Kernel products that Lanczos made; 0 on the other routes."""
    fitted_error: float
    """Bound on |error| / |fitted| over all rounds, proved but for a first-order estimate of
    rounding, which is part of it; 0 on the exact routes."""
    norm_error: float
    """Bound on the error in the function space: no prediction at x is off by more than
    sqrt(k(x, x)) times it. 0 on the exact routes."""

    def predict(self, new: Array, steps: int = -1) -> Array:
        """Return predictions from K(new, train) (m, n) after `steps` rounds (the last by default).

        >>> distil([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.0], lam=1.0, xi=1.0).predict([[1.0, 1.0]])
        array([0.1875])
        """
        new = _checks.array("new", new, like=self.dual, ndim=2, empty=True)
        if new.shape[1] != self.dual.shape[1]:
            raise ValueError(
                f"new must have {self.dual.shape[1]} columns, got shape {tuple(new.shape)}"
            )
        rounds = self.dual.shape[0] - 1
        steps = _checks.integer("steps", steps, at_least=-rounds - 1, at_most=rounds)
        return new @ self.dual[steps, ...]


def distil(
    kernel: Array | Callable[[Array], Array],
    y: Array,
    lam: Array,
    xi: Array = 1.0,
    steps: int | None = None,
    *,
    route: str = "auto",
    tolerance: float = 1e-8,
    products: int = 500,
) -> Chain:
    """Return the teacher and every student of one schedule, and how they were computed.

    Parameters
    ----------
    kernel : array (n, n) or callable
        Positive semi-definite. A callable v -> K v of vectors (n,) is never turned into a matrix.
    y : array (n,) or (n, q)
        Labels.
    lam : float or array (steps + 1,)
        Positive penalties.
    xi : float or array (steps,)
        Weights on the teacher.
    steps : int, optional
        Rounds; the length of the schedule, or 1, by default.
    route : {"auto", "cholesky", "eigh", "lanczos"}
        `auto` tries Lanczos on large kernels, and falls back to a factorisation when the tolerance
        would cost more products than that.
    tolerance : float
        Relative error of the fitted values at which Lanczos stops. It is a proved bound that is
        compared with it, not an estimate. Where rounding is larger than that, as in float32 or at a
        penalty near eps |K|, Lanczos stops at rounding: see `Chain.fitted_error`.
    products : int
        The most products that Lanczos may make for one output.

    Returns
    -------
    Chain

    Examples
    --------
    >>> chain = distil([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.0], lam=1.0, xi=[1.0, 0.5])
    >>> chain.route, chain.fitted
    ('cholesky', array([[0.625     , 0.125     ],
           [0.40625   , 0.15625   ],
           [0.44921875, 0.13671875]]))
    """
    with np.errstate(over="ignore", invalid="ignore"):  # found by the check
        chain = _distil(kernel, y, lam, xi, steps, route, tolerance, products)
    xp = namespace(chain.dual)
    if not bool(xp.all(xp.isfinite(chain.dual)) & xp.all(xp.isfinite(chain.fitted))):
        raise ValueError(
            "xi must be nearer to 0, or steps fewer: the chain has grown beyond the range of its "
            "dtype"
        )
    return chain


def _distil(
    kernel: Array | Callable[[Array], Array],
    y: Array,
    lam: Array,
    xi: Array,
    steps: int | None,
    route: str,
    tolerance: float,
    products: int,
) -> Chain:
    route = _checks.choice("route", route, ROUTES)
    tolerance = _checks.number("tolerance", tolerance, above=0)
    products = _checks.integer("products", products, at_least=1)
    if callable(kernel):
        _checks.function("kernel", kernel)
        y = _checks.array("y", y, ndim=(1, 2))
        if route not in ("auto", "lanczos"):
            raise ValueError(f"route must be 'lanczos' for a kernel given by products, got {route}")
        schedule = per_round("lam", lam, xi, steps, y)
        chain = _lanczos(kernel, y, schedule, tolerance, products, "the kernel is a function")
        if chain is None:
            raise ValueError(
                f"products must be larger, or tolerance or lam: {products} products with the "
                f"kernel do not reach the relative error {tolerance:g}"
            )
        return chain
    kernel = _checks.array("kernel", kernel, ndim=2)
    _checks.symmetric("kernel", kernel, eps(kernel) ** 0.5)
    y = _checks.array("y", y, like=kernel, ndim=(1, 2))
    _checks.same_length("y", y, "kernel", kernel)
    return _of_matrix(kernel, y, per_round("lam", lam, xi, steps, y), route, tolerance, products)


def _of_matrix(
    kernel: Array,
    y: Array,
    schedule: tuple[list[float], list[float]],
    route: str,
    tolerance: float,
    products: int,
) -> Chain:
    n, outputs = y.shape[0], 1 if y.ndim == 1 else y.shape[1]
    factors = len(set(schedule[0]))
    worth = int(n * _PRODUCTS_PER_FACTOR) * min(factors, _FACTORS_PER_EIGH)
    if route == "lanczos" or (route == "auto" and n >= _LARGE and worth >= 2 * _BATCH * outputs):
        budget = products if route == "lanczos" else min(products, worth // outputs)
        why = "asked for" if route == "lanczos" else f"n = {n} is large"
        chain = _lanczos(lambda v: kernel @ v, y, schedule, tolerance, budget, why)
        if chain is not None:
            return chain
        if route == "lanczos":
            raise ValueError(
                f"products must be larger, or tolerance or lam: {budget} products with the kernel "
                f"do not reach the relative error {tolerance:g}"
            )
    numpy = isinstance(kernel, np.ndarray)
    if route == "cholesky" and not numpy:
        raise TypeError(f"route 'cholesky' needs NumPy arrays, got {type(kernel).__name__}")
    if route == "cholesky" or (route == "auto" and numpy and factors <= _FACTORS_PER_EIGH):
        solved = solve_chain(kernel, y, *schedule)
        why = "asked for" if route == "cholesky" else f"{factors} distinct penalties"
        if solved is not None:
            return Chain(*solved, "cholesky", why, 0, 0.0, 0.0)
    # The spectrum also words the error for a kernel that is not semi-definite.
    why = "asked for" if route == "eigh" else f"{factors} distinct penalties, or not NumPy"
    dual, fitted = _by_spectrum(Smoother.from_kernel(kernel, y), *schedule)
    return Chain(dual, fitted, "eigh", why, 0, 0.0, 0.0)


def _by_spectrum(smoother: Smoother, lams: list[float], xis: list[float]) -> tuple[Array, Array]:
    xp = namespace(smoother.eigenvalues)
    chain = [
        filters.distill(smoother.eigenvalues, lams[: k + 1], xis[:k]) for k in range(len(lams))
    ]
    dual = xp.stack([smoother.dual(profile) for profile in chain])
    return dual, xp.stack([smoother.fitted(profile) for profile in chain])


def _lanczos(
    product: Callable[[Array], Array],
    y: Array,
    schedule: tuple[list[float], list[float]],
    tolerance: float,
    budget: int,
    why: str,
) -> Chain | None:
    """Return the chain, or None if the budget of products for one output does not suffice."""
    xp = namespace(y)
    runs: list[tuple[Array, Array]] = []
    used, relative, norm = 0, 0.0, 0.0
    for column in [y] if y.ndim == 1 else [y[:, k] for k in range(y.shape[1])]:
        space = Krylov(product, column)
        if space.norm == 0:
            zero = xp.stack([column] * len(schedule[0]))
            runs.append((zero, zero))
            continue
        while True:
            space.grow(min(_BATCH, budget - space.products))
            found = space.chain(*schedule)
            sizes = [max(float(xp.linalg.vector_norm(f)), 1e-300) for f in found.fitted]
            missed = [b / s for b, s in zip(found.missed, sizes, strict=True)]
            rounding = [r / s for r, s in zip(found.rounding, sizes, strict=True)]
            # Products cannot mend what rounding spoils.
            reached = [m <= max(tolerance, 0.1 * r) for m, r in zip(missed, rounding, strict=True)]
            if all(reached) or space.exhausted:
                break
            if space.products >= budget:
                return None
        used += space.products
        relative = max(relative, *map(add, missed, rounding))
        norm = max(norm, *map(add, found.missed_norm, found.rounding_norm))
        runs.append((xp.stack(found.dual), xp.stack(found.fitted)))
    dual, fitted = (
        runs[0][part] if y.ndim == 1 else xp.stack([run[part] for run in runs], axis=2)
        for part in (0, 1)
    )
    return Chain(dual, fitted, "lanczos", why, used, relative, norm)
