"""Data sets as NumPy arrays: scikit-learn's bundled ones, and any ``.npz`` of features."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from experiments.engine.mapped import map_npz
from sdtheory import _checks

__all__ = ["BUNDLED", "Dataset", "bundled", "from_npz", "one_hot_labels", "split", "to_tensor"]

BUNDLED = ("digits", "breast_cancer", "wine", "diabetes")
FIELDS = ("X_train", "y_train", "X_test", "y_test")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Inputs and labels, split.

    Attributes
    ----------
    x_train, x_test : array, shape (n, ...)
        Inputs.
    y_train, y_test : array, shape (n,) or (n, outputs)
        Class numbers 0, 1, ... (integers), or real targets.
    classes : int
        Number of classes; 0 for regression.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int


def bundled(name: str, train: int, rng: np.random.Generator) -> Dataset:
    """Return a data set that comes with scikit-learn, split at random and standardised.

    Features are centred with the training mean.  Digits are divided by 16, their largest value;
    the others by the training standard deviation.  Targets of diabetes are standardised too.

    Parameters
    ----------
    name : {"digits", "breast_cancer", "wine", "diabetes"}
        Which one.
    train : int
        Training samples, stratified by class; the rest are for testing.
    rng : numpy.random.Generator
        Decides the split.
    """
    _checks.choice("name", name, BUNDLED)
    import sklearn.datasets

    load: Callable[..., tuple[np.ndarray, np.ndarray]] = getattr(sklearn.datasets, f"load_{name}")
    x, y = load(return_X_y=True)
    train = _checks.integer("train", train, at_least=1, at_most=len(y) - 1)
    regression = name == "diabetes"
    first, second = split(len(y) if regression else y, train, rng)
    scale = np.float64(16.0) if name == "digits" else x[first].std(axis=0)
    x = (x - x[first].mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    if regression:
        y = (y - y[first].mean()) / y[first].std()
    classes = 0 if regression else int(y.max()) + 1
    return Dataset(x[first], y[first], x[second], y[second], classes)


def split(
    y: np.ndarray | int, train: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of a random split; class proportions are kept to within one sample.

    Parameters
    ----------
    y : array of int, shape (n,), or int
        Class numbers; a single number n stands for n unlabelled samples.
    train : int
        Size of the first part.
    rng : numpy.random.Generator
        Decides.
    """
    if isinstance(y, int):
        order = rng.permutation(y)
    else:
        # Position of each sample within its shuffled class, as a fraction: sorting by it deals the
        # classes out evenly, so that every prefix has the proportions of the whole.
        shuffled = rng.permutation(len(y))
        fraction = np.empty(len(y))
        for label in np.unique(y):
            members = shuffled[y[shuffled] == label]
            fraction[members] = (np.arange(len(members)) + rng.random()) / len(members)
        order = np.argsort(fraction, kind="stable")
    return np.sort(order[:train]), np.sort(order[train:])


def from_npz(path: str | Path) -> Dataset:
    """Return the data set in a user's ``.npz`` file, mapped into memory and not read.

    The file holds ``X_train``, ``y_train``, ``X_test`` and ``y_test``: real inputs of shape
    (n, ...), and labels that are integers 0, 1, ... of shape (n,) or real targets.  Files made by
    ``numpy.savez`` are mapped; those of ``savez_compressed`` are read into memory.  Objects
    (pickles) are refused.
    """
    arrays = map_npz(Path(path))
    missing = [name for name in FIELDS if name not in arrays]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}; it holds {', '.join(arrays)}")
    x_train, y_train, x_test, y_test = (arrays[name] for name in FIELDS)
    for part, x, y in (("train", x_train, y_train), ("test", x_test, y_test)):
        if x.ndim < 2 or len(x) == 0 or not np.issubdtype(x.dtype, np.number):
            found = f"shape {x.shape} and dtype {x.dtype}"
            raise ValueError(f"X_{part} in {path} must be numbers of shape (n, ...), got {found}")
        if len(x) != len(y):
            raise ValueError(f"X_{part} and y_{part} in {path} have {len(x)} and {len(y)} samples")
        check_finite(f"X_{part} in {path}", x)
        check_finite(f"y_{part} in {path}", y)
    if x_train.shape[1:] != x_test.shape[1:]:
        shapes = f"{x_train.shape[1:]} and {x_test.shape[1:]}"
        raise ValueError(f"training and test inputs in {path} have different shapes: {shapes}")
    return Dataset(x_train, y_train, x_test, y_test, count_classes(path, y_train, y_test))


def check_finite(name: str, values: np.ndarray, rows: int = 65536) -> None:
    """Raise if an array holds something else than finite real numbers, reading it in pieces."""
    if values.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold real numbers, got dtype {values.dtype}")
    for start in range(0, len(values), rows):
        if not np.isfinite(values[start : start + rows]).all():
            raise ValueError(f"{name} holds NaN or infinity in rows {start}..{start + rows - 1}")


def count_classes(path: str | Path, y_train: np.ndarray, y_test: np.ndarray) -> int:
    """Return the number of classes of integer labels, 0 for real targets."""
    kinds = {y.dtype.kind in "biu" for y in (y_train, y_test)}
    if len(kinds) == 2 or y_train.shape[1:] != y_test.shape[1:]:
        raise ValueError(f"y_train and y_test in {path} must have the same kind and shape")
    if kinds == {False}:
        return 0
    if y_train.ndim != 1:
        raise ValueError(f"class numbers in {path} must have shape (n,), got {y_train.shape}")
    lowest = min(int(y_train.min()), int(y_test.min()))
    highest = int(y_train.max())
    if lowest < 0 or int(y_test.max()) > highest:
        seen = f"{lowest}..{max(highest, int(y_test.max()))}"
        raise ValueError(f"class numbers in {path} must be 0..{highest} as in y_train, got {seen}")
    return highest + 1


def one_hot_labels(y: np.ndarray, classes: int, dtype: type = np.float64) -> np.ndarray:
    """Return class numbers as rows with a single one, shape ``(*y.shape, classes)``.

    >>> one_hot_labels(np.array([1, 0]), 2)
    array([[0., 1.],
           [1., 0.]])
    """
    return np.asarray(np.eye(classes, dtype=dtype)[y])


def to_tensor(values: np.ndarray, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return a copy of an array on a device."""
    return torch.tensor(np.asarray(values), dtype=dtype, device=device)
