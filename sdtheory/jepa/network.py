"""Whole linear networks and whole covariances: what the mode laws are a reduction of.

An encoder of matrices W_L ... W_1, one predictor matrix V, and two covariance matrices. Nothing
here needs to commute, to be square or to be aligned.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks
from sdtheory.jepa.modes import Floats, Mode, Objective

__all__ = ["Network", "Views", "aligned_network", "balance_defects", "random_network"]


@dataclass(frozen=True, slots=True)
class Views:
    """Second moments of a pair of views: s_xx = E[x x^T] > 0 and s_yx = E[y x^T], shape (d, d).

    Examples
    --------
    >>> Views(np.diag([2.0, 1.0]), np.diag([1.0, 0.9])).rho()
    array([0.9, 0.5])
    >>> x = np.array([[1.0, 0.0], [0.0, 2.0]])
    >>> Views.from_samples(x, 0.5 * x).rho()
    array([0.5, 0.5])
    """

    s_xx: Floats
    s_yx: Floats

    if TYPE_CHECKING:  # what may be passed; what is stored are float64 arrays

        def __init__(self, s_xx: ArrayLike, s_yx: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        s_xx = _checks.ndarray("s_xx", self.s_xx, ndim=2)
        s_yx = _checks.ndarray("s_yx", self.s_yx, ndim=2)
        _checks.symmetric("s_xx", s_xx, 1e-12)
        _checks.square("s_yx", s_yx)
        _checks.same_length("s_yx", s_yx, "s_xx", s_xx)
        smallest = float(np.linalg.eigvalsh(s_xx)[0])
        if not smallest > 0:
            raise ValueError(f"s_xx must be positive definite, got smallest eigenvalue {smallest}")
        object.__setattr__(self, "s_xx", s_xx)
        object.__setattr__(self, "s_yx", s_yx)

    @classmethod
    def from_modes(cls, mode: Mode, basis: Floats | None = None) -> Views:
        """Build commuting covariances: features in the columns of an orthogonal `basis`."""
        _checks.instance("mode", mode, Mode)
        _checks.ndarray("covariance", mode.covariance, ndim=1)
        axes = np.eye(mode.shape[0]) if basis is None else _checks.ndarray("basis", basis, ndim=2)
        if axes.shape[1] != mode.shape[0]:
            raise ValueError(f"basis must have {mode.shape[0]} columns, got shape {axes.shape}")
        s_xx = (axes * mode.variance) @ axes.T
        return cls(0.5 * (s_xx + s_xx.T), (axes * mode.covariance) @ axes.T)

    @classmethod
    def from_samples(cls, x: object, y: object) -> Views:
        """Estimate the moments from centred samples, shape (n, d) each."""
        first, second = _checks.ndarray("x", x, ndim=2), _checks.ndarray("y", y, ndim=2)
        if second.shape != first.shape:
            raise ValueError(
                f"x and y must have the same shape, got {first.shape} and {second.shape}"
            )
        return cls(first.T @ first / len(first), second.T @ first / len(first))

    @property
    def regression(self) -> Floats:
        """R = s_yx s_xx^-1, the least-squares map from x to y."""
        return np.asarray(np.linalg.solve(self.s_xx, self.s_yx.T).T)

    def rho(self) -> np.ndarray[tuple[int], np.dtype[np.float64 | np.complex128]]:
        """Return the eigenvalues of R by falling real part; complex only if some of them are."""
        values = np.linalg.eigvals(self.regression)
        values = values[np.argsort(-values.real, kind="stable")]
        return np.asarray(values if np.any(values.imag) else values.real)


@dataclass(frozen=True, slots=True)
class Network:
    """An encoder, first layer first, and its predictor (JEPA: k x k, MAE: d x k).

    >>> network = Network((2.0 * np.eye(2), np.eye(2)), 0.5 * np.eye(2))
    >>> network.depth, network.encoder.tolist()
    (2, [[2.0, 0.0], [0.0, 2.0]])
    >>> network.like(2.0 * network.flat()).predictor.tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    layers: tuple[Floats, ...]
    predictor: Floats

    def __post_init__(self) -> None:
        layers = self.layers
        _checks.instance("layers", layers, tuple, list)
        if len(layers) == 0:
            raise ValueError("layers must be matrices, at least one, got none")
        for name, matrix in (
            *(("layers", layer) for layer in layers),
            ("predictor", self.predictor),
        ):
            _checks.instance(name, matrix, np.ndarray)
            if matrix.dtype.kind not in "fc":
                raise TypeError(f"{name} must hold real numbers, got {_checks.show(matrix)}")
            if matrix.ndim != 2 or not np.isfinite(matrix).all():
                raise ValueError(f"{name} must be finite matrices, got {_checks.show(matrix)}")
        sides = [size for layer in layers for size in reversed(layer.shape)]
        if sides[1:-1:2] != sides[2::2] or self.predictor.shape[1] != sides[-1]:
            raise ValueError(
                "layers and predictor must follow one another, got shapes "
                f"{[layer.shape for layer in layers]} and {self.predictor.shape}"
            )
        object.__setattr__(self, "layers", tuple(layers))

    @property
    def encoder(self) -> Floats:
        """W_L ... W_1, shape (k, d)."""
        return np.asarray(reduce(lambda product, layer: layer @ product, self.layers))

    @property
    def depth(self) -> int:
        """Number of encoder layers."""
        return len(self.layers)

    def flat(self) -> Floats:
        """Return all weights in one vector: the layers, then the predictor."""
        return np.concatenate([matrix.ravel() for matrix in (*self.layers, self.predictor)])

    def like(self, weights: Floats) -> Network:
        """Return a network of this shape with the weights of one vector."""
        size = self.flat().size
        # Complex ones, too: derivatives take a complex step.
        _checks.instance("weights", weights, np.ndarray)
        if weights.dtype.kind not in "fc":
            raise TypeError(f"weights must be floating-point numbers, got {_checks.show(weights)}")
        if weights.shape != (size,) or not np.isfinite(weights).all():
            raise ValueError(f"weights must be {size} finite numbers, got {_checks.show(weights)}")
        return reshaped(self, weights)


def unchecked(layers: tuple[Floats, ...], predictor: Floats) -> Network:
    """Return a network of matrices that are known to fit, for inner loops."""
    network = object.__new__(Network)
    object.__setattr__(network, "layers", layers)
    object.__setattr__(network, "predictor", predictor)
    return network


def reshaped(network: Network, weights: Floats) -> Network:
    """Return `network.like(weights)`, unchecked."""
    shapes = [matrix.shape for matrix in (*network.layers, network.predictor)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    parts = [
        piece.reshape(shape)
        for piece, shape in zip(np.split(weights, ends[:-1]), shapes, strict=True)
    ]
    return unchecked(tuple(parts[:-1]), parts[-1])


def aligned_network(
    mode: Mode,
    depth: int,
    scale: float,
    objective: Objective = "jepa",
    *,
    width: int | None = None,
    rng: np.random.Generator | None = None,
) -> Network:
    """Return the initialisation that decouples exactly: W_a = b U_a, b = scale^(1/L).

    U_a are random (semi-)orthogonal if `rng` is given and identities otherwise; `width` >= d is
    that of all hidden layers. The predictor must be aligned too, which is part of the condition:
    b I for JEPA and b (U_L ... U_1)^T for MAE.

    >>> aligned_network(Mode([1.0, 2.0], [1.0, 1.0]), depth=2, scale=0.01).encoder
    array([[0.01, 0.  ],
           [0.  , 0.01]])
    """
    _checks.instance("mode", mode, Mode)
    if rng is not None:
        _checks.instance("rng", rng, np.random.Generator)
    layers = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    b = _checks.number("scale", scale, above=0.0) ** (1.0 / layers)
    d = _checks.ndarray("covariance", mode.covariance, ndim=1).size
    h = d if width is None else _checks.integer("width", width, at_least=d, at_most=_checks.SIDE)
    turns = [_orthogonal(h, d, rng)] + [_orthogonal(h, h, rng) for _ in range(layers - 1)]
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        predictor = np.eye(h)
    else:
        predictor = reduce(lambda product, turn: turn @ product, turns).T
    return Network(tuple(b * turn for turn in turns), b * predictor)


def random_network(
    d: int,
    depth: int,
    scale: float,
    rng: np.random.Generator,
    objective: Objective = "jepa",
    *,
    width: int | None = None,
    misalignment: float | None = None,
    predictor: float = 0.5,
) -> Network:
    """Return a small initialisation without alignment to the features.

    Orthogonal layers of size b = scale^(1/L) that are each perturbed by a Gaussian matrix of
    relative size `misalignment` (None: Gaussian layers altogether); the last has `width` rows, the
    rest are square. The predictor is `predictor` * b * I for JEPA, Gaussian of that size for MAE.

    >>> net = random_network(3, 2, 1e-2, np.random.default_rng(0), width=2)
    >>> net.encoder.shape, net.predictor.shape
    ((2, 3), (2, 2))
    """
    _checks.instance("rng", rng, np.random.Generator)
    n = _checks.integer("d", d, at_least=1, at_most=_checks.SIDE)
    count = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    b = _checks.number("scale", scale, above=0.0) ** (1.0 / count)
    k = n if width is None else _checks.integer("width", width, at_least=1, at_most=_checks.SIDE)
    share = _checks.number("predictor", predictor, at_least=0.0)
    layers = []
    for a in range(count):
        rows = k if a == count - 1 else n
        noise = rng.standard_normal((rows, n)) / np.sqrt(n)
        if misalignment is None:
            layers.append(b * noise)
        else:
            tilt = _checks.number("misalignment", misalignment, at_least=0.0)
            layers.append(b * (_orthogonal(rows, n, rng) + tilt * noise))
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        return Network(tuple(layers), share * b * np.eye(k))
    return Network(tuple(layers), share * b * rng.standard_normal((n, k)) / np.sqrt(k))


def balance_defects(network: Network, predictor_rate: float = 1.0) -> tuple[Floats, ...]:
    """Return what the flow conserves: W_{a+1}^T W_{a+1} - W_a W_a^T, and V^T V - W_L W_L^T last.

    With a learning rate eta_v of the predictor the last one is V^T V / eta_v - W_L W_L^T. All are
    zero for a balanced network, and then Wbar Wbar^T = (V^T V)^L.

    >>> net = aligned_network(Mode([1.0, 2.0], [1.0, 1.0]), depth=2, scale=0.01)
    >>> [float(np.abs(defect).max()) for defect in balance_defects(net)]
    [0.0, 0.0]
    """
    _checks.instance("network", network, Network)
    eta = _checks.number("predictor_rate", predictor_rate, above=0.0)
    above = [*network.layers[1:], network.predictor / np.sqrt(eta)]
    return tuple(
        upper.T @ upper - lower @ lower.T
        for lower, upper in zip(network.layers, above, strict=True)
    )


def _orthogonal(rows: int, columns: int, rng: np.random.Generator | None) -> Floats:
    """Return a matrix with orthonormal columns (rows >= columns) or rows."""
    if rng is None:
        return np.eye(rows, columns)
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r))  # Haar
    return np.asarray(q if rows >= columns else q.T)
