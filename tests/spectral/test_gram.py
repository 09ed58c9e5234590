"""Streamed moments against the data held at once, and what squaring costs."""

import dataclasses

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import filters
from sdtheory._archive import CorruptArchiveError, pack
from sdtheory.label_noise._samples import Samples
from sdtheory.spectral import GramAccumulator, QRAccumulator, _stored

KINDS = [GramAccumulator, QRAccumulator]
EPS = np.finfo(float).eps


@pytest.fixture
def data(rng):
    """Features with large means, two outputs, weights with a zero among them."""
    x = rng.normal(size=(60, 4)) * [1.0, 2.0, 0.5, 1.0] + [3.0, 0.0, -2.0, 10.0]
    y = x @ rng.normal(size=(4, 2)) + rng.normal(size=(60, 2)) + 5.0
    weight = rng.exponential(size=60)
    weight[7] = 0.0
    return x, y, weight


def streamed(kind, x, y, weight=None, chunks=7, seen=None):
    seen = kind() if seen is None else seen
    for rows in np.array_split(np.arange(len(x)), chunks):
        seen.update(x[rows], y[rows], None if weight is None else weight[rows])
    return seen


def condition(spectrum):
    return float((spectrum.eigenvalues[0] / spectrum.eigenvalues[-1]) ** 0.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("single", [False, True])
def test_a_stream_equals_the_data_held_at_once(data, kind, intercept, weighted, single):
    x, y, weight = data
    y, weight = (y[:, 0] if single else y), (weight if weighted else None)
    summary = streamed(kind, x, y, weight).summary(intercept)
    held = Samples.made(x, y, intercept, weight)
    d = held.spectrum.eigenvalues
    # A Gram matrix squares the condition; centring starts from means of about ten deviations.
    rtol = 100 * EPS * condition(held.spectrum) ** 2
    np.testing.assert_allclose(summary.spectrum.eigenvalues, d, rtol=rtol)
    assert summary.spectrum.n == held.spectrum.n == 60
    np.testing.assert_allclose(summary.total, held.total, rtol=100 * EPS)
    np.testing.assert_allclose(summary.x_mean, held.x_mean, rtol=100 * EPS, atol=0)
    outside = summary.targets.outside
    np.testing.assert_allclose(
        np.sum(outside), float(held.spare[0]) ** 2, rtol=rtol * 10 * np.sum(y**2) / np.sum(outside)
    )
    student = filters.distill(d, lam=0.7, xi=1.3, steps=3)
    own = filters.distill(summary.spectrum.eigenvalues, lam=0.7, xi=1.3, steps=3)
    slopes, constant = summary.coefficients(own)
    fitted = held.spectrum.right @ ((np.sqrt(d) * student.coefficient)[:, None] * held.projected)
    fitted = fitted[:, 0] if single else fitted
    assert slopes.shape == fitted.shape
    assert np.shape(constant) == (() if single else (2,))
    np.testing.assert_allclose(slopes, fitted, rtol=0, atol=10 * rtol * np.abs(fitted).max())
    mean = held.y_mean[0] if single else held.y_mean
    np.testing.assert_allclose(constant, mean - held.x_mean @ fitted, rtol=100 * rtol)


@pytest.mark.parametrize("kind", KINDS)
def test_order_and_merging_do_not_matter(data, kind):
    x, y, weight = data
    once = streamed(kind, x, y, weight, chunks=1)
    joined = streamed(kind, x[40:], y[40:], weight[40:], chunks=20)
    first = streamed(kind, x[:40], y[:40], weight[:40], chunks=3)
    joined.merge(kind())
    joined.merge(first)
    empty = kind()
    empty.merge(joined)
    for seen in (joined, empty):
        assert seen.rows == 60
        a, b = seen.summary(intercept=True), once.summary(intercept=True)
        rtol = 100 * EPS * condition(b.spectrum) ** 2
        np.testing.assert_allclose(a.spectrum.eigenvalues, b.spectrum.eigenvalues, rtol=rtol)
        np.testing.assert_allclose(a.y_mean, b.y_mean, rtol=rtol)


@pytest.mark.parametrize("kind", KINDS)
def test_updates_leave_older_copies_alone(data, kind):
    x, y, _ = data
    seen = streamed(kind, x[:20], y[:20])
    other = kind()
    other.merge(seen)
    before = seen.summary().spectrum.eigenvalues.copy()
    other.update(x[20:], y[20:])
    np.testing.assert_array_equal(seen.summary().spectrum.eigenvalues, before)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_copies_of_samples(data, kind):
    x, y, _ = data
    copies = np.arange(60) % 3
    a = streamed(kind, x, y, copies.astype(float)).summary(intercept=True)
    b = streamed(kind, x.repeat(copies, 0), y.repeat(copies, 0)).summary(intercept=True)
    rtol = 100 * EPS * condition(b.spectrum) ** 2
    np.testing.assert_allclose(a.spectrum.eigenvalues, b.spectrum.eigenvalues, rtol=rtol)
    np.testing.assert_allclose(a.total, b.total, rtol=100 * EPS)
    assert (a.spectrum.n, b.spectrum.n) == (60, copies.sum())


@pytest.mark.parametrize("kind", KINDS)
def test_samples_without_weight_count_and_say_nothing(data, kind):
    x, y, weight = data
    weight[:20] = 0.0
    a = streamed(kind, x, y, weight, chunks=6).summary(intercept=True)  # whole chunks of zeros
    b = streamed(kind, x[20:], y[20:], weight[20:]).summary(intercept=True)
    rtol = 100 * EPS * condition(b.spectrum) ** 2
    np.testing.assert_allclose(a.spectrum.eigenvalues, b.spectrum.eigenvalues, rtol=rtol)
    assert (a.spectrum.n, b.spectrum.n) == (60, 40)


@pytest.mark.parametrize("kind", KINDS)
def test_centring_is_stable(kind, rng):
    """A mean of 1e7 deviations costs its digits once, not twice: 1e-9 is left, not 1e-2."""
    x = rng.normal(size=(200, 3))
    y = x @ np.ones(3)
    exact = streamed(kind, x - x.mean(0), y).summary(intercept=True).spectrum.eigenvalues
    far = streamed(kind, x + 1e7, y).summary(intercept=True).spectrum.eigenvalues
    np.testing.assert_allclose(far, exact, rtol=20 * 1e7 * EPS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("constant", [0.1, 1e9 / 3])
def test_constants_are_no_features_and_no_labels(kind, constant, rng):
    x = np.column_stack([rng.normal(size=(3000, 2)), np.full(3000, constant)])
    y = np.column_stack([rng.normal(size=3000), np.full(3000, constant)])
    summary = streamed(kind, x, y).summary(intercept=True)
    assert summary.spectrum.eigenvalues.shape == (2,)
    assert np.all(summary.targets.projected[:, 1] == 0)
    assert summary.targets.outside[1] == 0


def test_a_feature_that_varies_in_its_tenth_digit_is_one(rng):
    x = 1.0 + 1e-10 * rng.normal(size=(3000, 1))
    spectrum = streamed(QRAccumulator, x, rng.normal(size=3000)).summary(intercept=True).spectrum
    want = np.sum((x - x.mean()) ** 2)
    # One unit in the last place of x is 2e-6 deviations.
    np.testing.assert_allclose(spectrum.eigenvalues, [want], rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_samples_than_features(kind, rng):
    x, y = rng.normal(size=(3, 5)), rng.normal(size=3)
    for intercept, rank in ((False, 3), (True, 2)):
        summary = streamed(kind, x, y, chunks=3).summary(intercept)
        held = Samples.made(x, y, intercept).spectrum.eigenvalues
        assert summary.spectrum.eigenvalues.shape == (rank,)
        rtol = 100 * EPS * condition(summary.spectrum) ** 2
        np.testing.assert_allclose(summary.spectrum.eigenvalues, held, rtol=rtol)


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_with_an_intercept_has_no_spectrum(kind):
    seen = kind()
    seen.update([[2.0, 1.0]], [3.0])
    summary = seen.summary(intercept=True)
    teacher = filters.distill(summary.spectrum.eigenvalues, 1.0, 0.0, 0)
    slopes, constant = summary.coefficients(teacher)
    np.testing.assert_array_equal(slopes, 0.0)
    np.testing.assert_allclose(constant, 3.0, rtol=4 * EPS)


@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_it_goes_on(data, kind, tmp_path):
    x, y, weight = data
    half = streamed(kind, x[:30], y[:30], weight[:30], chunks=2)
    half.save(tmp_path / "half.npz")
    loaded = kind.load(tmp_path / "half.npz")
    assert loaded.rows == 30
    results = [
        streamed(kind, x[30:], y[30:], weight[30:], seen=seen).summary() for seen in (half, loaded)
    ]
    np.testing.assert_array_equal(*(r.spectrum.eigenvalues for r in results))
    kind().save(tmp_path / "none.npz")
    assert kind.load(tmp_path / "none.npz") == kind()


def test_only_its_own_files_are_read(data, tmp_path):
    x, y, _ = data
    path = tmp_path / "seen.npz"
    streamed(GramAccumulator, x, y).save(path)
    with pytest.raises(CorruptArchiveError, match="must hold a QRAccumulator, got GramAccumulator"):
        QRAccumulator.load(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CorruptArchiveError, match="not a readable"):
        GramAccumulator.load(path)
    np.savez(path, a=np.zeros(2))
    with pytest.raises(CorruptArchiveError, match="got something else"):
        GramAccumulator.load(path)
    path.write_bytes(pack({"kind": np.asarray("Other"), "rows": np.asarray(3)}))
    with pytest.raises(CorruptArchiveError, match="must hold a GramAccumulator, got Other"):
        GramAccumulator.load(path)
    path.write_bytes(pack({"kind": np.asarray("GramAccumulator"), "rows": np.asarray(3)}))
    with pytest.raises(CorruptArchiveError, match="is damaged"):
        GramAccumulator.load(path)


def test_fields_of_another_version_are_named(tmp_path):
    other = dataclasses.make_dataclass("GramAccumulator", [("lines", int, 3)])
    _stored.save(other(), tmp_path / "seen.npz")
    with pytest.raises(CorruptArchiveError, match=r"of another version: it has \['lines'\]"):
        _stored.load(GramAccumulator, tmp_path / "seen.npz")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("put", BACKENDS)
def test_backends(put, kind, rng):
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    seen = kind()
    for rows in (slice(0, 9), slice(9, 20)):
        seen.update(put(x[rows]), put(y[rows]), put(np.ones(20)[rows]))
    summary = seen.summary(intercept=True)
    d = summary.spectrum.eigenvalues
    assert put.owns(d)
    assert put.owns(summary.coefficients(filters.distill(d, 1.0, 0.0, 0))[0])
    exact = Samples.made(x, y, True).spectrum
    rtol = 100 * put.eps * condition(exact) ** 2
    np.testing.assert_allclose([float(v) for v in d], exact.eigenvalues, rtol=rtol)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (lambda s: s.update(np.ones((2, 4)), np.ones(2)), ValueError, "3 features and a label vec"),
        (
            lambda s: s.update(np.ones((2, 3)), np.ones((2, 1))),
            ValueError,
            "3 features and 1 out",
        ),
        (lambda s: s.update(np.ones((2, 3)), np.ones(3)), ValueError, "y and design must have the"),
        (lambda s: s.update(np.ones((2, 3)), np.ones(2), -np.ones(2)), ValueError, "sample_weight"),
        (lambda s: s.update(np.full((2, 3), np.nan), np.ones(2)), ValueError, "design must be fin"),
        (lambda s: type(s)().summary(), ValueError, "positive weight, got 0 rows"),
    ],
)
def test_bad_input(kind, bad, error, message):
    seen = kind()
    seen.update(np.eye(3), np.arange(3.0))
    with pytest.raises(error, match=message):
        bad(seen)
    assert seen.rows == 3
    seen.update(np.ones((0, 3)), np.ones(0))  # a partition may be empty
    assert seen.rows == 3


@pytest.mark.parametrize("kind", KINDS)
def test_later_chunks_take_the_dtype_of_the_first(data, kind):
    x, y, weight = data
    seen = kind()
    seen.update(x[:30].astype(np.float32), y[:30].astype(np.float32))
    seen.update(x[30:], y[30:], weight[30:])
    summary = seen.summary(intercept=True)
    for value in (summary.spectrum.eigenvalues, summary.targets.projected, summary.x_mean):
        assert value.dtype == np.float32
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="arrays of different libraries cannot be mixed"):
        seen.update(torch.ones((2, 4), dtype=torch.float32), torch.ones((2, 2)))
    assert seen.rows == 60


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("intercept", [False, True])
def test_features_and_labels_of_zeros(kind, intercept, rng):
    """What is always zero is no feature, has mean zero, and turns nothing into NaN."""
    x, y = np.zeros((20, 3)), np.zeros((20, 2))
    x[:, 1], y[:, 1] = rng.normal(size=20), rng.normal(size=20)
    summary = streamed(kind, x, y).summary(intercept)
    assert summary.spectrum.eigenvalues.shape == (1,)
    np.testing.assert_array_equal(summary.targets.projected[:, 0], [0.0])
    assert float(summary.targets.outside[0]) == 0.0
    student = filters.distill(summary.spectrum.eigenvalues, 1.0, 0.5)
    slopes, constant = summary.coefficients(student)
    np.testing.assert_array_equal(slopes[[0, 2]], np.zeros((2, 2)))
    assert float(constant[0]) == 0.0
    if not intercept:
        np.testing.assert_array_equal(summary.x_mean, np.zeros(3))
        np.testing.assert_array_equal(summary.y_mean, np.zeros(2))


@pytest.mark.parametrize("kind", KINDS)
def test_two_samples_with_an_intercept_have_one_mode(kind):
    seen = kind()
    seen.update([[2.0, 1.0]], [3.0])
    seen.update([[0.0, 1.0]], [1.0])
    summary = seen.summary(intercept=True)
    np.testing.assert_allclose(summary.spectrum.eigenvalues, [2.0], rtol=16 * EPS)
    slopes, constant = summary.coefficients(filters.distill([2.0], 2.0, 0.0, 0))
    np.testing.assert_allclose(slopes, [0.5, 0.0], rtol=0, atol=8 * EPS)
    np.testing.assert_allclose(constant, 1.5, rtol=16 * EPS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [1e-9, 1.0, 1e9])
def test_what_varies_does_not_depend_on_the_units_of_the_weights(kind, weight, rng):
    """Deviations are told from rounding as a share of the mean, whatever the weights add up to."""
    for share, rank in ((3e-12, 1), (1e-15, 0)):
        x = 1.0 + share * rng.choice([-1.0, 1.0], size=(3000, 1))
        seen = streamed(kind, x, rng.normal(size=3000), np.full(3000, weight))
        spectrum = seen.summary(intercept=True).spectrum
        assert spectrum.eigenvalues.shape == (rank,), share


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_without_rows_or_without_weight(data, kind):
    x, y, weight = data
    seen = streamed(kind, x, y, weight)
    before = seen.summary().spectrum.eigenvalues
    seen.update(x[:0], y[:0], weight[:0])
    assert seen.rows == 60
    np.testing.assert_array_equal(seen.summary().spectrum.eigenvalues, before)
    none = kind()
    none.update(x[:3], y[:3], np.zeros(3))
    with pytest.raises(ValueError, match="positive weight, got 3 rows of weight 0"):
        none.summary()
    none.update(x, y, weight)
    assert none.rows == 63
    rtol = 100 * EPS * condition(seen.summary().spectrum) ** 2
    np.testing.assert_allclose(none.summary().spectrum.eigenvalues, before, rtol=rtol)
    with pytest.raises(ValueError, match="sample_weight and design must have the same length"):
        seen.update(x, y, weight[:5])
    with pytest.raises(ValueError, match="sample_weight must have 1 dimensions"):
        seen.update(x, y, weight[:, None])


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_sample_of_weight_one_is_not_forgotten(kind):
    seen = kind()
    seen.update([[3.0]], [1.0])
    assert float(seen.total) == 1.0
    seen.update([[4.0]], [2.0])
    np.testing.assert_allclose(seen.summary().spectrum.eigenvalues, [25.0], rtol=8 * EPS)
    other = kind()
    other.merge(seen)
    other.merge(seen)
    assert (other.rows, float(other.total)) == (4, pytest.approx(4.0, rel=8 * EPS))
    np.testing.assert_allclose(other.summary().spectrum.eigenvalues, [50.0], rtol=16 * EPS)


@pytest.mark.parametrize("kind", KINDS)
def test_data_of_another_form_are_not_merged(kind, data):
    x, y, _ = data
    seen = streamed(kind, x, y)
    for other, message in (
        (streamed(kind, x[:, :3], y), "4 features and 2 outputs, as before, got 3 features and 2"),
        (streamed(kind, x, y[:, 0]), "4 features and 2 outputs, as before, got 4 features and a"),
        (streamed(kind, x, y[:, :1]), "4 features and 2 outputs, as before, got 4 features and 1"),
    ):
        with pytest.raises(ValueError, match=message):
            seen.merge(other)
    assert seen.rows == 60


def test_numbers_come_back_as_numbers(data, tmp_path):
    x, y, weight = data
    seen = streamed(GramAccumulator, x, y[:, 0], weight)
    seen.save(tmp_path / "seen.npz")
    back = GramAccumulator.load(tmp_path / "seen.npz")
    assert (back.rows, back.total, back.single) == (seen.rows, seen.total, True)
    assert isinstance(back.rows, int)
    assert isinstance(back.total, float)
    for name in ("x_mean", "y_mean", "gram", "cross", "energy"):
        np.testing.assert_array_equal(getattr(back, name), getattr(seen, name))
        assert getattr(back, name).shape == getattr(seen, name).shape
