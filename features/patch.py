"""The grey values around a pixel (Cheng, Yang, Sheng, Deep Colorization, ICCV 2015, low-level feature)."""

from __future__ import annotations

import numpy as np

from features.base import FloatArray, IndexArray, Stateless

WIDEST = 63
"""Pixels: a window of more has thousands of values at each pixel."""


class PatchFeatures(Stateless):
    """Lightness of the size x size window around each pixel, row by row: size**2 values in 0..1.

    Outside the picture a cell takes the centre pixel's value, as in the authors' released code: a border pixel
    sees a flat surrounding rather than an invented one.
    """

    def __init__(self, size: int = 7) -> None:
        if type(size) is not int or not 1 <= size <= WIDEST or size % 2 == 0:
            raise ValueError(f"patch size must be odd, 1 to {WIDEST}, got {size}")
        self.size = size

    @property
    def names(self) -> tuple[str, ...]:
        reach = self.margin
        return tuple(f"patch{dy:+d}{dx:+d}" for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1))

    @property
    def margin(self) -> int:
        return self.size // 2

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        height, width = lightness.shape
        reach = np.arange(-self.margin, self.margin + 1)
        rows = yx[:, 0, None, None] + reach[None, :, None]
        columns = yx[:, 1, None, None] + reach[None, None, :]
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        values = lightness[rows.clip(0, height - 1), columns.clip(0, width - 1)]
        centre = lightness[yx[:, 0], yx[:, 1]][:, None, None]
        return np.where(inside, values, centre).reshape(len(yx), self.size**2).astype(np.float32, copy=False)
