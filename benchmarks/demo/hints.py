"""The demo's hints: one click each on a thing whose colour nothing in the grey picture tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.hints.mark import mark

ROW_HEIGHT: Final = 250
GAP: Final = 4


@dataclass(frozen=True)
class Click:
    """A hint: the photograph that it is for, the thing that is clicked on, the pixel, and the colour as typed."""

    photograph: str
    thing: str
    x: int
    y: int
    colour: str

    @property
    def typed(self) -> str:
        """As `colorize --hint` takes it."""
        return f"{self.x},{self.y}={self.colour}"


CLICKS: Final = (
    Click("astronaut", "the suit", 110, 330, "#e07020"),
    Click("astronaut", "the flag", 60, 160, "crimson"),
    Click("coffee", "the saucer", 110, 220, "#2050c0"),
)


@dataclass(frozen=True)
class HintedPicture:
    """A picture without a hint and with it, (H, W, 3) uint8, and the hint."""

    click: Click
    grey: NDArray[np.uint8]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]

    @property
    def marked(self) -> NDArray[np.uint8]:
        """The grey picture with a ring where the hint is."""
        return mark(self.grey, [(self.click.x, self.click.y)])


def click_strip(pictures: Sequence[HintedPicture]) -> NDArray[np.uint8]:
    """Marked, before and after of each, side by side, picture below picture, on white."""
    rows = []
    for picture in pictures:
        height, width = picture.grey.shape[:2]
        size = round(width * ROW_HEIGHT / height), ROW_HEIGHT
        panels = [
            cv2.resize(panel, size, interpolation=cv2.INTER_AREA)
            for panel in (picture.marked, picture.before, picture.after)
        ]
        rows.append(cv2.hconcat([cv2.copyMakeBorder(p, 0, GAP, 0, GAP, 0, value=(255, 255, 255)) for p in panels]))
    widest = max(row.shape[1] for row in rows)
    padded = [cv2.copyMakeBorder(r, 0, 0, 0, widest - r.shape[1], 0, value=(255, 255, 255)) for r in rows]
    return np.asarray(cv2.vconcat(padded), np.uint8)
