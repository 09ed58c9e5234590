"""A valid call of every public function and method, from the names of its arguments."""

import copy
import importlib
import inspect
import tempfile
from pathlib import Path

import numpy as np

from sdtheory import Spectrum, gp, jepa, kernel_ridge, label_noise, logistic
from sdtheory.spectral import (
    GramAccumulator,
    LeftOutAccumulator,
    QRAccumulator,
    criteria,
    filters,
)
from tests.trust import valid_tools as tools

PLACES = ("spectral", "label_noise", "kernel_ridge", "gp", "logistic", "jepa", *tools.UNCHECKED)
RNG = np.random.default_rng(0)
X = np.array([[1.0, 0.2], [0.5, 1.0], [0.0, 2.0], [1.5, -1.0]])
Y = np.array([1.0, 0.5, -0.3, 0.2])
K = X @ X.T + np.eye(4)
D = np.array([3.0, 1.0])
S = Spectrum.from_design(X)
TARGETS = S.project(Y)
RISK = criteria.expected_error(D, D, 0.1)
FIT = kernel_ridge.fit(K, Y)
MODE = jepa.Mode([1.0, 0.5], [1.25, 2.0])
VIEWS = jepa.Views.from_modes(MODE)
NETWORK = jepa.aligned_network(MODE, 2, 0.1)
PATH = jepa.matrix_flow(VIEWS, NETWORK, [0.0, 1.0])
MIXTURE = logistic.GaussianMixture(2.0, 1.0, 0.2)
STAGES = logistic.mixture_stages(MIXTURE, 0.1, 1)
WORLD = logistic.RandomLabels(20, 6, 0.3)
POPULATION = label_noise.ProportionalProblem(D, D, 0.5, 1.0)
LABELS = logistic.LinearLabels(3, 10, 0.4, 0.1, 0.01)
LATENT = gp.laplace(K, np.array([0.0, 1.0, 1.0, 0.0]), gp.BERNOULLI)


def accumulated(kind):
    """Return an accumulator that has seen the data."""
    seen = kind()
    seen.update(X, Y)
    return seen


MOMENTS, TRIANGLE = accumulated(GramAccumulator), accumulated(QRAccumulator)
LEFT_OUT = LeftOutAccumulator(MOMENTS.summary(), [0.5, 1.0])
LEFT_OUT.update(X, Y)
TWO_STEPS = LeftOutAccumulator(MOMENTS.summary(), [1.0], 2)
TWO_STEPS.update(X, Y)
FOLDER = Path(tempfile.mkdtemp(prefix="fuzzed"))
MOMENTS.save(FOLDER / "gram.npz")
TRIANGLE.save(FOLDER / "qr.npz")


def gaussian(theta):
    """Return a Gaussian kernel of the four samples and its derivative in the log length."""
    scaled = np.sum((X[:, None] - X) ** 2, axis=2) * np.exp(-2.0 * theta[0])
    return np.exp(-scaled / 2), (scaled * np.exp(-scaled / 2))[None]


COMMON = {
    "eigenvalues": D, "lam": 1.0, "xi": 0.5, "steps": 1, "weights": np.array([0.5]), "kernel": K,
    "design": X, "y": Y, "features": X, "noise_var": 0.1, "filter": filters.distill(D, 1.0, 0.5),
    "powers": [0.5, 0.5], "taylor": [0.5], "singular_values": D, "coefficients": D,
    "covariance": np.eye(2), "mean": D, "n": 5, "projection": X, "targets": TARGETS, "truth": Y,
    "spectrum": S, "risk": RISK, "base": filters.distill(D, 1.0, 0.0, 0),
    "directions": filters.taylor_directions(D, 1.0, 1), "noise": 0.5, "metric": "parameter",
    "profile": filters.distill(D, 1.0, 0.5), "new": X, "sample_weight": np.ones(4),
}  # fmt: skip
BY_TOPIC = {
    "label_noise": {
        "problem": label_noise.RidgeProblem(D, D, 0.1), "lam_mean": 0.1, "aspect_ratio": 0.5,
        "signal_energy": np.array([1.0, 0.5]), "theta": D, "initial": D, "rounds": 2, "order": 1,
        "fraction": 0.5, "kept": [0, 1], "student_lam": 1.0, "rank": 2, "gap": 0.1, "energy": 1.0,
        "estimates": np.ones((1, 2)), "smoothers": [0.5], "method": "loo", "new_design": X,
        "new_y": Y, "seen": LEFT_OUT, "summary": MOMENTS.summary(),
    },
    "kernel_ridge": {
        "fit": FIT, "error": 0.1, "tolerance": 0.1, "larger": 2.0, "smaller": 1.0, "best_lam": 2.0,
        "inputs": X, "gamma": 1.0, "count": 3, "rng": np.random.default_rng(0),
        "columns": X, "landmarks": np.eye(2), "noise": np.ones(4), "new": K, "points": X,
        "lams": [1.0, 2.0], "xis": [0.0, 0.5],
    },
    "gp": {
        "mean": D, "variance": D, "y": np.array([0.0, 1.0, 1.0, 0.0]), "f": D,
        "likelihood": "bernoulli", "link": "mean", "fit": LATENT, "derivatives": K[None],
        "theta": [0.0], "bounds": [[-1.0, 1.0]], "new": K, "prior": np.diag(K),
        "label_noise": 0.1,
    },
    "logistic": {
        "n": 20, "flipped": 0.2, "same_class": 0.4, "cross_class": 0.1, "penalty": 0.01,
        "own": 3.0, "shared": 30.0, "y": 1.0, "gain": 2.0, "problem": MIXTURE, "lam": 0.1,
        "world": LABELS, "shares": np.full((3, 3), 1 / 3), "rounds": 2, "spread": 0.5,
        "target": [0.5, 0.5], "logits": [0.0, 1.0], "teacher": [0.5, 0.5], "label": [1.0, 0.0],
        "smoothing": 0.1, "teacher_logits": [0.0, 1.0], "student_logits": [1.0, 0.0],
        "temperature": 2.0, "weight": 0.5, "before": 0.5, "now": 0.6, "student": 0.5,
        "probabilities": [0.5, 0.3, 0.2], "sizes": 10, "flip_probability": 0.2, "classes": 3,
        "sharpness": 1.0, "sample_ratio": 2.0, "variance": 1.0, "balance": 0.5, "ratio": 0.1,
        "found": STAGES, "at": logistic.teacher_saddle(MIXTURE, STAGES), "count": 3, "beta": 1.0,
        "bias": 0.1, "norm": 1.0,
    },
    "jepa": {
        "mode": MODE, "depth": 2, "scale": 0.01, "objective": "jepa", "times": [0.0, 1.0],
        "size": 0.1, "start": 0.01, "stop": 0.1, "x": 0.5, "variance": 2.0, "covariance": 1.0,
        "kappa": 0.5, "fraction": 0.5, "rho": 0.8, "other_rho": 0.5, "step": 0.1,
        "learned": jepa.Mode(1.0, 2.0), "other": jepa.Mode(1.0, 1.5), "misalignment": 1e-3,
        "layer": 0.3, "predictor": 0.1, "decay": 1e-3, "memory": 1.0, "signal": [1.0, 0.5, 0.5],
        "noise": 0.1, "angle": 0.3, "keep": 0.5, "views": VIEWS, "network": NETWORK, "d": 2,
        "rng": np.random.default_rng(0), "path": PATH, "levels": [0.05], "encoder": np.eye(2),
        "row": [0.1, 0.1], "width": 1, "first": np.eye(2), "second": np.eye(2), "s_xx": np.eye(2),
        "s_yx": np.eye(2), "x_samples": X, "power": 0.5,
    },
    **tools.BY_TOPIC,
}  # fmt: skip
BY_FUNCTION = {
    "spectral.criteria.expected_fit": {"eigenvalues": D},
    "spectral.criteria.prediction_error": {"targets": TARGETS},
    "spectral.Spectrum.from_gram": {
        "gram": X.T @ X, "cross": X.T @ Y, "energy": float(Y @ Y), "n": 4,
    },
    "spectral.weights.powers_from_xi": {"xi": [0.5]},
    "spectral.weights.taylor_from_xi": {"xi": [0.5]},
    **{
        f"label_noise.{name}": {"problem": POPULATION}
        for name in ("asymptotics", "asymptotic_steps", "kernel_coefficients", "penalty_limits",
                     "self_training")
    },
    "label_noise.asymptotics_grid": {
        "problem": POPULATION, "lam_mean": [0.1, 1.0], "aspect_ratio": [0.5], "noise_var": [1.0],
    },
    "logistic.rounds_needed": {"shares": 0.1 * np.ones((3, 3)) + 0.7 * np.eye(3)},
    "logistic.top_two_succeeds": {"shares": 0.1 * np.ones((3, 3)) + 0.7 * np.eye(3)},
    "logistic.noise_threshold": {"rounds": 2},
    "kernel_ridge.optimal_xi": {"fit": FIT, "lam": 1.0},
    "gp.laplace": {"likelihood": gp.BERNOULLI}, "jepa.crossing_times": {"levels": 0.05},
    "logistic.population_accuracy": {"world": WORLD, "stage": WORLD.teacher()},
    "label_noise.risk_grid": {"lam": [1.0], "xi": [0.5]},
    "label_noise.tune_path": {"lam": [1.0, 2.0]},
    "label_noise.linear_smoother_floor": {
        "problem": label_noise.RidgeProblem(D, D, 0.1, "in_sample", n=4)
    },
    "label_noise.pruned_xi": {"metric": None},
    "label_noise.ConditionalProblem.from_truth": {"truth": D},
    "label_noise.RidgeProblem.from_mean": {"mean": Y},
    "kernel_ridge.contraction_rate": {}, "kernel_ridge.steps_to_tolerance": {"xi": 0.5},
    "kernel_ridge.sparsity_limit": {}, "kernel_ridge.fit": {"noise": None},
    "gp.effective_noise": {"noise": [1.0, 2.0]},
    "logistic.perfect_mixing": {"flipped": 0.45, "own": 1.75, "shared": 15.0},
    "logistic.UnequalClasses": {"sizes": (12, 8), "flipped": (3, 2), "same_class": (0.4, 0.4)},
    "logistic.distillation_weight": {"teacher": 0.7, "student": 0.6},
    "logistic.best_soft_averaging": {}, "logistic.mixed_target": {"teacher": [0.5, 0.5]},
    "jepa.trajectory": {}, "jepa.Mode": {"covariance": [1.0, 0.5], "variance": [1.25, 2.0]},
    "jepa.Autoregression": {"memory": 0.5},
    "jepa.Oscillators": {"memory": 0.5},
    "jepa.complex_path": {"rho": 0.5 + 0.2j, "variance": 1.0, "layer": 0.1},
    "jepa.size_without_variance": {"times": [0.0, 0.5]},
    "jepa.time_at_infinite_depth": {"scale": 1e-3},
    "jepa.learned_order": {"scale": 0.01}, "jepa.phase": {},
    "jepa.Views.from_samples": {"x": X, "y": X},
    "jepa.equal_covariance_gap": {}, "jepa.unbalanced_time": {"predictor": 0.1},
    "jepa.descent_times": {"steps": 1000},
    "jepa.retention_times": {"fraction": 0.5}, "jepa.matrix_flow": {"times": [0.0, 1.0]},
}  # fmt: skip
BY_FUNCTION |= {
    "spectral.GramAccumulator.load": {"path": FOLDER / "gram.npz"},
    "spectral.QRAccumulator.load": {"path": FOLDER / "qr.npz"},
    "spectral.GramAccumulator.save": {"path": FOLDER / "again.npz"},
    "spectral.QRAccumulator.save": {"path": FOLDER / "again.npz"},
    "spectral.GramAccumulator.merge": {"other": MOMENTS},
    "spectral.QRAccumulator.merge": {"other": TRIANGLE},
    "spectral.LeftOutAccumulator.merge": {"other": LEFT_OUT},
    "spectral.LeftOutAccumulator": {"summary": MOMENTS.summary(), "lam": [1.0]},
    "spectral.stream": {
        "accumulator": accumulated(GramAccumulator), "chunks": [(X, Y)], "rows": 4,
    },
    "label_noise.derivatives_left_out": {"seen": TWO_STEPS},
    "kernel_ridge.chunked_product": {"kernel": lambda a, b: a @ b.T},
    "gp.evidence_gradient": {"likelihood": gp.BERNOULLI},
    "gp.optimise_evidence": {"kernel": gaussian},
    "gp.optimise_label_evidence": {"kernel": gaussian},
    **{
        f"gp.{name}": {"prior": K}
        for name in ("GaussianProcess.covariance", "GaussianProcess.error_covariance",
                     "Laplace.covariance")
    },
    "gp.Likelihood.log_density": {"y": D, "f": D}, "gp.Likelihood.residual": {"y": D, "f": D},
    "logistic.GaussianMixture.test_error": {"signal": 1.0},
    **{
        f"jepa.{name}.sample": {"count": 3}
        for name in ("TwoViews", "MaskedSignal", "Autoregression", "Oscillators")
    },
    "jepa.Network": {"layers": NETWORK.layers, "predictor": NETWORK.predictor},
    "jepa.Network.like": {"weights": NETWORK.flat()},
    **tools.BY_FUNCTION,
}  # fmt: skip
# Results, protocols and intermediate objects: made by functions, not by users.
UNCHECKED = {
    "spectral": "GramAccumulator QRAccumulator Block Filter LeastSquares "
    "Optimum QuadraticRisk RatioRisk Spectrum Targets Summary",
    "label_noise": "AnchoredRounds AsymptoticSteps Asymptotics Best Derivatives "
    "LimitStudent NoiseThresholds OptimalSteps OptimalXi Problem PenaltyLimits PrunedXi "
    "SelfTraining TunedPath TunedXi WienerFloor",
    "kernel_ridge": "Chain Constrained KernelRidge Merged OptimalSchedule OptimalXi",
    "gp": "OptimisedLabels Evidence GaussianProcess Laplace LatentProcess Likelihood Optimised "
    "SoftLabelProcess",
    "logistic": "AveragingErrors ClassesStage CorruptionRange Kept MixtureStages PerfectMixing "
    "SaddlePoint Stage UnequalStage WidestWindow",
    "jepa": "EmaPath FlowPath LearnedOrder RankOnePath TimeExpansion Law",
    **tools.UNCHECKED,
}
# A valid object of every class that has methods with arguments.
OWNERS = {
    "spectral.Spectrum": S, "spectral.Filter": COMMON["filter"], "spectral.QuadraticRisk": RISK,
    "spectral.RatioRisk": criteria.gcv(S, TARGETS), "spectral.Block": RISK.blocks[0],
    "spectral.LeastSquares": RISK.along(COMMON["base"], COMMON["directions"]),
    "spectral.Summary": MOMENTS.summary(), "spectral.GramAccumulator": MOMENTS,
    "spectral.QRAccumulator": TRIANGLE, "spectral.LeftOutAccumulator": LEFT_OUT,
    "kernel_ridge.KernelRidge": FIT, "kernel_ridge.Chain": kernel_ridge.distil(K, Y, 1.0),
    "gp.GaussianProcess": gp.data_centric(K, Y, 0.5), "gp.Laplace": LATENT,
    "gp.LatentProcess": gp.distribution_centric_classification(K, [0.0, 1.0, 1.0, 0.0]),
    "gp.SoftLabelProcess": gp.data_centric_classification(K, [0.0, 1.0, 1.0, 0.0]),
    "gp.Likelihood": gp.CONTINUOUS_BERNOULLI, "logistic.GaussianMixture": MIXTURE,
    "logistic.LinearLabels": LABELS, "logistic.RandomLabels": WORLD,
    "logistic.SymmetricClasses": logistic.SymmetricClasses(3, 10, 0.4, 0.1, 0.01, 0.1),
    "logistic.UnequalClasses": logistic.UnequalClasses((12, 8), (3, 2), (0.4, 0.4)),
    "jepa.TwoViews": jepa.TwoViews([1.0, 0.5], 0.1),
    "jepa.MaskedSignal": jepa.MaskedSignal([1.0, 0.5, 0.5], 0.5),
    "jepa.Autoregression": jepa.Autoregression([1.0, 0.5], 0.5, 0.1),
    "jepa.Oscillators": jepa.Oscillators([1.0], 0.5, 0.3, 0.1),
    "jepa.Network": NETWORK, "jepa.FlowPath": PATH, **tools.OWNERS,
}  # fmt: skip


def entry_points():
    """Return every public function, constructor and alternative constructor by its name."""
    found = {}
    for topic in PLACES:
        module = importlib.import_module(f"sdtheory.{topic}")
        for name in module.__all__:
            value = getattr(module, name)
            inner = (
                {f"{name}.{k}": getattr(value, k) for k in value.__all__}
                if inspect.ismodule(value)
                else {name: value}
            )
            for key, function in inner.items():
                if inspect.isclass(function):
                    for k, method in vars(function).items():
                        if isinstance(method, classmethod) and not k.startswith("_"):
                            found[f"{topic}.{key}.{k}"] = getattr(function, k)
                    if key.rpartition(".")[2] in UNCHECKED[topic].split():
                        continue
                elif not inspect.isfunction(function):
                    continue
                found[f"{topic}.{key}"] = function
    return found | {"claims.claim": tools.registered}


def methods():
    """Return every public method with arguments, bound to a copy of a valid object."""
    found = {}
    for name, owner in OWNERS.items():
        for key in dir(type(owner)):
            static = inspect.getattr_static(owner, key)
            shown = key == "__call__" or not key.startswith("_")
            if shown and inspect.isfunction(static) and len(named(static)) > 1:
                found[f"{name}.{key}"] = _on_a_copy(owner, key)
    return found


def named(function):
    """Return the arguments that have names of their own."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]


def _on_a_copy(owner, key):
    def method(**arguments):
        return getattr(copy.copy(owner), key)(**arguments)

    method.__signature__ = inspect.signature(getattr(owner, key))
    return method


def arguments_of(name, function):
    """Return valid keyword arguments; KeyError names the one that is not known."""
    topic = name.partition(".")[0]
    known = {**COMMON, **BY_TOPIC.get(topic, {}), **BY_FUNCTION.get(name, {})}
    chosen = {}
    for parameter in inspect.signature(function).parameters.values():
        needed = parameter.default is parameter.empty
        if needed or parameter.name in BY_FUNCTION.get(name, {}):
            chosen[parameter.name] = known[parameter.name]
    return chosen
