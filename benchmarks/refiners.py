"""How much colour each refiner and upsampler gives back, and in what time: python -m benchmarks.refiners FOLDER...

Refiners: true chroma at the working size plus blotchy noise, as a regressor's wrong colours look, filtered at a small
grid of parameters. Upsamplers: true chroma shrunk by box means, clean, and with the same noise refined, raised to full
size. The score is the PSNR of the picture put together from true lightness and the chroma that came out, mean over
pictures.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from skimage.color import lab2rgb, rgb2lab

from refine.planes import FloatArray
from refine.refiners import refine
from refine.upsample import upsample

# Of the blotches: deviation in units of a*, b*; deviations of the Gaussians in pixels, for patches 4 to 16 across.
NOISE_SIGMA = 10.0
BLOTCH_SIGMAS = (2.0, 4.0, 8.0)

REFINER_GRID: dict[str, dict[str, Sequence[float]]] = {
    "none": {},
    "joint_bilateral": {"sigma_space": (3, 6, 12), "sigma_lightness": (0.05, 0.1)},
    "bilateral_grid": {"sigma_space": (6, 12, 16, 24), "sigma_lightness": (0.05, 0.1, 0.2)},
    "guided": {"radius": (4, 8, 16, 24), "sigma_lightness": (0.03, 0.06, 0.1)},
    "domain_transform": {"sigma_space": (10, 20, 40), "sigma_lightness": (0.2, 0.4, 0.8)},
    "fast_global_smoother": {"sigma_space": (5, 10, 20, 40), "sigma_lightness": (0.02, 0.04, 0.08)},
    "levin": {"data_weight": (0.003, 0.01, 0.03), "power": (1, 2), "sigma_lightness": (0.001, 0.02, 0.05)},
}
UPSAMPLER_GRID: dict[str, dict[str, Sequence[float]]] = {
    "bilinear": {},
    "joint_bilateral": {"sigma_lightness": (0.05, 0.1, 0.15, 0.2)},
    "guided": {"radius": (1, 2), "sigma_lightness": (0.05, 0.1, 0.15, 0.2)},
}


@dataclass(frozen=True)
class Picture:
    """rgb (H, W, 3) uint8 with its lightness (H, W) 0..1 and chroma (H, W, 2), both float32."""

    rgb: NDArray[np.uint8]
    lightness: FloatArray
    chroma: FloatArray

    @classmethod
    def read(cls, path: Path, side: int) -> Picture:
        """The file, shrunk to at most `side` pixels along its longest side."""
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            raise ValueError(f"{path} is no picture OpenCV reads")
        return cls.of(shrunk(bgr[..., ::-1], side))

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Picture:
        """The picture of an array (H, W, 3)."""
        lab = rgb2lab(rgb).astype(np.float32)
        return cls(rgb, lab[..., 0] / 100, np.ascontiguousarray(lab[..., 1:]))

    def psnr(self, chroma: FloatArray) -> float:
        """PSNR in dB of true lightness with this chroma, out-of-gamut values clipped, against the picture."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-image warns of colours outside the gamut
            rgb = np.rint(lab2rgb(np.dstack([self.lightness * 100, chroma])) * 255)
        mean_square = float(np.mean((rgb - self.rgb) ** 2))
        return 10 * math.log10(255**2 / mean_square) if mean_square else math.inf


@dataclass
class Row:
    """One method at one setting: scores by condition, and seconds, a value a picture."""

    method: str
    options: dict[str, Any]
    scores: dict[str, list[float]] = field(default_factory=dict)
    seconds_a_megapixel: list[float] = field(default_factory=list)

    def run(self, condition: str, picture: Picture, work: Callable[[], FloatArray]) -> None:
        """Time the work and score its chroma."""
        start = time.perf_counter()
        chroma = work()
        self.seconds_a_megapixel.append((time.perf_counter() - start) / (picture.lightness.size / 1e6))
        self.scores.setdefault(condition, []).append(picture.psnr(chroma))


def shrunk(plane: NDArray[Any], side: int) -> NDArray[Any]:
    """Box means with the longest side at most `side` pixels."""
    scale = side / max(plane.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(plane)
    size = tuple(max(1, round(n * scale)) for n in plane.shape[1::-1])
    return np.asarray(cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_AREA))


def blotches(shape: tuple[int, int], random: np.random.Generator) -> FloatArray:
    """Smooth noise of a* and b*, (H, W, 2), deviation 1: white noise through each of BLOTCH_SIGMAS, equal shares."""
    layers = []
    for sigma in BLOTCH_SIGMAS:
        layer = cv2.GaussianBlur(random.standard_normal((*shape, 2)).astype(np.float32), (0, 0), sigma)
        layers.append(layer / layer.std())
    total = np.sum(layers, axis=0)
    return np.asarray(total / total.std(), np.float32)


def settings(grid: dict[str, dict[str, Sequence[float]]]) -> Iterator[Row]:
    """A row for every method at every combination of its options."""
    for method, options in grid.items():
        for values in product(*options.values()):
            yield Row(method, dict(zip(options, values, strict=True)))


def study_refiners(pictures: Sequence[Picture], working_size: int) -> list[Row]:
    """Blotchy noise of one strength, and of a strength that varies from place to place, without and with confidence."""
    rows = list(settings(REFINER_GRID))
    for index, full in enumerate(pictures):
        random = np.random.default_rng(index)
        picture = Picture.of(shrunk(full.rgb, working_size))
        noise = NOISE_SIGMA * blotches(picture.lightness.shape, random)
        # Strength runs smoothly from nothing to twice the mean; a pixel is believed by its inverse variance.
        strength = np.clip(1 + blotches(picture.lightness.shape, random)[..., 0], 0, 2)
        uneven = picture.chroma + noise * strength[..., None]
        confidence = np.asarray(0.1 / (0.1 + strength**2), np.float32)
        noisy = picture.chroma + noise
        for row in rows:
            for condition, chroma, weight in (
                ("noise", noisy, None),
                ("uneven noise", uneven, None),
                ("with confidence", uneven, confidence),
            ):
                work = partial(refine, chroma, picture.lightness, weight, method=row.method, **row.options)
                row.run(condition, picture, work)
    return rows


def study_upsamplers(pictures: Sequence[Picture], grid_size: int) -> list[Row]:
    """True chroma on the small grid, clean, and with noise after a joint bilateral filter has been over it."""
    rows = list(settings(UPSAMPLER_GRID))
    for index, picture in enumerate(pictures):
        lightness_low, clean = shrunk(picture.lightness, grid_size), shrunk(picture.chroma, grid_size)
        noise = NOISE_SIGMA * blotches(lightness_low.shape, np.random.default_rng(index))
        refined = refine(clean + noise, lightness_low)
        for row in rows:
            for condition, low in (("clean", clean), ("refined noise", refined)):
                work = partial(upsample, low, lightness_low, picture.lightness, method=row.method, **row.options)
                row.run(condition, picture, work)
    return rows


def table(title: str, rows: Sequence[Row]) -> Table:
    """Mean score of each condition and milliseconds a megapixel; the best of each method marked (first condition)."""
    conditions = list(rows[0].scores)
    result = Table(title=title)
    for heading in ("method", "options"):
        result.add_column(heading)
    for heading in (*conditions, "ms/Mpixel"):
        result.add_column(heading, justify="right")
    means = {id(row): {name: float(np.mean(values)) for name, values in row.scores.items()} for row in rows}
    for row in rows:
        rivals = [means[id(other)][conditions[0]] for other in rows if other.method == row.method]
        best = means[id(row)][conditions[0]] == max(rivals)
        result.add_row(
            row.method + (" *" if best else ""),
            " ".join(f"{name}={value:g}" for name, value in row.options.items()),
            *(f"{means[id(row)][name]:.2f}" for name in conditions),
            f"{1000 * float(np.median(row.seconds_a_megapixel)):.1f}",
            style="bold" if best else None,
        )
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the folders, run both studies, print two tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refiners", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folders of colour pictures")
    parser.add_argument("--limit", type=int, default=20, help="pictures taken from each folder, evenly (default 20)")
    parser.add_argument("--side", type=int, default=1024, help="longest side of the full size (default 1024)")
    parser.add_argument("--working-size", type=int, default=256, help="longest side for refiners (default 256)")
    parser.add_argument("--grid-size", type=int, default=64, help="longest side of the small grid (default 64)")
    parser.add_argument("--study", choices=("refiners", "upsamplers", "both"), default="both")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    pictures = []
    for folder in options.folders:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".tif"})
        chosen = np.linspace(0, len(paths) - 1, min(options.limit, len(paths))).round().astype(int)
        pictures += [Picture.read(paths[i], options.side) for i in chosen]
    if not pictures:
        parser.error("no picture in these folders")
    console = Console(width=120)
    if options.study != "upsamplers":
        title = f"refiners: PSNR in dB, {len(pictures)} pictures at {options.working_size}, noise {NOISE_SIGMA:g}"
        console.print(table(title, study_refiners(pictures, options.working_size)))
    if options.study != "refiners":
        title = f"upsamplers: PSNR in dB, {len(pictures)} pictures of {options.side}, grid of {options.grid_size}"
        console.print(table(title, study_upsamplers(pictures, options.grid_size)))


if __name__ == "__main__":
    main()
