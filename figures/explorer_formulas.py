"""The formulas of the explorer: plain functions of numbers and lists.

This file is the source of the page's script: `figures.javascript` translates it statement by
statement, and the tests compare both it and the script with the functions of the package. Only
what the translator knows may be used here: numbers, strings, lists, loops, conditions, `math`.
"""

from __future__ import annotations

import math

Floats = list[float]


def eigenvalues(kind: str, size: int, condition: float) -> Floats:
    """Squared singular values, descending from 1; as `problems.spectrum`."""
    values = []
    for j in range(size):
        share = j / max(size - 1, 1)
        if kind == "power_law":
            values.append((j + 1) ** -(math.log(condition) / math.log(max(size, 2))))
        elif kind == "exponential":
            values.append(condition**-share)
        elif kind == "spiked":
            values.append(1.0 if j < max(1, math.floor(size / 10)) else 1 / condition)
        elif kind == "clustered":
            values.append(condition ** (-math.floor(3 * j / size) / 2))
        elif kind == "linear":
            values.append((1.0 - share) + share / condition)
        else:
            values.append(1.0)
    return values


def energies(kind: str, size: int) -> Floats:
    """Squared coefficients of the signal, of sum 1; as `problems.signal`."""
    values = []
    for j in range(size):
        decay = 1e-6 ** (j / max(size - 1, 1))
        if kind == "top":
            values.append(decay)
        elif kind == "bottom":
            values.append(1e-6 ** ((size - 1 - j) / max(size - 1, 1)))
        elif kind == "sparse":
            values.append(1.0 if j == math.floor(size / 2) else 0.0)
        else:
            values.append(1.0)
    total = sum(values)
    return [value / total for value in values]


def metric(kind: str, d: Floats) -> Floats:
    """Weight of each mode in the risk: parameter error, or error on the training points."""
    return [value / len(d) if kind == "in_sample" else 1.0 for value in d]


def risk(d: Floats, energy: Floats, omega: Floats, noise: float, lam: float, xi: float) -> float:
    """Expected risk of the student of one round; xi = 0 is the teacher."""
    total = 0.0
    for j in range(len(d)):
        kept = d[j] / (d[j] + lam)
        lost = lam / (d[j] + lam)
        missing = lost * (1 + xi * kept)
        coefficient = (1 - xi * lost) / (d[j] + lam)
        total += omega[j] * (missing * missing * energy[j] + noise * coefficient**2 * d[j])
    return total


def optimal_xi(d: Floats, energy: Floats, omega: Floats, noise: float, lam: float) -> float:
    """The weight on the teacher that minimises the risk."""
    gain = 0.0
    curvature = 0.0
    for j in range(len(d)):
        kept = d[j] / (d[j] + lam)
        lost = lam / (d[j] + lam)
        gain += omega[j] * kept * lost**2 * (noise / lam - energy[j])
        curvature += omega[j] * kept**2 * lost**2 * (energy[j] + noise / d[j])
    return gain / curvature


def noise_thresholds(d: Floats, energy: Floats, omega: Floats, lam: float) -> Floats:
    """Noise above which the best weight exceeds 0 and 1; its limits without and by noise alone."""
    pull = 0.0
    pull_twice = 0.0
    push = 0.0
    push_kept = 0.0
    push_lost = 0.0
    signal = 0.0
    for j in range(len(d)):
        kept = d[j] / (d[j] + lam)
        lost = lam / (d[j] + lam)
        common = omega[j] * kept * lost**2
        pull += common * energy[j]
        pull_twice += common * energy[j] * (1 + kept)
        push += common
        push_kept += common * kept
        push_lost += common * lost
        signal += common * kept * energy[j]
    return [lam * pull / push, lam * pull_twice / push_kept, -pull / signal, push / push_lost]


def learning_phase(x: float, depth: int, objective: str) -> float:
    """Phase of a learning curve at x, the size of a layer over its fixed point, 0 < x < 1."""
    if objective == "jepa":
        powers = 0.0
        for k in range(2 * depth - 1):
            powers = (powers + 1 / (2 * depth - 1 - k)) / x
        return math.log(x / (1 - x)) - powers
    if depth == 1:
        return math.log(x) - 0.5 * math.log1p(-x * x)
    b = (1 - depth) / (depth + 1)
    z = x ** (depth + 1)
    power = 1.0
    series = 0.0
    n = 0
    while power > 1e-18:
        series += b / (b + n) * power
        power *= z
        n += 1
    return math.pow(x, 1 - depth) / (1 - depth) * series


def layer_share(rho: float, depth: int, size: float, objective: str) -> float:
    """Size of a layer over its fixed point when the encoder has this size."""
    power = 1.0 if objective == "jepa" else 1 / (depth + 1)
    return math.pow(size, 1 / depth) / math.pow(rho, power)


def time_between(
    covariance: float, rho: float, depth: int, start: float, stop: float, objective: str
) -> float:
    """Time in which the size of a layer, over its fixed point, grows from start to stop."""
    if objective == "jepa":
        unit = depth / (covariance * rho ** (2 * depth - 1))
    else:
        unit = depth / covariance * rho ** (-(depth - 1) / (depth + 1))
    phases = learning_phase(stop, depth, objective) - learning_phase(start, depth, objective)
    return unit * phases


def critical_time(
    covariance: float, rho: float, depth: int, scale: float, fraction: float, objective: str
) -> float:
    """Time at which a feature reaches a fraction of its final size; infinite if it never does."""
    start = layer_share(rho, depth, scale, objective)
    stop = fraction ** (1 / depth)
    if start >= 1:
        return math.inf
    if start >= stop:
        return 0.0
    return time_between(covariance, rho, depth, start, stop, objective)


def rank_agreement(times: Floats, rank: Floats) -> float:
    """Share of pairs in which the larger rank is learned first, minus the share of the others.

    Pairs that are learned at once or never, or of which one is there from the start, do not count;
    without any other pair it is 0.
    """
    agreement = 0.0
    pairs = 0
    for i in range(len(times)):
        for j in range(i):
            if times[i] == times[j] or rank[i] == rank[j] or min(times[i], times[j]) == 0:
                continue
            pairs += 1
            agreement += 1 if (times[i] < times[j]) == (rank[i] > rank[j]) else -1
    return agreement / max(pairs, 1)


def point_margin(w: float, gain: float) -> float:
    """Margin f with f + gain (sigmoid(f) - 1/2) = w."""
    size = abs(w)
    f = max(size / (1 + 0.25 * gain), size - 0.5 * gain)
    step = 1.0
    while step > 1e-15 * f:
        th = math.tanh(0.5 * f)
        step = (size - f - 0.5 * gain * th) / (1 + 0.25 * gain * (1 - th) * (1 + th))
        f += max(step, 0.0)
    return f if w >= 0 else -f


def margins(good: float, bad: float, p: float, own: float, shared: float) -> Floats:
    """Margins of points with right and with flipped labels, for centred targets."""
    mean = (1 - p) * good + p * bad
    low = shared * (mean - 0.5)
    high = shared * (mean + 0.5)
    u = shared * mean / (1 + 0.25 * (own + shared))
    for iteration in range(200):
        d_g = 0.5 * math.tanh(0.5 * point_margin(own * good + u, own))
        d_b = 0.5 * math.tanh(0.5 * point_margin(own * bad + u, own))
        s_g = 0.25 - d_g * d_g
        s_b = 0.25 - d_b * d_b
        value = u - shared * ((1 - p) * (good - d_g) + p * (bad - d_b))
        slope = 1 + shared * ((1 - p) * s_g / (1 + own * s_g) + p * s_b / (1 + own * s_b))
        if value <= 0:
            low = u
        if value >= 0:
            high = u
        trial = u - value / slope
        if trial <= low or trial >= high or iteration % 16 == 15:
            trial = 0.5 * (low + high)
        moved = abs(trial - u)
        u = trial
        if moved <= 1e-15 * (abs(u) + own):
            break
    return [point_margin(own * good + u, own), point_margin(own * bad + u, own)]


def flipped_margin(p: float, own: float, shared: float, steps: int) -> float:
    """Margin of the points with flipped labels after some rounds."""
    found = margins(0.5, -0.5, p, own, shared)
    for _ in range(steps):
        good = 0.5 * math.tanh(0.5 * found[0])
        bad = 0.5 * math.tanh(0.5 * found[1])
        found = margins(good, bad, p, own, shared)
    return found[1]


def repaired_below(own: float, shared: float, steps: int) -> float:
    """Fraction of flipped labels below which a model repairs all of them."""
    low = 0.0
    high = 0.5
    if flipped_margin(low, own, shared, steps) <= 0:
        return 0.0
    if flipped_margin(high, own, shared, steps) > 0:
        return 0.5
    while high - low > 1e-15 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if flipped_margin(middle, own, shared, steps) > 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
