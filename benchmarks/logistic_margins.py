"""Two margins instead of a fit: a million settings, a loop over them, and scikit-learn's solver."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.harness import Options, Row, Work, budget, compare, growth, timed
from sdtheory.logistic import GaussianMixture, RandomLabels, mixture_stages

TOPIC = "logistic"
SETTINGS = 1_000_000


def settings(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points per class, fractions of flipped labels, and penalties."""
    rng = np.random.default_rng(0)
    return (
        np.floor(10 ** rng.uniform(0, 4, count)),
        rng.uniform(0, 1, count),
        10 ** rng.uniform(-5, 2, count),
    )


def margins(count: int) -> Work:
    """Return the work of a teacher and one student at many settings."""
    n, flipped, penalty = settings(count)

    def work() -> np.ndarray:
        world = RandomLabels(n=n, flipped=flipped, same_class=0.3, penalty=penalty)
        accuracy = world.student().training_accuracy
        assert np.all(np.isfinite(accuracy))
        return accuracy

    return work


def refitted(n: int, flipped: int, same_class: float, penalty: float) -> np.ndarray:
    """Return the student's margins by two fits of scikit-learn on explicit unit vectors."""
    gram = np.kron(np.eye(2), same_class * np.ones((n, n))) + (1 - same_class) * np.eye(2 * n)
    x = np.linalg.cholesky(gram)
    truth = np.repeat([1, 0], n)
    labels = truth.copy()
    labels[:flipped] = 0
    labels[n : n + flipped] = 1
    options = {
        "C": 1 / (2 * n * penalty), "fit_intercept": False, "tol": 1e-10, "max_iter": 1000
    }  # fmt: skip
    soft = LogisticRegression(**options).fit(x, labels).predict_proba(x)[:, 1]
    # A soft target is both labels, weighted.
    twice, both = np.vstack([x, x]), np.repeat([1, 0], 2 * n)
    student = LogisticRegression(**options)
    student.fit(twice, both, sample_weight=np.concatenate([soft, 1 - soft]))
    return student.decision_function(x)


def rows(options: Options) -> list[Row]:
    count = options.pick(1000, SETTINGS)
    few = options.pick(10, 300)
    n, flipped, penalty = settings(few)
    case = {"n": 100, "flipped": 30, "same_class": 0.3, "penalty": 0.01}
    exact = np.abs(refitted(**case)).max()
    stage = RandomLabels(**case).student()
    closed = max(abs(float(stage.good_margin)), abs(float(stage.flipped_margin)))
    assert abs(exact - closed) < 1e-5 * closed, "the two compute different students"

    def loop() -> None:
        for k in range(few):
            RandomLabels(
                n=n[k], flipped=flipped[k], same_class=0.3, penalty=penalty[k]
            ).student()  # fmt: skip

    def mixture() -> object:
        return mixture_stages(GaussianMixture(2.0, 0.5, 0.2), 0.5, steps=1)

    return [
        budget(
            TOPIC, f"{count:,} teachers and students",
            timed(margins(count), 1, options), 30.0, options,
        ),
        compare(
            TOPIC, f"{count // 10:,} teachers and students", margins(count // 10), loop, options,
            against="a loop over them", wanted=100.0, scale=count / 10 / few, rounds=3,
        ),
        compare(
            TOPIC, "one teacher and student, 200 points", lambda: RandomLabels(**case).student(),
            lambda: refitted(**case), options, against="LogisticRegression refits", rounds=3,
        ),
        budget(TOPIC, "one mixture point, two stages", timed(mixture, 3, options), 1.0, options),
        growth(TOPIC, "teachers and students", "settings", (4000, 16000, 64000), margins, options,
               wanted=1.1),
    ]  # fmt: skip
