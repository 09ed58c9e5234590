"""The arguments of everything public and what they are unless given: what callers rely on.

    python -m tests.trust.defaults    (after a change that is meant)

`defaults.json` is compared with the code: whoever changes a default, renames an argument or moves
it before another is told what that changes for users.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

from . import record

FILE = Path(__file__).with_name("defaults.json")
MODULES = (
    "claims", "estimators", "gp", "interop.dask", "interop.gpytorch", "jepa",
    "kernel_ridge", "label_noise", "logistic", "problems", "spectral",
)  # fmt: skip


def public(module: str) -> dict[str, object]:
    """Return every function, class and method that a module of the package hands on, by name."""
    found: dict[str, object] = {}
    _add(found, module, importlib.import_module(f"sdtheory.{module}"))
    return found


def _add(found: dict[str, object], prefix: str, module: object) -> None:
    for name in module.__all__:
        value = getattr(module, name)
        key = f"{prefix}.{name}"
        if inspect.ismodule(value):
            _add(found, key, value)
        elif callable(value) and not _is_error(value):
            found[key] = value
            for inner in _methods(value):
                found[f"{key}.{inner}"] = getattr(value, inner)


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, BaseException)


def _methods(value: object) -> list[str]:
    if not inspect.isclass(value):
        return []
    return [
        name
        for name in vars(value)
        if not name.startswith("_")
        and not re.fullmatch(r"set_\w+_request", name)  # scikit-learn's own
        and inspect.isroutine(getattr(value, name))
    ]


def signature(function: object) -> str:
    """Return the arguments in order with their defaults, as they stand in a definition."""
    plain = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    shown = str(inspect.Signature([p for p in plain if p.name != "self"]))
    return re.sub(r" at 0x\w+", "", shown)


def signatures(module: str) -> dict[str, str]:
    """Return the arguments of all that a module hands on, as the code is now."""
    return {name: signature(value) for name, value in sorted(public(module).items())}


if __name__ == "__main__":
    record.write(FILE, json.dumps({m: signatures(m) for m in MODULES}, indent=1) + "\n")
