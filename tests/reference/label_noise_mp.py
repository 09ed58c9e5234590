"""Ridge regression under label noise from its definitions, in mpmath: refits, sums, roots."""

import mpmath

from tests.reference import spectral_mp as mp

ZERO, ONE = mpmath.mpf(0), mpmath.mpf(1)


def coefficients(singular, lam, xi, steps):
    """Return filter over eigenvalue of each mode."""
    return [mp.filter_of(s * s, lam, xi, steps)[2] for s in singular]


def risk(singular, theta, noise, omega, lam, xi, steps=1):
    """Return the expected error of a student."""
    rows = mp.error_rows(
        singular, theta, [noise] * len(singular), omega, coefficients(singular, lam, xi, steps)
    )
    return mp.dot(rows, rows)


def parabola(singular, theta, noise, omega, lam):
    """Return A, N and D of risk = A - 2 xi N + xi**2 D, by sums over the modes."""
    total, pull, size = ZERO, ZERO, ZERO
    for s, t, o in zip(singular, theta, omega, strict=True):
        a, x = s * s / (s * s + lam), lam / (s * s + lam)
        total += o * ((x * t) ** 2 + noise * (a / s) ** 2)
        pull += o * a * x**2 * (noise / lam - t * t)
        size += o * a**2 * x**2 * (t * t + noise / s**2)
    return total, pull, size


def limits(singular, theta, noise, omega):
    """Return tau and risk of the best student for lam to 0 (f = 1 - tau/d) and to infinity.

    The first has the error tau theta / d and the noise (1 - tau / d) / s in each mode, the second
    (f = tau d) the error (1 - tau d) theta and the noise tau s.
    """
    found = []
    for power in (-1, 1):
        total, pull, size = ZERO, ZERO, ZERO
        for s, t, o in zip(singular, theta, omega, strict=True):
            moving, still = (t * t, noise / s**2) if power < 0 else (noise / s**2, t * t)
            step = (s * s) ** power
            total += o * still
            pull += o * still * step
            size += o * (moving + still) * step**2
        tau = pull / size if size else ZERO
        found += [tau, total - tau * pull]
    return found


def kappa(s, masses, ratio, lam):
    """Solve kappa = lam + ratio sum(m kappa s / (s + kappa)): Newton's method falls to the root."""
    tolerance = 1000 * mpmath.eps
    with mpmath.extradps(30):
        k = lam + ratio * mp.dot(masses, s)
        for _ in range(5000):
            gap = k - lam - ratio * sum(m * k * v / (v + k) for m, v in zip(masses, s, strict=True))
            slope = 1 - ratio * sum(m * (v / (v + k)) ** 2 for m, v in zip(masses, s, strict=True))
            k -= gap / slope
            if abs(gap / slope) <= tolerance * k:
                return k
    raise ArithmeticError("no root")


def two_penalties(s, energy, masses, ratio, noise, lam, x, y, new=None):
    """Return the inner product of the errors at penalties lam (1 + x) and lam (1 + y)."""
    k, m = kappa(s, masses, ratio, lam * (1 + x)), kappa(s, masses, ratio, lam * (1 + y))
    overlap = ratio * sum(w * (v / (v + k)) * (v / (v + m)) for w, v in zip(masses, s, strict=True))
    bias = sum(v * e * (k / (v + k)) * (m / (v + m)) for e, v in zip(energy, s, strict=True))
    return (bias + noise * overlap) / (1 - overlap)


def taylor(s, energy, masses, ratio, noise, lam, order):
    """Return the Taylor coefficients K_ij by finite differences with half of 120 digits."""
    with mpmath.workdps(160):
        h = mpmath.mpf(10) ** -30
        points = [(i - order) * h for i in range(2 * order + 1)]
        values = [
            [two_penalties(s, energy, masses, ratio, noise, lam, x, y) for y in points]
            for x in points
        ]

        def weights(k):
            n = len(points)
            system = mpmath.matrix(n, n)
            right = mpmath.zeros(n, 1)
            for i in range(n):
                for j in range(n):
                    system[i, j] = mpmath.mpf(j - order) ** i
            right[k] = 1 / h**k
            return list(mpmath.lu_solve(system, right))

        stencil = [weights(k) for k in range(order + 1)]
        return [
            [
                sum(stencil[i][a] * stencil[j][b] * values[a][b]
                    for a in range(len(points)) for b in range(len(points)))
                for j in range(order + 1)
            ]
            for i in range(order + 1)
        ]  # fmt: skip


def rounds_with_new_data(s, energy, masses, ratio, noise, lam, rounds):
    """Follow mean and second moment of the coefficients through rounds with fresh samples.

    Ratios and penalties are numbers or, for each round, lists.
    """
    mean, second, kinds = [mpmath.sqrt(e) for e in energy], list(energy), []
    ratios, lams = ([v] * (rounds + 1) if not isinstance(v, list) else v for v in (ratio, lam))
    for t, (ratio, lam) in enumerate(zip(ratios, lams, strict=True)):
        k = kappa(s, masses, ratio, lam)
        h = [v / (v + k) for v in s]
        overlap = ratio * sum(m * u * u for m, u in zip(masses, h, strict=True))
        left = sum(v * e * (1 - u) ** 2 for v, e, u in zip(s, second, h, strict=True))
        tau = (left + (noise if t == 0 else 0)) / (1 - overlap)
        mean = [u * v for u, v in zip(h, mean, strict=True)]
        second = [
            u * u * e + ratio * m * tau * v / (v + k) ** 2
            for u, e, m, v in zip(h, second, masses, s, strict=True)
        ]
        forgotten = sum(
            v * (mpmath.sqrt(e) - u) ** 2 for v, e, u in zip(s, energy, mean, strict=True)
        )
        random = sum(v * (e - u * u) for v, e, u in zip(s, second, mean, strict=True))
        kinds.append((forgotten + random, forgotten, random, tau))
    return [list(row) for row in zip(*kinds, strict=True)]


def pruned(design, theta, noise, rows, lam, student_lam):
    """Return xi and the risks of a student that sees some rows, by literal refitting."""
    x, n = mpmath.matrix(design), len(design)
    sub = mpmath.matrix([design[i] for i in rows])
    pick = mpmath.zeros(len(rows), n)
    for i, row in enumerate(rows):
        pick[i, row] = 1
    p = x.cols
    teacher = mpmath.inverse(x.T * x + lam * mpmath.eye(p)) * x.T
    fit = mpmath.inverse(sub.T * sub + student_lam * mpmath.eye(p)) * sub.T
    beta = mpmath.matrix(theta)

    def rows_of(smoother, target):
        bias = smoother * (x * beta) - target
        return [*bias, *(mpmath.sqrt(noise) * v for v in smoother)]

    labels = rows_of(fit * pick, beta)
    pure = rows_of(fit * (sub * teacher), beta)
    step = [b - a for a, b in zip(labels, pure, strict=True)]
    size = mp.dot(step, step)
    xi = -mp.dot(labels, step) / size if size else ZERO
    best = [a + xi * d for a, d in zip(labels, step, strict=True)]
    return [xi, mp.dot(best, best), mp.dot(labels, labels), mp.dot(pure, pure)]


def averaged_rows(design, y, lam, count):
    """Return left-out errors with mean leverages: residual (1 - h)^-1 along the ridge path."""
    x, n = mpmath.matrix(design), len(y)

    def corrected(t):
        hat = x * mpmath.inverse(x.T * x + lam * (1 - t) * mpmath.eye(x.cols)) * x.T
        rest = mpmath.matrix(y) - hat * mpmath.matrix(y)
        return [v / (1 - sum(hat[i, i] for i in range(n)) / n) for v in rest]

    with mpmath.extradps(60):
        h = mpmath.mpf(10) ** -25
        middle, up, down = corrected(ZERO), corrected(h), corrected(-h)
        first = [(u - d) / (2 * h) for u, d in zip(up, down, strict=True)]
        return [middle, first][: count + 1]


def published_rows(design, y, lam):
    """Return corrected residuals of teacher and pure student, each with its own leverage."""
    x, n = mpmath.matrix(design), len(y)
    hat = x * mpmath.inverse(x.T * x + lam * mpmath.eye(x.cols)) * x.T
    out = []
    for smoother in (hat, hat * hat):
        rest = mpmath.matrix(y) - smoother * mpmath.matrix(y)
        out.append([v / (1 - sum(smoother[i, i] for i in range(n)) / n) for v in rest])
    return out
