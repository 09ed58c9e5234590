"""``python -m paper_checks`` is ``sdtheory measure``: every claim, or those that are named."""

import sys

from sdtheory.cli import measure_main

sys.exit(measure_main())
