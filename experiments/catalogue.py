"""What experiments there are, read from the source text so that listing them imports no PyTorch."""

import ast
import importlib.util
import pkgutil
from pathlib import Path

__all__ = ["declared_version", "names", "summary"]

PACKAGE = "experiments"
TOPIC_FREE = frozenset({"archive", "catalogue", "content", "registry", "store"})


def names() -> list[str]:
    """Return the names of all experiments: the public modules of this package but its tools."""
    folder = str(Path(__file__).parent)
    modules = (entry.name for entry in pkgutil.iter_modules([folder]) if not entry.ispkg)
    return sorted(name for name in modules if not name.startswith("_") and name not in TOPIC_FREE)


def source(name: str) -> ast.Module:
    """Return the parsed source of experiment ``name`` without executing it."""
    if name not in names():
        raise ValueError(f"name must be one of {', '.join(names())}; got {name!r}")
    spec = importlib.util.find_spec(f"{PACKAGE}.{name}")
    if spec is None or spec.origin is None:
        raise ValueError(f"experiment {name!r} has no source file to read")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"), filename=spec.origin)


def summary(name: str) -> str:
    """Return the first line of the experiment's docstring."""
    return (ast.get_docstring(source(name)) or "").partition("\n")[0]


def declared_version(name: str) -> int:
    """Return the integer literal that the experiment's module assigns to ``VERSION``."""
    for statement in source(name).body:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id="VERSION")], value=ast.Constant(value=int(version))
            ):
                return version
    raise ValueError(f"experiment {name!r} must assign an integer literal to VERSION")
