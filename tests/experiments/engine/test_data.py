"""Bundled and users' data."""

import numpy as np
import pytest

from experiments.engine.data import BUNDLED, bundled, from_npz, one_hot_labels, split

SIZES = {"digits": 1797, "breast_cancer": 569, "wine": 178, "diabetes": 442}


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_data_are_split_and_scaled(name):
    data = bundled(name, 120, np.random.default_rng(0))
    assert len(data.x_train) == len(data.y_train) == 120
    assert len(data.x_test) == len(data.y_test) == SIZES[name] - 120
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    if name == "digits":
        assert np.ptp(np.concatenate([data.x_train, data.x_test])) <= 2
    else:
        np.testing.assert_allclose(data.x_train.std(axis=0), 1, rtol=1e-12)
    if name == "diabetes":
        assert data.classes == 0
        np.testing.assert_allclose([data.y_train.mean(), data.y_train.var()], [0, 1], atol=1e-12)
    else:
        assert set(data.y_train) == set(range(data.classes))
        whole = np.bincount(np.concatenate([data.y_train, data.y_test])) / SIZES[name]
        assert np.abs(np.bincount(data.y_train) - 120 * whole).max() <= 1
    again, other = (bundled(name, 120, np.random.default_rng(seed)) for seed in (0, 1))
    assert np.array_equal(data.x_train, again.x_train)
    assert not np.array_equal(data.x_train, other.x_train)


def test_split_is_a_partition(rng):
    y = rng.integers(0, 3, size=50)
    for labels in (y, 50):
        first, second = split(labels, 20, rng)
        assert np.array_equal(np.sort(np.concatenate([first, second])), np.arange(50))
        assert len(first) == 20


@pytest.mark.parametrize(
    ("name", "train", "message"),
    [
        ("iris", 10, "name must be one of"),
        ("wine", 178, "train must be at most 177"),
        ("wine", 0, "train must be at least 1"),
    ],
)
def test_bad_requests_are_refused(name, train, message, rng):
    with pytest.raises(ValueError, match=message):
        bundled(name, train, rng)


@pytest.fixture
def arrays(rng):
    return {
        "X_train": rng.normal(size=(8, 3, 2)).astype(np.float32),
        "y_train": np.arange(8) % 4,
        "X_test": np.asfortranarray(rng.normal(size=(5, 3, 2)).astype(np.float32)),
        "y_test": np.arange(5) % 4,
    }


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_users_file_comes_back(tmp_path, arrays, write):
    path = tmp_path / "features.npz"
    write(path, **arrays, extra=np.zeros(3))
    data = from_npz(path)
    assert data.classes == 4
    for name, value in arrays.items():
        got = getattr(data, name.lower())
        np.testing.assert_array_equal(got, value)
        assert got.dtype == value.dtype
        assert isinstance(mapping(got), np.memmap) == (write is np.savez)
    real = arrays | {"y_train": np.ones(8), "y_test": np.ones(5)}
    write(path, **real)
    assert from_npz(path).classes == 0


def mapping(array):
    """Return the innermost array that an array is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


BAD = {
    "missing": ({"y_test": None}, "lacks y_test"),
    "flat inputs": ({"X_train": np.zeros(8)}, r"X_train in .* must be numbers of shape \(n, ...\)"),
    "text": ({"X_train": np.full((8, 3, 2), "a")}, "must be numbers"),
    "length": ({"y_train": np.zeros(7, int)}, "have 8 and 7 samples"),
    "nan": ({"X_test": np.full((5, 3, 2), np.nan)}, "X_test in .* holds NaN or infinity"),
    "infinite target": ({"y_train": np.full(8, np.inf)}, "y_train in .* holds NaN or infinity"),
    "features": ({"X_test": np.zeros((5, 3, 1))}, "different shapes"),
    "kinds": ({"y_test": np.zeros(5)}, "same kind and shape"),
    "new class": ({"y_test": np.full(5, 4)}, r"must be 0\.\.3 as in y_train"),
    "negative": ({"y_train": np.full(8, -1)}, "class numbers"),
    "one-hot integers": (
        {"y_train": np.eye(8, dtype=int), "y_test": np.eye(5, 8, dtype=int)},
        "shape",
    ),
    "complex": ({"X_train": np.zeros((8, 3, 2), complex)}, "real numbers"),
    "objects": ({"y_train": np.array([{}] * 8, dtype=object)}, "Python objects"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_refused(tmp_path, arrays, case):
    changes, message = BAD[case]
    path = tmp_path / "features.npz"
    np.savez(path, **{k: v for k, v in (arrays | changes).items() if v is not None})
    with pytest.raises(ValueError, match=message):
        from_npz(path)


def test_not_an_archive(tmp_path):
    path = tmp_path / "features.npz"
    path.write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"is not an \.npz file"):
        from_npz(path)


def test_one_hot_labels():
    labels = one_hot_labels(np.array([[0, 2], [1, 1]]), 3)
    assert labels.shape == (2, 2, 3)
    assert np.array_equal(labels.argmax(-1), [[0, 2], [1, 1]])
    assert np.array_equal(labels.sum(-1), np.ones((2, 2)))
