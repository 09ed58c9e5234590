"""One stage of the chain: the self-consistent equations and their solution.

Given the stages before, stage t has the logit

    o = prox(s m + b + sum_s L_s zeta_s + Delta sum_{s<t} B_s r_s, target),   r = target - p(o),

where Delta Q = L L^T, the last row L and (m, b, B, gamma) are unknown. Derivatives of E[r] with
respect to earlier noises come from Gaussian integration by parts, E[zeta_s r], which is also
right where hard labels make r jump.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..prox import centred_prox, centred_sigmoid
from ..roots import Floats
from .points import Points
from .problem import GaussianMixture

__all__ = ["Moments", "Past", "Response", "Stage", "StageModel", "full_response"]

Response = Callable[[Floats, Floats, float], Floats]


def full_response(pull: Floats, response: Floats, chi: float) -> Floats:
    """Return the response of a stage to the earlier ones, B_t = -chi sum_s pull_s B_s.

    `pull` is -alpha Delta E[d r_t / d h_s] for s < t, `response` the rows of the earlier stages.
    """
    return np.asarray(-chi * (pull @ response))


@dataclass(frozen=True, slots=True)
class Past:
    """Everything solved so far: t stages and the quadrature points they made."""

    points: Points
    signal: Floats
    bias: Floats
    root: Floats
    """Lower-triangular L with L L^T = Delta Q, shape (t, t)."""
    response: Floats
    force: Floats
    gain: Floats

    @classmethod
    def start(cls, problem: GaussianMixture) -> Past:
        """Return the state before any stage."""
        nothing, square = np.empty(0), np.empty((0, 0))
        return cls(Points.start(problem), nothing, nothing, square, square, square, nothing)


@dataclass(frozen=True, slots=True)
class Stage:
    """Unknowns of one stage: own gain, signal, bias, last row of L, response to earlier ones."""

    gain: float
    signal: float
    bias: float
    row: Floats
    response: Floats


@dataclass(frozen=True, slots=True)
class Moments:
    """Averages over the points at one stage's unknowns.

    Attributes
    ----------
    own : -alpha Delta E[d r / d h], positive; own_signed : the same with the class sign
    pull : -alpha Delta E[d r / d h_s] for the earlier stages s
    push : alpha E[sign r]
    mean : E[r]
    force : alpha Delta E[r_s r], this stage last

    """

    own: float
    own_signed: float
    pull: Floats
    push: float
    mean: float
    force: Floats


@dataclass(frozen=True, slots=True)
class StageModel:
    """The equations of one stage for fixed earlier ones."""

    problem: GaussianMixture
    past: Past
    target: Floats
    lam: float
    squared: bool
    fitted_bias: bool
    nodes: Floats
    weights: Floats
    response_rule: Response = full_response

    def shift(self, stage: Stage) -> Floats:
        """Return the centre of the logit's argument at every earlier point, shape (P,)."""
        past, Delta = self.past, self.problem.variance
        mean = past.points.sign * stage.signal + stage.bias
        noise = past.points.zeta @ stage.row[:-1]
        return np.asarray(mean + noise + Delta * (past.points.dual @ stage.response))

    def logits(self, stage: Stage, zeta: Floats) -> tuple[Floats, Floats, Floats]:
        """Return logit, dual variable and slope p'(o) at (P, nodes) points."""
        gain = np.asarray(stage.gain)
        centred = self.target[:, None] - 0.5
        y = self.shift(stage)[:, None] + stage.row[-1] * zeta + gain * centred
        if self.squared:
            o = y / (1 + gain / 2)
            return o, centred - o / 2, np.full(o.shape, 0.5)
        o = centred_prox(y, gain)
        probability = centred_sigmoid(o)
        return o, centred - probability, 0.25 - probability * probability

    def moments(self, stage: Stage) -> Moments:
        """Return the averages that the equations of the stage are made of."""
        alpha, Delta = self.problem.sample_ratio, self.problem.variance
        past, sign = self.past, self.past.points.sign
        _, dual, slope = self.logits(stage, self.nodes)
        weight = past.points.weight[:, None] * self.weights
        per_point = np.sum(weight * dual, axis=1)
        softness = np.sum(weight * slope / (1 + stage.gain * slope), axis=1)
        own = alpha * Delta * float(np.sum(softness))
        # E[zeta_s r] = sum_{k>=s} L_ks E[d r / d h_k], solved from the last stage down.
        stein = -alpha * Delta * (per_point @ past.points.zeta)
        pull = stein - stage.row[:-1] * own
        return Moments(
            own=own,
            own_signed=alpha * Delta * float(sign @ softness),
            pull=np.linalg.solve(past.root.T, pull) if len(pull) else pull,
            push=alpha * float(sign @ per_point),
            mean=float(np.sum(per_point)),
            force=np.append(
                alpha * Delta * (per_point @ past.points.dual),
                alpha * Delta * float(np.sum(weight * dual * dual)),
            ),
        )

    def implied(self, stage: Stage, found: Moments) -> tuple[float, float, Floats, Floats]:
        """Return the gain, signal, response and row of Delta Q that the moments imply."""
        past, Delta = self.past, self.problem.variance
        chi = 1 / (found.own + self.lam)
        response = self.response_rule(found.pull, past.response, chi)
        signal = chi * (found.push - float(found.pull @ past.signal))
        B, force = np.append(stage.response, stage.gain / Delta), found.force
        # Row t of B Xi B^T, with Xi extended by the new force.
        earlier = past.response @ (past.force @ B[:-1] + force[:-1] * B[-1])
        last = B[:-1] @ past.force @ B[:-1] + B[-1] * (2 * force[:-1] @ B[:-1] + force[-1] * B[-1])
        overlap = np.append(earlier, last) + stage.signal * np.append(past.signal, stage.signal)
        return chi * Delta, signal, response, Delta * overlap

    def residual(self, stage: Stage) -> Floats:
        """Return the violations of the equations, each relative to its own terms."""
        found = self.moments(stage)
        gain, signal, response, wanted = self.implied(stage, found)
        row = stage.row
        actual = np.append(self.past.root @ row[:-1], row @ row)
        size = actual[-1] + wanted[-1]
        # Overlaps with earlier stages in units of both norms: penalties may differ by far.
        norms = np.append(np.linalg.norm(self.past.root, axis=1), np.sqrt(size))
        equations = [
            np.log(stage.gain / gain),
            (stage.signal - signal) / np.sqrt(size / self.problem.variance),
            *((actual - wanted) / (norms * np.sqrt(size))),
            *((stage.response - response) / gain),
        ]
        return np.array([*equations, found.mean] if self.fitted_bias else equations)

    def improved(self, stage: Stage) -> Stage:
        """Return the next iterate: what the moments imply, with a Newton step for (m, b).

        The plain map of m has slope -(1 - lam chi) / Delta and can diverge; the Jacobian of
        (m, b) is known, and the gain's map increases with slope below one.
        """
        found = self.moments(stage)
        gain, signal, response, wanted = self.implied(stage, found)
        Delta, alpha = self.problem.variance, self.problem.sample_ratio
        k, soft, soft_signed = gain / Delta**2, found.own, found.own_signed
        bias = stage.bias
        if self.fitted_bias:
            # Jacobian [[1 + k soft, k signed], [-signed, -soft]]; it degenerates where every
            # probability is saturated, and the step is cut to length 1.
            off, mean = stage.signal - signal, alpha * Delta * found.mean
            det = max(soft + k * (soft - soft_signed) * (soft + soft_signed), 1e-200)
            steps = (
                np.array(
                    [
                        soft * off + k * soft_signed * mean,
                        -soft_signed * off - (1 + k * soft) * mean,
                    ]
                )
                / det
            )
            steps = steps / max(1.0, float(np.abs(steps).max()))
            signal, bias = stage.signal - steps[0], stage.bias - steps[1]
        else:
            signal = stage.signal - (stage.signal - signal) / (1 + k * soft)
        past = self.past
        row = np.linalg.solve(past.root, wanted[:-1]) if len(response) else response
        own = max(wanted[-1] - float(row @ row), 1e-6 * wanted[-1])
        return Stage(gain, float(signal), float(bias), np.append(row, np.sqrt(own)), response)

    def pack(self, stage: Stage) -> Floats:
        """Return the unknowns as a vector; positive ones by their logarithm."""
        parts = [np.log(stage.gain), stage.signal, *stage.row[:-1], np.log(stage.row[-1])]
        parts += [*stage.response]
        return np.array(parts + ([stage.bias] if self.fitted_bias else []))

    def unpack(self, x: Floats, bias: float) -> Stage:
        """Return the unknowns of a vector; `bias` is used where the bias is not fitted."""
        t = len(self.past.signal)
        # Far from the solution a step may overshoot; the exponentials stay finite.
        gain, width = np.exp(np.clip([x[0], x[2 + t]], -60.0, 60.0))
        return Stage(
            gain=float(gain),
            signal=float(x[1]),
            bias=float(x[-1]) if self.fitted_bias else bias,
            row=np.append(x[2 : 2 + t], width),
            response=x[3 + t : 3 + 2 * t],
        )
