"""Logistic regression on random labels in mpmath: nested scalar roots, straight from the sums."""

import mpmath

ZERO, HALF, ONE = mpmath.mpf(0), mpmath.mpf(1) / 2, mpmath.mpf(1)


def sigmoid(f):
    """Return 1 / (1 + exp(-f))."""
    return 1 / (1 + mpmath.exp(-f)) if f >= 0 else mpmath.exp(f) / (1 + mpmath.exp(f))


def centred(f):
    """Return sigmoid(f) - 1/2 without cancellation at 0."""
    return mpmath.tanh(f / 2) / 2


def increasing(function, low, high):
    """Return the root of an increasing function with its slope, by bisection and Newton steps."""
    x = (low + high) / 2
    for _ in range(3000):
        value, slope = function(x)
        if value == 0:
            return x
        low, high = (low, x) if value > 0 else (x, high)
        new = x - value / slope if slope else low
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - x) <= 100 * mpmath.eps * abs(x):
            return new
        x = new
    raise ArithmeticError("no root")


def prox(w, gain):
    """Return f with f + gain (sigmoid(f) - 1/2) = w."""
    if w < 0:
        return -prox(-w, gain)
    if w == 0 or gain == 0:
        return w

    def value(f):
        th = mpmath.tanh(f / 2)
        return f + gain * th / 2 - w, 1 + gain * (1 - th * th) / 4

    return increasing(value, w / (2 + gain), w * (1 + mpmath.mpf(10) ** -20))


def margins(good, bad, p, own, shared):
    """Return (u, f_g, f_b) for centred targets."""
    if shared == 0:
        u = ZERO
    else:

        def value(u):
            out, slope = u / shared, 1 / shared
            for weight, target in ((1 - p, good), (p, bad)):
                d = centred(prox(own * target + u, own))
                s = ONE / 4 - d * d
                out -= weight * (target - d)
                slope += weight * s / (1 + own * s)
            return out, slope

        mean = (1 - p) * good + p * bad
        low, high = shared * (mean - 1), shared * (mean + 1)
        u = increasing(value, min(low, -abs(low)), max(high, abs(high)))
    return u, prox(own * good + u, own), prox(own * bad + u, own)


def chain(p, own, shared, steps, xi=ONE, temperature=ONE):
    """Return the margins after several rounds, and the last centred targets."""
    good, bad = HALF, -HALF
    found = margins(good, bad, p, own, shared)
    for _ in range(steps):
        good = xi * centred(found[1] / temperature) + (1 - xi) * HALF
        bad = xi * centred(found[2] / temperature) - (1 - xi) * HALF
        found = margins(good, bad, p, own, shared)
    return found, good, bad


def gains(n, c, across, penalty):
    """Return own and shared gain."""
    return (1 - c) / (2 * n * penalty), (c - across) / (2 * penalty)


def root_in_p(margin):
    """Return the fraction in (0, 1/2) at which a decreasing margin vanishes, else 0 or 1/2."""
    low, high = mpmath.mpf(10) ** -60, HALF
    at_low, at_high = margin(low), margin(high)
    if at_low <= 0:
        return ZERO
    if at_high > 0:
        return HALF
    # Bisection in log p, then the secant method.
    for _ in range(18):
        middle = mpmath.sqrt(low * high)
        value = margin(middle)
        if value > 0:
            low, at_low = middle, value
        else:
            high, at_high = middle, value
    return mpmath.findroot(margin, (low, high), solver="anderson", tol=mpmath.mpf(10) ** -70,
                           verify=False, maxsteps=60)  # fmt: skip


def log_softmax(z):
    """Return log softmax of a list."""
    top = max(z)
    total = mpmath.log(sum(mpmath.exp(v - top) for v in z)) + top
    return [v - total for v in z]


def softmax(z):
    """Return softmax of a list."""
    return [mpmath.exp(v) for v in log_softmax(z)]
