"""Cross-entropy with soft targets: what each distillation method does to the gradient.

All functions work on the last axis, the classes. `target`, `teacher` and `label` are
distributions (or, for mixing weights outside [0, 1], vectors that sum to one).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax, softmax

from sdtheory import _checks

from .roots import Floats

__all__ = [
    "cross_entropy",
    "cross_entropy_gradient",
    "distillation_weight",
    "high_temperature_gradient",
    "mixed_target",
    "progressive_factor",
    "smoothed_label",
    "temperature_gradient",
    "top_two_target",
]


def cross_entropy(target: ArrayLike, logits: ArrayLike) -> Floats:
    """Return -sum_k target_k log softmax(logits)_k, linear in the target.

    Examples
    --------
    >>> float(cross_entropy([1.0, 0.0], [0.0, 0.0]))
    0.693147180559945

    """
    t, z = _pair("target", target, "logits", logits)
    return np.asarray(-np.sum(t * log_softmax(z, axis=-1), axis=-1))


def cross_entropy_gradient(target: ArrayLike, logits: ArrayLike) -> Floats:
    """Return the gradient in the logits, sum(target) softmax(logits) - target.

    >>> cross_entropy_gradient([1.0, 0.0], [0.0, 0.0])
    array([-0.5,  0.5])
    """
    t, z = _pair("target", target, "logits", logits)
    return np.asarray(np.sum(t, axis=-1, keepdims=True) * softmax(z, axis=-1) - t)


def mixed_target(xi: ArrayLike, teacher: ArrayLike, label: ArrayLike) -> Floats:
    """Return xi teacher + (1 - xi) label, any real xi.

    Training on ``xi CE(teacher, p) + (1 - xi) CE(label, p)`` is training on this one target.
    Outside [0, 1] an entry can be negative: the loss stays convex in the logits, but without a
    penalty it is unbounded below.

    Examples
    --------
    >>> mixed_target(1.5, [0.7, 0.3], [0.0, 1.0])
    array([ 1.05, -0.05])

    """
    weight = _checks.ndarray("xi", xi)
    q, y = _pair("teacher", teacher, "label", label)
    _checks.together(xi=weight[..., None], label=y)
    return np.asarray(weight[..., None] * q + (1 - weight[..., None]) * y)


def smoothed_label(label: ArrayLike, smoothing: float) -> Floats:
    """Return (1 - smoothing) label + smoothing / K: a teacher of infinite temperature.

    Examples
    --------
    >>> smoothed_label([0.0, 1.0], 0.2)
    array([0.1, 0.9])

    """
    y = _vectors("label", label)
    uniform = np.full(y.shape[-1:], 1 / y.shape[-1])
    return mixed_target(_checks.number("smoothing", smoothing), uniform, y)


def temperature_gradient(
    teacher_logits: ArrayLike, student_logits: ArrayLike, temperature: float
) -> Floats:
    """Return the gradient of CE(softmax(v / T), softmax(z / T)) in the student's logits z.

    It is (softmax(z / T) - softmax(v / T)) / T; a loss multiplied by T^2 has T times the
    difference instead.

    >>> temperature_gradient([0.0, 1.0], [2.0, 0.0], temperature=2.0)
    array([ 0.17675895, -0.17675895])
    """
    T = _checks.number("temperature", temperature, above=0)
    v, z = _pair("teacher_logits", teacher_logits, "student_logits", student_logits)
    teacher = softmax(v / T, axis=-1)
    # With d = (z - v) / T the two probabilities have the quotient exp(d) / sum(teacher exp(d)): for
    # nearly equal ones one plus a small number, of which the difference would keep nothing.
    gap = (z - v) / T
    near = np.max(np.abs(gap), axis=-1, keepdims=True) < 1
    rise = np.expm1(np.where(near, gap, 0.0))
    mean = np.sum(teacher * rise, axis=-1, keepdims=True)
    change = np.where(near, teacher * (rise - mean) / (1 + mean), softmax(z / T, axis=-1) - teacher)
    # Two probabilities near one differ by what all others differ by.
    sure = teacher > 0.5
    rest = -np.sum(np.where(sure, 0.0, change), axis=-1, keepdims=True)
    return np.asarray(np.where(sure, rest, change) / T)


def high_temperature_gradient(teacher_logits: ArrayLike, student_logits: ArrayLike) -> Floats:
    """Return the limit of T^2 `temperature_gradient` for T -> inf: logit matching.

    ``(z - v) / K`` with both centred over the classes; the error is O(1 / T).

    Examples
    --------
    >>> high_temperature_gradient([0.0, 1.0], [2.0, 0.0])
    array([ 0.75, -0.75])

    """
    v, z = _pair("teacher_logits", teacher_logits, "student_logits", student_logits)
    gap = z - v
    return np.asarray((gap - np.mean(gap, axis=-1, keepdims=True)) / gap.shape[-1])


def progressive_factor(weight: ArrayLike, before: ArrayLike, now: ArrayLike) -> Floats:
    """Return the factor on the TARGET logit's gradient when past predictions soften the label.

    With target (1 - weight) label + weight P_before, the gradient of the labelled class's logit
    is ``1 - weight (1 - before) / (1 - now)`` times that of the plain label, where `before` and
    `now` are the probabilities of the labelled class. The sum over the other logits has the same
    factor; their absolute values only where all have one sign.

    Examples
    --------
    >>> float(progressive_factor(0.5, 0.6, 0.8))
    0.0

    """
    a = _checks.ndarray("weight", weight)
    past = _checks.ndarray("before", before, at_least=0, at_most=1)
    present = _checks.ndarray("now", now, at_least=0, below=1)
    return np.asarray(1 - a * (1 - past) / (1 - present))


def distillation_weight(
    weight: ArrayLike,
    temperature: ArrayLike,
    teacher: ArrayLike,
    student: ArrayLike,
    now: ArrayLike,
    scaled: bool = False,
) -> Floats:
    """Return the weight that distillation puts on an example, through the target logit.

    For (1 - weight) CE + weight CE at temperature T, the target logit's gradient is
    ``(1 - weight) + (weight / T) (teacher - student) / (1 - now)`` times that of plain CE.

    Parameters
    ----------
    weight : share of the distillation loss
    temperature : T, positive
    teacher, student : probabilities of the labelled class at temperature T
    now : the student's probability of the labelled class at temperature 1
    scaled : whether the distillation loss is multiplied by T^2

    Examples
    --------
    >>> float(distillation_weight(0.5, 2.0, teacher=0.7, student=0.6, now=0.8))
    0.625

    """
    _checks.flag("scaled", scaled)
    share, T = (
        _checks.ndarray("weight", weight),
        _checks.ndarray("temperature", temperature, above=0),
    )
    gap = _checks.ndarray("teacher", teacher) - _checks.ndarray("student", student)
    present = _checks.ndarray("now", now, at_least=0, below=1)
    strength = share * T if scaled else share / T
    return np.asarray((1 - share) + strength * gap / (1 - present))


def top_two_target(probabilities: ArrayLike) -> Floats:
    """Return 1/2 on each of the two most probable classes (ties: the first of them).

    Examples
    --------
    >>> top_two_target([0.2, 0.5, 0.3])
    array([0. , 0.5, 0.5])

    """
    p = _vectors("probabilities", probabilities)
    if p.shape[-1] < 2:
        raise ValueError(f"probabilities must have two classes at least, got {_checks.show(p)}")
    order = np.argsort(-p, axis=-1, kind="stable")[..., :2]
    target = np.zeros(p.shape)
    np.put_along_axis(target, order, 0.5, axis=-1)
    return target


def _vectors(name: str, value: ArrayLike) -> Floats:
    result: Floats = _checks.ndarray(name, value)
    if result.ndim == 0:
        raise ValueError(f"{name} must have an axis of classes, got {_checks.show(value)}")
    return result


def _pair(name: str, value: ArrayLike, other: str, second: ArrayLike) -> tuple[Floats, Floats]:
    first, last = _vectors(name, value), _vectors(other, second)
    _checks.together(**{name: first, other: last})
    return first, last
