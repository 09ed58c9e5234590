"""Dang, Patil & Rinaldo 2026: risks against the penalty, heat maps, and two ways of tuning."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import label_noise
from sdtheory.label_noise import ProportionalProblem

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

P = 200
LAMS = np.geomspace(1e-3, 2e2, 200)
SPECTRA = ("AR(1), 0.25", "one spike of 6", "isotropic")
SIGNALS = ("top", "isotropic", "bottom")


def _spectrum(name: str) -> FloatArray:
    lag = np.abs(np.subtract.outer(np.arange(P), np.arange(P)))
    if name.startswith("AR"):
        return np.asarray(np.linalg.eigvalsh(0.25**lag)[::-1], dtype=np.float64)
    return np.where(np.arange(P) == 0, 6.0 if name.startswith("one") else 1.0, 1.0)


def _signal(name: str) -> FloatArray:
    top = np.where(np.arange(P) < P // 10, 9.0 / P, 0.1 / (0.9 * P))
    if name == "isotropic":
        return np.full(P, 1.0 / P)
    return top if name == "top" else top[::-1].copy()


@figure(
    "dang2026.global_gain_needs_alignment",
    caption="""Risks of ridge regression, pure and best student against the penalty in the
    proportional limit, for three feature covariances (rows) and three signals (columns;
    90% of the energy on a tenth of the eigenvectors, or isotropic). Grey: the best
    weight (right axis). Vertical line: the best ridge penalty, where the best weight is
    0.""",
    parameters={"aspect_ratio": 0.5, "noise_var": 1.0, "signal energy": 1.0, "p": P},
    origin="paper",
)
def global_gain_needs_alignment() -> Figure:
    """Draw nine panels of risk curves."""
    drawing = Figure(figsize=(7.2, 5.6))
    panels = drawing.subplots(3, 3, sharex=True, sharey=True)
    for row, covariance in zip(panels, SPECTRA, strict=True):
        for axes, signal in zip(row, SIGNALS, strict=True):
            made = ProportionalProblem(_spectrum(covariance), _signal(signal), 0.5, 1.0)
            found = label_noise.asymptotics(made, LAMS)
            axes.semilogx(LAMS, found.teacher_risk, label="ridge")
            axes.semilogx(LAMS, found.pure_risk, label="pure student")
            axes.semilogx(LAMS, found.student_risk, label="best student")
            axes.axvline(LAMS[found.teacher_risk.argmin()], color="0.6", linestyle=":", lw=0.8)
            axes.set_title(f"{covariance}; {signal}")
            axes.set_ylim(1.2, 2.6)
            twin = axes.twinx()
            twin.semilogx(LAMS, found.xi, color="0.6", linestyle="-", linewidth=0.8, label="xi")
            twin.set_yscale("symlog", linthresh=1.0)
            twin.set_ylim(-200, 200)
            twin.set_yticks([] if signal != "bottom" else [-100, -1, 1, 100])
    panels[0][0].legend()
    for axes in panels[2]:
        axes.set_xlabel("penalty (mean convention)")
    for row in panels:
        row[0].set_ylabel("risk")
    return drawing


@figure(
    "dang2026.normalised_gain",
    caption="""Share of the teacher's excess risk that the best student removes, against the
    penalty, for AR(1) features and three signals. It vanishes only at the best ridge
    penalty.""",
    parameters={"aspect_ratio": 0.5, "noise_var": 1.0, "correlation": 0.25, "p": P},
    origin="paper",
)
def normalised_gain() -> Figure:
    """Draw the gain relative to the excess risk."""
    drawing = Figure()
    axes = drawing.subplots()
    for signal in SIGNALS:
        made = ProportionalProblem(_spectrum("AR(1)"), _signal(signal), 0.5, 1.0)
        found = label_noise.asymptotics(made, LAMS)
        gain = (found.teacher_risk - found.student_risk) / (found.teacher_risk - 1.0)
        axes.semilogx(LAMS, gain, label=signal)
    axes.set_xlabel("penalty (mean convention)")
    axes.set_ylabel("gain / excess risk")
    axes.legend(title="signal on eigenvectors")
    return drawing


@figure(
    "dang2026.extreme_penalties",
    caption="""Log10 of the relative excess of the best student at a tiny and a huge penalty over
    the best ridge regression, over aspect ratio and signal-to-noise ratio, isotropic
    features. Smooth down to the smallest cells: no risk is a difference of moments.""",
    parameters={"lam_mean": (1e-3, 1e6), "grid": "50 x 50", "noise_var": 1.0},
    origin="paper",
)
def extreme_penalties() -> Figure:
    """Draw two heat maps."""
    ratios = snr = np.geomspace(0.1, 10.0, 50)
    cells = np.zeros((2, 50, 50))
    for i, energy in enumerate(snr):
        for j, ratio in enumerate(ratios):
            made = ProportionalProblem([1.0], [energy], ratio, 1.0)
            found = label_noise.asymptotics(made, np.array([1e-3, 1e6, ratio / energy]))
            best = found.teacher_risk[2]
            cells[:, i, j] = np.log10((found.student_risk[:2] - best) / best + 1e-15)
    drawing = Figure(figsize=(7.2, 2.8))
    panels = drawing.subplots(1, 2, sharey=True)
    for axes, values, name in zip(panels, cells, ("1e-3", "1e6"), strict=True):
        mesh = axes.pcolormesh(ratios, snr, values, vmin=-6, vmax=1, rasterized=True)
        axes.set(xscale="log", yscale="log", xlabel="aspect ratio", title=f"penalty {name}")
    panels[0].set_ylabel("signal to noise")
    drawing.colorbar(mesh, ax=panels, label="log10 relative excess")
    return drawing


@figure(
    "dang2026.published_gcv_is_consistent",
    caption="""Weights chosen from the data by the published and by the corrected estimator against
    the number of samples (means and standard errors over 30 isotropic designs with 1.5
    features per sample, penalty 0.05), the truth, and the limit predicted for the
    published one.""",
    parameters={"aspect_ratio": 1.5, "lam_mean": 0.05, "designs": 30, "seed": 0},
)
def published_gcv_is_consistent() -> Figure:
    """Simulate both estimators."""
    rng = np.random.default_rng(0)
    sizes = np.array([50, 100, 200, 400])
    methods = {"gcv_published": "published", "gcv": "corrected", "loo": "leave-one-out"}
    found = {method: np.zeros((sizes.size, 30)) for method in methods}
    for i, n in enumerate(sizes):
        p = 3 * n // 2
        for k in range(30):
            x, beta = rng.normal(size=(n, p)), rng.normal(size=p)
            y = x @ (beta / np.linalg.norm(beta)) + rng.normal(size=n)
            for method in methods:
                found[method][i, k] = label_noise.tune_xi(x, y, n * 0.05, method).xi
    limit = label_noise.asymptotics(ProportionalProblem([1.0], [1.0], 1.5, 1.0), 0.05)
    drawing = Figure()
    axes = drawing.subplots()
    for method, name in methods.items():
        values = found[method]
        error = values.std(axis=1, ddof=1) / 30**0.5
        axes.errorbar(sizes, values.mean(axis=1), error, marker="o", label=name)
    axes.axhline(float(limit.xi), color="black", linestyle="-", linewidth=0.7, label="truth")
    published = float(limit.xi * limit.gcv_inflation)
    axes.axhline(published, color="0.6", linestyle=":", label="limit of the published")
    axes.set(xscale="log", xlabel="samples", ylabel="weight xi", ylim=(0, 8))
    axes.set_xticks(sizes, [str(n) for n in sizes])
    axes.minorticks_off()
    axes.legend(ncols=2, loc="lower left")
    return drawing
