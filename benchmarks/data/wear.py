"""Synthetic wear of a film's lightness: unsteady gate and exposure, grain, scratches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb, lightness_of
from features.base import FloatArray

BRIGHT: Final = 230.0
DARK: Final = 25.0
"""Codes that a scratch pulls toward: of the emulsion, which lets light through, and of the base, filled with dirt."""


@dataclass(frozen=True, kw_only=True)
class Wear:
    """Degree of wear.

    Attributes
    ----------
    grain : standard deviation of Gaussian noise on every pixel, codes of 255.
    flicker : largest change of a frame's exposure, as a share of its codes.
    weave : largest shift of a frame in each direction, pixels, not whole ones.
    scratches : vertical scratches that come and go over the reel.
    """

    grain: float = 8.0
    flicker: float = 0.1
    weave: float = 2.0
    scratches: int = 3


@dataclass(frozen=True, eq=False)
class WornReel:
    """Worn frames and what was done to them.

    Attributes
    ----------
    lightness : (H, W) float32 each, 0..1, of grey codes rounded to 8 bits.
    offsets : (n, 2) float32, by how many pixels each frame was shifted right and down.
    """

    lightness: list[FloatArray]
    offsets: FloatArray


def wear(lightness: Sequence[FloatArray], seed: int, *, how: Wear | None = None) -> WornReel:
    """The frames as a worn reel shows them: shifted, brightened or darkened, scratched, grainy, rounded to 8 bits.

    `lightness`: (H, W) float32 each, L*/100, all of one size, not changed; `seed`: of everything random: equal seeds
    give equal reels; `how`: Wear, optional.
    """
    how = how or Wear()
    rng = np.random.default_rng(seed)
    offsets = rng.uniform(-how.weave, how.weave, (len(lightness), 2)).astype(np.float32)
    exposures = rng.uniform(1 - how.flicker, 1 + how.flicker, len(lightness))
    scratches = [_Scratch(rng, len(lightness), lightness[0].shape[1]) for _ in range(how.scratches)]
    worn = []
    for index, clean in enumerate(lightness):
        codes = _codes(shift(clean, offsets[index])) * np.float32(exposures[index])
        for scratch in scratches:
            scratch.draw(codes, index, rng)
        codes += np.float32(how.grain) * rng.standard_normal(codes.shape, np.float32)
        worn.append(lightness_of(np.round(codes).clip(0, 255).astype(np.uint8)))
    return WornReel(worn, offsets)


def shift(planes: FloatArray, offset: NDArray[np.float32]) -> FloatArray:
    """Planes (H, W) or (H, W, C) moved right and down by `offset` pixels, between pixels too; the border goes on.

    Interpolated by Lanczos windows, so that there and back changes little: what is beyond the border is lost.
    """
    moved = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32)
    size = planes.shape[1::-1]
    flags = cv2.INTER_LANCZOS4
    return np.asarray(cv2.warpAffine(planes, moved, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


class _Scratch:
    """A vertical line that stays near one place for part of the reel, a pixel or two wide, darker or brighter."""

    def __init__(self, rng: np.random.Generator, frames: int, width: int) -> None:
        self.place = float(rng.uniform(0, width - 1))
        self.thickness = int(rng.integers(1, 3))
        self.code = BRIGHT if rng.random() < 0.5 else DARK
        self.strength = np.float32(rng.uniform(0.4, 0.9))
        first = int(rng.integers(0, frames))
        self.frames = range(first, first + max(1, frames // 2))  # one that starts late ends with the reel

    def draw(self, codes: FloatArray, index: int, rng: np.random.Generator) -> None:
        """On one frame, in place."""
        if index not in self.frames:
            return
        left = round(self.place + rng.normal())
        columns = slice(max(0, left), max(0, left + self.thickness))
        codes[:, columns] += self.strength * (np.float32(self.code) - codes[:, columns])


def _codes(lightness: FloatArray) -> FloatArray:
    """Grey codes 0..255, not rounded."""
    grey = lab_to_rgb(lightness.clip(0, 1), np.zeros((*lightness.shape, 2), np.float32), np.float32)
    return np.asarray(255 * grey[..., 0], np.float32)
