"""Dask arrays: every chunking and every scheduler gives what one pass gives."""

import numpy as np
import pytest

from sdtheory import label_noise
from sdtheory.spectral import GramAccumulator, LeftOutAccumulator, QRAccumulator

da = pytest.importorskip("dask.array")
from sdtheory.interop.dask import accumulate  # noqa: E402

EPS = np.finfo(float).eps
CHUNKS = [((53, 4), 53), ((10, 2), 7), ((1, 4), 20), ((27, 3), (50, 3))]


@pytest.fixture
def data(rng):
    x = rng.normal(size=(53, 4)) + 1.0
    return x, x @ np.ones(4) + rng.normal(size=53), rng.exponential(size=53)


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
@pytest.mark.parametrize(("rows", "labels"), CHUNKS)
def test_any_chunks(data, kind, rows, labels):
    x, y, w = data
    whole = kind()
    whole.update(x, y, w)
    empty = kind()
    labels = labels if isinstance(labels, int) else (labels,)
    seen = accumulate(empty, da.from_array(x, rows), da.from_array(y, labels), da.from_array(w, 11))
    assert (seen.rows, empty.rows) == (53, 0)
    a, b = seen.summary(intercept=True), whole.summary(intercept=True)
    np.testing.assert_allclose(a.spectrum.eigenvalues, b.spectrum.eigenvalues, rtol=1e4 * EPS)
    np.testing.assert_allclose(
        label_noise.tune_summary(a, 2.0).xi, label_noise.tune_summary(b, 2.0).xi, rtol=1e6 * EPS
    )


def test_both_passes_on_a_cluster(data):
    distributed = pytest.importorskip("distributed")
    x, y, _ = data
    outputs = np.stack([y, -(y**2)], axis=1)
    design, labels = da.from_array(x, (9, 4)), da.from_array(outputs, (9, 1))
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        protocol="tcp",
    )
    with cluster, distributed.Client(cluster):
        summary = accumulate(GramAccumulator(), design, labels).summary(intercept=True)
        seen = accumulate(LeftOutAccumulator(summary, 2.0), design, labels)
    found = label_noise.tune_left_out(seen)[0]
    held = label_noise.tune_xi(x, outputs, 2.0, intercept=True)
    np.testing.assert_allclose(found.xi, held.xi, rtol=1e6 * EPS)
    np.testing.assert_allclose(found.risk, held.risk, rtol=1e5 * EPS)


def test_other_arrays_are_refused(data):
    x, y, _ = data
    with pytest.raises(TypeError, match="y must be a Dask array, got ndarray"):
        accumulate(GramAccumulator(), da.from_array(x), y)
    with pytest.raises(ValueError, match="y and design must have the same length"):
        accumulate(GramAccumulator(), da.from_array(x), da.from_array(y[:50]))
