"""The system's Chromium, as tests and the picture of the documents open it."""

from __future__ import annotations

import shutil
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


def find_chromium() -> str | None:
    """Its path, where there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Any) -> Any:
    """A browser of playwright's."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
