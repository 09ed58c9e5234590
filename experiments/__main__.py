"""Command line: ``python -m experiments`` lists the experiments, with a name it runs one."""

import argparse
import difflib
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments import catalogue, registry
from sdtheory._results import headline
from sdtheory.cli import Parser

__all__ = ["main"]

NEURAL = ("gpytorch", "torch", "tqdm")  # what the extra of this name installs


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = Parser(
        prog="python -m experiments",
        description="Train the neural counterpart of a claim and store what was measured.",
        epilog="A run that was stopped goes on where it was when the same command is given again.",
    )
    arguments.add_argument("name", nargs="?", help="experiment, or all; without a name, list them")
    arguments.add_argument(
        "--preset", choices=registry.PRESETS, help="size of the run (default: smoke)"
    )
    arguments.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:<index>")
    arguments.add_argument("--executor", choices=("processes", "inline", "dask"))
    arguments.add_argument("--workers", type=int, help="worker processes (default: CPU cores)")
    arguments.add_argument("--scheduler", help="address of the Dask scheduler")
    arguments.add_argument("--results", type=Path, help="folder of results")
    arguments.add_argument("--cache", type=Path, help="folder of finished tasks")
    return arguments


def listing() -> str:
    """Return one line an experiment: name, version, summary."""
    names = catalogue.names()
    width = max((len(name) for name in names), default=0)
    rows = (f"{n:{width}}  v{catalogue.declared_version(n)}  {catalogue.summary(n)}" for n in names)
    return "\n".join(rows)


def checked(name: str) -> str:
    """Return the name of an experiment, or raise with what may have been meant."""
    known = catalogue.names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(
            f"no experiment is called {name!r}; {hint}'python -m experiments' lists them"
        )
    return name


def run(name: str, options: argparse.Namespace) -> Path:
    """Run one experiment; return the path of its arrays."""
    experiment = registry.find(checked(name))
    # PyTorch is imported only now, so that listing and --help are quick.
    from experiments.engine.device import resolve_device
    from experiments.engine.executors import open_executor
    from experiments.engine.sweep import CACHE, sweep

    device = resolve_device(options.device)
    kind = options.executor or ("dask" if options.scheduler else "processes")
    cache = options.cache or CACHE
    preset = options.preset or "smoke"
    with open_executor(kind, device, options.workers, options.scheduler) as executor:
        return sweep(experiment, preset, device, executor, root=options.results, cache=cache)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    command = parser()
    options = command.parse_args(arguments)
    if options.name is None:
        if arguments:
            command.error(f"{arguments[0]} needs the name of an experiment, or all")
        print(listing())
        return 0
    logging.basicConfig(format="%(message)s")
    try:
        for name in catalogue.names() if options.name == "all" else [options.name]:
            print(run(name, options), flush=True)
    except ModuleNotFoundError as error:
        if error.name not in NEURAL:
            raise
        print(f"error: needs {error.name}: pip install '.[neural]' in a checkout", file=sys.stderr)
        return 2
    except (ValueError, ImportError, OSError) as error:
        print(f"error: {headline(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        again = shlex.join(["python", "-m", "experiments", *arguments])
        print(f"\nstopped; finished tasks are kept. To go on: {again}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
