"""Self-distilled ridge regression and classification with scikit-learn's interface."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import _checks
from sdtheory.estimators._weights import sample_weights
from sdtheory.label_noise._samples import Samples
from sdtheory.label_noise.tuning import METHODS, TunedPath, path_of, tuned_of
from sdtheory.spectral import Filter, filters

__all__ = ["SelfDistilledRidge", "SelfDistilledRidgeClassifier"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


class _SelfDistilled(BaseEstimator):  # type: ignore[misc]
    """What regression and classification share: one factorisation, and a filter chosen on it."""

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        xi: Any = "auto",
        steps: int = 1,
        tune: str = "loo",
        alphas: Any = None,
        fit_intercept: bool = True,
    ) -> None:
        self.alpha = alpha
        self.xi = xi
        self.steps = steps
        self.tune = tune
        self.alphas = alphas
        self.fit_intercept = fit_intercept

    def _fit(self, x: FloatArray, y: FloatArray, sample_weight: Any) -> None:
        steps = _checks.integer("steps", self.steps)
        method = _checks.choice("tune", self.tune, METHODS)
        if sample_weight is not None:
            sample_weight = sample_weights(sample_weight, x)
        samples = Samples.made(
            x, y, _checks.flag("fit_intercept", self.fit_intercept), sample_weight
        )
        self.path_ = self._path(samples, method)
        self.alpha_ = self._penalty(samples, method)
        student = self._student(samples, steps, method)
        right = samples.spectrum.right
        assert right is not None  # a design has it
        scaled = np.sqrt(samples.spectrum.eigenvalues) * student.coefficient
        coefficients = (right @ (scaled[:, None] * samples.projected)).T
        intercept = samples.y_mean - coefficients @ samples.x_mean
        single = y.ndim == 1
        self.coef_ = coefficients[0] if single else coefficients
        self.intercept_ = (
            (float(intercept[0]) if single else intercept) if self.fit_intercept else 0.0
        )

    def _path(self, samples: Samples, method: str) -> TunedPath | None:
        if self.alphas is None:
            return None
        grid = _checks.array("alphas", self.alphas, like=samples.z, ndim=1, above=0)
        return path_of(samples, grid, method)

    def _penalty(self, samples: Samples, method: str) -> float:
        """Return the penalty: the given one, or the best of the grid for the student's weights."""
        if self.path_ is None:
            return _checks.number("alpha", self.alpha, at_least=0)
        path = self.path_
        automatic = isinstance(self.xi, str)
        risk = path.risk if automatic and self.steps > 0 else path.teacher_risk
        if automatic and self.steps > 1:
            risk = np.array(
                [
                    float(tuned_of(samples, float(lam), method, self.steps).risk)
                    if np.isfinite(path.risk[k])
                    else np.inf
                    for k, lam in enumerate(path.lam)
                ]
            )
        return float(path.lam[int(np.argmin(risk))])

    def _student(self, samples: Samples, steps: int, method: str) -> Filter:
        """Choose the weights, report the estimated errors, and return the filter."""
        d, lam = samples.spectrum.eigenvalues, self.alpha_
        self.risk_ = self.teacher_risk_ = self.weights_ = None
        if isinstance(self.xi, str):
            _checks.choice("xi", self.xi, ("auto",))
            # Without a penalty, or without signal, every student is its teacher.
            if steps == 0 or lam == 0 or d.shape[0] == 0:
                self.xi_: Any = 0.0 if steps == 1 else np.zeros(steps)
                return filters.distill(d, lam, 0.0, steps=0)
            found = tuned_of(samples, lam, method, steps)
            self.risk_, self.teacher_risk_ = float(found.risk), float(found.teacher_risk)
            self.weights_ = np.asarray(found.weights)
            self.xi_ = None if found.xi is None else found.xi
            if steps == 1:
                self.xi_ = float(found.xi)
            return filters.taylor(d, lam, found.weights)
        if not isinstance(self.xi, bool) and isinstance(self.xi, Real):
            self.xi_ = _checks.number("xi", self.xi)
            return filters.distill(d, lam, self.xi_, steps)
        schedule = _checks.array("xi", self.xi, like=d, ndim=1)
        if schedule.shape[0] != steps:
            raise ValueError(f"xi must have {steps} entries for {steps} rounds, got {self.xi!r}")
        self.xi_ = schedule
        return filters.distill(d, lam, schedule)

    def _predict(self, x: Any) -> FloatArray:
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, dtype=(np.float64, np.float32))
        values: FloatArray = x @ np.asarray(self.coef_).T + self.intercept_
        return values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


_PARAMETERS = """
    Parameters
    ----------
    alpha : float
        Ridge penalty, as in `sklearn.linear_model.Ridge` (the sum convention), at least 0.
    xi : "auto", float or sequence of float
        Weight on the teacher's predictions: chosen from the data, one for all rounds, or one a
        round. Any real number.
    steps : int
        Rounds after the teacher; 0 is ridge regression.
    tune : {"loo", "gcv", "gcv_published"}
        How errors on new data are estimated; see `sdtheory.label_noise.tune_xi`.
    alphas : sequence of float, optional
        Penalties to choose from, together with the weights; replaces `alpha`. Costs one
        factorisation.
    fit_intercept : bool
        Fit an unpenalised intercept.

    Attributes
    ----------
    coef_ : array (p,) or (q, p)
        Coefficients of the student.
    intercept_ : float or array (q,)
        Its intercept.
    alpha_ : float
        The penalty used.
    xi_ : float, array (steps,) or None
        The weights used; None if the best student is a limit of infinite weights.
    weights_ : array (steps,) or None
        For xi="auto", its Taylor weights, which always exist.
    risk_, teacher_risk_ : float or None
        For xi="auto", the estimated squared errors on new data of student and teacher, summed over
        outputs.
    path_ : TunedPath or None
        Best weight and errors at every penalty of `alphas`.
    n_features_in_ : int
        Number of features.
"""


class SelfDistilledRidge(MultiOutputMixin, RegressorMixin, _SelfDistilled):  # type: ignore[misc]  # noqa: D101
    # numpydoc sections that both estimators share are written once.
    __doc__ = f"""Ridge regression that is refitted on a mixture of its predictions and the labels.

    The student of a ridge regression with predictions f solves the same problem with the targets
    xi f + (1 - xi) y. All students share one factorisation of the data.
{_PARAMETERS}
    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [2.0, 1.0]])
    >>> y = np.array([1.0, 2.0, 0.0, 3.0])
    >>> model = SelfDistilledRidge(alpha=1.0, xi=1.0, fit_intercept=False).fit(x, y)
    >>> model.coef_
    array([1.005, 0.255])
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SelfDistilledRidge:
        """Fit teacher and students to features X (n, p) and labels y (n,) or (n, q)."""
        x, y = validate_data(
            self, X, y, dtype=(np.float64, np.float32), multi_output=True, y_numeric=True
        )
        self._fit(x, np.asarray(y, dtype=x.dtype), sample_weight)
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return predictions (m,) or (m, q) at new features X (m, p)."""
        return self._predict(X)


class SelfDistilledRidgeClassifier(ClassifierMixin, _SelfDistilled):  # type: ignore[misc]  # noqa: D101
    __doc__ = f"""Classification by self-distilled ridge regression on one-hot targets.

    Two classes have one target, -1 or 1; more have one column each. Under uniformly flipped labels
    the squared-loss theory is exact for the targets that this estimator predicts.
{_PARAMETERS}
    classes_ : array (k,)
        The classes.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> model = SelfDistilledRidgeClassifier(xi=0.5).fit(x, [0, 0, 1, 1])
    >>> model.predict([[0.5], [2.5]]), model.decision_function([[0.5], [2.5]]) > 0
    (array([0, 1]), array([False,  True]))
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SelfDistilledRidgeClassifier:
        """Fit teacher and students to features X (n, p) and classes y (n,)."""
        x, y = validate_data(self, X, y, dtype=(np.float64, np.float32))
        check_classification_targets(y)
        self.classes_, index = np.unique(y, return_inverse=True)
        if self.classes_.size < 2:
            raise ValueError(
                f"y must have at least two classes, got one class: {self.classes_[0]!r}"
            )
        if self.classes_.size == 2:
            targets = np.where(index == 1, 1.0, -1.0).astype(x.dtype)
        else:
            targets = np.eye(self.classes_.size, dtype=x.dtype)[index]
        self._fit(x, targets, sample_weight)
        return self

    def decision_function(self, X: Any) -> FloatArray:
        """Return the predicted targets (m,) for two classes, or (m, k)."""
        return self._predict(X)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the predicted classes (m,)."""
        scores = self.decision_function(X)
        chosen = (scores > 0).astype(int) if scores.ndim == 1 else np.argmax(scores, axis=1)
        classes: np.ndarray[Any, Any] = self.classes_[chosen]
        return classes
