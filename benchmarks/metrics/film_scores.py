"""Scores of a film: every frame of a sequence beside its truth, and every pair of neighbours.

What is needed of the truth (motion, colourfulness, its own flicker) is measured once and shared over all methods.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.film_sequences import Frame
from benchmarks.metrics.film import cdc, measure_motion, pair_flicker, pair_warp_error
from benchmarks.metrics.ssim import wrapped_psnr
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import colourfulness, delta_e00, psnr
from features.base import FloatArray

Values: TypeAlias = NDArray[np.float64]

DELTA_STEP: Final = 3
"""CIEDE2000 is taken at every third pixel of every third row: its mean is the same to 0.04, at a ninth of the time."""

COARSE: Final = 17
"""Window in pixels over which the change of chroma is averaged for the coarse flicker."""

CDC_FRAMES: Final = 5
"""Frames without a gap that colour distribution consistency needs."""


class Truth:
    """A sequence in its true colours, and what the scores of every method need of it.

    `frames`: (H, W, 3) uint8 each, of one shot, in order, at least 2.

    `lightness`: L*/100 of each frame, (H, W) float32; `chroma`: a*, b* of each frame, (H, W, 2) float32; `motions`: of
    each pair of neighbours; `scores`: of the truth itself, of its PSNR nothing is to be learned.
    """

    def __init__(self, frames: Sequence[Frame]) -> None:
        if len(frames) < 2:
            raise ValueError(f"a sequence needs at least 2 frames, got {len(frames)}")
        self.frames = list(frames)
        pairs = [rgb_to_lab(frame) for frame in self.frames]
        self.lightness, self.chroma = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        self.motions = [measure_motion(*pair) for pair in pairwise(self.frames)]
        self.scores = score_pictures(self, self.frames, keys=())

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, eq=False)
class FilmScores:
    """Measures of one method on one sequence of n frames.

    Attributes
    ----------
    psnr, wrapped_psnr, cf, delta_e00 : (n,); nan for key frames and for frames that are not there.
    warp_error, flicker, coarse_flicker : (n - 1,), of frame t and t + 1; nan where either is not scored.
    cdc : of the frames that are scored; nan when they are fewer than 5 or not in one piece.
    """

    psnr: Values
    wrapped_psnr: Values
    cf: Values
    delta_e00: Values
    warp_error: Values
    flicker: Values
    coarse_flicker: Values
    cdc: float

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which frames were measured, (n,)."""
        return np.asarray(~np.isnan(self.cf))

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; numbers that are not finite stay."""
        return {name: value if name == "cdc" else value.tolist() for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FilmScores:
        """The inverse of `to_dict`; None is read as nan."""
        cdc_value = values["cdc"]
        arrays = {name: np.asarray(value, np.float64) for name, value in values.items() if name != "cdc"}
        return cls(**arrays, cdc=float("nan") if cdc_value is None else cdc_value)


def score_pictures(truth: Truth, pictures: Iterable[Frame | None], *, keys: Collection[int] = (0,)) -> FilmScores:
    """Scores of whole pictures, (H, W, 3) uint8 each, in order; None: not there, not scored; `keys` likewise."""
    count = len(truth)
    of_frames = np.full((4, count), np.nan)
    of_pairs = np.full((3, count - 1), np.nan)
    coloured: list[Frame] = []
    before: tuple[Frame, FloatArray] | None = None
    for index, (true, rgb) in enumerate(zip_longest(truth.frames, pictures)):
        if true is None:
            raise ValueError(f"more pictures than the {count} frames of the truth")
        if rgb is None or index in keys:
            before = None
            continue
        lightness, chroma = rgb_to_lab(rgb)
        difference = _mean_delta(truth.lightness[index], truth.chroma[index], lightness, chroma)
        of_frames[:, index] = psnr(true, rgb), wrapped_psnr(true, rgb), colourfulness(rgb), difference
        if before is not None:
            motion = truth.motions[index - 1]
            of_pairs[:, index - 1] = (
                pair_warp_error(before[0], rgb, motion),
                pair_flicker(before[1], chroma, motion),
                pair_flicker(before[1], chroma, motion, window=COARSE),
            )
        before = rgb, chroma
        coloured.append(rgb)
    psnrs, wrapped, cf, delta = of_frames
    warp_errors, flicker, coarse = of_pairs
    return FilmScores(psnrs, wrapped, cf, delta, warp_errors, flicker, coarse, _cdc(coloured, ~np.isnan(cf)))


def summarise_scores(scores: FilmScores, truth: FilmScores, frames: Collection[int] | None = None) -> dict[str, float]:
    """Means over the frames that were scored, or over those of them that are named.

    Returns dict: `psnr`, `wrapped_psnr` (dB), `cf`, `cf_share` (of the truth's on the same frames), `delta_e00`, `cdc`
    (of all scored frames), `warp_error`, `flicker` (a*b* units), `coarse_flicker` (the same of the change averaged over
    `COARSE` pixels), `flicker_excess` and `coarse_excess` (over the truth's own on the same pairs), `frames`: how many.
    nan where there are none.
    """
    chosen = scores.scored.copy()
    if frames is not None:
        chosen &= np.isin(np.arange(len(chosen)), list(frames))
    pairs = chosen[:-1] & chosen[1:] & ~np.isnan(scores.flicker)
    cf = _mean(scores.cf[chosen])
    flicker, coarse = _mean(scores.flicker[pairs]), _mean(scores.coarse_flicker[pairs])
    return {
        "psnr": _mean(scores.psnr[chosen]),
        "wrapped_psnr": _mean(scores.wrapped_psnr[chosen]),
        "cf": cf,
        "cf_share": float(np.divide(cf, _mean(truth.cf[chosen]) or np.nan)),
        "delta_e00": _mean(scores.delta_e00[chosen]),
        "cdc": scores.cdc,
        "warp_error": _mean(scores.warp_error[pairs]),
        "flicker": flicker,
        "flicker_excess": flicker - _mean(truth.flicker[pairs]),
        "coarse_flicker": coarse,
        "coarse_excess": coarse - _mean(truth.coarse_flicker[pairs]),
        "frames": float(chosen.sum()),
    }


def _mean(values: Values) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _mean_delta(*planes: FloatArray) -> float:
    """Mean CIEDE2000 of every `DELTA_STEP`-th pixel; planes: lightness and chroma of one picture and of the other."""
    first, second = (
        np.dstack([100 * lightness[::DELTA_STEP, ::DELTA_STEP], chroma[::DELTA_STEP, ::DELTA_STEP]])
        for lightness, chroma in (planes[:2], planes[2:])
    )
    return float(delta_e00(first, second).mean(dtype=np.float64))


def _cdc(pictures: Sequence[Frame], scored: NDArray[np.bool_]) -> float:
    places = np.flatnonzero(scored)
    in_one_piece = len(places) >= CDC_FRAMES and places[-1] - places[0] + 1 == len(places)
    return cdc(pictures) if in_one_piece else float("nan")
