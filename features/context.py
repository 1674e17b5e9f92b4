"""What surrounds a pixel at several scales: mean, deviation and gradient energy of lightness."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from features.base import FloatArray, IndexArray, Stateless

RADII = (1, 3, 7, 15, 31)
"""Half-widths of the square windows, in pixels: about octaves, from texture to a quarter of a working picture."""
WIDEST = 1024
"""Largest of them: half the side of the largest working picture."""
FLAT = np.float32(1e-5)
"""Deviations below this are rounding (lightness 0..1), kept from becoming texture by the square root."""


class ContextFeatures(Stateless):
    """Lightness of the pixel, then its window's mean, standard deviation and root mean squared gradient.

    1 + 3 * len(radii) values, all in lightness units (0..1). Windows are reflected at the border.
    """

    def __init__(self, radii: Sequence[int] = RADII) -> None:
        if not radii or not all(type(radius) is int and 1 <= radius <= WIDEST for radius in radii):
            raise ValueError(f"context radii must be 1 to {WIDEST}, got {tuple(radii)}")
        self.radii = tuple(radii)

    @property
    def names(self) -> tuple[str, ...]:
        return ("lightness", *(f"{what}{r}" for r in self.radii for what in ("mean", "deviation", "gradient")))

    @property
    def margin(self) -> int:
        return max(self.radii) + 1

    def sample(self, lightness: FloatArray, yx: IndexArray) -> FloatArray:
        rows, columns = yx[:, 0], yx[:, 1]
        moments = np.dstack([lightness, lightness * lightness, gradient_energy(lightness)])
        columns_out = [lightness[rows, columns]]
        for radius in self.radii:
            window = (2 * radius + 1, 2 * radius + 1)
            means = cv2.blur(moments, window, borderType=cv2.BORDER_REFLECT)[rows, columns]
            variance = means[:, 1] - means[:, 0] ** 2
            columns_out += [means[:, 0], root(variance), root(means[:, 2])]
        return np.stack(columns_out, axis=1).astype(np.float32, copy=False)


def gradient_energy(lightness: FloatArray) -> FloatArray:
    """Squared central difference, (H, W): |L(x+1) - L(x-1)|**2 / 4 + the same in y, borders replicated."""
    padded = np.pad(lightness, 1, mode="edge")
    dx = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    dy = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    energy = dx * dx + dy * dy
    return energy.astype(np.float32, copy=False)


def root(variance: FloatArray) -> FloatArray:
    """Square root of what rounding may have made negative."""
    return np.sqrt(np.maximum(variance, FLAT * FLAT))
