"""Students from one factorisation against solving every round, and against published numbers."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import kernel_ridge, problems
from sdtheory._array import to_numpy

EPS = np.finfo(float).eps
LAMS, XIS = [1.0, 0.3, 0.05, 0.6], [0.7, -0.4, 1.5]


def solve_error(kernel, lams, rounds=4):
    """What dense solves may lose: eps times the condition number, a few times a round."""
    return 30 * rounds * kernel.shape[0] * EPS * (1 + np.linalg.norm(kernel, 2) / np.min(lams))


def test_any_schedule_is_solving_every_round(data, by_solving):
    want = by_solving(data.kernel, data.new, data.y, LAMS, XIS)
    fit = kernel_ridge.fit(data.kernel, data.y)
    tolerance = solve_error(data.kernel, LAMS) * np.abs(data.y).max()
    np.testing.assert_allclose(fit.path(data.new, LAMS, XIS), want, rtol=0, atol=tolerance)
    np.testing.assert_allclose(fit.predict(data.new, LAMS, XIS), want[-1], rtol=0, atol=tolerance)
    fitted = by_solving(data.kernel, data.kernel, data.y, LAMS, XIS)[-1]
    np.testing.assert_allclose(fit.fitted(LAMS, XIS), fitted, rtol=0, atol=tolerance)
    np.testing.assert_allclose(data.new @ fit.dual(LAMS, XIS), want[-1], rtol=0, atol=tolerance)


def test_noise_levels_are_penalties_of_their_own(data, by_solving, rng):
    noise = rng.uniform(0.2, 5.0, size=len(data.y))
    want = by_solving(data.kernel, data.new, data.y, LAMS, XIS, noise)
    fit = kernel_ridge.fit(data.kernel, data.y, noise)
    tolerance = 25 * solve_error(data.kernel, LAMS) * np.abs(data.y).max()
    np.testing.assert_allclose(fit.path(data.new, LAMS, XIS), want, rtol=0, atol=tolerance)
    np.testing.assert_allclose(data.new @ fit.dual(LAMS, XIS), want[-1], rtol=0, atol=tolerance)


@pytest.mark.parametrize("noisy", [False, True])
def test_features_are_the_kernel_of_their_products(rng, by_solving, noisy):
    features, new = rng.normal(size=(12, 5)), rng.normal(size=(4, 5))
    y = rng.normal(size=12)
    noise = rng.uniform(0.5, 2.0, size=12) if noisy else None
    kernel = features @ features.T
    want = by_solving(kernel, new @ features.T, y, LAMS, XIS, 1.0 if noise is None else noise)
    fit = kernel_ridge.fit_features(features, y, noise)
    tolerance = 4 * solve_error(kernel, LAMS) * np.abs(y).max()
    np.testing.assert_allclose(fit.path(new, LAMS, XIS), want, rtol=0, atol=tolerance)


def test_a_singular_kernel_is_no_exception(rng, by_solving):
    half = rng.normal(size=(10, 3))
    kernel, new, y = half @ half.T, rng.normal(size=(4, 3)) @ half.T, rng.normal(size=10)
    want = by_solving(kernel, new, y, LAMS, XIS)
    got = kernel_ridge.fit(kernel, y).path(new, LAMS, XIS)
    np.testing.assert_allclose(got, want, rtol=0, atol=solve_error(kernel, LAMS) * 10)


def test_a_zero_kernel_predicts_zero():
    zeros = np.zeros((3, 3))
    for fit, new in (
        (kernel_ridge.fit(zeros, np.ones(3)), zeros),
        (kernel_ridge.fit_features(zeros, np.ones(3), noise=np.ones(3)), np.ones((3, 3))),
    ):
        assert not fit.predict(new, 1.0, 0.5, 2).any()
        assert not fit.sweep(new, [1.0], [0.5], 2).any()


@pytest.mark.parametrize("method", ["loo", "gcv", "sure", "validation", "truth"])
def test_no_weight_matters_without_features(method):
    y = np.array([1.0, -2.0, 3.0])
    fit = kernel_ridge.fit_features(np.zeros((3, 2)), y)
    best = kernel_ridge.optimal_xi(
        fit, 1.0, 2, method=method, noise_var=0.5, truth=y, validation=(np.ones((3, 2)), y)
    )
    assert best.degenerate
    np.testing.assert_array_equal(best.xi, 0.0)
    assert float(best.teacher_risk) == pytest.approx(np.mean(y**2) - 0.5 * (method == "sure"))


def test_the_scalar_chain():
    fit = kernel_ridge.fit([[2.0]], [1.0])
    path = fit.path([[2.0]], 0.5, 0.7, 4)[:, 0]
    np.testing.assert_allclose(path, [0.8, 0.688, 0.62528, 0.5901568, 0.570487808], rtol=1e-14)
    assert fit.limit([[2.0]], 0.5, 0.7)[0] == pytest.approx(6 / 11, rel=1e-14)


@pytest.mark.parametrize("xi", [1.0, 0.75, 0.65, -0.3, 1.02])
def test_a_sweep_is_its_paths(toy, xi):
    lams = [0.05, 0.2, 1.0]
    sweep = toy.fit.sweep(toy.new, lams, [0.4, xi], 6)
    for a, lam in enumerate(lams):
        path = toy.fit.path(toy.new, lam, xi, 6)
        np.testing.assert_allclose(sweep[:, a, 1], path, rtol=0, atol=200 * EPS)


def test_a_sweep_of_several_outputs(data):
    fit = kernel_ridge.fit(data.kernel, data.y)
    sweep = fit.sweep(data.new, [0.3, 1.0], [0.0, 0.5], 2)
    assert sweep.shape == (3, 2, 2, 7, 2)
    np.testing.assert_allclose(
        sweep[2, 1, 1], fit.predict(data.new, 1.0, 0.5, 2), rtol=0, atol=200 * EPS
    )


LOSSES = {
    1.0: [
        0.1647734240174332,
        0.1507559454719627,
        0.1491544295460658,
        0.1556053035577406,
        0.1673515242054729,
        0.1825108632081267,
        0.4950495049504950,
    ],
    0.75: [
        0.1647734240174332,
        0.15308890562013,
        0.1495763600961595,
        0.1490289318750345,
        0.1494595196932173,
        0.1501132319567857,
        0.1525015469487571,
    ],
    0.65: [
        0.1647734240174332,
        0.154240752783861,
        0.1508851778422193,
        0.149833812557773,
        0.1495353317827472,
        0.1494770208260372,
        0.1495877797291774,
    ],
}


@pytest.mark.parametrize("xi", LOSSES)
def test_losses_of_the_published_table(toy, xi):
    losses = ((toy.fit.path(toy.new, toy.lam, xi, 5) - toy.truth) ** 2).mean(1)
    limit = ((toy.fit.limit(toy.new, toy.lam, xi) - toy.truth) ** 2).mean()
    np.testing.assert_allclose([*losses, limit], LOSSES[xi], rtol=1e-12)


def test_published_predictions(toy):
    at = np.array([[0.33], [1.0]])
    new = np.exp(-80 * (at - toy.x) ** 2)
    got = [
        toy.fit.predict(new, 0.2, steps=0)[0],
        toy.fit.predict(new, 0.2, 0.75, 2)[0],
        toy.fit.predict(new, 0.2, 1.0, 2)[0],
        toy.fit.predict(new, 0.2, 1.0, 5)[1],
    ]
    want = [0.3112743286758406, 0.2849072789041134, 0.2715855237907078, 0.1293136392321978]
    np.testing.assert_allclose(got, want, rtol=1e-13)
    extremes = [1.940729093142906, 0.2022932516826823]
    np.testing.assert_allclose(toy.fit.eigenvalues[[0, -1]], extremes, rtol=1e-13)


def test_scaling_targets_scales_students(data):
    fit, scaled = (kernel_ridge.fit(data.kernel, c * data.y) for c in (1.0, 1e6))
    np.testing.assert_allclose(
        scaled.predict(data.new, LAMS, XIS), 1e6 * fit.predict(data.new, LAMS, XIS), rtol=1e-11
    )


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put):
    x, y = problems.toy_regression()
    kernel = put(np.exp(-80 * (x[:, None] - x) ** 2))
    fit = kernel_ridge.fit(kernel, put(y))
    want = kernel_ridge.fit(np.exp(-80 * (x[:, None] - x) ** 2), y)
    for name, got, reference in (
        ("predict", fit.predict(kernel, 0.2, 0.75, 3), want.fitted(0.2, 0.75, 3)),
        ("path", fit.path(kernel, 0.2, 0.75, 3)[-1, ...], want.fitted(0.2, 0.75, 3)),
        ("sweep", fit.sweep(kernel, [0.2], [0.75], 3)[-1, 0, 0, ...], want.fitted(0.2, 0.75, 3)),
        ("dual", kernel @ fit.dual(0.2, 0.75, 3), want.fitted(0.2, 0.75, 3)),
    ):
        assert put.owns(got), name
        np.testing.assert_allclose(to_numpy(got), reference, rtol=0, atol=500 * put.eps)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.ones(3)}, "y and the data must have the same length"),
        ({"noise": np.array([1.0, 0.0])}, "noise must be greater than 0"),
        ({"noise": np.ones(3)}, "noise and the data must have the same length"),
        ({"kernel": np.ones((2, 3))}, "kernel must be a square matrix"),
        ({"kernel": np.array([[1.0, 2.0], [2.0, 1.0]])}, "positive semi-definite"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    arguments = {"kernel": np.eye(2), "y": np.ones(2), "noise": None} | change
    with pytest.raises(ValueError, match=message):
        kernel_ridge.fit(**arguments)


def test_wrong_schedules_are_named(toy):
    with pytest.raises(ValueError, match="xi must have 2 and lam 3 entries"):
        toy.fit.path(toy.new, [0.2, 0.1], 0.5, 2)
    with pytest.raises(ValueError, match="new must have 11 columns"):
        kernel_ridge.fit(toy.kernel, toy.y, np.ones(11)).predict(toy.new[:, :4], 0.2)


def test_without_a_weight_every_round_is_the_teacher(data):
    fit = kernel_ridge.fit(data.kernel, data.y)
    for name, given in (("predict", [data.new]), ("fitted", []), ("dual", [])):
        got = getattr(fit, name)(*given, 0.5)
        want = getattr(fit, name)(*given, 0.5, steps=0)
        np.testing.assert_allclose(got, want, rtol=0, atol=100 * EPS * np.abs(want).max())
    np.testing.assert_allclose(fit.filter(0.5).kept, fit.filter(0.5, steps=0).kept, rtol=4 * EPS)


def test_labels_are_kept_as_they_came(data, rng):
    for y in (data.y, data.y[:, 0]):
        noise = rng.uniform(0.5, 2.0, 30)
        for fit in (
            kernel_ridge.fit(data.kernel, y, noise),
            kernel_ridge.fit_features(data.x, y, noise),
        ):
            np.testing.assert_array_equal(fit.y, y)


def test_one_new_point_is_one_of_many(data):
    """The null space of a kernel gives no prediction at one new point either."""
    half = data.x
    fit = kernel_ridge.fit(half @ half.T, data.y)
    new = np.array([[1.0, -2.0], [0.5, 3.0], [0.1, 0.1]]) @ half.T
    many = fit.predict(new, 1e-13, steps=0)
    for k in range(3):
        alone = fit.predict(new[k : k + 1], 1e-13, steps=0)
        np.testing.assert_allclose(alone[0], many[k], rtol=1e-9)


def test_no_new_points_have_no_predictions(data):
    model, none = kernel_ridge.fit(data.kernel, data.y), np.zeros((0, 30))
    assert model.predict(none, 0.3).shape == (0, 2)
    assert model.limit(none, 0.3, 0.5).shape == (0, 2)
    assert model.path(none, 0.3, 0.5, 3).shape == (4, 0, 2)
    assert model.sweep(none, [0.3, 0.4], [-0.5, 0.5], 3).shape == (4, 2, 2, 0, 2)
    assert kernel_ridge.distil(data.kernel, data.y, 0.3).predict(none).shape == (0, 2)


@pytest.mark.parametrize("schedule", [(5.0, 800), ([9.0] * 400, None)])
def test_a_chain_beyond_the_range_of_floats_is_an_error(data, schedule):
    xi, steps = schedule
    model = kernel_ridge.fit(data.kernel, data.y)
    for call in (
        lambda: model.predict(data.new, 0.3, xi, steps),
        lambda: model.fitted(0.3, xi, steps),
        lambda: model.dual(0.3, xi, steps),
        lambda: kernel_ridge.distil(data.kernel, data.y, 0.3, xi, steps, route="cholesky"),
        lambda: kernel_ridge.distil(data.kernel, data.y, 0.3, xi, steps, route="eigh"),
        lambda: kernel_ridge.distil(data.kernel, data.y, 0.3, xi, steps, route="lanczos"),
    ):
        with pytest.raises(ValueError, match="xi must be nearer to 0, or steps fewer"):
            call()
    if steps:
        with pytest.raises(ValueError, match="xi must be nearer to 0, or steps fewer"):
            model.sweep(data.new, [0.3], [xi], steps)


@pytest.mark.parametrize("method", ["predict", "fitted", "dual"])
def test_a_stack_of_students_is_not_one(method):
    model = kernel_ridge.fit(np.eye(2) + 1.0, np.ones(2))
    new = (np.ones((1, 2)),) if method == "predict" else ()
    with pytest.raises(ValueError, match=r"lam and xi must describe one student .* got 2 of them"):
        getattr(model, method)(*new, np.array([[1.0], [2.0]]), [0.5])
    with pytest.raises(ValueError, match="lam and xi must describe one student"):
        model.limit(np.ones((1, 2)), 1.0, np.array([[0.5], [0.6]]))
