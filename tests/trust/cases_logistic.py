"""Extremes of logistic regression on random labels."""

import mpmath

from sdtheory import logistic as lg
from tests.reference import logistic_mp as exact

from .cases_spectral import a
from .extremes import Case, Draw

MP = mpmath.mpf
ONE = MP(1)


def _gains(draw: Draw):
    own = draw.log(1e-12, 1e12)
    return {"own": own, "shared": draw.choice([own * draw.log(1e-3, 1e12), draw.log(1e-12, 1e12)])}


def _world(draw: Draw):
    c = draw.uniform(0.0, 0.999)
    return {
        "n": draw.integer(1, 10**6), "p": draw.uniform(1e-6, 0.999999), "c": c,
        "across": c * draw.uniform(0.0, 0.99), "penalty": draw.log(1e-9, 1e9),
    }  # fmt: skip


def _student(draw: Draw):
    return {
        **_world(draw),
        "xi": draw.choice([1.0, draw.signed(1e-3, 3.0)]),
        "steps": draw.integer(0, 2),
        "temperature": draw.log(1e-3, 1e3),
    }


def _stage(found):
    return [found.shared_margin, found.good_margin, found.flipped_margin, found.good_target,
            found.flipped_target, found.good_dual, found.flipped_dual]  # fmt: skip


def _stage_exact(n, p, c, across, penalty, xi=ONE, steps=0, temperature=ONE):
    with mpmath.extradps(20):
        own, shared = exact.gains(n, c, across, penalty)
        (u, g, b), good, bad = exact.chain(p, own, shared, steps, xi, temperature)
        return [
            u,
            g,
            b,
            good + MP(1) / 2,
            bad + MP(1) / 2,
            good - exact.centred(g),
            bad - exact.centred(b),
        ]


def _teacher_threshold_exact(own, shared):
    """The flipped margin is 0: u = own / 2, so the good one solves f + own sigmoid(f) = 3/2 own."""
    with mpmath.extradps(20):
        g = exact.prox(own, own)
        tail = exact.sigmoid(-g)
        return max((tail - own / (2 * shared)) / (MP(1) / 2 + tail), MP(0))


def _threshold(draw: Draw):
    own = draw.log(1e-3, 60.0)
    return {"own": own, "shared": own * draw.log(1.0, 1e6)}


def _student_threshold_exact(own, shared, steps):
    return exact.root_in_p(lambda p: exact.chain(p, own, shared, steps)[0][2])


def _range_exact(n, c, across, penalty):
    own, shared = exact.gains(n, c, across, penalty)
    return [_teacher_threshold_exact(own, shared), _student_threshold_exact(own, shared, 1)]


def _soft_exact(own, shared):
    def margin(p):
        (_, g, b), _, _ = exact.chain(p, own, shared, 0)
        first, second = own / (4 + own), (own + shared) / (4 + own + shared)
        return first * b + (second - first) * ((1 - p) * g + p * b)

    return exact.root_in_p(margin)


def _linearised_exact(own, shared, steps):
    with mpmath.extradps(40):
        q = ((own / (4 + own)) / ((own + shared) / (4 + own + shared))) ** (steps + 1)
        return (1 - 2 * q) / (2 * (1 - q)) if q < MP(1) / 2 else MP(0)


def _squared_exact(n, c, penalty, steps):
    with mpmath.extradps(40):
        small, large = 1 - c, 1 - c + n * c
        q = (small / (small + 2 * n * penalty) / (large / (large + 2 * n * penalty))) ** (steps + 1)
        return (1 - 2 * q) / (2 * (1 - q)) if q < MP(1) / 2 else MP(0)


def _small_penalty_exact(own, steps):
    b = [MP(j + 1) / (2 * (steps + 1)) for j in range(steps + 1)]
    product = MP(1)
    for v in b:
        product *= (1 - v) / v**2
    return product ** (MP(1) / (steps + 1)) * mpmath.exp(-own / (2 * (steps + 1)))


def _penalty_exact(n, p, c, steps):
    """Bisection in the logarithm of the penalty, then the secant method."""

    def margin(t):
        own, shared = exact.gains(n, c, MP(0), mpmath.exp(t))
        return exact.chain(p, own, shared, steps)[0][2]

    low, high = MP(-60), MP(60)
    if margin(high) <= 0:
        return mpmath.inf
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (low, middle) if margin(middle) > 0 else (middle, high)
    return mpmath.exp(mpmath.findroot(margin, (low, high), solver="anderson", verify=False,
                                      tol=MP(10) ** -80, maxsteps=60))  # fmt: skip


def _mixing_exact(p, own, shared):
    teacher = exact.chain(p, own, shared, 0)[0]
    best = 1 / (exact.sigmoid(-teacher[1]) + exact.sigmoid(teacher[2]))
    target = best * exact.sigmoid(teacher[2])
    common = exact.prox((own + shared) * (target - MP(1) / 2), own + shared)

    def margin(which):
        return lambda xi: exact.chain(p, own, shared, 1, xi)[0][which]

    def bisect(function, low, high):
        rising = function(high) > 0
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (low, middle) if (function(middle) > 0) == rising else (middle, high)
        return mpmath.findroot(function, (low, high), solver="anderson", verify=False,
                               tol=MP(10) ** -80, maxsteps=60)  # fmt: skip

    low = MP(0) if teacher[2] > 0 else bisect(margin(2), MP(0), best)
    top = 2 * best
    while margin(1)(top) > 0:
        top *= 2
    return [low, best, bisect(margin(1), best, top), common]


def _mixing(p, own, shared):
    found = lg.perfect_mixing(p, own, shared)
    return [found.low, found.best, found.high, found.margin]


def _own_limit_exact(p, ratio):
    with mpmath.extradps(30):
        x = (p + ratio) / (2 * (1 - p))
        return mpmath.log((1 - x) / x) / (MP(1) / 2 + x) if x < MP(1) / 2 else MP(0)


def _accuracy(n, p, c, across, penalty, spread):
    world = lg.RandomLabels(n, p, c, across, penalty)
    return lg.population_accuracy(world, world.teacher(), spread)


def _accuracy_exact(n, p, c, across, penalty, spread):
    with mpmath.extradps(20):
        u, _, _, _, _, good, bad = _stage_exact(n, p, c, across, penalty)
        energy = ((1 - p) * good**2 + p * bad**2) / (2 * n) / penalty**2
        return mpmath.ncdf(u / (spread * mpmath.sqrt(energy)))


def _logits(draw: Draw, top=300.0):
    k = draw.integer(2, 5)
    weights = draw.uniform(0.0, 1.0, k)
    return {"target": [w / sum(weights) for w in weights], "z": draw.signed(1e-12, top, k)}


def _two_logits(draw: Draw):
    k = draw.integer(2, 5)
    return {
        "v": draw.signed(1e-12, 100.0, k),
        "z": draw.signed(1e-12, 100.0, k),
        "temperature": draw.log(1e-1, 1e12),
    }


def _temperature_exact(v, z, temperature):
    with mpmath.extradps(60):
        s = exact.softmax([x / temperature for x in z])
        t = exact.softmax([x / temperature for x in v])
        return [(p - q) / temperature for p, q in zip(s, t, strict=True)]


def _labels(draw: Draw):
    k = draw.integer(2, 5)
    return {
        "k": k,
        "n": draw.integer(1, 1000),
        "c": draw.uniform(0.1, 0.99),
        "d": draw.uniform(0.0, 0.09),
        "penalty": draw.log(1e-9, 1e6),
        "rounds": draw.integer(1, 20),
    }


def _kept_exact(k, n, c, d, penalty):
    g = [1 - c, 1 - c + n * (c - d), 1 - c + n * (c - d) + k * n * d]
    return [v / (v + k**2 * n * penalty) for v in g]


def _averages_exact(k, n, c, d, penalty, rounds):
    """Apply the Gram matrix's eigenprojections to the given labels: here 10% wrong, uniformly."""
    within, between, mean = (v**rounds for v in _kept_exact(k, n, c, d, penalty))
    wrong = MP(0.1) / (k - 1)
    share = [[MP(0.9) if i == j else wrong for j in range(k)] for i in range(k)]
    average = [sum(row[j] for row in share) / k for j in range(k)]
    return [
        [[MP(1) / k + mean * (average[j] - MP(1) / k) + between * (share[i][j] - average[j])
          + within * ((1 if given == j else 0) - share[i][j]) for j in range(k)] for given in range(k)]
        for i in range(k)
    ]  # fmt: skip


def _shares(k):
    return [[0.9 if i == j else 0.1 / (k - 1) for j in range(k)] for i in range(k)]


def _classes(draw: Draw):
    return {
        "k": draw.integer(2, 5),
        "n": draw.integer(1, 1000),
        "p": draw.uniform(0.01, 0.7),
        "c": draw.uniform(0.05, 0.95),
        "penalty": draw.log(1e-6, 1e3),
    }


def _classes_exact(k, n, p, c, penalty):
    """Solve the teacher's logits: one scalar for the class, one for the norm of each softmax."""
    own, gain = (1 - c) / (k * n * penalty), c / ((k - 1) * penalty)

    def softmax_fit(y):
        # Z + own P = y, P = softmax(Z): each P_j solves own P_j + log P_j = y_j - S.
        def each(y_j, s):
            x = y_j - s
            return exact.increasing(
                lambda q: (own * mpmath.exp(q) + q - x, own * mpmath.exp(q) + 1),
                x - own - 1 - abs(x),
                x + 1 + abs(x),
            )

        def total(s):
            logs = [each(v, s) for v in y]
            return 1 - sum(mpmath.exp(v) for v in logs), sum(
                mpmath.exp(v) / (1 + own * mpmath.exp(v)) for v in logs
            )

        top = exact.log_softmax(y)
        s = y[0] - top[0]
        s = exact.increasing(total, s - own - 1, s + 1)
        return [each(v, s) for v in y], s

    targets = [[MP(1 if j == given else 0) for j in range(k)] for given in (0, 1)]
    direction = [MP(1 if j == 0 else 0) - MP(1) / k for j in range(k)]

    def dual(u):
        total = -u
        for weight, target in ((1 - p, targets[0]), (p, targets[1])):
            logs, _ = softmax_fit([own * t + u * d for t, d in zip(target, direction, strict=True)])
            total += gain * weight * (target[0] - mpmath.exp(logs[0]))
        return total

    with mpmath.workdps(40):
        low, high = -gain, gain
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (middle, high) if dual(middle) > 0 else (low, middle)
        return mpmath.findroot(
            dual, (low, high), solver="anderson", verify=False, tol=MP(10) ** -60, maxsteps=40
        )


def _independent(draw: Draw):
    return {
        "n": draw.integer(1, 30),
        "q": draw.uniform(0.01, 0.6),
        "c": draw.uniform(0.05, 0.9),
        "penalty": draw.log(1e-5, 10.0),
    }


def _independent_exact(n, q, c, penalty):
    total = MP(0)
    for flips in range(n + 1):
        p = MP(flips) / n
        own, shared = (1 - c) / (penalty * 2 * n), n * c / (penalty * 2 * n)
        _, g, b = exact.margins(MP(1) / 2, -MP(1) / 2, p, own, shared)
        chance = mpmath.binomial(n, flips) * q**flips * (1 - q) ** (n - flips)
        total += chance * ((1 - p) * (g > 0) + p * (b > 0))
    return total


def _pair_world(draw: Draw):
    return {
        "n": [draw.integer(1, 500), draw.integer(1, 500)],
        "p": draw.uniform(0.01, 0.7, 2),
        "c": draw.uniform(0.2, 0.95, 2),
        "across": draw.uniform(-0.1, 0.15),
        "penalty": draw.log(1e-4, 1e2),
    }


def _unequal(n, p, c, across, penalty):
    found = lg.UnequalClasses(n, a(p), a(c), across, penalty).teacher()
    return [found.shared_margin, found.good_margin, found.flipped_margin]


def _unequal_exact(n, p, c, across, penalty):
    scale = 1 / (penalty * sum(n))
    own = [(1 - v) * scale for v in c]

    def total(i, u):
        out = MP(0)
        for weight, target in ((1 - p[i], MP(1) / 2), (p[i], -MP(1) / 2)):
            out += (
                n[i]
                * scale
                * weight
                * (target - exact.centred(exact.prox(own[i] * target + u, own[i])))
            )
        return out

    def equations(u, v):
        s, t = total(0, u), total(1, v)
        # Margins point towards the own class: the other class pulls with the opposite sign.
        return [u - c[0] * s + across * t, v - c[1] * t + across * s]

    start = (
        lg.UnequalClasses(
            n, [float(v) for v in p], [float(v) for v in c], float(across), float(penalty)
        )
        .teacher()
        .shared_margin
    )
    with mpmath.workdps(40):
        u, v = mpmath.findroot(
            equations,
            (MP(float(start[0])), MP(float(start[1]))),
            tol=MP(10) ** -60,
            maxsteps=30,
            verify=False,
        )
        shared = [u, v]
        good = [exact.prox(own[i] / 2 + shared[i], own[i]) for i in range(2)]
        bad = [exact.prox(-own[i] / 2 + shared[i], own[i]) for i in range(2)]
        return [shared, good, bad]


CASES = [
    Case("logistic_prox", lambda draw: {"y": draw.signed(1e-12, 1e300, zero=0.05), "gain": draw.log(1e-12, 1e12, zero=0.05)},
         lg.logistic_prox, lambda y, gain: exact.prox(y - gain / 2, gain), cost=2),
    Case("RandomLabels.teacher", _world, lambda n, p, c, across, penalty: _stage(lg.RandomLabels(n, p, c, across, penalty).teacher()),
         _stage_exact, cost=6),
    Case("RandomLabels.student", _student, lambda n, p, c, across, penalty, xi, steps, temperature: _stage(
         lg.RandomLabels(n, p, c, across, penalty).student(xi, steps, temperature)), _stage_exact, cost=20),
    Case("teacher_threshold", _gains, lg.teacher_threshold, _teacher_threshold_exact, cost=2),
    Case("teacher_own_limit", lambda draw: {"p": draw.log(1e-12, 0.6), "ratio": draw.log(1e-12, 1.0, zero=0.2)},
         lg.teacher_own_limit, _own_limit_exact),
    Case("student_threshold", lambda draw: {**_threshold(draw), "steps": draw.integer(1, 2)}, lg.student_threshold,
         _student_threshold_exact, cost=60),
    Case("soft_limit_threshold", _threshold, lg.soft_limit_threshold, _soft_exact, cost=60),
    Case("small_penalty_threshold", lambda draw: {"own": draw.log(1e-12, 1e3), "steps": draw.integer(0, 20)},
         lg.small_penalty_threshold, _small_penalty_exact),
    Case("linearised_threshold", lambda draw: {**_gains(draw), "steps": draw.integer(0, 5)}, lg.linearised_threshold, _linearised_exact),
    Case("squared_loss_threshold", lambda draw: {"n": draw.integer(1, 10**6), "c": draw.uniform(0.0, 0.999), "penalty": draw.log(1e-9, 1e9), "steps": draw.integer(0, 5)},
         lambda n, c, penalty, steps: lg.squared_loss_threshold(float(n), c, penalty, steps=steps), _squared_exact),
    Case("large_sample_gap", lambda draw: {"n": draw.integer(1, 10**6), "c": draw.uniform(0.01, 0.999), "penalty": draw.log(1e-9, 1e9), "steps": draw.integer(0, 5)},
         lambda n, c, penalty, steps: lg.large_sample_gap(n, c, penalty, steps=steps),
         lambda n, c, penalty, steps: ((1 - c) * (1 / (8 * penalty) + 1 / c) / n) ** (steps + 1) / 2),
    Case("corruption_range", lambda draw: {"n": draw.integer(5, 500), "c": draw.uniform(0.1, 0.9), "across": draw.uniform(0.0, 0.05), "penalty": draw.log(1e-3, 10.0)},
         lambda n, c, across, penalty: list(lg.corruption_range(n, c, penalty, across)), _range_exact, cost=60),
    Case("penalty_threshold", lambda draw: {"n": draw.integer(5, 500), "p": draw.uniform(0.01, 0.45), "c": draw.uniform(0.1, 0.9), "steps": draw.integer(0, 1)},
         lambda n, p, c, steps: lg.penalty_threshold(n, p, c, steps=steps), _penalty_exact, cost=60),
    Case("perfect_mixing", lambda draw: {"p": draw.uniform(0.01, 0.49), "own": draw.log(1e-1, 20.0), "shared": draw.log(1e-1, 100.0)},
         _mixing, _mixing_exact, cost=60),
    Case("population_accuracy", lambda draw: {**_world(draw), "spread": draw.log(1e-3, 1e3)}, _accuracy, _accuracy_exact, cost=6),
    Case("best_population_accuracy", lambda draw: {"n": draw.integer(1, 10**6), "c": draw.uniform(-1.0, 1.0), "spread": draw.log(1e-1, 1e3)},
         lg.best_population_accuracy, lambda n, c, spread: mpmath.ncdf(c * mpmath.sqrt(MP(n) / 2) / spread)),
    Case("expected_accuracy", _independent, lg.expected_accuracy, _independent_exact, cost=20),
    Case("SymmetricClasses.teacher", _classes, lambda k, n, p, c, penalty: lg.SymmetricClasses(k, n, p, c, 0.0, penalty).teacher().shared_margin,
         _classes_exact, cost=60),
    Case("UnequalClasses.teacher", _pair_world, _unequal, _unequal_exact, cost=30),
    Case("LinearLabels.ratio", _labels, lambda k, n, c, d, penalty, rounds: lg.LinearLabels(k, n, c, d, penalty).ratio(rounds),
         lambda k, n, c, d, penalty, rounds: (_kept_exact(k, n, c, d, penalty)[0] / _kept_exact(k, n, c, d, penalty)[1]) ** rounds),
    Case("label_averages", _labels, lambda k, n, c, d, penalty, rounds: lg.label_averages(lg.LinearLabels(k, n, c, d, penalty), _shares(k), rounds),
         _averages_exact, together=True),
    Case("cross_entropy", _logits, lg.cross_entropy, lambda target, z: -sum(t * v for t, v in zip(target, exact.log_softmax(z), strict=True))),
    Case("cross_entropy_gradient", _logits, lg.cross_entropy_gradient,
         lambda target, z: [sum(target) * s - t for s, t in zip(exact.softmax(z), target, strict=True)]),
    Case("mixed_target", lambda draw: {"xi": draw.signed(1e-12, 1e6), "q": draw.uniform(0.0, 1.0, 3), "y": draw.uniform(0.0, 1.0, 3)},
         lg.mixed_target, lambda xi, q, y: [xi * u + (1 - xi) * v for u, v in zip(q, y, strict=True)]),
    Case("smoothed_label", lambda draw: {"label": draw.uniform(0.0, 1.0, 3), "smoothing": draw.uniform(0.0, 1.0)},
         lg.smoothed_label, lambda label, smoothing: [(1 - smoothing) * v + smoothing / 3 for v in label]),
    Case("temperature_gradient", _two_logits, lg.temperature_gradient, _temperature_exact, together=True),
    Case("high_temperature_gradient", lambda draw: {"v": draw.signed(1e-12, 1e12, 3), "z": draw.signed(1e-12, 1e12, 3)},
         lg.high_temperature_gradient, lambda v, z: [((z[i] - v[i]) - sum(y - x for x, y in zip(v, z, strict=True)) / 3) / 3 for i in range(3)],
         together=True),
    Case("progressive_factor", lambda draw: {"w": draw.log(1e-12, 1e3), "before": draw.uniform(0.0, 1.0), "now": draw.uniform(0.0, 0.999999)},
         lg.progressive_factor, lambda w, before, now: 1 - w * (1 - before) / (1 - now)),
    Case("distillation_weight", lambda draw: {"w": draw.uniform(0.0, 1.0), "T": draw.log(1e-3, 1e6), "teacher": draw.uniform(0.0, 1.0), "student": draw.uniform(0.0, 1.0), "now": draw.uniform(0.0, 0.999999)},
         lg.distillation_weight, lambda w, T, teacher, student, now: (1 - w) + w / T * (teacher - student) / (1 - now)),
]  # fmt: skip
