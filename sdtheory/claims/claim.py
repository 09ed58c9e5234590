"""The claim itself, and the decorator that registers one."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sdtheory import _checks
from sdtheory.claims.draws import Instance, Instances

__all__ = ["Claim", "Kind", "Source", "Verdict", "claim", "registered"]

Kind = Literal["identity", "inequality", "asymptotic", "statistical"]
Verdict = Literal["holds", "holds_with_condition", "fails"]
Source = Literal["paper", "derived", "recalled", "code", "third_party"]

# How many instances a measurement draws unless told otherwise: rates and simulations are dear.
_SAMPLES: dict[Kind, int] = {"identity": 100, "inequality": 100, "asymptotic": 5, "statistical": 2}
# The audit's relative error. A simulation cannot see 1e-3; it must see 1e-2.
_SENSITIVITY: dict[Kind, float] = {
    "identity": 1e-3,
    "inequality": 1e-3,
    "asymptotic": 1e-3,
    "statistical": 1e-2,
}
_REGISTRY: dict[str, Claim] = {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claim:
    """A statement, where it comes from, and the function that measures how far it is from true.

    Calling the claim with the arguments of one instance returns its residual. The claim holds on
    that instance if the residual is at most the tolerance. An identity's residual is a relative
    error; an inequality's is its signed violation, negative where there is room to spare.

    >>> from sdtheory import claims
    >>> claim = claims.get("borup2021.published_table")
    >>> claim.slug, claim.verdict, claim.violated(claim.counterexample)
    ('published_table', 'fails', True)
    >>> residual, tolerance, ratio = claim.ratio(claim.counterexample)
    >>> ratio > 1
    True
    """

    id: str
    """`<paper>.<slug>`; the slug names the test, the figure and the docs anchor too."""
    paper: str
    """The source, as in the list of references."""
    where: str
    """Number of the result in the derivation pages or in the paper."""
    says: str
    """The statement with its conditions, in one or two sentences."""
    kind: Kind
    source: Source
    """Whether the paper states it, or it is derived here, recalled, or read off public code."""
    verdict: Verdict
    condition: str
    """What must be added to the statement as commonly told, for `holds_with_condition`."""
    instances: Instances
    residual: Callable[..., float]
    tolerance: float | Callable[..., float]
    """A number, or a function of the instance; always a formula of eps, conditioning or error."""
    guards: tuple[str, ...]
    """Dotted names of the functions under test: the audit perturbs each of them."""
    counterexample: Instance | None
    """The smallest known instance on which the statement as commonly told is false."""
    samples: int
    sensitivity: float

    def __call__(self, **instance: Any) -> float:
        """Return the residual on one instance."""
        return float(self.residual(**instance))

    def ratio(self, instance: Instance) -> tuple[float, float, float]:
        """Return residual, tolerance and their ratio on one instance; above one is a violation."""
        _mapping("instance", instance)
        try:
            inspect.signature(self.residual).bind(**instance)
        except TypeError as error:
            raise TypeError(f"instance must hold the arguments of {self.id}: {error}") from None
        residual = self(**instance)
        tolerance = float(
            self.tolerance(**instance) if callable(self.tolerance) else self.tolerance
        )
        if not tolerance > 0:
            raise ValueError(f"tolerance of {self.id} must be positive, got {tolerance}")
        # NaN is never an answer to valid input, so it counts as a violation.
        ratio = residual / tolerance if residual == residual else float("inf")
        return residual, tolerance, ratio

    def violated(self, instance: Instance) -> bool:
        """Say whether an instance is a counterexample: its residual is a number, and too large."""
        residual, tolerance, _ = self.ratio(instance)
        return math.isfinite(residual) and residual > tolerance

    @property
    def slug(self) -> str:
        """The part of the id after the paper."""
        return self.id.split(".", 1)[1]


def claim(
    id: str,  # noqa: A002 - the field's name
    *,
    paper: str,
    where: str,
    says: str,
    kind: Kind,
    instances: Instances,
    tolerance: float | Callable[..., float],
    guards: Sequence[str],
    source: Source = "derived",
    verdict: Verdict = "holds",
    condition: str = "",
    counterexample: Instance | None = None,
    samples: int | None = None,
    sensitivity: float | None = None,
) -> Callable[[Callable[..., float]], Claim]:
    """Turn a residual function into a registered `Claim`; its name must be the slug of `id`.

    >>> from sdtheory import filters
    >>> def one_mode(draw):
    ...     return {"d": draw.log_uniform(1e-3, 1e3), "lam": draw.log_uniform(1e-3, 1e3)}
    >>> @claim(
    ...     "me2026.ridge_shrinks",
    ...     paper="Me 2026",
    ...     where="1",
    ...     says="Ridge regression keeps less than everything.",
    ...     kind="inequality",
    ...     instances=one_mode,
    ...     tolerance=1e-15,
    ...     guards=("sdtheory.spectral.filters.ridge",),
    ... )
    ... def ridge_shrinks(d, lam):
    ...     return float(filters.ridge([d], lam)[0]) - 1.0
    >>> ridge_shrinks(d=3.0, lam=1.0), ridge_shrinks.ratio({"d": 3.0, "lam": 1.0})[2] <= 1
    (-0.25, True)
    """
    _checks.choice(f"kind of {id}", kind, get_args(Kind))
    _checks.choice(f"verdict of {id}", verdict, get_args(Verdict))
    _checks.choice(f"source of {id}", source, get_args(Source))
    names: object = guards  # a text is a sequence, too
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"guards of {id} must be a sequence of names, got {_checks.show(guards)}")

    def register(residual: Callable[..., float]) -> Claim:
        made = Claim(
            id=id,
            paper=_text(f"paper of {id}", paper),
            where=_text(f"where of {id}", where),
            says=_text(f"says of {id}", says),
            kind=kind,
            source=source,
            verdict=verdict,
            condition=_text(f"condition of {id}", condition),
            instances=instances,
            residual=residual,
            tolerance=tolerance,
            guards=tuple(guards),
            counterexample=counterexample,
            samples=_SAMPLES[kind] if samples is None else samples,
            sensitivity=_SENSITIVITY[kind] if sensitivity is None else sensitivity,
        )
        _validate(made)
        _REGISTRY[id] = made
        return made

    return register


def _validate(made: Claim) -> None:
    name = getattr(made.residual, "__name__", "")
    _text("id", made.id)
    if made.id.count(".") != 1 or made.slug != name:
        raise ValueError(f"id must be '<paper>.<function name>', got {made.id!r} for {name}()")
    _checks.integer(f"samples of {made.id}", made.samples, at_least=1)
    _checks.number(f"sensitivity of {made.id}", made.sensitivity, above=0)
    _checks.function(f"instances of {made.id}", made.instances)
    if not callable(made.tolerance):  # what a function returns is checked on each instance
        _checks.number(f"tolerance of {made.id}", made.tolerance)
    if not made.guards:
        raise ValueError(f"guards of {made.id} must name the functions under test, got none")
    for guard in made.guards:
        _text(f"guards of {made.id}", guard)
    if (made.verdict == "holds") != (made.counterexample is None):
        raise ValueError(
            f"counterexample of {made.id} belongs to the verdicts 'fails' and "
            f"'holds_with_condition', got verdict {made.verdict!r}"
        )
    if made.counterexample is not None:
        _mapping(f"counterexample of {made.id}", made.counterexample)
    if (made.verdict == "holds_with_condition") != bool(made.condition):
        raise ValueError(
            f"condition of {made.id} belongs to the verdict 'holds_with_condition', "
            f"got verdict {made.verdict!r}"
        )
    other = _REGISTRY.get(made.id)
    if other is not None and _place(other) != _place(made):
        raise ValueError(f"id {made.id!r} is registered twice")


def _text(name: str, value: object) -> str:
    """Return a text in one line, or raise naming it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {_checks.show(value)}")
    return " ".join(value.split())


def _mapping(name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(
            f"{name} must be a mapping of arguments to values, got {_checks.show(value)}"
        )


def _place(made: Claim) -> tuple[str, int]:
    code = made.residual.__code__
    return code.co_filename, code.co_firstlineno


def registered() -> dict[str, Claim]:
    """Return every claim of this process by id, whoever wrote it."""
    return dict(_REGISTRY)
