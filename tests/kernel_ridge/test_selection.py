"""The best weight of each round against numerical minimisation, and against published numbers."""

import numpy as np
import pytest
import scipy.optimize

from sdtheory import kernel_ridge

EPS = np.finfo(float).eps
# Brent's method finds a minimum to the square root of the rounding error of its values.
BRENT = 1e-6


def best_by_brent(loss):
    return scipy.optimize.minimize_scalar(loss, bracket=(-1.0, 1.0), tol=1e-12).x


def test_published_greedy_weights(toy):
    best = kernel_ridge.optimal_xi(
        toy.fit, 0.2, 5, method="validation", validation=(toy.new, toy.truth)
    )
    alphas = [
        -0.6218439212549689,
        0.3303591903371883,
        0.3347601195285289,
        0.3357689376111766,
        0.3360404130143738,
    ]
    risks = [
        0.1483400938783186,
        0.1488899684888487,
        0.1492258791899131,
        0.1494067725267289,
        0.149502209196815,
    ]
    np.testing.assert_allclose(1 - best.xi, alphas, rtol=1e-11)
    np.testing.assert_allclose(best.risk, risks, rtol=1e-12)
    assert not best.degenerate


@pytest.mark.parametrize(
    ("method", "alpha", "risk"),
    [
        ("loo", 4.026750231003886, None),
        ("gcv", 2.018357115610156, 0.1326437247741336),
        ("sure", -3.821894891319349, None),
    ],
)
def test_published_criteria_disagree_on_eleven_points(toy, method, alpha, risk):
    best = kernel_ridge.optimal_xi(toy.fit, 0.2, method=method, noise_var=0.25)
    np.testing.assert_allclose(1 - best.xi[0], alpha, rtol=1e-11)
    if method == "loo":
        np.testing.assert_allclose(best.teacher_risk, 0.1975021632381327, rtol=1e-12)
    if risk is not None:
        np.testing.assert_allclose(best.risk[0], risk, rtol=1e-12)


def test_the_published_cross_validation_has_a_minimum(toy):
    """By the quotient of two sums itself; its denominator says whether there is a minimum."""
    d, vectors = np.linalg.eigh(toy.kernel)
    kept, energy = d / (d + 0.2), (vectors.T @ toy.y) ** 2
    p, q = kept**2, kept * (1 - kept)
    parts = [np.sum(w * energy) for w in ((1 - p) ** 2, q * (1 - p), q**2)]
    freedom, change = len(d) - p.sum(), q.sum()
    below = parts[2] * freedom - parts[1] * change
    assert below == pytest.approx(0.02630842129107706, rel=1e-11)
    alpha = (parts[1] * freedom - parts[0] * change) / below
    best = kernel_ridge.optimal_xi(toy.fit, 0.2, method="gcv")
    np.testing.assert_allclose(1 - best.xi[0], alpha, rtol=1e-11)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("method", ["loo", "gcv", "sure", "validation", "truth"])
def test_every_round_is_a_minimum(data, rng, method, outputs):
    lams = [0.5, 0.2, 1.0]
    y = data.y[:, 0] if outputs == 1 else data.y
    fit = kernel_ridge.fit(data.kernel, y)
    truth, held_out = 0.8 * y, rng.normal(size=(7, *y.shape[1:]))
    best = kernel_ridge.optimal_xi(
        fit, lams, 2, method=method, noise_var=0.1, truth=truth, validation=(data.new, held_out)
    )
    smoother = kernel_ridge.fit(data.kernel, np.eye(30))

    def loss(xis):
        if method == "loo":
            left_out = kernel_ridge.leave_one_out_predictions(fit, lams[: len(xis) + 1], xis)
            return ((y - left_out) ** 2).mean()
        if method == "validation":
            return ((fit.predict(data.new, lams[: len(xis) + 1], xis) - held_out) ** 2).mean()
        S = smoother.fitted(lams[: len(xis) + 1], xis)
        if method == "truth":
            return (((S @ truth - truth) ** 2).sum() + outputs * 0.1 * (S**2).sum()) / 30
        missed = ((y - S @ y) ** 2).sum() / 30
        if method == "gcv":
            return missed / (1 - np.trace(S) / 30) ** 2
        return missed + outputs * 0.1 * (2 * np.trace(S) / 30 - 1)

    for k in range(2):
        before = list(best.xi[:k])
        want = best_by_brent(lambda x, before=before: loss([*before, x]))
        assert best.xi[k] == pytest.approx(want, abs=BRENT * max(1, abs(want)))
        assert best.risk[k] == pytest.approx(loss([*before, best.xi[k]]), rel=1e-9)
    assert best.teacher_risk == pytest.approx(loss([]), rel=1e-9)


def test_known_truth_at_new_points(data, rng):
    fit = kernel_ridge.fit(data.kernel, data.y[:, 0])
    mean, there = rng.normal(size=30), rng.normal(size=7)
    best = kernel_ridge.optimal_xi(
        fit, 0.5, method="truth", truth=(data.new, there, mean), noise_var=0.3
    )

    def loss(xi):
        M = kernel_ridge.fit(data.kernel, np.eye(30)).predict(data.new, 0.5, xi)
        return (((M @ mean - there) ** 2).sum() + 0.3 * (M**2).sum()) / 7

    assert best.xi[0] == pytest.approx(best_by_brent(loss), abs=BRENT * 10)
    assert best.risk[0] == pytest.approx(loss(best.xi[0]), rel=1e-10)


@pytest.mark.parametrize("method", ["loo", "validation"])
def test_intervals_and_noise_levels(data, rng, method):
    noise = rng.uniform(0.5, 2.0, 30)
    fit = kernel_ridge.fit(data.kernel, data.y, noise)
    held_out = rng.normal(size=(7, 2))
    free = kernel_ridge.optimal_xi(fit, 0.5, method=method, validation=(data.new, held_out))

    def loss(xi):
        if method == "loo":
            return ((data.y - kernel_ridge.leave_one_out_predictions(fit, 0.5, xi)) ** 2).mean()
        return ((fit.predict(data.new, 0.5, xi) - held_out) ** 2).mean()

    assert free.xi[0] == pytest.approx(best_by_brent(loss), abs=BRENT * 10)
    low, high = free.xi[0] + 0.1, free.xi[0] + 0.2
    boxed = kernel_ridge.optimal_xi(
        fit, 0.5, method=method, validation=(data.new, held_out), lower=low, upper=high
    )
    assert boxed.xi[0] == pytest.approx(low)
    assert boxed.risk[0] == pytest.approx(loss(low), rel=1e-9)


def test_outputs_alone_give_the_fit_s_weight(data, rng):
    fit = kernel_ridge.fit(data.kernel, data.y)
    held_out = rng.normal(size=(7, 2))
    labels, pure = (fit.predict(data.new, 0.5, xi) for xi in (0.0, 1.0))
    want = kernel_ridge.optimal_xi(fit, 0.5, method="validation", validation=(data.new, held_out))
    got = kernel_ridge.optimal_xi(teacher_outputs=labels, student_outputs=pure, targets=held_out)
    assert got.xi == pytest.approx(float(want.xi[0]), rel=1e-10)
    assert got.risk == pytest.approx(float(want.risk[0]), rel=1e-12)
    assert got.teacher_risk == pytest.approx(float(want.teacher_risk), rel=1e-12)
    each = kernel_ridge.optimal_xi(
        teacher_outputs=labels, student_outputs=pure, targets=held_out, per_output=True
    )
    for k in range(2):
        alone = kernel_ridge.optimal_xi(
            teacher_outputs=labels[:, k], student_outputs=pure[:, k], targets=held_out[:, k]
        )
        assert each.xi[k] == pytest.approx(alone.xi, rel=1e-12)
        assert each.risk[k] == pytest.approx(alone.risk, rel=1e-12)


def test_a_student_that_changes_nothing_is_degenerate():
    best = kernel_ridge.optimal_xi(
        teacher_outputs=[1.0, 2.0], student_outputs=[1.0, 2.0], targets=[0.0, 1.0]
    )
    assert (best.xi, best.degenerate, best.risk) == (0.0, True, best.teacher_risk)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "fit, or all of teacher_outputs"),
        ({"teacher_outputs": [1.0], "student_outputs": [1.0]}, "fit, or all of teacher_outputs"),
        (
            {"teacher_outputs": [1.0], "student_outputs": [1.0], "targets": [1.0, 2.0]},
            "targets must have the shape",
        ),
        ({"fit": "toy", "lam": 0.2, "targets": [1.0]}, "must be given without fit"),
        ({"fit": "toy"}, "lam must be given"),
        ({"fit": "toy", "lam": 0.2, "method": "aic"}, "method must be one of"),
        ({"fit": "toy", "lam": 0.2, "method": "sure"}, "noise_var must be given"),
        ({"fit": "toy", "lam": 0.2, "method": "validation"}, "validation must be given"),
        ({"fit": "toy", "lam": 0.2, "method": "truth", "noise_var": 1.0}, "truth must be given"),
        ({"fit": "toy", "lam": [0.2, 0.2], "steps": 2}, "lam 3 entries"),
        ({"fit": "toy", "lam": 0.2, "lower": 1.0, "upper": 0.0}, "lower must be at most upper"),
        ({"fit": "noisy", "lam": 0.2, "method": "gcv"}, "method must be 'loo' or 'validation'"),
    ],
)
def test_wrong_arguments_are_named(toy, arguments, message):
    fits = {"toy": toy.fit, "noisy": kernel_ridge.fit(toy.kernel, toy.y, np.ones(11))}
    given = arguments | ({"fit": fits[arguments["fit"]]} if "fit" in arguments else {})
    with pytest.raises(ValueError, match=message):
        kernel_ridge.optimal_xi(**given)


def test_relative_errors_are_divided_by_the_noise(data, rng):
    noise = rng.uniform(0.2, 5.0, 30)
    fit = kernel_ridge.fit(data.kernel, data.y, noise)
    best = kernel_ridge.optimal_xi(fit, [0.5, 0.2], relative=True)

    def loss(xi):
        missed = data.y - kernel_ridge.leave_one_out_predictions(fit, [0.5, 0.2], [xi])
        return np.mean(missed**2 / noise[:, None])

    assert best.xi[0] == pytest.approx(best_by_brent(loss), rel=BRENT)
    assert float(best.risk[0]) == pytest.approx(loss(best.xi[0]), rel=1e-10)
    first = data.y - kernel_ridge.leave_one_out_predictions(fit, 0.5, steps=0)
    assert float(best.teacher_risk) == pytest.approx(np.mean(first**2 / noise[:, None]), rel=1e-10)
    with pytest.raises(ValueError, match="relative must be False for method 'gcv'"):
        kernel_ridge.optimal_xi(
            kernel_ridge.fit(data.kernel, data.y), 0.5, method="gcv", relative=True
        )


def test_each_output_has_its_own_risks(rng):
    teacher, student, targets = rng.normal(size=(3, 6, 2))
    best = kernel_ridge.optimal_xi(
        teacher_outputs=teacher, student_outputs=student, targets=targets, per_output=True
    )
    missing, change = targets - teacher, student - teacher
    want = np.sum(missing * change, axis=0) / np.sum(change**2, axis=0)
    np.testing.assert_allclose(best.xi, want, rtol=32 * EPS)
    np.testing.assert_allclose(best.teacher_risk, np.mean(missing**2, axis=0), rtol=16 * EPS)
    np.testing.assert_allclose(
        best.risk, np.mean((missing - want * change) ** 2, axis=0), rtol=64 * EPS
    )
    assert (best.method, best.degenerate) == ("outputs", False)
    student[:, 1] = teacher[:, 1]
    still = kernel_ridge.optimal_xi(
        teacher_outputs=teacher, student_outputs=student, targets=targets, per_output=True
    )
    assert still.degenerate
    assert still.xi[1] == 0.0
    assert still.xi[0] == pytest.approx(want[0], rel=32 * EPS)
    # One output is one weight, asked for or not.
    one = [a[:, 0] for a in (teacher, student, targets)]
    for per_output in (False, True):
        found = kernel_ridge.optimal_xi(
            teacher_outputs=one[0], student_outputs=one[1], targets=one[2], per_output=per_output
        )
        assert found.xi == pytest.approx(want[0], rel=32 * EPS)


@pytest.mark.parametrize("per_output", [False, True])
def test_weights_from_outputs_stay_in_their_interval(rng, per_output):
    teacher, student, targets = rng.normal(size=(3, 6, 2))

    def best(**interval):
        return kernel_ridge.optimal_xi(
            teacher_outputs=teacher,
            student_outputs=student,
            targets=targets,
            per_output=per_output,
            **interval,
        )

    for low, high in ((0.2, 0.3), (-5.0, -4.5), (0.25, 0.25)):
        boxed = best(lower=low, upper=high)
        np.testing.assert_array_equal(boxed.xi, np.clip(best().xi, low, high))
        change = student - teacher
        missed = (targets - teacher - boxed.xi * change) ** 2
        want = missed.mean(0) if per_output else missed.mean()
        np.testing.assert_allclose(boxed.risk, want, rtol=32 * EPS)


def test_a_fit_may_have_its_weight_fixed(toy):
    for method in ("loo", "gcv"):
        best = kernel_ridge.optimal_xi(toy.fit, 0.2, 2, method=method, lower=0.7, upper=0.7)
        np.testing.assert_array_equal(best.xi, [0.7, 0.7])


def test_perfect_teachers_leave_nothing_to_choose():
    outputs = [1.0, 2.0]
    best = kernel_ridge.optimal_xi(
        teacher_outputs=outputs, student_outputs=[0.5, 1.0], targets=outputs
    )
    assert (best.xi, best.risk, best.degenerate) == (0.0, 0.0, False)
    same = kernel_ridge.optimal_xi(
        teacher_outputs=outputs, student_outputs=outputs, targets=outputs
    )
    assert (same.xi, same.risk, same.degenerate) == (0.0, 0.0, True)


def test_one_round_without_a_choice_is_told_among_others():
    """Alike samples: without the first, the second's error does not depend on any weight."""
    fit = kernel_ridge.fit(np.eye(3), [1.0, -2.0, 3.0])
    best = kernel_ridge.optimal_xi(fit, 1.0, 3)
    assert best.degenerate
    np.testing.assert_array_equal(best.xi, np.zeros(3))
    np.testing.assert_allclose(best.risk, [14 / 3] * 3, rtol=8 * EPS)
    assert float(best.teacher_risk) == pytest.approx(14 / 3, rel=8 * EPS)


@pytest.mark.parametrize("method", ["loo", "gcv", "validation"])
def test_the_default_is_one_round(toy, method):
    best = kernel_ridge.optimal_xi(toy.fit, 0.2, method=method, validation=(toy.new, toy.truth))
    assert np.shape(best.xi) == np.shape(best.risk) == (1,)
    assert (best.method, best.degenerate) == (method, False)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        kernel_ridge.optimal_xi(toy.fit, 0.2, 0, method=method)


def test_infinite_ends_of_an_interval(toy):
    free = kernel_ridge.optimal_xi(toy.fit, 0.2)
    for lower, upper in ((-np.inf, np.inf), (-np.inf, 100.0), (-100.0, np.inf)):
        best = kernel_ridge.optimal_xi(toy.fit, 0.2, lower=lower, upper=upper)
        np.testing.assert_array_equal(best.xi, free.xi)


def test_a_truth_at_new_points_has_three_parts(data):
    fit = kernel_ridge.fit(data.kernel, data.y[:, 0])
    for parts in ((data.new, data.new[:, 0]), (data.new, data.new[:, 0], data.y[:, 0], 1.0)):
        with pytest.raises(ValueError, match=f"got {len(parts)} entries"):
            kernel_ridge.optimal_xi(fit, 0.5, method="truth", truth=parts, noise_var=0.1)


@pytest.mark.parametrize("name", ["student_outputs", "targets"])
def test_outputs_of_other_shapes_are_named(name):
    given = {k: np.ones((4, 2)) for k in ("teacher_outputs", "student_outputs", "targets")}
    with pytest.raises(ValueError, match=f"{name} must have the shape of teacher_outputs"):
        kernel_ridge.optimal_xi(**given | {name: np.ones((2, 4))})
    with pytest.raises(ValueError, match=f"{name} must have 2 dimensions"):
        kernel_ridge.optimal_xi(**given | {name: np.ones(4)})
    with pytest.raises(ValueError, match="teacher_outputs must have 1 or 2 dimensions"):
        kernel_ridge.optimal_xi(**given | {"teacher_outputs": np.ones((2, 2, 2))})
    with pytest.raises(ValueError, match="fit, or all of teacher_outputs"):
        kernel_ridge.optimal_xi(**given | {name: None})


def test_a_known_truth_of_several_outputs_is_their_average(data):
    fit = kernel_ridge.fit(data.kernel, data.y)
    values, truth = np.cos(data.y), np.sin(data.new @ data.y)
    both = kernel_ridge.optimal_xi(
        fit, 0.3, method="truth", truth=(data.new, truth, values), noise_var=0.2
    )

    def risk(xi):
        ridge = np.linalg.inv(data.kernel + 0.3 * np.eye(30))
        smoother = data.new @ ridge @ (xi * data.kernel @ ridge + (1 - xi) * np.eye(30))
        bias = np.mean((truth - smoother @ values) ** 2)
        return bias + 0.2 * np.sum(smoother**2) / len(truth)

    assert float(both.risk[0]) == pytest.approx(risk(float(both.xi[0])), rel=1e-10)
    assert float(both.teacher_risk) == pytest.approx(risk(0.0), rel=1e-10)
    for step in (-1e-3, 1e-3):
        assert risk(float(both.xi[0]) + step) > float(both.risk[0])
