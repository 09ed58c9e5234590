"""A factorised data set, with weighted samples and an intercept taken out."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace, size
from sdtheory.spectral import Spectrum
from sdtheory.spectral.summary import varies

__all__ = ["Samples"]


@dataclass(frozen=True, slots=True)
class Samples:
    """Features and labels after centring and weighting; filters act on the spectrum."""

    spectrum: Spectrum
    """Of the weighted, centred design."""
    y: Array
    """Weighted, centred labels (n, q)."""
    projected: Array
    """U'y (r, q)."""
    spare: Array
    """Length of the labels beyond the span of U, over all outputs, shape (1,)."""
    constant: Array | None
    """Unit vector (n,) along which an intercept is fitted; None without one."""
    x_mean: Array
    """Weighted mean of the features (p,); zero without an intercept."""
    y_mean: Array
    """Weighted mean of the labels (q,); zero without an intercept."""
    total: float
    """Sum of the sample weights, their number without any: what mean leverages are shares of."""

    @classmethod
    def made(
        cls, design: Array, y: Array, intercept: bool = False, sample_weight: Array | None = None
    ) -> Samples:
        """Check, centre, weight and factorise."""
        x = _checks.array("design", design, ndim=2)
        y = _checks.array("y", y, like=x, ndim=(1, 2))
        _checks.same_length("y", y, "design", x)
        xp = namespace(x)
        y = y[:, None] if y.ndim == 1 else y
        largest = float(xp.max(xp.abs(y)))
        if largest > (float(xp.finfo(y.dtype).max) / size(y)) ** 0.5:
            raise ValueError(
                f"y must have squares within the range of its dtype, got an entry {largest:.3g}"
            )
        root = None
        if sample_weight is not None:
            given = _checks.array("sample_weight", sample_weight, like=x, ndim=1, at_least=0)
            _checks.same_length("sample_weight", given, "design", x)
            if float(xp.sum(given)) == 0:
                raise ValueError("sample_weight must have a positive entry, got only zeros")
            root = xp.sqrt(given)
        constant = None
        x_mean, y_mean = xp.zeros_like(x[0, :]), xp.zeros_like(y[0, :])
        if intercept:
            constant = xp.ones_like(x[:, 0]) if root is None else root
            constant = constant / xp.linalg.vector_norm(constant)
            (x, x_mean), (y, y_mean) = (_centred(values, constant**2) for values in (x, y))
        if root is not None:
            x, y = root[:, None] * x, root[:, None] * y
        spectrum = Spectrum.from_design(x)
        targets = spectrum.project(y)
        spare = xp.reshape(xp.sqrt(xp.sum(targets.outside)), (1,))
        total = float(x.shape[0]) if root is None else float(xp.sum(root**2))
        return cls(spectrum, y, targets.projected, spare, constant, x_mean, y_mean, total)

    @property
    def lost_freedom(self) -> int:
        """Degrees of freedom that the intercept takes."""
        return 0 if self.constant is None else 1

    @property
    def length(self) -> Array:
        """Length of each row of the projected labels (r,): criteria see no more of the outputs."""
        xp = namespace(self.projected)
        return xp.sqrt(xp.sum(self.projected**2, axis=1))

    @property
    def z(self) -> Array:
        """The projected labels, for their namespace and dtype."""
        return self.projected


def _centred(values: Array, shares: Array) -> tuple[Array, Array]:
    """Return values minus their mean, and the mean; a constant column becomes zero.

    The mean of many rows is off by far more than rounding, until that of what it leaves is added.
    """
    mean = shares @ values
    mean = mean + shares @ (values - mean)
    xp, gap, rows = namespace(values), values - mean, values.shape[0]
    return gap * varies(xp.max(xp.abs(gap), axis=0), mean, rows, most=rows), mean
