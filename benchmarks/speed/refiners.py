"""Each spatial refiner, and each way to raise chroma to full size."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.inputs import PRESET, Timed, make_lightness, make_picture, sides_of
from featcolor.colour.lab import rgb_to_lab
from featcolor.models.config import PRESETS
from featcolor.pictures.resize import resize, working_size
from refine.refiners import REFINERS, refine
from refine.upsample import UPSAMPLERS, upsample_bands

SIZE = PRESETS[PRESET].size


class Refiners(Timed):
    """One refiner on a square picture: at the preset's working size, at 512 x 512 and at 1024 x 1024."""

    params = (tuple(REFINERS), (SIZE, 512, 1024), (1, 2))
    quick_params = (tuple(REFINERS), (SIZE, 512), (1,))
    smoke_params = (tuple(REFINERS), (32,), (1,))
    param_names = ("refiner", "side", "threads")

    def setup(self, refiner: str, side: int, threads: int) -> None:
        self.bound(threads)
        self.lightness, self.chroma = rgb_to_lab(make_picture(side, side, colour=True))

    def time_refine(self, refiner: str, *_: Any) -> None:
        refine(self.chroma, self.lightness, method=refiner)


class Upsamplers(Timed):
    """Chroma of the working picture raised to full size, band by band, without conversion to RGB."""

    params = (tuple(UPSAMPLERS), (1, 4, 24), (1, 2))
    quick_params = (tuple(UPSAMPLERS), (1, 4), (1,))
    smoke_params = (tuple(UPSAMPLERS), (0.01,), (1,))
    param_names = ("upsampler", "megapixels", "threads")

    def setup(self, upsampler: str, megapixels: float, threads: int) -> None:
        self.bound(threads)
        height, width = sides_of(megapixels)
        self.lightness = make_lightness(height, width)
        small = working_size((height, width), min(SIZE, height))
        self.low_lightness = resize(self.lightness, small)
        _, self.low_chroma = rgb_to_lab(make_picture(*small, colour=True))

    def time_upsample(self, upsampler: str, *_: Any) -> None:
        for _ in upsample_bands(self.low_chroma, self.low_lightness, self.lightness, method=upsampler):
            pass
