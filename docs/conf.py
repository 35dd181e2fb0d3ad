"""How the documentation is built: everything offline, every warning an error, pages of terms made from the ontology."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

project = "Wijkgraaf"
author = "Wijkgraaf"
release = importlib.metadata.version("wijkgraaf")
language = "en"

extensions = ["myst_parser", "wijkgraaf_pages"]
exclude_patterns = ["_ext"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["attrs_inline", "deflist", "fieldlist"]
myst_heading_anchors = 3
nitpicky = True
highlight_language = "none"
smartquotes = False

html_theme = "furo"
html_title = "Wijkgraaf"
html_static_path = ["_static"]
html_css_files = ["wijkgraaf.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"top_of_page_buttons": []}
