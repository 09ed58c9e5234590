"""Taylor coefficients of the two-penalty kernel: reference numbers, differences, simulation."""

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from strategies import log_floats

from sdtheory.label_noise import (
    ProportionalProblem,
    asymptotic_steps,
    asymptotics,
    kernel_coefficients,
)

THREE = ([4.0, 1.0, 0.25], [0.7, 0.2, 0.1], 0.8, 0.5, [0.2, 0.3, 0.5])


def test_reference_numbers():
    got = kernel_coefficients(ProportionalProblem(*THREE), 0.3, 2)
    want = [
        [0.2846100190275511589, -0.009556629873168753539, 0.01354977155471538089],
        [-0.009556629873168753539, 0.05769903091896118993, -0.02535133595853343823],
        [0.01354977155471538089, -0.02535133595853343823, 0.01508124440342765776],
    ]
    # Entries are small next to the teacher's risk, from which they are derivatives.
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(
    ("steps", "weights", "total"),
    [
        (1, [-0.1656289494114923093], 0.7830271644617437353),
        (2, [0.8764566227267007064, -2.371761699081806313], 0.7608491613660556627),
    ],
)
def test_reference_rounds(steps, weights, total):
    got = asymptotic_steps(ProportionalProblem(*THREE), 0.3, steps)
    np.testing.assert_allclose(got.weights, weights, rtol=1e-12)
    assert got.excess_risk + 0.5 == pytest.approx(total, rel=1e-13)


def test_reference_shift_of_the_features():
    got = kernel_coefficients(ProportionalProblem(*THREE), 0.3, 1, [1.0, 2.0, 3.0])
    want = [0.773338193069215476, -0.19554852247275056946, 0.1970664278600658038527739]
    np.testing.assert_allclose([got[0, 0], got[0, 1], got[1, 1]], want, rtol=1e-12)
    student = asymptotic_steps(ProportionalProblem(*THREE), 0.3, 1, [1.0, 2.0, 3.0])
    assert -student.weights[0] == pytest.approx(0.9922974937750783284, rel=1e-12)
    assert student.excess_risk == pytest.approx(0.5792958843080855032, rel=1e-12)


@given(
    st.lists(st.tuples(log_floats(0.1, 10), log_floats(0.1, 10)), min_size=1, max_size=4),
    log_floats(0.1, 5),
    log_floats(1e-2, 1e2),
)
def test_first_order_is_the_closed_form(modes, ratio, lam):
    s, energy = np.array(modes).T
    problem = ProportionalProblem(s, energy, ratio, 1.0)
    k, closed = kernel_coefficients(problem, lam, 1), asymptotics(problem, lam)
    scale = closed.teacher_risk
    assert k[0, 0] + 1 == pytest.approx(closed.teacher_risk, rel=1e-11)
    assert k[1, 1] == pytest.approx(closed.distance, rel=1e-9, abs=1e-12 * scale)
    assert -k[0, 1] == pytest.approx(closed.xi * closed.distance, rel=1e-9, abs=1e-12 * scale)
    same = kernel_coefficients(problem, lam, 2, s)
    np.testing.assert_allclose(same, kernel_coefficients(problem, lam, 2), atol=1e-11 * scale)


def test_series_are_derivatives_of_the_kernel():
    s, energy, ratio, noise, masses = THREE
    with mpmath.workdps(40):

        def excess(k):
            terms = (m * k * v / (v + k) for m, v in zip(masses, s, strict=True))
            return k - ratio * mpmath.fsum(terms)

        def kappa(lam):
            return mpmath.findroot(lambda k: excess(k) - lam, lam + 0.5)

        def total(numbers, at, one, two):
            return mpmath.fsum(
                c * u / ((v + one) * (v + two)) for c, v, u in zip(numbers, s, at, strict=True)
            )

        def kernel(x, y, new):
            one, two = kappa(0.3 * (1 + x)), kappa(0.3 * (1 + y))
            t, t_new = (ratio * total(np.multiply(masses, s), at, one, two) for at in (s, new))
            q, q_new = (one * two * total(energy, at, one, two) for at in (s, new))
            return q_new + (q + noise) * t_new / (1 - t)

        problem = ProportionalProblem(*THREE)
        for new in (None, [1.0, 2.0, 3.0]):
            got = kernel_coefficients(problem, 0.3, 3, new)
            np.testing.assert_allclose(got, got.T, rtol=1e-12, atol=1e-16)
            for i, j in [(0, 0), (0, 3), (1, 2), (3, 1)]:
                want = mpmath.diff(lambda x, y, at=new or s: kernel(x, y, at), (0, 0), (i, j))
                want = want / mpmath.factorial(i) / mpmath.factorial(j)
                assert got[i, j] == pytest.approx(float(want), rel=1e-6)


def test_the_teacher_is_the_corner_of_the_kernel():
    problem = ProportionalProblem(*THREE)
    got = asymptotic_steps(problem, 0.3, 2)
    assert got.teacher_excess_risk == kernel_coefficients(problem, 0.3, 2)[0, 0]
    assert got.teacher_excess_risk + 0.5 == pytest.approx(
        asymptotics(problem, 0.3).teacher_risk, rel=1e-14
    )


def test_nothing_to_learn_has_no_weights():
    got = asymptotic_steps(ProportionalProblem([1.0, 2.0], [0.0, 0.0], 0.5, 0.0), 0.1, 2)
    np.testing.assert_array_equal(got.weights, np.zeros(2))
    assert got.excess_risk == got.teacher_excess_risk == 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    s, energy, ratio, noise, masses = THREE
    problem = ProportionalProblem(backend(s), backend(energy), ratio, noise, backend(masses))
    got = asymptotic_steps(problem, 0.3, 2)
    assert backend.owns(got.weights)
    assert backend.owns(got.excess_risk)
    assert float(got.excess_risk) == pytest.approx(0.2608491613660556627, rel=1e3 * backend.eps)
