"""The pictures of the tutorial as a file to download, made when the site is built."""

from __future__ import annotations

import runpy
import shutil
import tempfile
from pathlib import Path

from repository import PICTURES, PICTURES_SCRIPT
from sphinx.application import Sphinx


def pack(app: Sphinx) -> None:
    """Write the zip file unless it is newer than the program that makes its content."""
    if PICTURES.exists() and PICTURES.stat().st_mtime > PICTURES_SCRIPT.stat().st_mtime:
        return
    PICTURES.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        runpy.run_path(str(PICTURES_SCRIPT))["write_pictures"](Path(folder) / "tutorial")
        shutil.make_archive(str(PICTURES.with_suffix("")), "zip", folder, "tutorial")


def setup(app: Sphinx) -> dict[str, bool]:
    """As of Sphinx."""
    app.connect("builder-inited", pack)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
