"""Protocols against closed forms of ridge regression, written out here."""

import numpy as np
import pytest
import torch

from experiments.engine import (
    LBFGS,
    MLP,
    Adam,
    GradientDescent,
    Learner,
    Linear,
    Streams,
    squared,
    weight_decay_for,
)
from experiments.engine import distillation as ds

N, D, OUTPUTS = 24, 5, 2
XI = np.array([-2.0, 0.0, 0.4, 1.0, 3.0])


@pytest.fixture
def ridge(rng):
    """Return inputs, labels and a learner whose fits are exact ridge regressions."""
    x, y = rng.normal(size=(N, D)), rng.normal(size=(N, OUTPUTS))

    def learner(lam, streams=0):
        return Learner(
            Linear(D, OUTPUTS, scale=1.0),
            torch.tensor(x),
            squared,
            LBFGS(1e-13),
            500,
            Streams.of(np.arange(len(XI)) + streams),
            weight_decay=weight_decay_for(lam, N, OUTPUTS),
        )

    return x, y, learner


def exact(x, y, lam):
    return np.linalg.solve(x.T @ x + lam * np.eye(D), x.T @ y)


def agrees(fit, want):
    got = fit.params["weight"].numpy()
    return np.abs(got - want).max() <= 1e-8 * np.abs(want).max()


@pytest.mark.parametrize("start", ["scratch", "same", "teacher"])
def test_three_rounds_are_the_closed_form_filter(ridge, start):
    x, y, learner = ridge
    lam = 0.8
    fits = ds.repeated(learner(lam), torch.tensor(y), [XI] * 3, start=start)
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    kept = s**2 / (s**2 + lam)
    f = np.tile(kept, (len(XI), 1))
    for fit in fits:
        assert fit.converged.all()
        assert agrees(fit, vt.T @ ((f / s)[..., None] * (u.T @ y)))
        f = kept * ((1 - XI)[:, None] + XI[:, None] * f)
    assert len(fits) == 4


def test_schedules_of_weight_and_penalty(ridge):
    x, y, learner = ridge
    lams, weights = [0.5, 2.0, 0.1], [XI, 1.0 - XI]
    fits = ds.repeated([learner(lam) for lam in lams], torch.tensor(y), weights)
    for run in range(len(XI)):
        target = y
        for number, fit in enumerate(fits):
            theta = exact(x, target, lams[number])
            got = fit.params["weight"][run].numpy()
            np.testing.assert_allclose(got, theta, rtol=0, atol=1e-8 * np.abs(theta).max())
            if number < 2:
                target = weights[number][run] * (x @ theta) + (1 - weights[number][run]) * y


def test_schedule_of_the_wrong_length_is_refused(ridge):
    _, y, learner = ridge
    with pytest.raises(ValueError, match="learner must have 3 entries, got 2"):
        ds.repeated([learner(1.0)] * 2, torch.tensor(y), [XI, XI])


def test_starts_are_what_they_say(rng):
    """After no step at all a student is its starting point."""
    streams = Streams.of(np.arange(3))
    x, y = torch.tensor(rng.normal(size=(8, 4))), torch.tensor(rng.normal(size=(8, 2)))
    teacher = Learner(MLP((4, 5, 2)), x, squared, Adam(0.05), 5, streams)
    student = Learner(MLP((4, 5, 2)), x, squared, Adam(0.05), 0, streams.child("other"))
    begin = teacher.init()["weight0"]
    ends = {
        start: ds.repeated([teacher, student, student], y, [1.0, 1.0], start=start)
        for start in ("scratch", "same", "teacher")
    }
    assert torch.equal(ends["same"][2].params["weight0"], begin)
    assert torch.equal(ends["teacher"][2].params["weight0"], ends["teacher"][0].params["weight0"])
    draws = [begin, *(fit.params["weight0"] for fit in ends["scratch"][1:])]
    assert len(torch.unique(torch.stack(draws))) == 3 * begin.numel()


def test_extremes_find_the_best_weight_without_a_grid(ridge, rng):
    """For linear smoothers the estimate is the minimiser of the trained students' error."""
    x, y, learner = ridge
    lam, held_x, held_y = 0.8, rng.normal(size=(9, D)), rng.normal(size=(9, OUTPUTS))
    teacher = x @ exact(x, y, lam)
    both = ds.extremes(
        learner(lam),
        torch.tensor(y),
        torch.tensor(teacher).expand(len(XI), -1, -1),
        torch.tensor(held_x),
        torch.tensor(held_y),
    )
    assert agrees(both.plain, exact(x, y, lam))
    assert agrees(both.pure, exact(x, teacher, lam))

    def error(xi):
        theta = exact(x, xi * teacher + (1 - xi) * y, lam)
        return np.square(held_x @ theta - held_y).sum()

    # The error is a parabola in xi: three values give its minimum.
    low, mid, high = error(-1.0), error(0.0), error(1.0)
    best = (low - high) / (2 * (low - 2 * mid + high))
    np.testing.assert_allclose(both.xi.numpy(), best, rtol=1e-6)


def test_combined_xi_of_equal_students_is_zero():
    outputs = torch.ones(2, 3, 1)
    assert torch.equal(ds.combined_xi(outputs, outputs, 5 * outputs), torch.zeros(2))


def test_two_heads_hold_every_student(ridge):
    """The heads of a linear model are the two extreme students; weights are chosen afterwards."""
    x, y, learner = ridge
    lam = 0.8
    teacher = torch.tensor(x @ exact(x, y, lam)).expand(len(XI), -1, -1)
    single = learner(lam)
    heads = Learner(
        Linear(D, 2 * OUTPUTS),
        single.x,
        ds.TwoHeads(squared, squared),
        single.optimiser,
        500,
        single.streams,
        weight_decay=single.weight_decay,
    )
    fit = heads.fit(ds.TwoHeads.targets(torch.tensor(y), teacher))
    chosen = ds.TwoHeads.choose(heads.outputs(fit.params), XI)
    want = single.outputs(ds.distil(single, torch.tensor(y), teacher, XI).params)
    torch.testing.assert_close(chosen, want, rtol=0, atol=1e-8 * float(want.abs().max()))


def test_teacher_responses(rng):
    logits = torch.tensor(rng.normal(size=(2, 4, 3)))
    assert ds.identity(logits) is logits
    want = (logits / 2).exp() / (logits / 2).exp().sum(-1, keepdim=True)
    torch.testing.assert_close(ds.probabilities(2.0)(logits), want, rtol=1e-14, atol=0)
    hard = ds.one_hot(logits)
    assert torch.equal(hard.argmax(-1), logits.argmax(-1))
    assert torch.equal(hard.sum(-1), torch.ones(2, 4, dtype=logits.dtype))


@pytest.mark.parametrize("memory", [None, 1])
def test_ema_teacher_follows_its_recursion(ridge, memory):
    """Gradient descent with an averaged teacher, against the same recursion in NumPy."""
    x, y, learner = ridge
    keep, rate, steps, lam = np.array([0.0, 0.5, 0.9, 0.99, 1.0]), 0.2, 30, 0.5
    base = learner(lam)
    student = Learner(
        base.model,
        base.x,
        squared,
        GradientDescent(rate),
        steps,
        base.streams,
        weight_decay=base.weight_decay,
        average=keep,
        memory=memory,
    )
    fit = ds.ema_teacher(student, torch.tensor(y), XI)
    for run in range(len(XI)):
        theta = mean = student.init()["weight"][run].numpy()
        for _ in range(steps):
            target = XI[run] * (x @ mean) + (1 - XI[run]) * y
            gradient = 2 * (x.T @ (x @ theta - target) + lam * theta) / (N * OUTPUTS)
            theta = theta - rate * gradient
            mean = keep[run] * mean + (1 - keep[run]) * theta
        got = fit.params["weight"][run].numpy()
        np.testing.assert_allclose(got, theta, rtol=0, atol=1e-10 * np.abs(theta).max())
    with pytest.raises(ValueError, match=r"learner\.average must be the decay"):
        ds.ema_teacher(base, torch.tensor(y), XI)
