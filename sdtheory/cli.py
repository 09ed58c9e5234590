"""The ``sdtheory`` command: list, show, measure and try to falsify claims.

Exit status: 0 if everything is as registered, 1 if a verdict is not, 2 for bad usage (one line on
standard error, never a traceback), 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn

import sdtheory
from sdtheory import _xi_command, claims
from sdtheory._claim_card import card
from sdtheory._console import Progress, print_table
from sdtheory._results import HEADER, Result, as_json, as_row, headline, measure_each

__all__ = ["Parser", "guarded", "main", "measure_main"]

_PROBLEM = 2
_INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line long."""

    def error(self, message: str) -> NoReturn:
        """Print the message in one line and leave with the status of bad usage."""
        text = " ".join(message.split())  # of arguments with line breaks, too
        self.exit(_PROBLEM, f"{self.prog}: {text} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None, prog: str = "sdtheory") -> int:
    """Run the command with these arguments (by default those of the process).

    >>> main(["claims", "no.such_claim"])  # one line on standard error
    2
    """
    arguments = _parser(prog).parse_args(argv)
    return guarded(prog, lambda: int(arguments.run(arguments)))


def measure_main(argv: Sequence[str] | None = None, prog: str = "paper_checks") -> int:
    """Run ``sdtheory measure`` as a command of its own (``python -m paper_checks``)."""
    parser = Parser(prog=prog, description="Measure claims and compare with their verdicts.")
    _add_measure_arguments(parser)
    arguments = parser.parse_args(argv)
    return guarded(prog, lambda: _measure(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog=prog, description="The theory of self-distillation, claim by claim.")
    parser.add_argument("--version", action="version", version=f"sdtheory {sdtheory.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = commands.add_parser("claims", help="list the published claims")
    listing.add_argument("ids", nargs="*", metavar="GLOB", help="only ids that match")
    listing.set_defaults(run=_list)

    show = commands.add_parser("show", help="statement, source, verdict and counterexample")
    show.add_argument("ids", nargs="+", metavar="ID", help="ids, globs or FILE.py:CLAIM")
    show.set_defaults(run=_show)

    measure = commands.add_parser("measure", help="worst residual on a seeded sample")
    _add_measure_arguments(measure)
    measure.set_defaults(run=_measure)

    falsify = commands.add_parser("falsify", help="search for a counterexample")
    falsify.add_argument("target", metavar="ID|MODULE:CLAIM|FILE.py:CLAIM")
    falsify.add_argument("--examples", type=_count, default=1000, metavar="N")
    falsify.add_argument("--seed", type=_seed, default=None, metavar="S")
    falsify.set_defaults(run=_falsify)

    xi = commands.add_parser("xi", help="best weight on the teacher for your own data")
    _xi_command.add_arguments(xi)
    xi.set_defaults(run=_xi)
    return parser


def _add_measure_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        help="ids, globs, MODULE:CLAIM or FILE.py:CLAIM; all if none",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    sample = parser.add_mutually_exclusive_group()
    sample.add_argument("--samples", type=_count, metavar="N", help="instances a claim")
    sample.add_argument(
        "--at-most", type=_count, metavar="N", help="a claim's own number of instances, capped"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="S")


def _count(text: str) -> int:
    return _integer(text, at_least=1)


def _seed(text: str) -> int:
    return _integer(text, at_least=0)


def _integer(text: str, at_least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be an integer, got {text!r}") from None
    if value < at_least:
        raise argparse.ArgumentTypeError(f"must be at least {at_least}, got {value}")
    return value


def guarded(prog: str, run: Callable[[], int]) -> int:
    """Turn every exception into one line on standard error and an exit status."""
    try:
        status = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep the interpreter from flushing into it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        print(f"{prog}: {headline(error)}", file=sys.stderr)
        return _PROBLEM
    return status


def _select(patterns: Sequence[str]) -> dict[str, claims.Claim]:
    """Return the claims that ids, globs and `place:name` targets pick, in published order."""
    everything = claims.published()
    if not patterns:
        if not everything:
            raise LookupError("the collection of published claims is empty")
        return everything
    picked = set()
    loaded = {}
    for pattern in patterns:
        if ":" in pattern:
            loaded[pattern] = _load(pattern)
            continue
        matching = [key for key in everything if fnmatchcase(key, pattern)]
        if not matching:
            claims.get(pattern)  # raises, with a hint at ids that look alike
        picked.update(matching)
    return {key: everything[key] for key in everything if key in picked} | loaded


def _load(target: str) -> claims.Claim:
    # An installed script does not have the working directory on its path, `python -m` does.
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    return claims.load(target)


def _list(arguments: argparse.Namespace) -> int:
    rows = [
        [key, c.paper, c.where, c.source, c.kind, c.verdict]
        for key, c in _select(arguments.ids).items()
    ]
    print_table(["id", "paper", "where", "source", "kind", "verdict"], rows)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    print("\n\n\n".join(card(key, claim) for key, claim in _select(arguments.ids).items()))
    return 0


def _measure(arguments: argparse.Namespace) -> int:
    chosen = _select(arguments.ids)
    counts = {key: _sample_size(claim, arguments) for key, claim in chosen.items()}
    if arguments.json is not None:
        _check_writable(arguments.json)  # now, not after minutes
    results: list[Result] = []
    try:
        for result in measure_each(chosen, counts, arguments.seed):
            results.append(result)  # noqa: PERF402 - what is there when it is interrupted
    except KeyboardInterrupt:
        if results:
            _print_results(results, len(chosen))
        raise
    wrong = _print_results(results, len(chosen))
    if arguments.json is not None:
        text = as_json(results, arguments.samples, arguments.at_most, arguments.seed)
        arguments.json.write_text(text, encoding="utf-8")
    return 1 if wrong else 0


def _print_results(results: Sequence[Result], asked: int) -> int:
    """Print the table and what is wrong; return how many verdicts are."""
    print_table(HEADER, [as_row(result) for result in results])
    wrong = [result for result in results if not result.agrees]
    print(f"{len(results) - len(wrong)} of {len(results)} verdicts are the registered ones")
    if len(results) < asked:
        print(f"{asked - len(results)} of {asked} claims were not measured")
    for result in wrong:
        print(f"{result.id}: {result.complaint}", file=sys.stderr)
    return len(wrong)


def _check_writable(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    existed = path.exists()
    with path.open("a", encoding="utf-8"):
        pass
    if not existed:
        path.unlink()


def _sample_size(claim: claims.Claim, arguments: argparse.Namespace) -> int:
    # A rate or a simulation is one expensive instance: a small setting must not draw more of them.
    return int(arguments.samples or min(claim.samples, arguments.at_most or claim.samples))


def _xi(arguments: argparse.Namespace) -> int:
    print(_xi_command.run(arguments))
    return 0


def _falsify(arguments: argparse.Namespace) -> int:
    if importlib.util.find_spec("hypothesis") is None:
        raise ModuleNotFoundError("falsify needs hypothesis: pip install 'sdtheory[claims]'")
    target = arguments.target
    claim = _load(target)
    with Progress(arguments.examples) as progress:
        found = claims.falsify(
            target,
            examples=arguments.examples,
            seed=arguments.seed,
            progress=lambda _tried, _examples: progress.advance(target),
        )
    if found is None:
        print(f"# {target}: no counterexample in {arguments.examples} examples")
        return 0
    print(f"# {target}, registered as {claim.verdict}: the smallest counterexample found")
    print(found.as_python(), end="")
    return 0 if claim.verdict == "fails" else 1
