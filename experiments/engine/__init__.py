"""Batched training of many small networks at once, distillation protocols, data and sweeps.

The names below are what an experiment needs; docs/experiments.md shows how they fit together.
"""

from experiments.engine.data import Dataset, bundled, from_npz, one_hot_labels, to_tensor
from experiments.engine.device import resolve_device
from experiments.engine.lbfgs import LBFGS
from experiments.engine.losses import KL, cross_entropy, penalty_of, squared, weight_decay_for
from experiments.engine.models import MLP, Linear
from experiments.engine.modules import Modules, small_cnn
from experiments.engine.optimisers import Adam, GradientDescent, constant, cosine
from experiments.engine.streams import Streams
from experiments.engine.supervised import Learner
from experiments.engine.sweep import sweep
from experiments.engine.training import Fitted, Objective, Penalty, Recorder, Step, minimise

__all__ = [
    "KL",
    "LBFGS",
    "MLP",
    "Adam",
    "Dataset",
    "Fitted",
    "GradientDescent",
    "Learner",
    "Linear",
    "Modules",
    "Objective",
    "Penalty",
    "Recorder",
    "Step",
    "Streams",
    "bundled",
    "constant",
    "cosine",
    "cross_entropy",
    "from_npz",
    "minimise",
    "one_hot_labels",
    "penalty_of",
    "resolve_device",
    "small_cnn",
    "squared",
    "sweep",
    "to_tensor",
    "weight_decay_for",
]
