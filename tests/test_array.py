"""The array helpers on every backend."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import _array


@pytest.mark.parametrize("put", BACKENDS)
def test_helpers(put):
    array = put([[1.5, 2.0], [3.0, 4.0]])
    assert _array.is_array(array)
    assert _array.size(array) == 4
    assert _array.first(array) == 1.5
    assert _array.eps(array) == put.eps
    assert put.owns(_array.place([1.0, 2.0], like=array))
    np.testing.assert_array_equal(_array.to_numpy(array), [[1.5, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("value", [1.0, np.float64(2.0), [1.0], "text", None])
def test_numbers_and_lists_are_not_arrays(value):
    assert not _array.is_array(value)
