"""Results of our own on whole networks: conservation, collapse, rotation, equilibria."""

from typing import Any

import numpy as np
from scipy import integrate

from sdtheory import jepa
from sdtheory.claims import Draw, claim, relative_error
from sdtheory.jepa import Mode, Network, Views

from ._modes import EPS, Objective, views_seed

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _any_views(d: int, rng: np.random.Generator) -> Views:
    a = rng.normal(size=(d, d))
    return Views(a @ a.T / d + 0.5 * np.eye(d), rng.normal(size=(d, d)) / np.sqrt(d))


def _with_objective(draw: Draw) -> dict[str, Any]:
    return views_seed(draw) | {"objective": draw.choice(["jepa", "mae"])}


@claim(
    "sdtheory.jepa_conservation",
    paper=PAPER,
    where="J1",
    says="""For any covariances and widths, either objective, W_{a+1}^T W_{a+1} - W_a W_a^T and
    V^T V - W_L W_L^T are constant along the flow.""",
    kind="identity",
    instances=_with_objective,
    tolerance=200 * EPS,
    guards=("sdtheory.jepa.balance_defects", "sdtheory.jepa.flow_field"),
)
def jepa_conservation(seed: int, depth: int, objective: Objective) -> float:
    """Return the rate of change of every defect, by the product rule, in units of its terms."""
    rng = np.random.default_rng(seed)
    views = _any_views(4, rng)
    net = jepa.random_network(4, depth, 0.5, rng, objective, width=3)
    field = jepa.flow_field(views, net, objective)
    # finite step: the defect of net + h field is defect + h rate + h^2 (defect of the field)
    step = 1e-3 / np.linalg.norm(field.flat())
    moved = net.like(net.flat() + step * field.flat())
    # the step itself is taken along the literal gradient, so an error of the field shows
    literal = _literal_field(views, net, objective)
    worst = relative_error(field.flat(), literal, scale=np.abs(literal).max())
    zipped = zip(
        jepa.balance_defects(net),
        jepa.balance_defects(moved),
        _plain_defects(field),
        _plain_defects(net),
        strict=True,
    )
    for before, after, second, plain in zipped:
        size = np.abs(before).max() + np.abs(plain).max() + np.linalg.norm(net.flat()) ** 2
        gap = np.abs(after - before - step**2 * second).max() + np.abs(before - plain).max()
        worst = max(worst, float(gap / size))
    return worst


def _plain_defects(net: Network) -> list[FloatArray]:
    above = [*net.layers[1:], net.predictor]
    return [u.T @ u - w @ w.T for w, u in zip(net.layers, above, strict=True)]


def _literal_field(views: Views, net: Network, objective: Objective) -> FloatArray:
    """Differentiate the stopped loss entry by entry: it is quadratic along each, so exactly."""
    target = net.encoder if objective == "jepa" else np.eye(views.s_xx.shape[0])
    point = net.flat()

    def loss(weights: FloatArray) -> float:
        now = net.like(weights)
        product = now.predictor @ now.encoder
        own = np.trace(product @ views.s_xx @ product.T)
        return float(0.5 * own - np.trace(product.T @ target @ views.s_yx))

    units = np.eye(point.size)
    return np.array([loss(point - e) - loss(point + e) for e in units]) / 2


@claim(
    "sdtheory.jepa_frozen",
    paper=PAPER,
    where="J19",
    says="""Under the best predictor of its own targets a square invertible encoder does not move
    at all, whatever the covariances.""",
    kind="identity",
    instances=views_seed,
    tolerance=1e-10,  # eps times the condition numbers of random 3 x 3 encoders and covariances
    guards=("sdtheory.jepa.quasi_static_predictor",),
)
def jepa_frozen(seed: int, depth: int) -> float:
    """Return the velocity of the encoder relative to that under no predictor."""
    rng = np.random.default_rng(seed)
    views = _any_views(3, rng)
    net = jepa.random_network(3, depth, 0.5, rng, misalignment=0.3)
    best = jepa.quasi_static_predictor(views, net.encoder)
    gap = net.encoder @ views.s_yx - best @ net.encoder @ views.s_xx
    return float(np.linalg.norm(gap) / np.linalg.norm(net.encoder @ views.s_yx))


@claim(
    "sdtheory.jepa_determinant",
    paper=PAPER,
    where="J20",
    says="""A square balanced network with det V det R < 0 (JEPA), or det V det Wbar det R < 0
    (MAE), has no invertible equilibrium within reach: at least one feature is lost.""",
    kind="inequality",
    instances=lambda draw: {"seed": draw.seed(), "objective": draw.choice(["jepa", "mae"])},
    tolerance=0.5,
    guards=("sdtheory.jepa.determinant_obstruction",),
    samples=8,
)
def jepa_determinant(seed: int, objective: Objective) -> float:
    """Count learned features of two-dimensional networks with Haar predictors."""
    rng = np.random.default_rng(seed)
    mode = Mode.from_rho([1.0, 0.9], [0.9, 0.8])
    views = Views.from_modes(mode)
    layer, turn = (np.linalg.qr(rng.normal(size=(2, 2)))[0] for _ in range(2))
    turn[:, 0] *= rng.choice([-1.0, 1.0])
    net = Network((0.1 * layer,), 0.1 * turn)
    horizon = 4000.0 if objective == "jepa" else 15.0  # before rounding breaks the balance
    end = jepa.matrix_flow(views, net, [horizon], objective, rtol=1e-9).networks[-1]
    learned = int(np.sum(np.linalg.svd(end.encoder, compute_uv=False) > 0.2))
    return float((learned == 2) == jepa.determinant_obstruction(views, net, objective))


@claim(
    "sdtheory.jepa_floor",
    paper=PAPER,
    where="J20",
    says="""sigma_min(W_L(t))^2 >= sigma_min(W_L(0))^2 - ||V(0)||^2 for any data, with equality
    where the predictor of a single feature passes through zero: a small predictor rules out
    collapse.""",
    kind="inequality",
    instances=lambda draw: {
        "layer": draw.uniform(0.2, 0.5),
        "share": draw.uniform(0.3, 0.9),
        "rho": draw.uniform(0.5, 1.2),
    },
    tolerance=1e-8,
    guards=("sdtheory.jepa.collapse_floor",),
    samples=20,
)
def jepa_floor(layer: float, share: float, rho: float) -> float:
    """Follow one feature from V = -share * W through zero, where the bound is attained."""

    def field(_: float, z: FloatArray) -> list[float]:
        drive = rho - z[1]
        return [z[0] * z[1] * drive, z[0] ** 2 * drive]

    def crossing(_: float, z: FloatArray) -> float:
        return float(z[1])

    crossing.terminal = True  # type: ignore[attr-defined]
    start = [layer, -share * layer]
    solved = integrate.solve_ivp(
        field, (0, 1e6), start, "DOP853", events=crossing, rtol=1e-12, atol=1e-14
    )
    floor = jepa.collapse_floor(Network((np.array([[layer]]),), np.array([[start[1]]])))
    # at the crossing the bound is an equality: distance in either direction is a violation
    return relative_error(floor, solved.y[0, -1] ** 2)


@claim(
    "sdtheory.jepa_rotation",
    paper=PAPER,
    where="J21",
    says="""A plane with complex rho (rotating dynamics) is learned along the straight segment
    from V = b to V = rho, with encoder singular values |V|^L.""",
    kind="identity",
    instances=lambda draw: {
        "angle": draw.uniform(-2.5, 2.5),
        "size": draw.uniform(0.4, 0.9),
        "depth": draw.integer(1, 3),
    },
    tolerance=1e-7,  # integrator
    guards=("sdtheory.jepa.flow._field",),
    samples=6,
)
def jepa_rotation(angle: float, size: float, depth: int) -> float:
    """Compare with the flow of the 2 x 2 matrices."""
    b, c, s = 0.3, np.cos(angle), np.sin(angle)
    views = Views(np.eye(2), size * np.array([[c, -s], [s, c]]))
    raw = np.array([0.3, 1.0]) * b ** (-2 * depth)
    net = Network((b * np.eye(2),) * depth, b * np.eye(2))
    flow = jepa.matrix_flow(views, net, depth * raw)
    path = jepa.complex_path(size * np.exp(1j * angle), 1.0, depth, b, raw)
    worst = 0.0
    for state, v in zip(flow.networks, path, strict=True):
        got = state.predictor[0, 0] + 1j * state.predictor[1, 0]
        singular = np.linalg.svd(state.encoder, compute_uv=False)
        worst = max(
            worst, abs(got - v) / abs(v), float(np.abs(singular / abs(v) ** depth - 1).max())
        )
    return worst


@claim(
    "sdtheory.jepa_equilibria",
    paper=PAPER,
    where="J31",
    says="""Without commuting covariances every invertible encoder is an equilibrium under the
    one predictor Wbar R Wbar^-1, whose eigenvalues are the generalised rho, whatever the
    encoder.""",
    kind="identity",
    instances=views_seed,
    tolerance=1e-9,  # eps times the squared condition of a random encoder
    guards=("sdtheory.jepa.full_rank_predictor", "sdtheory.jepa.Views.rho"),
)
def jepa_equilibria(seed: int, depth: int) -> float:
    """Return the residual of the flow there, and the distance of both spectra."""
    rng = np.random.default_rng(seed)
    views = _any_views(3, rng)
    net = jepa.random_network(3, depth, 1.0, rng, misalignment=0.3)
    predictor = jepa.full_rank_predictor(views, net.encoder)
    field = jepa.flow_field(views, Network(net.layers, predictor)).flat()
    unit = np.linalg.norm(views.s_yx) * np.linalg.norm(net.flat()) ** (2 * depth)
    direct = np.sort_complex(np.linalg.eigvals(views.s_yx @ np.linalg.inv(views.s_xx)))
    gaps = [
        np.abs(np.sort_complex(values.astype(complex)) - direct).max()
        for values in (views.rho(), np.linalg.eigvals(predictor))
    ]
    return float(max(np.abs(field).max() / unit, max(gaps) / np.abs(direct).max()))


@claim(
    "sdtheory.jepa_not_a_gradient",
    paper=PAPER,
    where="J32",
    says="""The JEPA flow is the gradient flow of no function: its Jacobian is not symmetric.
    MAE's is.""",
    kind="inequality",
    instances=views_seed,
    tolerance=1e-13,
    guards=("sdtheory.jepa.flow_jacobian",),
    samples=10,
)
def jepa_not_a_gradient(seed: int, depth: int) -> float:
    """Return MAE's asymmetry, or 1 if JEPA's is small; the Jacobian itself against differences."""
    rng = np.random.default_rng(seed)
    views = _any_views(3, rng)
    worst = 0.0
    for objective in OBJECTIVES:
        net = jepa.random_network(3, depth, 0.5, rng, objective)
        jacobian = jepa.flow_jacobian(views, net, objective)
        asymmetry = float(np.linalg.norm(jacobian - jacobian.T) / np.linalg.norm(jacobian))
        worst = max(worst, asymmetry if objective == "mae" else float(asymmetry < 1e-3))
        worst = max(worst, float(_slope_error(views, net, objective, jacobian) > 1e-6))
    return worst


def _slope_error(views: Views, net: Network, objective: Objective, jacobian: FloatArray) -> float:
    """Compare the Jacobian along one direction with a central difference of fourth order."""
    direction = np.cos(np.arange(net.flat().size))
    step = 1e-3

    def field(h: float) -> FloatArray:
        return jepa.flow_field(views, net.like(net.flat() + h * direction), objective).flat()

    slope = (8 * (field(step) - field(-step)) - field(2 * step) + field(-2 * step)) / (12 * step)
    return relative_error(jacobian @ direction, slope)


OBJECTIVES: tuple[Objective, ...] = ("jepa", "mae")
