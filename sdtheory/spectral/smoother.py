"""A spectrum together with its targets, and with samples that need not be equally noisy.

With noise levels g_i (relative: the penalty of sample i is lam g_i) ridge regression on K is ridge
regression on g^(-1/2) K g^(-1/2) with targets g^(-1/2) y. Filters do not change.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.spectrum import Spectrum, Targets, eigenbasis

__all__ = ["Smoother"]


@dataclass(frozen=True, slots=True)
class Smoother:
    """What every student of one data set shares: filters act on it, and predictions come out."""

    spectrum: Spectrum
    """Of the kernel (or design) after division by the roots of the noise levels."""
    targets: Targets
    """Targets in the coordinates of that spectrum."""
    root: Array | None
    """Square roots of the relative noise levels (n,); None where all samples are alike."""

    @classmethod
    def from_kernel(
        cls, kernel: Array, y: Array, noise: Array | None = None, name: str = "noise"
    ) -> Smoother:
        """Factorise a kernel matrix (n, n) for targets (n,) or (n, q).

        `name` is what the caller calls the noise levels.

        >>> Smoother.from_kernel([[4.0]], [3.0], noise=[4.0]).spectrum.eigenvalues
        array([1.])
        """
        kernel = _checks.array("kernel", kernel, ndim=2)
        _checks.square("kernel", kernel)
        y, root = _targets(y, noise, kernel, name)
        if root is not None:
            kernel = kernel / (root[:, None] * root[None, :])
        spectrum = _complete(kernel)
        return cls(spectrum, spectrum.project(divided(y, root)), root)

    @classmethod
    def from_design(cls, design: Array, y: Array, noise: Array | None = None) -> Smoother:
        """Factorise features (n, p): the kernel is their Gram matrix, which is never formed."""
        design = _checks.array("design", design, ndim=2)
        y, root = _targets(y, noise, design)
        spectrum = Spectrum.from_design(divided(design, root))
        return cls(spectrum, spectrum.project(divided(y, root)), root)

    @property
    def eigenvalues(self) -> Array:
        """The eigenvalues (r,), descending and positive."""
        return self.spectrum.eigenvalues

    def projection(self, new: Array) -> Array:
        """Return the coordinates (m, r) of new points from K(new, train), or from features."""
        new = _checks.array("new", new, like=self.eigenvalues, ndim=2, empty=True)
        if self.root is not None and self.spectrum.right is None:
            if new.shape[1] != self.spectrum.n:
                raise ValueError(
                    f"new must have {self.spectrum.n} columns, got shape {tuple(new.shape)}"
                )
            new = new / self.root
        projection = self.spectrum.projection(new)
        if self.spectrum.right is not None:
            return projection
        # In the null space of the kernel new points have no coordinates, only rounding errors.
        xp, d = namespace(projection), self.eigenvalues
        rounding = self.spectrum.n * eps(d)
        kept = int(xp.sum(xp.astype(d > rounding * d[0], xp.int64)))  # they descend
        if kept == d.shape[0] or new.shape[0] == 0:
            return projection
        scale = xp.max(xp.abs(new), axis=1)[:, None]
        rest = projection[:, kept:]
        rest = xp.where(xp.abs(rest) <= rounding * scale, 0.0 * rest, rest)
        return xp.concat([projection[:, :kept], rest], axis=1)

    def predict(self, projection: Array, profile: Filter) -> Array:
        """Return predictions (m,) or (m, q) at new points from their `projection`."""
        return self.spectrum.predict(projection, within_range(profile), self.targets)

    def fitted(self, profile: Filter) -> Array:
        """Return predictions at the training inputs, (n,) or (n, q)."""
        return _times(self.spectrum.fitted(within_range(profile), self.targets), self.root)

    def dual(self, profile: Filter) -> Array:
        """Return the weights of the training points: predictions are K(new, train) @ dual."""
        weights = self.spectrum.predict(self._left(), within_range(profile), self.targets)
        return divided(weights, self.root)

    def _left(self) -> Array:
        left = self.spectrum.left
        assert left is not None  # both constructors keep the sample space
        return left


def _complete(kernel: Array) -> Spectrum:
    """Factorise a kernel without dropping any mode.

    A mode whose eigenvalue is lost in rounding still moves predictions at new points, where its
    coordinates are of the order of the *root* of the eigenvalue. Eigenvalues of zero or less by
    rounding become the smallest positive number, so that every formula applies to them.
    """
    d, vectors = eigenbasis("kernel", kernel)
    xp = namespace(d)
    tiny = float(xp.finfo(d.dtype).smallest_normal)
    return Spectrum(xp.clip(d, tiny), vectors.shape[0], vectors, None)


def within_range(profile: Filter) -> Filter:
    """Return a filter of finite numbers, or raise: infinite ones have no predictions."""
    xp = namespace(profile.coefficient)
    if not bool(xp.all(xp.isfinite(profile.coefficient))):
        raise ValueError(
            "xi must be nearer to 0, or steps fewer: the chain has grown beyond the range of its "
            "dtype, got an infinite filter"
        )
    return profile


def divided(values: Array, root: Array | None) -> Array:
    """Return each row divided by its entry of `root`; None divides by one."""
    if root is None:
        return values
    return values / (root if values.ndim == 1 else root[:, None])


def _times(values: Array, root: Array | None) -> Array:
    if root is None:
        return values
    return values * (root if values.ndim == 1 else root[:, None])


def _targets(
    y: Array, noise: Array | None, data: Array, name: str = "noise"
) -> tuple[Array, Array | None]:
    y = _checks.array("y", y, like=data, ndim=(1, 2))
    _checks.same_length("y", y, "the data", data)
    if noise is None:
        return y, None
    noise = _checks.array(name, noise, like=data, ndim=1, above=0)
    _checks.same_length(name, noise, "the data", data)
    return y, namespace(data).sqrt(noise)
