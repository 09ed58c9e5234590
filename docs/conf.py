"""Sphinx configuration. Builds offline; pages that repeat what the code knows are generated."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import claims_page  # noqa: E402
import docstrings  # noqa: E402
import gallery_page  # noqa: E402
from sphinx.util import logging  # noqa: E402

import sdtheory  # noqa: E402

claims_page.write(HERE / "claims.md")
for figure in gallery_page.write(HERE / "gallery.md", HERE.parent / "build" / "figures"):
    logging.getLogger(__name__).warning("the gallery lacks the figure %s", figure)

project = "sdtheory"
author = copyright = "the sdtheory developers"  # noqa: A001
version = release = sdtheory.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "imported-members": True}
autodoc_typehints = "none"
default_role = "literal"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = f"sdtheory {version}"


def skip_metadata_routing(_app, _what, name, _obj, _skip, _options):
    """Leave out what scikit-learn writes into every estimator; it refers to its own glossary."""
    routing = name == "get_metadata_routing" or (name[:4] == "set_" and name[-8:] == "_request")
    return True if routing else None


def setup(app):
    app.connect("autodoc-skip-member", skip_metadata_routing)
    # Before numpydoc (500), which expects reStructuredText.
    app.connect("autodoc-process-docstring", docstrings.escape_bars, priority=400)
    app.connect("autodoc-process-docstring", docstrings.list_functions, priority=401)
