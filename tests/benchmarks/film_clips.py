"""Small clips of which everything is known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.metrics.film_scores import FilmScores, Truth, score_pictures, summarise_scores
from featcolor.colour.lab import lab_to_rgb
from features.base import FloatArray

COUNT, HEIGHT, WIDTH = 7, 48, 64


def pan(photograph: np.ndarray, count: int = COUNT, step: int = 1) -> list[np.ndarray]:
    """A camera that moves over a photograph by `step` pixels a frame."""
    small = cv2.resize(photograph, (WIDTH + step * count, HEIGHT), interpolation=cv2.INTER_AREA)
    return [np.ascontiguousarray(small[:, step * index : step * index + WIDTH]) for index in range(count)]


def write_frames(folder: Path, frames: Sequence[np.ndarray], first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(frames, start=first):
        cv2.imwrite(str(folder / f"{index:05}.png"), frame[..., ::-1])


def summary(scores: FilmScores, truth: Truth, frames: Sequence[int] | None = None) -> dict[str, float]:
    return summarise_scores(scores, truth.scores, frames)


def score_chroma(truth: Truth, chroma: Iterable[FloatArray], keys: Collection[int] = (0,)) -> FilmScores:
    """Scores of chroma on the truth's own lightness; `keys` were given."""
    pictures = (lab_to_rgb(lightness, ab) for lightness, ab in zip(truth.lightness, chroma, strict=True))
    return score_pictures(truth, (None if i in keys else rgb for i, rgb in enumerate(pictures)), keys=keys)
