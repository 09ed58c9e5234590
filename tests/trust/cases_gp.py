"""Extremes of Gaussian processes: special functions, regression, evidence, Laplace's method."""

import mpmath

from sdtheory import gp
from sdtheory.gp import continuous_bernoulli as cb
from tests.reference import spectral_mp as mp

from .cases_kernel_ridge import _duals, _inverse
from .cases_spectral import a
from .extremes import Case, Draw

MP = mpmath.mpf


def _f(draw: Draw):
    return {"f": draw.signed(1e-300, 1e6, zero=0.05)}


def _log_partition(f):
    with mpmath.extradps(40 + int(abs(mpmath.log10(abs(f)))) * 4 if f else 40):
        if f > 0:
            return f + mpmath.log(-mpmath.expm1(-f)) - mpmath.log(f)
        return mpmath.log(-mpmath.expm1(f)) - mpmath.log(-f) if f else MP(0)


def _derivative(order):
    """A = sum_k B_k f**k / (k k!) near zero, elsewhere the elementary forms with digits to spare."""

    def value(f):
        if abs(f) < MP(10) ** -6:
            total = MP(1) / 2 if order == 1 else MP(0)
            for k in range(2, 14, 2):
                if k >= order:
                    term = mpmath.bernoulli(k) / (k * mpmath.factorial(k))
                    total += (
                        term * mpmath.factorial(k) / mpmath.factorial(k - order) * f ** (k - order)
                    )
            return total
        with mpmath.extradps(60):
            e = mpmath.expm1(f) if f < 1e4 else mpmath.inf
            x = 1 + 1 / e  # 1 / (1 - exp(-f))
            if order == 1:
                return x - 1 / f
            b = x * (x - 1) if f < 1e4 else MP(0)
            if order == 2:
                return 1 / f**2 - b
            return -2 / f**3 + b * (2 * x - 1)

    return value


def _sigmoid(f):
    return 1 / (1 + mpmath.exp(-f))


def _gauss(function, mean, variance):
    deviation = mpmath.sqrt(variance)
    with mpmath.workdps(30):
        if deviation == 0:
            return function(mean)
        cuts = sorted(
            {
                MP(-14),
                MP(14),
                *(c for c in ((-mean + s) / deviation for s in (-20, 0, 20)) if -14 < c < 14),
            }
        )
        return mpmath.quad(lambda z: function(mean + deviation * z) * mpmath.npdf(z), cuts)


def _mean_of(f):
    return MP(1) / 2 if f == 0 else _derivative(1)(f)


def _regression(draw: Draw, top=1e6):
    n = draw.integer(2, 4)
    k = draw.kernel(n + 1, draw.log(1.0, top))
    scale = draw.log(1e-6, 1e6)
    return {
        "joint": [[scale * v for v in row] for row in k], "y": draw.uniform(-1.0, 1.0, n),
        "noise": scale * draw.log(1e-4, 1e4), "xi": draw.uniform(0.0, 1.0), "n": draw.integer(0, 4),
    }  # fmt: skip


def _split(joint):
    size = len(joint) - 1
    return [row[:size] for row in joint[:size]], [joint[size][:size]], joint[size][size]


def _process(joint, y, noise, xi, n):
    k, new, prior = _split(joint)
    return gp.data_centric(a(k), a(y), noise, xi=xi, steps=n), a(new), prior


def _mean_exact(joint, y, noise, xi, n):
    k, new, _ = _split(joint)
    return mp.dot(new[0], list(_duals(k, y, noise, xi, n)[1][-1]))


def _variance_exact(joint, y, noise, xi, n):
    k, new, prior = _split(joint)
    row = mpmath.matrix([new[0]])
    return prior - (row * _inverse(mpmath.matrix(k), noise) * row.T)[0]


def _error_exact(joint, y, noise, xi, n):
    """Var(f - w'(f_train + e)) with the weights w of the labels in the mean."""
    k, new, prior = _split(joint)
    size = len(y)
    columns = [
        _duals(k, [MP(1 if i == j else 0) for j in range(size)], noise, xi, n)[1][-1]
        for i in range(size)
    ]
    w = mpmath.matrix([mp.dot(new[0], list(c)) for c in columns])
    kernel, row = mpmath.matrix(k), mpmath.matrix([new[0]])
    return prior - 2 * (row * w)[0] + (w.T * kernel * w)[0] + noise * (w.T * w)[0]


def _evidence(joint, y, noise, xi, n):
    k, _, _ = _split(joint)
    found = gp.data_centric_evidence(a(k), a(y), noise, xi=xi, steps=n)
    return [found.value, found.by_log_noise, found.by_log_scale]


def _evidence_exact(joint, y, noise, xi, n):
    k = mpmath.matrix(_split(joint)[0])
    size, y = k.rows, mpmath.matrix(y)
    total = k + noise * mpmath.eye(size)
    inverse, target, rows = mpmath.inverse(total), y, []
    for _ in range(n + 1):
        dual = inverse * target
        value = (
            -(
                (target.T * dual)[0]
                + mpmath.log(mpmath.det(total))
                + size * mpmath.log(2 * mpmath.pi)
            )
            / 2
        )
        trace = sum(inverse[i, i] for i in range(size))
        by_noise = noise * ((dual.T * dual)[0] - trace) / 2
        product = inverse * k
        by_scale = ((dual.T * k * dual)[0] - sum(product[i, i] for i in range(size))) / 2
        rows.append((value, by_noise, by_scale))
        target = xi * (k * dual) + (1 - xi) * y
    return [list(row) for row in zip(*rows, strict=True)]


def _repeated(joint, y, noise, xi, n):
    k, new, prior = _split(joint)
    process = gp.distribution_centric(a(k), a(y), noise, steps=n)
    return [process.mean(a(new)), process.variance(a(new), a([prior]))]


def _repeated_exact(joint, y, noise, xi, n):
    """Condition the joint prior on the labels again and again."""
    size = len(y)
    joint, mean = mpmath.matrix(joint), mpmath.zeros(size + 1, 1)
    with mpmath.extradps(40):
        for _ in range(n + 1):
            gain = joint[:, :size] * mpmath.inverse(joint[:size, :size] + noise * mpmath.eye(size))
            mean = mean + gain * (mpmath.matrix(y) - mean[:size])
            joint = joint - gain * joint[:size, :]
        return [mean[size], joint[size, size]]


def _copies(joint, y, noise, xi, n):
    return gp.duplicated_evidence(a(_split(joint)[0]), a(y), noise, steps=n)


def _copies_exact(joint, y, noise, xi, n):
    k = mpmath.matrix(_split(joint)[0])
    fits, size = n + 1, k.rows
    big = mpmath.matrix(fits * size, fits * size)
    for i in range(fits * size):
        for j in range(fits * size):
            big[i, j] = k[i % size, j % size] + (noise if i == j else 0)
    target = mpmath.matrix(list(y) * fits)
    quadratic = (target.T * mpmath.lu_solve(big, target))[0]
    return -(quadratic + mpmath.log(mpmath.det(big)) + fits * size * mpmath.log(2 * mpmath.pi)) / 2


def _laplace_draw(draw: Draw):
    n = draw.integer(1, 3)
    scale = draw.log(1e-3, 1e3)
    return {
        "k": [[scale * v for v in row] for row in draw.kernel(n, draw.log(1.0, 1e3))],
        "y": draw.uniform(0.0, 1.0, n),
    }


def _laplace(k, y):
    found = gp.laplace(a(k), a(y), gp.BERNOULLI)
    return [found.mode, found.evidence]


def _laplace_exact(k, y):
    k, n = mpmath.matrix(k), len(y)
    f = mpmath.zeros(n, 1)
    for _ in range(60):
        p = [_sigmoid(v) for v in f]
        w = mpmath.diag([v * (1 - v) for v in p])
        gradient = f - k * mpmath.matrix([t - v for t, v in zip(y, p, strict=True)])
        step = mpmath.lu_solve(mpmath.eye(n) + k * w, gradient)
        f = f - step
        if mpmath.norm(step) < mpmath.mpf(10) ** -45 * (1 + mpmath.norm(f)):
            break
    p = [_sigmoid(v) for v in f]
    w = mpmath.diag([v * (1 - v) for v in p])
    dual = [t - v for t, v in zip(y, p, strict=True)]
    fit = sum(t * v - mpmath.log(1 + mpmath.exp(v)) for t, v in zip(y, f, strict=True))
    return [
        list(f),
        fit - mp.dot(dual, list(f)) / 2 - mpmath.log(mpmath.det(mpmath.eye(n) + k * w)) / 2,
    ]


WHOLE = ("joint", "y")
CASES = [
    Case("continuous_bernoulli.log_partition", _f, lambda f: cb.log_partition(a([f])), _log_partition),
    Case("continuous_bernoulli.mean", _f, lambda f: cb.mean(a([f])), _derivative(1)),
    Case("continuous_bernoulli.curvature", _f, lambda f: cb.curvature(a([f])), _derivative(2)),
    Case("continuous_bernoulli.third", _f, lambda f: cb.third(a([f])), _derivative(3)),
    Case("Likelihood.log_density", lambda draw: {"y": draw.uniform(0.0, 1.0), "f": draw.signed(1e-12, 1e3)},
         lambda y, f: gp.BERNOULLI.log_density(a([y]), a([f])), lambda y, f: y * f - mpmath.log(1 + mpmath.exp(f))),
    Case("Likelihood.residual", lambda draw: {"y": draw.uniform(0.0, 1.0), "f": draw.signed(1e-12, 1e3)},
         lambda y, f: gp.BERNOULLI.residual(a([y]), a([f])), lambda y, f: y - _sigmoid(f)),
    Case("average_sigmoid", lambda draw: {"mean": draw.uniform(-30.0, 30.0), "variance": draw.log(1e-6, 1e6, zero=0.1)},
         lambda mean, variance: gp.average_sigmoid(a([mean]), a([variance])),
         lambda mean, variance: _gauss(_sigmoid, mean, variance), cost=10),
    Case("average_mean", lambda draw: {"mean": draw.uniform(-30.0, 30.0), "variance": draw.log(1e-6, 1e4, zero=0.1)},
         lambda mean, variance: gp.average_mean(a([mean]), a([variance])),
         lambda mean, variance: _gauss(_mean_of, mean, variance), cost=20),
    Case("effective_noise", lambda draw: {"noise": draw.log(1e-12, 1e12, draw.integer(1, 5))},
         lambda noise: gp.effective_noise(a(noise)), lambda noise: 1 / sum(1 / v for v in noise)),
    Case("GaussianProcess.mean", _regression, lambda *args: _process(*args)[0].mean(_process(*args)[1]), _mean_exact, whole=WHOLE, cost=6),
    Case("GaussianProcess.variance", _regression, lambda *args: (lambda p, new, prior: p.variance(new, a([prior])))(*_process(*args)),
         _variance_exact, whole=WHOLE, cost=6),
    Case("GaussianProcess.covariance", _regression, lambda *args: (lambda p, new, prior: p.covariance(new, a([[prior]])))(*_process(*args)),
         _variance_exact, whole=WHOLE, cost=6),
    Case("GaussianProcess.error_variance", _regression, lambda *args: (lambda p, new, prior: p.error_variance(new, a([prior]), args[2]))(*_process(*args)),
         _error_exact, whole=WHOLE, cost=6),
    Case("GaussianProcess.error_covariance", _regression, lambda *args: (lambda p, new, prior: p.error_covariance(new, a([[prior]]), args[2]))(*_process(*args)),
         _error_exact, whole=WHOLE, cost=6),
    Case("data_centric", _regression, lambda *args: _process(*args)[0].mean(_process(*args)[1]), _mean_exact, whole=WHOLE, cost=20),
    Case("data_centric_evidence", _regression, _evidence, _evidence_exact, whole=WHOLE, cost=6),
    Case("distribution_centric", _regression, _repeated, _repeated_exact, whole=WHOLE, cost=6),
    Case("duplicated_evidence", lambda draw: {**_regression(draw), "n": draw.integer(0, 2)}, _copies, _copies_exact, whole=WHOLE, cost=10),
    Case("laplace", _laplace_draw, _laplace, _laplace_exact, whole=("k",), cost=6),
]  # fmt: skip
