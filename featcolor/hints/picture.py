"""Colorizers that take hints: on top of any other, and one of a single picture that answers each new hint quickly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lightness_of
from featcolor.errors import UsageError
from featcolor.hints.ask import Question, calm_grid, choose, visibility
from featcolor.hints.colours import chroma_at
from featcolor.hints.likely import LikelyColours
from featcolor.hints.pixels import HintPixels
from featcolor.hints.places import Places, Views, places_of, two_views
from featcolor.hints.shared import Change, SharedHints
from featcolor.hints.spread import EDGES, TOUCHED, spread, touch_up
from featcolor.hints.suggest import SUGGESTED, Suggestion, suggestions
from featcolor.models.base import Banded, StillColorizer
from features.base import FloatArray, IndexArray
from features.colournet import ColourNetwork
from refine.refiners import refine


@dataclass
class Unhinted:
    """What a model makes of a picture that nobody has told anything of.

    Attributes
    ----------
    lightness : (H, W)
    chroma : (h, w, 2), at the working size
    confidence : (h, w), 0..1
    working : (h, w), the shrunk lightness
    """

    lightness: FloatArray
    chroma: FloatArray
    confidence: FloatArray
    working: FloatArray

    @cached_property
    def _views(self) -> Views:
        return two_views(ColourNetwork(), self.lightness)

    @cached_property
    def places(self) -> Places:
        """What its places look like; worked out when first asked for."""
        return places_of(self._views, self.working, self.chroma)

    @cached_property
    def likely(self) -> LikelyColours:
        """Which colours its places may have; worked out when first asked for."""
        return LikelyColours.of(self._views, self.lightness.shape[1])


class HintedColorizer(StillColorizer):
    """Colorizer on top of another, with hints; without any it is the other, byte for byte.

    Parameters
    ----------
    base : StillColorizer, any
    pixels : HintPixels, of the pictures that it is asked about, which have one size
    """

    def __init__(self, base: StillColorizer, pixels: HintPixels) -> None:
        self.base, self.config, self.pixels = base, base.config, pixels

    def card(self) -> dict[str, Any]:
        """What `featcolor inspect` shows of the model below."""
        return self.base.card()

    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.base._chroma(lightness, working)

    def predict_working(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Chroma (h, w, 2), confidence (h, w) and lightness (h, w) at the working size, as the hints have it."""
        seen = self._look(lightness)
        if not len(self.pixels):
            return seen.chroma, seen.confidence, seen.working
        yx, told = on_working(self.pixels, lightness, seen.places.shape)
        chroma, influence = spread(seen.places, seen.working, seen.chroma, yx, told)
        return chroma, np.maximum(seen.confidence, influence), seen.working

    def _full_size(self, chroma: FloatArray, working: FloatArray, lightness: FloatArray) -> Banded:
        raised = super()._full_size(chroma, working, lightness)
        return TouchedUp(raised, self.pixels, lightness) if len(self.pixels) else raised

    def _look(self, lightness: FloatArray) -> Unhinted:
        return Unhinted(lightness, *self.base.predict_working(lightness))


class SharedColorizer(StillColorizer):
    """Colorizer on top of another, with the hints of other pictures where the same thing shows.

    Parameters
    ----------
    base : StillColorizer, any
    shared : SharedHints
    """

    def __init__(self, base: StillColorizer, shared: SharedHints) -> None:
        self.base, self.config, self.shared = base, base.config, shared

    def card(self) -> dict[str, Any]:
        """What `featcolor inspect` shows of the model below."""
        return self.base.card()

    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self.base._chroma(lightness, working)

    def predict_working(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Chroma (h, w, 2), confidence (h, w) and lightness (h, w) at the working size, as the hints have it."""
        seen = Unhinted(lightness, *self.base.predict_working(lightness))
        change = refine(self.shared.over(seen.places), seen.working, None, method=EDGES)
        return seen.chroma + change, seen.confidence, seen.working


def change_of(base: StillColorizer, picture: NDArray[Any], pixels: HintPixels) -> Change:
    """What hints, one at least, change in a picture (H, W) or (H, W, 3) that a model colours."""
    seen = HintablePicture(base, picture).unhinted
    yx, told = on_working(pixels, seen.lightness, seen.places.shape)
    return Change(seen.places, yx, told, seen.chroma[yx[:, 0], yx[:, 1]])


class HintablePicture:
    """A picture that takes hints: what is costly of it is done once, each set of hints is then answered quickly.

    Parameters
    ----------
    base : StillColorizer, any
    picture : (H, W) or (H, W, 3), uint8, uint16 or float 0..1
    """

    def __init__(self, base: StillColorizer, picture: NDArray[Any]) -> None:
        self.base, self.picture = base, picture
        lightness = lightness_of(picture)
        self.unhinted = Unhinted(lightness, *base.predict_working(lightness))

    def colorize(self, pixels: HintPixels, *, return_confidence: bool = False) -> Any:
        """The picture in colour with these hints, as `StillColorizer.colorize` gives it."""
        return self.hinted(pixels).colorize(self.picture, return_confidence=return_confidence)

    def hinted(self, pixels: HintPixels) -> StillColorizer:
        """The model with these hints, which may be asked about this picture alone."""
        return _OfOnePicture(self, pixels)

    def suggest(self, x: int, y: int, count: int = SUGGESTED) -> tuple[Suggestion, ...]:
        """The likely colours of a pixel, likeliest first; UsageError for one that is outside."""
        seen = self.unhinted
        height, width = seen.lightness.shape
        if not (0 <= x < width and 0 <= y < height):
            raise UsageError(f"the point {x},{y} is outside the picture, which has {width} x {height} pixels")
        shares = seen.likely.shares(np.array([[y, x]]))[0]
        return suggestions(shares, seen.likely.cells, float(seen.lightness[y, x]), count)

    def ask(self, count: int, known: Sequence[tuple[int, int]] = ()) -> tuple[Question, ...]:
        """The places whose hint would help most, where the pixels `known`, (x, y), are told already."""
        seen = self.unhinted
        shape, full = seen.working.shape, seen.lightness.shape
        grid = calm_grid(seen.working)
        scale = np.divide(full, shape)
        pixels = np.minimum(((grid + 0.5) * scale).astype(np.intp), np.subtract(full, 1))
        painted = seen.chroma[grid[:, 0], grid[:, 1]]
        deviation = seen.likely.deviation(pixels, painted)
        weight = visibility(seen.working[grid[:, 0], grid[:, 1]], painted)
        told = np.array([(y, x) for x, y in known], np.intp).reshape(-1, 2)
        told = np.minimum(((told + 0.5) / scale).astype(np.intp), np.subtract(shape, 1)).astype(np.intp)
        order, worth = choose(seen.places, grid, deviation, weight, told, count)
        return tuple(Question(int(x), int(y), float(each)) for (y, x), each in zip(pixels[order], worth, strict=True))


class TouchedUp:
    """Chroma in full size with hinted pixels, and little around them, in the very colours that were told.

    Parameters
    ----------
    raised : Banded, what was raised from the working size
    pixels : HintPixels, one at least
    lightness : (H, W)
    """

    def __init__(self, raised: Banded, pixels: HintPixels, lightness: FloatArray) -> None:
        self.raised, self.yx, self.width = raised, pixels.yx, lightness.shape[1]
        rows, columns = self.yx[:, 0], self.yx[:, 1]
        error = chroma_at(pixels.rgb, lightness[rows, columns])
        for row in np.unique(rows):
            own = rows == row
            error[own] -= raised.band(lightness[row : row + 1], int(row))[0, columns[own]]
        self.error = error

    def band(self, lightness_band: FloatArray, first_row: int = 0) -> FloatArray:
        """Chroma (n_rows, W, 2), as of what was raised."""
        chroma = self.raised.band(lightness_band, first_row)
        start, stop = first_row - TOUCHED, first_row + len(chroma) + TOUCHED
        near = (self.yx[:, 0] >= start) & (self.yx[:, 0] < stop)
        if near.any():
            yx = self.yx[near] - np.array([start, 0])
            touched = touch_up((stop - start, self.width), yx, self.error[near])
            chroma += touched[TOUCHED : TOUCHED + len(chroma)]
        return chroma


class _OfOnePicture(HintedColorizer):
    """A hinted colorizer that is only asked about the picture that it knows."""

    def __init__(self, known: HintablePicture, pixels: HintPixels) -> None:
        super().__init__(known.base, pixels)
        self._known = known.unhinted

    def _look(self, lightness: FloatArray) -> Unhinted:
        return self._known


def on_working(pixels: HintPixels, lightness: FloatArray, shape: tuple[int, int]) -> tuple[IndexArray, FloatArray]:
    """Hints on a picture (H, W) as places (n, 2) of the working size (h, w), each once, and their chroma (n, 2)."""
    scale = np.divide(shape, lightness.shape)
    places = np.minimum(((pixels.yx + 0.5) * scale).astype(np.intp), np.subtract(shape, 1))
    chroma = chroma_at(pixels.rgb, lightness[pixels.yx[:, 0], pixels.yx[:, 1]])
    yx, number = np.unique(places, axis=0, return_inverse=True)
    number = number.ravel()
    sums = np.stack([np.bincount(number, chroma[:, i]) for i in range(2)], axis=1)
    return yx, np.asarray(sums / np.bincount(number)[:, None], np.float32)
