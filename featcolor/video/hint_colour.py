"""Colour of frames that a person gave hints on, and what the hints make of every other frame of their shot.

A hint changes the colour that stands there without it. What it changes is what looks alike, in its own frame and in
the others (one Gaussian process over the places of all frames of the shot); and a hinted frame's colour is carried
like a key frame's, as sure of a place as the hints' influence there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from featcolor.clips.ycbcr import as_stored, upright
from featcolor.hints.picture import HintedColorizer, on_working
from featcolor.hints.pixels import HintPixels
from featcolor.hints.places import Places, places_of, two_views
from featcolor.hints.shared import Change, SharedHints
from featcolor.models.base import StillColorizer
from featcolor.models.config import ColorizerConfig
from featcolor.parallel.cores import library_threads
from featcolor.pictures.resize import resize
from featcolor.video.options import VideoConfig
from featcolor.video.propagation.sweeps import KeyChroma, Lightnesses, ShotColours, carry_over
from featcolor.video.report import GUESS_BELOW
from features.base import FloatArray
from features.colournet import ColourNetwork

COARSER: Final = 4
"""Pixels of the working frame, each way, that are one place when frames are compared."""
MOST_PLACES: Final = 2000
"""Of all hinted frames of a shot together, evenly from each, that frames are compared with."""


class StandingColour(StillColorizer):
    """What a frame is coloured as already, as a colorizer: hints go on top of it as on top of any other.

    Parameters
    ----------
    lightness : (h, w), 0..1
    chroma : (h, w, 2)
    """

    def __init__(self, lightness: FloatArray, chroma: FloatArray) -> None:
        self.config, self._standing = ColorizerConfig(), (lightness, chroma)

    def card(self) -> dict[str, Any]:
        """Nothing: no model is behind it."""
        return {}

    def _chroma(self, lightness: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self._standing[1].copy(), np.zeros_like(self._standing[0])

    def predict_working(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The colour as it stands at the frame's own size; no confidence, so that what hints add to it is theirs."""
        return *self._chroma(lightness, lightness), self._standing[0]


def hinted_chroma(lightness: FloatArray, chroma: FloatArray, pixels: HintPixels) -> tuple[FloatArray, FloatArray]:
    """Chroma (h, w, 2) of an upright frame with hints on top of what stands there, and how far they decide it, (h, w),
    0..1."""
    return HintedColorizer(StandingColour(lightness, chroma), pixels).predict_working(lightness)[:2]


class HintedShot:
    """A shot that is coloured, and hints on some of its frames.

    Parameters
    ----------
    lightness : of its frames, as the film stores them
    standing : its colour without the hints
    pixels : hints by position, on the frames as they are shown
    rotation : of the film, see `featcolor.clips.frames.ClipInfo`
    """

    def __init__(
        self, lightness: Lightnesses, standing: ShotColours, pixels: Mapping[int, HintPixels], *, rotation: int = 0
    ) -> None:
        self._lightness, self._standing, self._pixels, self._rotation = lightness, standing, pixels, rotation
        self._network = ColourNetwork()
        self._told = {position: self._tell(position) for position in pixels}
        self._shared = SharedHints.of(list(self._told.values()))

    def colour(
        self,
        keys: Sequence[KeyChroma],
        *,
        config: VideoConfig,
        folder: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ShotColours:
        """Colour of every frame with the hints; `keys` are frames that a person coloured, which stay as they are.

        The rest is as of `featcolor.video.propagation.sweeps.colour_shot`.
        """
        with library_threads(1):
            hinted = {position: self._key(position) for position in self._pixels}
            given = [*keys, *hinted.values()]
        made = carry_over(self._lightness, given, self._guess, config=config, folder=folder, progress=progress)
        made.anchors = self._standing.anchors
        made.told = np.zeros(len(self._lightness), np.float32)
        for index in range(len(self._lightness)):
            carried, before = made.confidence[index], self._standing.confidence[index]
            by_keys = before >= GUESS_BELOW if keys else np.zeros_like(before, bool)
            told = (carried >= GUESS_BELOW) & ~by_keys
            if index in hinted and (sureness := hinted[index].sureness) is not None:
                told |= resize(sureness, told.shape) >= GUESS_BELOW
            made.told[index] = np.mean(told)
            made.confidence[index] = np.maximum(carried, before)
        return made

    def _guess(self, position: int) -> FloatArray:
        """A frame's colour as the hints on all frames change it by likeness."""
        return as_stored(self._changed(position, self._shared), self._rotation)

    def _key(self, position: int) -> KeyChroma:
        """A hinted frame, as sure of a place as its hints decide what is there."""
        lightness, _ = self._shown(position)
        others = [told for place, told in self._told.items() if place != position]
        beneath = self._changed(position, SharedHints.of(others) if others else None)
        hinted = hinted_chroma(lightness, beneath, self._pixels[position])
        return KeyChroma(position, *(as_stored(planes, self._rotation) for planes in hinted))

    def _changed(self, position: int, hints: SharedHints | None) -> FloatArray:
        lightness, chroma = self._shown(position)
        if hints is None:
            return chroma
        return chroma + _raised(hints.over(self._places(lightness, chroma)), lightness)

    def _tell(self, position: int) -> Change:
        lightness, chroma = self._shown(position)
        places = self._places(lightness, chroma)
        some = self._pixels[position].thinned(-(-MOST_PLACES // len(self._pixels)))
        yx, told = on_working(some, lightness, places.shape)
        return Change(places, yx, told, resize(chroma, places.shape)[yx[:, 0], yx[:, 1]])

    def _places(self, lightness: FloatArray, chroma: FloatArray) -> Places:
        """What the places of a frame look like, on a coarse grid."""
        shape = -(-lightness.shape[0] // COARSER), -(-lightness.shape[1] // COARSER)
        views = two_views(self._network, lightness)
        return places_of(views, *(np.asarray(resize(each, shape)) for each in (lightness, chroma)))

    def _shown(self, position: int) -> tuple[FloatArray, FloatArray]:
        """Lightness (h, w) and standing chroma (h, w, 2) of a frame, upright."""
        planes = self._lightness[position], self._standing.chroma[position]
        return upright(planes[0], self._rotation), upright(planes[1], self._rotation)


def _raised(planes: FloatArray, lightness: FloatArray) -> FloatArray:
    height, width = lightness.shape
    return np.asarray(cv2.resize(planes, (width, height), interpolation=cv2.INTER_LINEAR))
