"""Stacked L-BFGS: SciPy's answers, runs that do not disturb each other, honest flags."""

import numpy as np
import pytest
import scipy.optimize
import torch

from experiments.engine import LBFGS, Penalty, lbfgs, minimise

EPS = np.finfo(float).eps


def rosenbrock(params, step):
    w = params["w"]
    valley = 100 * (w[:, 1:] - w[:, :-1].square()).square() + (1 - w[:, :-1]).square()
    return valley.sum(1)


def test_rosenbrock_from_many_starts(rng, device):
    start = {"w": torch.tensor(rng.uniform(-2, 2, size=(16, 2)), device=device)}
    fit = minimise(rosenbrock, start, LBFGS(tolerance=1e-9), 500)
    assert fit.converged.all()
    torch.testing.assert_close(
        fit.params["w"].cpu(), torch.ones(16, 2, dtype=torch.float64), rtol=0, atol=1e-8
    )


def test_logistic_regression_is_scipys(rng):
    x, y = rng.normal(size=(60, 5)), rng.integers(0, 2, size=(4, 60)) * 2.0 - 1.0
    decay = np.array([1e-3, 1e-2, 0.1, 1.0])
    inputs, signs = torch.tensor(x), torch.tensor(y)

    def objective(params, step):
        margins = signs * (params["w"] @ inputs.T)
        return torch.nn.functional.softplus(-margins).mean(1)

    start = {"w": torch.zeros(4, 5, dtype=torch.float64)}
    fit = minimise(objective, start, LBFGS(tolerance=1e-12), 300, penalty=Penalty(decay))
    assert fit.converged.all()
    for run in range(4):

        def gradient(w, run=run):
            chance = 1 / (1 + np.exp(y[run] * (x @ w)))
            return -(y[run] * chance) @ x / 60 + decay[run] * w

        want = scipy.optimize.root(gradient, np.zeros(5), tol=1e-13).x
        # The Hessian is at least the weight decay, so |w - want| <= |gradient| / decay.
        atol = (1e-12 + np.abs(gradient(want)).max()) * np.sqrt(5) / decay[run] + 10 * EPS
        np.testing.assert_allclose(fit.params["w"][run], want, rtol=0, atol=atol)


def test_ill_conditioned_quadratics(rng):
    """Six decades of curvature; the gradient bounds the error through the smallest one."""
    curvature = torch.tensor(np.geomspace(1e-3, 1e3, 12))
    centre = torch.tensor(rng.normal(size=(8, 12)))

    def objective(params, step):
        return 0.5 * (curvature * (params["w"] - centre).square()).sum(1)

    start = {"w": torch.zeros(8, 12, dtype=torch.float64)}
    fit = minimise(objective, start, LBFGS(tolerance=1e-11), 2000)
    assert fit.converged.all()
    assert (fit.params["w"] - centre).abs().max() <= 1e-11 / 1e-3 + 10 * EPS


def test_each_run_goes_its_own_way(rng):
    start = {"w": torch.tensor(rng.uniform(-2, 2, size=(6, 4)))}
    steps = 25  # stops in the middle, where a shared step length would show
    whole = minimise(rosenbrock, start, LBFGS(), steps).params["w"]
    for run in range(6):
        alone = minimise(rosenbrock, {"w": start["w"][run : run + 1]}, LBFGS(), steps).params["w"]
        torch.testing.assert_close(alone[0], whole[run], rtol=1e-12, atol=1e-13)


def test_converged_runs_do_not_move():
    start = {"w": torch.tensor([[1.0, 1.0], [-1.0, 2.0]], dtype=torch.float64)}
    fit = minimise(rosenbrock, start, LBFGS(tolerance=np.array([1e-6, 1e-9])), 300)
    assert torch.equal(fit.params["w"][0], start["w"][0])
    assert fit.converged.all()


def test_unbounded_and_unfinished_runs_are_reported():
    def falling(params, step):
        w = params["w"][:, 0]
        return torch.stack([-w[0].exp(), w[1] ** 4, (w[2] - 3) ** 2])

    start = {"w": torch.full((3, 1), 1.7, dtype=torch.float64)}
    fit = minimise(falling, start, LBFGS(tolerance=1e-12), 4)
    assert fit.converged.tolist() == [False, False, True]
    assert bool(torch.isfinite(fit.params["w"][1:]).all())


def test_infinite_values_shorten_the_step():
    """The first step lands where the logarithm is not defined; the search comes back."""

    def barrier(params, step):
        w = params["w"][:, 0]
        return w - 0.01 * torch.log(w)

    start = {"w": torch.full((1, 1), 0.5, dtype=torch.float64)}
    fit = minimise(barrier, start, LBFGS(tolerance=1e-10), 200)
    assert fit.converged.all()
    # The second derivative there is 0.01 / 0.01^2 = 100.
    assert abs(float(fit.params["w"]) - 0.01) < 1e-10 / 100 * 2


@pytest.mark.parametrize("failures", [(3,), (3, 4)])
def test_a_failed_search_restarts_from_the_gradient(failures, monkeypatch):
    """One failure costs the curvature, a second one in a row ends the run and is reported."""
    start = {"w": torch.tensor([[-1.2, 1.0]], dtype=torch.float64)}
    search, directions = lbfgs.line_search, []

    def unreliable(evaluate, step, state, direction, first, active, trials):
        directions.append((direction, state.gradients))
        if len(directions) in failures:
            return state, torch.zeros_like(active)
        return search(evaluate, step, state, direction, first, active, trials)

    monkeypatch.setattr(lbfgs, "line_search", unreliable)
    fit = minimise(rosenbrock, start, LBFGS(tolerance=1e-8), 200)
    assert not torch.equal(directions[2][0], -directions[2][1])
    assert torch.equal(directions[3][0], -directions[3][1])
    if failures == (3,):
        assert fit.converged.all()
    else:
        assert len(directions) == 4
        assert not fit.converged.any()


def test_runs_without_success_lose_their_curvature(rng):
    def state():
        theta, gradients = (torch.tensor(rng.normal(size=(2, 3))) for _ in range(2))
        return lbfgs.State(theta, torch.zeros(2), gradients + theta)

    old, new = state(), state()
    new = lbfgs.State(new.theta, new.values, old.gradients + 2 * (new.theta - old.theta))
    both = lbfgs.remember([], old, new, torch.tensor([True, True]), 5)
    pairs = lbfgs.remember(both, old, new, torch.tensor([True, False]), 5)
    assert [(p[2] > 0).tolist() for p in pairs] == [[True, False], [True, False]]
    gradients = torch.tensor(rng.normal(size=(2, 3)))
    assert torch.equal(lbfgs.two_loops(gradients, pairs)[1], gradients[1])
    assert len(lbfgs.remember(pairs, old, new, torch.tensor([True, True]), 2)) == 2


def test_line_search_brackets_a_narrow_target():
    """Slope -1 up to 3 and a wall behind: only steps in (3.001, 3.24) satisfy both conditions."""

    def evaluate(theta, step):
        w = theta[:, 0]
        wall = torch.relu(w - 3)
        return -w + 50 * wall**2, (-1 + 100 * wall)[:, None]

    origin = torch.zeros(2, 1, dtype=torch.float64)
    start = lbfgs.State(origin, *evaluate(origin, 0))
    first = torch.tensor([1.0, 50.0], dtype=torch.float64)
    active = torch.tensor([True, True])
    found, success = lbfgs.line_search(evaluate, 0, start, origin + 1, first, active, 40)
    assert success.all()
    assert bool(((found.theta > 3.001) & (found.theta < 3.24)).all())
    values, gradients = evaluate(found.theta, 0)
    assert torch.equal(found.values, values)
    assert torch.equal(found.gradients, gradients)


def test_as_few_evaluations_as_scipy(rng):
    """Curvature pairs and the scale of the first step do their work."""
    curvature = np.geomspace(0.1, 100, 20)
    centre = rng.normal(size=20)
    counts = {"ours": 0, "scipy": 0}

    def objective(params, step):
        counts["ours"] += 1
        shift = params["w"] - torch.tensor(centre)
        return (torch.tensor(curvature) * torch.cosh(shift)).sum(1)

    def theirs(w):
        counts["scipy"] += 1
        return (curvature * np.cosh(w - centre)).sum(), curvature * np.sinh(w - centre)

    start = {"w": torch.zeros(1, 20, dtype=torch.float64)}
    fit = minimise(objective, start, LBFGS(tolerance=1e-6), 1000)
    options = {"gtol": 1e-6, "ftol": 0, "maxcor": 12}
    want = scipy.optimize.minimize(
        theirs, np.zeros(20), jac=True, method="L-BFGS-B", options=options
    )
    assert fit.converged.all()
    assert want.success
    assert counts["ours"] <= 1.25 * counts["scipy"]
