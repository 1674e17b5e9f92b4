"""The documentation site: `make docs` builds it out of docs/, README's neighbours, the docstrings and the parsers."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE / "extensions")]
# The gallery and the API are of this checkout, alike on any machine.
os.environ.pop("FEATCOLOR_MODEL", None)

project = "featcolor"
author = "the authors of featcolor"
project_copyright = author
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "repository",
    "docstrings",
    "command_line",
    "tutorial",
]
exclude_patterns = ["_build", "gallery", "templates"]
templates_path = ["templates"]
default_role = "py:obj"
highlight_language = "none"
smartquotes = False  # `--` is an option here
suppress_warnings = ["config.cache"]  # the gallery's settings hold functions

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = True
numpydoc_show_class_members = False

copybutton_exclude = ".linenos, .gp, .go, .c1"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"/\w+\.py",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 1e6,  # seconds: the machine's, not the program's
    "show_memory": False,
    "show_signature": False,
    "thumbnail_size": (640, 270),
    "write_computation_times": False,  # its page asks another host for scripts
    "abort_on_example_error": True,
    "plot_gallery": "True",
}

html_theme = "pydata_sphinx_theme"
html_title = f"featcolor {release}"
html_short_title = "featcolor"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_logo = "static/logo.svg"
html_favicon = "static/logo.svg"
html_show_sourcelink = False
html_copy_source = False
html_sidebars: dict[str, list[str]] = {"index": [], "tutorial": []}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": "featcolor", "alt_text": "featcolor"},
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
