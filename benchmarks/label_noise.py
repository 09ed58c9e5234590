"""Ridge under label noise: a risk grid, maps of the asymptotics, and scikit-learn's estimators."""

import numpy as np
from sklearn.linear_model import Ridge, RidgeCV

from benchmarks.harness import Options, Row, Work, budget, compare, growth, timed
from sdtheory import Spectrum, label_noise
from sdtheory.estimators import SelfDistilledRidge
from sdtheory.label_noise import ProportionalProblem, RidgeProblem

TOPIC = "label noise"


def data(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, p))
    return x, x @ rng.normal(size=p) + 10 * rng.normal(size=n)


def rows(options: Options) -> list[Row]:
    return [
        risk_grid(options),
        *against_scikit_learn(options),
        asymptotics(options),
        asymptotic_map(options),
        growth(TOPIC, "asymptotics at 20 penalties", "eigenvalues", (1000, 4000, 16000),
               lambda p: spectrum_of(p, options), options, wanted=1.1),
    ]  # fmt: skip


def risk_grid(options: Options) -> Row:
    n = options.pick(80, 2000)
    x = np.random.default_rng(0).normal(size=(n, n))
    lams, xis = np.geomspace(1e-2, 1e4, 100), np.linspace(-1, 2, 100)

    def all_together() -> np.ndarray:
        spectrum = Spectrum.from_design(x)
        theta = np.ones(spectrum.eigenvalues.shape[0])
        problem = RidgeProblem(np.sqrt(spectrum.eigenvalues), theta, 1.0, "in_sample", n=n)
        return label_noise.risk_grid(problem, lams, xis, options.pick(2, 20))

    return compare(
        TOPIC, f"factorisation and risks of 100 x 100 settings, 20 rounds, n = {n}",
        all_together, lambda: Spectrum.from_design(x), options,
        against="the factorisation alone", kind="limit", wanted=1.15, rounds=2,
    )  # fmt: skip


def against_scikit_learn(options: Options) -> list[Row]:
    n, p = options.pick((60, 10), (2000, 500))
    x, y = data(n, p)
    alphas = np.geomspace(1e-2, 1e4, 50)
    chains = options.pick(1, 2)

    def refits() -> None:
        for alpha in alphas[:chains]:
            target = y
            for _ in range(21):
                target = Ridge(alpha).fit(x, target).predict(x)

    def ours() -> None:
        path = SelfDistilledRidge(alphas=alphas, xi=1.0, steps=20).fit(x, y).path_
        assert path is not None

    return [
        compare(
            TOPIC, f"SelfDistilledRidge, 50 penalties, {n} x {p}",
            lambda: SelfDistilledRidge(alphas=alphas).fit(x, y),
            lambda: RidgeCV(alphas).fit(x, y), options,
            against="RidgeCV (a limit here)", kind="limit", wanted=1.3,
            note="RidgeCV only chooses the penalty",
        ),
        compare(
            TOPIC, f"20 rounds and the choice of 50 penalties, {n} x {p}", ours, refits, options,
            against="Ridge refits", scale=50 / chains, rounds=3,
        ),
    ]  # fmt: skip


def spectrum_of(p: int, options: Options) -> Work:
    s = np.random.default_rng(0).exponential(size=p) + 1e-2
    problem = ProportionalProblem(options.put(s), options.put(np.full(p, 1 / p)), 0.7, 1.0)
    lams = options.put(np.geomspace(1e-3, 1e3, 20))
    return lambda: label_noise.asymptotics(problem, lams)


def asymptotics(options: Options) -> Row:
    p = options.pick(1000, 100_000)
    s = np.random.default_rng(0).exponential(size=p) + 1e-2
    problem = ProportionalProblem(options.put(s), options.put(np.full(p, 1 / p)), 0.7, 1.0)
    lams = options.put(np.geomspace(1e-3, 1e3, 100))
    times = timed(lambda: label_noise.asymptotics(problem, lams), 3, options)
    return budget(TOPIC, f"asymptotics, {p:,} eigenvalues, 100 penalties", times, 2.0, options)


def asymptotic_map(options: Options) -> Row:
    """A map over shape, noise and penalty against the loop over its points."""
    p, side = options.pick((10, 3), (200, 40))
    s, energy = np.geomspace(0.1, 10, p), np.full(p, 1 / p)
    ratios, noises = np.geomspace(0.1, 10, side), np.geomspace(0.1, 10, side)
    lams = np.geomspace(1e-3, 1e2, side)
    problem = ProportionalProblem(options.put(s), options.put(energy), 1.0, 1.0)
    given = [options.put(values) for values in (lams, ratios, noises)]
    points = options.pick(5, 400)
    chosen = np.random.default_rng(0).integers(side, size=(points, 3))

    def loop() -> None:
        for i, j, k in chosen:
            one = ProportionalProblem(s, energy, float(ratios[i]), float(noises[j]))
            label_noise.asymptotics(one, float(lams[k]))

    return compare(
        TOPIC, f"map of {side}**3 aspect ratios, noises and penalties, {p} eigenvalues",
        lambda: label_noise.asymptotics_grid(problem, *given), loop, options,
        against="a loop over its points", wanted=100.0, scale=side**3 / points,
    )  # fmt: skip
