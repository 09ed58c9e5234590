"""The evidence of every fit, and what may be read from it.

For a fixed kernel the evidence of a data-centric chain grows from round to round, because its
targets shrink: it says nothing about when to stop. Hyper-parameters are chosen on the first fit
and then kept; on later targets they collapse towards no noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace, place
from sdtheory.gp._rounds import combined_noise
from sdtheory.spectral import filters
from sdtheory.spectral.schedules import per_round
from sdtheory.spectral.smoother import Smoother

__all__ = ["Evidence", "data_centric_evidence", "duplicated_evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Log marginal likelihood of the targets of every fit, with its gradient."""

    value: Array
    """(steps + 1,): log density of each fit's targets, summed over outputs."""
    by_log_noise: Array
    """(steps + 1,): derivative in the logarithm of the fit's noise variance."""
    by_log_scale: Array
    """(steps + 1,): derivative in the logarithm of a factor of the whole kernel."""


def data_centric_evidence(
    kernel: Array,
    y: Array,
    noise: Array,
    *,
    xi: Array = 1.0,
    steps: int | None = None,
    levels: Array | None = None,
) -> Evidence:
    """Return log N(targets_k; 0, kernel + noise_k) of every fit k, and its gradient.

    Parameters are those of `data_centric`. The targets of a round are held fixed in the gradient,
    although they too depend on the parameters: that is what refitting each round does.

    Examples
    --------
    >>> data_centric_evidence([[3.0]], [2.0], noise=1.0, steps=1).value
    array([-2.112085..., -1.893335...])
    """
    smoother = Smoother.from_kernel(kernel, y, levels, "levels")
    d, targets, n = smoother.eigenvalues, smoother.targets, smoother.spectrum.n
    noises, weights = per_round("noise", noise, xi, steps, d)
    xp = namespace(d)
    z = targets.projected if targets.projected.ndim == 2 else targets.projected[:, None]
    outputs = z.shape[1]
    energy = xp.sum(z**2, axis=1)
    # A determinant of unequal noise levels comes on top.
    spread = 0.0 if smoother.root is None else float(xp.sum(xp.log(smoother.root)))
    rows = []
    for k, level in enumerate(noises):
        share = 1.0 if k == 0 else 1.0 - weights[k - 1]
        mixture = xp.ones_like(d) * share
        if k > 0:
            before = filters.distill(d, noises[:k], weights[: k - 1])
            mixture = mixture + weights[k - 1] * before.kept
        total = d + place(level, like=d)
        fit = mixture**2 * energy / total
        log_det = xp.sum(xp.log(total)) + 2.0 * spread
        value = -0.5 * xp.sum(fit) - 0.5 * outputs * (log_det + n * math.log(2 * math.pi))
        noise_part = xp.sum(level / total * (fit - outputs))
        scale_part = xp.sum(d / total * (fit - outputs))
        rows.append((value, 0.5 * noise_part, 0.5 * scale_part))
    return Evidence(*(xp.stack([row[i] for row in rows]) for i in range(3)))


def duplicated_evidence(
    kernel: Array, y: Array, noise: Array, *, steps: int | None = None
) -> float:
    """Return the log density of the labels seen steps + 1 times, each time with its own noise.

    It is also the sum of the evidences of distribution-centric rounds, each under the posterior
    before it. Do not optimise the noise on it: (steps + 1) copies of the same errors look precise.

    >>> round(duplicated_evidence([[3.0]], [2.0], noise=1.0, steps=0), 6)
    -2.112086
    """
    kernel = _checks.array("kernel", kernel, ndim=2)
    combined, logs, fits = combined_noise(noise, steps, kernel)
    y = _checks.array("y", y, like=kernel, ndim=(1, 2))
    xp, n = namespace(kernel), y.shape[0]
    if combined.ndim == 0:
        single = data_centric_evidence(kernel, y, combined, steps=0)
        each = n * (xp.log(combined) - logs)
    else:
        single = data_centric_evidence(kernel, y, 1.0, steps=0, levels=combined)
        each = xp.sum(xp.log(combined) - logs)
    outputs = 1 if y.ndim == 1 else y.shape[1]
    copies = (fits - 1) * n * math.log(2 * math.pi)
    return float(single.value[-1] + 0.5 * outputs * (each - copies))
