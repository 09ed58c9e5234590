"""What produced a report: the versions of packages and the commit."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path

import sdtheory

__all__ = ["commit", "versions"]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "array-api-compat", "matplotlib")


def versions() -> dict[str, str]:
    """Return the versions of what computes and draws."""
    found = {"sdtheory": sdtheory.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found | {"machine": f"{platform.system()} {platform.machine()}"}


def commit(folder: Path) -> str:
    """Return the commit of a checkout, and whether files differ from it; "unknown" without git."""
    try:
        head = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with local changes" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    run = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()
