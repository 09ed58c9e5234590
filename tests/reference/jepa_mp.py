"""Mode laws of deep linear JEPA and MAE in mpmath, from the integral of 1 / velocity.

v = w^order obeys dv/dtau = v^(1 + a) (lambda - s^2 v). With y = s^2 v / |lambda| the time is a
multiple of the integral of 1 / (y^(1 + a) (1 - y)), whose primitive is elementary for whole a and
a hypergeometric function otherwise.
"""

import mpmath


def law(depth, objective, predictor_depth=1):
    """Return (order, a)."""
    if objective == "jepa":
        return predictor_depth, mpmath.mpf(2 * depth + predictor_depth - 2) / predictor_depth
    total = depth + predictor_depth
    return total, mpmath.mpf(total - 2) / total


def primitive(y, a, sign=1):
    """Return a primitive of 1 / (y^(1 + a) (1 - sign y)), increasing where growth is."""
    if sign > 0 and a == int(a):
        return mpmath.log(abs(y / (1 - y))) - sum(1 / (n * y**n) for n in range(1, int(a) + 1))
    if sign > 0 and y < 1:
        if a == 0:
            return mpmath.log(y / (1 - y))
        return -(y**-a) / a * mpmath.hyp2f1(1, -a, 1 - a, y)
    z = 1 / y
    return (
        -(z ** (a + 1))
        / (a + 1)
        * mpmath.hyp2f1(1, a + 1, a + 2, z if sign > 0 else -z)
        * (-1 if sign > 0 else 1)
    )


def time(lam, s2, depth, start, stop, objective="jepa", predictor_depth=1):
    """Return the paper time from size `start` to size `stop`, inf if it is never reached."""
    order, a = law(depth, objective, predictor_depth)
    if start == stop:
        return mpmath.mpf(0)
    v0, v1 = (mpmath.mpf(w) ** (mpmath.mpf(order) / depth) for w in (start, stop))
    digits = mpmath.mp.dps
    with mpmath.workdps(2 * digits + 60):
        if lam == 0:
            if v1 > v0:
                return mpmath.inf
            total = (v1 ** (-1 - a) - v0 ** (-1 - a)) / (s2 * (1 + a))
            return total * depth / order
        rho = abs(lam) / s2
        sign = 1 if lam > 0 else -1
        y0, y1 = v0 / rho, v1 / rho
        growing = sign > 0 and y0 < 1
        reached = (y0 < y1 < 1) if growing else (y1 < y0 and (sign < 0 or y1 > 1))
        if not reached:
            return mpmath.inf
        change = abs(primitive(y1, a, sign) - primitive(y0, a, sign))
        return change / (abs(lam) * rho**a) * depth / order


def fixed_point(lam, s2, depth, objective="jepa", predictor_depth=1):
    """Return the encoder size at rest."""
    order, _ = law(depth, objective, predictor_depth)
    rho = max(lam / s2, mpmath.mpf(0))
    return rho ** (mpmath.mpf(depth) / order) if rho else mpmath.mpf(0)


def size(lam, s2, depth, start, t, objective="jepa"):
    """Return the size after paper time t, by Newton's method in a coordinate without ends."""
    if t == 0:
        return start
    order, a = law(depth, objective)
    v0 = start ** (mpmath.mpf(order) / depth)
    tau = t * order / depth
    digits = mpmath.mp.dps
    with mpmath.workdps(digits + 60):
        if lam == 0:
            v = (v0 ** (-1 - a) + s2 * (1 + a) * tau) ** (-1 / (1 + a))
            return v ** (mpmath.mpf(depth) / order)
        rho, sign = abs(lam) / s2, (1 if lam > 0 else -1)
        y0 = v0 / rho
        if y0 == 1 and sign > 0:
            return start
        growing = sign > 0 and y0 < 1
        # tau (lambda rho^a) = +-(F(y) - F(y0)).
        goal = tau * abs(lam) * rho**a
        begin = primitive(y0, a, sign)

        # Coordinates: logit y (growing), log 1 / (y - 1) (shrinking), -log y (decay).
        def y_of(eta):
            if growing:
                return 1 / (1 + mpmath.exp(-eta))
            return 1 + mpmath.exp(-eta) if sign > 0 else mpmath.exp(-eta)

        def gap(eta):
            y = y_of(eta)
            slope = y**-a if growing else (y ** (-1 - a) if sign > 0 else y**-a / (1 + y))
            return abs(primitive(y, a, sign) - begin) - goal, slope

        low = (
            mpmath.log(y0 / (1 - y0))
            if growing
            else (-mpmath.log(y0 - 1) if sign > 0 else -mpmath.log(y0))
        )
        high = low + 1
        while gap(high)[0] < 0:
            high = low + 2 * (high - low)
            if high > 2 * digits + 60 and sign > 0:  # at rest to all digits
                return rho ** (mpmath.mpf(depth) / order)
        eta = (low + high) / 2
        for _ in range(2000):
            value, slope = gap(eta)
            if value > 0:
                high = eta
            else:
                low = eta
            new = eta - value / slope
            if not low < new < high:
                new = (low + high) / 2
            if abs(new - eta) < mpmath.mpf(10) ** (3 - digits) * (1 + abs(eta)):
                break
            eta = new
        return (y_of(new) * rho) ** (mpmath.mpf(depth) / order)  # fmt: skip
