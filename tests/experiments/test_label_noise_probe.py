"""Closed-form probes on flipped digits against scikit-learn, and against an independent table."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from experiments import store
from experiments._noisy_labels import flipped
from experiments.engine import bundled
from experiments.label_noise_probe import EXPERIMENT, XI, run
from sdtheory import problems
from sdtheory.label_noise import tune_xi

# Means over five splits found with other code: accuracy of the teacher, of the pure student and of
# the most accurate weight; the weight with the lowest error on the true means, and the one-shot.
TABLE = {
    (0.0, 1.0): (0.929, 0.931, 0.933, 1.50, 1.26),
    (0.0, 100.0): (0.911, 0.879, 0.929, -1.90, -1.94),
    (0.3, 1.0): (0.893, 0.898, 0.909, 3.35, 3.33),
    (0.5, 1.0): (0.817, 0.829, 0.850, 4.10, 3.80),
    (0.5, 10.0): (0.860, 0.871, 0.873, 1.29, 1.14),
    (0.5, 100.0): (0.870, 0.843, 0.876, -0.99, -1.10),
    (0.7, 1.0): (0.546, 0.570, 0.625, 4.64, 4.62),
    (0.7, 10.0): (0.642, 0.688, 0.719, 2.27, 2.17),
}


def test_accuracies_are_those_of_ridge_regression_on_mixed_targets():
    (task,) = EXPERIMENT.expand("smoke")
    found, config = run(task, torch.device("cpu")), task.config
    splits = task.entropy("split", of=("train", "seeds")).spawn(config["seeds"])
    flips = task.entropy("flips", of=("train", "seeds", "corruption")).spawn(config["seeds"])
    for k, (split, flip) in enumerate(zip(splits, flips, strict=True)):
        data = bundled("digits", config["train"], np.random.default_rng(split))
        y = flipped(data, config["corruption"], 1, np.random.default_rng(flip))[0]
        teacher = Ridge(config["lam"]).fit(data.x_train, y)
        for j in (0, 12, 40):
            mixed = XI[j] * teacher.predict(data.x_train) + (1 - XI[j]) * y
            student = Ridge(config["lam"]).fit(data.x_train, mixed)
            right = np.mean(student.predict(data.x_test).argmax(1) == data.y_test)
            # One decision may turn on the last digit.
            assert abs(right - found["accuracy"][j, k]) <= 1 / len(data.y_test)
        # The weight of the theory is the minimum over weights of the error on the true means.
        truth, _ = problems.flipped_means(data.y_test, data.classes, config["corruption"])
        ends = [
            Ridge(config["lam"]).fit(data.x_train, t) for t in (y, teacher.predict(data.x_train))
        ]
        here, pure = (end.predict(data.x_test) for end in ends)
        slope = np.sum((truth - here) * (pure - here)) / np.sum((pure - here) ** 2)
        assert found["from_truth"][k] == pytest.approx(slope, rel=1e-8)
        for name, method in (("from_data", "loo"), ("one_shot", "gcv")):
            tuned = tune_xi(data.x_train, y, config["lam"], method, intercept=True)
            assert found[name][k] == tuned.xi


def test_stored_results_agree_with_an_independent_table():
    stored = store.load("label_noise_probe", "cpu")
    seen = set()
    for k, task in enumerate(stored.tasks):
        key = (task["corruption"], task["lam"])
        if key not in TABLE:
            continue
        seen.add(key)
        accuracy = stored["accuracy"][k]
        columns = (accuracy[XI == 0.0][0], accuracy[XI == 1.0][0], accuracy.max(axis=0),
                   stored["from_truth"][k], stored["one_shot"][k])  # fmt: skip
        for values, want, half in zip(columns, TABLE[key], (5e-4,) * 3 + (5e-3,) * 2, strict=True):
            # Two means, over 20 and over 5 splits.
            error = values.std(ddof=1) * (1 / 20 + 1 / 5) ** 0.5
            assert abs(values.mean() - want) < 4 * error + half, (key, want)
            assert error < (0.03 if half < 1e-3 else 0.5)
    assert seen == set(TABLE)
