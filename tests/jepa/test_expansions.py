import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


def test_expansion_fixtures():
    """F24 to F27."""
    mode = Mode.from_rho(1.0, 0.8)
    terms = jepa.critical_time_expansion(mode, 3, 1e-6)
    np.testing.assert_allclose(terms.leading, 6095342529.296875, rtol=1e-12)
    np.testing.assert_allclose(terms.logarithm / -np.log(1e-6), 3.0517578125, rtol=1e-12)
    np.testing.assert_allclose(terms.constant, -26.19301200499128658394279344293153, rtol=1e-12)


def test_remainder_fixture():
    """F25: the critical time minus S, of order 10 in 6e9, is exact in its own term."""
    terms = jepa.critical_time_expansion(Mode.from_rho(1.0, 0.8), 3, 1e-6)
    np.testing.assert_allclose(terms.remainder, 15.85341808333785693967085980222758, rtol=1e-12)
    approximate = terms.logarithm + terms.constant + terms.correction
    # the next term is (b / rho) / 2 of the correction
    np.testing.assert_allclose(
        (terms.remainder - approximate) / terms.correction, 0.01 / 0.8 / 2, rtol=0.02
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3, 10])
@pytest.mark.parametrize("b", [1e-10, 1e-4, 0.05, 0.3])
def test_remainder_is_the_time_beyond_the_leading_term(exact_time, objective, depth, b):
    """Against 260 digits, where the two large times can be subtracted."""
    mode, fraction, scale = Mode.from_rho(1.3, 0.8), 0.9, b**depth
    terms = jepa.critical_time_expansion(mode, depth, scale, fraction, objective)
    with mpmath.workdps(260):
        lam, s2, start = (mpmath.mpf(float(x)) for x in (mode.covariance, mode.variance, scale))
        rho, one, layers = lam / s2, start ** (mpmath.mpf(1) / depth), mpmath.mpf(depth)
        if objective == "jepa":
            stop = fraction * rho**depth
            lead = sum(
                layers / (n * rho ** (2 * depth - n - 1) * one**n) for n in range(1, 2 * depth)
            )
        else:
            stop = fraction * rho ** (layers / (layers + 1))
            lead = layers / (one ** (depth - 1) * (depth - 1)) if depth > 1 else 0
        time = exact_time(mode.covariance, mode.variance, depth, scale, stop, objective, digits=260)
        want = float(time - lead / lam)
    size = sum(abs(float(term)) for term in (terms.logarithm, terms.constant, terms.remainder))
    assert abs(want - float(terms.remainder)) < 60 * depth * EPS * size


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_remainder_shrinks_at_the_next_order(objective, depth):
    """(exact - total) / correction -> 0 like b (JEPA) or b^2, b^(L+1) (MAE)."""
    mode, fraction = Mode.from_rho(1.3, 0.8), 0.7
    ratios, starts = [], np.array([0.02, 0.01, 0.005]) * (1 if objective == "jepa" else 10)
    for b in starts:
        terms = jepa.critical_time_expansion(mode, depth, b**depth, fraction, objective)
        stop = fraction ** (1 / depth)
        top = 0.8 if objective == "jepa" else 0.8 ** (1 / (depth + 1))
        with mpmath.workdps(60):
            x0, x1 = mpmath.mpf(float(b)) / mpmath.mpf(top), mpmath.mpf(stop)
            rho, lam = mpmath.mpf(0.8), mpmath.mpf(1.3)
            if objective == "jepa":
                m = 2 * depth
                phase = [
                    mpmath.log(x / (1 - x)) - sum(x ** (-n) / n for n in range(1, m))
                    for x in (x0, x1)
                ]
                unit = depth / (lam * rho ** (m - 1))
                lead = (
                    sum(
                        depth / (n * rho ** (m - n - 1) * mpmath.mpf(float(b)) ** n)
                        for n in range(1, m)
                    )
                    / lam
                )
                rest = unit * (phase[1] - phase[0]) - lead
                rest -= -mpmath.log(float(b)) * unit
                rest -= unit * (phase[1] + mpmath.log(rho))
            else:
                # integrand 1/(y^L (1 - y^(L+1))) minus its pole is regular at 0
                rest = (
                    -depth
                    / lam
                    * top ** (1 - depth)
                    * mpmath.quad(lambda y: y / (1 - y ** (depth + 1)), [0, x0])
                )
        ratios.append(float(rest / mpmath.mpf(float(terms.correction))) - 1)
    slopes = np.diff(np.log(np.abs(ratios))) / np.diff(np.log(starts))
    want = 1 if objective == "jepa" else depth + 1
    # the slope itself is wrong by the next term, of the same order, which halving b reveals
    limit = slopes[1] + (slopes[1] - slopes[0]) / (2**want - 1)
    np.testing.assert_allclose(limit, want, atol=1e-3)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_total_approaches_the_exact_time(objective, depth):
    mode = Mode.from_rho([1.3, 0.6], [0.8, 0.5])
    total = jepa.critical_time_expansion(mode, depth, 0.01**depth, 0.4, objective).total
    exact = jepa.critical_time(mode, depth, 0.01**depth, 0.4, objective)
    # the first omitted term is below b^2 / rho^2 of the unit depth / (lambda rho^(2L-1))
    unit = depth / (mode.covariance * mode.rho ** (2 * depth - 1))
    assert (np.abs(total - exact) < unit * (0.01 / mode.rho) ** 2 + 8 * EPS * exact).all()


@pytest.mark.parametrize(
    ("objective", "depth", "scale", "want"),
    [
        ("jepa", 2, 1e-6, 1.13025e-3),
        ("jepa", 3, 1e-12, 9.3776e-5),
        ("jepa", 10, 1e-24, 3.1785e-3),
        ("mae", 3, 1e-12, -2.50583e-9),
    ],
)
def test_equal_covariance_gap(objective, depth, scale, want):
    pair = Mode.from_rho([1.0, 1.0], [0.8, 0.5])
    first, second = jepa.critical_time(pair, depth, scale, 0.5, objective)
    np.testing.assert_allclose((second - first) / first, want, rtol=1e-4)
    gap = jepa.equal_covariance_gap(0.8, 0.5, depth, scale, 0.5, objective)
    np.testing.assert_allclose(gap, want, rtol=12 * scale ** (1 / depth) + 1e-5)


def test_gap_at_depth_one():
    for scale in (1e-4, 1e-6):
        pair = Mode.from_rho([1.0, 1.0], [0.8, 0.5])
        first, second = jepa.critical_time(pair, 1, scale)
        want = jepa.equal_covariance_gap(0.8, 0.5, 1, scale)
        # next to log(1/scale) stand constants of order one
        np.testing.assert_allclose((second - first) / first, want, rtol=6 / np.log(1 / scale))
        first, second = jepa.critical_time(pair, 1, scale, 0.5, "mae")
        want = jepa.equal_covariance_gap(0.8, 0.5, 1, scale, 0.5, "mae")
        np.testing.assert_allclose((second - first) / first, want, rtol=3 / np.log(1 / scale))


def test_blind_fraction_fixtures():
    """F28."""
    for depth, want in (
        (2, 0.9378385161872815789828175252176310),
        (3, 0.7610314599370879315270103590218556),
        (5, 0.5000771875897320734254165889262287),
        (10, 0.2464080501063208384536795099180306),
    ):
        np.testing.assert_allclose(jepa.blind_fraction(depth), want, rtol=1e-12)


def test_blind_fraction_flips_the_order():
    pair, depth = Mode.from_rho([1.0, 1.0], [0.8, 0.5]), 3
    p0 = jepa.blind_fraction(depth)
    for fraction, sign in ((p0 * 0.98, -1), (p0 * 1.02, 1)):
        first, second = jepa.critical_time(pair, depth, 1e-6, fraction, "mae")
        assert np.sign(second - first) == sign


@pytest.mark.parametrize(
    ("depth", "half", "most"),
    [
        (1, 0.04533, 0.37455),
        (2, 0.40578, 0.72258),
        (3, 0.57767, 0.82057),
        (5, 0.73343, 0.89463),
        (10, 0.86156, 0.94808),
        (50, 0.97146, 0.98973),
    ],
)
def test_turning_points_of_equal_covariances(depth, half, most):
    for fraction, want in ((0.5, half), (0.9, most)):
        low, high = jepa.turning_points(depth, fraction)
        assert low == 0.0
        assert abs(high - want) < 1.1e-5


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("depth", [2, 5, 20])
def test_turning_points_are_where_the_time_is_stationary_in_rho(power, depth):
    b = 0.3

    def slope(x0):
        rho = b / x0 * np.exp(np.array([-1e-4, 1e-4]))
        times = jepa.critical_time(Mode.from_rho(rho**-power, rho), depth, b**depth)
        return np.log(times[1] / times[0]) / 2e-4

    points = jepa.turning_points(depth, 0.5, power)
    for point in points:
        if point in (0.0, 1.0):
            continue
        near = [slope(point * (1 + d)) for d in (-1e-3, 1e-3)]
        if points[0] == points[1]:
            assert min(near) > 0  # high rho is never first
        else:
            assert near[0] * near[1] < 0
            root = brentq(slope, point * (1 - 1e-3), point * (1 + 1e-3))
            assert abs(root / point - 1) < 1e-6


def test_deep_law():
    for b, want in ((0.3, 1.0051555), (0.6, 1.0213)):
        mode = Mode.from_rho(1.0, 0.9)
        exact = jepa.critical_time(mode, 50, b**50)
        leading = 50 / 99 * b**-99 / jepa.initial_drive(mode, 50, b**50)
        np.testing.assert_allclose(exact / leading, want, rtol=5e-5)
    errors = []
    for depth in (50, 100, 200):
        mode = Mode.from_rho([1.0, 2.0], [0.9, 0.7])
        exact = jepa.critical_time(mode, depth, 0.3**depth)
        errors.append((exact / jepa.deep_critical_time(mode, depth, 0.3**depth) - 1) * depth**2)
    # second order in 1/L: times L^2 they tend to a number, at rate 1/L themselves
    limits = 2 * errors[1] - errors[0], 2 * errors[2] - errors[1]
    np.testing.assert_allclose(limits[0], limits[1], rtol=2e-3)
    assert (limits[1] > 0.2).all()
    assert jepa.deep_critical_time(Mode(0.2, 1.0), 50, 0.3**50) == np.inf
    assert jepa.deep_critical_time(Mode(0.5, 1.0), 1, 0.5) == np.inf  # at the threshold itself


def test_initial_drive_is_the_initial_velocity(rng):
    mode = Mode(rng.uniform(0.1, 1, 5), rng.uniform(0.5, 1, 5))
    speed = jepa.velocity(mode, 4, 1e-2)
    np.testing.assert_allclose(
        jepa.initial_drive(mode, 4, 1e-2) * 1e-2 ** (3 - 1 / 4), speed, rtol=100 * EPS
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jepa.critical_time_expansion(Mode(1.0, 1.0), 1, 1.5), "scale must be less than 1"),
        (
            lambda: jepa.critical_time_expansion(Mode(-1.0, 1.0), 1, 0.1),
            "covariance must be greater",
        ),
        (
            lambda: jepa.equal_covariance_gap(-0.5, 0.5, 1, 0.1),
            "rho must be greater than 0, got -0.5",
        ),
        (lambda: jepa.blind_fraction(1), "depth must be at least 2, got 1"),
        (lambda: jepa.turning_points(1, power=-1.0), "power must be at least 0, got -1"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
