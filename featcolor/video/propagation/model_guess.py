"""What a model says of single frames of a film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from featcolor.clips.ycbcr import as_stored, upright
from featcolor.models.base import StillColorizer
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pictures.resize import resize
from features.base import FloatArray
from refine.upsample import upsample

LEAST_SHARE: Final = 1e-4
"""Of a colour, that counts: smaller numbers are slow to keep in two bytes, and together say nothing."""

SUREST: Final = 32
"""Power of a frame's mean confidence by which it counts: where a model has made out the scene, it is surer of all of
it, and knows better."""

CONFIDENCE_STEP: Final = 3
"""Of the grid every third cell, both ways, tells a frame's mean confidence."""

LEAST_CONFIDENCE: Final = 0.1
"""Below which a frame counts no less."""


class Votes(NamedTuple):
    """What a model says of one frame before it is decided, on a coarse grid.

    Attributes
    ----------
    shares : (h, w, k), of each of the model's colours; of a model that gives no such distribution its a* and b*.
    weight : above 0: how much they count beside those of other frames.
    likeness : (h, w, c), by which places are alike.
    """

    shares: FloatArray
    weight: float
    likeness: FloatArray


@dataclass(frozen=True)
class ModelGuess:
    """A model's prediction of a frame, which it is shown the way up that a player shows it. Picklable.

    `rotation`: of the film, as `ClipInfo` has it.
    """

    model: Path | None
    rotation: int = 0

    def __call__(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w), 0..1, of a frame (h, w)."""
        shown = upright(lightness, self.rotation)
        shape = shown.shape[0], shown.shape[1]
        chroma, confidence, working = film_colorizer(self.model).predict_working(shown)
        if chroma.shape[0] > shape[0] or chroma.shape[1] > shape[1]:
            chroma = resize(chroma, shape)
        elif chroma.shape[:2] != shape:
            chroma = upsample(chroma, working, shown)
        return as_stored(chroma, self.rotation), as_stored(resize(confidence, shape), self.rotation)

    def votes(self, lightness: FloatArray, grid: tuple[int, int]) -> Votes:
        """What is to be said of a frame (h, w) on a grid, both as they are stored."""
        colorizer, turn = film_colorizer(self.model), self.rotation
        shown, shown_grid = upright(lightness, turn), grid if turn % 180 == 0 else grid[::-1]
        if isinstance(colorizer, PretrainedColorizer):
            shares, likeness = colorizer.shares(shown, shown_grid)
            shares[shares < LEAST_SHARE] = 0
            some = np.s_[::CONFIDENCE_STEP, ::CONFIDENCE_STEP]
            _, confidence = colorizer.decide(shares[some], resize(shown, shown_grid)[some])
        else:
            _, likeness = _default().with_options(mirrored=False).shares(shown, shown_grid)
            shares, confidence = (resize(upright(each, turn), shown_grid) for each in self(lightness))
        weight = max(float(confidence.mean()), LEAST_CONFIDENCE) ** SUREST
        return Votes(as_stored(shares, turn), weight, as_stored(likeness, turn))

    def decide(self, shares: FloatArray, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w) of shares (h, w, k) as `votes` has them, lightness (h, w) beside."""
        colorizer = film_colorizer(self.model)
        if isinstance(colorizer, PretrainedColorizer):
            return colorizer.decide(shares, lightness)
        return shares, np.ones_like(lightness)

    def vividness(self, chroma: FloatArray, confidence: FloatArray, lightness: FloatArray, scene: FloatArray) -> float:
        """The factor for `scale_chroma` of all frames of a shot, by some of them one below the other.

        `scene` (c,) is their mean likeness. 1 of a model that knows nothing of it, as of one that was fitted.
        """
        colorizer = film_colorizer(self.model)
        if not isinstance(colorizer, PretrainedColorizer) or colorizer.vividness is None:
            return 1.0
        return colorizer.vividness.factor(chroma, confidence, lightness, scene)


def film_colorizer(model: Path | None) -> StillColorizer:
    """The model in a file, None for the default one, as a film asks it; read once a process."""
    # How vivid a film is, is decided a shot: a factor of each picture's own would flicker with what walks through it.
    return _for_film(load_colorizer(model, ColouringSettings(saturation=1.0)))


@lru_cache(maxsize=2)
def _for_film(colorizer: StillColorizer) -> StillColorizer:
    return colorizer.for_film()


def _default() -> PretrainedColorizer:
    colorizer = film_colorizer(None)
    assert isinstance(colorizer, PretrainedColorizer), "the default model is a colour network alone"
    return colorizer
