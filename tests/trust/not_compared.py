"""Public functions that are not compared with high precision, each with the reason."""

_GROUPS: dict[str, tuple[str, list[str]]] = {
    "spectral": (
        ("an intermediate form, compared through the risks, weights and predictions made with it"),
        [
            "Block.rows",
            "Filter.plus",
            "LeastSquares.minimiser",
            "QuadraticRisk.along",
            "QuadraticRisk.rows",
            "QuadraticRisk.tilt",
            "QuadraticRisk.traces",
            "RatioRisk.along",
            "RatioRisk.freedom",
            "RatioRisk.traces",
            "Spectrum.fitted",
            "Spectrum.project",
            "Spectrum.projection",
        ],
    ),
    "spectral: streams": (
        "data in pieces: compared with the same data in one piece, which is compared here",
        [
            "GramAccumulator.load",
            "GramAccumulator.merge",
            "GramAccumulator.save",
            "GramAccumulator.summary",
            "GramAccumulator.update",
            "LeftOutAccumulator.criteria",
            "LeftOutAccumulator.merge",
            "LeftOutAccumulator.update",
            "QRAccumulator.load",
            "QRAccumulator.merge",
            "QRAccumulator.save",
            "QRAccumulator.summary",
            "QRAccumulator.update",
            "Summary.coefficients",
            "stream",
        ],
    ),
    "spectral: flags": (
        "says yes or no",
        [
            "weights.reachable",
        ],
    ),
    "label_noise: problems": (
        (
            "makes a problem from data by Spectrum.from_design, compared through pruned_xi, "
            "tune_xi and anchored_rounds; the rest is the problem's own arithmetic"
        ),
        [
            "ConditionalProblem.from_evaluation",
            "ConditionalProblem.from_truth",
            "RidgeProblem.from_design",
            "RidgeProblem.from_mean",
            "RidgeProblem.from_spectrum",
        ],
    ),
    "label_noise: grids": (
        "asymptotics over many problems at once",
        [
            "asymptotics_grid",
        ],
    ),
    "label_noise: streams": (
        "data in pieces: compared with the same data in one piece, which is compared here",
        [
            "derivatives_left_out",
            "tune_left_out",
            "tune_summary",
        ],
    ),
    "kernel_ridge": (
        ("a product of kernel rows with the dual weights, compared through KernelRidge.predict"),
        [
            "Chain.predict",
            "chunked_product",
        ],
    ),
    "kernel_ridge: random": (
        "draws its frequencies",
        [
            "fourier_features",
        ],
    ),
    "kernel_ridge: whole numbers": (
        "a count or a grouping: compared exactly with brute force in its tests",
        [
            "merge_replicates",
            "sparsity_peak",
            "steps_to_tolerance",
        ],
    ),
    "kernel_ridge: schedules": (
        (
            "compared through criteria.leave_one_out and projections.constrained_weights, "
            "which it joins"
        ),
        [
            "optimal_schedule",
        ],
    ),
    "gp: approximations": (
        "an approximation with an error of 5e-4",
        [
            "average_sigmoid_by_erf",
        ],
    ),
    "gp: chains": (
        "rounds of gp.laplace, with averages of gp.average_sigmoid and gp.average_mean",
        [
            "Laplace.covariance",
            "Laplace.latent",
            "LatentProcess.latent",
            "LatentProcess.probability",
            "SoftLabelProcess.latent",
            "SoftLabelProcess.probability",
            "data_centric_classification",
            "distribution_centric_classification",
        ],
    ),
    "gp: parts": (
        "mean and variance of GaussianProcess, compared there",
        [
            "hybrid",
        ],
    ),
    "gp: linear": (
        "a quotient of derivatives of continuous_bernoulli, compared there",
        [
            "linearised_gain",
        ],
    ),
    "gp: gradients": (
        "compared with differences of the evidence in its tests",
        [
            "evidence_gradient",
        ],
    ),
    "gp: optimisers": (
        "an iteration to a tolerance of 1e-8 or so",
        [
            "optimise_evidence",
            "optimise_label_evidence",
        ],
    ),
    "logistic: mixture": (
        (
            "integrals over a Gaussian by fixed rules to about 1e-10: compared with adaptive "
            "quadrature and with simulations in tests/logistic/mixture"
        ),
        [
            "GaussianMixture.groups",
            "GaussianMixture.test_error",
            "averaging_errors",
            "best_soft_averaging",
            "mixture_stages",
            "potential",
            "saddle_gradient",
            "soft_averaging_error",
            "teacher_saddle",
        ],
    ),
    "logistic: students": (
        ("the chain of SymmetricClasses.teacher and UnequalClasses.teacher with other targets"),
        [
            "SymmetricClasses.student",
            "UnequalClasses.student",
        ],
    ),
    "logistic: whole numbers": (
        "a count, a flag or a selection",
        [
            "rounds_needed",
            "steps_needed",
            "top_two_succeeds",
            "top_two_target",
            "noise_threshold",
        ],
    ),
    "logistic: optimum": (
        (
            "a maximum of the difference of two thresholds, which are compared: its place is "
            "determined to the square root of their precision only"
        ),
        [
            "widest_window",
        ],
    ),
    "jepa: samples": (
        "draws samples",
        [
            "Autoregression.sample",
            "MaskedSignal.sample",
            "Oscillators.sample",
            "TwoViews.sample",
            "Views.from_samples",
            "random_network",
        ],
    ),
    "jepa: integrations": (
        (
            "integrates a differential equation to a stated tolerance of 1e-10 or iterates a "
            "map: compared with the closed forms that are compared here"
        ),
        [
            "FlowPath.amplitudes",
            "complex_path",
            "crossing_times",
            "descent_times",
            "ema_path",
            "matrix_flow",
            "rank_one_flow",
            "retention_times",
        ],
    ),
    "jepa: matrices": (
        (
            "plain matrix algebra on networks and views, compared with finite differences or "
            "definitions in its tests"
        ),
        [
            "Network.flat",
            "Network.like",
            "Oscillators.covariances",
            "Views.from_modes",
            "Views.rho",
            "aligned_network",
            "balance_defects",
            "collapse_floor",
            "flow_field",
            "flow_jacobian",
            "full_rank_predictor",
            "kept_subspace",
            "predicted_rows",
            "principal_sine",
            "quasi_static_predictor",
        ],
    ),
    "jepa: orders": (
        "an order, a flag or exponents",
        [
            "determinant_obstruction",
            "law",
            "learnable",
            "learned_order",
            "retention_order",
        ],
    ),
    "jepa: combinations": (
        "one line of functions that are compared: overwriting_rate, phase",
        [
            "equal_covariance_gap",
            "swap_time",
        ],
    ),
    "jepa: roots": (
        "a root of a function of `phase` by Brent's method, to 1e-14 of the argument",
        [
            "blind_fraction",
            "turning_points",
        ],
    ),
}

NOT_COMPARED = {
    f"{group.partition(':')[0]}.{name}": reason
    for group, (reason, names) in _GROUPS.items()
    for name in names
}
