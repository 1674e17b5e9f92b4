"""Second pass over a film: its shots, one after the other, are decoded, coloured and kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Final

import numpy as np

from featcolor.clips.frames import ClipInfo, Codes, Frame
from featcolor.clips.ycbcr import as_stored, lightness_from_luma, upright
from featcolor.errors import ClipError
from featcolor.hints.pixels import HintPixels
from featcolor.models.base import StillColorizer
from featcolor.pictures.resize import resize, working_size
from featcolor.video.checkpoints import WorkFolder
from featcolor.video.hint_colour import HintedShot, hinted_chroma
from featcolor.video.hint_files import FrameHints
from featcolor.video.options import VIDEO_PRESETS, ClipOptions
from featcolor.video.propagation import FramePrediction, KeyChroma, ShotColours, colour_shot, fit_guess
from featcolor.video.report import GUESS_BELOW, ShotReport, Source
from featcolor.video.smoothing import colour_smoothed
from featcolor.video.spooled import SpooledPlanes
from features.base import FloatArray
from refine.upsample import upsample

FITTED_PICTURES: Final = 24
"""Key frames, spread over the film, that shots without one learn from."""


@dataclass(frozen=True, kw_only=True)
class ShotPlan:
    """A shot, and where its colour is to come from.

    Attributes
    ----------
    number : its place among the shots, from 0.
    first, last : numbers of its first and last frame in the film.
    kind : how it begins.
    keys : numbers of its frames that a person coloured, rising.
    hinted : numbers of its frames that a person gave hints on, rising.
    guessed : numbers of its frames that are coloured first in their place where it has none.
    source : where its colour comes from.
    """

    number: int
    first: int
    last: int
    kind: str = "cut"
    keys: tuple[int, ...] = ()
    hinted: tuple[int, ...] = ()
    guessed: tuple[int, ...] = ()
    source: Source = "key frames"

    def __len__(self) -> int:
        """Number of frames."""
        return self.last - self.first + 1


def spread_keys(first: int, last: int, every: int) -> tuple[int, ...]:
    """Middle frames of equal pieces, each at most `every` frames long.

    >>> spread_keys(100, 149, 25), spread_keys(7, 7, 25)
    ((112, 137), (7,))
    """
    count = last - first + 1
    pieces = -(-count // every)
    ends = [first + count * piece // pieces for piece in range(pieces + 1)]
    return tuple((low + high - 1) // 2 for low, high in pairwise(ends))


class ShotColouring:
    """A pass that colours shots and keeps them in a work folder.

    Parameters
    ----------
    info : of the film
    options : its preset, and how a shot without a key frame is coloured
    work : where the shot files go
    key_of : a frame that a person coloured to that picture's chroma, (H, W, 2)
    guess : what colours other frames; None: a regressor fitted on key frames, see `learn`
    hints : of the frames that a person gave hints on
    """

    def __init__(
        self,
        info: ClipInfo,
        options: ClipOptions,
        work: WorkFolder,
        key_of: Callable[[Frame], FloatArray],
        guess: FramePrediction | None = None,
        hints: FrameHints | None = None,
    ) -> None:
        self.hints = hints or FrameHints()
        self.info, self.config, self.work, self.key_of = info, VIDEO_PRESETS[options.preset], work, key_of
        height, width = working_size(info.shape, self.config.size)
        self.size = min(height, info.height), min(width, info.width)
        self._guess, self._fitted, self._steady = guess, guess, options.steady

    def learn(self, frames: Iterable[Frame], keys: Sequence[int]) -> None:
        """Fit the regressor for shots without a key frame on the clip's key frames, or on some of many."""
        chosen = {keys[i] for i in np.linspace(0, len(keys) - 1, min(len(keys), FITTED_PICTURES)).round().astype(int)}
        pictures = []
        for frame in frames:
            if frame.index in chosen:
                pictures.append((self._lightness(frame.luma), self._chroma(frame)))
            if len(pictures) == len(chosen):
                break
        self._fitted = fit_guess(pictures, self.config)

    def run(
        self, frames: Iterable[Frame], plans: Sequence[ShotPlan], progress: Callable[[int, int], None]
    ) -> list[ShotReport]:
        """Colour all shots that are not done; `frames` are those of all shots, in order, from the first."""
        total, done = sum(map(len, plans)), 0
        waiting = {plan.number for plan in plans if not self.work.has(plan.number, plan.first, plan.last)}
        last = max(waiting, default=-1)
        stream = iter(frames)
        for plan in plans:
            shot = islice(stream, len(plan)) if plan.number <= last else iter(())
            if plan.number in waiting:
                self._colour(plan, shot, lambda now, _, done=done: progress(done + now, total))  # type: ignore[misc]
            deque(shot, maxlen=0)  # passes over what is done
            done += len(plan)
            progress(done, total)
        return [self._report(plan) for plan in plans]

    def _colour(self, plan: ShotPlan, frames: Iterator[Frame], progress: Callable[[int, int], None]) -> None:
        keys: list[KeyChroma] = []
        hinted: dict[int, HintPixels] = {}
        with SpooledPlanes(len(plan), self.size, folder=self.work.path) as lightness:
            count = 0
            for count, frame in enumerate(frames, start=1):
                lightness[count - 1] = self._lightness(frame.luma)
                if frame.index in plan.keys:
                    keys.append(KeyChroma(count - 1, self._chroma(frame)))
                elif frame.index in plan.hinted:
                    hinted[count - 1] = self._pixels(frame)
            if count != len(plan):
                raise ClipError(
                    f"{self.info.name}: {plan.first + count} frames could be decoded this time, more before; is the "
                    "file being written, or the disk failing?"
                )
            with self._colours(plan, lightness, keys, progress) as colours:
                if not hinted:
                    self.work.save(plan.number, plan.first, colours)
                    return
                shot = HintedShot(lightness, colours, hinted, rotation=self.info.rotation)
                with shot.colour(keys, config=self.config, folder=self.work.path, progress=progress) as changed:
                    self.work.save(plan.number, plan.first, changed)

    def _colours(
        self, plan: ShotPlan, lightness: SpooledPlanes, keys: list[KeyChroma], progress: Callable[[int, int], None]
    ) -> ShotColours:
        folder, guess = self.work.path, self._guess if keys else self._fitted
        if not keys:
            assert guess is not None, "`learn` comes before a shot without key frames"
            if self._steady is not None:
                return colour_smoothed(lightness, guess, window=self._steady, folder=folder, progress=progress)
            places = [number - plan.first for number in plan.guessed]
            keys = [KeyChroma(place, guess(lightness[place])[0]) for place in places]
        return colour_shot(lightness, keys, config=self.config, guess=guess, folder=folder, progress=progress)

    def _report(self, plan: ShotPlan) -> ShotReport:
        with self.work.shot(plan.number) as shot_file:
            planes = shot_file.confidence.reshape(len(plan), -1)
        return ShotReport(
            first=plan.first,
            last=plan.last,
            kind=plan.kind,
            key_frames=plan.keys,
            hinted=plan.hinted,
            confidence=tuple(map(float, planes.mean(axis=1))),
            guessed=tuple(map(float, (planes < GUESS_BELOW).mean(axis=1))),
            source=plan.source,
        )

    def _lightness(self, luma: Codes) -> FloatArray:
        return np.asarray(resize(lightness_from_luma(luma, self.info), self.size))

    def _chroma(self, frame: Frame) -> FloatArray:
        """A key frame's own, with the hints on it, if there are any."""
        chroma = np.asarray(resize(self.key_of(frame), self.size))
        if frame.index not in self.hints:
            return chroma
        turn = self.info.rotation
        shown = upright(self._lightness(frame.luma), turn), upright(chroma, turn)
        return as_stored(hinted_chroma(*shown, self._pixels(frame))[0], turn)

    def _pixels(self, frame: Frame) -> HintPixels:
        return self.hints.pixels(frame.index, upright(self._lightness(frame.luma), self.info.rotation))


def model_guess(colorizer: StillColorizer, info: ClipInfo) -> FramePrediction:
    """A model's prediction of a frame, which it is shown the way up that a player shows it."""

    def guess(lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        shown = upright(lightness, info.rotation)
        shape = shown.shape[0], shown.shape[1]
        chroma, confidence, working = colorizer.predict_working(shown)
        if chroma.shape[0] > shape[0] or chroma.shape[1] > shape[1]:
            chroma = resize(chroma, shape)
        elif chroma.shape[:2] != shape:
            chroma = upsample(chroma, working, shown)
        return as_stored(chroma, info.rotation), as_stored(resize(confidence, shape), info.rotation)

    return guess


def plan_shots(
    shots: Iterable[tuple[int, int, str]],
    keys: Mapping[int, object],
    *,
    every: int,
    model: bool,
    hinted: Collection[int] = (),
) -> list[ShotPlan]:
    """Plans from (first, last, kind) of each shot and the frames that a person coloured, or gave hints on."""
    otherwise: Source = "model" if model else "clip's other key frames"
    plans = []
    for number, (first, last, kind) in enumerate(shots):
        own = tuple(sorted(frame for frame in keys if first <= frame <= last))
        told = tuple(sorted(frame for frame in hinted if first <= frame <= last))
        plan = ShotPlan(number=number, first=first, last=last, kind=kind, keys=own, hinted=told)
        plans.append(plan if own else replace(plan, guessed=spread_keys(first, last, every), source=otherwise))
    return plans
