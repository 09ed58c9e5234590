"""Mutation testing: change one operator, comparison or number, and see whether a test notices.

    python -m tests.trust.mutation --sample 40 --seed 1 [topic ...]

A mutant runs against the tests that mirror its module, its doctests and, if those pass, the claims
that guard the module, the tests of the modules that import it, and the extremes of its topic with
the defaults of its functions.
Everything happens in a copy of the last commit, never in the checkout. Each mutant runs in a fork
of a process that has imported the libraries, but nothing of ours.

mutmut 3 mutates only what stands inside functions and runs the whole suite to learn which test
belongs to which function; cosmic-ray edits the checkout and has one test command for all modules.
Here modules are mirrored by tests and guarded by claims, which answers the question at no cost.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import functools
import hashlib
import importlib
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from subprocess import PIPE

from . import record

ROOT = Path(__file__).resolve().parents[2]
TOPICS = ("spectral", "label_noise", "kernel_ridge", "gp", "logistic", "jepa")
MEMORY = ROOT / "build" / "mutation.json"
# Imported once, before the forks.
SHARED = ("hypothesis", "mpmath", "pytest", "scipy.integrate", "scipy.optimize", "scipy.special")
SLACK = 15.0  # seconds beyond three times what the tests take without a mutation

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: the text between two offsets of a file becomes another."""

    path: str
    line: int
    function: str
    start: int
    stop: int
    before: str
    after: str
    text: str

    @property
    def key(self) -> str:
        """A name that survives changes elsewhere in the file."""
        return f"{self.path}:{self.function}: {self.before} -> {self.after}"

    def excused(self, known: dict[str, str]) -> bool:
        """Say whether it is listed: everywhere in its function, or in this line of it only."""
        return self.key in known or f"{self.key} in {self.text}" in known


def mutants(root: Path, path: str) -> list[Mutant]:
    """Return every mutant of one file, in the order of the text."""
    source = (root / path).read_text(encoding="utf-8")
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line.encode()))
    raw, found = source.encode(), []
    for node, function in _nodes(ast.parse(source), "module"):
        start = lines[node.lineno - 1] + node.col_offset
        stop = lines[node.end_lineno - 1] + node.end_col_offset
        for changed in _changes(node):
            before, after = raw[start:stop].decode(), f"({ast.unparse(changed)})"
            text = source.splitlines()[node.lineno - 1].strip()
            found.append(Mutant(path, node.lineno, function, start, stop, before, after, text))
    return sorted(found, key=lambda m: (m.start, m.stop, m.after))


def _nodes(tree: ast.AST, function: str):
    """Walk what can change behaviour: no annotations, decorators, texts, raised messages."""
    skipped = {"annotation", "returns", "decorator_list", "type_params", "simple"}
    for field, value in ast.iter_fields(tree):
        if field in skipped:
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.Raise | ast.JoinedStr):
                continue
            inside = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else function
            if hasattr(node, "lineno"):
                yield node, inside
            yield from _nodes(node, inside)


def _changes(node: ast.AST):
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[i] = SWAPS[type(op)]()
            yield changed
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        changed = copy.deepcopy(node)
        changed.op = SWAPS[type(node.op)]()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1 if isinstance(node.value, int) else node.value * 2 or 1.0)


def tests_of(root: Path, path: str) -> list[str]:
    """Return the mirrored tests of a module, else those of the modules that import it."""
    inner = Path(path).relative_to("sdtheory")
    mirrored = Path("tests") / inner.parent / f"test_{inner.stem.lstrip('_')}.py"
    if (root / mirrored).exists():
        return [str(mirrored)]
    return sorted({test for other in _importers(root, path) for test in tests_of(root, other)})


def _importers(root: Path, path: str) -> list[str]:
    """Return the modules of the topic that import a module, or any of it."""
    folder = root / "sdtheory" / Path(path).parts[1]
    others = [p for p in sorted(folder.rglob("*.py")) if p.name != "__init__.py"]
    return [
        str(p.relative_to(root))
        for p in others
        if p != root / path and _dotted(Path(path)) in _imported(root, p)
    ]


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _imported(root: Path, path: Path) -> set[str]:
    """Return the dotted names of what a module imports, and of where that is from."""
    found: set[str] = set()
    here = path.relative_to(root).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else ()
            source = ".".join([*base, *(node.module or "").split(".")]).rstrip(".")
            found |= {source, *(f"{source}.{alias.name}" for alias in node.names)}
    return found


def extremes_of(path: str) -> list[str]:
    """Return the extremes and defaults of the topic, and the tests of what once survived."""
    files = [f"tests/trust/test_{name}.py" for name in ("survivors", "defaults", "extremes")]
    return [*files, "-k", f"survivors or {Path(path).parts[1]}."]


@functools.cache
def guards(root: Path) -> dict[str, list[str]]:
    """Return what each claim guards; in another process, so that nothing of ours is imported."""
    listing = (
        "import json; from sdtheory import claims;"
        "print(json.dumps({k: list(c.guards) for k, c in claims.published().items()}))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", listing], cwd=root, check=True, capture_output=True
    )
    return json.loads(answer.stdout)


def importers_of(root: Path, path: str) -> list[str]:
    """Return the mirrored tests of the modules of the topic that import a module, or any of it."""
    tests = {t for other in _importers(root, path) for t in tests_of(root, other)}
    return sorted(tests - set(tests_of(root, path)))


def claims_of(root: Path, path: str) -> list[str]:
    """Return the tests that measure the claims guarding a module."""
    dotted = path.removesuffix(".py").replace("/", ".") + "."
    return [
        f"tests/claims/test_published.py::test_verdict_is_the_registered_one[{name}]"
        for name, guarded in guards(root).items()
        if any(guard.startswith(dotted) for guard in guarded)
    ]


def passes(root: Path, tests: list[str], timeout: float) -> tuple[str, float]:
    """Run tests in a fork: "passed", "failed" or "timeout", and the seconds it took."""
    child = multiprocessing.get_context("fork").Process(target=_pytest, args=(root, tests))
    began = time.perf_counter()
    child.start()
    child.join(timeout)
    if child.is_alive():
        child.kill()
        child.join()
        return "timeout", time.perf_counter() - began
    # A module without examples has no tests of its own: pytest's exit status 5.
    fine = child.exitcode in (0, 5)
    return "passed" if fine else "failed", time.perf_counter() - began


def _pytest(root: Path, tests: list[str]) -> None:
    os.chdir(root)
    os.environ["SDTHEORY_PROFILE"] = "mutation"
    sys.path[:0] = [str(root)]
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    import pytest

    import sdtheory

    assert Path(sdtheory.__file__).is_relative_to(root), "the copy is tested, not the checkout"
    os._exit(
        int(
            pytest.main(
                [
                    "-x",
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-m",
                    "not slow",
                    "-W",
                    "ignore::pytest.PytestAssertRewriteWarning",
                    *tests,
                ]
            )
        )
    )


def survey(root: Path, mutant: Mutant, baseline: dict[str, float]) -> str:
    """Return what killed a mutant: "tests", "claims", "importers", "extremes" or "timeout".

    It may have "survived", too, and is "undecided" if the tests fail without it.
    """
    tests = [*tests_of(root, mutant.path), mutant.path]
    file = root / mutant.path
    source = file.read_bytes()
    try:
        stages = (
            ("tests", tests),
            ("claims", claims_of(root, mutant.path)),
            ("importers", importers_of(root, mutant.path)),
            ("extremes", extremes_of(mutant.path)),
        )
        for name, run in stages:
            key = f"{name} {mutant.path}"
            if not run:
                continue
            if key not in baseline:
                file.write_bytes(source)
                verdict, baseline[key] = passes(root, run, 900.0)
                if verdict != "passed":
                    sys.stderr.write(f"tests fail without a mutation: {run}\n")
                    baseline[key] = float("nan")
            if math.isnan(baseline[key]):
                return "undecided"
            file.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.stop :])
            verdict, _ = passes(root, run, 3.0 * baseline[key] + SLACK)
            if verdict != "passed":
                return name if verdict == "failed" else verdict
    finally:
        file.write_bytes(source)
    return "survived"


def _memory() -> dict[str, str]:
    return json.loads(MEMORY.read_text()) if MEMORY.exists() else {}


def _mark(root: Path, mutant: Mutant) -> str:
    digest = hashlib.sha256((root / mutant.path).read_bytes()).hexdigest()[:16]
    return f"{digest} {mutant.start} {mutant.key}"


def remembered(root: Path, mutant: Mutant) -> str | None:
    """Return the fate of a mutant killed before, if its module is still the same."""
    fate = _memory().get(_mark(root, mutant))
    return None if fate in ("survived", "undecided") else fate


def remember(root: Path, mutant: Mutant, fate: str) -> None:
    """Note a fate, so that an interrupted run goes on where it was."""
    with record.alone():
        record.write(MEMORY, json.dumps({**_memory(), _mark(root, mutant): fate}))


def draw(root: Path, topic: str, sample: int | None, seed: int) -> list[Mutant]:
    """Return all mutants of a topic, or a seeded sample of them."""
    paths = sorted(str(p.relative_to(root)) for p in (root / "sdtheory" / topic).rglob("*.py"))
    every = [m for path in paths if not path.endswith("__init__.py") for m in mutants(root, path)]
    if sample is None or sample >= len(every):
        return every
    # Ranked by a hash, so that a larger sample contains the smaller one.
    ranked = sorted(every, key=lambda m: hashlib.sha256(f"{seed}{m.key}".encode()).digest())
    return sorted(ranked[:sample], key=lambda m: (m.path, m.start))


def main(arguments: list[str] | None = None) -> int:
    """Mutate the topics, and record score, date and survivors."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("topics", nargs="*", default=TOPICS)
    parser.add_argument("--sample", type=int, help="mutants per topic (all by default)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    for library in SHARED:
        importlib.import_module(library)
    known = record.equivalent_mutants()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        root.mkdir()
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=PIPE)
        subprocess.run(["tar", "x"], cwd=root, check=True, input=archive.stdout)
        baseline: dict[str, float] = {}
        for topic in options.topics or TOPICS:
            chosen = draw(root, topic, options.sample, options.seed)
            total = len(draw(root, topic, None, 0))
            fates: dict[str, int] = {}
            survivors = []
            for i, mutant in enumerate(chosen):
                fate = remembered(root, mutant) or survey(root, mutant, baseline)
                remember(root, mutant, fate)
                if fate == "survived":
                    fate = "equivalent" if mutant.excused(known) else fate
                    if fate == "survived":
                        survivors.append(f"{mutant.key}  (line {mutant.line})")
                fates[fate] = fates.get(fate, 0) + 1
                sys.stdout.write(f"{topic} {i + 1}/{len(chosen)} {fate:10} {mutant.key}\n")
                sys.stdout.flush()
            counted = len(chosen) - fates.get("equivalent", 0) - fates.get("undecided", 0)
            entry = {
                "date": date.today().isoformat(), "seed": options.seed, "mutants": total,
                "sampled": len(chosen), "fates": dict(sorted(fates.items())),
                "score": round(1.0 - len(survivors) / max(counted, 1), 4), "survivors": survivors,
            }  # fmt: skip
            record.update("mutation", {topic: entry}, merge=True)
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
