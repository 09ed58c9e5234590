"""Noise of all fits together, against sums written out."""

import numpy as np
import pytest

from sdtheory import gp
from sdtheory.gp._rounds import combined_noise

SAMPLES = np.zeros((4, 4))


@pytest.mark.parametrize("steps", [None, 0, 1, 6])
def test_a_number_is_repeated(steps):
    fits = 2 if steps is None else steps + 1
    combined, logs, count = combined_noise(0.3, steps, SAMPLES)
    assert count == fits
    assert combined == pytest.approx(1 / sum([1 / 0.3] * fits), rel=1e-14)
    assert logs == pytest.approx(sum([np.log(0.3)] * fits), rel=1e-14)
    assert np.shape(combined) == np.shape(logs) == ()


@pytest.mark.parametrize("shape", [(3,), (3, 4)])
@pytest.mark.parametrize("steps", [None, 2])
def test_noise_of_every_fit_is_added_in_precision(rng, shape, steps):
    noise = rng.uniform(0.2, 2.0, shape)
    combined, logs, count = combined_noise(noise, steps, SAMPLES)
    assert count == 3
    np.testing.assert_allclose(1 / combined, 1 / noise[0] + 1 / noise[1] + 1 / noise[2], rtol=1e-14)
    np.testing.assert_allclose(np.exp(logs), noise[0] * noise[1] * noise[2], rtol=1e-13)


@pytest.mark.parametrize("steps", [0, 1, 3, 4])
def test_a_schedule_of_another_length_is_refused(steps):
    for noise in (np.ones(3), np.ones((3, 4))):
        with pytest.raises(ValueError, match=f"noise must have {steps + 1} entries for {steps} ro"):
            combined_noise(noise, steps, SAMPLES)


def test_wrong_noise_is_named():
    for noise, message in (
        (np.ones((2, 3)), r"noise must have one column a sample \(4\)"),
        (np.ones((1, 2, 4)), "noise must have 0 or 1 or 2 dimensions"),
        (0.0, "noise must be greater than 0"),
    ):
        with pytest.raises(ValueError, match=message):
            combined_noise(noise, None, SAMPLES)
    with pytest.raises(ValueError, match="kernel must be a square matrix"):
        gp.distribution_centric(np.ones((3, 2)), np.ones(3), np.ones((2, 3)))
