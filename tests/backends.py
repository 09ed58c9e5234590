"""Every array library and precision that the tests run on, as pytest parameters."""

from dataclasses import dataclass

import numpy as np
import pytest

from sdtheory._array import array_api_compat


@dataclass(frozen=True)
class Backend:
    """How to make an array of one library, device and precision."""

    library: str
    dtype: str

    def __call__(self, values):
        """Put numbers (or a NumPy array) on the backend."""
        values = np.asarray(values, dtype=self.dtype)
        if self.library == "numpy":
            return values
        if self.library == "strict":
            # A fake second device catches arrays that are made on the default one.
            strict = pytest.importorskip("array_api_strict")
            return strict.asarray(values, device=strict.Device("device1"))
        torch = pytest.importorskip("torch")
        return torch.as_tensor(values.copy(), device=self.library.partition(":")[2] or "cpu")

    @property
    def eps(self):
        """Machine epsilon of the precision."""
        return float(np.finfo(self.dtype).eps)

    def owns(self, array):
        """Say whether a result has this library, device and precision."""
        mine = self(np.zeros(1))
        return (
            array_api_compat.array_namespace(array) is array_api_compat.array_namespace(mine)
            and array.dtype == mine.dtype
            and array_api_compat.device(array) == array_api_compat.device(mine)
        )


BACKENDS = [
    pytest.param(
        Backend(library, dtype),
        id=f"{library}-{dtype}",
        marks=[pytest.mark.gpu] if "cuda" in library else [],
    )
    for library in ("numpy", "strict", "torch", "torch:cuda")
    for dtype in ("float64", "float32")
]
