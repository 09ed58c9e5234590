"""Self-distilled logistic regression with scikit-learn's interface."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, check_cv
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sdtheory import _checks

from ._softmax import fit_targets, probabilities
from ._weights import sample_weights

__all__ = ["SelfDistilledLogisticRegression"]

Floats = NDArray[np.float64]


class SelfDistilledLogisticRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression trained on its own predictions, with any real weight on them.

    The teacher minimises ``C sum_i CE(y_i, p_i) + |W|^2 / 2``; each of the `steps` students
    minimises the same with the targets ``xi * teacher + (1 - xi) * y``. With ``steps=0`` it is
    `sklearn.linear_model.LogisticRegression`.

    Parameters
    ----------
    C : inverse strength of the ridge, in scikit-learn's meaning
    xi : weight on the teacher, any real number, or "auto": chosen from `xis` by stratified
        cross-validation in which all candidates of a fold share one teacher
    steps : rounds of distillation
    temperature : divides the teacher's logits
    hard : use the teacher's predicted classes
    fit_intercept : whether to learn an intercept, which is not penalised
    xis : candidates for ``xi="auto"``
    scoring : "log_loss" or "accuracy" on held-out points, for ``xi="auto"``
    cv : stratified folds for ``xi="auto"``, at most the size of the smallest class; or splits, as
        scikit-learn's cross-validation takes them
    tol, max_iter : stopping rule of the Newton iteration

    Attributes
    ----------
    classes_ : class labels
    coef_, intercept_ : of the last student, in scikit-learn's shapes
    teacher_coef_, teacher_intercept_ : of the teacher
    xi_ : the weight used
    cv_scores_ : mean held-out score of every candidate, only for ``xi="auto"``
    n_iter_ : Newton steps of every stage

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SelfDistilledLogisticRegression(xi=1.5).fit(X, y)
    >>> model.score(X, y) > 0.9
    True
    >>> model.predict_proba(X[:1]).shape, model.predict_log_proba(X[:1]).shape
    ((1, 3), (1, 3))
    >>> bool(model.decision_function(X[:1]).argmax() == model.predict(X[:1])[0])
    True

    """

    def __init__(
        self,
        C: float = 1.0,
        xi: float | str = 1.0,
        steps: int = 1,
        temperature: float = 1.0,
        hard: bool = False,
        fit_intercept: bool = True,
        xis: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
        scoring: str = "log_loss",
        cv: Any = 5,
        tol: float = 1e-12,
        max_iter: int = 200,
    ) -> None:
        self.C = C
        self.xi = xi
        self.steps = steps
        self.temperature = temperature
        self.hard = hard
        self.fit_intercept = fit_intercept
        self.xis = xis
        self.scoring = scoring
        self.cv = cv
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the teacher and the students.

        Parameters
        ----------
        X : array of shape (samples, features)
        y : class labels of shape (samples,)
        sample_weight : array of shape (samples,), at least 0, optional
            Weight of each cross-entropy, in every round and in held-out scores: a sample of
            weight w acts as w copies do, and one of weight 0 as none. Only the folds of
            ``xi="auto"`` tell copies from weights, because copies can be parted

        """
        checked: tuple[Any, Any] = validate_data(self, X, y, dtype=np.float64)
        data, labels = checked
        check_classification_targets(labels)
        self._check()
        weight: Floats = sample_weights(sample_weight, data)
        keep = weight > 0
        data, labels, weight = (v[keep] for v in (data, labels, weight))
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must have at least two classes, got one class only: {self.classes_[0]!r}"
            )
        given = _one_hot(index, len(self.classes_))
        teacher, iterations = self._fit(data, given, weight, None)
        if self._automatic:
            self.xi_, self.cv_scores_ = self._choose_xi(data, index, weight, keep)
        else:
            self.xi_ = float(self.xi)
            # Scores of an earlier fit with xi="auto" would say nothing about this one.
            if hasattr(self, "cv_scores_"):
                del self.cv_scores_
        theta, later = self._distil(data, given, weight, teacher, self.xi_)
        self.n_iter_ = np.array([iterations, *later])
        self.teacher_coef_, self.teacher_intercept_ = _unpack(teacher)
        self.coef_, self.intercept_ = _unpack(theta)
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the logits: one column for each class, or a vector for two classes."""
        check_is_fitted(self)
        data: Any = validate_data(self, X, reset=False, dtype=np.float64)
        logits = data @ self.coef_.T + self.intercept_
        return np.asarray(logits[:, 0] if logits.shape[1] == 1 else logits)

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return class probabilities, shape (samples, classes)."""
        logits = self.decision_function(X)
        P = probabilities(logits.reshape(len(logits), -1))
        return np.column_stack([1 - P, P]) if P.shape[1] == 1 else P

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return logarithms of the class probabilities, without underflow."""
        return _log_probabilities(self.decision_function(X))

    def predict(self, X: ArrayLike) -> Any:
        """Return the most probable class of every sample."""
        logits = self.decision_function(X)
        best = (logits > 0).astype(int) if logits.ndim == 1 else np.argmax(logits, axis=1)
        return self.classes_[best]

    @property
    def _automatic(self) -> bool:
        return isinstance(self.xi, str) and self.xi == "auto"

    def _check(self) -> None:
        _checks.number("C", self.C, above=0)
        if not self._automatic:
            _checks.number("xi", self.xi)
        _checks.integer("steps", self.steps, at_most=_checks.ROUNDS)
        _checks.number("temperature", self.temperature, above=0)
        _checks.flag("hard", self.hard)
        _checks.flag("fit_intercept", self.fit_intercept)
        _checks.array("xis", self.xis, ndim=1)
        _checks.choice("scoring", self.scoring, ("log_loss", "accuracy"))
        if not isinstance(self.cv, Iterable) and not hasattr(self.cv, "split"):
            _checks.integer("cv", self.cv, at_least=2)
        _checks.number("tol", self.tol, above=0)
        _checks.integer("max_iter", self.max_iter, at_least=1)

    def _fit(
        self, X: Floats, targets: Floats, weight: Floats, start: Floats | None
    ) -> tuple[Floats, int]:
        theta, count = fit_targets(
            X,
            targets,
            float(self.C),
            self.fit_intercept,
            start,
            float(self.tol),
            self.max_iter,
            weight,
        )
        if count == self.max_iter:
            warnings.warn(
                f"no convergence within max_iter = {count} Newton steps: raise max_iter, lower C, "
                "or take xi nearer to [0, 1], since targets outside it can be out of reach",
                ConvergenceWarning,
                stacklevel=3,
            )
        return theta, count

    def _distil(
        self, X: Floats, given: Floats, weight: Floats, teacher: Floats, xi: float
    ) -> tuple[Floats, list[int]]:
        """Return the last student and the Newton steps of every round."""
        theta, iterations = teacher, []
        for _ in range(self.steps):
            soft = self._soft(X @ theta[:-1] + theta[-1])
            theta, count = self._fit(X, xi * soft + (1 - xi) * given, weight, theta)
            iterations.append(count)
        return theta, iterations

    def _soft(self, logits: Floats) -> Floats:
        if not self.hard:
            return probabilities(logits / float(self.temperature))
        if logits.shape[1] == 1:
            return (logits > 0).astype(float)
        return _one_hot(np.argmax(logits, axis=1), logits.shape[1])

    def _splits(
        self, index: NDArray[np.intp], keep: NDArray[np.bool_]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield training and held-out rows; splits of one's own count rows of weight 0 too."""
        if not isinstance(self.cv, int | np.integer):
            place = np.cumsum(keep) - 1
            rows = np.zeros(len(keep))
            for train, test in check_cv(self.cv).split(rows):
                yield place[train[keep[train]]], place[test[keep[test]]]
            return
        smallest = int(np.bincount(index).min())
        if smallest < 2:
            raise ValueError(
                "xi='auto' needs at least two samples of every class, got a class with "
                f"{smallest}; give xi as a number"
            )
        yield from StratifiedKFold(min(self.cv, smallest)).split(index, index)

    def _choose_xi(
        self, X: Floats, index: NDArray[np.intp], weight: Floats, keep: NDArray[np.bool_]
    ) -> tuple[float, Floats]:
        """Return the best candidate and the mean held-out score of each."""
        K = len(self.classes_)
        scores = []
        for train, test in self._splits(index, keep):
            given = _one_hot(index[train], K)
            teacher, _ = self._fit(X[train], given, weight[train], None)
            row = []
            for xi in self.xis:
                theta, _ = self._distil(X[train], given, weight[train], teacher, float(xi))
                logits = X[test] @ theta[:-1] + theta[-1]
                row.append(self._score(logits, index[test], weight[test]))
            scores.append(row)
        means = np.mean(scores, axis=0)
        return float(self.xis[int(np.argmax(means))]), means

    def _score(self, logits: Floats, index: NDArray[np.intp], weight: Floats) -> float:
        log_p = _log_probabilities(logits[:, 0] if logits.shape[1] == 1 else logits)
        if self.scoring == "accuracy":
            return float(np.average(np.argmax(log_p, axis=1) == index, weights=weight))
        return float(np.average(log_p[np.arange(len(index)), index], weights=weight))


def _one_hot(index: NDArray[np.intp], classes: int) -> Floats:
    """Return targets: one column, the second class, for two classes."""
    hot = np.eye(classes)[index]
    return hot[:, 1:] if classes == 2 else hot


def _unpack(theta: Floats) -> tuple[Floats, Floats]:
    return theta[:-1].T.copy(), theta[-1].copy()


def _log_probabilities(logits: Floats) -> Floats:
    if logits.ndim == 1:
        return np.column_stack([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)])
    return np.asarray(log_softmax(logits, axis=1))
