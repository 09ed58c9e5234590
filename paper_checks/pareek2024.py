"""Pareek, Du & Oh 2024: repeated self-distillation of ridge regression."""

from fractions import Fraction
from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import Draw, claim, fit_rate, relative_error
from sdtheory.label_noise import RidgeProblem
from sdtheory.spectral import weights

from ._instances import EPS
from ._ridge_problems import problem, tasks

PAPER = "Pareek, Du & Oh 2024"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _separated_tasks(draw: Draw) -> dict[str, Any]:
    """Tasks whose eigenvalues are equal or clearly apart: what lies between is lost in rounding."""
    drawn = tasks(draw)
    gaps = np.abs(np.subtract.outer(drawn["d"], drawn["d"]))
    draw.assume(np.all((gaps == 0) | (gaps > 1e-7 * (drawn["d"] + drawn["lam"]))))
    return drawn


@claim(
    "pareek2024.weights_of_the_powers",
    paper=PAPER,
    where="R4",
    source="paper",
    says="""r rounds with weights xi_1, ..., xi_r are the polynomial sum_i c_i a^(i+1) in the
    teacher's filter a, where the tail sums of c are T_i = xi_r xi_(r-1) ... xi_(r-i+1); conversely
    xi_(r-i+1) = T_i / T_(i-1).""",
    kind="identity",
    instances=lambda draw: {"xis": draw.uniform(0.2, 3.0, size=draw.integer(1, 6))},
    tolerance=lambda xis: 64 * EPS * float(np.prod(1 + 2 * np.abs(xis))),
    guards=(
        "sdtheory.spectral.weights.powers_from_xi",
        "sdtheory.spectral.weights.xi_from_powers",
    ),
)
def weights_of_the_powers(xis: FloatArray) -> float:
    """Return the error against expanding the recursion, and that of the way back."""
    expanded = np.ones(1)
    for xi in xis:
        expanded = np.concatenate([[1 - xi], xi * expanded])
    mixture = weights.powers_from_xi(xis)
    return max(
        relative_error(mixture, expanded, scale=1.0),
        relative_error(weights.xi_from_powers(mixture), xis, scale=1.0),
    )


@claim(
    "pareek2024.risk_is_quadratic_in_the_weights",
    paper=PAPER,
    where="R25",
    source="paper",
    says="""The risk of r rounds is quadratic in the Taylor weights,
    risk(ridge) + w'M w - 2 m'w with M_kl = sum w a^2 x^(k+l) (theta^2 + noise / d) and
    m_k = sum w a x^(k+1) (theta^2 - noise / lam), so the optimum is one linear solve.""",
    kind="identity",
    instances=_separated_tasks,
    tolerance=1e-11,
    guards=("sdtheory.spectral.projections.optimal_weights",),
)
def risk_is_quadratic_in_the_weights(
    d: FloatArray, theta: FloatArray, weights: FloatArray, noise_var: float, lam: float
) -> float:
    """Return the error of the best risk of two rounds against solving that system exactly."""
    noise, penalty = Fraction(noise_var), Fraction(lam)
    matrix = dict.fromkeys([2, 3, 4], Fraction(0))  # by the exponent of x
    vector = dict.fromkeys([1, 2], Fraction(0))
    ridge = Fraction(0)
    for mode, size, weight in zip(*(map(Fraction, v) for v in (d, theta, weights)), strict=True):
        a, x = mode / (mode + penalty), penalty / (mode + penalty)
        ridge += weight * (x**2 * size**2 + noise * a**2 / mode)
        for k in matrix:
            matrix[k] += weight * a**2 * x**k * (size**2 + noise / mode)
        for k in vector:
            vector[k] += weight * a * x ** (k + 1) * (size**2 - noise / penalty)
    m, determinant = vector, matrix[2] * matrix[4] - matrix[3] ** 2
    if determinant == 0:  # all eigenvalues are equal: one weight does everything
        gain = m[1] ** 2 / matrix[2]
    else:
        gain = m[1] ** 2 * matrix[4] - 2 * m[1] * m[2] * matrix[3] + m[2] ** 2 * matrix[2]
        gain /= determinant
    got = label_noise.optimal_steps(problem(d, theta, weights, noise_var), lam, 2)
    return relative_error(got.risk, float(ridge - gain), scale=float(ridge))


@claim(
    "pareek2024.preconditioners_and_smoothers",
    paper=PAPER,
    where="R28",
    source="derived",
    says="""No linear smoother has a lower in-sample risk than noise m / (m + noise) / n with
    m = |X theta|^2; the best students reach it.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="the signal lies along one right singular vector",
    counterexample={"other": 1.0, "scale": 1.0, "noise_var": 1.0},
    instances=lambda draw: {
        "other": 0.0,
        "scale": draw.log_uniform(0.1, 10.0),
        "noise_var": draw.log_uniform(0.1, 10.0),
    },
    tolerance=1e-12,
    guards=(
        "sdtheory.label_noise.wiener.linear_smoother_floor",
        "sdtheory.label_noise.wiener.wiener_floor",
    ),
)
def preconditioners_and_smoothers(other: float, scale: float, noise_var: float) -> float:
    """Return the distance of the spectral floor from that of all smoothers, and its error."""
    theta = scale * np.array([1.0, other])
    made = RidgeProblem([2.0, 1.0], theta, noise_var, "in_sample", n=2)
    energy = float(np.sum((np.array([2.0, 1.0]) * theta) ** 2))
    want = energy * noise_var / (energy + noise_var) / 2
    return max(
        relative_error(label_noise.linear_smoother_floor(made), want),
        relative_error(label_noise.wiener_floor(made).risk, want),
    )


@claim(
    "pareek2024.separation",
    paper=PAPER,
    where="R29",
    source="recalled",
    says="""There are problems on which r rounds have a risk of at most noise / n, tuned ridge
    regression at least 0.98 r noise / n and one tuned round at least 0.99 r noise / (512 n).""",
    kind="inequality",
    instances=lambda draw: {"rank": draw.integer(2, 8)},
    tolerance=1e-9,
    guards=(
        "sdtheory.label_noise.best.best_joint",
        "sdtheory.label_noise.many_rounds.optimal_steps",
    ),
    samples=4,
    sensitivity=1e-2,
)
def separation(rank: int) -> float:
    """Return the violation, with the Wiener floor e / (e + 1) as the independent answer."""
    made = label_noise.separation_problem(rank, 0.01, 1e6)
    best = float(label_noise.optimal_steps(made, 1.0, rank).risk)
    tuned = label_noise.best_joint(made)
    ridge, student = float(tuned.ridge_risk), float(tuned.risk)
    energy = 1e6 * (1 + 0.01 * (rank - 1))
    # With all gaps small, ridge is close to the estimator that treats all directions alike.
    alike = energy / rank / (energy / rank + 1) * rank
    return max(
        best - 1,
        abs(best - energy / (energy + 1)) - 1e-6,
        0.98 * rank - ridge,
        abs(ridge / alike - 1) - 1e-3,
        0.99 / 512 * rank - student,
    )


@claim(
    "pareek2024.weights_explode",
    paper=PAPER,
    where="R30",
    source="derived",
    says="""As the gap between two singular values closes, the weights of the two rounds that reach
    the floor grow like one over the gap.""",
    kind="asymptotic",
    instances=lambda draw: {"energy": draw.log_uniform(1e6, 1e8)},
    tolerance=1.0,
    guards=("sdtheory.spectral.weights.powers_from_taylor",),
    samples=2,
)
def weights_explode(energy: float) -> float:
    """Return the growth rate against -1, in half-widths of the fit; inf off the Wiener filter."""
    gaps = np.geomspace(1e-3, 1e-2, 9)
    found = [
        label_noise.optimal_steps(label_noise.separation_problem(2, g, energy), 1.0, 2)
        for g in gaps
    ]
    a = 0.5
    for best in found:
        assert best.xi is not None
        kept = a * (1 - best.xi[1] + best.xi[1] * a * (1 - best.xi[0] + best.xi[0] * a))
        # The second singular value is 1: nothing of it should be kept.
        if abs(kept) > 1e-6:
            return float("inf")
    return fit_rate(gaps, [best.largest_xi for best in found], stated=-1.0, correction=1.0)


@claim(
    "pareek2024.one_round_fewer_suffices",
    paper=PAPER,
    where="R26",
    source="derived",
    says="""With m distinct singular values m - 1 rounds reach the Wiener floor, because the penalty
    is one more number to tune.""",
    kind="inequality",
    verdict="fails",
    counterexample={"d": np.array([4.0, 1.0]), "energy": np.array([1.0, 3.0]), "noise_var": 1.0},
    instances=lambda draw: {
        "d": np.array([4.0, 1.0]),
        "energy": np.array([1.0, draw.log_uniform(2.5, 4.0)]),
        "noise_var": 1.0,
    },
    tolerance=1e-6,
    guards=("sdtheory.label_noise.best.best_joint",),
    samples=3,
)
def one_round_fewer_suffices(d: FloatArray, energy: FloatArray, noise_var: float) -> float:
    """Return the relative excess of m - 1 tuned rounds over the floor."""
    made = RidgeProblem(np.sqrt(d), np.sqrt(energy), noise_var)
    floor = np.sum(energy * noise_var / (d * energy + noise_var))
    return float(label_noise.best_joint(made, d.size - 1).risk) / floor - 1
