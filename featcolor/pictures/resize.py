"""Pictures and planes in another size."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import cv2
from numpy.typing import NDArray

LONGEST_SIDE = 32_766
"""Working pictures are no longer than OpenCV's remapping can take."""


def working_size(shape: Sequence[int], size: int) -> tuple[int, int]:
    """Height and width of the working picture: size**2 pixels at most, the picture's aspect.

    Small pictures are doubled where that still fits; enlarging less does not pay (docs/history-of-measurements.md).
    """
    height, width = shape[:2]
    scale = size / sqrt(height * width)
    scale = min(2.0 if scale >= 2 else min(1.0, scale), LONGEST_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink(picture: NDArray[Any], side: int) -> NDArray[Any]:
    """The picture no longer than `side`, its aspect kept, by box means; a smaller one stays as it is."""
    scale = min(1.0, side / max(picture.shape[:2]))
    height, width = picture.shape[:2]
    return resize(picture, (max(1, round(height * scale)), max(1, round(width * scale))))


def resize_to_area(picture: NDArray[Any], pixels: float) -> NDArray[Any]:
    """The picture in about this many pixels, its aspect kept."""
    height, width = picture.shape[:2]
    scale = sqrt(pixels / (height * width))
    return resize(picture, (max(1, round(height * scale)), max(1, round(width * scale))))


def resize(picture: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """The picture, (H, W) or (H, W, k), in (height, width): box means where it shrinks, linear where it grows."""
    if picture.shape[:2] == shape:
        return picture
    shrinks = shape[0] * shape[1] < picture.shape[0] * picture.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(picture, (shape[1], shape[0]), interpolation=method)
