"""The system's Chromium, as tests and the picture of the documents open it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@cache
def find_chromium() -> str | None:
    """Its path, where there is one that runs: a name may stand for a package that is not there."""
    found = (path for name in NAMES if (path := shutil.which(name)))
    return next((path for path in found if _runs(path)), None)


def _runs(path: str) -> bool:
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def launch(playwright: Any) -> Any:
    """A browser of playwright's."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))


@contextmanager
def open_browser() -> Iterator[Any]:
    """The system's Chromium; a test that wants it is skipped where it cannot be had."""
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("needs playwright: pip install 'featcolor[dev]'")
    if find_chromium() is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()
