"""Leave-one-out predictions of the whole pipeline: teacher and students all refitted, exactly.

Without sample i, ridge regression predicts at i what it would predict if the target of i *were*
that prediction. So all n folds of a round are one product: put the self-consistent value in place
of the missing target, and smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, device, eps, namespace, place
from sdtheory.kernel_ridge.fitting import KernelRidge
from sdtheory.spectral import filters
from sdtheory.spectral.schedules import per_round

__all__ = ["leave_one_out_path", "leave_one_out_predictions"]


def leave_one_out_predictions(
    fit: KernelRidge, lam: Array, xi: Array = 0.0, steps: int | None = None
) -> Array:
    """Return what the student predicts at each sample when the sample is left out everywhere.

    Parameters
    ----------
    fit : KernelRidge
        Made by `fit` or `fit_features`, with any noise levels.
    lam, xi, steps
        Penalties, weights and rounds, as in `KernelRidge.predict`.

    Returns
    -------
    array (n,) or (n, q)
        The shape of the labels. Costs one product of n x n matrices a round and output.

    Examples
    --------
    >>> from sdtheory.kernel_ridge import fit
    >>> leave_one_out_predictions(fit([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.0]), 1.0, xi=0.0)
    array([0.        , 0.33333333])
    """
    return leave_one_out_path(fit, lam, xi, steps)[-1, ...]


def leave_one_out_path(
    fit: KernelRidge, lam: Array, xi: Array = 0.0, steps: int | None = None
) -> Array:
    """Return the leave-one-out predictions (rounds + 1, n, ...) of the teacher and every student.

    Notes
    -----
    In coordinates where all samples are equally noisy, let G = (K + lam)^-1 and let column i of Z
    hold the targets of the fold without sample i. Its own entry is free, and set so that the fold
    fits it exactly: z_ii = - sum_{j != i} G_ij Z_ji / G_ii, which is the fold's prediction at i.
    The fitted values of all folds are then Z - lam G Z.

    Examples
    --------
    >>> from sdtheory.kernel_ridge import fit
    >>> leave_one_out_path(fit([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.5]), 1.0, xi=[0.5])
    array([[0.16666667, 0.33333333],
           [0.13888889, 0.27777778]])
    """
    _checks.instance("fit", fit, KernelRidge)
    smoother = fit.smoother
    lams, xis = per_round("lam", lam, xi, steps, smoother.eigenvalues)
    xp = namespace(smoother.eigenvalues)
    y, root = fit.y, smoother.root
    columns = [y] if y.ndim == 1 else [y[:, k] for k in range(y.shape[1])]
    paths = [_path(fit, c if root is None else c / root, lams, xis) for c in columns]
    stacked = paths[0] if y.ndim == 1 else xp.stack(paths, axis=2)
    if root is None:
        return stacked
    return stacked * (root if y.ndim == 1 else root[:, None])


def _path(fit: KernelRidge, y: Array, lams: list[float], xis: list[float]) -> Array:
    xp = namespace(y)
    fitted = labels = xp.broadcast_to(y[:, None], (y.shape[0], y.shape[0]))
    path = []
    last, smoothing = lams[0], Smoothing.of(fit, lams[0])
    for k, lam in enumerate(lams):
        if lam != last:
            last, smoothing = lam, Smoothing.of(fit, lam)
        xi = 0.0 if k == 0 else xis[k - 1]
        own, fitted = smoothing.folds(xi * fitted + (1.0 - xi) * labels)
        path.append(own)
    return xp.stack(path)


@dataclass(frozen=True, slots=True)
class Smoothing:
    """One ridge fit on all samples, as leaving one out needs it."""

    kept: Array
    """K (K + lam)^-1 (n, n): its off-diagonal entries are those of minus what is lost."""
    spare: Array
    """The diagonal (n,) of lam (K + lam)^-1, one minus the leverages."""

    @classmethod
    def of(cls, fit: KernelRidge, lam: float) -> Smoothing:
        """Make it from the spectrum; refuses a fit that determines no sample left out."""
        left = fit.smoother.spectrum.left
        assert left is not None  # a fit keeps its samples
        xp, d = namespace(left), fit.eigenvalues
        kept, lost = filters.ridge(d, lam), place(lam, like=d) / (d + lam)
        matrix, spare = (left * kept) @ left.T, xp.sum(left**2 * lost, axis=1)
        if left.shape[0] == left.shape[1]:
            # Without a null space either form will do: the one without a cancellation.
            if float(xp.max(kept)) > 0.5:
                diagonal = xp.eye(left.shape[0], dtype=left.dtype, device=device(left)) == 1
                matrix = xp.where(diagonal, matrix, -((left * lost) @ left.T))
            certain = xp.all(spare > 0)
        else:
            spare = spare + (1.0 - xp.sum(left**2, axis=1))
            certain = xp.all(spare > 4 * left.shape[0] * eps(d))
        if not bool(certain):
            raise ValueError(
                "lam must be larger: a sample is interpolated (leverage one), so leaving it out is "
                f"undetermined, got {lam}"
            )
        return cls(matrix, spare)

    def folds(self, targets: Array) -> tuple[Array, Array]:
        """Return the folds' own predictions (n,) and fitted values (n, n) for targets (n, n).

        Column i belongs to the fold without sample i; its diagonal entry is ignored.
        """
        xp = namespace(targets)
        diagonal = xp.eye(targets.shape[0], dtype=targets.dtype, device=device(targets)) == 1
        others = xp.where(diagonal, 0.0 * targets, targets)
        own = xp.sum(self.kept * others.T, axis=1) / self.spare
        return own, self.kept @ xp.where(diagonal, own[:, None], others)
