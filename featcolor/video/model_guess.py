"""What a model says of single frames of a film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from featcolor.clips.frames import ClipInfo
from featcolor.clips.ycbcr import as_stored, upright
from featcolor.models.base import StillColorizer
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.pictures.resize import resize
from features.base import FloatArray
from refine.upsample import upsample


@dataclass(frozen=True)
class ModelGuess:
    """A model's prediction of a frame, which it is shown the way up that a player shows it. Picklable."""

    model: Path | None
    info: ClipInfo

    def __call__(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) and confidence (h, w), 0..1, of a frame (h, w)."""
        shown = upright(lightness, self.info.rotation)
        shape = shown.shape[0], shown.shape[1]
        chroma, confidence, working = film_colorizer(self.model).predict_working(shown)
        if chroma.shape[0] > shape[0] or chroma.shape[1] > shape[1]:
            chroma = resize(chroma, shape)
        elif chroma.shape[:2] != shape:
            chroma = upsample(chroma, working, shown)
        return as_stored(chroma, self.info.rotation), as_stored(resize(confidence, shape), self.info.rotation)


def film_colorizer(model: Path | None) -> StillColorizer:
    """The model in a file, None for the default one, as a film asks it; read once a process."""
    # One factor for the whole film: one of each frame's own would flicker with what walks through it.
    return _for_film(load_colorizer(model, ColouringSettings(saturation=1.0)))


@lru_cache(maxsize=2)
def _for_film(colorizer: StillColorizer) -> StillColorizer:
    return colorizer.for_film()
