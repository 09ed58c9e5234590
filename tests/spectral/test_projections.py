"""Optimal weights against published fixtures, numerical minimisers and 50-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, minimize_scalar
from strategies import penalties, tasks

from sdtheory import Spectrum, filters, problems
from sdtheory.spectral import Targets, criteria, projections, weights

EPS = np.finfo(float).eps
S2 = np.array([4.0, 1.0, 0.25])
THETA = np.array([1.0, -0.5, 2.0])


def error(noise_var, metric=1.0):
    return criteria.expected_error(np.sqrt(S2), THETA, noise_var, metric)


@pytest.mark.parametrize(
    ("metric", "steps", "risk", "w"),
    [
        (1.0, 1, "2.1306967615309126594700686948", ["1.8874713771671573438011122015"]),
        (
            1.0,
            2,
            "1.79357219280678170694905489561",
            ["-1.90689784459502711402522107304", "5.72046491637175020346949786471"],
        ),
        (
            1.0,
            3,
            "1.61111111111111111111111111111",
            ["4.0401234567901", "-22.762345679012", "26.697530864197"],
        ),
        (S2, 1, "1.22298540965207631874298540965", ["0.722035166479610924055368499813"]),
        (
            S2,
            3,
            "0.944444444444444444444444444444",
            ["4.0401234567901", "-22.762345679012", "26.697530864197"],
        ),
    ],
)
def test_known_optima(metric, steps, risk, w):
    best = projections.optimal_weights(error(0.5, metric), S2, 1.0, steps)
    assert float(best.risk) == pytest.approx(float(risk), rel=16 * EPS)
    np.testing.assert_allclose(best.weights, [float(v) for v in w], rtol=1e-12)


def reference_optimum(d, theta, noise_var, lam):
    """(xi, risk) by the normal equations in 50 digits."""
    mpmath.mp.dps = 50
    d, theta = [mpmath.mpf(v) for v in d], [mpmath.mpf(v) for v in theta]
    lam, noise = mpmath.mpf(lam), mpmath.mpf(noise_var)
    base = bend = size = mpmath.mpf(0)
    for dj, tj in zip(d, theta, strict=True):
        a, x = dj / (dj + lam), lam / (dj + lam)
        base += (x * tj) ** 2 + noise * a**2 / dj
        bend += a * x**2 * (noise / lam - tj**2)
        size += (a * x) ** 2 * (tj**2 + noise / dj)
    xi = bend / size
    terms = sum(
        dj / (dj + lam) * (lam / (dj + lam)) ** 2 * (noise / lam + tj**2)
        for dj, tj in zip(d, theta, strict=True)
    )
    return xi, base - bend**2 / size, terms / abs(bend) if bend else mpmath.inf


@given(tasks(), penalties)
def test_optimal_xi_in_50_digits(task, lam):
    d, theta, noise_var = task
    risk = criteria.expected_error(np.sqrt(d), theta, noise_var)
    best = projections.optimal_xi(risk, d, lam)
    xi, value, cancellation = reference_optimum(d, theta, noise_var, lam)
    assert not best.degenerate
    # Bias and noise pull against each other: what cancels in the sum is lost, and nothing else.
    slack = 64 * EPS * d.size
    assert abs(float(best.weights[0]) - xi) <= slack * cancellation * abs(xi) + slack
    assert abs(float(best.risk) - value) <= slack * abs(best.base_risk)


def test_round_after_any_teacher_is_a_parabola(rng):
    x, y, new, truth = (rng.normal(size=shape) for shape in ((12, 5), 12, (7, 5), 7))
    spectrum = Spectrum.from_design(x)
    d = spectrum.eigenvalues
    risk = criteria.prediction_error(spectrum.projection(new), spectrum.project(y), truth)
    teacher = filters.distill(d, [0.5, 2.0], [1.5])
    best = projections.optimal_xi(risk, d, 0.7, previous=teacher)

    def value(xi):
        return float(risk(filters.distill(d, [0.5, 2.0, 0.7], [1.5, xi])))

    found = minimize_scalar(value, bracket=(-1, 2), options={"xtol": 1e-9})
    assert float(best.weights[0]) == pytest.approx(found.x, abs=1e-6)
    assert float(best.risk) == pytest.approx(value(float(best.weights[0])), rel=256 * EPS)
    clipped = projections.optimal_xi(risk, d, 0.7, teacher, lower=found.x + 0.1, upper=found.x + 1)
    assert float(clipped.weights[0]) == found.x + 0.1
    assert float(clipped.risk) == pytest.approx(value(found.x + 0.1), rel=256 * EPS)


def toy():
    x, y = problems.toy_regression()
    kernel = np.exp(-80 * (x[:, None] - x) ** 2)
    grid = np.arange(101) / 100
    spectrum = Spectrum.from_kernel(kernel)
    projection = spectrum.projection(np.exp(-80 * (grid[:, None] - x) ** 2))
    targets = spectrum.project(y)
    risk = criteria.prediction_error(projection, targets, np.sin(2 * np.pi * grid))
    return spectrum, targets, risk, y


def test_greedy_sequence_on_the_toy_data():
    spectrum, _, risk, _ = toy()
    previous, alphas, losses = None, [], []
    for _ in range(5):
        best = projections.optimal_xi(risk, spectrum.eigenvalues, 0.2, previous)
        previous = best.filter
        alphas.append(1 - float(best.weights[0]))
        losses.append(float(best.risk))
    want = [
        -0.6218439212549689,
        0.3303591903371883,
        0.3347601195285289,
        0.3357689376111766,
        0.3360404130143738,
    ]
    np.testing.assert_allclose(alphas, want, rtol=0, atol=1e-12)
    want = [
        0.1483400938783186,
        0.1488899684888487,
        0.1492258791899131,
        0.1494067725267289,
        0.149502209196815,
    ]
    np.testing.assert_allclose(losses, want, rtol=1e-12)


def test_joint_optimum_on_the_toy_data():
    spectrum, _, risk, _ = toy()
    best = projections.optimal_weights(risk, spectrum.eigenvalues, 0.2, steps=3)
    want = [50.77757975714141, -197.1317907873334, 248.2392668086277, -100.8850557784357]
    np.testing.assert_allclose(weights.powers_from_taylor(best.weights), want, rtol=1e-9)
    assert float(best.risk) == pytest.approx(0.1433633037907593, rel=1e-13)


def test_data_driven_choices_on_the_toy_data():
    spectrum, targets, _, y = toy()
    d = spectrum.eigenvalues
    loo = criteria.leave_one_out(spectrum, y, 0.2)
    assert 1 + float(loo.minimiser().weights[0]) == pytest.approx(4.026750231003886, rel=1e-12)
    assert float(loo(np.zeros(1))) == pytest.approx(0.1975021632381337, rel=1e-13)
    gcv = projections.optimal_xi(criteria.gcv(spectrum, targets), d, 0.2)
    assert 1 - float(gcv.weights[0]) == pytest.approx(2.018357115610156, rel=1e-12)
    assert float(gcv.risk) == pytest.approx(0.1326437247741336, rel=1e-13)
    sure = projections.optimal_xi(criteria.sure(spectrum, targets, 0.25), d, 0.2)
    assert 1 - float(sure.weights[0]) == pytest.approx(-3.821894891319349, rel=1e-12)


def test_several_rounds_of_gcv_beat_a_numerical_search(rng):
    x, y = rng.normal(size=(20, 6)), rng.normal(size=20)
    spectrum = Spectrum.from_design(x)
    risk = criteria.gcv(spectrum, spectrum.project(y + x[:, 0]))
    best = projections.optimal_weights(risk, spectrum.eigenvalues, 3.0, 2)
    assert not best.degenerate
    found = minimize(
        lambda w: float(risk(filters.taylor(spectrum.eigenvalues, 3.0, w))),
        best.weights + 0.1,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-15},
    )
    assert float(best.risk) <= found.fun * (1 + 64 * EPS)
    np.testing.assert_allclose(best.weights, found.x, atol=1e-4)


def test_gcv_without_a_minimum_is_degenerate():
    # All of the label energy lies where ridge keeps nothing: GCV falls for ever as xi grows,
    # because degrees of freedom are saved in the other modes at no cost.
    d, z, lam = np.array([1.0, 1.0, 1.0, 1e-4]), np.array([0.0, 0.0, 0.0, 1.0]), 1.0
    risk = criteria.gcv(Spectrum.from_kernel(np.diag(d)), Targets(z, np.array(0.0)))
    best = projections.optimal_xi(risk, d, lam)
    assert best.degenerate
    assert best.risk == best.base_risk
    values = [float(risk(filters.distill(d, lam, xi))) for xi in (0.0, 1.0, 10.0, 100.0)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("lower", "upper", "want", "degenerate"),
    [
        (0.0, 1.0, 1.0, False),
        (-1.0, 0.0, 0.0, False),
        (-np.inf, 3.0, 3.0, False),
        (0.5, np.inf, 0.5, True),
    ],
)
def test_gcv_that_falls_for_ever_is_best_at_the_end_of_an_interval(lower, upper, want, degenerate):
    d, z, lam = np.array([1.0, 1.0, 1.0, 1e-4]), np.array([0.0, 0.0, 0.0, 1.0]), 1.0
    risk = criteria.gcv(Spectrum.from_kernel(np.diag(d)), Targets(z, np.array(0.0)))
    for previous in (None, filters.distill(d, lam, [], steps=0)):
        best = projections.optimal_xi(risk, d, lam, previous, lower=lower, upper=upper)
        np.testing.assert_array_equal(best.weights, [want])
        assert best.degenerate == degenerate
        assert float(best.risk) == pytest.approx(float(risk(filters.distill(d, lam, want))))


@given(tasks(max_size=6), penalties)
def test_gcv_on_an_interval_is_best_on_a_grid(task, lam):
    d, theta, _ = task
    risk = criteria.gcv(Spectrum.from_kernel(np.diag(d)), Targets(theta, np.array(0.0)))
    best = projections.optimal_xi(risk, d, lam, lower=0.0, upper=1.0)
    grid = risk(filters.distill(d, lam, np.linspace(0, 1, 11)[:, None]))
    assert float(best.risk) <= float(np.min(grid)) * (1 + 1e4 * EPS)


def test_a_risk_without_a_bound_is_degenerate():
    # SURE rewards fewer degrees of freedom in modes where the labels have no energy: two directions
    # that agree where there is energy differ elsewhere, and going on for ever costs nothing.
    spectrum = Spectrum.from_kernel(np.diag(S2))
    targets = Targets(np.array([0.0, 1.0, 0.0]), np.array(0.0))
    best = projections.optimal_weights(criteria.sure(spectrum, targets, 0.1), S2, 1.0, 3)
    assert best.degenerate
    assert best.risk == best.base_risk


@pytest.mark.parametrize("lam", [1e-12, 1e8, 1e12, 1e14, 1e20])
def test_any_penalty_reaches_the_floor(lam):
    floor = np.sum(THETA**2 * 0.5 / (S2 * THETA**2 + 0.5))
    best = projections.optimal_weights(error(0.5), S2, lam, 3)
    assert best.rank == 3
    assert float(best.risk) == pytest.approx(floor, rel=1e5 * EPS)


def test_an_empty_spectrum_has_a_degenerate_optimum():
    spectrum = Spectrum.from_kernel(np.zeros((3, 3)))
    targets = spectrum.project(np.array([1.0, 2.0, 2.0]))
    for risk in (criteria.sure(spectrum, targets, 0.1), criteria.gcv(spectrum, targets)):
        for best in (
            projections.optimal_xi(risk, spectrum.eigenvalues, 1.0),
            projections.optimal_weights(risk, spectrum.eigenvalues, 1.0, 2),
        ):
            assert best.degenerate
            assert np.isfinite(best.risk)


@pytest.mark.parametrize("steps", [3, 8, 15])
def test_many_rounds_reach_the_wiener_filter(steps):
    d = 1.0 + 0.5 * np.arange(steps)[::-1]
    theta, noise = np.ones(steps), 0.3
    risk = criteria.expected_error(np.sqrt(d), theta, noise)
    best = projections.optimal_weights(risk, d, 1.0, steps)
    floor = np.sum(theta**2 * noise / (d * theta**2 + noise))
    # With as many rounds as distinct eigenvalues any filter is in reach; powers alone would lose
    # all digits long before (the Vandermonde matrix has condition number 1e16 at 12 rounds).
    assert best.rank == steps
    assert float(best.risk) == pytest.approx(floor, rel=1e-10)


@pytest.mark.parametrize("steps", [5, 6, 9])
def test_surplus_rounds_reach_nothing_new(steps):
    # Rounding once made a sixth direction out of five eigenvalues, and a risk below the floor.
    d, lam, noise = np.arange(1.0, 6.0), 0.2, 6.0
    theta = np.array([1.0, 0.6, 1.9, 1.7, 0.7])
    risk = criteria.expected_error(np.sqrt(d), theta, noise)
    best = projections.optimal_weights(risk, d, lam, steps)
    assert best.rank == 5
    assert float(best.risk) == pytest.approx(np.sum(theta**2 * noise / (d * theta**2 + noise)))


def test_repeated_eigenvalues_count_once():
    best = projections.optimal_weights(error(0.5), np.ones(3), 1.0, 4)
    assert best.rank == 1
    assert np.all(best.weights[1:] == 0)


@pytest.mark.parametrize(
    ("theta", "noise", "lam"),
    [(np.zeros(3), 0.0, 1.0), (THETA, 0.5, 0.0)],
    ids=["no data", "lam=0"],
)
def test_degenerate_cases_return_zero_weights(theta, noise, lam):
    risk = criteria.expected_error(np.sqrt(S2), theta, noise)
    for best in (
        projections.optimal_xi(risk, S2, lam),
        projections.optimal_weights(risk, S2, lam, 3),
    ):
        assert best.degenerate
        assert np.all(best.weights == 0)
        assert best.risk == best.base_risk


@given(tasks(max_size=6), penalties, st.integers(1, 4))
def test_box_constrained_optimum(task, lam, steps):
    d, theta, noise = task
    risk = criteria.expected_error(np.sqrt(d), theta, noise)
    best = projections.constrained_weights(risk, d, lam, steps)
    c = best.weights
    assert np.all(c >= 0)
    assert c.sum() == pytest.approx(1, abs=8 * EPS)
    # Optimal exactly when no vertex of the simplex lies downhill.
    rows = risk.rows(filters.powers(d, lam, steps))
    gradient = rows @ (rows.T @ c)
    assert np.all(gradient >= gradient @ c - 1e4 * EPS * np.max(np.abs(rows @ rows.T)))
    xi = weights.xi_from_powers(c)
    assert np.all((xi >= -1e-12) & (xi <= 1 + 1e-12))
    assert float(risk(filters.distill(d, lam, xi))) == pytest.approx(float(best.risk), rel=1e-9)
    one = projections.optimal_xi(risk, d, lam, lower=0.0, upper=1.0)
    if steps == 1:
        assert float(one.risk) == pytest.approx(float(best.risk), rel=1e-9)
    else:
        assert float(best.risk) <= float(one.risk) * (1 + 1e-9)


def test_constrained_vertices():
    for steps, want in ((0, 14.0625), (1, 7.382625), (2, 5.99414625), (3, 5.4726995625)):
        best = projections.constrained_weights(error(20.0), S2, 1.0, steps)
        assert float(best.risk) == pytest.approx(want, rel=16 * EPS)
        np.testing.assert_array_equal(best.weights, np.eye(steps + 1)[-1])


def test_a_weight_may_be_fixed():
    free = projections.optimal_xi(error(0.5), S2, 1.0)
    for previous in (None, filters.distill(S2, [0.5, 2.0], [1.5])):
        fixed = projections.optimal_xi(error(0.5), S2, 1.0, previous, lower=0.25, upper=0.25)
        np.testing.assert_array_equal(fixed.weights, [0.25])
        assert fixed.rank == 1
        assert not fixed.degenerate
    student = filters.distill(S2, 1.0, 0.25)
    fixed = projections.optimal_xi(error(0.5), S2, 1.0, lower=0.25, upper=0.25)
    np.testing.assert_allclose(fixed.filter.kept, student.kept, rtol=8 * EPS)
    assert float(fixed.risk) == pytest.approx(float(error(0.5)(student)), rel=8 * EPS)
    assert float(fixed.base_risk) == float(free.base_risk)


@pytest.mark.parametrize("lower", [None, 0.25])
def test_a_degenerate_round_is_clipped_all_the_same(lower):
    risk = criteria.expected_error(np.sqrt(S2), np.zeros(3), 0.0)
    interval = {} if lower is None else {"lower": lower}
    best = projections.optimal_xi(risk, S2, 1.0, **interval)
    assert best.degenerate
    assert best.rank == 0
    np.testing.assert_array_equal(best.weights, [lower or 0.0])
    np.testing.assert_allclose(
        best.filter.kept, filters.distilled(S2, 1.0, lower or 0.0), rtol=8 * EPS
    )


def test_constrained_optima_count_their_students():
    best = projections.constrained_weights(error(2.0), S2, 1.0, 3)
    assert best.rank == int(np.sum(best.weights > 0))
    assert not best.degenerate
    mixed = criteria.expected_error([2.0, 1.0], [1.0, 0.5], noise_var=2.0)
    two = projections.constrained_weights(mixed, [4.0, 1.0], lam=1.0, steps=2)
    assert two.rank == 2
    assert float(two.base_risk) == pytest.approx(
        float(mixed(filters.distill([4.0, 1.0], 1.0, 0.0, 0))), rel=8 * EPS
    )
    for name in ("kept", "lost", "coefficient"):
        stack = getattr(filters.powers([4.0, 1.0], 1.0, 2), name)
        np.testing.assert_allclose(getattr(two.filter, name), two.weights @ stack, rtol=8 * EPS)


def test_one_mode_needs_one_round():
    # The Wiener filter of the mode is in reach at once, from any penalty.
    risk = criteria.expected_error([2.0], [0.5], 0.3)
    floor = 0.25 * 0.3 / (4 * 0.25 + 0.3)
    for lam in (1e-6, 1.0, 1e6):
        best = projections.optimal_weights(risk, [4.0], lam, 3)
        assert best.rank == 1
        assert float(best.risk) == pytest.approx(floor, rel=64 * EPS)
        np.testing.assert_array_equal(best.weights[1:], [0.0, 0.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: projections.optimal_xi(r, S2, 1.0, lower=0.2, upper=0.1), "lower must be at mo"),
        (lambda r: projections.optimal_xi(r, S2, 1.0, lower=np.inf), "lower must be less than inf"),
        (lambda r: projections.optimal_xi(r, S2, 1.0, upper=-np.inf), "upper must be greater than"),
        (lambda r: projections.optimal_xi(r, S2, -1.0), "lam must be at least 0"),
        (lambda r: projections.optimal_xi(r, -S2, 1.0), "eigenvalues must be at least 0"),
        (lambda r: projections.optimal_xi(r, S2[:2], 1.0), "filter must have the 3 modes of the r"),
        (lambda r: projections.optimal_weights(r, S2, 1.0, 0), "steps must be at least 1"),
        (lambda r: projections.optimal_weights(r, S2, [1.0], 1), "lam must have 0 dimensions"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(error(0.5))


@given(tasks(max_size=6), penalties, st.integers(1, 4), st.floats(0, 2), st.integers(0, 3))
def test_the_best_quotient_on_the_simplex(task, lam, steps, outside, spare):
    """No vertex lies downhill of it, and it is the best of weights between any two vertices."""
    d, theta, _ = task
    spectrum = Spectrum(d, len(d) + spare, np.eye(len(d) + spare)[:, : len(d)], None)
    risk = criteria.gcv(spectrum, Targets(theta, np.array(outside if spare else 0.0)))
    best = projections.constrained_weights(risk, d, lam, steps)
    c, vertices = best.weights, filters.powers(d, lam, steps)
    assert np.all(c >= 0)
    assert c.sum() == pytest.approx(1, abs=8 * EPS)
    xi = weights.xi_from_powers(c)
    assert float(risk(filters.distill(d, lam, xi))) == pytest.approx(float(best.risk), rel=1e-9)
    assert best.base_risk == risk(filters.distill(d, lam, [], steps=0))
    share = np.linspace(0, 1, 11)[:, None]
    for k in range(steps + 1):
        corner = filters.Filter(vertices.kept[k], vertices.lost[k], vertices.coefficient[k])
        between = filters.Filter(
            *(
                (1 - share) * getattr(best.filter, part) + share * getattr(corner, part)
                for part in ("kept", "lost", "coefficient")
            )
        )
        assert np.all(risk(between) >= float(best.risk) * (1 - 1e4 * EPS))


def test_risks_are_asked_for():
    with pytest.raises(TypeError, match=r"risk must be a QuadraticRisk or RatioRisk, got 1\.0"):
        projections.constrained_weights(1.0, S2, 1.0)


def test_one_round_is_the_default():
    spectrum = Spectrum.from_kernel(np.diag(S2))
    assert projections.optimal_weights(error(0.5), S2, 1.0).weights.shape == (1,)
    assert projections.constrained_weights(error(0.5), S2, 1.0).weights.shape == (2,)
    assert criteria.leave_one_out(spectrum, THETA, 1.0).design.shape == (3, 1)


@pytest.mark.parametrize("lam", [0.3, 1.0, 5.0, 30.0])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_weights_make_the_best_student(lam, steps):
    """Whichever powers span the students, the weights returned are those of Taylor's form."""
    best = projections.optimal_weights(error(0.5), S2, lam, steps)
    assert best.rank == steps
    made = filters.taylor(S2, lam, best.weights)
    slack = 64 * EPS * (1 + np.abs(best.weights).sum())
    assert slack < 1e-6
    np.testing.assert_allclose(made.lost, best.filter.lost, rtol=0, atol=slack)
