"""Classifiers on randomly corrupted labels, and on mixtures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.store import Stored
from figures.agreement.lines import Line, matching, spread, zero
from sdtheory.logistic import GaussianMixture, RandomLabels, mixture_stages, population_accuracy


def exact_margins(stored: Stored) -> list[Line]:
    """Compare margins on an exact Gram matrix with the two-margin equations."""
    return [zero("difference of margins from the two-margin equations (largest)",
                  stored["deviation"])]  # fmt: skip


def logistic_classes(stored: Stored) -> list[Line]:
    """Compare logits of several classes on an exact Gram matrix with the theory."""
    return [
        zero("difference of logits from the theory of several classes (largest)",
              stored["deviation"])
    ]  # fmt: skip


def logistic_clusters(stored: Stored) -> list[Line]:
    """Compare accuracies on fresh points with the theory of clustered features."""
    gaps = []
    for k, task in enumerate(stored.tasks):
        for steps in range(task["rounds"] + 1):
            world = RandomLabels(40, task["flips"], same_class=0.1, penalty=0.002)
            deviation = 0.9 / task["dimension"] ** 0.5
            theory = population_accuracy(world, world.student(steps=steps), deviation)
            gaps.append(stored["fresh"][k, steps] - float(theory))
    return [spread("accuracy on fresh points minus theory, 0 to 3 rounds", 0.0, np.array(gaps))]


def logistic_mixture(stored: Stored) -> list[Line]:
    """Compare errors on Gaussian mixtures with the saddle-point equations."""
    options: tuple[Mapping[str, Any], ...] = (
        {"steps": 0}, {"steps": 1}, {"steps": 1, "hard": True}, {"steps": 1, "xi": 1.5},
    )  # fmt: skip
    lines = []
    largest = max(task["d"] for task in stored.tasks)
    rows = matching(stored, d=largest)
    for variant, name in enumerate(("teacher", "soft labels", "hard labels", "xi = 1.5")):
        ratios = []
        for alpha in sorted({stored.tasks[k]["alpha"] for k in rows}):
            problem = GaussianMixture(alpha, 0.5, 0.2)
            theory = mixture_stages(problem, 0.5, **options[variant]).error[-1]
            runs = [stored["error"][k, variant] for k in rows if stored.tasks[k]["alpha"] == alpha]
            ratios.append(np.concatenate(runs) / theory)
        quantity = f"test error over the saddle-point equations, {name}, dimension {largest}"
        lines.append(spread(quantity, 1.0, np.concatenate(ratios)))
    return lines


def logistic_pairs(stored: Stored) -> list[Line]:
    """Compare the corruption at which half of the flips are repaired with the sharp threshold."""
    lines = []
    pairs = sorted({tuple(task["digits"]) for task in stored.tasks})
    for stage, name in enumerate(("teacher", "1 round", "2 rounds", "3 rounds")):
        gaps = []
        for pair in pairs:
            rows = [k for k, task in enumerate(stored.tasks) if tuple(task["digits"]) == pair]
            fractions = np.array([stored.tasks[k]["flipped"] for k in rows])
            repaired = stored["repaired"][rows, stage].mean(axis=1)
            if repaired.max() < 0.5 or repaired.min() > 0.5:
                continue  # half is never crossed on the grid of corruption
            half = float(np.interp(-0.5, -repaired, fractions))
            gaps.append(half - float(stored["threshold"][rows, stage].mean()))
        if gaps:
            quantity = f"corruption at which half is repaired minus the threshold, {name}"
            lines.append(spread(quantity, 0.0, np.array(gaps)))
    return lines


def logistic_digits(stored: Stored) -> list[Line]:
    """Compare the model that hard labels reveal with the one that the regime calls for."""
    lines = []
    for regime, theory in (("network", 1.0), ("probe", 0.0)):
        rows = matching(stored, regime=regime)
        share = np.array([stored["two_margins"][k].astype(float).mean() for k in rows])
        quantity = f"share of runs that side with two margins on hard labels, {regime}"
        lines.append(spread(quantity, theory, share, runs=20 * len(rows)))
    return lines


def logistic_mixture_published(stored: Stored) -> list[Line]:
    """Compare three stages at the authors' parameters with the saddle-point equations."""
    lines = []
    for loss in ("logistic", "squared"):
        ratios = []
        for k in matching(stored, loss=loss):
            problem = GaussianMixture(stored.tasks[k]["alpha"], 0.5, 0.2, 0.4)
            theory = mixture_stages(
                problem, (1.5, 0.5, 2.0), temperature=(1 / 0.8, 1 / 1.2), loss=loss
            )
            ratios.append(stored["error"][k] / np.asarray(theory.error)[:, None])
        for stage, name in enumerate(("teacher", "first student", "second student")):
            values = np.concatenate([ratio[stage] for ratio in ratios])
            quantity = f"test error over the saddle-point equations, {loss} loss, {name}"
            lines.append(spread(quantity, 1.0, values))
    return lines
