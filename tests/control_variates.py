"""Simulations of finite size without the correction of order 1/d, and with control variates."""

import numpy as np

from paper_checks._control_variates import controlled


def extrapolated(simulate, d, trials):
    """Return draws of twice the value at dimension 2d less that at d, which has no term in 1/d.

    `simulate(d)` returns one draw and its controls.
    """
    half, full = (_controlled_draws(simulate, n, trials) for n in (d, 2 * d))
    return 2 * full - half


def _controlled_draws(simulate, d, trials):
    draws, controls = zip(*(simulate(d) for _ in range(trials)), strict=True)
    return controlled(draws, np.array(controls))
