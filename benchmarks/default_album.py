"""`colorize --refs`: the default model with an album of references, where this version of featcolor has it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from featcolor.errors import UsageError
from featcolor.stills import StillColorizer


def fit_album(references: Sequence[Path], network: Path | None = None) -> StillColorizer:
    """The default model fitted on a few references as `colorize --refs` does it.

    Raises
    ------
    UsageError
        This version has no albums.
    """
    if find_spec("featcolor.album") is None:
        raise UsageError("this version of featcolor has no colorize --refs")
    raise NotImplementedError
