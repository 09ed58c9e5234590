"""``make report`` in small: three claims, two figures and the page, into the folder that is named.

Each of them pauses, so that tests can stop it in the middle.
"""

import sys
import time
from pathlib import Path

from toy_figures import line, spec

from figures import __main__ as command
from figures import measured, report
from sdtheory import claims

NAMES = ("borup2021.blended_target", "wu2026.iterated_gcv", "borup2021.linear_rate")
PAUSE = 0.15


def slow(function):
    """Return the function with a pause before it."""

    def after_a_pause(*arguments):
        time.sleep(PAUSE)
        return function(*arguments)

    return after_a_pause


def other():
    time.sleep(PAUSE)
    drawn = line()
    drawn.axes[0].plot([0.0, 1.0], [3.0, 1.0])
    return drawn


def main(build: Path) -> int:
    """Do what `make report` does; the first status that is not 0 wins."""
    chosen = {name: claims.get(name) for name in NAMES}
    claims.published = lambda: chosen
    measured.measure_one = slow(measured.measure_one)
    command.published = lambda: {"nobody.line": spec(), "nobody.other": spec(other)}
    steps = [
        lambda: measured.main(["--build", str(build), "--at-most", "2"]),
        lambda: command.main(["--out", str(build / "figures")]),
        lambda: report.main(["--build", str(build), "--results", str(build / "none")]),
    ]
    return max(step() for step in steps)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
