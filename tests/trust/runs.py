"""Run the tests of faults, or those of bad input, at full length, and record what was tried.

    python -m tests.trust.runs faults    (FAULTS=50: so many moments to kill at)
    python -m tests.trust.runs fuzz

Writes the section of that name to docs/trust.json. Exit status: that of pytest.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from typing import Any

from . import record

FAULTS = ("test_faults.py", "test_report_faults.py")
FUZZ = ("test_fuzz_arguments.py", "test_fuzz_estimators.py", "test_fuzz_files.py")


class Seen:
    """A plugin of pytest that counts outcomes and adds up what tests say of themselves."""

    def __init__(self) -> None:
        self.outcomes: dict[str, int] = {}
        self.said: dict[str, int] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test once: when it was called, or why it was not."""
        if report.when != "call" and report.outcome == "passed":
            return
        self.outcomes[report.outcome] = self.outcomes.get(report.outcome, 0) + 1
        for name, value in report.user_properties:
            self.said[name] = self.said.get(name, 0) + int(value)


def main() -> int:
    """Run, record, and return the status of the tests."""
    parser = argparse.ArgumentParser(prog="tests.trust.runs", description=__doc__)
    parser.add_argument("section", choices=["faults", "fuzz"])
    section = parser.parse_args().section
    names = FAULTS if section == "faults" else FUZZ
    if section == "faults":
        os.environ.setdefault("FAULTS", "50")
    else:
        os.environ.setdefault("SDTHEORY_PROFILE", "fuzz")
    return max(_recorded(section, name) for name in names)


def _recorded(section: str, name: str) -> int:
    import pytest  # after the environment, which the tests read as they are imported

    seen = Seen()
    status = int(pytest.main(["-q", str(record.ROOT / "tests" / "trust" / name)], plugins=[seen]))
    content = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        **{outcome: seen.outcomes.get(outcome, 0) for outcome in ("passed", "failed", "skipped")},
        "tried": seen.said,
    }
    record.update(section, {name: content}, merge=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
