"""A preview: a few pictures, small, in every combination of a grid of settings, and what the whole would take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.batch.colour import colorize_inside, prepared
from featcolor.batch.preview_grid import Cell
from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.errors import PictureError, UsageError, one_line
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.names import shown
from featcolor.pictures.io import encode_picture, read_picture
from featcolor.pictures.picture import Picture, as_depth
from featcolor.pictures.resize import resize
from featcolor.preparation.steps import Region, Step

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer

T = TypeVar("T")
THUMB: Final = 480
"""Longest side of the thumbnails, in pixels, unless another is asked for."""
THUMB_QUALITY: Final = 85
"""Of the thumbnails' JPEG, without chroma subsampling: colour is what they show."""
WARM_UP: Final = 128
"""Side of the picture that is coloured before any is timed, in pixels."""
LOOKS: Final = ("saturation", "temperature", "warmth")
"""Settings that change the look and not the time."""


@dataclass(frozen=True)
class PreviewedPicture:
    """One picture in all settings.

    Attributes
    ----------
    path : where it was read.
    width, height : of the whole picture, in pixels.
    thumb : (width, height) of its thumbnails.
    grey : the thumbnail without colour, a JPEG file.
    coloured : one a cell, JPEG files.
    seconds : that reading, colouring and coding the whole picture takes in one process, one a cell.
    """

    path: Path
    width: int
    height: int
    thumb: tuple[int, int]
    grey: bytes
    coloured: tuple[bytes, ...]
    seconds: tuple[float, ...]


def pick_evenly(items: Sequence[T], count: int) -> list[T]:
    """`count` of the items, each from the middle of its share, in their order; all where there are no more."""
    count = min(count, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def load_cells(cells: Iterable[Cell]) -> list[StillColorizer]:
    """The colorizer of each cell; those of one model share what it has loaded.

    Raises
    ------
    ModelFileError, NetworkError
        When a model cannot be used.
    UsageError
        When a setting is out of range.
    """
    models: dict[Path | None, StillColorizer] = {}
    colorizers = []
    for cell in cells:
        if cell.model not in models:
            models[cell.model] = load_colorizer(cell.model, ColouringSettings())
        try:
            colorizers.append(models[cell.model].with_options(**cell.settings.chosen()))
        except ValueError as error:
            raise UsageError(str(error)) from error
    return colorizers


class Previewer:
    """A colorizer of small pictures in every setting.

    Parameters
    ----------
    cells : the settings.
    thumb : longest side of the thumbnails, in pixels.
    preparation : steps before the colour, of the whole picture.
    """

    def __init__(self, cells: Sequence[Cell], *, thumb: int = THUMB, preparation: Sequence[Step] = ()) -> None:
        self.cells, self.thumb, self.preparation = tuple(cells), thumb, preparation
        self._colorizers = load_cells(cells)
        # Of the settings that take the same time, one is timed.
        timed: dict[Any, int] = {}
        self._timed_by = [timed.setdefault(_time_key(cell), index) for index, cell in enumerate(self.cells)]
        self._warm_up()

    def __call__(self, path: Path) -> PreviewedPicture:
        """One picture, read once.

        Raises
        ------
        PictureError
            When it cannot be read, coloured or coded.
        """
        start = time.perf_counter()
        picture = read_picture(path)
        whole, region = prepared(picture.pixels, self.preparation)
        reading = time.perf_counter() - start
        height, width = picture.pixels.shape[:2]
        scale = self._scale(height, width)
        small, inside = _shrink(whole, scale), _scaled(region, scale)
        lightness = lightness_of(_shrink(picture.pixels, scale))
        grey = lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32), np.uint8)
        return PreviewedPicture(
            path=path,
            width=width,
            height=height,
            thumb=self._thumbnail(grey).shape[1::-1],
            grey=self._jpeg(grey),
            coloured=tuple(self._jpeg(colorize_inside(each, small, inside)) for each in self._colorizers),
            seconds=self._seconds(path, replace(picture, pixels=whole), small, reading),
        )

    def _warm_up(self) -> None:
        """Let everything be loaded: what a process does once is not what a picture takes."""
        ramp = np.tile(np.arange(WARM_UP, dtype=np.uint8), (WARM_UP, 1))
        picture = read_picture(encode_picture(ramp, format="JPEG"))
        for index in set(self._timed_by):
            self._colorizers[index].colorize(picture.pixels)

    def _scale(self, height: int, width: int) -> float:
        """Scale of the small picture, no smaller than any cell works on: its colour is the whole's, nearly."""
        size = max(colorizer.config.size for colorizer in self._colorizers)
        return min(1.0, max(self.thumb / max(height, width), size / sqrt(height * width)))

    def _seconds(self, path: Path, picture: Picture, small: NDArray[np.uint8], reading: float) -> tuple[float, ...]:
        """Seconds of the whole picture: measured in the first setting; of the others, by what they add when small."""
        # Upside down, since models keep what they know of the latest picture.
        turned = np.ascontiguousarray(small[::-1])
        seconds = {index: _clock(partial(self._colorizers[index].colorize, turned)) for index in set(self._timed_by)}
        start = time.perf_counter()
        rgb = self._colorizers[0].colorize(picture.pixels)
        encode_picture(rgb, like=picture, name=str(path))
        whole = reading + time.perf_counter() - start
        return tuple(max(reading, whole + seconds[index] - seconds[0]) for index in self._timed_by)

    def _thumbnail(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return _shrink(rgb, min(1.0, self.thumb / max(rgb.shape[:2])))

    def _jpeg(self, rgb: NDArray[np.uint8]) -> bytes:
        return encode_picture(self._thumbnail(rgb), format="JPEG", quality=THUMB_QUALITY)


def preview_pictures(
    paths: Sequence[Path], previewer: Previewer, *, progress: Callable[[str, int, int], None]
) -> tuple[list[PreviewedPicture], dict[Path, str]]:
    """The pictures that could be coloured, and of those that could not, why; the rest go on."""
    done, failed = [], {}
    for number, path in enumerate(paths, start=1):
        try:
            done.append(previewer(path))
        except (PictureError, OSError, MemoryError, cv2.error) as error:
            message = one_line(error)
            name = shown(str(path))
            failed[path] = message if name in message else f"{name}: {message}"
        progress("colouring", number, len(paths))
    return done, failed


def _time_key(cell: Cell) -> tuple[Any, ...]:
    settings = {key: value for key, value in cell.settings.chosen().items() if key not in LOOKS}
    return cell.model, tuple(settings.items())


def _shrink(pixels: NDArray[Any], scale: float) -> NDArray[np.uint8]:
    """The picture in 8 bits, shrunk by box means."""
    if scale < 1:
        height, width = pixels.shape[:2]
        pixels = resize(pixels, (max(1, round(height * scale)), max(1, round(width * scale))))
    return np.asarray(as_depth(pixels, np.uint8))


def _scaled(region: Region, scale: float) -> Region:
    rows, columns = (slice(round(part.start * scale), max(1, round(part.stop * scale))) for part in region)
    return rows, columns


def _clock(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
