"""Whole pictures in a warm process, grey in, RGB out: how cost and memory grow with the size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.speed.inputs import MODEL_NAME, PRESET, TimedWithModel, in_turn, make_picture, sides_of
from featcolor.models.config import PRESETS
from featcolor.models.load import load

SIZES = (0.06, 0.25, 1, 4, 12, 24)
"""Megapixels: a thumbnail of 300 x 200 to a camera's 6000 x 4000."""


class SmallPictures(TimedWithModel):
    """A square picture that is not larger than the working size, so that nothing is shrunk or raised."""

    params = ((256, PRESETS[PRESET].size), (1, 2))
    quick_params = params
    smoke_params = ((64,), (1,))
    param_names = ("side", "threads")

    def setup(self, folder: Path, side: int, threads: int) -> None:
        self.bound(threads)
        self.colorizer = load(folder / MODEL_NAME)
        self.pictures = in_turn(make_picture(side, side))

    def time_colorize(self, *_: Any) -> None:
        self.colorizer.colorize(next(self.pictures))


class WholePictures(TimedWithModel):
    """A photograph in memory, from 0.06 to 24 megapixels, without reading or writing a file."""

    params = (SIZES, (1, 2))
    quick_params = ((0.06, 0.25, 1, 4), (1,))
    smoke_params = ((0.01,), (1,))
    param_names = ("megapixels", "threads")

    def setup(self, folder: Path, megapixels: float, threads: int) -> None:
        self.bound(threads)
        self.colorizer = load(folder / MODEL_NAME)
        self.pictures = in_turn(make_picture(*sides_of(megapixels)))

    def time_colorize(self, *_: Any) -> None:
        self.colorizer.colorize(next(self.pictures))


class Memory(TimedWithModel):
    """The most memory that a process holds which loads a model and colours one picture, the picture included."""

    params = (SIZES,)
    smoke_params = ((0.01,),)
    param_names = ("megapixels",)

    def setup(self, folder: Path, megapixels: float) -> None:
        self.colorizer = load(folder / MODEL_NAME)
        self.picture = make_picture(*sides_of(megapixels))

    def peakmem_colorize(self, *_: Any) -> None:
        self.colorizer.colorize(self.picture)
