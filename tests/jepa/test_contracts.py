"""What every public function promises: arrays of modes, and errors that name the bad value."""

import dataclasses
import inspect
import warnings

import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode, Views

EPS = np.finfo(float).eps
LAM = np.array([[1.0, 0.7, 1.4], [0.9, 1.2, 0.5]])
RHO = np.array([[0.9, 0.7, 0.8], [0.95, 0.75, 1.2]])
MODE, FLAT = Mode.from_rho(LAM, RHO), Mode.from_rho(LAM[0], RHO[0])
SCALE = np.array([[1e-3, 2e-3, 5e-3], [1e-2, 3e-3, 1e-3]])
PART = np.array([[0.5, 0.6, 0.7], [0.8, 0.4, 0.9]])
TIMES = np.array([0.0, 3.0, 40.0])
VIEWS = Views.from_modes(FLAT)
NET = jepa.aligned_network(FLAT, 2, 0.05)
PATH = jepa.matrix_flow(VIEWS, NET, TIMES)

# one argument a mode wherever the function takes one; a loop over modes must give the same
EACH = {
    "fixed_point": {"mode": MODE, "depth": 2},
    "learnable": {"mode": MODE, "depth": 2, "scale": SCALE},
    "critical_depth": {"mode": MODE, "scale": SCALE},
    "relaxation_rate": {"mode": MODE, "depth": 2},
    "velocity": {"mode": MODE, "depth": 2, "size": SCALE},
    "trajectory": {"mode": MODE, "depth": 2, "scale": SCALE, "times": TIMES},
    "critical_time": {"mode": MODE, "depth": 2, "scale": SCALE, "fraction": PART},
    "hitting_time": {"mode": MODE, "depth": 2, "start": SCALE, "stop": 2 * SCALE},
    "phase": {"x": PART, "depth": 2},
    "size_at_depth_one": {"mode": MODE, "scale": SCALE, "times": TIMES},
    "size_without_covariance": {"variance": LAM, "scale": SCALE, "times": TIMES},
    "size_without_variance": {"covariance": LAM, "depth": 2, "scale": SCALE, "times": 0.1 * TIMES},
    "blow_up_time": {"covariance": LAM, "depth": 2, "scale": SCALE},
    "size_at_infinite_depth": {"mode": Mode(0.5 * LAM, LAM), "scale": SCALE, "times": TIMES},
    "time_at_infinite_depth": {
        "covariance": LAM,
        "kappa": 0.3 * RHO,
        "scale": SCALE,
        "fraction": PART,
    },
    "critical_time_expansion": {"mode": MODE, "depth": 2, "scale": SCALE, "fraction": PART},
    "equal_covariance_gap": {
        "rho": RHO,
        "other_rho": 0.5 * RHO,
        "depth": 2,
        "scale": SCALE,
        "fraction": PART,
    },
    "initial_drive": {"mode": MODE, "depth": 2, "scale": SCALE},
    "deep_critical_time": {"mode": MODE, "depth": 2, "scale": SCALE},
    "descent_shift": {"mode": MODE, "depth": 2, "scale": SCALE, "fraction": PART},
    "descent_times": {"mode": MODE, "depth": 1, "scale": SCALE, "fraction": PART, "step": 0.5},
    "overwriting_rate": {"learned": MODE, "other": Mode(2 * LAM, LAM), "depth": 2},
    "swap_time": {
        "learned": MODE,
        "other": Mode(2 * LAM, LAM),
        "depth": 2,
        "scale": SCALE,
        "misalignment": 1e-3 * PART,
    },
    "unbalanced_fixed_point": {
        "mode": MODE,
        "depth": 2,
        "layer": PART,
        "predictor": SCALE,
        "predictor_rate": 1 + PART,
    },
    "unbalanced_time": {
        "mode": MODE,
        "depth": 2,
        "layer": PART,
        "predictor": SCALE,
        "fraction": PART,
        "predictor_rate": 1 + PART,
    },
    "without_predictor": {"mode": MODE, "depth": 2, "scale": SCALE, "times": TIMES},
    "critical_decay": {"mode": MODE, "depth": 2},
    "decay_equilibria": {"mode": MODE, "depth": 2, "decay": SCALE},
    "ema_path": {"mode": MODE, "depth": 2, "scale": SCALE, "memory": 1 + PART, "times": TIMES},
    "ema_rates": {"mode": MODE, "depth": 2, "memory": 1 + PART},
    "ema_delay": {"mode": MODE, "depth": 2, "scale": SCALE, "fraction": PART, "memory": 1 + PART},
    "slow_ema_time": {
        "mode": MODE,
        "depth": 2,
        "scale": 1e-3 * SCALE,
        "fraction": PART,
        "memory": 1 + PART,
    },
    "complex_path": {
        "rho": RHO * np.exp(1j * LAM),
        "variance": LAM,
        "depth": 2,
        "layer": PART,
        "times": TIMES,
    },
}
# functions of a list of features that belong together, of whole networks, or of no mode at all
WHOLE = {
    "learned_order": {"mode": FLAT, "depth": 2, "scale": 1e-3, "fraction": 0.5},
    "retention_order": {"mode": FLAT},
    "curvatures": {"mode": FLAT, "depth": 2},
    "largest_step": {"mode": FLAT, "depth": 2},
    "rank_one_flow": {"mode": FLAT, "depth": 2, "row": [0.1, 0.2, 0.1], "times": TIMES},
    "aligned_network": {"mode": FLAT, "depth": 2, "scale": 1e-3},
    "random_network": {"d": 3, "depth": 2, "scale": 1e-3, "rng": np.random.default_rng(0)},
    "matrix_flow": {"views": VIEWS, "network": NET, "times": TIMES},
    "retention_times": {"path": PATH, "mode": FLAT, "fraction": 0.5},
    "crossing_times": {"path": PATH, "levels": 0.5},
    "flow_field": {"views": VIEWS, "network": NET},
    "flow_jacobian": {"views": VIEWS, "network": NET},
    "balance_defects": {"network": NET},
    "quasi_static_predictor": {"views": VIEWS, "encoder": np.eye(3)},
    "determinant_obstruction": {"views": VIEWS, "network": NET},
    "collapse_floor": {"network": NET},
    "kept_subspace": {"views": VIEWS, "width": 2},
    "predicted_rows": {"network": NET, "width": 2},
    "principal_sine": {"first": np.eye(3)[:, :1], "second": np.eye(3)[:, :2]},
    "full_rank_predictor": {"views": VIEWS, "encoder": np.eye(3)},
    "law": {"depth": 2},
    "turning_points": {"depth": 2, "fraction": 0.5},
    "blind_fraction": {"depth": 2},
}
CALLS = EACH | WHOLE
OBJECTIVES = ("jepa", "mae")


def parts(value):
    """Return the arrays of a result, whatever it is wrapped in."""
    if dataclasses.is_dataclass(value):
        return [getattr(value, field.name) for field in dataclasses.fields(value)]
    return list(value) if isinstance(value, tuple) else [value]


def at(value, index):
    if isinstance(value, Mode):
        return Mode(value.covariance[index], value.variance[index])
    return value[index] if isinstance(value, np.ndarray) and value.shape == RHO.shape else value


def test_every_public_function_is_listed():
    functions = {n for n in jepa.__all__ if inspect.isfunction(getattr(jepa, n))}
    assert functions == set(CALLS)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", EACH)
def test_arrays_of_modes_are_a_loop_over_modes(name, objective):
    function, given = getattr(jepa, name), dict(EACH[name])
    if "objective" in inspect.signature(function).parameters:
        given["objective"] = objective
    elif objective == "mae":
        pytest.skip("one objective only")
    whole = [np.asarray(a) for a in parts(function(**given))]
    for index in np.ndindex(RHO.shape):
        one = parts(function(**{key: at(value, index) for key, value in given.items()}))
        for array, single in zip(whole, one, strict=True):
            if array.shape == TIMES.shape:  # a path's own times
                continue
            assert array.shape[:2] == RHO.shape
            np.testing.assert_allclose(array[index], single, rtol=1e-13)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_lists_of_features_agree_with_single_ones(objective):
    for i in range(3):
        one = Mode(FLAT.covariance[[i]], FLAT.variance[[i]])
        together = jepa.learned_order(FLAT, 2, 1e-3, 0.5, objective)
        alone = jepa.learned_order(one, 2, 1e-3, 0.5, objective)
        assert together.times[i] == alone.times[0]
        np.testing.assert_allclose(
            jepa.curvatures(FLAT, 2, objective)[i, i],
            jepa.curvatures(one, 2, objective)[0, 0],
            rtol=8 * EPS,
        )


# argument: values that no function may take, and the part of the message that must show them
BAD = {
    "depth": [(0, "0"), (-2, "-2"), (1.5, "1.5")],
    "scale": [(0.0, "0"), (-1e-3, "-0.001"), (np.nan, "nan"), (np.inf, "inf")],
    "size": [(-1.0, "-1")],
    "start": [(0.0, "0"), (-0.5, "-0.5")],
    "stop": [(0.0, "0"), (-0.5, "-0.5")],
    "layer": [(0.0, "0"), (-0.1, "-0.1")],
    "fraction": [(0.0, "0"), (1.0, "1"), (-0.5, "-0.5"), (1.5, "1.5"), (np.nan, "nan")],
    "since": [(0.0, "0"), (1.0, "1")],
    "times": [(np.array([-1.0, 2.0]), "-1"), (np.array([np.nan]), "nan")],
    "memory": [(0.0, "0"), (-1.0, "-1")],
    "misalignment": [(0.0, "0"), (1.0, "1")],
    "step": [(0.0, "0"), (-0.1, "-0.1")],
    "steps": [(0, "0")],
    "decay": [(-0.1, "-0.1")],
    "weight_decay": [(-0.1, "-0.1")],
    "predictor_rate": [(0.0, "0"), (-1.0, "-1")],
    "predictor_depth": [(0, "0"), (1.5, "1.5")],
    "objective": [("mse", "mse"), (3, "3")],
    "variance": [(0.0, "0"), (-1.0, "-1")],
    "covariance": [(np.nan, "nan")],
    "rho": [(np.nan, "nan")],
    "other_rho": [(0.0, "0"), (-1.0, "-1")],
    "width": [(0, "0"), (-1, "-1")],
    "levels": [(-1.0, "-1"), (np.ones(7), "7")],
    "encoder": [(np.full((3, 3), np.nan), "nan")],
    "row": [(np.ones(2), "2")],
    "rtol": [(0.0, "0"), (-1e-9, "-1e-09")],
    "power": [(-1.0, "-1")],
    "x": [(np.nan, "nan")],
}
MISTAKES = [
    (name, argument, bad, shown)
    for name in CALLS
    for argument in inspect.signature(getattr(jepa, name)).parameters
    for bad, shown in BAD.get(argument, ())
    if (name, argument) != ("random_network", "misalignment")  # any tilt from 0 on is a network
]


@pytest.mark.parametrize(("name", "argument", "bad", "shown"), MISTAKES)
def test_a_mistaken_argument_is_named_with_its_value(name, argument, bad, shown):
    with pytest.raises((ValueError, TypeError)) as caught:
        getattr(jepa, name)(**{**CALLS[name], argument: bad})
    assert argument in str(caught.value)
    assert shown in str(caught.value)


@pytest.mark.parametrize("name", [n for n, given in EACH.items() if "mode" in given])
def test_one_value_a_mode_must_have_the_shape_of_the_modes(name):
    for argument in {"scale", "fraction", "start", "stop", "memory", "decay", "layer"} & set(
        EACH[name]
    ):
        with pytest.raises(ValueError, match="shape"):
            getattr(jepa, name)(**{**EACH[name], argument: np.full(5, 1e-3)})


@pytest.mark.parametrize("depth", [1, 2, 7, 30, 100])
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e-3, 0.5, 2.0])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_extremes_give_numbers_in_every_closed_form(objective, depth, scale):
    """No NaN and no warning for rho in [-2, 3], whatever the depth and the scale."""
    rho = np.array(
        [-2, -0.3, -1e-12, -1e-300, 0, 1e-300, 1e-12, 0.1, 0.5, 0.93, 1 - 1e-12, 1, 1.5, 3.0]
    )
    every = Mode(rho, np.ones_like(rho))
    positive = Mode(rho[rho > 0], np.ones_like(rho[rho > 0]))
    clock = np.concatenate([[0.0], np.geomspace(1e-30, 1e300, 31)])
    small = min(scale, 0.5)
    grown = Mode(np.array([0.95, 1.5, 3.0]), np.ones(3))
    low = min(scale, 0.2**depth) if depth < 40 else min(scale, 1e-28)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = [
            jepa.fixed_point(every, depth, objective),
            jepa.learnable(every, depth, scale, objective),
            jepa.critical_depth(every, small),
            jepa.relaxation_rate(every, depth, objective),
            jepa.velocity(every, depth, scale, objective),
            jepa.trajectory(every, depth, scale, clock, objective),
            jepa.critical_time(every, depth, scale, [0.5] * 14, objective),
            jepa.critical_time(every, depth, scale, 1 - 1e-15, objective),
            jepa.critical_time(every, depth, scale, 1e-15, objective),
            jepa.hitting_time(every, depth, scale, 0.5 * scale, objective),
            jepa.hitting_time(every, depth, scale, 1.5 * scale, objective),
            jepa.phase([1e-30, 1e-3, 0.3, 1 - 1e-15], depth, objective),
            jepa.size_at_depth_one(positive, scale, clock, objective),
            jepa.size_without_covariance(1.0, scale, clock),
            jepa.blow_up_time(rho[rho > 0], depth, scale, objective),
            *parts(jepa.critical_time_expansion(positive, depth, small, 0.5, objective)),
            jepa.critical_time_expansion(positive, depth, small, 0.5, objective).total,
            jepa.initial_drive(every, depth, scale),
            jepa.deep_critical_time(every, depth, scale),
            jepa.equal_covariance_gap(grown.rho, 0.9, depth, small, 0.5, objective),
            *parts(jepa.learned_order(every, depth, scale, 0.5, objective)),
            jepa.curvatures(positive, depth, objective),
            jepa.overwriting_rate(positive, grown_like(positive), depth, objective),
            jepa.critical_decay(positive, depth, objective),
            *jepa.decay_equilibria(positive, depth, 1e-3, objective),
            jepa.unbalanced_fixed_point(every, depth, small, 0.0),
            jepa.unbalanced_time(positive, depth, small, 0.0),
            jepa.unbalanced_time(positive, depth, small, -0.5 * small, 1 - 1e-15, 100.0),
            jepa.without_predictor(Mode([0.5], [1.0]), depth, small, clock[:20]),
            jepa.ema_rates(grown, depth, [1e-9, 1.0, 1e9]),
            jepa.turning_points(depth),
            jepa.turning_points(depth, 0.9, 1.0),
            jepa.descent_shift(grown, depth, low, 0.5, objective),
            jepa.swap_time(grown, grown_like(grown), depth, small, 1e-300),
        ]
    for k, result in enumerate(results):
        assert not np.isnan(np.asarray(result, float)).any(), k


def grown_like(mode):
    return Mode(mode.covariance, 0.5 * mode.variance)
