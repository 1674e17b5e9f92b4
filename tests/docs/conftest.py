"""The site, built, and a browser that looks at it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import Page, read_pages
from tests.studio.browser.chromium import open_browser

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site; it is built where a source is newer, and a warning fails."""
    if importlib.util.find_spec("sphinx_gallery") is None:
        pytest.skip("needs Sphinx: make docs")
    folder = ROOT / "docs" / "_build" / "html"
    build: list[str | Path] = [sys.executable, "-m", "sphinx", "-b", "html", "-d", folder.with_name("doctrees")]
    build += ["-q", "-W", "--keep-going", ROOT / "docs", folder]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of the site, by its file."""
    return read_pages(site)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    with open_browser() as opened:
        yield opened
