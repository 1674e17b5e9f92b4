"""Numbered rings on a picture, so that a person finds the places that are spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.pictures.picture import as_depth

SIZE: Final = 1 / 45
"""Radius of a ring, in short sides of the picture."""
SMALLEST: Final = 5
"""The same in pixels at least."""
FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
FONT_HEIGHT: Final = 22.0
"""Pixels of a digit at scale 1."""
BLACK: Final = (0, 0, 0)
WHITE: Final = (255, 255, 255)


def mark(picture: NDArray[Any], places: Sequence[tuple[float, float]]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) of any depth with ring 1 around the first place (x, y), 2 around the next, in 8 bits."""
    marked = as_depth(picture, np.uint8).copy()
    height, width = marked.shape[:2]
    radius = max(SMALLEST, round(SIZE * min(height, width)))
    line = max(1, radius // 6)
    for number, (x, y) in enumerate(places, start=1):
        centre = round(x), round(y)
        (across, _), _ = cv2.getTextSize(str(number), FONT, radius / FONT_HEIGHT * 1.6, line)
        left = centre[0] + radius + 2 * line
        if left + across > width:
            left = centre[0] - radius - 2 * line - across
        below = min(height - 2 * line, max(2 * radius, centre[1] + round(0.8 * radius)))
        # White upon a wider black: seen on whatever is below.
        for colour, more in ((BLACK, 2 * line), (WHITE, 0)):
            cv2.circle(marked, centre, radius, colour, line + more, cv2.LINE_AA)
            where, scale = (int(left), int(below)), radius / FONT_HEIGHT * 1.6
            cv2.putText(marked, str(number), where, FONT, scale, colour, line + more, cv2.LINE_AA)
    return marked
