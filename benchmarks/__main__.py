"""Measure the ratios: ``python -m benchmarks [TOPIC...] [--quick] [--full] [--device D]``."""

import argparse
import dataclasses
import importlib
import json
import sys
import time
from pathlib import Path

from benchmarks.harness import Options, Row
from benchmarks.machine import describe
from benchmarks.table import number, show
from experiments.engine.device import resolve_device

TOPICS = (
    "core",
    "label_noise",
    "kernel_ridge",
    "gp",
    "logistic_margins",
    "jepa_trajectory",
    "batched_probes",
    "streaming",
    "budgets",
)


def record(row: Row) -> dict[str, object]:
    """Return a row for the JSON file, where numbers that were not measured are null."""
    values = dataclasses.asdict(row) | {"met": row.met}
    return {k: None if isinstance(v, float) and v != v else v for k, v in values.items()}


def log(row: Row) -> None:
    """Say at once what was found."""
    verdict = {None: "", True: ", as promised", False: ", NOT as promised"}[row.met]
    print(
        f"{row.topic}: {row.case} | {row.against}: {number(row.ratio)}{verdict}",
        file=sys.stderr,
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}")
    parser.add_argument("--quick", action="store_true", help="finds crashes, measures nothing")
    parser.add_argument("--full", action="store_true", help="also what takes minutes")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or auto")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    given = parser.parse_args()
    unknown = set(given.topics) - set(TOPICS)
    if unknown:
        parser.error(f"TOPIC must be one of {', '.join(TOPICS)}, got {', '.join(unknown)}")
    device = str(resolve_device(given.device))
    options = Options(given.quick, given.full, device, log)
    if given.device != "cpu" and device == "cpu":
        print("no GPU: everything runs on the processor", file=sys.stderr)
    start, rows = time.perf_counter(), []
    machine = describe(options)
    for topic in given.topics or TOPICS:
        rows += importlib.import_module(f"benchmarks.{topic}").rows(options)
    machine["minutes"] = round((time.perf_counter() - start) / 60, 1)
    run = {"machine": machine, "rows": [record(row) for row in rows]}
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    show(run)
    return 0  # a timing is a finding, never a gate


if __name__ == "__main__":
    sys.exit(main())
