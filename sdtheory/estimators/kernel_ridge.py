"""Self-distilled kernel ridge regression as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import kernel_ridge

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

    def fit(self, X: Any, y: Any) -> SelfDistilledKernelRidge:
        """Fit the teacher and its students on inputs X (n, p) and targets y (n,) or (n, q)."""
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        y = np.asarray(y, dtype=np.float64)
        matrix = self._kernel(X, X)
        lam = self.lam if np.ndim(self.lam) else float(self.lam)
        if isinstance(self.xi, str):
            if self.xi != "auto":
                raise ValueError(f"xi must be numbers or 'auto', got {self.xi!r}")
            if self.steps == 0:
                xi: Any = np.zeros(0)
            else:
                fit = kernel_ridge.fit(matrix, y)
                xi = kernel_ridge.optimal_xi(fit, lam, self.steps, lower=0.0, upper=1.0).xi
        else:
            xi = self.xi
        chain = kernel_ridge.distil(matrix, y, lam, xi, self.steps)
        self.xi_ = np.broadcast_to(np.asarray(xi, dtype=np.float64), (self.steps,)).copy()
        self.dual_coef_ = chain.dual[-1]
        self.X_fit_ = X
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return the last student's predictions (m,) or (m, q) at inputs (m, p)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        predictions: FloatArray = self._kernel(X, self.X_fit_) @ self.dual_coef_
        return predictions

    def _kernel(self, X: FloatArray, Y: FloatArray) -> FloatArray:
        if self.kernel == "precomputed":
            return X
        if callable(self.kernel):
            params = self.kernel_params or {}
        else:
            params = {"gamma": self.gamma, "degree": self.degree, "coef0": self.coef0}
        return np.asarray(pairwise_kernels(X, Y, metric=self.kernel, filter_params=True, **params))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags
