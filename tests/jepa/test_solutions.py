import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given
from reference import jepa_loop
from scipy.integrate import solve_ivp

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps

# id: objective, depth, covariance, rho, scale, fraction, critical time to 34 digits
CRITICAL = {
    "F01": ("jepa", 1, 1.0, 0.5, 1e-2, 0.9, "109.9558675286714697637801696992406"),
    "F02": ("jepa", 2, 1.3, 0.7, 1e-3, 0.5, "17417.57671141706885367910762368286"),
    "F03": ("jepa", 3, 0.8, 0.9, 1e-4, 0.95, "3722390.186472283041599727428938422"),
    "F04": ("jepa", 5, 2.0, 0.6, 1e-6, 0.5, "19884285303.05851100791656246260211"),
    "F05": ("jepa", 10, 1.0, 0.8, 1e-8, 0.5, "1054950704675049.909036785019594286"),
    "F06": ("jepa", 50, 1.0, 0.99, 1e-12, 0.5, "704161542030410381877449.3766110372"),
    "F07": ("jepa", 3, 1.0, 1.4, 1e-4, 0.9, "2905744.403426111958566493310418097"),
    "F08": ("mae", 1, 1.0, 0.5, 1e-2, 0.9, "4.983501673459784332748004938959652"),
    "F09": ("mae", 2, 1.3, 0.7, 1e-3, 0.5, "46.71175462330507651828242717447220"),
    "F10": ("mae", 3, 0.8, 0.9, 1e-4, 0.95, "872.2691804501319296618524884230820"),
    "F11": ("mae", 5, 2.0, 0.6, 1e-6, 0.5, "39434.82540160600816068322194331660"),
    "F12": ("mae", 10, 1.0, 0.8, 1e-8, 0.5, "17609927.45711327990193092935412692"),
    "F13": ("mae", 50, 1.0, 0.99, 1e-12, 0.5, "587183609542.5026734935640415845091"),
    "F14": ("mae", 3, 1.0, 1.4, 1e-4, 0.9, "696.9991014268404726556731681595493"),
}
# id: objective, depth, covariance, rho, scale, time, size, relative tolerance
SIZES = {
    "F18": ("jepa", 1, 1.3, 0.6, 1e-2, 80.0, "0.3251260767830641544871457024766347", 1e-12),
    "F19": ("jepa", 2, 1.0, 0.8, 1e-3, 22000.0, "0.01588197695262994145807638348646514", 1e-12),
    # at the knee of a long plateau the rounding of the time itself limits the size
    "F20": ("jepa", 3, 1.0, 0.9, 1e-4, 2977900.0, "0.5320077908318083601400877663416178", 1e-9),
    "F21": ("jepa", 2, 1.0, 0.8, 1e-3, 1000.0, "0.001031564174317147596848893682608463", 1e-12),
    "F22": ("mae", 1, 1.3, 0.6, 1e-2, 4.0, "0.7123004401999684738483116837369153", 1e-12),
    "F23": ("mae", 3, 1.0, 0.9, 1e-4, 690.0, "0.1078616509492598904687343821456070", 1e-12),
}


@pytest.mark.parametrize("name", CRITICAL)
def test_critical_time_fixture(name):
    objective, depth, lam, rho, scale, fraction, want = CRITICAL[name]
    got = jepa.critical_time(Mode.from_rho(lam, rho), depth, scale, fraction, objective)
    np.testing.assert_allclose(got, float(want), rtol=1e-12)


@pytest.mark.parametrize("name", SIZES)
def test_trajectory_fixture(name):
    objective, depth, lam, rho, scale, time, want, rtol = SIZES[name]
    got = jepa.trajectory(Mode.from_rho(lam, rho), depth, scale, time, objective)
    np.testing.assert_allclose(got, float(want), rtol=rtol)


def test_decay_fixtures():
    """F15, F16, F17: above the fixed point, negative rho, no covariance."""
    shrinking = jepa.hitting_time(Mode.from_rho(1.0, 0.5), 2, 0.81, 0.2601)
    np.testing.assert_allclose(shrinking, 33.80550221984917027171079765697341, rtol=1e-12)
    vanishing = jepa.hitting_time(Mode.from_rho(-0.8, -0.5), 2, 0.81, 0.04)
    np.testing.assert_allclose(vanishing, 66.28025255724635567652648041114711, rtol=1e-12)
    for depth in (1, 4, 100):
        for objective in ("jepa", "mae"):
            noise = jepa.trajectory(Mode(0.0, 0.7), depth, 0.3, 10.0, objective)
            np.testing.assert_allclose(noise, 0.1995570315713217912063574853508764, rtol=1e-12)


@given(
    rho=st.one_of(st.floats(-2, 3), st.floats(1e-8, 1e-2)),
    variance=st.floats(0.05, 20),
    depth=st.integers(1, 12),
    layers=st.integers(1, 3),
    objective=st.sampled_from(["jepa", "mae"]),
    log_scale=st.floats(-12, 0.3),
    log_time=st.floats(-3, 3),
)
def test_trajectory_satisfies_the_exact_law(
    exact_time, rho, variance, depth, layers, objective, log_scale, log_time
):
    """The 40-digit time to the returned size is the time asked for, up to its conditioning."""
    mode, scale = Mode(rho * variance, variance), 10.0**log_scale
    rate = abs(float(jepa.velocity(mode, depth, scale, objective, layers))) / scale
    if rate < 1e-250:
        return  # at rest to every digit of a float
    time = 10.0**log_time / rate
    size = float(jepa.trajectory(mode, depth, scale, time, objective, predictor_depth=layers))
    speed = abs(float(jepa.velocity(mode, depth, size, objective, layers))) / size
    end = float(jepa.fixed_point(mode, depth, objective, layers))
    if size == scale or abs(size - end) < 1e-8 * end:
        return  # saturated: the time is no longer a function of the size
    spent = exact_time(mode.covariance, mode.variance, depth, scale, size, objective, layers)
    miss = abs(float((spent - time) * speed))
    assert miss <= EPS * (200 * depth * (1 + abs(log_scale)) + 10 * time * speed)


@given(
    rho=st.floats(-2, 3).filter(lambda r: abs(r) > 1e-3),
    variance=st.floats(0.05, 20),
    depth=st.integers(1, 12),
    layers=st.integers(1, 3),
    objective=st.sampled_from(["jepa", "mae"]),
    log_start=st.floats(-10, 0.3),
    part=st.floats(1e-4, 1 - 1e-6),
)
def test_hitting_time_is_the_quadrature(
    exact_time, rho, variance, depth, layers, objective, log_start, part
):
    mode, start = Mode(rho * variance, variance), 10.0**log_start
    end = float(jepa.fixed_point(mode, depth, objective, layers))
    stop = start * (max(end, start * 1e-6) / start) ** part
    power = 2 * depth if objective == "jepa" else depth
    distance = abs(end / start - 1)
    if stop == start or distance < 1e-6 or start**power < 1e-200 or stop**power < 1e-200:
        return
    got = jepa.hitting_time(mode, depth, start, stop, objective, predictor_depth=layers)
    want = exact_time(mode.covariance, mode.variance, depth, start, stop, objective, layers)
    # the ends are floats: their rounding moves the time by speed^-1 at each end
    shift = sum(
        x / abs(float(jepa.velocity(mode, depth, x, objective, layers))) for x in (start, stop)
    )
    assert abs(float(got - want)) <= EPS * (500 * float(want) + 20 * depth * shift)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize(
    ("rho", "start", "stop"), [(0.7, 0.02, 0.2), (0.3, 0.9, 0.7), (-0.4, 0.9, 0.1)]
)
def test_hitting_time_by_quadrature(quadrature_time, objective, depth, rho, start, stop):
    mode = Mode(rho * 1.3, 1.3)
    got = jepa.hitting_time(mode, depth, start, stop, objective)
    want = float(quadrature_time(mode.covariance, mode.variance, depth, start, stop, objective))
    np.testing.assert_allclose(got, want, rtol=100 * EPS)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("rho", [0.9, 0.05, -0.6])
def test_trajectory_against_a_stiff_solver(objective, depth, rho):
    mode, scale = Mode(rho * 1.3, 1.3), 0.2
    span = 6.0 / abs(float(jepa.velocity(mode, depth, scale, objective)) / scale)
    times = np.linspace(0, span, 9)

    def rate(_, log_size):
        return jepa.velocity(mode, depth, np.exp(log_size), objective) / np.exp(log_size)

    solved = solve_ivp(rate, (0, span), [np.log(scale)], "Radau", times, rtol=1e-10, atol=1e-12)
    sizes = jepa.trajectory(mode, depth, scale, times, objective)
    np.testing.assert_allclose(sizes, np.exp(solved.y[0]), rtol=1e-7)


def test_shapes_and_per_mode_scales(rng):
    mode = Mode(rng.uniform(0.5, 1, (2, 3)), rng.uniform(0.5, 1, (2, 3)))
    scale = rng.uniform(0.01, 0.1, (2, 3))
    times = np.linspace(0, 50, 8).reshape(4, 2)
    sizes = jepa.trajectory(mode, 2, scale, times)
    assert sizes.shape == (2, 3, 4, 2)
    one = Mode(mode.covariance[1, 2], mode.variance[1, 2])
    np.testing.assert_array_equal(sizes[1, 2], jepa.trajectory(one, 2, scale[1, 2], times))
    np.testing.assert_array_equal(sizes[..., 0, 0], scale)
    assert jepa.critical_time(mode, 2, scale, 0.5).shape == (2, 3)


def test_relative_times_resolve_what_absolute_times_cannot(exact_time):
    """At depth 10 from 1e-8 the plateau lasts 1e15 while the transition takes about 700."""
    mode, depth, scale = Mode.from_rho(1.0, 0.8), 10, 1e-8
    after = np.array([-300.0, 0.0, 50.0, 900.0])
    sizes = jepa.trajectory(mode, depth, scale, after, since=0.5)
    half = 0.5 * jepa.fixed_point(mode, depth)
    np.testing.assert_allclose(sizes[1], half, rtol=100 * depth * EPS)
    for time, size in zip(after, sizes, strict=True):
        spent = float(exact_time(mode.covariance, mode.variance, depth, half, size))
        speed = float(jepa.velocity(mode, depth, size)) / size
        assert abs(spent - time) * speed < 300 * depth * EPS
    whole = jepa.critical_time(mode, depth, scale, 0.5)
    assert np.spacing(whole) > 0.1  # absolute times place the size to 1e-4 at best
    # before the start the mode rests at its initial size
    assert jepa.trajectory(mode, depth, scale, -2 * whole, since=0.5) == scale


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 30, 100])
def test_relative_times_reach_back_to_the_start(exact_time, objective, depth):
    """To sizes far below what the fixed point resolves: the table of the curve ends on the way."""
    mode, scale, end = Mode(1.3, 1.0), 1e-30, 1.3**depth
    if objective == "mae":
        end = 1.3 ** (depth / (depth + 1))
    for before in (1e-2, 1e-14, 1e-17, 1e-25, 3e-29):
        time = exact_time(1.3, 1.0, depth, before, 0.5 * end, objective)
        size = jepa.trajectory(mode, depth, scale, -float(time), objective, since=0.5)
        speed = float(jepa.velocity(mode, depth, before, objective)) / before
        rtol = 200 * depth * EPS * (1 - np.log(before) + float(time) * speed)
        np.testing.assert_allclose(size, before, rtol=rtol)


def test_modes_that_never_arrive():
    mode = Mode([0.3, 0.0, -1.0, 0.9], np.ones(4))
    times = jepa.critical_time(mode, depth=5, scale=1e-2, fraction=0.5)
    assert np.isinf(times[:3]).all()
    assert np.isfinite(times[3])
    assert jepa.critical_time(Mode(1.0, 1.0), 1, 0.6, 0.5) == 0.0
    assert jepa.hitting_time(Mode(1.0, 2.0), 2, 0.1, 0.3) == np.inf  # beyond rho^2 = 0.25
    assert jepa.hitting_time(Mode(1.0, 2.0), 2, 0.1, 0.05) == np.inf  # the wrong way
    assert jepa.hitting_time(Mode(1.0, 2.0), 2, 0.1, 0.1) == 0.0


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 10, 100])
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1.0, 2.0])
def test_extremes_stay_finite_and_monotone(objective, depth, scale):
    rho = np.array([-2, -1e-12, -1e-300, 0, 1e-300, 1e-12, 0.1, 0.5, 0.93, 1 - 1e-12, 1, 1.5, 3.0])
    mode = Mode(rho, np.ones_like(rho))
    times = np.concatenate([[0.0], np.geomspace(1e-30, 1e300, 200)])
    sizes = jepa.trajectory(mode, depth, scale, times, objective)
    assert np.isfinite(sizes).all()
    end = jepa.fixed_point(mode, depth, objective)[:, None]
    low, high = np.minimum(end, scale), np.maximum(end, scale)
    slack = 2000 * depth * EPS  # sizes come from logarithms of up to 700 per layer
    assert (sizes >= low * (1 - slack)).all()
    assert (sizes <= high * (1 + slack)).all()
    direction = np.where(jepa.learnable(mode, depth, scale, objective), 1, -1)[:, None]
    assert (direction * np.diff(sizes) >= -slack * sizes[:, 1:]).all()
    critical = jepa.critical_time(mode, depth, scale, 0.5, objective)
    assert not np.isnan(critical).any()


def test_round_trip_at_extremes(rng):
    """Deep nets, tiny starts: the size at the critical time is the fraction, if resolvable."""
    rho, fraction = rng.uniform(0.5, 3, 300), rng.uniform(0.01, 0.99, 300)
    mode = Mode(rho, np.ones(300))
    for depth, scale in ((1, 1e-30), (30, 1e-30), (100, 1e-25)):
        for objective in ("jepa", "mae"):
            times = jepa.critical_time(mode, depth, scale, fraction, objective)
            end = jepa.fixed_point(mode, depth, objective)
            learned = np.isfinite(times) & (times > 0)
            for i in np.flatnonzero(learned)[:40]:
                one = Mode(rho[i], 1.0)
                size = jepa.trajectory(one, depth, scale, times[i], objective)
                speed = jepa.velocity(one, depth, fraction[i] * end[i], objective)
                conditioning = times[i] * speed / (fraction[i] * end[i])
                if conditioning * EPS < 1e-4:
                    rtol = EPS * (300 * depth * 70 + 300 * conditioning)
                    np.testing.assert_allclose(size, fraction[i] * end[i], rtol=rtol)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: jepa.trajectory(m, 0, 0.1, 1.0), "depth must be at least 1, got 0"),
        (lambda m: jepa.trajectory(m, 1, 0.0, 1.0), "scale must be greater than 0, got 0"),
        (lambda m: jepa.trajectory(m, 1, 0.1, -1.0), "times must be at least 0, got -1"),
        (lambda m: jepa.trajectory(m, 1, 0.1, 1.0, "mse"), "objective must be one of"),
        (lambda m: jepa.trajectory(m, 1, 0.1, 1.0, since=1.0), "since must be less than 1, got 1"),
        (lambda m: jepa.trajectory(m, 1, 0.45, 1.0, since=0.5), "since must lie between the start"),
        (lambda m: jepa.critical_time(m, 1, 0.1, 1.0), "fraction must be less than 1, got 1"),
        (lambda m: jepa.critical_time(m, 1, 0.1, 0.0), "fraction must be greater than 0, got 0"),
        (lambda m: jepa.hitting_time(m, 1, 0.1, 0.0), "stop must be greater than 0, got 0"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(Mode(1.0, 2.0))


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_trajectory_is_the_obvious_loop(depth, rng):
    mode = Mode(rng.uniform(0.6, 2.0, 6), rng.uniform(0.5, 1.0, 6))
    times = np.linspace(0.0, float(jepa.critical_time(mode, depth, 1e-3, 0.9).max()), 12)
    want = jepa_loop.sizes(mode.covariance, mode.variance, depth, 1e-3, times)
    got = jepa.trajectory(mode, depth, 1e-3, times)
    # the loop's phase is a difference of numbers of size t, moved by speed t at its end
    speed = np.abs(
        jepa.velocity(Mode(mode.covariance[:, None], mode.variance[:, None]), depth, want)
    )
    rtol = 40 * depth * EPS * (1 + times[-1] * (speed / want).max())
    np.testing.assert_allclose(got, want, rtol=rtol)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 30, 100])
@pytest.mark.parametrize("scale", [1e-30, 1e-6, 0.4])
def test_times_at_extremes_against_sixty_digits(exact_time, objective, depth, scale):
    """Critical times next to the threshold and far above it; decays for rho about zero."""
    start = scale ** (1 / depth) if objective == "jepa" else scale ** ((depth + 1) / depth)
    for rho in (start * (1 + 1e-6), start * 1.5, 1.0, 1 + 1e-9, 3.0):
        mode = Mode(1.3 * rho, 1.3)
        for fraction in (0.999999, 0.5):
            got = float(jepa.critical_time(mode, depth, scale, fraction, objective))
            if got == 0.0 or not np.isfinite(got):
                continue
            with mpmath.workdps(60):
                power = depth if objective == "jepa" else mpmath.mpf(depth) / (depth + 1)
                stop = (
                    mpmath.mpf(fraction)
                    * (mpmath.mpf(float(mode.covariance)) / mpmath.mpf(1.3)) ** power
                )
                want = exact_time(mode.covariance, 1.3, depth, scale, stop, objective)
            # of the distance from the threshold, of the start's power, and of the last logarithm
            gap = abs(float(jepa.velocity(mode, depth, scale, objective)))
            lost = float(mode.covariance) * scale ** (3 - 1 / depth - (objective == "mae")) / gap
            assert abs(got / float(want) - 1) < 60 * depth * EPS * (lost - np.log(scale)), rho
    for rho in (-2.0, -1e-12, -1e-300, 0.0, 1e-300, 1e-12 * start, 1e-3 * start):
        mode, stop = Mode(1.3 * rho, 1.3), 0.3 * scale
        got = float(jepa.hitting_time(mode, depth, scale, stop, objective))
        want = exact_time(mode.covariance, 1.3, depth, scale, stop, objective)
        assert abs(got / float(want) - 1) < 60 * depth * EPS * (1 - np.log(scale)), rho


@pytest.mark.parametrize("depth", [3, 30, 100])
def test_sizes_around_the_knee_in_relative_time(exact_time, depth):
    """Where an absolute time has no digit left for the transition."""
    mode, scale = Mode.from_rho(1.3, 1.1), 1e-30
    rate = float(jepa.relaxation_rate(mode, depth)) / depth
    for after in np.array([-30.0, -1.0, -1e-3, 1e-3, 1.0, 20.0]) / rate:
        size = float(jepa.trajectory(mode, depth, scale, after, since=0.5))
        with mpmath.workdps(60):
            half = (
                mpmath.mpf(float(mode.covariance)) / mpmath.mpf(float(mode.variance))
            ) ** depth / 2
        spent = float(exact_time(mode.covariance, mode.variance, depth, half, size))
        speed = abs(float(jepa.velocity(mode, depth, size)) / size)
        assert abs(spent - after) * speed < 200 * depth * EPS * (1 + abs(after) * speed), after
