"""Temporal smoothing of a shot whose every frame is coloured on its own: colour is averaged along the motion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from featcolor.pictures.resize import resize
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import FramePrediction, Lightnesses, ShotColours
from features.base import FloatArray
from refine.flow import estimate_flow, normalise_contrast
from refine.warp import compose, inside, photometric_confidence, warp

SIGMA: Final = 0.1
"""Difference of lightness, 0..1, at which a neighbour's colour counts 1/e: L* 10, as in the film benchmark's recipe."""

METHOD: Final = "dis_fast"


def colour_smoothed(
    lightness: Lightnesses,
    guess: FramePrediction,
    *,
    window: int,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ShotColours:
    """Chroma of every frame of a shot: a guess at each, averaged with its neighbours' along composed flow.

    A neighbour's pixel counts by how well its lightness fits; what comes from outside the frame does not count.

    Parameters
    ----------
    lightness : frames of one shot, all of one size
    guess : of chroma and confidence
    window : frames that are averaged, the frame itself in the middle; 1: none is
    folder : for large temporary files
    progress : called with (frames done, frames)
    """
    count, flows, reach, coloured = len(lightness), _Flows(lightness), window // 2, 0
    made = ShotColours.blank(lightness, folder)
    small = made.confidence.shape[0], made.confidence.shape[1]
    with SpooledPlanes(count, made.chroma.shape, folder=folder) as raw:
        for index in range(count):
            while coloured < min(count, index + reach + 1):
                raw[coloured], sure = guess(lightness[coloured])
                made.confidence[coloured] = resize(sure, small)
                coloured += 1
            made.chroma[index] = _averaged(index, lightness, raw, flows, reach)
            flows.forget(index - reach)
            if progress is not None:
                progress(index + 1, count)
    return made


class _Flows:
    """Flows between neighbours, worked out once each."""

    def __init__(self, lightness: Lightnesses) -> None:
        self._lightness = lightness
        self._known: dict[tuple[int, int], FloatArray] = {}

    def between(self, target: int, source: int) -> FloatArray:
        if (target, source) not in self._known:
            pair = (normalise_contrast(self._lightness[i]) for i in (target, source))
            self._known[target, source] = estimate_flow(*pair, method=METHOD)
        return self._known[target, source]

    def forget(self, before: int) -> None:
        """Drop what only frames before this one need."""
        for pair in [pair for pair in self._known if min(pair) < before]:
            del self._known[pair]


def _averaged(index: int, lightness: Lightnesses, raw: SpooledPlanes, flows: _Flows, reach: int) -> FloatArray:
    own = lightness[index]
    total, weights = raw[index].copy(), np.ones((*own.shape, 1), np.float32)
    for step in (-1, 1):
        flow: FloatArray | None = None
        for other in range(index + step, index + step * (reach + 1), step):
            if not 0 <= other < len(lightness):
                break
            last = flows.between(other - step, other)
            flow = last if flow is None else compose(flow, last)
            weight = photometric_confidence(own, warp(lightness[other], flow), SIGMA) * inside(flow)
            total += weight[..., None] * warp(raw[other], flow)
            weights += weight[..., None]
    return np.asarray(total / weights, np.float32)
