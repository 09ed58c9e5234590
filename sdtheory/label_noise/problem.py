"""What is to be learned, how noisy its labels are, and in which metric errors count.

A `Problem` is a spectrum together with a risk that is a sum of squares in the filter: everything
that distillation can do to it follows. `RidgeProblem` is the expected risk over label noise,
`ConditionalProblem` the risk of one data set, without any assumption on how it arose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sdtheory import _checks
from sdtheory._array import Array, is_array, namespace, place
from sdtheory.spectral import QuadraticRisk, Spectrum, criteria
from sdtheory.spectral.risks import Block
from sdtheory.spectral.spectrum import semidefinite

__all__ = ["ConditionalProblem", "Problem", "RidgeProblem", "check_problem"]

METRICS = ("parameter", "in_sample")


class Problem(Protocol):
    """A spectrum and a risk."""

    @property
    def eigenvalues(self) -> Array:
        """Squared singular values of the design (r,)."""

    @property
    def risk(self) -> QuadraticRisk:
        """The risk of any filter on this spectrum."""


def check_problem(problem: object) -> None:
    """Raise unless an argument is a `Problem`, whatever its class."""
    if not isinstance(getattr(problem, "risk", None), QuadraticRisk):
        raise TypeError(
            "problem must have eigenvalues and a QuadraticRisk as its risk, as RidgeProblem and "
            f"ConditionalProblem have, got {_checks.show(problem)}"
        )


@dataclass(frozen=True, slots=True)
class RidgeProblem:
    """A linear model with known truth, y = X theta + noise, on a fixed design.

    With s the singular values, theta in the basis of the right singular vectors and weights omega,
    a student with filter f has the expected risk

        sum_j omega_j [ (1 - f_j)**2 theta_j**2 + noise_var f_j**2 / s_j**2 ] + null_energy.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> problem.risk.constant, problem.energy
    (array(0.), array([1.  , 0.25, 4.  ]))
    >>> from sdtheory import Spectrum
    >>> spectrum = Spectrum.from_design([[2.0, 0.0], [0.0, 1.0]])
    >>> RidgeProblem.from_spectrum(spectrum, [1.0, -0.5], noise_var=0.5).energy
    array([1.  , 0.25])
    """

    singular_values: Array
    """s (r,), positive: directions without data belong to `null_energy`."""
    coefficients: Array
    """theta (r,), or (r, q) for q outputs; (p,) with p >= r, retained ones first, for a covariance
    metric."""
    noise_var: Array
    """Variance of the label noise, summed over outputs; (r,) where it varies over the modes."""
    metric: str | Array = "parameter"
    """"parameter" (omega = 1), "in_sample" (omega = s**2 / n), weights omega (r,), or the
    covariance (p, p) of new points in the basis of the right singular vectors."""
    n: int | None = None
    """Number of samples, for "in_sample"; by default as many as singular values."""
    null_energy: float = 0.0
    """Weighted energy of the signal where there are no data; no student changes it."""
    target: Array | None = None
    """Coefficients (p,) that new points follow, for a covariance metric; by default the same."""
    risk: QuadraticRisk = field(init=False, repr=False, compare=False)
    """The expected risk as a function of a filter."""

    def __post_init__(self) -> None:
        """Check the arguments and state the risk."""
        s = _checks.array("singular_values", self.singular_values, ndim=1, above=0)
        object.__setattr__(self, "singular_values", s)
        theta = _checks.array("coefficients", self.coefficients, like=s, ndim=(1, 2))
        object.__setattr__(self, "coefficients", theta)
        noise = _checks.array("noise_var", self.noise_var, like=s, ndim=(0, 1), at_least=0)
        object.__setattr__(self, "noise_var", noise)
        if self.n is not None:
            _checks.integer("n", self.n, at_least=1)
        object.__setattr__(self, "risk", self._stated())

    @classmethod
    def from_design(
        cls,
        design: Array,
        theta: Array,
        noise_var: Array,
        metric: str | Array = "parameter",
        target: Array | None = None,
    ) -> RidgeProblem:
        """Make the problem of a design (n, p) and coefficients (p,) or (p, q) of its features.

        `noise_var` may differ over the samples (n,), for a metric that is not a covariance. A
        covariance (p, p) and a `target` (p,) are in the coordinates of the features.

        >>> RidgeProblem.from_design([[3.0, 0.0], [0.0, 1.0]], [1.0, 2.0], 0.1).coefficients
        array([1., 2.])
        """
        return cls.from_spectrum(Spectrum.from_design(design), theta, noise_var, metric, target)

    @classmethod
    def from_spectrum(
        cls,
        spectrum: Spectrum,
        theta: Array,
        noise_var: Array,
        metric: str | Array = "parameter",
        target: Array | None = None,
    ) -> RidgeProblem:
        """Make the same problem of a design that has been factorised, or streamed.

        Without the samples themselves (`Summary.spectrum`) their noise must be alike.
        """
        _checks.instance("spectrum", spectrum, Spectrum)
        left, right = spectrum.left, spectrum.right
        if right is None:
            raise ValueError("spectrum must be of a design, got that of a kernel")
        xp = namespace(right)
        theta = _checks.array("theta", theta, like=right, ndim=(1, 2))
        _checks.same_length("theta", theta, "the features", right)
        s, coefficients = xp.sqrt(spectrum.eigenvalues), right.T @ theta
        noise = _checks.array("noise_var", noise_var, like=right, ndim=(0, 1), at_least=0)
        if noise.ndim == 1:
            if left is None:
                raise ValueError(
                    "noise_var must be one number for a spectrum without samples, got "
                    f"{_checks.show(noise_var)}"
                )
            _checks.same_length("noise_var", noise, "the samples", left)
            noise = xp.sum(left**2 * noise[:, None], axis=0)
        if not is_array(metric):
            name = _checks.choice("metric", metric, METRICS)
            spare = theta - right @ coefficients
            null = float(xp.sum(spare**2)) if name == "parameter" else 0.0
            return cls(s, coefficients, noise, name, spectrum.n, null)
        if noise.ndim == 1:
            raise ValueError(
                "noise_var must be one number for a covariance metric, got "
                f"{_checks.show(noise_var)}"
            )
        covariance = _checks.array("metric", metric, like=right, ndim=2)
        goal = theta if target is None else _checks.array("target", target, like=right, ndim=1)
        if tuple(covariance.shape) != (right.shape[0],) * 2:
            raise ValueError(f"metric must be (p, p), got shape {tuple(covariance.shape)}")
        # Outside the span of the data only the target's own component is ever missing.
        seen = right.T @ goal
        beyond = goal - right @ seen
        length = xp.reshape(xp.linalg.vector_norm(beyond), (1,))
        unit = beyond / xp.where(length == 0, xp.ones_like(length), length)
        basis = xp.concat([right, unit[:, None]], axis=1)
        return cls(
            s,
            xp.concat([coefficients, xp.zeros_like(length)]),
            noise,
            basis.T @ covariance @ basis,
            spectrum.n,
            target=xp.concat([seen, length]),
        )

    @classmethod
    def from_mean(cls, design: Array, mean: Array, noise_var: Array) -> RidgeProblem:
        """Make the in-sample problem of any mean E[y] (n,) or (n, q): no linear model is needed.

        `noise_var` is the variance per sample, summed over outputs. Uniform label flips of one-hot
        targets are of this kind: see `sdtheory.problems.flipped_means`.

        >>> RidgeProblem.from_mean([[1.0], [1.0]], [1.0, 0.0], noise_var=0.0).null_energy
        0.25
        """
        spectrum = Spectrum.from_design(design)
        mean = _checks.array("mean", mean, like=spectrum.eigenvalues, ndim=(1, 2))
        if mean.shape[0] != spectrum.n:
            raise ValueError(
                f"mean must have an entry for each of the {spectrum.n} rows of design, "
                f"got shape {tuple(mean.shape)}"
            )
        seen = spectrum.project(mean)
        xp = namespace(mean)
        s = xp.sqrt(spectrum.eigenvalues)
        coefficients = seen.projected / (s if mean.ndim == 1 else s[:, None])
        outside = float(xp.sum(seen.outside)) / spectrum.n
        return cls(s, coefficients, noise_var, "in_sample", spectrum.n, outside)

    @property
    def eigenvalues(self) -> Array:
        """Squared singular values (r,)."""
        return self.singular_values**2

    @property
    def energy(self) -> Array:
        """Squared coefficients of the retained modes (r,), summed over outputs."""
        theta = self.coefficients[: self.singular_values.shape[0], ...]
        return theta**2 if theta.ndim == 1 else namespace(theta).sum(theta**2, axis=1)

    @property
    def weights(self) -> Array | None:
        """The weights omega (r,) of a diagonal metric; None for a covariance."""
        s = self.singular_values
        if isinstance(self.metric, str):
            name = _checks.choice("metric", self.metric, METRICS)
            if name == "parameter":
                return namespace(s).ones_like(s)
            count = s.shape[0] if self.n is None else _checks.integer("n", self.n, at_least=1)
            return s**2 / float(count)
        metric = _checks.array("metric", self.metric, like=s, ndim=(1, 2))
        if metric.ndim == 2:
            return None
        _checks.same_length("metric", metric, "singular_values", s)
        return _checks.array("metric", metric, at_least=0)

    def _stated(self) -> QuadraticRisk:
        weights = self.weights
        if weights is None:
            return criteria.expected_error_general(
                self.singular_values, self.coefficients, self.noise_var, self.metric, self.target
            )
        if self.target is not None:
            raise ValueError("target must come with a covariance metric")
        return criteria.expected_error(
            self.singular_values, self.coefficients, self.noise_var, weights, self.null_energy
        )


@dataclass(frozen=True, slots=True)
class ConditionalProblem:
    """The risk of one data set: nothing is averaged, nothing is assumed about the data.

    >>> from sdtheory.label_noise import optimal_xi
    >>> design, truth = [[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [1.0, 0.5]
    >>> problem = ConditionalProblem.from_truth(design, [2.4, 0.2, 0.3], truth)
    >>> optimal_xi(problem, lam=1.0).xi
    np.float64(-0.70318057)
    >>> new = ConditionalProblem.from_evaluation(design, [2.4, 0.2, 0.3], [[1.0, 1.0]], [1.6])
    >>> optimal_xi(new, lam=1.0).xi
    np.float64(-2.231405)
    """

    eigenvalues: Array
    """Squared singular values of the design (r,)."""
    risk: QuadraticRisk
    """The risk of any filter."""

    def __post_init__(self) -> None:
        """Check the arguments."""
        d = _checks.array("eigenvalues", self.eigenvalues, ndim=1, at_least=0, empty=True)
        object.__setattr__(self, "eigenvalues", d)
        _checks.instance("risk", self.risk, QuadraticRisk)

    @classmethod
    def from_truth(
        cls, design: Array, y: Array, truth: Array, covariance: Array | None = None
    ) -> ConditionalProblem:
        """Measure (beta - truth)' covariance (beta - truth) of the students of labels y (n,).

        >>> ConditionalProblem.from_truth([[1.0], [1.0]], [1.0, 2.0], [1.0]).eigenvalues
        array([2.])
        """
        spectrum = Spectrum.from_design(design)
        right = spectrum.right
        assert right is not None
        y = _checks.array("y", y, like=right, ndim=1)
        truth = _checks.array("truth", truth, like=right, ndim=1)
        _checks.same_length("truth", truth, "the features", right)
        z = spectrum.project(y).projected
        xp = namespace(right)
        s = xp.sqrt(spectrum.eigenvalues)
        if covariance is None:
            root = xp.eye(right.shape[0], dtype=right.dtype)
            root = place(root, like=right)
        else:
            values, vectors = semidefinite(
                "covariance", _checks.array("covariance", covariance, like=right, ndim=2)
            )
            root = xp.sqrt(values)[:, None] * vectors.T
        if root.shape[1] != right.shape[0]:
            raise ValueError(f"covariance must be (p, p), got {_checks.show(covariance)}")
        block = Block(-(root @ right) * (s * z), "coefficient", root @ truth)
        return cls(spectrum.eigenvalues, QuadraticRisk((block,), place(0.0, like=right)))

    @classmethod
    def from_evaluation(
        cls, design: Array, y: Array, new_design: Array, new_y: Array
    ) -> ConditionalProblem:
        """Measure the mean squared error on a labelled evaluation set, over points and outputs.

        >>> ConditionalProblem.from_evaluation([[1.0]], [2.0], [[2.0]], [3.0]).eigenvalues
        array([1.])
        """
        spectrum = Spectrum.from_design(design)
        d, right = spectrum.eigenvalues, spectrum.right
        assert right is not None
        y = _checks.array("y", y, like=d, ndim=(1, 2))
        new = _checks.array("new_design", new_design, like=d, ndim=2)
        new_y = _checks.array("new_y", new_y, like=d, ndim=y.ndim)
        _checks.same_length("new_y", new_y, "new_design", new)
        if new.shape[1] != right.shape[0] or tuple(new_y.shape[1:]) != tuple(y.shape[1:]):
            raise ValueError(
                "new_design and new_y must have the columns of design and y, got shapes "
                f"{tuple(new.shape)} and {tuple(new_y.shape)} beside {right.shape[0]} features "
                f"and y of shape {tuple(y.shape)}"
            )
        risk = criteria.prediction_error(spectrum.projection(new), spectrum.project(y), new_y)
        return cls(d, risk)
