"""The benchmark of batched probes compares the same training, whatever its speed."""

import pytest
import torch

from benchmarks import batched_probes


@pytest.mark.parametrize("case", batched_probes.CASES)
def test_batch_engine_and_ordinary_loop_agree(case):
    row = batched_probes.measure(*case, 8, 10, torch.device("cpu"))
    assert row.deviation <= 1e-10
    assert row.batch_seconds > 0


def test_256_probes_agree_with_256_trained_one_after_another():
    data, samples, loss = batched_probes.HEADLINE
    row = batched_probes.measure(data, samples, loss, 256, 3, torch.device("cpu"))
    assert row.deviation <= 1e-10
