"""Profiles of the property tests, seeded randomness, and skipping what this machine cannot run."""

import os

import hypothesis
import numpy as np
import pytest

_COMMON = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    # A loaded machine is no reason to fail.
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
hypothesis.settings.register_profile("ci", max_examples=100, derandomize=True, **_COMMON)
# That a test fails is all that mutation testing asks: nothing is shrunk.
hypothesis.settings.register_profile(
    "mutation",
    hypothesis.settings.get_profile("ci"),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
hypothesis.settings.register_profile("fuzz", max_examples=2_000, **_COMMON)
hypothesis.settings.register_profile("nightly", max_examples=20_000, **_COMMON)
hypothesis.settings.load_profile(os.environ.get("SDTHEORY_PROFILE", "ci"))


@pytest.fixture
def rng(request):
    """Return a generator seeded by the test's name; SDTHEORY_SEED rolls all of them again."""
    return np.random.default_rng(
        [int(os.environ.get("SDTHEORY_SEED", "0")), *request.node.name.encode()]
    )


def pytest_collection_modifyitems(items):
    gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not gpu:
        return
    import torch

    if not torch.cuda.is_available():
        for item in gpu:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
