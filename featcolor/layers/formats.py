"""Names of layered files, and what writing them needs; loads nothing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from featcolor.errors import UsageError

LAYERED: Final = ("ora", "psd")
"""Kinds of layered files, by their suffix without the dot: OpenRaster, Photoshop."""
LAYERED_SUFFIXES: Final = frozenset(f".{kind}" for kind in LAYERED)
PSD_MISSING: Final = (
    "a PSD file needs psd-tools, which is not installed: pip install 'featcolor[layers]'; .ora needs nothing"
)


def is_layered(path: Path) -> bool:
    """Whether a file of this name gets layers."""
    return path.suffix.lower() in LAYERED_SUFFIXES


def refuse_missing(paths: Iterable[Path]) -> None:
    """UsageError when a file of these names needs a package that is not installed."""
    for path in paths:
        if path.suffix.lower() == ".psd" and find_spec("psd_tools") is None:
            raise UsageError(f"{path}: {PSD_MISSING}")
