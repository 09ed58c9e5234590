"""How much memory a sweep takes: what it holds, what it makes, and nothing else."""

import gc
import tracemalloc

import numpy as np
import pytest

from sdtheory import kernel_ridge

N = 800
MATRIX = 8 * N * N


@pytest.fixture
def traced():
    """Trace every NumPy array from here on."""
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture
def kernel(rng):
    x = rng.normal(size=(N, 3))
    return np.exp(-0.5 * np.sum((x[:, None, :] - x) ** 2, axis=-1))


def peak(work):
    """Return the bytes that were allocated on top of what was there, and the result."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    result = work()
    return tracemalloc.get_traced_memory()[1] - before, result


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("outputs", [1, 4])
@pytest.mark.parametrize("xis", [(0.0, 0.3, 0.6, 1.0), (-1.0, 0.5, 2.0)])
def test_a_sweep_takes_less_than_three_matrices_and_its_output(kernel, rng, outputs, xis):
    """Data, eigenvectors, and the projections of the new points are the three (here a quarter)."""
    y = rng.normal(size=(N, outputs))
    new, lams = kernel[:200], np.geomspace(1e-2, 1e2, 40)
    model = kernel_ridge.fit(kernel, y)
    used, students = peak(lambda: model.sweep(new, lams, np.array(xis), steps=9))
    assert students.shape == (10, 40, len(xis), 200, outputs)
    held = MATRIX + sum(
        a.nbytes for a in (model.smoother.spectrum.left, model.smoother.targets.projected)
    )
    assert held + used < 3 * MATRIX + students.nbytes
    # One sheet of the output, and what that is mixed from, beside the output itself.
    assert used < students.nbytes * (1 + 4 / 40) + 1.5 * new.nbytes + 0.1 * MATRIX


@pytest.mark.usefixtures("traced")
def test_factorising_takes_three_matrices_beside_the_data(kernel, rng):
    """One becomes the eigenvectors; two are LAPACK's workspace, which NumPy's own call hides."""
    used, model = peak(lambda: kernel_ridge.fit(kernel, rng.normal(size=N)))
    assert used < 3.1 * MATRIX
    assert model.smoother.spectrum.left.flags.f_contiguous  # products with it copy nothing


@pytest.mark.usefixtures("traced")
def test_one_student_makes_nothing_of_the_size_of_the_data(kernel, rng):
    model = kernel_ridge.fit(kernel, rng.normal(size=N))
    used, _ = peak(lambda: model.filter(1.0, 0.5, steps=10**6))
    assert used < 100 * N * 8
