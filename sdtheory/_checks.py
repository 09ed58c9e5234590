"""Argument checks: the one place that words errors.

Public functions check their arguments here once; inner functions check nothing. Each message names
the argument and shows the value. Numbers may be Python or NumPy scalars; arrays must be of a
floating-point dtype, because results are returned in the dtype of the data.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Collection, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from sdtheory._array import (
    Array,
    cache_block,
    device,
    eps,
    first,
    is_array,
    namespace,
    place,
    size,
)

__all__ = [
    "array",
    "choice",
    "flag",
    "function",
    "instance",
    "integer",
    "ndarray",
    "number",
    "path",
    "same_length",
    "square",
    "symmetric",
    "together",
]

# Counts that float64 can tell apart.
LARGEST = 2**53
# Rounds, steps or layers that are computed one after the other.
ROUNDS = 10**4
# Rounds whose results are combined with one another, as the rows of a matrix.
POWERS = 1000
# Sides of a square matrix that is made.
SIDE = 10**4
# Samples, modes or features that are held in memory.
SIZE = 10**8


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    finite: bool = True,
) -> float:
    """Return `value` as a float within the bounds (never NaN), or raise naming it."""
    if is_array(value) and getattr(value, "ndim", None) == 0:
        value = first(value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {show(value)}")
    try:
        result = float(value)
    except OverflowError:  # an integer or fraction beyond the range of floats
        huge: Any = value
        result = math.inf if huge > 0 else -math.inf
    if math.isnan(result) or (finite and not math.isfinite(result)):
        raise ValueError(f"{name} must be {'finite' if finite else 'a number'}, got {result}")
    _bounded(name, result, result, above, at_least, below, at_most)
    return result


def integer(name: str, value: object, *, at_least: int = 0, at_most: int = LARGEST) -> int:
    """Return `value` as an int within the bounds, or raise naming it."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be an integer, got {show(value)}")
    try:
        result = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {show(value)}") from None
    if not at_least <= result <= at_most:
        bound = f"least {at_least}" if result < at_least else f"most {at_most}"
        shown = result if abs(result) <= LARGEST else show(result)
        raise ValueError(f"{name} must be at {bound}, got {shown}")
    return result


def choice(name: str, value: object, options: Collection[str]) -> str:
    """Return `value` if it is one of `options`, or raise naming both."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} must be one of {sorted(options)}, got {show(value)}")
    return value


def flag(name: str, value: object) -> bool:
    """Return `value` if it is true or false, or raise naming it."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {show(value)}")
    return bool(value)


def instance(name: str, value: object, *kinds: type) -> None:
    """Raise, naming it, unless an argument is an object of one of these classes."""
    if not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be a {wanted}, got {show(value)}")


def function(name: str, value: object) -> None:
    """Raise, naming it, unless an argument can be called (a class is no function)."""
    if not callable(value) or isinstance(value, type):
        raise TypeError(f"{name} must be a function, got {show(value)}")


def path(name: str, value: object) -> Path:
    """Return the path of a file, or raise naming it."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a path, got {show(value)}")
    if "\0" in text:
        raise ValueError(f"{name} must be a path, got {show(value)}")
    return Path(text)


def array(
    name: str,
    value: object,
    *,
    like: Array | None = None,
    ndim: int | Sequence[int] | None = None,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    empty: bool = False,
) -> Array:
    """Return `value` as a finite floating-point array within the bounds, not empty unless allowed.

    Numbers and nested lists become arrays (float64 NumPy, or whatever `like` is). An array must
    share the namespace of `like`; it is cast to the dtype of `like`, never the other way round.
    """
    result = _as_array(name, value, like)
    dims = [ndim] if isinstance(ndim, int) else ndim
    if dims is not None and result.ndim not in dims:
        wanted = " or ".join(str(k) for k in dims)
        raise ValueError(f"{name} must have {wanted} dimensions, got shape {tuple(result.shape)}")
    if size(result) == 0:
        if empty:
            return result
        raise ValueError(f"{name} must not be empty, got shape {tuple(result.shape)}")
    xp = namespace(result)
    low, high = first(xp.min(result)), first(xp.max(result))  # both are NaN where an entry is
    if not (math.isfinite(low) and math.isfinite(high)):
        odd = first(result[~xp.isfinite(result)])
        raise ValueError(f"{name} must be finite, got {odd} in {show(result)}")
    _bounded(name, low, high, above, at_least, below, at_most)
    return result


def ndarray(name: str, value: object, **limits: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what `array` returns, for functions that compute in NumPy alone."""
    result = array(name, value, **limits)
    if not isinstance(result, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, got {show(value)}")
    return result


def same_length(name: str, value: Array, other_name: str, other: Array) -> None:
    """Raise unless the first axes of two arrays agree."""
    if value.shape[0] != other.shape[0]:
        raise ValueError(
            f"{name} and {other_name} must have the same length, "
            f"got shapes {tuple(value.shape)} and {tuple(other.shape)}"
        )


def together(**arrays: Array) -> None:
    """Raise, naming all of them, unless arrays broadcast against one another."""
    shapes = {name: tuple(value.shape) for name, value in arrays.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        shown = " and ".join(str(shape) for shape in shapes.values())
        raise ValueError(f"{' and '.join(shapes)} must broadcast, got shapes {shown}") from None


def square(name: str, value: Array) -> None:
    """Raise unless a matrix is square."""
    if value.ndim != 2 or value.shape[0] != value.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got shape {tuple(value.shape)}")


def symmetric(name: str, value: Array, tolerance: float) -> bool:
    """Raise unless a square matrix is symmetric to `tolerance` times its largest entry.

    Returns whether it is symmetric to the last digit of its largest entry.
    """
    square(name, value)
    gap, scale = _asymmetry(value)
    if gap > tolerance * scale:
        scale = first(namespace(value).max(namespace(value).abs(value)))
        raise ValueError(
            f"{name} must be symmetric, got |{name} - {name}.T| up to {gap:.3g} "
            f"where entries reach {scale:.3g}"
        )
    return gap <= 4 * eps(value) * scale


def _asymmetry(value: Array) -> tuple[float, float]:
    """Return the largest |a_ij - a_ji| and the largest |a_ij| above, a few rows at a time."""
    xp, n = namespace(value), value.shape[0]
    gap = scale = 0.0
    rows = max(1, cache_block(value) // max(1, n))
    with np.errstate(over="ignore"):
        for k in range(0, n, rows):
            block = slice(k, min(k + rows, n))
            right, below = value[block, k:], value[k:, block].T
            gap = max(gap, first(xp.max(xp.abs(right - below))))
            scale = max(scale, first(xp.max(right)), -first(xp.min(right)))
    return gap, scale


def show(value: object) -> str:
    """Return a short text of any value for an error message."""
    if is_array(value):
        text = " ".join(str(value).split())
        kind = f"{type(value).__name__} of shape {tuple(getattr(value, 'shape', ()))}"
        return f"{kind}: {text[:80]}{'...' if len(text) > 80 else ''}"
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out huge integers
        text = "a huge number"
    text = " ".join(text.split())  # objects that hold arrays fill many lines
    return f"{text[:100]}{'...' if len(text) > 100 else ''} ({type(value).__name__})"


def _as_array(name: str, value: object, like: Array | None) -> Array:
    if isinstance(value, np.generic):
        value = value.item()
    if is_array(value):
        given: Any = value
        if like is not None and namespace(given) is not namespace(like):
            raise TypeError(
                f"{name} is {type(given).__module__.split('.')[0]}'s {type(given).__name__} but "
                f"the data are {type(like).__module__.split('.')[0]}'s {type(like).__name__}: "
                f"arrays of different libraries cannot be mixed, got {name} = {show(value)}"
            )
        if like is not None and device(given) != device(like):
            raise ValueError(
                f"{name} must be on the device of the data, {device(like)}, got {device(given)}"
            )
        xp = namespace(given)
        if isinstance(given, np.ma.MaskedArray):
            raise TypeError(f"{name} must not be a masked array, got {show(value)}")
        if given.dtype not in (xp.float64, xp.float32):
            raise TypeError(
                f"{name} must have a floating-point dtype (float64 or float32), "
                f"got {given.dtype}, {show(value)}"
            )
        if like is None or given.dtype == like.dtype:
            return given
        with np.errstate(over="ignore"):  # an overflow is found to be infinite by the caller
            return xp.astype(given, like.dtype)
    try:
        numbers = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must be a rectangular array of numbers, got {show(value)}"
        ) from None
    if numbers.dtype.kind not in "fiu" or isinstance(value, bool):
        raise TypeError(f"{name} must be an array of real numbers, got {show(value)}")
    numbers = numbers.astype(np.float64)
    if like is None:
        return numbers
    with np.errstate(over="ignore"):
        return place(numbers.tolist(), like)


def _bounded(
    name: str,
    low: float,
    high: float,
    above: float | None,
    at_least: float | None,
    below: float | None,
    at_most: float | None,
) -> None:
    if above is not None and not low > above:
        raise ValueError(f"{name} must be greater than {above:g}, got {low:g}")
    if at_least is not None and not low >= at_least:
        raise ValueError(f"{name} must be at least {at_least:g}, got {low:g}")
    if below is not None and not high < below:
        raise ValueError(f"{name} must be less than {below:g}, got {high:g}")
    if at_most is not None and not high <= at_most:
        raise ValueError(f"{name} must be at most {at_most:g}, got {high:g}")
