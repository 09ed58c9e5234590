"""The claim itself, the decorator that registers one, and the published collection."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import importlib
import importlib.util
import math
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from sdtheory.claims.draws import Instance, Instances

__all__ = ["Claim", "Kind", "Source", "Verdict", "claim", "get", "load", "published"]

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

    >>> claim = get("borup2021.published_table")
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

    def register(residual: Callable[..., float]) -> Claim:
        made = Claim(
            id=id,
            paper=paper,
            where=where,
            says=" ".join(says.split()),
            kind=kind,
            source=source,
            verdict=verdict,
            condition=" ".join(condition.split()),
            instances=instances,
            residual=residual,
            tolerance=tolerance,
            guards=tuple(guards),
            counterexample=counterexample,
            samples=_SAMPLES.get(kind, 0) if samples is None else samples,
            sensitivity=_SENSITIVITY.get(kind, 0.0) if sensitivity is None else sensitivity,
        )
        _validate(made)
        _REGISTRY[id] = made
        return made

    return register


def _validate(made: Claim) -> None:
    name = getattr(made.residual, "__name__", "")
    if made.id.count(".") != 1 or made.slug != name:
        raise ValueError(f"id must be '<paper>.<function name>', got {made.id!r} for {name}()")
    for field, options in (("kind", Kind), ("verdict", Verdict), ("source", Source)):
        if getattr(made, field) not in get_args(options):
            raise ValueError(
                f"{field} of {made.id} must be one of {get_args(options)}, "
                f"got {getattr(made, field)!r}"
            )
    if not made.guards:
        raise ValueError(f"guards of {made.id} must name the functions under test, got none")
    if (made.verdict == "holds") != (made.counterexample is None):
        raise ValueError(
            f"counterexample of {made.id} belongs to the verdicts 'fails' and "
            f"'holds_with_condition', got verdict {made.verdict!r}"
        )
    if (made.verdict == "holds_with_condition") != bool(made.condition):
        raise ValueError(
            f"condition of {made.id} belongs to the verdict 'holds_with_condition', "
            f"got verdict {made.verdict!r}"
        )
    if made.samples < 1:
        raise ValueError(f"samples of {made.id} must be at least 1, got {made.samples}")
    other = _REGISTRY.get(made.id)
    if other is not None and _place(other) != _place(made):
        raise ValueError(f"id {made.id!r} is registered twice")


def _place(made: Claim) -> tuple[str, int]:
    code = made.residual.__code__
    return code.co_filename, code.co_firstlineno


def published() -> dict[str, Claim]:
    """Return every claim of the collection, by id, in the order of the papers' modules.

    >>> "das2023.xi_exceeds_one" in published()
    True
    """
    package = _collection()
    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        if not module.startswith("_"):
            importlib.import_module(f"{package.__name__}.{module}")
    prefix = package.__name__ + "."
    return {k: c for k, c in _REGISTRY.items() if c.residual.__module__.startswith(prefix)}


def _collection() -> Any:
    # The wheel carries the collection inside the package; a checkout has it beside the package.
    for name in ("sdtheory.paper_checks", "paper_checks"):
        if importlib.util.find_spec(name) is not None:
            return importlib.import_module(name)
    raise ModuleNotFoundError("the collection of claims (paper_checks) is not installed")


def get(name: str) -> Claim:
    """Return the published claim with this id.

    >>> get("borup2021.twicing").where
    'K20'
    """
    claims = published()
    if name not in claims:
        raise ValueError(
            f"name must be the id of a published claim, got {name!r}{_hint(name, list(claims))}"
        )
    return claims[name]


def _hint(name: str, ids: list[str]) -> str:
    """Return what may have been meant, to be added to an error."""
    if name.endswith(".py"):
        return "; a claim in a file is FILE.py:NAME"
    if any(fnmatch.fnmatchcase(key, name) for key in ids):
        return "; a pattern is not one claim"
    papers = list(dict.fromkeys(key.split(".")[0] for key in ids))
    if name in papers:
        return f"; did you mean '{name}.*'?"
    slugs = {key.split(".")[1]: key for key in ids}
    near = difflib.get_close_matches(name, ids, n=3) or [
        slugs[slug] for slug in difflib.get_close_matches(name.split(".")[-1], slugs, n=3)
    ]
    return f"; did you mean {' or '.join(near)}?" if near else "; 'sdtheory claims' lists them"


def load(target: str) -> Claim:
    """Return a claim by published id, or as `module:name` or `path/to/file.py:name`.

    >>> load("borup2021.twicing").verdict
    'holds'
    """
    if ":" not in target:
        return get(target)
    place, name = target.rsplit(":", 1)
    if place.endswith(".py"):
        path = Path(place).resolve()
        # A name of its own: the file may be called like a module that is in use.
        private = f"_sdtheory_{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:12]}"
        spec = importlib.util.spec_from_file_location(private, path)
        if spec is None or spec.loader is None or not path.exists():
            raise ValueError(f"target must name a Python file that exists, got {target!r}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[private] = module
        spec.loader.exec_module(module)
    else:
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError as error:
            raise ValueError(
                f"target must name an importable module, got {target!r}: {error}"
            ) from None
    found = getattr(module, name, None)
    if not isinstance(found, Claim):
        raise ValueError(f"target must name a claim, got {target!r}, which is {found!r}")
    return found
