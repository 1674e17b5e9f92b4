"""What the library gives for the same picture and hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.hints.hint import Hint, Hints
from featcolor.hints.picture import HintablePicture
from featcolor.models.load import load_colorizer
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import as_depth
from featcolor.studio.choices import Choices

JPEG_ERROR: Final = 3.0
"""Mean difference in codes that JPEG makes, on the way from the studio to the page."""


def coloured(
    path: Path, hints: Sequence[Mapping[str, Any]] = (), choices: Mapping[str, Any] | None = None
) -> NDArray[np.uint8]:
    """A picture in colour, (h, w, 3), with hints in its pixels."""
    settings = Choices.from_dict(choices or {}).settings()
    pixels = np.ascontiguousarray(as_depth(read_picture(path).pixels, np.uint8))
    told = Hints(tuple(Hint(**each) for each in hints)).pixels(pixels.shape[:2])
    return np.asarray(HintablePicture(load_colorizer(None, settings), pixels).colorize(told), np.uint8)


def is_same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two pictures are the same but for JPEG."""
    return one.shape == other.shape and float(np.abs(one.astype(int) - other).mean()) < JPEG_ERROR
