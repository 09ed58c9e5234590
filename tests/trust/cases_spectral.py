"""Extremes of the spectral core."""

import mpmath
import numpy as np

from sdtheory.spectral import Spectrum, criteria, filters, projections, weights
from tests.reference import spectral_mp as mp

from .extremes import Case, Draw, Least

LOW, HIGH = 1e-12, 1e12


def a(values):
    return np.asarray(values, dtype=float)


def parts(found):
    return [found.kept, found.lost, found.coefficient]


def _modes(draw: Draw, zero=0.0):
    return {
        "d": draw.log(LOW, HIGH, draw.integer(1, 5), zero=zero),
        "lam": draw.log(LOW, HIGH, zero=zero),
    }


def _rounds(draw: Draw):
    return {
        **_modes(draw, 0.05),
        "xi": draw.signed(1e-12, 1.0, zero=0.1),
        "n": draw.integer(0, 100),
    }


def _wild_rounds(draw: Draw):
    return {**_modes(draw), "xi": draw.signed(1e-12, 1e3), "n": draw.integer(0, 30)}


def _schedule(draw: Draw):
    n = draw.integer(1, 6)
    return {
        "d": draw.log(LOW, HIGH, 3, zero=0.05), "lam": draw.log(LOW, HIGH, n + 1),
        "xi": draw.signed(1e-6, 5.0, n, zero=0.1), "n": n,
    }  # fmt: skip


def _limit(draw: Draw):
    drawn = _modes(draw)
    edge = 1 + drawn["lam"] / max(drawn["d"])
    return {**drawn, "xi": draw.choice([-1, 1]) * edge * draw.uniform(0.0, 0.999)}


def _limit_exact(d, lam, xi):
    kept = [x / (x + lam / (1 - xi)) for x in d]
    return [kept, [1 - k for k in kept], [(1 - xi) / ((1 - xi) * x + lam) for x in d]]


def _weights(draw: Draw, top=8):
    return {"w": draw.signed(1e-3, 1e3, draw.integer(1, top))}


def _error(draw: Draw):
    n = draw.integer(1, 4)
    return {
        "s": draw.log(1e-6, 1e6, n), "theta": draw.signed(1e-6, 1e6, n, zero=0.1),
        "noise": draw.log(1e-12, 1e12, zero=0.1), "omega": draw.log(1e-6, 1e6, n),
        "lam": draw.log(LOW, HIGH), "xi": draw.signed(1e-3, 5.0, zero=0.1),
    }  # fmt: skip


def _coefficients(s, lam, xi, steps=1):
    return [mp.filter_of(v * v, lam, xi, steps)[2] for v in s]


def _error_exact(s, theta, noise, omega, lam, xi):
    rows = mp.error_rows(s, theta, [noise] * len(s), omega, _coefficients(s, lam, xi))
    return mp.dot(rows, rows)


def _student(s, lam, xi):
    return filters.distill(a(s) ** 2, lam, xi)


def _general(draw: Draw):
    drawn = _error(draw)
    del drawn["omega"]
    size = len(drawn["s"])
    return {**drawn, "g": draw.kernel(size, draw.log(1.0, 1e6))}


def _general_exact(s, theta, noise, lam, xi, g):
    c = _coefficients(s, lam, xi)
    b = [t * (1 - v * v * k) for t, v, k in zip(theta, s, c, strict=True)]
    bias = sum(b[i] * g[i][j] * b[j] for i in range(len(b)) for j in range(len(b)))
    return bias + noise * sum(g[i][i] * (s[i] * c[i]) ** 2 for i in range(len(s)))


def _data(draw: Draw, rows=5, top=1e6):
    p = draw.integer(1, 3)
    scale = draw.log(1e-6, 1e6)
    x = draw.matrix(rows, p, draw.log(1.0, top))
    return {
        "x": [[scale * v for v in row] for row in x], "y": draw.uniform(-1.0, 1.0, rows),
        "lam": scale**2 * draw.log(1e-6, 1e6),
    }  # fmt: skip


def _data_xi(draw: Draw):
    return {**_data(draw), "xi": draw.signed(1e-3, 3.0, zero=0.1)}


def _fit(x, y, lam, xi):
    spectrum = Spectrum.from_design(a(x))
    return spectrum, spectrum.project(a(y)), filters.distill(spectrum.eigenvalues, lam, xi)


def _sure(x, y, lam, xi, noise):
    spectrum, targets, student = _fit(x, y, lam, xi)
    return criteria.sure(spectrum, targets, noise)(student)


def _sure_exact(x, y, lam, xi, noise):
    fitted, hat = mp.student(mp.smoother(x, lam), y, xi, 1)
    n = len(y)
    residual = sum((u - v) ** 2 for u, v in zip(y, fitted, strict=True))
    return (residual + 2 * noise * sum(hat[i, i] for i in range(n))) / n - noise


def _gcv(x, y, lam, xi):
    spectrum, targets, student = _fit(x, y, lam, xi)
    return criteria.gcv(spectrum, targets)(student)


def _gcv_exact(x, y, lam, xi):
    fitted, hat = mp.student(mp.smoother(x, lam), y, xi, 1)
    n = len(y)
    residual = sum((u - v) ** 2 for u, v in zip(y, fitted, strict=True))
    return n * residual / (n - sum(hat[i, i] for i in range(n))) ** 2


def _loo(x, y, lam, w):
    return criteria.leave_one_out(Spectrum.from_design(a(x)), a(y), lam, len(w))(a(w))


def _expected_fit(draw: Draw):
    n = draw.integer(1, 4)
    return {
        "d": draw.log(LOW, HIGH, n), "mean": draw.signed(1e-6, 1e6, n, zero=0.1),
        "noise": draw.log(1e-12, 1e12, zero=0.1), "n": draw.integer(n, 50),
        "outside": draw.log(1e-12, 1e12, zero=0.3), "lam": draw.log(LOW, HIGH),
        "xi": draw.signed(1e-3, 5.0, zero=0.1),
    }  # fmt: skip


def _expected_fit_exact(d, mean, noise, n, outside, lam, xi):
    kept = [mp.filter_of(v, lam, xi, 1)[0] for v in d]
    return (
        sum(((1 - k) * m) ** 2 + noise * k**2 for k, m in zip(kept, mean, strict=True)) + outside
    ) / n


def _evaluation(draw: Draw):
    n, m = draw.integer(1, 3), draw.integer(1, 4)
    return {
        "p": [draw.signed(1e-3, 1e3, n) for _ in range(m)], "z": draw.signed(1e-3, 1e3, n),
        "truth": draw.signed(1e-3, 1e3, m), "noise": draw.log(1e-12, 1e12, zero=0.1),
        "d": draw.log(1e-6, 1e6, n), "lam": draw.log(1e-6, 1e6),
        "xi": draw.signed(1e-3, 5.0, zero=0.1),
    }  # fmt: skip


def _prediction_error(p, z, truth, noise, d, lam, xi):
    targets = Spectrum.from_kernel(np.eye(len(z))).project(a(z))
    targets = type(targets)(a(z), np.float64(0.0) * a(z)[0])
    return criteria.prediction_error(a(p), targets, a(truth))(filters.distill(a(d), lam, xi))


def _prediction_error_exact(p, z, truth, noise, d, lam, xi):
    c = [mp.filter_of(v, lam, xi, 1)[2] * u for v, u in zip(d, z, strict=True)]
    return sum((t - mp.dot(row, c)) ** 2 for row, t in zip(p, truth, strict=True)) / len(truth)


def _prediction_risk(p, z, truth, noise, d, lam, xi):
    return criteria.prediction_risk(a(p), a(z), noise, a(truth))(filters.distill(a(d), lam, xi))


def _prediction_risk_exact(p, z, truth, noise, d, lam, xi):
    bias = _prediction_error_exact(p, z, truth, noise, d, lam, xi)
    c = [mp.filter_of(v, lam, xi, 1)[2] for v in d]
    spread = sum((v * k) ** 2 for row in p for v, k in zip(row, c, strict=True))
    return bias + noise * spread / len(truth)


def _problem(draw: Draw):
    drawn = _error(draw)
    del drawn["xi"]
    return drawn


def _optimal_xi(s, theta, noise, omega, lam):
    risk = criteria.expected_error(a(s), a(theta), noise, a(omega))
    best = projections.optimal_xi(risk, a(s) ** 2, lam)
    return [best.weights, best.risk, best.base_risk]


def _rows_along(s, theta, noise, omega, lam, steps):
    """Return the rows of the teacher, and what each Taylor weight adds to them."""
    zero = [mpmath.mpf(0)] * len(s)
    noises = [noise] * len(s)
    offset = mp.error_rows(s, theta, noises, omega, zero)
    total = []
    for k in range(steps + 1):
        c = [(lam / (v * v + lam)) ** k / (v * v + lam) for v in s]
        rows = mp.error_rows(s, theta, noises, omega, c)
        total.append([r - o for r, o in zip(rows, offset, strict=True)])
    return [o + t for o, t in zip(offset, total[0], strict=True)], total[1:]


def _optimal_xi_exact(s, theta, noise, omega, lam):
    base, directions = _rows_along(s, theta, noise, omega, lam, 1)
    if not any(directions[0]):
        return [mpmath.mpf(0), mp.dot(base, base), mp.dot(base, base)]
    found, w = mp.rows_minimum(base, directions)
    return [-w[0], Least(found, mp.dot(base, base)), mp.dot(base, base)]


def _several(draw: Draw):
    n = draw.integer(2, 5)
    return {
        "s": draw.log(1e-3, 1e3, n), "theta": draw.signed(1e-3, 1e3, n),
        "noise": draw.log(1e-6, 1e6), "omega": draw.log(1e-3, 1e3, n), "lam": draw.log(1e-4, 1e4),
        "n": draw.integer(1, min(3, n - 1)),
    }  # fmt: skip


def _optimal_weights(s, theta, noise, omega, lam, n):
    risk = criteria.expected_error(a(s), a(theta), noise, a(omega))
    return projections.optimal_weights(risk, a(s) ** 2, lam, n).risk


def _optimal_weights_exact(s, theta, noise, omega, lam, n):
    base, directions = _rows_along(s, theta, noise, omega, lam, n)
    return Least(mp.rows_minimum(base, directions)[0], mp.dot(base, base))


def _constrained(s, theta, noise, omega, lam, n):
    risk = criteria.expected_error(a(s), a(theta), noise, a(omega))
    return projections.constrained_weights(risk, a(s) ** 2, lam, n).risk


def _constrained_exact(s, theta, noise, omega, lam, n):
    columns = []
    for k in range(n + 1):
        c = [(v * v / (v * v + lam)) ** k / (v * v + lam) for v in s]
        columns.append(mp.error_rows(s, theta, [noise] * len(s), omega, c))
    return mp.simplex_minimum(columns)[0]


def _minimise(s, theta, noise, omega, lam):
    risk = criteria.expected_error(a(s), a(theta), noise, a(omega))
    base = filters.distill(a(s) ** 2, lam, 0.0, steps=0)
    best = projections.minimise(risk, base, filters.taylor_directions(a(s) ** 2, lam, 1))
    return [best.weights, best.risk]


def _kernel(draw: Draw):
    size = draw.integer(1, 4)
    scale = draw.log(1e-12, 1e12)
    k = draw.kernel(size, draw.log(1.0, 1e12))
    return {
        "k": [[scale * v for v in row] for row in k], "y": draw.uniform(-1.0, 1.0, size),
        "lam": scale * draw.log(1e-6, 1e6), "new": draw.uniform(-1.0, 1.0, size),
    }  # fmt: skip


def _kernel_predictions(k, y, lam, new):
    spectrum = Spectrum.from_kernel(a(k))
    targets, teacher = spectrum.project(a(y)), filters.distill(spectrum.eigenvalues, lam, 1.0)
    there = spectrum.projection(a([new]))
    return [spectrum.fitted(teacher, targets), spectrum.predict(there, teacher, targets)]


def _kernel_predictions_exact(k, y, lam, new):
    k, n = mpmath.matrix(k), len(y)
    inverse = mpmath.inverse(k + lam * mpmath.eye(n))
    dual = inverse * (k * (inverse * mpmath.matrix(y)))
    return [list(k * dual), mp.dot(new, list(dual))]


def _eigen_exact(k, y, lam, new):
    return sorted(mpmath.eigsy(mpmath.matrix(k), eigvals_only=True), reverse=True)


def _design_eigen(x, y, lam):
    return Spectrum.from_design(a(x)).eigenvalues


def _design_eigen_exact(x, y, lam):
    x = mpmath.matrix(x)
    with mpmath.extradps(60):
        return sorted(mpmath.eigsy(x.T * x, eigvals_only=True), reverse=True)


def _parameters(x, y, lam, xi):
    spectrum, targets, student = _fit(x, y, lam, xi)
    return spectrum.parameters(student, targets)


def _parameters_exact(x, y, lam, xi):
    x, y = mpmath.matrix(x), mpmath.matrix(y)
    inverse = mpmath.inverse(x.T * x + lam * mpmath.eye(x.cols))
    teacher = inverse * (x.T * y)
    return list(inverse * (x.T * (xi * (x * teacher) + (1 - xi) * y)))


def _gram(x, y, lam, xi):
    x, y = a(x), a(y)
    spectrum = Spectrum.from_gram(x.T @ x, x.T @ y, y @ y, len(y))
    student = filters.distill(spectrum.eigenvalues, lam, xi)
    return spectrum.parameters(student, spectrum.targets)


def _gram_data(draw: Draw):
    return {**_data(draw, top=30.0), "xi": draw.signed(1e-3, 3.0)}


def _directions_exact(d, lam, n):
    rows = [[(lam / (v + lam)) ** k for v in d] for k in range(1, n + 1)]
    a_ = [v / (v + lam) for v in d]
    return [
        [[u * v for u, v in zip(a_, row, strict=True)] for row in rows],
        [[-u * v for u, v in zip(a_, row, strict=True)] for row in rows],
        [[w / (v + lam) for v, w in zip(d, row, strict=True)] for row in rows],
    ]


def _powers_exact(d, lam, n):
    kept = [[(v / (v + lam)) ** k for v in d] for k in range(1, n + 2)]
    lost = [[1 - v for v in row] for row in kept]
    return [kept, lost, [[v / u for u, v in zip(d, row, strict=True)] for row in kept]]


def _few(draw: Draw):
    return {**_modes(draw), "n": draw.integer(1, 6)}


def _penalty_exact(d, lam, xi, n):
    values = [mp.filter_of(v, lam, xi, n) for v in d]
    return [lost / c if c else mpmath.inf for _, lost, c in values]


CASES = [
    Case("filters.ridge", _modes, lambda d, lam: filters.ridge(a(d), lam),
         lambda d, lam: [x / (x + lam) for x in d]),
    Case("filters.distill", _rounds, lambda d, lam, xi, n: parts(filters.distill(a(d), lam, xi, n)),
         lambda d, lam, xi, n: mp.filters_of(d, lam, xi, n)),
    Case("filters.distilled", _wild_rounds, lambda d, lam, xi, n: filters.distilled(a(d), lam, xi, n),
         lambda d, lam, xi, n: mp.filters_of(d, lam, xi, n)[0]),
    Case("filters.distill (schedules)", _schedule,
         lambda d, lam, xi, n: parts(filters.distill(a(d), a(lam), a(xi), n)),
         lambda d, lam, xi, n: mp.filters_of(d, lam, xi, n)),
    Case("filters.limit", _limit, lambda d, lam, xi: filters.limit(a(d), lam, xi),
         lambda d, lam, xi: _limit_exact(d, lam, xi)[0]),
    Case("filters.fixed_point", _limit, lambda d, lam, xi: parts(filters.fixed_point(a(d), lam, xi)),
         _limit_exact),
    Case("filters.convergence_interval", _modes,
         lambda d, lam: filters.convergence_interval(a(d), lam),
         lambda d, lam: [-1 - lam / max(d), 1 + lam / max(d)]),
    Case("filters.effective_penalty", lambda draw: {**_modes(draw), "xi": draw.uniform(-1.0, 0.99),
         "n": draw.integer(0, 20)},
         lambda d, lam, xi, n: filters.effective_penalty(filters.distill(a(d), lam, xi, n)),
         _penalty_exact),
    Case("filters.taylor", lambda draw: {**_modes(draw), **_weights(draw, 4)},
         lambda d, lam, w: parts(filters.taylor(a(d), lam, a(w))),
         lambda d, lam, w: mp.taylor_filters(d, lam, w)),
    Case("filters.taylor_directions", _few,
         lambda d, lam, n: parts(filters.taylor_directions(a(d), lam, n)), _directions_exact),
    Case("filters.powers", _few, lambda d, lam, n: parts(filters.powers(a(d), lam, n)), _powers_exact),
    Case("weights.powers_from_xi", _weights, lambda w: weights.powers_from_xi(a(w)),
         mp.powers_from_xi),
    Case("weights.taylor_from_xi", _weights, lambda w: weights.taylor_from_xi(a(w)),
         lambda w: mp.taylor_from_powers(mp.powers_from_xi(w))[1:], together=True),
    Case("weights.taylor_from_powers", _weights, lambda w: weights.taylor_from_powers(a(w)),
         lambda w: mp.taylor_from_powers(w)[1:]),
    Case("weights.powers_from_taylor", _weights, lambda w: weights.powers_from_taylor(a(w)),
         lambda w: mp.taylor_from_powers([mpmath.mpf(1), *w])),
    Case("weights.xi_from_taylor", lambda draw: _weights(draw, 4),
         lambda w: weights.xi_from_taylor(a(w)),
         lambda w: mp.xi_from_powers(mp.taylor_from_powers([mpmath.mpf(1), *w]))),
    Case("weights.xi_from_powers", lambda draw: {"w": draw.uniform(-3.0, 3.0, draw.integer(1, 5))},
         lambda w: weights.xi_from_powers(weights.powers_from_xi(a(w))), lambda w: w),
    Case("criteria.expected_error", _error,
         lambda s, theta, noise, omega, lam, xi: criteria.expected_error(
             a(s), a(theta), noise, a(omega))(_student(s, lam, xi)), _error_exact),
    Case("criteria.expected_error_general", _general,
         lambda s, theta, noise, lam, xi, g: criteria.expected_error_general(
             a(s), a(theta), noise, a(g))(_student(s, lam, xi)), _general_exact, whole=("g",)),
    Case("criteria.expected_fit", _expected_fit,
         lambda d, mean, noise, n, outside, lam, xi: criteria.expected_fit(
             a(d), a(mean), noise, n, outside)(filters.distill(a(d), lam, xi)), _expected_fit_exact),
    Case("criteria.prediction_error", _evaluation, _prediction_error, _prediction_error_exact),
    Case("criteria.prediction_risk", _evaluation, _prediction_risk, _prediction_risk_exact),
    Case("criteria.sure", lambda draw: {**_data_xi(draw), "noise": draw.log(1e-12, 1e12, zero=0.1)},
         _sure, _sure_exact, whole=("x", "y"), cost=4),
    Case("criteria.gcv", _data_xi, _gcv, _gcv_exact, whole=("x", "y"), cost=4),
    Case("criteria.leave_one_out", lambda draw: {**_data(draw), "w": draw.uniform(-3.0, 3.0, 2)},
         _loo, mp.left_out, whole=("x", "y"), cost=10),
    Case("projections.minimise", _problem, _minimise,
         lambda *args: [-_optimal_xi_exact(*args)[0], _optimal_xi_exact(*args)[1]],
         target=1e-7, why="the best filter is the sum of base and directions, whatever they are: digits are lost "
         "where it loses far less than they do; `optimal_xi` does not"),
    Case("projections.optimal_xi", _problem, _optimal_xi, _optimal_xi_exact),
    Case("projections.optimal_weights", _several, _optimal_weights, _optimal_weights_exact,
         target=1e-8, why="powers of x = lam / (d + lam) cannot tell apart modes that all lose 1 - 1e-10: "
         "multiplying by x rounds off what distinguishes them"),
    Case("projections.constrained_weights", _several, _constrained, _constrained_exact, cost=3),
    Case("Spectrum.from_kernel", _kernel, lambda k, y, lam, new: Spectrum.from_kernel(a(k)).eigenvalues,
         _eigen_exact, whole=("k",), cost=3),
    Case("Spectrum.predict", _kernel, _kernel_predictions, _kernel_predictions_exact, whole=("k", "y", "new"),
         together=True, cost=2),
    Case("Spectrum.from_design", _data, _design_eigen, _design_eigen_exact, whole=("x",), cost=6),
    Case("Spectrum.parameters", _data_xi, _parameters, _parameters_exact, whole=("x", "y"),
         together=True, cost=4),
    Case("Spectrum.from_gram", _gram_data, _gram, _parameters_exact, whole=("x", "y"), together=True,
         cost=4),
]  # fmt: skip
