"""Random square crops of training pictures, as grey codes with the chroma that they had, and targets of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from featcolor.colour.lab import lightness_from_luminance, rgb_to_lab
from featcolor.colour.srgb import linear_table
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.negatives import add_wear, film_response
from featcolor.pretraining.pictures import Pictures
from featcolor.regression.bins import CELL_WIDTH, SIGMA_IN_WIDTHS, prior, rebalancing_weights, soft_encode
from features.base import FloatArray, IndexArray
from features.network_grid import grey_codes

OUTPUT_STRIDE: Final = 4
"""Pixels of a crop to one value of the network's output."""
SMALLEST_CROP: Final = 0.35
"""Shortest side of a crop in short sides of the picture; the longest is the whole."""
WHOLE: Final = 0.5
"""Share of the crops that show the whole short side, or nearly."""
NEARLY_WHOLE: Final = 0.85
SHARPENING: Final = 1.5
"""Most that the detail of a crop is raised by which had to be enlarged."""
STRETCH: Final = 0.12
"""Deviation of the logarithm of a crop's aspect ratio."""
LARGE: Final = 5 / 3
"""Side of a large crop in sides of the others."""
NEUTRAL: Final = 128
LEVELS: Final = 256


class Targets(NamedTuple):
    """Soft targets of every whole (a*, b*): cells and weights, (65536, k); rows are 256 (a + 128) + b + 128."""

    indices: Tensor
    weights: Tensor


class Crops(NamedTuple):
    """Grey codes (N, side, side) float32, 0..255, and the chroma (N, side / 4, side / 4, 2) that they hide."""

    codes: FloatArray
    chroma: FloatArray


@dataclass(frozen=True)
class Deck:
    """Pictures from which the crops of each step are drawn: step and seed alone say which.

    Attributes
    ----------
    pictures : Pictures
    numbers : of those that are drawn from.
    weights : probability that each of these is drawn.
    config : PretrainConfig
    """

    pictures: Pictures
    numbers: IndexArray
    weights: FloatArray
    config: PretrainConfig

    def draw(self, step: int) -> Crops:
        """The crops of one step, or of a negative number, which no step is: `batch` of them, or fewer larger ones."""
        rng = np.random.default_rng([self.config.seed, abs(step), step < 0])
        side, count = self.config.side, self.config.batch
        if rng.random() < self.config.large:
            side = 32 * round(LARGE * side / 32)
            count = max(2, count * self.config.side**2 // side**2)
        ends = np.cumsum(self.weights, dtype=np.float64)
        chosen = self.numbers[np.searchsorted(ends, ends[-1] * rng.random(count), side="right")]
        codes = np.empty((count, side, side), np.float32)
        small = np.empty((count, side // OUTPUT_STRIDE, side // OUTPUT_STRIDE, 3), np.uint8)
        for place, number in enumerate(chosen):
            crop = random_crop(self.pictures[number], side, rng)
            codes[place] = aged_grey(crop, rng, self.config.ageing)
            small[place] = cv2.resize(crop, small.shape[1:3], interpolation=cv2.INTER_AREA)
        return Crops(codes, rgb_to_lab(small.reshape(count, -1, 3))[1].reshape(*small.shape[:3], 2))


def random_crop(rgb: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random crop of a picture (H, W, 3) uint8, stretched a little, half of them mirrored: (side, side, 3)."""
    draw = rng.random(5)
    least = NEARLY_WHOLE if draw[0] < WHOLE else SMALLEST_CROP
    extent = min(rgb.shape[:2]) * least ** draw[1]
    stretch = np.exp(0.5 * STRETCH * rng.standard_normal())
    wanted = (extent * stretch, extent / stretch)
    sizes = [min(max(2, round(side)), whole) for side, whole in zip(wanted, rgb.shape[:2], strict=True)]
    top, left = (int(draw[2 + i] * (rgb.shape[i] - sizes[i] + 1)) for i in (0, 1))
    crop = rgb[top : top + sizes[0], left : left + sizes[1]]
    if min(sizes) > side:
        crop = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    else:  # as sharp, in part, as the large pictures are that the network will see
        crop = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
        amount = SHARPENING * rng.random()
        crop = cv2.addWeighted(crop, 1 + amount, cv2.GaussianBlur(crop, (0, 0), side / min(sizes)), -amount, 0)
    return np.asarray(cv2.flip(crop, 1) if draw[4] < 0.5 else crop)


def aged_grey(rgb: NDArray[np.uint8], rng: np.random.Generator, ageing: float) -> FloatArray:
    """sRGB grey codes 0..255, (side, side) float32, that an old picture shows of a crop (side, side, 3) uint8."""
    linear = cv2.LUT(rgb, linear_table(8))
    luminance = cv2.transform(linear, film_response(rng, 0.6 * ageing)[None])
    return grey_codes(add_wear(lightness_from_luminance(luminance), rng, ageing))


def build_targets(cells: FloatArray, shares: FloatArray | None, rebalance: float) -> Targets:
    """The soft encoding of every whole a*, b*, weighted by how rare its cells are in `shares`."""
    levels = np.arange(LEVELS, dtype=np.float32) - NEUTRAL
    plane = np.stack(np.meshgrid(levels, levels, indexing="ij"), axis=-1).reshape(-1, 2)
    soft = soft_encode(plane, cells, sigma=SIGMA_IN_WIDTHS * CELL_WIDTH)
    weights = soft.weights
    if shares is not None and rebalance:
        rarity = rebalancing_weights(shares, rebalance)[soft.indices]
        weights = weights * (weights * rarity).sum(axis=1, keepdims=True)
    indices = torch.from_numpy(soft.indices.astype(np.int64))
    return Targets(indices, torch.from_numpy(np.ascontiguousarray(weights, np.float32)))


def colour_numbers(chroma: FloatArray) -> IndexArray:
    """Rows of `Targets`, int64, of chroma (..., 2)."""
    whole = np.clip(np.rint(chroma) + NEUTRAL, 0, LEVELS - 1).astype(np.int64)
    return LEVELS * whole[..., 0] + whole[..., 1]


def cell_shares(chroma: FloatArray, cells: FloatArray) -> FloatArray:
    """Share of each cell in a sample of chroma (n, 2)."""
    return prior(soft_encode(chroma, cells, sigma=SIGMA_IN_WIDTHS * CELL_WIDTH), len(cells))
