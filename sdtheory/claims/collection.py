"""The published collection of claims, and how one of them is found: by its id, or in a file."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path
from typing import Any

from sdtheory import _checks
from sdtheory.claims.claim import Claim, registered

__all__ = ["find", "get", "load", "published"]


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
    return {k: c for k, c in registered().items() if c.residual.__module__.startswith(prefix)}


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
    return _named("name", name)


def _named(argument: str, value: object) -> Claim:
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be a claim or the name of one, got {_checks.show(value)}")
    claims = published()
    if value not in claims:
        raise ValueError(
            f"{argument} must be the id of a published claim, got {value!r}"
            f"{_hint(value, list(claims))}"
        )
    return claims[value]


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


def load(target: str | Claim) -> Claim:
    """Return a claim by published id, or as `module:name` or `path/to/file.py:name`.

    A claim is returned as it is.

    >>> load("borup2021.twicing").verdict
    'holds'
    """
    return find("target", target)


def find(argument: str, target: object) -> Claim:
    """Return what `load` does; errors speak of the given argument."""
    if isinstance(target, Claim):
        return target
    if not isinstance(target, str) or ":" not in target:
        return _named(argument, target)
    place, name = target.rsplit(":", 1)
    module = _file(argument, target, Path(place)) if place.endswith(".py") else None
    if module is None:
        try:
            module = importlib.import_module(place)
        except (ModuleNotFoundError, ValueError, TypeError) as error:
            raise ValueError(
                f"{argument} must name an importable module, got {target!r}: {error}"
            ) from None
    found = getattr(module, name, None)
    if not isinstance(found, Claim):
        raise ValueError(f"{argument} must name a claim, got {target!r}, which is {found!r}")
    return found


def _file(argument: str, target: str, place: Path) -> Any:
    path = place.resolve()
    # A name of its own: the file may be called like a module that is in use.
    private = f"_sdtheory_{path.stem}_{hashlib.sha256(bytes(path)).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(private, path)
    if spec is None or spec.loader is None or not path.exists():
        raise ValueError(f"{argument} must name a Python file that exists, got {target!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[private] = module
    spec.loader.exec_module(module)
    return module
