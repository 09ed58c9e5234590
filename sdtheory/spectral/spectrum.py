"""One factorisation of the data; everything afterwards is array arithmetic on its spectrum."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, descending_eigh, eps, first, is_array, namespace
from sdtheory.spectral.filters import Filter

__all__ = ["Spectrum", "Targets", "eigenbasis", "semidefinite"]


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets in the coordinates of a spectrum."""

    projected: Array
    """z = U.T y, of shape (r,) or (r, q) for q outputs."""
    outside: Array
    """Squared length of y outside the span of U, of shape () or (q,): no filter reaches it."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The eigenvalues of a kernel matrix, or squared singular values of a design, and the vectors.

    Only the r positive eigenvalues are held, largest first; everything below the rounding error
    of the factorisation is the null space, in which every filter keeps nothing.

    >>> from sdtheory import filters
    >>> spectrum = Spectrum.from_design([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> targets = spectrum.project([1.0, 2.0, 1.0])
    >>> student = filters.distill(spectrum.eigenvalues, lam=1.0, xi=0.5, steps=1)
    >>> spectrum.fitted(student, targets), spectrum.parameters(student, targets)
    (array([0.72, 0.75, 0.  ]), array([0.36, 0.75]))
    >>> spectrum.predict(spectrum.projection([[1.0, 1.0]]), student, targets)
    array([1.11])
    """

    eigenvalues: Array
    """d, of shape (r,), descending, positive."""
    n: int
    """Number of samples."""
    left: Array | None
    """U (n, r), orthonormal in sample space; None if made from a Gram matrix."""
    right: Array | None
    """V (p, r), orthonormal in feature space; None if made from a kernel."""
    targets: Targets | None = None
    """What a Gram matrix knows of the targets it was made with."""

    @classmethod
    def from_kernel(cls, kernel: Array) -> Spectrum:
        """Factorise a positive semi-definite kernel matrix (n, n).

        Eigenvalues that are negative by rounding are cut; a matrix that is indefinite beyond half
        the digits of its dtype is refused.

        >>> Spectrum.from_kernel([[2.0, 1.0], [1.0, 2.0]]).eigenvalues
        array([3., 1.])
        """
        d, vectors = semidefinite("kernel", kernel)
        return cls(d, vectors.shape[0], vectors, None)

    @classmethod
    def from_design(cls, design: Array) -> Spectrum:
        """Factorise a design matrix (n, p); features are columns, nothing is centred.

        >>> Spectrum.from_design([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).eigenvalues
        array([9., 1.])
        """
        design = _checks.array("design", design, ndim=2)
        xp = namespace(design)
        left, s, right = xp.linalg.svd(design, full_matrices=False)
        with np.errstate(over="ignore", under="ignore"):
            squares = s**2
        rank = _rank(s, max(design.shape))
        if rank > 0 and not (0 < first(squares) < math.inf):
            raise ValueError(
                "design must have squares within the range of its dtype, got a singular value "
                f"{first(s):.3g}"
            )
        return cls(squares[:rank], design.shape[0], left[:, :rank], right[:rank, :].T)

    @classmethod
    def from_gram(cls, gram: Array, cross: Array, energy: Array, n: int) -> Spectrum:
        """Make the spectrum of a design from X'X, X'y, y'y and n alone.

        Singular values below sqrt(p eps) of the largest are lost in the squaring; where they
        matter, use `from_design`.

        Parameters
        ----------
        gram : array (p, p)
            X'X.
        cross : array (p,) or (p, q)
            X'y.
        energy : float or array (q,)
            y'y, one number per output.
        n : int
            Number of samples.

        Examples
        --------
        >>> gram = [[4.0, 0.0], [0.0, 1.0]]
        >>> spectrum = Spectrum.from_gram(gram, cross=[2.0, 2.0], energy=6.0, n=3)
        >>> spectrum.eigenvalues, spectrum.targets.outside
        (array([4., 1.]), array(1.))
        """
        d, right = semidefinite("gram", gram)
        gram = _checks.array("gram", gram)
        cross = _checks.array("cross", cross, like=gram, ndim=(1, 2))
        _checks.same_length("cross", cross, "gram", gram)
        energy = _checks.array("energy", energy, like=gram, ndim=cross.ndim - 1, at_least=0)
        if cross.ndim == 2 and energy.shape[0] != cross.shape[1]:
            raise ValueError(
                f"energy must have one entry per output, got {energy.shape[0]} for {cross.shape[1]}"
            )
        xp = namespace(gram)
        stray = first(xp.linalg.vector_norm(cross - right @ (right.T @ cross)))
        # A singular value s that was cut hides s |y| of it: more is a contradiction. What is cut
        # was below the rounding error after an error of that size.
        largest = first(d) if d.shape[0] > 0 else 0.0
        rounding = gram.shape[0] * eps(gram) * largest
        hidden = (2 * rounding * first(xp.sum(energy))) ** 0.5
        if stray > hidden + eps(gram) ** 0.5 * first(xp.linalg.vector_norm(cross)):
            raise ValueError(
                f"cross must lie in the range of gram, got a part of length {stray:.3g} outside"
            )
        z = columns(1.0 / xp.sqrt(d), right.T @ cross)
        spare = energy - xp.sum(z**2, axis=0)
        # An eigenvalue is off by the rounding of the largest, and z**2 by the same proportion.
        uncertain = xp.sum(columns(rounding / d, z**2), axis=0)
        if bool(xp.any(spare < -(eps(gram) ** 0.5) * energy - uncertain)):
            raise ValueError(
                f"energy must be at least what cross and gram explain, got {_checks.show(energy)}, "
                f"{first(xp.min(spare)):.6g} too little"
            )
        outside = xp.where(spare > 0, spare, xp.zeros_like(spare))
        count = _checks.integer("n", n, at_least=max(1, d.shape[0]))
        return cls(d, count, None, right, Targets(z, outside))

    def project(self, y: Array) -> Targets:
        """Return the coordinates of targets y (n,) or (n, q)."""
        left = _required(self.left, "targets")
        y = _checks.array("y", y, like=left, ndim=(1, 2))
        _checks.same_length("y", y, "the data", left)
        z = left.T @ y
        xp = namespace(y)
        return Targets(z, xp.sum((y - left @ z) ** 2, axis=0))

    def fitted(self, profile: Filter, targets: Targets) -> Array:
        """Return predictions at the training inputs, (n,) or (n, q)."""
        _checks.instance("profile", profile, Filter)
        _checks.instance("targets", targets, Targets)
        left = _required(self.left, "predictions at the training inputs")
        return left @ columns(profile.kept, targets.projected)

    def parameters(self, profile: Filter, targets: Targets) -> Array:
        """Return the coefficients of the features, (p,) or (p, q); a design has them."""
        _checks.instance("profile", profile, Filter)
        _checks.instance("targets", targets, Targets)
        if self.right is None:
            raise ValueError("a spectrum made from a kernel has no feature coefficients")
        xp = namespace(self.right)
        if profile.coefficient.shape[-1] != self.eigenvalues.shape[0]:
            raise ValueError(
                f"profile must have the {self.eigenvalues.shape[0]} modes of the spectrum, "
                f"got {profile.coefficient.shape[-1]}"
            )
        scaled = xp.sqrt(self.eigenvalues) * profile.coefficient
        return self.right @ columns(scaled, targets.projected)

    def projection(self, new: Array) -> Array:
        """Return the coordinates P (m, r) of new points; predictions are P (coefficient * z).

        `new` is K(new, train) of shape (m, n) for a kernel, and the features (m, p) for a design.
        """
        basis = self.left if self.right is None else self.right
        assert basis is not None
        new = _checks.array("new", new, like=basis, ndim=2, empty=True)
        if new.shape[1] != basis.shape[0]:
            raise ValueError(
                f"new must have {basis.shape[0]} columns, got shape {tuple(new.shape)}"
            )
        if self.right is None:
            return new @ basis
        return (new @ basis) * namespace(new).sqrt(self.eigenvalues)

    def predict(self, projection: Array, profile: Filter, targets: Targets) -> Array:
        """Return predictions at new points from their `projection`, (m,) or (m, q)."""
        _checks.instance("profile", profile, Filter)
        _checks.instance("targets", targets, Targets)
        values = columns(profile.coefficient, targets.projected)
        if (
            not is_array(projection)
            or projection.ndim != 2
            or projection.shape[1] != values.shape[0]
        ):
            projection = _checks.array("projection", projection, like=values, ndim=2)
            if projection.shape[1] != values.shape[0]:
                raise ValueError(
                    f"projection must have {values.shape[0]} columns, "
                    f"got shape {tuple(projection.shape)}"
                )
        predicted = projection @ values
        if bool(namespace(predicted).any(namespace(predicted).isnan(predicted))):
            _checks.array("projection", projection)  # says where; without a look at each entry
        return predicted


def semidefinite(name: str, matrix: Array) -> tuple[Array, Array]:
    """Return the positive eigenvalues (r,), descending, and eigenvectors (n, r) of a matrix.

    Refuses a matrix that is asymmetric or indefinite beyond half the digits of its dtype: rounding
    in the caller's code is far below that, a wrong matrix far above.
    """
    d, vectors = eigenbasis(name, matrix)
    rank = _rank(d, d.shape[0])
    return d[:rank], vectors[:, :rank]


def eigenbasis(name: str, matrix: Array) -> tuple[Array, Array]:
    """Return all eigenvalues (n,), descending, and eigenvectors; refuses as `semidefinite` does."""
    matrix = _checks.array(name, matrix, ndim=2)
    tolerance = eps(matrix) ** 0.5
    # A matrix that is symmetric to the last digit is as well given by one of its triangles.
    mirrored = _checks.symmetric(name, matrix, tolerance)
    d, vectors = descending_eigh(-matrix if mirrored else _negative_symmetrised(matrix))
    smallest, largest = first(d[-1:]), first(d)
    if smallest < -tolerance * max(largest, 0.0):
        raise ValueError(
            f"{name} must be positive semi-definite, got eigenvalue {smallest:.6g} "
            f"(the largest is {largest:.6g})"
        )
    return d, vectors


def _negative_symmetrised(matrix: Array) -> Array:
    half = -0.5 * matrix  # the sum of two numbers of the dtype need not be one
    return half + half.T


def _rank(values: Array, size: int) -> int:
    """Return how many of the descending values exceed the rounding error of the factorisation."""
    xp = namespace(values)
    cut = size * eps(values) * max(first(values), 0.0)
    return int(xp.sum(xp.astype(values > cut, xp.int64)))


def columns(scale: Array, values: Array) -> Array:
    """Multiply each column of (r,) or (r, q) by scale (r,)."""
    if scale.ndim != 1:
        raise ValueError(f"filter must be a single one, got a stack {tuple(scale.shape)}")
    if scale.shape[0] != values.shape[0]:
        raise ValueError(
            f"filter and targets must have as many modes, got {scale.shape[0]} and "
            f"{values.shape[0]}"
        )
    return scale * values if values.ndim == 1 else scale[:, None] * values


def _required(vectors: Array | None, purpose: str) -> Array:
    if vectors is None:
        raise ValueError(f"{purpose} need the data; a spectrum made from a Gram matrix has none")
    return vectors
