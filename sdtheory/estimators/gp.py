"""Self-distilled Gaussian-process regression as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import _checks, gp
from sdtheory.estimators._kernels import refuse_all_priors, split_kernel

__all__ = ["SelfDistilledGPRegressor"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


class SelfDistilledGPRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Gaussian-process regression, distilled into itself.

    Parameters
    ----------
    kernel : scikit-learn kernel, optional
        Default: scikit-learn's.
    noise : float or array-like (steps + 1,), default=0.1
        Noise variance of every fit, scikit-learn's `alpha`. It is never optimised, and so is the
        floor that keeps re-optimised students from copying their teachers.
    method : {"data", "distribution"}, default="data"
        What is handed on: the mean, as data, or the posterior, as prior.
    steps : int, default=1
        Rounds after the teacher; 0 is ordinary Gaussian-process regression.
    xi : float or array-like (steps,), default=1.0
        Weight on the teacher's mean (method "data").
    hyperparameters : {"first", "none", "all"}, default="first"
        When to maximise the evidence: on the labels, never, or on every round's targets (method
        "data" only; amplitudes then collapse faster).
    normalize_y : bool, default=False
        Centre and scale the targets, once.
    n_restarts_optimizer, random_state
        As in `sklearn.gaussian_process.GaussianProcessRegressor`.

    Attributes
    ----------
    kernel_ : scikit-learn kernel
        Kernel of the last fit.
    process_ : GaussianProcess
        The posterior, for normalised targets.
    X_train_ : array (n, p)
        Training inputs.

    Examples
    --------
    >>> x = np.linspace(0, 1, 20)[:, None]
    >>> model = SelfDistilledGPRegressor(method="distribution", steps=3).fit(x, np.sin(6 * x[:, 0]))
    >>> mean, std = model.predict(x[:1], return_std=True)
    >>> mean.shape, std.shape
    ((1,), (1,))
    """

    def __init__(
        self,
        kernel: Any = None,
        *,
        noise: Any = 0.1,
        method: str = "data",
        steps: int = 1,
        xi: Any = 1.0,
        hyperparameters: str = "first",
        normalize_y: bool = False,
        n_restarts_optimizer: int = 0,
        random_state: Any = None,
    ) -> None:
        self.kernel = kernel
        self.noise = noise
        self.method = method
        self.steps = steps
        self.xi = xi
        self.hyperparameters = hyperparameters
        self.normalize_y = normalize_y
        self.n_restarts_optimizer = n_restarts_optimizer
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SelfDistilledGPRegressor:
        """Fit the teacher and its students on inputs X (n, p) and targets y (n,) or (n, q)."""
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        y = np.asarray(y, dtype=np.float64)
        _checks.choice("method", self.method, ("data", "distribution"))
        _checks.choice("hyperparameters", self.hyperparameters, gp.MODES)
        _checks.flag("normalize_y", self.normalize_y)
        steps = _checks.integer("steps", self.steps, at_most=_checks.ROUNDS)
        refuse_all_priors(self.method, self.hyperparameters)
        noise = _repeated("noise", self.noise, steps + 1, above=0)
        weights = _repeated("xi", self.xi, steps)
        self._center = y.mean(axis=0) if self.normalize_y else np.zeros(y.shape[1:])
        scale = y.std(axis=0) if self.normalize_y else np.ones(y.shape[1:])
        self._scale = np.where(scale == 0, 1.0, scale)
        y = (y - self._center) / self._scale
        kernel = self.kernel
        if self.hyperparameters == "none":
            kernel = self._optimised(kernel, X, y, noise[0], optimizer=None)
        else:
            kernel = self._optimised(kernel, X, y, noise[0])
        if self.hyperparameters == "all":
            process = self._chain(kernel, X, y, noise, weights)
        else:
            self.kernel_ = kernel
            matrix, white = split_kernel(kernel, X)
            if self.method == "data":
                process = gp.data_centric(matrix, y, noise + white, xi=weights)
            else:
                process = gp.distribution_centric(matrix, y, noise + white)
        self.process_ = process
        self.X_train_ = X
        return self

    def predict(
        self, X: Any, return_std: bool = False, return_cov: bool = False
    ) -> FloatArray | tuple[FloatArray, FloatArray]:
        """Return means (m,) or (m, q), and standard deviations or covariances where asked for."""
        if return_std and return_cov:
            raise ValueError("return_std and return_cov must not both be True")
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        cross = np.asarray(self.kernel_(X, self.X_train_))
        mean: FloatArray = self.process_.mean(cross) * self._scale + self._center
        if return_std:
            variance = self.process_.variance(cross, np.asarray(self.kernel_.diag(X)))
            deviation: FloatArray = np.sqrt(np.multiply.outer(variance, self._scale**2))
            return mean, deviation
        if return_cov:
            covariance = self.process_.covariance(cross, np.asarray(self.kernel_(X)))
            return mean, np.multiply.outer(covariance, self._scale**2)
        return mean

    def _chain(
        self, kernel: Any, X: FloatArray, y: FloatArray, noise: FloatArray, weights: FloatArray
    ) -> gp.GaussianProcess:
        """Re-optimise on the targets of every round; each fit has its own kernel."""
        targets = fitted = y
        for k, level in enumerate(noise):
            if k > 0:
                targets = weights[k - 1] * fitted + (1.0 - weights[k - 1]) * y
                kernel = self._optimised(kernel, X, targets, level)
            matrix, white = split_kernel(kernel, X)
            process = gp.data_centric(matrix, targets, level + white, steps=0)
            fitted = process.mean(matrix)
        self.kernel_ = kernel
        return process

    def _optimised(
        self, kernel: Any, X: FloatArray, y: FloatArray, noise: float, **changes: Any
    ) -> Any:
        peer = GaussianProcessRegressor(
            kernel=kernel,
            alpha=noise,
            n_restarts_optimizer=self.n_restarts_optimizer,
            random_state=self.random_state,
            **changes,
        )
        return peer.fit(X, y).kernel_


def _repeated(name: str, value: Any, count: int, above: float | None = None) -> FloatArray:
    array = np.asarray(_checks.array(name, value, ndim=(0, 1), above=above, empty=True))
    if array.ndim == 0:
        return np.full(count, float(array))
    if array.shape != (count,):
        raise ValueError(f"{name} must be a number or have {count} entries, got {array.shape}")
    return array
