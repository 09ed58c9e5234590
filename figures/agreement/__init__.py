"""Theory against trained models: for each stored experiment, what was predicted and what came out.

An entry reads a stored result and returns lines: a quantity, the value that theory gives it, the
value that training gave, and how far the runs spread. Where theory says that two routes agree, its
value is a deviation of zero. Experiments that train nothing have no entry.
"""

from collections.abc import Callable

from experiments.store import Stored
from figures.agreement import jepa, kernels, label_noise, logistic
from figures.agreement.lines import Line

__all__ = ["ENTRIES", "Line"]

ENTRIES: dict[str, Callable[[Stored], list[Line]]] = {
    "ridge_probe": kernels.ridge_probe,
    "kernel_ridge_widths": kernels.kernel_ridge_widths,
    "kernel_ridge_cheap_weight": kernels.cheap_weight,
    "kernel_ridge_cheap_weight_cnn": kernels.cheap_weight,
    "kernel_ridge_digits": kernels.kernel_ridge_digits,
    "label_noise_digits": label_noise.label_noise_digits,
    "label_noise_held_out": label_noise.label_noise_held_out,
    "label_noise_probe": label_noise.label_noise_probe,
    "logistic_classes": logistic.logistic_classes,
    "logistic_clusters": logistic.logistic_clusters,
    "logistic_digits": logistic.logistic_digits,
    "logistic_gram": logistic.exact_margins,
    "logistic_mixture": logistic.logistic_mixture,
    "logistic_mixture_published": logistic.logistic_mixture_published,
    "logistic_pairs": logistic.logistic_pairs,
    "logistic_weights": logistic.exact_margins,
    "jepa_digits": jepa.jepa_digits,
    "jepa_generic": jepa.jepa_generic,
    "jepa_linear": jepa.jepa_linear,
    "jepa_mlp": jepa.jepa_mlp,
    "jepa_selection": jepa.jepa_selection,
    "jepa_vanishing": jepa.jepa_vanishing,
}
