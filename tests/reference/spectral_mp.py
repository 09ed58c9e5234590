"""Filters, weights, criteria and optimal weights from their definitions, in mpmath.

Nothing is rewritten for accuracy and nothing is shared with the package: rounds are run one by
one, matrices are solved, minima come from normal equations.
"""

from itertools import combinations

import mpmath

ONE, ZERO = mpmath.mpf(1), mpmath.mpf(0)


def filter_of(d, lam, xi, steps):
    """Return (kept, lost, coefficient) of one mode; `lam` and `xi` numbers or schedules."""
    lams = lam if isinstance(lam, list) else [lam] * (steps + 1)
    xis = xi if isinstance(xi, list) else [xi] * steps
    if d == 0 and any(v == 0 for v in lams):
        d = mpmath.mpf("1e-900")  # the convention: nothing is kept
        coefficient = filter_of(d, [v or ONE for v in lams], xis, steps)[2]
        return ZERO, ONE, ZERO if lams[-1] == 0 else coefficient
    # Factors on the targets: what the student's targets are, as a multiple of the labels.
    target = ONE
    for lam_k, xi_k in zip(lams, [ZERO, *xis], strict=True):
        target = (1 - xi_k) + xi_k * target
        coefficient = target / (d + lam_k)
        target = d * coefficient
    return target, 1 - target, coefficient


def filters_of(ds, lam, xi, steps):
    """Return three lists."""
    return [list(part) for part in zip(*(filter_of(d, lam, xi, steps) for d in ds), strict=True)]


def taylor_filters(ds, lam, weights):
    """Return kept, lost and coefficient of a (1 + w_1 x + w_2 x**2 + ...)."""
    kept, lost, coefficient = [], [], []
    for d in ds:
        x = lam / (d + lam)
        value = d / (d + lam) * (1 + sum(w * x ** (k + 1) for k, w in enumerate(weights)))
        kept.append(value)
        lost.append(1 - value)
        coefficient.append((1 + sum(w * x ** (k + 1) for k, w in enumerate(weights))) / (d + lam))
    return [kept, lost, coefficient]


def powers_from_xi(xi):
    """Expand the rounds as a polynomial in a."""
    poly = [ONE]
    for x in xi:
        poly = [1 - x] + [x * c for c in poly]
    return poly


def taylor_from_powers(c):
    """Expand sum c_i a**i in x = 1 - a."""
    w = [ZERO] * len(c)
    for i, ci in enumerate(c):
        for k in range(i + 1):
            w[k] += ci * mpmath.binomial(i, k) * (-1) ** k
    return w


def xi_from_powers(c):
    """Undo the rounds, the last first."""
    xi = []
    rest = list(c)
    while len(rest) > 1:
        last = 1 - rest[0] / sum(rest)
        xi.append(last)
        rest = rest[1:]
    return xi[::-1]


def dot(a, b):
    """Return a . b."""
    return sum((x * y for x, y in zip(a, b, strict=True)), ZERO)


def smoother(design, lam):
    """Return the hat matrix X (X'X + lam)^-1 X'."""
    x = mpmath.matrix(design)
    return x * mpmath.inverse(x.T * x + lam * mpmath.eye(x.cols)) * x.T


def student(hat, y, xi, steps):
    """Return the smoother of the student: H ((1 - xi) + xi H) ..."""
    total = hat
    for _ in range(steps):
        total = hat * ((1 - xi) * mpmath.eye(hat.rows) + xi * total)
    return total * mpmath.matrix(y), total


def rows_minimum(residual, design):
    """Minimise |residual + sum_k w_k design_k|**2 by normal equations; the value and w."""
    gram = mpmath.matrix([[dot(a, b) for b in design] for a in design])
    pull = mpmath.matrix([dot(a, residual) for a in design])
    with mpmath.extradps(100):
        w = list(mpmath.lu_solve(gram, -pull))
    rows = [r + sum(w[k] * design[k][i] for k in range(len(w))) for i, r in enumerate(residual)]
    return dot(rows, rows), w


def error_rows(singular, theta, noise, omega, coefficient):
    """Return the rows of the expected error of a filter given by its coefficient."""
    bias = [
        mpmath.sqrt(o) * t * (1 - s * s * c)
        for s, t, o, c in zip(singular, theta, omega, coefficient, strict=True)
    ]
    spread = [
        mpmath.sqrt(o * v) * s * c
        for s, v, o, c in zip(singular, noise, omega, coefficient, strict=True)
    ]
    return bias + spread  # fmt: skip


def simplex_minimum(columns):
    """Minimise |sum_i c_i columns_i|**2 over the simplex: try every set of active weights."""
    count = len(columns)
    gram = [[dot(a, b) for b in columns] for a in columns]
    best = None
    for size in range(1, count + 1):
        for chosen in combinations(range(count), size):
            system = mpmath.zeros(size + 1)
            for i, a in enumerate(chosen):
                for j, b in enumerate(chosen):
                    system[i, j] = gram[a][b]
                system[i, size] = system[size, i] = 1
            right = mpmath.zeros(size + 1, 1)
            right[size] = 1
            try:
                with mpmath.extradps(100):
                    found = mpmath.lu_solve(system, right)
            except ZeroDivisionError:
                continue
            if any(found[i] < 0 for i in range(size)):
                continue
            c = [ZERO] * count
            for i, a in enumerate(chosen):
                c[a] = found[i]
            value = sum(c[i] * c[j] * gram[i][j] for i in range(count) for j in range(count))
            if best is None or value < best[0]:
                best = (value, c)
    return best


def left_out(design, y, lam, taylor):
    """Refit teacher and student of given Taylor weights without each sample; mean squared error."""
    total = ZERO
    for i in range(len(y)):
        x = mpmath.matrix([row for j, row in enumerate(design) if j != i])
        z = mpmath.matrix([v for j, v in enumerate(y) if j != i])
        inverse = mpmath.inverse(x.T * x + lam * mpmath.eye(x.cols))
        change = beta = inverse * (x.T * z)
        # Each power of x = lam (X'X + lam)^-1 is one more solve.
        for w in taylor:
            change = lam * (inverse * change)
            beta = beta + w * change
        total += (y[i] - dot(design[i], list(beta))) ** 2
    return total / len(y)


def left_out_rows(design, y, lam, count):
    """Return the left-out errors of the teacher and their changes per unit of Taylor weight."""
    rows = [[] for _ in range(count + 1)]
    for i in range(len(y)):
        x = mpmath.matrix([row for j, row in enumerate(design) if j != i])
        z = mpmath.matrix([v for j, v in enumerate(y) if j != i])
        inverse = mpmath.inverse(x.T * x + lam * mpmath.eye(x.cols))
        beta = inverse * (x.T * z)
        rows[0].append(y[i] - dot(design[i], list(beta)))
        for k in range(count):
            beta = lam * (inverse * beta)
            rows[k + 1].append(-dot(design[i], list(beta)))
    return rows
