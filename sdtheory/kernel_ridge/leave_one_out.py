"""Leave-one-out predictions of the whole pipeline: teacher and students all refitted, exactly.

Without sample i, ridge regression predicts at i what it would predict if the target of i *were*
that prediction. So all n folds of a round are one product: put the self-consistent value in place
of the missing target, and smooth.
"""

from __future__ import annotations

from sdtheory._array import Array, eps, namespace
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
    path, shrunk, last = [], labels, None
    for k, lam in enumerate(lams):
        if lam != last:
            shrunk, last = shrinking_matrix(fit, lam), lam
        xi = 0.0 if k == 0 else xis[k - 1]
        own, fitted = folds(shrunk, xi * fitted + (1.0 - xi) * labels)
        path.append(own)
    return xp.stack(path)


def folds(shrunk: Array, targets: Array) -> tuple[Array, Array]:
    """Return the folds' own predictions (n,) and fitted values (n, n) for targets (n, n).

    Column i belongs to the fold without sample i; its diagonal entry is ignored.
    """
    xp = namespace(shrunk)
    diagonal = xp.eye(shrunk.shape[0], dtype=shrunk.dtype, device=shrunk.device) == 1
    others = xp.where(diagonal, 0.0 * targets, targets)
    own = -xp.sum(shrunk * others.T, axis=1) / xp.linalg.diagonal(shrunk)
    others = xp.where(diagonal, own[:, None], others)
    return own, others - shrunk @ others


def shrinking_matrix(fit: KernelRidge, lam: float) -> Array:
    """Return lam (K + lam)^-1 from the spectrum: the null space is lost entirely."""
    left = fit.smoother.spectrum.left
    assert left is not None  # a fit keeps its samples
    xp, d = namespace(left), fit.eigenvalues
    kept = filters.ridge(d, lam)
    identity = xp.eye(left.shape[0], dtype=left.dtype, device=left.device)
    matrix = identity - (left * kept) @ left.T
    if float(xp.min(xp.linalg.diagonal(matrix))) <= 4 * left.shape[0] * eps(d):
        raise ValueError(
            "lam must be larger: a sample is interpolated (leverage one), so leaving it out is "
            f"undetermined, got {lam}"
        )
    return matrix
