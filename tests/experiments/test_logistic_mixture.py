"""Finite samples of the mixture against the proportional limit."""

from functools import cache

import numpy as np
import pytest
import torch

from experiments import store
from experiments._mixture import fit, samples
from experiments.logistic_mixture import EXPERIMENT, FLIPS, LAM, VARIANCE, VARIANTS
from experiments.registry import Task
from figures.takanami2025_samples import pooled
from paper_checks._simulated_mixture import _fit
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.logistic import GaussianMixture, mixture_stages

OPTIONS = {"soft": {}, "hard": {"hard": True}, "xi=1.5": {"xi": 1.5}}
NAMES = ("signal", "norm", "error")
RATIOS = (0.5, 1.0, 2.0, 4.0, 8.0)


@cache
def theory(alpha, theta=FLIPS):
    problem = GaussianMixture(alpha, VARIANCE, theta)
    found = [mixture_stages(problem, LAM, 1, **OPTIONS[name]) for name in VARIANTS[1:]]
    rows = [(found[0].signal[0], found[0].overlap[0, 0], found[0].error[0])]
    return np.array(rows + [(f.signal[1], f.overlap[1, 1], f.error[1]) for f in found]).T


def scores(draws, want):
    """Return the distance of the mean in standard errors."""
    return (draws.mean(axis=-1) - want) / (draws.std(axis=-1, ddof=1) / draws.shape[-1] ** 0.5)


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_the_fit_is_newtons(squared, bias, device):
    problem = GaussianMixture(2.0, 0.5, 0.2, 0.4)
    (sample,) = samples(problem, 30, 2, np.random.SeedSequence(5), device)
    targets = 1.5 * torch.sigmoid(sample.features.sum(dim=2, keepdim=True)) - 0.5 * sample.labels
    weights, intercept, _ = fit(sample, targets, 0.3, squared=squared, bias=bias)
    for i in range(2):
        x, t = sample.features[i].cpu().numpy(), targets[i, :, 0].cpu().numpy()
        w, b = _fit(x, t, 0.3, squared, bias)
        np.testing.assert_allclose(weights[i].cpu().numpy(), w, rtol=0, atol=1e-4)
        assert float(intercept[i]) == pytest.approx(b, abs=1e-4)


def test_data_sets_do_not_depend_on_their_block(monkeypatch):
    from experiments import _mixture

    problem, cpu = GaussianMixture(1.5, 0.5, 0.2), torch.device("cpu")
    whole = list(samples(problem, 20, 5, np.random.SeedSequence(3), cpu))
    monkeypatch.setattr(_mixture, "planned_chunk", lambda *_: 2)
    parts = list(samples(problem, 20, 5, np.random.SeedSequence(3), cpu))
    assert [len(part.features) for part in parts] == [2, 2, 1]
    torch.testing.assert_close(
        torch.cat([part.features for part in parts]), whole[0].features, rtol=0, atol=0
    )


@pytest.mark.statistical
def test_a_small_run_agrees_with_the_limit(device):
    config = {"d": 60, "alpha": 2.0, "batch": 0, "seeds": 12}
    result = EXPERIMENT.run(Task("logistic_mixture", 2, config), device)
    assert result["error"].shape == (len(VARIANTS), 12)
    for name, want in zip(NAMES, theory(2.0), strict=True):
        assert z_score(result[name].T, want, precision=0.5) < SCORE_LIMIT


@pytest.mark.parametrize("d", [200, 400, 1000])
def test_the_stored_means_are_the_limit_within_four_standard_errors(d):
    for name in NAMES:
        draws = pooled(name)
        for alpha in RATIOS:
            want = theory(alpha)[NAMES.index(name)]
            assert np.all(np.abs(scores(draws[d, alpha], want)) < 4), (name, alpha)


def extrapolated(draws, want):
    """Return how far the limit of mean = limit + slope / d is from the theory, in its errors."""
    sizes = np.array(sorted(draws))
    scale = np.array([draws[d].std(axis=-1, ddof=1) / draws[d].shape[-1] ** 0.5 for d in sizes])
    mean = np.array([draws[d].mean(axis=-1) for d in sizes])
    found = []
    for m, e, goal in zip(mean.T, scale.T, want, strict=True):
        design = np.stack([1 / e, 1 / (sizes * e)], axis=1)
        covariance = np.linalg.inv(design.T @ design)
        limit = (covariance @ design.T @ (m / e))[0]
        found.append((limit - goal) / covariance[0, 0] ** 0.5)
    return np.array(found)


def all_extrapolated(name, wanted):
    draws = pooled(name)
    return np.array(
        [
            extrapolated(
                {d: v for (d, a), v in draws.items() if a == alpha},
                wanted(alpha)[NAMES.index(name)],
            )
            for alpha in RATIOS
        ]
    )


@pytest.mark.parametrize("name", NAMES)
def test_all_dimensions_together_extrapolate_to_the_limit(name):
    assert np.abs(all_extrapolated(name, theory)).max() < 4


@pytest.mark.parametrize("name", NAMES)
def test_two_per_cent_would_be_noticed(name):
    for factor in (0.98, 1.02):
        wrong = all_extrapolated(name, lambda alpha, factor=factor: factor * theory(alpha))
        assert np.abs(wrong).max() > 6
    # So would one flip in a hundred more: a wrong number in the equations, not only in the answer.
    assert np.abs(all_extrapolated(name, lambda alpha: theory(alpha, FLIPS + 0.01))).max() > 6


def test_the_spread_falls_like_the_inverse_root_of_the_dimension():
    draws = pooled("error")
    for alpha in RATIOS:
        spread = np.array([draws[d, alpha].std(axis=1, ddof=1) * d**0.5 for d in (100, 400, 1000)])
        # Twenty data sets know a standard deviation to 16%.
        assert np.all(spread.max(axis=0) < 2 * spread.min(axis=0))


def test_weights_above_one_help_with_many_samples_only():
    for (_, alpha), error in pooled("error").items():
        plain, bold = error[VARIANTS.index("soft")], error[VARIANTS.index("xi=1.5")]
        if alpha != 2.0:
            assert (bold.mean() < plain.mean()) == (alpha > 2)


def test_every_task_is_stored():
    assert len(store.load("logistic_mixture", "cpu").tasks) == len(EXPERIMENT.expand("cpu"))
