"""Instances that once violated a claim that holds; each stays for ever."""

import numpy as np

FOUND = [
    # Exactly at the sign change the weight is 0 by one route and a rounding error by the other.
    (
        "dang2026.isotropic_weight",
        {"ratio": 10**0.5, "energy": 10**0.5, "lam_mean": 1.0},
    ),
    # The error of a risk was compared with a step instead of with the risk it is subtracted from.
    (
        "sdtheory.extreme_penalties",
        {
            "d": np.array([100.0]),
            "theta": np.array([1.0]),
            "weights": np.array([1.0]),
            "noise_var": 1.0,
            "lam": 1.0,
        },
    ),
    # The reference solved normal equations of two nearly equal modes, and lost the best student.
    (
        "pareek2024.risk_is_quadratic_in_the_weights",
        {
            "d": np.array([1.0, 1.0000002744895709]),
            "theta": np.array([0.5, 1.0]),
            "weights": np.array([1.0, 1.0]),
            "noise_var": 1.0,
            "lam": 1.0,
        },
    ),
    # What rounding does to 1 - P_now, of a label that is nearly certain, was forgotten.
    (
        "sdtheory.progressive_targets",
        {"z": np.array([5.0, -3.0]), "v": np.zeros(2), "label": 0, "weight": 1.0},
    ),
    # Three modes had the same product of covariance and rho: any two of them could be kept.
    ("sdtheory.jepa_bottleneck", {"seed": 1, "mix": 0.0, "objective": "mae"}),
    # SciPy's binomial chances of rare flips do not add up to one.
    (
        "sdtheory.random_flips",
        {
            "sizes": (1, 2),
            "probability": 1.650709023981796e-249,
            "same": (0.5, 0.5),
            "penalty": 1.0,
            "steps": 0,
            "seed": 0,
        },
    ),
]
