"""Simulations of finite size, made precise: control variates, and the correction of order 1/d."""

import numpy as np


def controlled(draws, controls):
    """Return draws (m, ...) without what `controls` (m, k), whose means are zero, explain of them.

    Their mean is the constant of a least-squares fit, their standard error the one of that
    constant, with the degrees of freedom that the fit leaves.
    """
    draws = np.asarray(draws, dtype=float)
    count = len(draws)
    design = np.column_stack([np.ones(count), controls])
    flat = draws.reshape(count, -1)
    fitted = np.linalg.lstsq(design, flat, rcond=None)[0]
    freedom = count - np.linalg.matrix_rank(design)
    # The constant varies more than a mean of residuals: the controls have not exactly mean zero.
    spread = count * np.linalg.pinv(design.T @ design)[0, 0] * (count - 1) / freedom
    residuals = (flat - design @ fitted) * np.sqrt(spread)
    return (fitted[0] + residuals).reshape(draws.shape)


def extrapolated(simulate, d, trials):
    """Return draws of twice the value at dimension 2d less that at d, which has no term in 1/d.

    `simulate(d)` returns one draw and its controls.
    """
    half, full = (_controlled_draws(simulate, n, trials) for n in (d, 2 * d))
    return 2 * full - half


def _controlled_draws(simulate, d, trials):
    draws, controls = zip(*(simulate(d) for _ in range(trials)), strict=True)
    return controlled(draws, np.array(controls))
