"""The benchmark of batched probes compares the same training, whatever its speed."""

from dataclasses import replace

import pytest
import torch

from benchmarks import batched_probes


@pytest.mark.parametrize("case", batched_probes.CASES)
def test_batch_engine_and_ordinary_loop_agree(case):
    row = batched_probes.measure(*case, 8, 10, torch.device("cpu"))
    assert row.deviation <= 1e-10
    assert row.batch_seconds > 0


def test_256_probes_agree_with_256_trained_one_after_another():
    cpu = torch.device("cpu")
    learner, targets = batched_probes.learner_of(*batched_probes.HEADLINE, 256, 5, cpu)
    together = learner.fit(targets).params["weight"]
    alone = replace(learner, memory=1).fit(targets).params["weight"]
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-10)
