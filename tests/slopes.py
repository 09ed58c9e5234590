"""Slopes that Newton's method is given, against differences of the values."""

import numpy as np

from sdtheory.logistic import roots

_STEP = 1e-3


def checked(module, monkeypatch):
    """Compare slopes in all searches of a module from now on; return where they were compared."""
    compared = []

    def increasing_root(function, start, low, high, noise):
        everything = np.arange(np.size(start))
        for part in (0.3, 0.6):
            x = low + part * (high - low)
            slope = function(x, everything)[1]
            ends = [function(x + k * _STEP, everything)[0] for k in (-2, -1, 1, 2)]
            want = np.tensordot([1, -8, 8, -1], ends, 1) / (12 * _STEP)
            # Differences of fourth order, of functions that are smooth over a unit.
            np.testing.assert_allclose(slope, want, rtol=1e-8, atol=1e-10)
            compared.append(x)
        return roots.increasing_root(function, start, low, high, noise)

    monkeypatch.setattr(module, "increasing_root", increasing_root)
    return compared
