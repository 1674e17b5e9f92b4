"""The demo's hints: one click each on a thing whose colour nothing in the grey picture tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from featcolor.hints.mark import mark


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
