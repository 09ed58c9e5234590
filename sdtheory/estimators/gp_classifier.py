"""Self-distilled Gaussian-process classification as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import _checks, gp

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
    hyperparameters : {"first", "none"}, default="first"
        Maximise the evidence of the first fit, and then keep them; or never.
    n_restarts_optimizer, random_state
        As in `sklearn.gaussian_process.GaussianProcessClassifier`.

    Attributes
    ----------
    classes_ : array
        Class labels.
    kernels_ : list
        Kernel of every binary problem (one for two classes).
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
        self.n_restarts_optimizer = n_restarts_optimizer
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SelfDistilledGPClassifier:
        """Fit the teacher and its students on inputs X (n, p) and class labels y (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        _checks.choice("method", self.method, ("data", "distribution"))
        _checks.choice("hyperparameters", self.hyperparameters, ("first", "none"))
        _checks.choice("average", self.average, ("exact", "erf"))
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must hold at least 2 classes, got the one class {self.classes_[0]!r}"
            )
        positive = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        fitted = [self._binary(X, (codes == k).astype(float)) for k in positive]
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
            cross, prior = np.asarray(kernel(X, self.X_train_)), np.asarray(kernel.diag(X))
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
        self, X: FloatArray, labels: FloatArray
    ) -> tuple[Any, gp.LatentProcess | gp.SoftLabelProcess]:
        """Choose the kernel on the labels themselves, then run the chain with it."""
        options = {} if self.hyperparameters == "first" else {"optimizer": None}
        peer = GaussianProcessClassifier(
            kernel=self.kernel,
            n_restarts_optimizer=self.n_restarts_optimizer,
            random_state=self.random_state,
            **options,
        )
        kernel = peer.fit(X, labels).kernel_
        matrix = np.asarray(kernel(X))
        if self.method == "distribution":
            return kernel, gp.distribution_centric_classification(
                matrix, labels, steps=self.steps, reuse=self.reuse
            )
        return kernel, gp.data_centric_classification(
            matrix,
            labels,
            xi=self.xi,
            steps=self.steps,
            likelihood=self.likelihood,
            link=self.link,
            average=self.average,
        )
