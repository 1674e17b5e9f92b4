"""For every folder: what needs torch is skipped where torch is not, and modules that import it are not opened."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

HAS_TORCH = find_spec("torch") is not None
IMPORTS_TORCH = re.compile(r"^(import|from) torch\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Their doctests can be looked for with torch only."""
    imports = collection_path.suffix == ".py" and IMPORTS_TORCH.search(collection_path.read_text(encoding="utf-8"))
    return True if imports and not HAS_TORCH else None


@pytest.hookimpl(tryfirst=True)  # before `-m torch` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that takes the fixture `torch` is marked by it."""
    for item in items:
        if "torch" in getattr(item, "fixturenames", ()):
            item.add_marker("torch")
        if not HAS_TORCH and item.get_closest_marker("torch"):
            item.add_marker(pytest.mark.skip(reason="needs torch: make torch"))
