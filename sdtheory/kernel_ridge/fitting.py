"""Kernel ridge students: one factorisation, then every round, weight and penalty is arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, device, namespace, size
from sdtheory.spectral import filters, weights
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.schedules import per_round
from sdtheory.spectral.smoother import Smoother, within_range
from sdtheory.spectral.spectrum import columns

__all__ = ["KernelRidge", "fit", "fit_features"]


@dataclass(frozen=True, slots=True)
class KernelRidge:
    """Kernel ridge regression and all its self-distilled students, on one data set.

    >>> model = fit([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.0])
    >>> model.fitted(lam=1.0, xi=0.5, steps=1), model.dual(lam=1.0, xi=0.5, steps=1)
    (array([0.515625, 0.140625]), array([ 0.296875, -0.078125]))
    >>> model.predict([[1.0, 1.0]], lam=1.0, xi=0.5, steps=1), model.limit([[1.0, 1.0]], 1.0, 0.5)
    (array([0.21875]), array([0.2]))
    >>> model.path([[1.0, 1.0]], lam=1.0, xi=0.5, steps=2).ravel()  # teacher and two students
    array([0.25      , 0.21875   , 0.20703125])
    >>> model.sweep([[1.0, 1.0]], lams=[1.0, 2.0], xis=[0.0, 0.5, 1.0], steps=1).shape
    (2, 2, 3, 1)
    >>> model.filter(lam=1.0, xi=0.5, steps=1).kept
    array([0.65625, 0.375  ])
    """

    smoother: Smoother
    y: Array
    """The labels (n,) or (n, q)."""

    @property
    def eigenvalues(self) -> Array:
        """The positive eigenvalues (r,) of the kernel, descending."""
        return self.smoother.eigenvalues

    def filter(self, lam: Array, xi: Array = 0.0, steps: int | None = None) -> Filter:
        """Return the student's spectral filter; see `sdtheory.spectral.filters.distill`."""
        return filters.distill(self.eigenvalues, lam, xi, steps)

    def predict(self, new: Array, lam: Array, xi: Array = 0.0, steps: int | None = None) -> Array:
        """Return predictions (m,) or (m, q) of the student after `steps` rounds.

        Parameters
        ----------
        new : array (m, n) or (m, p)
            K(new, train), or features where the fit was made from features.
        lam : float or array (steps + 1,)
            Penalty of every fit, the teacher's first.
        xi : float or array (steps,)
            Weight on the teacher in every round; any real number.
        steps : int, optional
            Rounds after the teacher; the length of the schedule, or 1, by default.
        """
        student = self._student(lam, xi, steps)
        return self.smoother.predict(self.smoother.projection(new), student)

    def fitted(self, lam: Array, xi: Array = 0.0, steps: int | None = None) -> Array:
        """Return the student's predictions at the training inputs."""
        return self.smoother.fitted(self._student(lam, xi, steps))

    def dual(self, lam: Array, xi: Array = 0.0, steps: int | None = None) -> Array:
        """Return the student's weights of the training points, (n,) or (n, q)."""
        return self.smoother.dual(self._student(lam, xi, steps))

    def _student(self, lam: Array, xi: Array, steps: int | None) -> Filter:
        return _single(self.filter(lam, xi, steps))

    def limit(self, new: Array, lam: float, xi: float) -> Array:
        """Return predictions after infinitely many rounds: ridge with penalty lam / (1 - xi)."""
        profile = _single(filters.fixed_point(self.eigenvalues, lam, xi))
        return self.smoother.predict(self.smoother.projection(new), profile)

    def path(self, new: Array, lam: Array, xi: Array, steps: int | None = None) -> Array:
        """Return predictions (steps + 1, m, ...) of the teacher and of every student after it."""
        projection = self.smoother.projection(new)
        lams, xis = per_round("lam", lam, xi, steps, self.eigenvalues)
        students = [
            self.smoother.predict(projection, self.filter(lams[: k + 1], xis[:k]))
            for k in range(len(lams))
        ]
        return namespace(projection).stack(students)

    def sweep(self, new: Array, lams: Array, xis: Array, steps: int) -> Array:
        """Return predictions for every round, penalty and constant weight at once.

        Parameters
        ----------
        new : array (m, n)
            K(new, train), or features.
        lams, xis : array (a,), array (b,)
            The grid.
        steps : int
            Rounds after the teacher.

        Returns
        -------
        array (steps + 1, a, b, m) or (steps + 1, a, b, m, q)

        Notes
        -----
        At one penalty every student is a mixture of the pure ones (`weights.powers_from_xi`): only
        (steps + 1) a predictions are computed. The mixture is convex, and so loses no digits, for
        weights in [0, 1]; other weights get predictions of their own.
        """
        lams = _checks.array("lams", lams, like=self.eigenvalues, ndim=1, at_least=0)
        xis = _checks.array("xis", xis, like=self.eigenvalues, ndim=1)
        steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
        xp = namespace(lams)
        projection = self.smoother.projection(new)
        convex = [0 <= float(xi) <= 1 for xi in xis]
        mixing = _constant_mixtures(xp.clip(xis, 0, 1), steps)
        result = None  # written in place: a list of sheets and its stack would be twice as much
        for a, pure in enumerate(self._pure(projection, lams, steps)):
            mixed = xp.tensordot(mixing, pure, axes=1)  # (steps + 1, b, m, ...)
            of_each_weight = [
                mixed[:, b, ...]
                if convex[b]
                else self._each_round(projection, lams[a], xis[b], steps)
                for b in range(xis.shape[0])
            ]
            sheet = mixed if all(convex) else xp.stack(of_each_weight, axis=1)
            if result is None:
                shape = (sheet.shape[0], lams.shape[0], *sheet.shape[1:])
                result = xp.empty(shape, dtype=sheet.dtype, device=device(sheet))
            result[:, a, ...] = sheet
        return result

    def _pure(self, projection: Array, lams: Array, steps: int) -> Iterator[Array]:
        """Yield predictions (steps + 1, m, ...) of the pure students, penalty by penalty.

        One product serves several penalties, as many as take a quarter of the projection's memory:
        thin products are slower for the same arithmetic.
        """
        xp, z = namespace(projection), self.smoother.targets.projected
        at_once = max(1, size(projection) // (4 * (steps + 1) * max(1, size(z))))
        for start in range(0, lams.shape[0], at_once):
            rounds = []
            for a in range(start, min(start + at_once, lams.shape[0])):
                teacher = self.filter(lams[a], steps=0)
                rounds.append(columns(teacher.coefficient, z))
                for _ in range(steps):
                    rounds.append(columns(teacher.kept, rounds[-1]))
            predictions = _products(projection, xp.stack(rounds))
            for teacher_row in range(0, predictions.shape[0], steps + 1):
                yield predictions[teacher_row : teacher_row + steps + 1, ...]

    def _each_round(self, projection: Array, lam: Array, xi: Array, steps: int) -> Array:
        chain = [within_range(self.filter(lam, xi, k)).coefficient for k in range(steps + 1)]
        z = self.smoother.targets.projected
        return _products(projection, namespace(z).stack([columns(c, z) for c in chain]))


def _single(profile: Filter) -> Filter:
    if profile.kept.ndim != 1:
        raise ValueError(
            "lam and xi must describe one student (`sweep` evaluates many), got "
            f"{math.prod(profile.kept.shape[:-1])} of them"
        )
    return profile


def fit(kernel: Array, y: Array, noise: Array | None = None) -> KernelRidge:
    """Factorise a kernel matrix once, for any number of students.

    Parameters
    ----------
    kernel : array (n, n)
        Positive semi-definite; singular is fine.
    y : array (n,) or (n, q)
        Labels.
    noise : array (n,), optional
        Relative noise levels: sample i is fitted with the penalty lam * noise[i]. An input that
        occurs r times, with labels of mean m, is one input with label m and noise 1 / r.

    Returns
    -------
    KernelRidge

    Examples
    --------
    >>> model = fit([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.0])
    >>> model.predict([[1.0, 1.0]], lam=1.0, xi=1.0, steps=1)
    array([0.1875])
    """
    smoother = Smoother.from_kernel(kernel, y, noise)
    return KernelRidge(smoother, _checks.array("y", y, like=smoother.eigenvalues))


def fit_features(features: Array, y: Array, noise: Array | None = None) -> KernelRidge:
    """Factorise features (n, p) once: the kernel is features @ features.T, and is never formed.

    Nyström and random features (`nystrom_features`, `fourier_features`) are used so; predictions
    then take features of the new points.

    >>> fit_features([[1.0], [1.0]], [1.0, 0.0]).predict([[2.0]], lam=2.0, steps=0)
    array([0.5])
    """
    features = _checks.array("features", features, ndim=2)
    smoother = Smoother.from_design(features, y, noise)
    return KernelRidge(smoother, _checks.array("y", y, like=smoother.eigenvalues))


def _products(projection: Array, weighted: Array) -> Array:
    """Return predictions (k, m) or (k, m, q) from weighted targets (k, r) or (k, r, q)."""
    if weighted.ndim == 2:
        return weighted @ projection.T
    xp, (k, r, q) = namespace(weighted), weighted.shape
    rows = xp.reshape(xp.permute_dims(weighted, (0, 2, 1)), (k * q, r)) @ projection.T
    return xp.permute_dims(xp.reshape(rows, (k, q, -1)), (0, 2, 1))


def _constant_mixtures(xis: Array, steps: int) -> Array:
    """Return the mixture (k, b, i) of pure students i that k rounds with constant xis (b,) make."""
    xp = namespace(xis)
    pages = []
    for k in range(steps + 1):
        schedule = xp.broadcast_to(xis[:, None], (xis.shape[0], k))
        mixture = weights.powers_from_xi(schedule) if k else xp.ones_like(xis[:, None])
        rest = xp.broadcast_to(0.0 * xis[:, None], (xis.shape[0], steps - k))
        pages.append(xp.concat([mixture, rest], axis=1))
    return xp.stack(pages)
