"""Self-distilled kernel ridge regression as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.metrics.pairwise import PAIRWISE_KERNEL_FUNCTIONS, pairwise_kernels
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import _checks, kernel_ridge
from sdtheory.estimators._weights import sample_weights

__all__ = ["SelfDistilledKernelRidge"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


class SelfDistilledKernelRidge(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Kernel ridge regression, distilled into itself.

    Parameters
    ----------
    lam : float or array-like (steps + 1,), default=1.0
        Ridge penalty of every fit, the teacher's first; scikit-learn's `alpha`.
    xi : float, array-like (steps,) or "auto", default="auto"
        Weight on the teacher in every round. "auto" minimises the leave-one-out error of the whole
        pipeline round by round, over [0, 1].
    steps : int, default=1
        Rounds after the teacher; 0 is ordinary kernel ridge regression.
    kernel, gamma, degree, coef0, kernel_params
        As in `sklearn.kernel_ridge.KernelRidge`; "precomputed" takes kernel matrices.

    Attributes
    ----------
    dual_coef_ : array (n,) or (n, q)
        Weights of the training points.
    xi_ : array (steps,)
        Weights that were used.
    X_fit_ : array
        Training inputs (the kernel matrix if precomputed).

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> y = np.sin(6 * x[:, 0])
    >>> model = SelfDistilledKernelRidge(lam=0.1, xi=[0.5, 1.0], steps=2, kernel="rbf", gamma=10.0)
    >>> model.fit(x, y).predict(x[:2])
    array([0.16320624, 0.34696687])
    """

    def __init__(
        self,
        *,
        lam: Any = 1.0,
        xi: Any = "auto",
        steps: int = 1,
        kernel: Any = "linear",
        gamma: float | None = None,
        degree: float = 3,
        coef0: float = 1,
        kernel_params: dict[str, Any] | None = None,
    ) -> None:
        self.lam = lam
        self.xi = xi
        self.steps = steps
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SelfDistilledKernelRidge:
        """Fit the teacher and its students.

        Parameters
        ----------
        X : array (n, p)
            Inputs, or the kernel matrix (n, n) if precomputed.
        y : array (n,) or (n, q)
            Targets.
        sample_weight : array (n,), optional
            Weight of each squared error, in every round: a sample of weight w acts as w copies of
            it do, and one of weight 0 as none. Automatic weights xi leave a sample out with all of
            its weight.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        y = np.asarray(y, dtype=np.float64)
        steps = _checks.integer("steps", self.steps)
        self._check_kernel()
        if self._precomputed:
            _checks.square("X, a precomputed kernel,", X)
        matrix = self._kernel(X, X)
        weight = np.ones(len(X))
        if sample_weight is not None:
            weight = sample_weights(sample_weight, X)
        lam, xi = self.lam, self.xi
        if isinstance(xi, str):
            if xi != "auto":
                raise ValueError(f"xi must be numbers or 'auto', got {xi!r}")
            xi = self._automatic(matrix, y, lam, weight) if steps > 0 else np.zeros(0)
        # Weighted least squares is the plain one in coordinates in which all weights are one.
        root = np.sqrt(weight)
        columns = root if y.ndim == 1 else root[:, None]
        chain = kernel_ridge.distil(root[:, None] * matrix * root, columns * y, lam, xi, steps)
        self.xi_ = np.broadcast_to(np.asarray(xi, dtype=np.float64), (steps,)).copy()
        self.dual_coef_ = columns * chain.dual[-1]
        self.X_fit_ = X
        return self

    def _automatic(self, matrix: FloatArray, y: FloatArray, lam: Any, weight: FloatArray) -> Any:
        seen = weight > 0
        noise = None if np.all(weight == 1) else 1.0 / weight[seen]
        # The best weight does not depend on the unit of y, but squares of y may overflow.
        unit = float(np.max(np.abs(y))) or 1.0
        fit = kernel_ridge.fit(matrix[np.ix_(seen, seen)], y[seen] / unit, noise)
        return kernel_ridge.optimal_xi(fit, lam, self.steps, lower=0.0, upper=1.0, relative=True).xi

    def predict(self, X: Any) -> FloatArray:
        """Return the last student's predictions (m,) or (m, q) at inputs (m, p)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        predictions: FloatArray = self._kernel(X, self.X_fit_) @ self.dual_coef_
        return predictions

    @property
    def _precomputed(self) -> bool:
        return isinstance(self.kernel, str) and self.kernel == "precomputed"

    def _check_kernel(self) -> None:
        if callable(self.kernel):
            _checks.function("kernel", self.kernel)
        else:
            _checks.choice("kernel", self.kernel, {*PAIRWISE_KERNEL_FUNCTIONS, "precomputed"})
        if self.gamma is not None:
            _checks.number("gamma", self.gamma)
        _checks.number("degree", self.degree)
        _checks.number("coef0", self.coef0)
        if self.kernel_params is not None:
            _checks.instance("kernel_params", self.kernel_params, dict)

    def _kernel(self, X: FloatArray, Y: FloatArray) -> FloatArray:
        if self._precomputed:
            return X
        if callable(self.kernel):
            params = self.kernel_params or {}
        else:
            params = {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
        return np.asarray(pairwise_kernels(X, Y, metric=self.kernel, filter_params=True, **params))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self._precomputed
        return tags
