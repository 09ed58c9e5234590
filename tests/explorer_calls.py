"""Calls of the explorer's formulas on random problems, with what the package says to each."""

import numpy as np

from figures.explorer import PANELS
from sdtheory import jepa, label_noise, logistic, problems
from sdtheory.label_noise import RidgeProblem


def draw(panel, rng):
    """Return random positions of all controls of a panel."""
    values = {}
    for control in next(p for p in PANELS if p.name == panel).controls:
        if hasattr(control, "options"):
            values[control.name] = str(rng.choice([value for value, _ in control.options]))
            continue
        steps = round((control.high - control.low) / control.step)
        place = control.low + control.step * int(rng.integers(steps + 1))
        values[control.name] = 10.0**place if control.log else round(place, 6)
    return values


def ridge(rng):
    v = draw("ridge", rng)
    size = int(v["size"])
    kinds = {"exponential": lambda: v["condition"] ** -np.linspace(0, 1, size)}
    d = kinds.get(v["spectrum"], lambda: problems.spectrum(v["spectrum"], size, v["condition"]))()
    theta = problems.signal(v["signal"], size)
    energy = theta**2
    omega = d / size if v["metric"] == "in_sample" else np.ones(size)
    noise, lam, xi = v["noise"], v["lam"], float(rng.uniform(-3, 3))
    problem = RidgeProblem(np.sqrt(d), theta, noise, v["metric"])
    given = d.tolist(), energy.tolist(), omega.tolist()
    at = label_noise.noise_thresholds(problem, lam)
    yield "eigenvalues", (v["spectrum"], size, v["condition"]), d
    yield "energies", (v["signal"], size), energy
    yield "metric", (v["metric"], d.tolist()), omega
    yield "risk", (*given, noise, lam, xi), label_noise.expected_risk(problem, lam, xi)
    yield "optimal_xi", (*given, noise, lam), label_noise.optimal_xi(problem, lam).xi
    wanted = (at.above_zero, at.above_one, at.noiseless_xi, at.pure_noise_xi)
    yield "noise_thresholds", (*given, lam), np.array(wanted)


def features(rng):
    v = draw("jepa", rng)
    depth, scale, part = int(v["depth"]), v["scale"], v["fraction"]
    rho = float(rng.uniform(v["low"], max(v["high"], v["low"])))
    covariance = rho ** v["power"]
    mode = jepa.Mode.from_rho(covariance, rho)
    for objective in ("jepa", "mae"):
        time = jepa.critical_time(mode, depth, scale, part, objective)
        yield "critical_time", (covariance, rho, depth, scale, part, objective), time
        end = float(jepa.fixed_point(mode, depth, objective))
        if scale >= 0.9 * end:
            continue
        start, stop = 0.5 * (scale + 0.5 * end), 0.9 * end
        share = [(size / end) ** (1 / depth) for size in (start, stop)]
        wanted = jepa.hitting_time(mode, depth, start, stop, objective)
        yield "time_between", (covariance, rho, depth, *share, objective), wanted
        layer = start ** (1 / depth) / end ** (1 / depth)
        yield "layer_share", (rho, depth, start, objective), layer


def flips(rng):
    v = draw("logistic", rng)
    n, same, penalty = int(v["n"]), v["same"], v["penalty"]
    cross = max(min(v["cross"], same - 0.01), -same)
    own, shared = (1 - same) / (2 * n * penalty), (same - cross) / (2 * penalty)
    for steps in range(3):
        threshold = logistic.corruption_range(n, same, penalty, cross, steps).upper
        yield "repaired_below", (own, shared, steps), threshold


def calls(rng, count):
    """Return a list of (function, arguments, expected)."""
    made = []
    for _ in range(count):
        made += [*ridge(rng), *features(rng), *flips(rng)]
    return made
