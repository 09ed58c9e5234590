"""Extremes of the mode laws of deep linear JEPA."""

import mpmath
import numpy as np

from sdtheory import jepa
from tests.reference import jepa_mp as exact

from .extremes import Case, Draw

MP = mpmath.mpf


def _mode(draw: Draw, depths=(1, 2, 3, 5, 10, 30, 100)):
    return {
        "lam": draw.log(1e-12, 1e12), "s2": draw.log(1e-12, 1e12), "depth": draw.choice(depths),
        "objective": draw.choice(["jepa", "mae"]),
    }  # fmt: skip


def _rho_mode(draw: Draw, depths=(1, 2, 3, 5, 10)):
    """Modes with rho between 1e-3 and 10, whose times are within the range of floats."""
    drawn = _mode(draw, depths)
    drawn["s2"] = drawn["lam"] / draw.log(1e-3, 10.0)
    return drawn


def _learned(draw: Draw):
    drawn = _rho_mode(draw)
    end = float(
        exact.fixed_point(MP(drawn["lam"]), MP(drawn["s2"]), drawn["depth"], drawn["objective"])
    )
    return {
        **drawn,
        "scale": max(end * draw.log(1e-30, 0.3), 1e-30 * end),
        "fraction": draw.choice([draw.uniform(0.35, 0.99), 0.5, 1 - 1e-9]),
    }


def _critical(lam, s2, depth, objective, scale, fraction):
    return jepa.critical_time(jepa.Mode(lam, s2), depth, scale, fraction, objective)


def _critical_exact(lam, s2, depth, objective, scale, fraction):
    stop = fraction * exact.fixed_point(lam, s2, depth, objective)
    return MP(0) if stop <= scale else exact.time(lam, s2, depth, scale, stop, objective)


def _hitting(draw: Draw):
    drawn = _rho_mode(draw)
    sign = draw.choice([1.0, 1.0, -1.0, 0.0])
    end = float(
        exact.fixed_point(MP(drawn["lam"]), MP(drawn["s2"]), drawn["depth"], drawn["objective"])
    )
    drawn["lam"] *= sign
    if sign > 0 and draw.choice([True, False]):
        start = end * draw.log(1e-12, 0.5)
        return {**drawn, "start": start, "stop": end * draw.uniform(0.6, 0.999)}
    start = end * draw.log(2.0, 1e6)
    return {**drawn, "start": start, "stop": end * draw.uniform(1.01, 1.9)}


def _trajectory(draw: Draw):
    drawn = _rho_mode(draw, (1, 2, 3, 5))
    sign = draw.choice([1.0, 1.0, 1.0, -1.0, 0.0])
    end = float(
        exact.fixed_point(MP(drawn["lam"]), MP(drawn["s2"]), drawn["depth"], drawn["objective"])
    )
    drawn["lam"] *= sign
    start = end * draw.log(1e-6, 1e3)
    order, a = exact.law(drawn["depth"], drawn["objective"])
    v = start ** (order / drawn["depth"])
    pace = v ** float(a) * max(abs(drawn["lam"]), drawn["s2"] * v)
    return {**drawn, "scale": start, "t": draw.log(1e-3, 1e3) / pace}


def _laws(name, wanted):
    def computed(lam, s2, depth, objective):
        return getattr(jepa, name)(jepa.Mode(lam, s2), depth, objective)

    return Case(name, _rho_mode, computed, wanted)


def _relaxation_exact(lam, s2, depth, objective):
    rho = lam / s2
    if objective == "jepa":
        return s2 * rho ** (2 * depth)
    return (depth + 1) * s2 * rho ** (MP(2 * depth) / (depth + 1))


def _decay_exact(lam, s2, depth, objective):
    rho, L = lam / s2, MP(depth)
    if objective == "jepa":
        return lam * rho ** (2 * L - 1) * (2 * L - 1) ** (2 * L - 1) / (2 * L) ** (2 * L)
    share = (L - 1) / (L + 1)
    return lam * ((rho * (L - 1) / (2 * L)) ** share if L > 1 else 1) * (L + 1) / (2 * L)


def _velocity_exact(lam, s2, depth, objective, size):
    power = 3 if objective == "jepa" else 2
    return lam * size ** (power - MP(1) / depth) - s2 * size**3


def _phase_draw(draw: Draw):
    objective = draw.choice(["jepa", "mae"])
    x = draw.log(1e-3, 0.999) if objective == "mae" else draw.signed(1e-3, 1e3)
    return {"x": x, "depth": draw.choice([1, 2, 3, 5, 10]), "objective": objective}


def _phase_exact(x, depth, objective):
    with mpmath.extradps(60):
        if objective == "jepa":
            return mpmath.log(abs(x / (1 - x))) - sum(1 / (n * x**n) for n in range(1, 2 * depth))
        if depth == 1:
            return mpmath.log(x) - mpmath.log(1 - x**2) / 2
        b = MP(1 - depth) / (depth + 1)
        return x ** (1 - depth) / (1 - depth) * mpmath.hyp2f1(1, b, 1 + b, x ** (depth + 1))


def _depth_one(draw: Draw):
    lam = draw.log(1e-12, 1e12)
    rho = draw.log(1e-6, 1e6)
    scale = rho * draw.log(1e-6, 1e6)
    return {
        "lam": lam,
        "s2": lam / rho,
        "objective": draw.choice(["jepa", "mae"]),
        "scale": scale,
        "t": draw.log(1e-6, 1e3) / (lam * rho),
    }


def _no_predictor(draw: Draw):
    lam = draw.log(1e-6, 1e6)
    s2, depth, scale = (
        lam * draw.choice([draw.log(1e-3, 0.9), draw.log(1.1, 1e3)]),
        draw.integer(1, 8),
        draw.log(1e-6, 1e6),
    )
    size = abs(s2 - lam) * scale ** ((2 * depth - 2) / depth)
    return {
        "lam": lam,
        "s2": s2,
        "depth": depth,
        "scale": scale,
        "t": draw.log(1e-6, 0.9) / size / max(2 * depth - 2, 1),
    }


def _no_predictor_exact(lam, s2, depth, scale, t):
    if depth == 1:
        return scale * mpmath.exp((lam - s2) * t)
    power = MP(2 * depth - 2)
    return (scale ** (-power / depth) + power * (s2 - lam) * t) ** (-depth / power)


def _ema_rates_exact(lam, s2, depth, memory):
    with mpmath.extradps(300):
        k = s2 * (lam / s2) ** (2 * depth)
        half = ((depth + 1) * k + 1 / memory) / 2
        root = mpmath.sqrt(half**2 - k / memory)
        return [-half + root, -half - root]


def _pair(draw: Draw):
    return {
        "lam": draw.log(1e-6, 1e6, 2),
        "s2": draw.log(1e-6, 1e6, 2),
        "depth": draw.integer(1, 10),
        "objective": draw.choice(["jepa", "mae"]),
    }


def _overwriting(lam, s2, depth, objective):
    return jepa.overwriting_rate(
        jepa.Mode(lam[0], s2[0]), jepa.Mode(lam[1], s2[1]), depth, objective
    )


def _overwriting_exact(lam, s2, depth, objective):
    rho = lam[0] / s2[0]
    if objective == "jepa":
        return rho ** (2 * depth - 1) * s2[1] * (lam[1] / s2[1] - rho)
    with mpmath.extradps(80):
        v = rho ** (MP(1) / (depth + 1))
        p, q, c = (v**depth) ** 2 * s2[1], v ** (2 * depth) * s2[0], v ** (depth - 1) * lam[1]
        return (-(p + q) + mpmath.sqrt((p - q) ** 2 + 4 * c * c)) / 2


def _curvatures_exact(lam, s2, depth, objective):
    rho = [a / b for a, b in zip(lam, s2, strict=True)]
    if objective == "jepa":
        n = 2 * depth
        return [
            [s2[j] * (x ** (n + 1) + rho[j] ** (n + 1)) / (x + rho[j]) for j in range(2)]
            for x in rho
        ]
    g = [r ** (MP(1) / (depth + 1)) for r in rho]
    return [
        [
            s2[j] * sum(x ** (2 * (depth - a)) * g[j] ** (2 * a) for a in range(depth + 1))
            for j in range(2)
        ]
        for x in g
    ]


def _balanced(draw: Draw):
    rho = draw.log(1e-3, 1e3)
    lam = draw.log(1e-6, 1e6)
    rate = draw.log(1e-4, 1e4)
    layer = draw.log(1e-6, 1e3)
    return {
        "lam": lam,
        "s2": lam / rho,
        "depth": draw.integer(1, 8),
        "layer": layer,
        "predictor": draw.choice([0.0, rho * draw.log(1e-6, 0.5)]),
        "rate": rate,
    }


def _unbalanced_exact(lam, s2, depth, layer, predictor, rate):
    square = layer**2 + ((lam / s2) ** 2 - predictor**2) / rate
    spare = predictor**2 - rate * layer**2
    if spare > 0 and lam / s2 <= mpmath.sqrt(spare):
        return MP(0)
    return square ** (MP(depth) / 2)


def _unbalanced_time_exact(lam, s2, depth, layer, predictor, rate):
    rho = lam / s2
    stop = MP(9) / 10 * rho

    def speed(v):
        return rate * (layer**2 + (v**2 - predictor**2) / rate) ** depth * (lam - s2 * v)

    # The integrand varies on the scale of layer * sqrt(rate): split there.
    width = layer * mpmath.sqrt(rate)
    cuts = [predictor + width * MP(4) ** k for k in range(-6, 40)]
    cuts = [predictor, *(c for c in cuts if c < stop), stop]
    cuts = sorted({*cuts, *(predictor + (stop - predictor) * MP(k) / 8 for k in range(9))})
    with mpmath.workdps(30):  # in units of the first value: the rule stops at an absolute error
        return mpmath.quad(lambda v: speed(predictor) / speed(v), cuts) / speed(predictor)


def _expansion_exact(lam, s2, depth, objective, scale, fraction):
    """The whole time minus the pole."""
    with mpmath.extradps(120):
        rho, b = lam / s2, scale ** (MP(1) / depth)
        whole = exact.time(
            lam,
            s2,
            depth,
            scale,
            fraction * exact.fixed_point(lam, s2, depth, objective),
            objective,
        )
        if objective == "jepa":
            pole = (
                sum(depth / (n * rho ** (2 * depth - n - 1) * b**n) for n in range(1, 2 * depth))
                / lam
            )
        elif depth == 1:
            pole = MP(0)
        else:
            pole = depth / ((depth - 1) * lam) * scale ** (-MP(depth - 1) / depth)
        return [pole, whole - pole]


def _expansion(lam, s2, depth, objective, scale, fraction):
    found = jepa.critical_time_expansion(jepa.Mode(lam, s2), depth, scale, fraction, objective)
    return [found.leading, found.remainder]


def _small(draw: Draw):
    drawn = _rho_mode(draw, (1, 2, 3, 5))
    rho = drawn["lam"] / drawn["s2"]
    return {
        **drawn,
        "scale": min(rho, 1.0) ** (2 * drawn["depth"]) * draw.log(1e-8, 0.2),
        "fraction": draw.uniform(0.5, 0.99),
    }


def _shift_exact(lam, s2, depth, objective, scale, fraction):
    start = scale ** (MP(1) / depth)
    stop = (fraction * exact.fixed_point(lam, s2, depth, objective)) ** (MP(1) / depth)

    def pull(w):
        if objective == "jepa":
            return w ** (2 * depth) * (lam - s2 * w)
        return w**depth * (lam - s2 * w ** (depth + 1))

    return mpmath.log(pull(stop) / pull(start)) / 2


def _ema_small(draw: Draw):
    drawn = _learned(draw)
    del drawn["objective"]
    rho = drawn["lam"] / drawn["s2"]
    drawn["fraction"] = draw.uniform(0.5, 0.99)
    drawn["scale"] = (rho * draw.log(1e-3, 0.4)) ** drawn["depth"]
    return {**drawn, "memory": draw.log(1e-6, 1e6)}


def _infinite(draw: Draw):
    return {
        "lam": draw.log(1e-6, 1e6),
        "kappa": draw.uniform(-2.0, 2.0),
        "scale": draw.log(1e-8, 1e-2),
        "fraction": draw.uniform(0.2, 0.99),
    }


def _infinite_exact(lam, kappa, scale, fraction):
    span = mpmath.ei(-2 * (mpmath.log(scale) + kappa)) - mpmath.ei(-2 * mpmath.log(fraction))
    return mpmath.exp(2 * kappa) / lam * span


def _deep_exact(lam, s2, depth, scale):
    b, power = scale ** (MP(1) / depth), 2 * depth - 1
    drive = lam - s2 * b
    if drive <= 0:
        return mpmath.inf
    x0 = s2 * b / lam
    return MP(depth) / power * b**-power / drive * (1 + x0 / ((1 - x0) * power))


def _deep_draw(draw: Draw):
    rho, lam, depth = draw.log(0.1, 2.0), draw.log(1e-3, 1e3), draw.integer(5, 40)
    return {
        "lam": lam,
        "s2": lam / rho,
        "depth": depth,
        "scale": (rho * draw.uniform(0.1, 0.9)) ** depth,
    }


def _equilibria_exact(lam, s2, depth, objective, share):
    with mpmath.extradps(30):
        gamma = share * _decay_exact(lam, s2, depth, objective)
        power, order = (2 * depth - 1, 1) if objective == "jepa" else (depth - 1, depth + 1)
        top = (lam / s2) ** (MP(1) / order)
        peak = top * (MP(power) / (power + order)) ** (MP(1) / order)

        def excess(w):
            return w**power * (lam - s2 * w**order) - gamma

        def bisect(low, high):
            rising = excess(high) > 0
            for _ in range(260):
                middle = (low + high) / 2
                if (excess(middle) > 0) == rising:
                    high = middle
                else:
                    low = middle
            return (low + high) / 2

        return [bisect(MP(0), peak) if power else MP(0), bisect(peak, top)]


def _equilibria(lam, s2, depth, objective, share):
    mode = jepa.Mode(lam, s2)
    return jepa.decay_equilibria(
        mode, depth, share * float(jepa.critical_decay(mode, depth, objective)), objective
    )


CASES = [
    Case("fixed_point", _mode, lambda lam, s2, depth, objective: jepa.fixed_point(jepa.Mode(lam, s2), depth, objective),
         lambda lam, s2, depth, objective: exact.fixed_point(lam, s2, depth, objective)),
    Case("Mode.from_rho", lambda draw: {"lam": draw.log(1e-12, 1e12), "rho": draw.log(1e-12, 1e12)},
         lambda lam, rho: jepa.Mode.from_rho(lam, rho).variance, lambda lam, rho: lam / rho),
    Case("velocity", lambda draw: {**_rho_mode(draw), "size": draw.log(1e-30, 1e6)},
         lambda lam, s2, depth, objective, size: jepa.velocity(jepa.Mode(lam, s2), depth, size, objective), _velocity_exact),
    _laws("relaxation_rate", _relaxation_exact),
    _laws("critical_decay", _decay_exact),
    Case("critical_depth", lambda draw: {"rho": draw.uniform(1e-9, 0.999), "scale": draw.log(1e-30, 0.9)},
         lambda rho, scale: jepa.critical_depth(jepa.Mode(rho, 1.0), scale),
         lambda rho, scale: mpmath.log(scale) / mpmath.log(rho)),
    Case("critical_time", _learned, _critical, _critical_exact, cost=2),
    Case("hitting_time", _hitting,
         lambda lam, s2, depth, objective, start, stop: jepa.hitting_time(jepa.Mode(lam, s2), depth, start, stop, objective),
         lambda lam, s2, depth, objective, start, stop: exact.time(lam, s2, depth, start, stop, objective), cost=2),
    Case("trajectory", _trajectory,
         lambda lam, s2, depth, objective, scale, t: jepa.trajectory(jepa.Mode(lam, s2), depth, scale, t, objective),
         lambda lam, s2, depth, objective, scale, t: exact.size(lam, s2, depth, scale, t, objective), cost=4),
    Case("phase", _phase_draw, jepa.phase, _phase_exact, cost=2),
    Case("size_at_depth_one", _depth_one,
         lambda lam, s2, objective, scale, t: jepa.size_at_depth_one(jepa.Mode(lam, s2), scale, t, objective),
         lambda lam, s2, objective, scale, t: exact.size(lam, s2, 1, scale, t, objective), cost=4),
    Case("size_without_covariance", lambda draw: {"s2": draw.log(1e-12, 1e12), "scale": draw.log(1e-30, 1e12), "t": draw.log(1e-12, 1e12, zero=0.1)},
         jepa.size_without_covariance, lambda s2, scale, t: 1 / mpmath.sqrt(1 / scale**2 + 2 * s2 * t)),
    Case("size_at_infinite_depth", lambda draw: {"lam": draw.log(1e-6, 1e6), "factor": 1 + draw.log(1e-3, 1e3), "scale": draw.log(1e-12, 1e6), "t": draw.log(1e-6, 1e6)},
         lambda lam, factor, scale, t: jepa.size_at_infinite_depth(jepa.Mode(lam, lam * factor), scale, t),
         lambda lam, factor, scale, t: 1 / mpmath.sqrt(1 / scale**2 + 2 * lam * (factor - 1) * t)),
    Case("blow_up_time", lambda draw: {"lam": draw.log(1e-12, 1e12), "depth": draw.integer(1, 100), "scale": draw.log(1e-30, 1e3)},
         jepa.blow_up_time, lambda lam, depth, scale: depth * scale ** (MP(1 - 2 * depth) / depth) / ((2 * depth - 1) * lam)),
    Case("size_without_variance", lambda draw: {"lam": draw.log(1e-6, 1e6), "depth": draw.integer(1, 20), "scale": draw.log(1e-12, 1e3), "share": draw.uniform(0.01, 0.99)},
         lambda lam, depth, scale, share: jepa.size_without_variance(lam, depth, scale, share * float(jepa.blow_up_time(lam, depth, scale))),
         lambda lam, depth, scale, share: scale * (1 - share) ** (-MP(depth) / (2 * depth - 1))),
    Case("time_at_infinite_depth", _infinite, jepa.time_at_infinite_depth, _infinite_exact),
    Case("critical_time_expansion", _small, _expansion, _expansion_exact, cost=2),
    Case("initial_drive", lambda draw: {"lam": draw.log(1e-6, 1e6), "s2": draw.log(1e-6, 1e6), "depth": draw.integer(1, 100), "scale": draw.log(1e-30, 1.0)},
         lambda lam, s2, depth, scale: jepa.initial_drive(jepa.Mode(lam, s2), depth, scale),
         lambda lam, s2, depth, scale: lam - s2 * scale ** (MP(1) / depth)),
    Case("deep_critical_time", _deep_draw,
         lambda lam, s2, depth, scale: jepa.deep_critical_time(jepa.Mode(lam, s2), depth, scale), _deep_exact),
    Case("curvatures", _pair, lambda lam, s2, depth, objective: jepa.curvatures(jepa.Mode(lam, s2), depth, objective), _curvatures_exact),
    Case("largest_step", _pair, lambda lam, s2, depth, objective: jepa.largest_step(jepa.Mode(lam, s2), depth, objective),
         lambda *arguments: 2 / max(v for row in _curvatures_exact(*arguments) for v in row)),
    Case("overwriting_rate", _pair, _overwriting, _overwriting_exact),
    Case("descent_shift", _small, lambda lam, s2, depth, objective, scale, fraction: jepa.descent_shift(jepa.Mode(lam, s2), depth, scale, fraction, objective), _shift_exact),
    Case("unbalanced_fixed_point", _balanced,
         lambda lam, s2, depth, layer, predictor, rate: jepa.unbalanced_fixed_point(jepa.Mode(lam, s2), depth, layer, predictor, rate), _unbalanced_exact),
    Case("unbalanced_time", _balanced,
         lambda lam, s2, depth, layer, predictor, rate: jepa.unbalanced_time(jepa.Mode(lam, s2), depth, layer, predictor, 0.9, rate),
         _unbalanced_time_exact, cost=20),
    Case("without_predictor", _no_predictor,
         lambda lam, s2, depth, scale, t: jepa.without_predictor(jepa.Mode(lam, s2), depth, scale, t), _no_predictor_exact),
    Case("decay_equilibria", lambda draw: {**_rho_mode(draw), "share": draw.uniform(0.01, 0.99)}, _equilibria, _equilibria_exact, cost=3),
    Case("ema_rates", lambda draw: {"lam": draw.log(1e-6, 1e6), "s2": draw.log(1e-6, 1e6), "depth": draw.integer(1, 10), "memory": draw.log(1e-6, 1e6)},
         lambda lam, s2, depth, memory: jepa.ema_rates(jepa.Mode(lam, s2), depth, memory), _ema_rates_exact),
    Case("ema_delay", _ema_small, lambda lam, s2, depth, scale, fraction, memory: jepa.ema_delay(jepa.Mode(lam, s2), depth, scale, fraction, memory),
         lambda lam, s2, depth, scale, fraction, memory: depth * memory * (
             mpmath.log(fraction / (1 - fraction)) - mpmath.log((scale ** (MP(1) / depth) * s2 / lam) / (1 - scale ** (MP(1) / depth) * s2 / lam)))),
    Case("slow_ema_time", _ema_small, lambda lam, s2, depth, scale, fraction, memory: jepa.slow_ema_time(jepa.Mode(lam, s2), depth, scale, fraction, memory),
         lambda lam, s2, depth, scale, fraction, memory: (depth + 1) * memory * mpmath.log(
             (1 - (scale ** (MP(1) / depth) * s2 / lam) ** (MP(1) / (depth + 1))) / (1 - fraction ** (MP(1) / (depth + 1))))),
    Case("MaskedSignal.mode", lambda draw: {"signal": [draw.log(1e-6, 1e6)], "keep": draw.uniform(1e-6, 1.0)},
         lambda signal, keep: [jepa.MaskedSignal(np.array([*signal, 1.0, 1.0]), keep).mode().covariance, jepa.MaskedSignal(np.array([*signal, 1.0, 1.0]), keep).mode().variance],
         lambda signal, keep: [[keep * v for v in (*signal, 1, 1)], [keep**2 * v + keep * (1 - keep) * (signal[0] + 2) / 3 for v in (*signal, 1, 1)]]),
    Case("TwoViews.mode", lambda draw: {"signal": draw.log(1e-12, 1e12), "noise": draw.log(1e-12, 1e12)},
         lambda signal, noise: jepa.TwoViews([signal], [noise]).mode().rho, lambda signal, noise: signal / (signal + noise)),
    Case("Autoregression.mode", lambda draw: {"signal": draw.log(1e-6, 1e6), "memory": draw.uniform(-0.999, 0.999), "noise": draw.log(1e-6, 1e6)},
         lambda signal, memory, noise: jepa.Autoregression([signal], memory, noise).mode().rho,
         lambda signal, memory, noise: signal * memory / (signal + noise)),
    Case("Oscillators.rho", lambda draw: {"signal": draw.log(1e-6, 1e6), "memory": draw.uniform(0.01, 0.999), "noise": draw.log(1e-6, 1e6)},
         lambda signal, memory, noise: abs(jepa.Oscillators([signal], memory, 0.3, noise).rho()),
         lambda signal, memory, noise: signal * memory / (signal + noise)),
]  # fmt: skip
