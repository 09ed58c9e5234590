"""What a user waits for: the import, the start of the command, and the tests."""

import os
import resource
import subprocess
import sys

from benchmarks.harness import Options, Row, budget

TOPIC = "budgets"
TEST_MINUTES, CORES = 15, 2


def seconds(*arguments: str) -> tuple[float, float]:
    """Return the processor and the wall time of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = os.times().elapsed
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    wall = os.times().elapsed - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def rows(options: Options) -> list[Row]:
    rounds = options.pick(1, 7)
    found = []
    for case, arguments, limit in (
        ("import sdtheory, with the interpreter", ("-c", "import sdtheory"), 0.4),
        (
            "import of Spectrum and filters, with the interpreter",
            ("-c", "from sdtheory import Spectrum, filters"),
            0.4,
        ),
        ("sdtheory --help", ("-m", "sdtheory", "--help"), 0.6),
        ("sdtheory claims 'das2023.*'", ("-m", "sdtheory", "claims", "das2023.*"), 0.6),
    ):
        times = [seconds(*arguments) for _ in range(rounds)]
        walls = sorted(wall for _, wall in times)
        note = f"wall {walls[0]:.2f} to {walls[-1]:.2f} s"
        listing = "claims" in case
        if listing:
            note += "; loads every claim and all of SciPy that they use"
        busy = [cpu for cpu, _ in times]
        found.append(budget(TOPIC, case, busy, limit, options, note, promised=not listing))
    if options.full:
        # Processor time, shared by two cores: other programs do not count.
        busy, wall = seconds("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", str(CORES))
        share = busy / CORES
        note = f"{busy / 60:.1f} processor minutes on {CORES} cores; wall {wall / 60:.1f} min"
        found.append(budget(TOPIC, "all tests", [share], 60.0 * TEST_MINUTES, options, note))
    return found
