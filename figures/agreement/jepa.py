"""Joint-embedding and autoencoding networks."""

from __future__ import annotations

import numpy as np

from experiments.store import Stored
from figures.agreement.lines import Line, matching, spread


def jepa_linear(stored: Stored) -> list[Line]:
    """Compare learning times of aligned networks with the mode laws."""
    lines = []
    for objective, name in (("jepa", "JEPA"), ("mae", "MAE")):
        rows = matching(stored, objective=objective, start="aligned", training="gradient")
        ratio = [(stored["first"][k] / stored["predicted_descent"][k]).ravel() for k in rows]
        flat = np.concatenate(ratio)
        lines.append(
            spread(
                f"learning time over the closed form, aligned {name}, depths 1 to 3",
                1.0,
                flat[np.isfinite(flat)],
            )
        )
    return lines


def jepa_selection(stored: Stored) -> list[Line]:
    """Compare kept subspaces and the order of retention with the predictions."""
    lines = []
    for side, (objective, name) in enumerate((("jepa", "JEPA"), ("mae", "MAE"))):
        rows = [k for k in matching(stored, objective=objective) if stored.tasks[k]["width"] < 4]
        sine = np.concatenate([stored["sine"][k][:, side] for k in rows])
        lines.append(spread(f"sine to the predicted subspace, narrow {name}", 0.0, sine))
    rows = matching(stored, objective="jepa", width=4)
    tau = np.concatenate([stored["tau"][k][:, 0, 0] for k in rows])
    lines.append(spread("rank agreement of retention with rho, JEPA at full width", 1.0, tau))
    return lines


def jepa_digits(stored: Stored) -> list[Line]:
    """Compare the subspaces kept on masked digits with the predictions."""
    return [
        spread(
            f"sine to the predicted subspace, masked digits, {name}",
            0.0,
            np.concatenate(
                [stored["sine"][k][:, side] for k in matching(stored, objective=objective, width=3)]
            ),
        )
        for side, (objective, name) in enumerate((("jepa", "JEPA"), ("mae", "MAE")))
    ]


def jepa_mlp(stored: Stored) -> list[Line]:
    """Compare what encoders with two outputs keep with the two features of largest rank."""
    lines = []
    for encoder in ("linear", "tanh", "relu"):
        for objective, name in (("jepa", "JEPA"), ("mae", "MAE")):
            shares = []
            for k in matching(stored, objective=objective, encoder=encoder):
                covariance, rho = stored["modes"][k]
                rank = rho if objective == "jepa" else covariance * rho
                shares.append(stored["explained"][k][:, np.argsort(-rank)[:2]])
            tie = " (the second and third nearly tie)" if objective == "mae" else ""
            quantity = f"share kept of the two predicted features, {encoder} {name}{tie}"
            lines.append(spread(quantity, 1.0, np.array(shares)))
    return lines


def jepa_vanishing(stored: Stored) -> list[Line]:
    """Compare the order of retention from the smallest starts with the order of rho."""
    lines = []
    for depth in sorted({task["depth"] for task in stored.tasks}):
        rows = matching(stored, depth=depth, start="tilted")
        if not rows:
            continue
        least = min(rows, key=lambda k: stored.tasks[k]["scale"])
        quantity = (
            f"rank agreement of retention with rho, depth {depth}, "
            f"start {stored.tasks[least]['scale']:g}"
        )
        lines.append(spread(quantity, 1.0, stored["tau"][least][:, 0, 0]))
    return lines


def jepa_generic(stored: Stored) -> list[Line]:
    """Compare the order of retention from Gaussian weights with the order of rho."""
    lines = []
    for training, share, name in (
        ("average", 0.0, "moving average as teacher"),
        ("decay", 0.4, "weak weight decay"),
    ):
        for k in matching(stored, training=training, share=share):
            quantity = (
                f"rank agreement of retention with rho, {name}, depth {stored.tasks[k]['depth']}"
            )
            lines.append(spread(quantity, 1.0, stored["tau"][k][:, 0]))
    return lines
