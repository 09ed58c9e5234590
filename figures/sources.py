"""What a result depends on: the sources behind a module, as one fingerprint.

Imports are followed by name through the first-party packages, wherever in a file they stand. From
a package only the names that are asked for are followed, so that `from sdtheory import label_noise`
does not depend on every other topic. Whatever is not first-party counts by its version.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["fingerprint", "sources", "versions"]

FIRST_PARTY = ("sdtheory", "paper_checks", "experiments", "figures")


@dataclass(frozen=True, slots=True)
class _Import:
    """One imported name; `name` is None where the whole module is meant."""

    module: str
    name: str | None
    bound: str
    """The name under which it is known in the importing module."""


def fingerprint(module: str) -> str:
    """Return a digest of all sources and versions that results of a module depend on."""
    files, foreign = _closure(module)
    parts = [f"{name} {_digest(path)}" for name, path in sorted(files.items())]
    parts += [f"{name} {version}" for name, version in versions(foreign).items()]
    parts += [platform.python_version(), platform.machine()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def sources(module: str) -> frozenset[str]:
    """Return the names of the first-party modules that a module depends on, itself included."""
    return frozenset(_closure(module)[0])


@functools.cache
def versions(packages: frozenset[str]) -> dict[str, str]:
    """Return the versions of the distributions that hold these top-level packages."""
    names = {name for package in packages for name in _providers().get(package, ())}
    return {name: importlib.metadata.version(name) for name in sorted(names)}


@functools.cache
def _providers() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


@functools.cache
def _closure(module: str) -> tuple[dict[str, Path], frozenset[str]]:
    """Return the files of a module and of all it depends on, and the foreign packages it imports.

    A package that is only passed through adds its own file, but not what it imports.
    """
    files: dict[str, Path] = {}
    followed: set[tuple[str, str | None]] = set()
    foreign: set[str] = set()
    waiting: list[tuple[str, str | None]] = [(module, None)]
    while waiting:
        place, name = waiting.pop()
        if (place, name) in followed:
            continue
        followed.add((place, name))
        top = place.partition(".")[0]
        if top not in FIRST_PARTY:
            if top not in sys.stdlib_module_names:
                foreign.add(top)
            continue
        path = _path(place)
        if path is None:
            raise ModuleNotFoundError(f"{module} depends on {place}, which has no source file")
        for depth in range(1, place.count(".") + 2):
            ancestor = ".".join(place.split(".")[:depth])
            files[ancestor] = _path(ancestor) or path
        waiting += [(entry.module, entry.name) for entry in _followed(place, path, name)]
    return files, frozenset(foreign)


def _followed(module: str, path: Path, name: str | None) -> list[_Import]:
    """Return the imports of a file that matter to who imports `name` from it."""
    imports = list(_imports(module, path))
    if name is None or path.name != "__init__.py":
        return imports
    wanted = [entry for entry in imports if entry.bound == name]
    if _path(f"{module}.{name}") is not None:
        return [*wanted, _Import(f"{module}.{name}", None, name)]
    # A name that the package defines itself may depend on all that the package imports.
    return wanted or imports


@functools.cache
def _path(module: str) -> Path | None:
    """Return the source file of a first-party module without importing it."""
    top, *rest = module.split(".")
    found = importlib.util.find_spec(top)
    if found is None or not found.submodule_search_locations:
        return None
    base = Path(found.submodule_search_locations[0]).joinpath(*rest)
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file() and (rest or path.name == "__init__.py"):
            return path
    return None


@functools.cache
def _imports(module: str, path: Path) -> tuple[_Import, ...]:
    tree = ast.parse(path.read_bytes(), filename=str(path))
    return tuple(_each_import(tree, module, path.name == "__init__.py"))


def _each_import(tree: ast.Module, module: str, package: bool) -> Iterator[_Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(alias.name, None, alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                parts = parts[: len(parts) - node.level + package]
                base = ".".join([*parts, *([node.module] if node.module else [])])
            for alias in node.names:
                name = None if alias.name == "*" else alias.name
                yield _Import(base, name, alias.asname or alias.name)


@functools.cache
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
