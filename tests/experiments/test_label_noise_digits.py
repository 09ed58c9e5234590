"""The noisy-digits experiment against scikit-learn and the estimators."""

import numpy as np
import torch
from sklearn.linear_model import Ridge

from experiments import store
from experiments.engine import bundled, one_hot_labels
from experiments.label_noise_digits import EXPERIMENT, run
from sdtheory import problems
from sdtheory.estimators import SelfDistilledRidge


def smoke(model):
    return next(t for t in EXPERIMENT.expand("smoke") if t.config["model"] == model)


def test_squared_loss_is_ridge_regression_on_mixed_targets():
    task = smoke("ridge")
    found = run(task, torch.device("cpu"))
    config = task.config
    rng = task.rng("data", of=("seeds", "train", "corruption"))
    data = bundled("digits", config["train"], rng)
    for k in range(config["seeds"]):
        flipped = problems.flip_labels(data.y_train, data.classes, config["corruption"], rng)
        y = one_hot_labels(flipped, data.classes)
        teacher = Ridge(config["lam"]).fit(data.x_train, y)
        assert np.mean(teacher.predict(data.x_test).argmax(1) == data.y_test) == found["teacher"][k]
        for j, xi in enumerate(config["xi"]):
            mixed = xi * teacher.predict(data.x_train) + (1 - xi) * y
            student = Ridge(config["lam"]).fit(data.x_train, mixed)
            right = np.mean(student.predict(data.x_test).argmax(1) == data.y_test)
            # One decision may turn on the last digit.
            assert abs(right - found["accuracy"][j, k]) <= 1 / len(data.y_test)
        tuned = SelfDistilledRidge(config["lam"]).fit(data.x_train, y)
        np.testing.assert_allclose(found["from_data"][k], tuned.xi_, rtol=1e-9)


def test_a_student_of_the_labels_is_its_teacher():
    for model in ("softmax", "mlp"):
        task = smoke(model)
        found = run(task, torch.device("cpu"))
        same = task.config["xi"].index(0.0)
        np.testing.assert_array_equal(found["accuracy"][same], found["teacher"])
        assert found["accuracy"].shape == (4, 2)
        assert found["teacher"].min() > 0.3


def test_stored_weights_follow_the_sign_rule_and_softmax_the_matching_penalty():
    stored = store.load("label_noise_digits", "cpu")
    little = {("ridge", 1.0), ("softmax", 0.05), ("mlp", 0.3)}
    for k, task in enumerate(stored.tasks):
        if task["corruption"] < 0.3:
            continue
        best = np.array(task["xi"])[stored["accuracy"][k].argmax(axis=0)]
        error = best.std(ddof=1) / best.size**0.5
        if (task["model"], task["lam"]) in little:
            assert best.mean() - 4 * error > 1, task
        else:
            assert best.mean() < 0, task
        if task["model"] == "softmax":
            assert abs(best.mean() - stored["best_for_ridge"][k].mean()) < 1.1, task
