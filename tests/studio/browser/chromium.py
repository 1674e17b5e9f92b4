"""The system's Chromium, as tests and the picture of the documents open it."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import Any, Final

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
