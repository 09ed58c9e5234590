import mpmath
import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("x", [-2.5, -0.3, 0.02, 0.6, 0.97, 1.4])
def test_jepa_phase_has_the_derivative_of_the_law(depth, x):
    with mpmath.workdps(40):

        def exact(z):
            total = sum(z ** (-n) / n for n in range(1, 2 * depth))
            return mpmath.log(abs(z / (1 - z))) - total

        slope = mpmath.diff(exact, mpmath.mpf(x))
        assert abs(slope * mpmath.mpf(x) ** (2 * depth) * (1 - mpmath.mpf(x)) - 1) < 1e-15
        want = exact(mpmath.mpf(x))
        # alternating powers of size |x|^(1-2L) bound the rounding
        scale = abs(float(want)) + sum(abs(x) ** -n for n in range(1, 2 * depth))
        assert abs(float(jepa.phase(x, depth) - want)) < 30 * EPS * (1 + scale)


@pytest.mark.parametrize("depth", [1, 2, 5, 50])
@pytest.mark.parametrize("y", [1e-3, 0.5, 0.99])
def test_mae_phase_has_the_derivative_of_the_law(depth, y):
    """Psi' = 1 / (y^L (1 - y^(L+1))), by quadrature from a neighbouring point."""
    with mpmath.workdps(30):
        step = mpmath.quad(lambda z: 1 / (z**depth * (1 - z ** (depth + 1))), [y, 1.005 * y])
    first, last = jepa.phase([y, float(1.005 * y)], depth, "mae")
    assert abs(last - first - float(step)) < 40 * EPS * (abs(first) + abs(last) + 100)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_phase_differences_are_hitting_times(objective, depth):
    mode, start, stop = Mode.from_rho(1.3, 0.7), 0.01, 0.1
    if objective == "jepa":
        unit, top = depth / (1.3 * 0.7 ** (2 * depth - 1)), 0.7
    else:
        unit = depth / 1.3 * 0.7 ** (-(depth - 1) / (depth + 1))
        top = 0.7 ** (1 / (depth + 1))
    x = np.array([start, stop]) ** (1 / depth) / top
    first, last = jepa.phase(x, depth, objective)
    got = unit * (last - first)
    rtol = 50 * EPS * (abs(first) + abs(last)) / (last - first)
    np.testing.assert_allclose(
        got, jepa.hitting_time(mode, depth, start, stop, objective), rtol=rtol
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("scale", [1e-12, 0.01, 0.5, 0.9, 3.0])
def test_depth_one(objective, scale):
    mode, times = Mode.from_rho(1.3, 0.6), np.array([0.0, 1.0, 20.0, 400.0])
    got = jepa.size_at_depth_one(mode, scale, times, objective)
    want = jepa.trajectory(mode, 1, scale, times, objective)
    # Lambert's argument carries z0 = rho / scale, so its rounding is that of z0
    np.testing.assert_allclose(got, want, rtol=60 * EPS * (2 + np.log(1 / scale) ** 2))


def test_missing_terms_are_limits_of_the_full_law():
    times = np.array([0.0, 3.0, 9.0])
    for depth in (1, 3):
        for objective in ("jepa", "mae"):
            noise = jepa.trajectory(Mode(0.0, 0.7), depth, 0.3, times, objective)
            np.testing.assert_allclose(
                noise, jepa.size_without_covariance(0.7, 0.3, times), rtol=30 * EPS
            )
            end = float(jepa.blow_up_time(0.5, depth, 0.3, objective))
            clock = times / 9.0 * (0.9 * end if np.isfinite(end) else 5.0)
            clean = jepa.trajectory(Mode(0.5, 1e-14), depth, 0.3, clock, objective)
            got = jepa.size_without_variance(0.5, depth, 0.3, clock, objective)
            np.testing.assert_allclose(
                clean, got, rtol=1e-11
            )  # variance 1e-14 times (size ratio)^k


def test_blow_up_is_where_the_size_diverges():
    with pytest.raises(ValueError, match="times must be below the blow-up at 20, got 20"):
        jepa.size_without_variance(0.5, 1, 0.1, 20.0)
    assert jepa.blow_up_time(0.5, 1, 0.1, "mae") == np.inf
    assert jepa.size_without_variance(0.5, 1, 0.1, 20.0 * (1 - 1e-9)) > 1e7


def test_infinite_depth_is_approached_at_rate_one_over_depth():
    mode, scale = Mode(0.5, 1.0), 0.1
    limit = jepa.size_at_infinite_depth(mode, scale, 200.0)
    gaps = [
        abs(jepa.trajectory(mode, depth, scale, 200.0) / limit - 1) * depth
        for depth in (200, 400, 800)
    ]
    np.testing.assert_allclose(gaps, gaps[-1], rtol=0.05)  # next order is 1/L
    mae = [
        abs(
            jepa.trajectory(mode, depth, scale, 30.0, "mae")
            / jepa.size_at_depth_one(mode, scale, 30.0)
            - 1
        )
        * depth
        for depth in (200, 400, 800)
    ]
    np.testing.assert_allclose(mae, mae[-1], rtol=0.05)


def test_double_scaling_limit():
    """F33, and the approach of the exact critical time."""
    limit = float(jepa.time_at_infinite_depth(1.3, 1.5, 1e-3))
    np.testing.assert_allclose(limit, 79475.30918661981187788600546938197, rtol=1e-12)
    errors = []
    for depth in (200, 400, 800):
        time = jepa.critical_time(Mode.from_rho(1.3, np.exp(-1.5 / depth)), depth, 1e-3)
        errors.append((float(time) / depth / limit - 1) * depth)
    np.testing.assert_allclose(errors, errors[-1], rtol=0.05)
    assert -4.1 < errors[-1] < -3.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jepa.phase(1.0, 1), "x must differ from 0 and 1"),
        (lambda: jepa.phase(1.5, 1, "mae"), "x must be less than 1, got 1.5"),
        (lambda: jepa.size_at_infinite_depth(Mode(1.0, 1.0), 0.1, 1.0), "rho must be less than 1"),
        (lambda: jepa.time_at_infinite_depth(1.0, 0.0, 0.6, 0.5), "scale must start below"),
        (lambda: jepa.size_at_depth_one(Mode(0.0, 1.0), 0.1, 1.0), "covariance must be greater"),
        (lambda: jepa.blow_up_time(0.0, 1, 0.1), "covariance must be greater than 0, got 0"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
