"""Random square crops of training pictures, as grey codes with the chroma that they had: on any torch device."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from featcolor.colour.film_stock import FADED_GREY, FILM_STOCKS
from featcolor.colour.lab import D65_WHITE, LUMINANCE_WEIGHTS, XYZ_FROM_LINEAR
from featcolor.colour.srgb import linear_table
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.pictures import Pictures
from featcolor.regression.bins import CELL_WIDTH, SIGMA_IN_WIDTHS, prior, rebalancing_weights, soft_encode
from features.base import FloatArray

OUTPUT_STRIDE: Final = 4
"""Pixels of a crop to one value of the network's output."""
SMALLEST_CROP: Final = 0.6
"""Shortest side of a crop in short sides of the picture; the longest is the whole."""
STRETCH: Final = 0.12
"""Deviation of the logarithm of a crop's aspect ratio."""
TONE: Final = 0.3
"""Gamma of the tone curve between exp(-TONE) and exp(TONE), S-curve between -TONE and TONE."""
FADING: Final = 0.3
GRAIN: Final = 0.06
BLUR: Final = 1.0
"""Largest loss of contrast, deviation of the grain (L*/100) and share of a blurred picture, of aged crops."""
BLUR_TAPS: Final = (0.06, 0.24, 0.4, 0.24, 0.06)
"""A Gaussian of sigma 1, about."""
NEUTRAL: Final = 128
LEVELS: Final = 256


class Targets(NamedTuple):
    """Soft targets of every whole (a*, b*): cells and weights, (65536, k); rows are 256 (a + 128) + b + 128."""

    indices: Tensor
    weights: Tensor


class Deck:
    """Pictures on a device, from which crops are drawn."""

    def __init__(self, pictures: Pictures, device: torch.device) -> None:
        self.pixels = torch.from_numpy(pictures.pixels).to(device)
        self.sizes = torch.from_numpy(np.asarray(pictures.sizes))
        self.places = torch.from_numpy(np.column_stack([pictures.starts, pictures.sizes])).to(device)
        self.table = torch.from_numpy(linear_table(8)).to(device)
        self.device = device

    def draw(self, numbers: Tensor, side: int, generator: torch.Generator) -> Tensor:
        """Linear R, G, B 0..1, (N, side, side, 3) float32, of one random crop a picture, half of them mirrored."""
        count = len(numbers)
        sizes = self.sizes[numbers].float()
        short = sizes.amin(dim=1, keepdim=True)
        extent = short * (SMALLEST_CROP + (1 - SMALLEST_CROP) * torch.rand(count, 1, generator=generator))
        stretch = torch.exp(0.5 * STRETCH * torch.randn(count, 1, generator=generator))
        extents = torch.minimum(extent * torch.cat([stretch, 1 / stretch], dim=1), sizes)
        origins = torch.rand(count, 2, generator=generator) * (sizes - extents)
        mirrored = (torch.rand(count, 1, generator=generator) < 0.5).float()
        drawn = torch.cat([origins, extents, mirrored], dim=1).to(self.device)
        steps = (torch.arange(side, device=self.device) + 0.5) / side
        rows = drawn[:, :1] + steps * drawn[:, 2:3] - 0.5
        columns = drawn[:, 1:2] + torch.where(drawn[:, 4:] > 0, 1 - steps, steps) * drawn[:, 3:4] - 0.5
        return self._read(numbers.to(self.device), rows, columns)

    def _read(self, numbers: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Bilinear reading of linear light at the rows (N, side) and columns (N, side) of pictures."""
        starts, sizes = self.places[numbers, 0], self.places[numbers, 1:]
        result: Tensor | float = 0.0
        (top, below), (left, right) = _taps(rows, sizes[:, :1]), _taps(columns, sizes[:, 1:])
        for row, row_weight in (top, below):
            for column, column_weight in (left, right):
                places = starts[:, None, None] + row[:, :, None] * sizes[:, 1, None, None] + column[:, None, :]
                light = self.table[self.pixels[places.flatten()].int()].view(*places.shape, 3)
                result = result + light * (row_weight[:, :, None] * column_weight[:, None, :])[..., None]
        assert isinstance(result, Tensor)
        return result


def see(linear: Tensor, config: PretrainConfig, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """sRGB grey codes that a picture shows of crops, and the chroma that it hides.

    Of linear light 0..1, (N, side, side, 3), the codes are (N, 1, side, side), 0..255, their tone changed at random,
    `config.ageing` of the crops as another film saw them, aged; a*, b* are (N, 2, side / 4, side / 4), averaged over
    the pixels of an output.
    """
    count, device = len(linear), linear.device
    chroma = functional.avg_pool2d(chroma_of(linear).permute(0, 3, 1, 2), OUTPUT_STRIDE)
    aged = torch.rand(count, generator=generator) < config.ageing
    weights = torch.where(aged[:, None], _film_weights(count, generator), torch.tensor(LUMINANCE_WEIGHTS))
    drawn = torch.cat([weights, aged[:, None].float(), torch.rand(count, 6, generator=generator)], dim=1).to(device)
    luminance = (linear * drawn[:, None, None, :3]).sum(dim=-1)
    lightness = (116 * _lab_f(luminance) - 16).clamp(0, 100) / 100
    old, draws = drawn[:, 3, None, None], drawn[:, 4:].T[..., None, None]
    lightness = lightness.clamp_min(1e-4) ** torch.exp(TONE * (2 * draws[0] - 1))
    s_curve = lightness * lightness * (3 - 2 * lightness)
    lightness = lightness + TONE * (2 * draws[1] - 1) * (s_curve - lightness)
    lightness = torch.lerp(lightness, _blurred(lightness), BLUR * old * draws[2])
    lightness = lightness + FADING * old * draws[3] * (FADED_GREY - lightness)
    noise = torch.randn(lightness.shape, generator=_device_generator(generator, device), device=device)
    visible = 2 * (lightness * (1 - lightness)).clamp_min(0).sqrt()
    lightness = (lightness + GRAIN * old * draws[4] * draws[5] * noise * visible).clamp(0, 1)
    return grey_codes(lightness)[:, None], chroma


def chroma_of(linear: Tensor) -> Tensor:
    """a*, b* (..., 2) of linear light (..., 3)."""
    matrix = torch.tensor(XYZ_FROM_LINEAR / D65_WHITE[:, None], dtype=torch.float32, device=linear.device)
    f = _lab_f(linear @ matrix.T)
    return torch.stack([500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], dim=-1)


def grey_codes(lightness: Tensor) -> Tensor:
    """sRGB grey codes 0..255 of lightness 0..1, see `features.backbone.grey_codes`."""
    lab = 100 * lightness
    luminance = torch.where(lab > 8, ((lab + 16) / 116) ** 3, lab * (27 / 24389))
    curved = 1.055 * luminance.clamp_min(1e-8) ** (1 / 2.4) - 0.055
    return 255 * torch.where(luminance > 0.0031308, curved, 12.92 * luminance)


def build_targets(cells: FloatArray, shares: FloatArray | None, rebalance: float, device: torch.device) -> Targets:
    """The soft encoding of every whole a*, b*, weighted by how rare its cells are in `shares`."""
    levels = np.arange(LEVELS, dtype=np.float32) - NEUTRAL
    plane = np.stack(np.meshgrid(levels, levels, indexing="ij"), axis=-1).reshape(-1, 2)
    soft = soft_encode(plane, cells, sigma=SIGMA_IN_WIDTHS * CELL_WIDTH)
    weights = soft.weights
    if shares is not None and rebalance:
        rarity = rebalancing_weights(shares, rebalance)[soft.indices]
        weights = weights * (weights * rarity).sum(axis=1, keepdims=True)
    indices = torch.from_numpy(soft.indices.astype(np.int64))
    return Targets(indices.to(device), torch.from_numpy(np.ascontiguousarray(weights, np.float32)).to(device))


def colour_numbers(chroma: Tensor) -> Tensor:
    """Rows of `Targets`, (N, h, w) int64, of chroma (N, 2, h, w)."""
    whole = (chroma.round() + NEUTRAL).clamp(0, LEVELS - 1).long()
    return LEVELS * whole[:, 0] + whole[:, 1]


def cell_shares(chroma: FloatArray, cells: FloatArray) -> FloatArray:
    """Share of each cell in a sample of chroma (n, 2)."""
    return prior(soft_encode(chroma, cells, sigma=SIGMA_IN_WIDTHS * CELL_WIDTH), len(cells))


def _film_weights(count: int, generator: torch.Generator) -> Tensor:
    """Shares of red, green and blue in the exposure, (count, 3): between a known film stock and the eye."""
    stocks = torch.tensor(list(FILM_STOCKS.values()))
    chosen = stocks[torch.randint(len(stocks), (count,), generator=generator)]
    return torch.lerp(torch.tensor(LUMINANCE_WEIGHTS), chosen, torch.rand(count, 1, generator=generator) ** 0.5)


def _lab_f(share: Tensor) -> Tensor:
    return torch.where(share > 0.008856, share.clamp_min(1e-6) ** (1 / 3), 7.787 * share + 16 / 116)


def _taps(positions: Tensor, sides: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The pixel before each position and the one after, each with its weight; beyond the edge the outer one goes on."""
    positions = torch.minimum(positions.clamp_min(0), sides - 1)
    low = positions.floor()
    share = positions - low
    high = torch.minimum(low + 1, sides.float() - 1)
    return (low.long(), 1 - share), (high.long(), share)


def _blurred(lightness: Tensor) -> Tensor:
    taps = torch.tensor(BLUR_TAPS, device=lightness.device)
    padded = functional.pad(lightness[:, None], (2, 2, 2, 2), mode="reflect")
    return functional.conv2d(functional.conv2d(padded, taps.view(1, 1, 1, -1)), taps.view(1, 1, -1, 1))[:, 0]


def _device_generator(generator: torch.Generator, device: torch.device) -> torch.Generator:
    """A generator on the device, seeded by the next number of the one on the CPU."""
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return torch.Generator(device).manual_seed(seed)
