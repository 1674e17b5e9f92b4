"""Second pass over a film: its shots, one after the other, are decoded, coloured and kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final, Self

import numpy as np

from featcolor.clips.frames import ClipInfo, Codes, Frame
from featcolor.clips.ycbcr import as_stored, lightness_from_luma, upright
from featcolor.errors import ClipError
from featcolor.hints.pixels import HintPixels
from featcolor.pictures.resize import resize, working_size
from featcolor.video.checkpoints import WorkFolder
from featcolor.video.hint_colour import HintedShot, hinted_chroma
from featcolor.video.hint_files import FrameHints
from featcolor.video.keyframes.pictures import KeyPictures
from featcolor.video.options import DEFAULT_EVERY, VideoConfig
from featcolor.video.propagation.anchors import colour_from_anchors, spread_keys
from featcolor.video.propagation.model_guess import ModelGuess
from featcolor.video.propagation.smoothing import colour_smoothed
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import FramePrediction, KeyChroma, ShotColours, colour_shot, fit_guess
from featcolor.video.report import Guess, ShotReport, Source, curves_of
from features.base import FloatArray

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
    source : where its colour comes from.
    guess : what guesses where it does not come to.
    """

    number: int
    first: int
    last: int
    kind: str = "cut"
    keys: tuple[int, ...] = ()
    hinted: tuple[int, ...] = ()
    source: Source = "key frames"
    guess: Guess = "likeness"

    def __len__(self) -> int:
        """Number of frames."""
        return self.last - self.first + 1


@dataclass(frozen=True, kw_only=True)
class ShotColouring:
    """Colour of shots, made of their frames and kept in a work folder. Picklable.

    Attributes
    ----------
    info : of the film
    config : of the preset
    every, steady : as `ClipOptions` has them
    keys : pictures of frames that a person coloured
    hints : of the frames that a person gave hints on
    guess : what colours other frames, in shots with key frames too; None: nothing does there
    fitted : what colours shots without a key frame where there is no `guess`, see `learn`
    folder : for large temporary files; None: the system's. No `Path`: it does not go along to another machine
    """

    info: ClipInfo
    config: VideoConfig
    every: int = DEFAULT_EVERY
    steady: int | None = None
    keys: KeyPictures
    hints: FrameHints = field(default_factory=FrameHints)
    guess: FramePrediction | None = None
    fitted: FramePrediction | None = None
    folder: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the working frame."""
        height, width = working_size(self.info.shape, self.config.size)
        return min(height, self.info.height), min(width, self.info.width)

    def learn(self, frames: Iterable[Frame], keys: Sequence[int]) -> Self:
        """The same with a regressor for shots without a key frame, fitted on the clip's key frames, or some of many."""
        chosen = {keys[i] for i in np.linspace(0, len(keys) - 1, min(len(keys), FITTED_PICTURES)).round().astype(int)}
        pictures = []
        for frame in frames:
            if frame.index in chosen:
                pictures.append((self._lightness(frame.luma), self._chroma(frame)))
            if len(pictures) == len(chosen):
                break
        return replace(self, fitted=fit_guess(pictures, self.config))

    def run(
        self, frames: Iterable[Frame], plans: Sequence[ShotPlan], work: WorkFolder, progress: Callable[[int, int], None]
    ) -> None:
        """Colour all shots that are not done; `frames` are those of all shots, in order, from the first."""
        total, done = sum(map(len, plans)), 0
        waiting = {plan.number for plan in missing(plans, work)}
        last = max(waiting, default=-1)
        stream = iter(frames)
        for plan in plans:
            shot = islice(stream, len(plan)) if plan.number <= last else iter(())
            if plan.number in waiting:
                self.colour(plan, shot, work, lambda now, _, done=done: progress(done + now, total))  # type: ignore[misc]
            deque(shot, maxlen=0)  # passes over what is done
            done += len(plan)
            progress(done, total)

    def colour(
        self, plan: ShotPlan, frames: Iterator[Frame], work: WorkFolder, progress: Callable[[int, int], None]
    ) -> None:
        """Colour one shot from its frames: all of them are read before the first is coloured."""
        keys: list[KeyChroma] = []
        hinted: dict[int, HintPixels] = {}
        folder = None if self.folder is None else Path(self.folder)
        with SpooledPlanes(len(plan), self.size, folder=folder) as lightness:
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
            with self._colours(plan, lightness, keys, folder, progress) as colours:
                if not hinted:
                    work.save(plan.number, plan.first, colours)
                    return
                shot = HintedShot(lightness, colours, hinted, rotation=self.info.rotation)
                with shot.colour(keys, config=self.config, folder=folder, progress=progress) as changed:
                    work.save(plan.number, plan.first, changed)

    def _colours(
        self,
        plan: ShotPlan,
        lightness: SpooledPlanes,
        keys: list[KeyChroma],
        folder: Path | None,
        progress: Callable[[int, int], None],
    ) -> ShotColours:
        guess = self.guess or (None if keys else self.fitted)
        if not keys:
            assert guess is not None, "`learn` comes before a shot without key frames"
            if self.steady is not None:
                return colour_smoothed(lightness, guess, window=self.steady, folder=folder, progress=progress)
            if isinstance(guess, ModelGuess):
                return colour_from_anchors(
                    lightness, guess, config=self.config, every=self.every, folder=folder, progress=progress
                )
            places = spread_keys(0, len(plan) - 1, self.every)
            keys = [KeyChroma(place, guess(lightness[place])[0]) for place in places]
        return colour_shot(lightness, keys, config=self.config, guess=guess, folder=folder, progress=progress)

    def _lightness(self, luma: Codes) -> FloatArray:
        return np.asarray(resize(lightness_from_luma(luma, self.info), self.size))

    def _chroma(self, frame: Frame) -> FloatArray:
        """A key frame's own, with the hints on it, if there are any."""
        chroma = np.asarray(resize(self.keys.chroma(frame), self.size))
        if frame.index not in self.hints:
            return chroma
        turn = self.info.rotation
        shown = upright(self._lightness(frame.luma), turn), upright(chroma, turn)
        return as_stored(hinted_chroma(*shown, self._pixels(frame))[0], turn)

    def _pixels(self, frame: Frame) -> HintPixels:
        return self.hints.pixels(frame.index, upright(self._lightness(frame.luma), self.info.rotation))


def missing(plans: Iterable[ShotPlan], work: WorkFolder) -> list[ShotPlan]:
    """The shots that are not done."""
    return [plan for plan in plans if not work.has(plan.number, plan.first, plan.last)]


def within(plans: Iterable[ShotPlan], part: tuple[int, int]) -> list[ShotPlan]:
    """The shots without the frames that lie outside a part of the film; each has some inside."""
    first, last = part
    return [replace(plan, first=max(plan.first, first), last=min(plan.last, last)) for plan in plans]


def report_shot(plan: ShotPlan, work: WorkFolder, part: tuple[int, int]) -> ShotReport:
    """What became of the frames of a shot that lie in a part of the film."""
    (plan,) = within([plan], part)
    with work.shot(plan.number) as shot_file:
        inside = slice(plan.first - shot_file.first, plan.last + 1 - shot_file.first)
        anchors = tuple(frame for frame in shot_file.anchors if plan.first <= frame <= plan.last)
        curves = curves_of(shot_file.confidence[inside], shot_file.told[inside], plan.source)
    return ShotReport(
        first=plan.first,
        last=plan.last,
        kind=plan.kind,
        key_frames=plan.keys,
        hinted=plan.hinted,
        anchors=anchors,
        source=plan.source,
        guess=plan.guess,
        **curves,
    )


def plan_shots(
    shots: Iterable[tuple[int, int, str]],
    keys: Mapping[int, object],
    *,
    model: bool,
    hinted: Collection[int] = (),
) -> list[ShotPlan]:
    """Plans from (first, last, kind) of each shot and the frames that a person coloured, or gave hints on."""
    otherwise: Source = "model" if model else "clip's other key frames"
    plans = []
    for number, (first, last, kind) in enumerate(shots):
        own = tuple(sorted(frame for frame in keys if first <= frame <= last))
        told = tuple(sorted(frame for frame in hinted if first <= frame <= last))
        guess: Guess = "likeness" if not model else "likeness and model" if own else "model"
        plan = ShotPlan(number=number, first=first, last=last, kind=kind, keys=own, hinted=told, guess=guess)
        plans.append(plan if own else replace(plan, source=otherwise))
    return plans
