"""Self-distilled Gaussian-process classification as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import _checks, gp
from sdtheory.estimators._kernels import refuse_all_priors, split_kernel
from sdtheory.gp.averages import LARGEST_VARIANCE
from sdtheory.gp.label_hyperparameters import maximise_label_evidence, stopped
from sdtheory.gp.likelihoods import LIKELIHOODS
from sdtheory.gp.reuse import REUSES
from sdtheory.gp.soft_labels import LINKS, blending, chain, with_noise

__all__ = ["SelfDistilledGPClassifier"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


class SelfDistilledGPClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Gaussian-process classification by Laplace's approximation, distilled into itself.

    More than two classes are one-against-rest; each binary chain keeps its own probabilities, and
    only the reported ones are normalised.

    Parameters
    ----------
    kernel : scikit-learn kernel, optional
        Default: scikit-learn's.
    method : {"data", "distribution"}, default="data"
        What is handed on: probabilities, as labels, or the posterior, as prior.
    steps : int, default=1
        Rounds after the teacher; 0 is ordinary classification.
    xi : float or array-like (steps,), default=1.0
        Weight on the teacher's probabilities, in [0, 1] (method "data").
    likelihood, link : str
        Method "data": see `sdtheory.gp.data_centric_classification`.
    reuse : str, default="duplicated"
        Method "distribution": see `sdtheory.gp.distribution_centric_classification`.
    average : {"exact", "erf"}, default="exact"
        How probabilities are averaged over latents; "erf" is scikit-learn's approximation.
    hyperparameters : {"first", "none", "all"}, default="first"
        When to maximise the evidence: on the classes, never, or on every round's labels (method
        "data" only; amplitudes then grow, and a warning says if they stop at their bounds).
    noise : float, default=0.0
        Variance of white noise on the latents. It is never optimised: a kernel with a
        `WhiteKernel` has free noise above this floor.
    n_restarts_optimizer, random_state
        As in `sklearn.gaussian_process.GaussianProcessClassifier`, for the first fit.

    Attributes
    ----------
    classes_ : array
        Class labels.
    kernels_ : list
        Kernel of the last fit of every binary problem (one for two classes).
    processes_ : list
        Latent process of every binary problem.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.5], [0.5], [1.0]])
    >>> model = SelfDistilledGPClassifier(method="distribution").fit(x, ["a", "a", "b", "b"])
    >>> model.predict([[2.0]])
    array(['b'], dtype='<U1')
    >>> model.predict_proba([[0.0]])
    array([[0.5, 0.5]])
    """

    def __init__(
        self,
        kernel: Any = None,
        *,
        method: str = "data",
        steps: int = 1,
        xi: Any = 1.0,
        likelihood: str = "continuous_bernoulli",
        link: str = "mean",
        reuse: str = "duplicated",
        average: str = "exact",
        hyperparameters: str = "first",
        noise: float = 0.0,
        n_restarts_optimizer: int = 0,
        random_state: Any = None,
    ) -> None:
        self.kernel = kernel
        self.method = method
        self.steps = steps
        self.xi = xi
        self.likelihood = likelihood
        self.link = link
        self.reuse = reuse
        self.average = average
        self.hyperparameters = hyperparameters
        self.noise = noise
        self.n_restarts_optimizer = n_restarts_optimizer
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SelfDistilledGPClassifier:
        """Fit the teacher and its students on inputs X (n, p) and class labels y (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        _checks.choice("method", self.method, ("data", "distribution"))
        _checks.choice("hyperparameters", self.hyperparameters, gp.MODES)
        refuse_all_priors(self.method, self.hyperparameters)
        noise = _checks.number("noise", self.noise, at_least=0, at_most=LARGEST_VARIANCE / 2)
        _checks.choice("average", self.average, ("exact", "erf"))
        # A misspelt choice is refused even where the method does not need it.
        _checks.choice("likelihood", self.likelihood, LIKELIHOODS)
        _checks.choice("link", self.link, LINKS)
        _checks.choice("reuse", self.reuse, REUSES)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must hold at least 2 classes, got the one class {self.classes_[0]!r}"
            )
        positive = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        fitted = [self._binary(X, (codes == k).astype(float), noise) for k in positive]
        self.kernels_ = [kernel for kernel, _ in fitted]
        self.processes_ = [process for _, process in fitted]
        self.X_train_ = X
        return self

    def predict(self, X: Any) -> Any:
        """Return class labels (m,)."""
        check_is_fitted(self)
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def predict_proba(self, X: Any) -> FloatArray:
        """Return class probabilities (m, classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        columns = []
        for kernel, process in zip(self.kernels_, self.processes_, strict=True):
            cross = np.asarray(kernel(X, self.X_train_))
            prior = np.asarray(kernel.diag(X)) + float(self.noise)
            if isinstance(process, gp.LatentProcess):
                columns.append(process.probability(cross, prior, self.average))
            else:
                columns.append(process.probability(cross, prior))
        if len(columns) == 1:
            return np.stack([1.0 - columns[0], columns[0]], axis=1)
        table = np.stack(columns, axis=1)
        probabilities: FloatArray = table / table.sum(axis=1, keepdims=True)
        return probabilities

    def _binary(
        self, X: FloatArray, labels: FloatArray, noise: float
    ) -> tuple[Any, gp.LatentProcess | gp.SoftLabelProcess]:
        """Choose the kernel on the labels themselves, then run the chain."""
        kernels = [self._first_kernel(X, labels, noise)]
        matrix, white = split_kernel(kernels[0], X)
        if self.method == "distribution":
            steps = _checks.integer("steps", self.steps, at_most=_checks.ROUNDS)
            return kernels[0], gp.distribution_centric_classification(
                with_noise(matrix, white + noise), labels, steps=steps, reuse=self.reuse
            )

        def choose(k: int, soft: FloatArray) -> tuple[FloatArray, float]:
            if k > 0 and self.hyperparameters == "all":
                kernels.append(_again(kernels[-1], X, soft, LIKELIHOODS[self.likelihood], noise))
            function, added = split_kernel(kernels[-1], X)
            return function, added + noise

        weights = blending(self.xi, _checks.integer("steps", self.steps, at_most=_checks.ROUNDS))
        process = chain(
            choose, labels, weights, self.likelihood, self.link, self.average, extend=False
        )
        return kernels[-1], process

    def _first_kernel(self, X: FloatArray, labels: FloatArray, noise: float) -> Any:
        kernel = self.kernel
        if noise > 0:
            if kernel is None:
                kernel = ConstantKernel(1.0, "fixed") * RBF(1.0, "fixed")
            kernel = kernel + WhiteKernel(noise, "fixed")
        options = {} if self.hyperparameters != "none" else {"optimizer": None}
        peer = GaussianProcessClassifier(
            kernel=kernel,
            n_restarts_optimizer=self.n_restarts_optimizer,
            random_state=self.random_state,
            **options,
        )
        found = peer.fit(X, labels).kernel_
        return found.k1 if noise > 0 else found


def _again(
    kernel: Any, X: FloatArray, soft: FloatArray, likelihood: gp.Likelihood, noise: float
) -> Any:
    """Return the kernel with the highest evidence of soft labels, starting from `kernel`."""
    if kernel.n_dims == 0:
        return kernel

    def values(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        matrix, derivatives = kernel.clone_with_theta(theta)(X, eval_gradient=True)
        return matrix, np.moveaxis(derivatives, 2, 0)

    theta, _ = maximise_label_evidence(values, kernel.theta, kernel.bounds, soft, likelihood, noise)
    ends = stopped(theta, kernel.bounds)
    if np.any(ends):
        warnings.warn(
            f"hyper-parameters of a round stopped at their bounds: {np.flatnonzero(ends).tolist()} "
            "of kernel.theta; soft labels are explained ever better, see hyperparameters='first'",
            ConvergenceWarning,
            stacklevel=5,
        )
    return kernel.clone_with_theta(theta)
