"""Filters in 60-digit arithmetic: literal powers, no rewriting, nothing shared with the package."""

import mpmath

mpmath.mp.dps = 60


def constant(d, lam, xi, steps):
    """Return (kept, lost, coefficient, cancellation, growth) after `steps` constant rounds."""
    d, lam, xi = mpmath.mpf(d), mpmath.mpf(lam), mpmath.mpf(xi)
    kept_once = d / (d + lam)
    rho = xi * kept_once
    total = mpmath.mpf(steps + 1) if rho == 1 else (1 - rho ** (steps + 1)) / (1 - rho)
    # 0**0 = 1: without rounds the target is the labels.
    power = rho**steps
    mixture = (1 - xi) * total + xi * power
    kept = kept_once * mixture
    before = (total - rho**steps) * lam / (d + lam)  # what the teacher has lost
    terms = min(abs((1 - xi) * total) + abs(xi * power), 1 + abs(xi * before))
    cancellation = terms * kept_once / abs(kept) if kept else mpmath.inf
    return kept, lam / (d + lam) * total, mixture / (d + lam), cancellation, abs(power) + 1


def schedule(d, lams, xis):
    """Return kept after a schedule of rounds."""
    d = mpmath.mpf(d)
    kept = d / (d + mpmath.mpf(lams[0]))
    for lam, xi in zip(lams[1:], xis, strict=True):
        kept = d / (d + mpmath.mpf(lam)) * ((1 - mpmath.mpf(xi)) + mpmath.mpf(xi) * kept)
    return kept
