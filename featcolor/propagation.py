"""Colour for one shot: from the chroma of a few of its frames to the chroma of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.stores import PlaneStore
from features.base import FloatArray

DEFAULT_FILM_PRESET: Final = "balanced"


class Lightnesses(Protocol):
    """The grey frames of one shot at the working size: `lightness[i]` is (h, w) float32, 0..1."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> FloatArray: ...


class KeyChroma(NamedTuple):
    """The colour of one frame of a shot.

    Attributes
    ----------
    position : the frame's place in the shot, from 0.
    chroma : (h, w, 2) float32, a* and b* at the working size.
    """

    position: int
    chroma: FloatArray


Guess = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Lightness (h, w) to chroma (h, w, 2) and confidence (h, w), 0..1: what a model says of one frame."""


@dataclass(frozen=True, kw_only=True)
class FilmConfig:
    """How the frames between key frames get their colour.

    Attributes
    ----------
    size : side of a square with as many pixels as the working frame.
    seed : of everything random.
    """

    size: int = 384
    seed: int = 0


FILM_PRESETS: Final = MappingProxyType({"fast": FilmConfig(size=256), "balanced": FilmConfig()})


@dataclass
class ShotColours:
    """What `colour_shot` made.

    Attributes
    ----------
    chroma : store of (h, w, 2), a* and b*, one a frame; a key frame's own is what was given.
    confidence : store of (h, w) / 8, rounded up; 0..1: how far the colour there is carried from a key frame rather than
        guessed.
    """

    chroma: PlaneStore
    confidence: PlaneStore
    notes: list[str] = field(default_factory=list)

    def close(self) -> None:
        """Give memory and files back."""
        self.chroma.close()
        self.confidence.close()


def colour_shot(
    lightness: Lightnesses,
    keys: Sequence[KeyChroma],
    *,
    config: FilmConfig | None = None,
    guess: Guess | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ShotColours:
    """Chroma of every frame of a shot.

    Parameters
    ----------
    lightness : frames of one shot, all of one size
    keys : at least one, in any order
    config : FilmConfig, optional
    guess : what colours a place that no key frame shows; None: a regressor fitted on the key frames
    folder : for large temporary files
    progress : called with (frames done, frames)
    """
    keys = sorted(keys)
    count, (height, width) = len(lightness), lightness[0].shape
    chroma = PlaneStore(count, (height, width, 2), folder=folder)
    confidence = PlaneStore(count, (-(-height // 8), -(-width // 8)), folder=folder)
    for index in range(count):
        nearest = min(keys, key=lambda key: abs(key.position - index))
        chroma[index] = nearest.chroma
        small = cv2.resize(np.ones((height, width), np.float32), confidence.shape[::-1])
        confidence[index] = small if index == nearest.position else 0.5 * small
        if progress is not None:
            progress(index + 1, count)
    return ShotColours(chroma, confidence)


def fit_guess(pictures: Sequence[tuple[FloatArray, FloatArray]], config: FilmConfig | None = None) -> Guess:
    """What says the chroma of a frame that no key frame's colour reaches, learnt from all key frames of a film.

    Placeholder: the mean chroma of each of 32 lightnesses.
    """
    levels = np.concatenate([_levels(lightness).ravel() for lightness, _ in pictures])
    chroma = np.concatenate([planes.reshape(-1, 2) for _, planes in pictures])
    counts = np.maximum(np.bincount(levels, minlength=32), 1)
    table = np.stack([np.bincount(levels, chroma[:, i], 32) / counts for i in range(2)], axis=-1).astype(np.float32)

    def guess(lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        return table[_levels(lightness)], np.full_like(lightness, 0.1)

    return guess


def _levels(lightness: FloatArray) -> NDArray[np.intp]:
    return np.clip(lightness * 32, 0, 31).astype(np.intp)
