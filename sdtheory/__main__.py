"""``python -m sdtheory`` is the ``sdtheory`` command."""

import sys

from sdtheory.cli import main

sys.exit(main())
