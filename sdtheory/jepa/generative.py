"""Data whose features are known exactly: masked patches, two views, autoregression, oscillators.

Reconstructions: the source's own static and dynamic models were not available, and these are the
plainest models with the published behaviour. Every parameter set is a choice of ours.
Each model is a frozen dataclass with `mode` (exact covariances and variances of its features) and
`sample` (pairs of views, features in columns, drawn from a generator that is passed in).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks
from sdtheory.jepa.modes import Floats, Mode

__all__ = ["Autoregression", "MaskedSignal", "Oscillators", "TwoViews"]

Target = Literal["full", "complement", "independent"]


@dataclass(frozen=True, slots=True)
class MaskedSignal:
    """A stationary signal z seen through a random mask; the features are those of its covariance.

    z has covariance eigenvalues `signal` in a real Fourier basis, so all its coordinates have the
    same variance c = mean(signal). x = m * z with P(m = 1) = `keep`. The target is the full signal,
    the hidden part (1 - m) * z, or z under a second, independent mask.

    Examples
    --------
    >>> MaskedSignal([3.0, 1.0, 1.0, 0.5], keep=0.5).mode().rho
    array([1.371429, 0.842105, 0.842105, 0.533333])
    >>> x, y = MaskedSignal([3.0, 1.0], keep=0.5).sample(100, np.random.default_rng(0))
    >>> x.shape, y.shape
    ((100, 2), (100, 2))
    """

    signal: Floats
    """Eigenvalues of the signal's covariance (d,), in the order of `real_fourier_basis`."""
    keep: float
    target: Target = "full"
    second_keep: float = 0.5
    """Keep-probability of the second mask, for the target "independent"."""

    if TYPE_CHECKING:  # what may be passed; what is stored are float64 arrays

        def __init__(
            self, signal: ArrayLike, keep: float, target: Target = "full", second_keep: float = 0.5
        ) -> None: ...

    def __post_init__(self) -> None:
        signal = _checks.ndarray("signal", self.signal, ndim=1, above=0.0)
        _checks.number("keep", self.keep, above=0.0, at_most=1.0)
        _checks.choice("target", self.target, ("full", "complement", "independent"))
        _checks.number("second_keep", self.second_keep, above=0.0, at_most=1.0)
        object.__setattr__(self, "signal", signal)
        waves = signal[1 : 1 + 2 * ((signal.size - 1) // 2)].reshape(-1, 2)
        if not bool(np.all(waves[:, 0] == waves[:, 1])):
            raise ValueError(
                "signal must give the cosine and the sine of each frequency the same eigenvalue "
                f"(entries 1 and 2, 3 and 4, ...), got {signal}"
            )

    def mode(self) -> Mode:
        """Return lambda and s^2 = q^2 sigma + q (1 - q) c of each feature, q = `keep`."""
        sigma, q = self.signal, float(self.keep)
        common = float(np.mean(sigma))
        variance = q * q * sigma + q * (1.0 - q) * common
        if self.target == "full":
            return Mode(q * sigma, variance)
        if self.target == "independent":
            return Mode(q * float(self.second_keep) * sigma, variance)
        if q == 1.0:
            return Mode(np.zeros_like(sigma), variance)
        return Mode(q * (1.0 - q) * (sigma - common), variance)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return `count` pairs (x, y) in feature coordinates, each of shape (count, d)."""
        _checks.instance("rng", rng, np.random.Generator)
        n, d = _checks.integer("count", count, at_least=1, at_most=_checks.SIZE), self.signal.size
        basis = real_fourier_basis(d)
        z = (rng.standard_normal((n, d)) * np.sqrt(self.signal)) @ basis.T
        mask = rng.random((n, d)) < self.keep
        if self.target == "full":
            y = z
        elif self.target == "complement":
            y = np.where(mask, 0.0, z)
        else:
            y = np.where(rng.random((n, d)) < self.second_keep, z, 0.0)
        return np.where(mask, z, 0.0) @ basis, y @ basis


@dataclass(frozen=True, slots=True)
class TwoViews:
    """Two noisy views x = z + n, y = z + n' of independent features.

    lambda = sigma^2, s^2 = sigma^2 + nu^2, rho = SNR / (1 + SNR): a large noisy feature has large
    covariance and small rho, which is what separates the two objectives.

    Examples
    --------
    >>> TwoViews(signal=[1.0, 4.0], noise=[0.25, 12.0]).mode().rho
    array([0.8 , 0.25])
    >>> x, y = TwoViews(signal=[1.0, 4.0], noise=0.0).sample(100, np.random.default_rng(0))
    >>> bool(np.array_equal(x, y))  # without noise both views are the features
    True
    """

    signal: Floats
    """sigma^2, shape (d,)."""
    noise: Floats
    """nu^2, shape (d,) or ()."""

    if TYPE_CHECKING:  # what may be passed; what is stored are float64 arrays

        def __init__(self, signal: ArrayLike, noise: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        signal = _checks.ndarray("signal", self.signal, ndim=1, above=0.0)
        noise = _checks.ndarray("noise", self.noise, ndim=(0, 1), at_least=0.0)
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "noise", _like("noise", noise, signal))

    def mode(self) -> Mode:
        """Return lambda = sigma^2 and s^2 = sigma^2 + nu^2."""
        return Mode(self.signal, self.signal + self.noise)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return `count` pairs (x, y), each of shape (count, d)."""
        _checks.instance("rng", rng, np.random.Generator)
        n, d = _checks.integer("count", count, at_least=1, at_most=_checks.SIZE), self.signal.size
        z, first, second = rng.standard_normal((3, n, d))
        z = z * np.sqrt(self.signal)
        return z + first * np.sqrt(self.noise), z + second * np.sqrt(self.noise)


@dataclass(frozen=True, slots=True)
class Autoregression:
    """Features z that follow AR(1) under noise n that may follow AR(1) itself; y is x `lag` later.

    lambda = gamma^lag sigma^2 + gamma_n^lag nu^2 and s^2 = sigma^2 + nu^2: a fast feature of high
    variance has large covariance and small rho.

    Examples
    --------
    >>> slow_and_fast = Autoregression(signal=[1.0, 5.0], memory=[0.99, 0.5], noise=0.0)
    >>> slow_and_fast.mode().rho
    array([0.99, 0.5 ])
    >>> x, y = slow_and_fast.sample(1000, np.random.default_rng(0))
    >>> x.shape, bool(np.mean((x[:, 0] - y[:, 0]) ** 2) < np.mean((x[:, 1] - y[:, 1]) ** 2))
    ((1000, 2), True)
    """

    signal: Floats
    """sigma^2, stationary variance of z, shape (d,)."""
    memory: Floats
    """gamma in (-1, 1), shape (d,) or ()."""
    noise: Floats
    """nu^2, stationary variance of n, shape (d,) or ()."""
    noise_memory: Floats = 0.0  # type: ignore[assignment]
    """gamma_n in (-1, 1); 0 is white noise."""
    lag: int = 1

    if TYPE_CHECKING:  # what may be passed; what is stored are float64 arrays

        def __init__(
            self,
            signal: ArrayLike,
            memory: ArrayLike,
            noise: ArrayLike,
            noise_memory: ArrayLike = 0.0,
            lag: int = 1,
        ) -> None: ...

    def __post_init__(self) -> None:
        signal = _checks.ndarray("signal", self.signal, ndim=1, above=0.0)
        memory = _checks.ndarray("memory", self.memory, ndim=(0, 1), above=-1.0, below=1.0)
        noise = _checks.ndarray("noise", self.noise, ndim=(0, 1), at_least=0.0)
        noise_memory = _checks.ndarray(
            "noise_memory", self.noise_memory, ndim=(0, 1), above=-1.0, below=1.0
        )
        _checks.integer("lag", self.lag, at_least=1, at_most=_checks.ROUNDS)
        for name, value in (
            ("signal", signal),
            ("memory", memory),
            ("noise", noise),
            ("noise_memory", noise_memory),
        ):
            object.__setattr__(self, name, _like(name, value, signal))

    def mode(self) -> Mode:
        """Return the covariance between x and x `lag` steps later, and the variance of x."""
        kept = self.signal * self.memory**self.lag
        return Mode(kept + self.noise * self.noise_memory**self.lag, self.signal + self.noise)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return `count` independent pairs (x_t, x_{t + lag}) in stationarity."""
        _checks.instance("rng", rng, np.random.Generator)
        n, d = _checks.integer("count", count, at_least=1, at_most=_checks.SIZE), self.signal.size
        x, y = np.zeros((n, d)), np.zeros((n, d))
        for variance, memory in ((self.signal, self.memory), (self.noise, self.noise_memory)):
            state = rng.standard_normal((n, d)) * np.sqrt(variance)
            x += state
            for _ in range(self.lag):
                kick = rng.standard_normal((n, d)) * np.sqrt((1.0 - memory**2) * variance)
                state = memory * state + kick
            y += state
        return x, y


@dataclass(frozen=True, slots=True)
class Oscillators:
    """Damped rotations: planes in which rho = gamma e^(i angle) sigma^2 / (sigma^2 + nu^2).

    A JEPA mode with complex rho is learned along a straight segment from its start to rho, unless
    the segment passes through zero (angle pi): see `complex_path`.

    Examples
    --------
    >>> Oscillators(signal=[1.0], memory=[0.9], angle=[np.pi / 2], noise=0.0).rho()
    array([0.+0.9j])
    >>> half_turn = Oscillators(signal=[1.0], memory=[0.5], angle=[np.pi], noise=0.0)
    >>> half_turn.covariances()[1].round(3)  # of a view and the next: turned around
    array([[-0.5, -0. ],
           [ 0. , -0.5]])
    >>> half_turn.sample(100, np.random.default_rng(0))[0].shape
    (100, 2)
    """

    signal: Floats
    """sigma^2 per coordinate of each plane, shape (d,)."""
    memory: Floats
    """gamma in (0, 1), decay per step."""
    angle: Floats
    """Rotation per step, in radians."""
    noise: Floats
    """nu^2 per coordinate, white."""

    if TYPE_CHECKING:  # what may be passed; what is stored are float64 arrays

        def __init__(
            self, signal: ArrayLike, memory: ArrayLike, angle: ArrayLike, noise: ArrayLike
        ) -> None: ...

    def __post_init__(self) -> None:
        signal = _checks.ndarray("signal", self.signal, ndim=1, above=0.0)
        memory = _checks.ndarray("memory", self.memory, ndim=(0, 1), above=0.0, below=1.0)
        angle = _checks.ndarray("angle", self.angle, ndim=(0, 1))
        noise = _checks.ndarray("noise", self.noise, ndim=(0, 1), at_least=0.0)
        for name, value in (
            ("signal", signal),
            ("memory", memory),
            ("angle", angle),
            ("noise", noise),
        ):
            object.__setattr__(self, name, _like(name, value, signal))

    def rho(self) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
        """Return the complex regression coefficient of each plane, shape (d,)."""
        share = self.signal / (self.signal + self.noise)
        return np.asarray(share * self.memory * np.exp(1j * self.angle))

    def covariances(self) -> tuple[Floats, Floats]:
        """Return (S_xx, S_yx), block-diagonal, shape (2d, 2d) each, in stationarity."""
        d = self.signal.size
        s_xx, s_yx = np.zeros((2 * d, 2 * d)), np.zeros((2 * d, 2 * d))
        for i in range(d):
            block = slice(2 * i, 2 * i + 2)
            c, s = np.cos(self.angle[i]), np.sin(self.angle[i])
            s_xx[block, block] = (self.signal[i] + self.noise[i]) * np.eye(2)
            s_yx[block, block] = self.signal[i] * self.memory[i] * np.array([[c, -s], [s, c]])
        return s_xx, s_yx

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return `count` independent pairs (x_t, x_{t+1}), each of shape (count, 2d)."""
        _checks.instance("rng", rng, np.random.Generator)
        n, d = _checks.integer("count", count, at_least=1, at_most=_checks.SIZE), self.signal.size
        z, kick, first, second = rng.standard_normal((4, n, 2 * d))
        sigma, nu = (np.repeat(np.sqrt(a), 2) for a in (self.signal, self.noise))
        quiet = np.repeat(np.sqrt(1.0 - self.memory**2), 2)
        _, turn = Oscillators(np.ones(d), self.memory, self.angle, np.zeros(d)).covariances()
        z = z * sigma
        later = z @ turn.T + quiet * sigma * kick
        return z + nu * first, later + nu * second


def _like(name: str, value: Floats, signal: Floats) -> Floats:
    """Return one number, or one a feature, as one a feature."""
    if value.ndim == 1 and value.shape != signal.shape:
        raise ValueError(
            f"{name} must be one number or one for each of {signal.size} features, "
            f"got shape {value.shape}"
        )
    return np.broadcast_to(value, signal.shape)


def real_fourier_basis(d: int) -> Floats:
    """Return an orthogonal (d, d) matrix: constant, then cosine and sine of each frequency.

    The last column of an even d is the alternating wave. Any covariance that is diagonal here, with
    equal entries for the two columns of a frequency, is circulant: all coordinates are alike.
    """
    count = _checks.integer("d", d, at_least=1, at_most=_checks.SIDE)
    place = np.arange(count)
    columns = [np.full(count, np.sqrt(1.0 / count))]
    for k in range(1, (count + 1) // 2):
        phase = 2.0 * np.pi * k * place / count
        columns += [np.sqrt(2.0 / count) * np.cos(phase), np.sqrt(2.0 / count) * np.sin(phase)]
    if count % 2 == 0 and count > 1:
        columns.append(np.sqrt(1.0 / count) * (1.0 - 2.0 * (place % 2)))
    return np.stack(columns, axis=1)
