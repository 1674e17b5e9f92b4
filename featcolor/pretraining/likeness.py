"""Training of the likeness by which hints spread, on photographs whose colours are known; needs torch.

Episodes: of a photograph some random patches tell their true mean chroma, and the Gaussian process of
`featcolor.hints.process` colours other pixels by them; in every other episode as people tell colours, a little off.
What is minimised is the squared error in RGB, in dB, and how far hints of random colours move what is far from all of
them and looks like none. `python -m featcolor.pretraining.likeness PHOTO... -o features/models/likeness.npz` makes the
bundled file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from featcolor.colour.lab import D65_WHITE, XYZ_FROM_LINEAR, rgb_to_lab
from featcolor.files import replacing
from featcolor.hints.kernel import CHROMA, GROUPS, HALF_SIDE, LIGHTNESS
from featcolor.hints.places import two_views
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pictures.find import find_pictures
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import as_depth
from featcolor.pictures.resize import resize
from features.colournet import ColourNetwork

SIDE: Final = 256
PATCH: Final = 6
"""Pixels of the square that photographs are cut to, and of the patches that are hints, as of SIGGRAPH17's protocol."""
PLACES: Final = 1500
"""Of each photograph, drawn once."""
DULLEST: Final = 2.0
"""Mean chroma below which a photograph is grey and teaches nothing."""
AXES: Final = 16
KERNELS: Final = 3
COUNTS: Final = (1, 2, 5, 10, 20, 50, 100, 200)
"""Hints of an episode."""
ASKED: Final = 400
"""Other places of an episode."""
PICTURES: Final = 6
"""Of a step."""
LEAST_NOISE: Final = 0.01
CLUMSY: Final = 0.5
"""Share of the episodes whose hints are of a colour that is a little off."""
COLOUR_OFF_BY: Final = 10.0
"""In a*, b*, in any direction."""
STRAY: Final = 0.3
"""dB that an a*b* unit is worth by which a hint moves what it says nothing of."""
STRANGE: Final = 25.0
"""Deviation of a*, b* of random hints."""
FAR: Final = 64.0
"""Pixels from every hint."""
RATE: Final = 5e-3
FLOOR: Final = 2e-5
"""Squared error in RGB that is none."""


class Rows(NamedTuple):
    """Places of one photograph, (n, ...): embedding, row and column, lightness, prediction and truth of the pixel, of
    the patch around it, and how the embedding differs from the picture's mean."""

    embedding: Tensor
    yx: Tensor
    lightness: Tensor
    predicted: Tensor
    true: Tensor
    patch_predicted: Tensor
    patch_true: Tensor
    apart: Tensor


def rows_of(colorizer: PretrainedColorizer, rgb: np.ndarray[Any, Any], rng: np.random.Generator) -> Rows | None:
    """Places of a photograph's centre square; None where it is grey."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    rgb = resize(np.ascontiguousarray(rgb[top : top + side, left : left + side]), (SIDE, SIDE))
    lightness, true = rgb_to_lab(rgb)
    if np.abs(true).mean() < DULLEST:
        return None
    predicted, _, _ = colorizer.predict_working(lightness)
    corner = rng.integers(0, SIDE - PATCH + 1, (PLACES, 2))
    yx = corner + (PATCH - 1) / 2
    maps, mirrored = two_views(ColourNetwork(), lightness)
    embedding = maps.sample_embedding(yx)
    embedding += mirrored.sample_embedding(np.column_stack([yx[:, 0], SIDE - 1 - yx[:, 1]]))
    embedding /= 2
    middle = corner + PATCH // 2
    means = [cv2.blur(plane, (PATCH, PATCH)) for plane in (predicted, true)]
    planes = [lightness, predicted, true, *means]
    at = [plane[middle[:, 0], middle[:, 1]] for plane in planes]
    values = [embedding, yx, *at, embedding - maps.scene()]
    return Rows(*(torch.from_numpy(np.ascontiguousarray(each, np.float32)) for each in values))


class Likeness(torch.nn.Module):
    """The kernel of `featcolor.hints.kernel`, its parameters to be learned."""

    def __init__(self, embedding: Tensor) -> None:
        super().__init__()
        deviation = embedding.std(0)
        self.register_buffer("mean", embedding.mean(0))
        self.register_buffer("deviation", deviation + 0.1 * deviation.mean())
        standard = (embedding - self.mean) / self.deviation
        axes = torch.linalg.svd(standard[:5000], full_matrices=False)[2][:AXES].T
        self.axes = torch.nn.Parameter(axes / (standard @ axes).std(0) * 2 / AXES**0.5)
        spread = torch.tensor([[-3.0, -3, -3, -3], [-1, -1, -1, -1], [0.5, 2, 0.5, 0]])
        self.coefficients = torch.nn.Parameter(spread[:KERNELS])
        self.weights = torch.nn.Parameter(torch.tensor([0.5, 0.4, 0.2])[:KERNELS].log())
        self.reach = torch.nn.Parameter(torch.full((4,), -1.0))
        self.gate = torch.nn.Parameter(torch.tensor([-1.0, -2.0]))
        self.noise = torch.nn.Parameter(torch.tensor(0.05).log())

    def looks(self, rows: Rows, chroma: Tensor, at: Tensor) -> Tensor:
        """Looks of places, as `featcolor.hints.places.places_of` has them."""
        embedding = ((rows.embedding[at] - self.mean) / self.deviation) @ self.axes
        lightness = rows.lightness[at, None] / LIGHTNESS
        return torch.cat([embedding, rows.yx[at] / (HALF_SIDE * SIDE), lightness, chroma[at] / CHROMA], 1)

    def distances(self, first: Tensor, second: Tensor) -> list[Tensor]:
        """The four squared distances of looks (b, m, d) and (b, n, d): (b, m, n) each."""
        found = []
        for one, other in zip(first.split((AXES, *GROUPS), -1), second.split((AXES, *GROUPS), -1), strict=True):
            middle = other.mean(-2, keepdim=True)
            x, y = one - middle, other - middle
            squared = x.square().sum(-1)[..., :, None] + y.square().sum(-1)[..., None, :] - 2 * x @ y.transpose(-1, -2)
            found.append(squared.clamp(min=0))
        return found

    def predict(self, hints: Tensor, others: Tensor, change: Tensor) -> Tensor:
        """What hints with looks (b, n, d) that change (b, n, 2) make of others (b, m, d): (b, m, 2)."""
        weights, coefficients = self.weights.softmax(0), self.coefficients.exp()

        def likeness(distances: list[Tensor]) -> Tensor:
            parts = [sum(c * d for c, d in zip(row, distances, strict=True)) for row in coefficients]
            return sum(w / (1 + part) for w, part in zip(weights, parts, strict=True))

        own = likeness(self.distances(hints, hints)) + torch.eye(hints.shape[1]) * (self.noise.exp() + LEAST_NOISE)
        solved = torch.cholesky_solve(change.double(), torch.linalg.cholesky(own.double())).float()
        away = self.distances(others, hints)
        nearest = sum(c * d for c, d in zip(self.reach.exp(), away, strict=True)).min(2).values
        threshold, softness = self.gate[0].sigmoid(), self.gate[1].exp()
        ends = [((x - threshold) / softness).sigmoid() for x in (torch.zeros(()), torch.ones(()))]
        reached = (((1 / (1 + nearest) - threshold) / softness).sigmoid() - ends[0]) / (ends[1] - ends[0])
        return reached[..., None] * (likeness(away) @ solved)

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """What `LikenessKernel.from_arrays` takes."""
        axes = self.axes / self.deviation[:, None]
        values = {
            "axes": axes.half().float(),
            "mean": self.mean @ axes,
            "coefficients": self.coefficients.exp(),
            "weights": self.weights.softmax(0),
            "reach": self.reach.exp(),
            "gate": torch.stack([self.gate[0].sigmoid(), self.gate[1].exp()]),
            "noise": self.noise.exp() + LEAST_NOISE,
        }
        return {name: np.asarray(value.detach(), np.float32) for name, value in values.items()}


def decibels(lightness: Tensor, chroma: Tensor, true: Tensor) -> Tensor:
    """Squared error in RGB of chroma (b, n, 2) at lightness (b, n), in dB, of each of b: smaller is better."""
    error = (_rgb(lightness, chroma) - _rgb(lightness, true)).square().mean((1, 2))
    return 10 * torch.log10(error + FLOOR)


def _rgb(lightness: Tensor, chroma: Tensor) -> Tensor:
    """sRGB (..., 3), outside the gamut clipped so that a slope is left (see `featcolor.colour.lab`)."""
    y = (lightness * 100 + 16) / 116
    f = torch.stack([y + chroma[..., 0] / 500, y, y - chroma[..., 1] / 200], -1)
    xyz = torch.where(f > 6 / 29, f.clamp(min=1e-3) ** 3, (f - 16 / 116) / 7.787)
    inverse = torch.from_numpy(np.linalg.inv(XYZ_FROM_LINEAR)).float()
    linear = (xyz * torch.from_numpy(D65_WHITE).float()) @ inverse.T
    inside = linear.clamp(0, 1)
    linear = (inside + 0.02 * (linear - inside)).clamp(min=1e-5)
    return torch.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def train(photographs: Sequence[Rows], steps: int, seed: int = 0) -> Iterator[tuple[Likeness, float]]:
    """The likeness as it is learned, after each step, and the step's loss: dB over no hint, and what strays."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    likeness = Likeness(torch.cat([rows.embedding[:40] for rows in photographs]))
    optimizer = torch.optim.Adam(likeness.parameters(), lr=RATE)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, 2 * (steps - step) / steps)
        count = int(rng.choice(COUNTS))
        batch = [photographs[i] for i in rng.choice(len(photographs), min(PICTURES, len(photographs)), replace=False)]
        chosen = [torch.randperm(PLACES, generator=generator)[: count + ASKED] for _ in batch]
        pairs = list(zip(batch, chosen, strict=True))
        hints = torch.stack([likeness.looks(rows, rows.patch_predicted, at[:count]) for rows, at in pairs])
        others = torch.stack([likeness.looks(rows, rows.predicted, at[count:]) for rows, at in pairs])
        told = torch.stack([(rows.patch_true - rows.patch_predicted)[at[:count]] for rows, at in pairs])
        if rng.random() < CLUMSY:
            angle = 2 * torch.pi * torch.rand(told.shape[:2], generator=generator)
            told = told + COLOUR_OFF_BY * torch.stack([angle.sin(), angle.cos()], -1)
        lightness, predicted, true = (
            torch.stack([getattr(rows, name)[at[count:]] for rows, at in pairs])
            for name in ("lightness", "predicted", "true")
        )
        strange = torch.stack([_strange(rows, at, count, likeness.deviation) for rows, at in pairs])
        gained = decibels(lightness, predicted + likeness.predict(hints, others, told), true)
        moved = likeness.predict(hints, others, torch.randn(told.shape, generator=generator) * STRANGE).norm(dim=-1)
        stray = (moved * strange).sum() / (strange.sum() + 50)
        loss = (gained - decibels(lightness, predicted, true)).mean() + STRAY * stray
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(likeness.parameters(), 1.0)
        optimizer.step()
        yield likeness, float(loss.detach())


def _strange(rows: Rows, at: Tensor, count: int, deviation: Tensor) -> Tensor:
    """Which places (n,) are far from every hint and look like none: on the other side of the picture's mean."""
    far = torch.cdist(rows.yx[at[count:]], rows.yx[at[:count]]).min(1).values > FAR
    apart = torch.nn.functional.normalize(rows.apart[at] / deviation, dim=1)
    return far & ((apart[count:] @ apart[:count].T).max(1).values < 0)


def main() -> None:
    """Train on the photographs of the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    arguments = parser.parse_args()
    colorizer, rng = PretrainedColorizer(), np.random.default_rng(0)
    pictures = (read_picture(found.path).pixels for found in find_pictures(arguments.photo))
    read = (rows_of(colorizer, as_depth(rgb, np.uint8), rng) for rgb in pictures if rgb.ndim == 3)
    photographs = [rows for rows in read if rows is not None]
    print(len(photographs), "photographs")
    losses: list[float] = []
    arrays: dict[str, Any] = {}
    for likeness, loss in train(photographs, arguments.steps):
        losses.append(loss)
        arrays = likeness.arrays() if len(losses) == arguments.steps else arrays
        if len(losses) % 500 == 0:
            print(len(losses), f"{np.mean(losses[-500:]):.3f}", flush=True)
    with replacing(arguments.output) as part, part.open("wb") as file:
        np.savez(file, **arrays)


if __name__ == "__main__":
    main()
