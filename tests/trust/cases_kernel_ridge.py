"""Extremes of kernel ridge regression."""

import mpmath
import numpy as np

from sdtheory import kernel_ridge as kr
from tests.reference import spectral_mp as mp

from .cases_spectral import a
from .extremes import Case, Draw, Least

MP = mpmath.mpf


def _data(draw: Draw, top=1e10, zero=0.0):
    n = draw.integer(2, 4)
    scale = draw.log(1e-12, 1e12)
    k = draw.kernel(n, draw.log(1.0, top))
    return {
        "k": [[scale * v for v in row] for row in k], "y": draw.uniform(-1.0, 1.0, n),
        "lam": scale * draw.log(1e-6, 1e6), "xi": draw.signed(1e-3, 3.0, zero=0.1),
        "n": draw.integer(0, 5), "new": draw.uniform(-1.0, 1.0, n),
    }  # fmt: skip


def _inverse(k, lam):
    return mpmath.inverse(k + lam * mpmath.eye(k.rows))


def _duals(k, y, lam, xi, n):
    """Refit every round; the dual weights of each."""
    k, y = mpmath.matrix(k), mpmath.matrix(y)
    inverse, target, duals = _inverse(k, lam), y, []
    for _ in range(n + 1):
        duals.append(inverse * target)
        target = xi * (k * duals[-1]) + (1 - xi) * y
    return k, duals


def _at(k, y, lam, xi, n, new):
    return mp.dot(new, list(_duals(k, y, lam, xi, n)[1][-1]))


def _fitted(k, y, lam, xi, n, new):
    k, duals = _duals(k, y, lam, xi, n)
    return list(k * duals[-1])


def _limit_draw(draw: Draw):
    return {**_data(draw), "xi": draw.uniform(-0.99, 0.99)}


def _limit(k, y, lam, xi, n, new):
    return mp.dot(new, list(_inverse(mpmath.matrix(k), lam / (1 - xi)) * mpmath.matrix(y)))


def _path(k, y, lam, xi, n, new):
    return [mp.dot(new, list(d)) for d in _duals(k, y, lam, xi, n)[1]]


def _left_out(k, y, lam, xi, n):
    paths = []
    for i in range(len(y)):
        keep = [j for j in range(len(y)) if j != i]
        sub = [[k[r][c] for c in keep] for r in keep]
        _, duals = _duals(sub, [y[j] for j in keep], lam, xi, n)
        paths.append([mp.dot([k[i][j] for j in keep], list(d)) for d in duals])
    return [list(row) for row in zip(*paths, strict=True)]


def _tuned(k, y, lam):
    teacher, pure = (_left_out(k, y, lam, MP(1), 1)[i] for i in (0, 1))
    missing = [u - v for u, v in zip(y, teacher, strict=True)]
    change = [u - v for u, v in zip(pure, teacher, strict=True)]
    xi = mp.dot(missing, change) / mp.dot(change, change)
    rest = [u - xi * v for u, v in zip(missing, change, strict=True)]
    n, whole = len(y), mp.dot(missing, missing)
    return [xi, Least(mp.dot(rest, rest) / n, whole / n), whole / n]


def _optimal(k, y, lam):
    found = kr.optimal_xi(kr.fit(a(k), a(y)), lam)
    return [found.xi, found.risk, found.teacher_risk]


def _calm(draw: Draw):
    drawn = _data(draw, top=1e3)
    return {key: drawn[key] for key in ("k", "y", "lam")}


def _loo(draw: Draw):
    drawn = _data(draw, top=1e3)
    return {key: drawn[key] for key in ("k", "y", "lam", "xi", "n")}


def _outputs(teacher, pure, y):
    found = kr.optimal_xi(teacher_outputs=a(teacher), student_outputs=a(pure), targets=a(y))
    return [found.xi, found.teacher_risk]


def _outputs_exact(teacher, pure, y):
    missing = [u - v for u, v in zip(y, teacher, strict=True)]
    change = [u - v for u, v in zip(pure, teacher, strict=True)]
    return [mp.dot(missing, change) / mp.dot(change, change), mp.dot(missing, missing) / len(y)]


def _rates(draw: Draw):
    return {
        "d": draw.log(1e-12, 1e12, 3),
        "lam": draw.log(1e-12, 1e12),
        "xi": draw.signed(1e-6, 3.0),
    }


def _pair(draw: Draw):
    small = draw.log(1e-12, 1e9)
    return {
        "larger": small * draw.log(1.001, 1e3),
        "smaller": small,
        "lam": draw.log(1e-12, 1e12),
        "xi": draw.uniform(0.0, 0.999),
        "n": draw.integer(0, 50),
    }


def _ratio_exact(larger, smaller, lam, xi, n):
    return mp.filter_of(larger, lam, xi, n)[0] / mp.filter_of(smaller, lam, xi, n)[0]


def _sum(xi, n):
    return sum(xi**k for k in range(n + 1))


def _nystrom(draw: Draw):
    n = draw.integer(1, 3)
    return {
        "columns": [draw.uniform(-1.0, 1.0, n) for _ in range(2)],
        "landmarks": draw.kernel(n, draw.log(1.0, 1e3)),
    }


def _nystrom_product(columns, landmarks):
    features = kr.nystrom_features(a(columns), a(landmarks))
    return features @ features.T


def _nystrom_exact(columns, landmarks):
    c = mpmath.matrix(columns)
    return c * mpmath.inverse(mpmath.matrix(landmarks)) * c.T


def _all_fitted(k, y, lam, xi, n, new):
    k, duals = _duals(k, y, lam, xi, n)
    return [list(k * d) for d in duals]


def _distil(route):
    return lambda k, y, lam, xi, n, new: kr.distil(a(k), a(y), lam, xi, n, route=route).fitted


def _features(draw: Draw):
    rows, p, scale = draw.integer(2, 5), draw.integer(1, 3), draw.log(1e-6, 1e6)
    x = draw.matrix(rows, p, draw.log(1.0, 1e5))
    return {
        "x": [[scale * v for v in row] for row in x],
        "y": draw.uniform(-1.0, 1.0, rows),
        "lam": scale**2 * draw.log(1e-4, 1e4),
        "xi": draw.signed(1e-3, 3.0),
        "n": draw.integer(0, 4),
    }


def _features_exact(x, y, lam, xi, n):
    fitted, _ = mp.student(mp.smoother(x, lam), y, xi, n)
    return list(fitted)


def _constrained(k, y, lam, share):
    fit = kr.fit(a(k), a(y))
    return kr.constrained_penalties(fit, share * float(np.mean(a(y) ** 2)), most=1).lam[:1]


def _constrained_exact(k, y, lam, share):
    """The penalty at which |y - f|**2 equals the tolerance, by bisection and the secant method."""
    kernel, labels = mpmath.matrix(k), mpmath.matrix(y)
    goal = share * mp.dot(y, y)

    def excess(t):
        rest = mpmath.exp(t) * (_inverse(kernel, mpmath.exp(t)) * labels)
        return mp.dot(list(rest), list(rest)) - goal

    low, high = MP(-80), MP(80)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    return mpmath.exp(mpmath.findroot(excess, (low, high), solver="anderson", verify=False,
                                      tol=MP(10) ** -90, maxsteps=60))  # fmt: skip


def _with(method):
    return lambda k, y, lam, xi, n, new: getattr(kr.fit(a(k), a(y)), method)(a([new]), lam, xi, n)


KERNEL = ("k", "y", "new")
CASES = [
    Case("KernelRidge.predict", _data, _with("predict"), _at, whole=KERNEL, together=True, cost=3),
    Case("KernelRidge.fitted", _data, lambda k, y, lam, xi, n, new: kr.fit(a(k), a(y)).fitted(lam, xi, n), _fitted,
         whole=KERNEL, together=True, cost=3),
    Case("KernelRidge.dual", _data, lambda k, y, lam, xi, n, new: kr.fit(a(k), a(y)).dual(lam, xi, n),
         lambda k, y, lam, xi, n, new: list(_duals(k, y, lam, xi, n)[1][-1]), whole=KERNEL, together=True, cost=3),
    Case("KernelRidge.limit", _limit_draw, lambda k, y, lam, xi, n, new: kr.fit(a(k), a(y)).limit(a([new]), lam, xi),
         _limit, whole=KERNEL, cost=3),
    Case("KernelRidge.path", _data, _with("path"), _path, whole=KERNEL, together=True, cost=3),
    Case("KernelRidge.sweep", lambda draw: {**_data(draw), "xi": draw.uniform(0.0, 1.0)},
         lambda k, y, lam, xi, n, new: kr.fit(a(k), a(y)).sweep(a([new]), [lam], [xi], n), _path, whole=KERNEL, together=True, cost=3),
    Case("KernelRidge.filter", lambda draw: {"d": draw.log(1e-6, 1e6), "lam": draw.log(1e-6, 1e6), "xi": draw.signed(1e-3, 3.0), "n": draw.integer(0, 20)},
         lambda d, lam, xi, n: kr.fit(a([[d]]), a([1.0])).filter(lam, xi, n).kept, lambda d, lam, xi, n: mp.filter_of(d, lam, xi, n)[0]),
    Case("fit_features", _features, lambda x, y, lam, xi, n: kr.fit_features(a(x), a(y)).fitted(lam, xi, n), _features_exact,
         whole=("x", "y"), together=True, cost=6),
    Case("fit", _data, _with("predict"), _at, whole=KERNEL, together=True, cost=10),
    Case("leave_one_out_path", _loo, lambda k, y, lam, xi, n: kr.leave_one_out_path(kr.fit(a(k), a(y)), lam, xi, n), _left_out,
         whole=("k", "y"), together=True, cost=10),
    Case("leave_one_out_predictions", _loo, lambda k, y, lam, xi, n: kr.leave_one_out_predictions(kr.fit(a(k), a(y)), lam, xi, n),
         lambda *arguments: _left_out(*arguments)[-1], whole=("k", "y"), together=True, cost=10),
    Case("optimal_xi (loo)", _calm, _optimal, _tuned, whole=("k", "y"), cost=10, target=1e-10,
         why="one round changes the left-out predictions by a difference of two, which is small where the penalty is"),
    Case("optimal_xi (outputs)", lambda draw: {"teacher": draw.signed(1e-3, 1e3, 4), "pure": draw.signed(1e-3, 1e3, 4), "y": draw.signed(1e-3, 1e3, 4)},
         _outputs, _outputs_exact),
    Case("contraction_rate", _rates, kr.contraction_rate, lambda d, lam, xi: abs(xi) * max(d) / (max(d) + lam)),
    Case("penalty_bound", lambda draw: {"lam": draw.log(1e-12, 1e12), "xi": draw.uniform(0.0, 1.0), "n": draw.integer(0, 100)},
         kr.penalty_bound, lambda lam, xi, n: lam * _sum(xi, n)),
    Case("approximation_bound", lambda draw: {"error": draw.log(1e-12, 1e12, zero=0.1), "lam": draw.log(1e-12, 1e12), "xi": draw.uniform(0.0, 1.0), "n": draw.integer(0, 100)},
         kr.approximation_bound, lambda error, lam, xi, n: min(MP(1), _sum(xi, n) * error / (error + lam))),
    Case("sparsity_ratio", _pair, kr.sparsity_ratio, _ratio_exact),
    Case("sparsity_limit", lambda draw: {k: v for k, v in _pair(draw).items() if k != "n"}, kr.sparsity_limit,
         lambda larger, smaller, lam, xi: ((1 - xi) * smaller + lam) / ((1 - xi) * larger + lam) * larger / smaller),
    Case("optimal_limit_xi", lambda draw: {"lam": draw.log(1e-12, 1e12), "best": draw.log(1e-12, 1e12)}, kr.optimal_limit_xi,
         lambda lam, best: max(1 - lam / best, MP(0))),
    Case("collapse_bounds", lambda draw: {"y": draw.signed(1e-3, 1e3, 3), "tolerance": draw.log(1e-12, 1e12)},
         lambda y, tolerance: kr.collapse_bounds(a(y), tolerance),
         lambda y, tolerance: [max(mpmath.sqrt(mp.dot(y, y) / 3 / tolerance) - 1, MP(0)), mp.dot(y, y) / 3 / tolerance]),
    Case("constrained_penalties", lambda draw: {**_calm(draw), "share": draw.uniform(0.05, 0.9)}, _constrained, _constrained_exact,
         whole=("k", "y"), cost=20),
    Case("nystrom_features", _nystrom, _nystrom_product, _nystrom_exact, whole=("columns", "landmarks"), together=True, cost=2),
    Case("distil (cholesky)", lambda draw: {**_data(draw, top=1e6)}, _distil("cholesky"), _all_fitted, whole=KERNEL, together=True, cost=3),
    Case("distil (eigh)", lambda draw: {**_data(draw, top=1e6)}, _distil("eigh"), _all_fitted, whole=KERNEL, together=True, cost=3),
]  # fmt: skip
