"""Propagation of colour in one shot: from the chroma of a few of its frames to the chroma of all."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, Self, TypeVar

import cv2
import numpy as np

from featcolor.clips.frames import Closing
from featcolor.parallel.cores import library_threads
from featcolor.pictures.resize import resize
from featcolor.video.options import VideoConfig
from featcolor.video.propagation.key_regression import KeyframeRegressor
from featcolor.video.propagation.links import ShotLinks, link_both
from featcolor.video.propagation.spooled import SpooledPlanes
from features.base import FloatArray
from refine.temporal import Carried, Link, carry, flow_both, join, lay_over, link_confidence, trust
from refine.warp import warp

Item = TypeVar("Item")
Result = TypeVar("Result")

MODEL_FROM: Final = 4.0
"""Odds against the key frames' guess from which on a model counts for more. High, and steep, since key frames are right
more often than they are sure: a model that answers earlier spoils more than it mends."""

LEAST_OF_MODEL: Final = 0.005
"""Mean share in a frame's colour below which a model is not asked about it: a third of a frame's time."""


Lightnesses = Sequence[FloatArray] | SpooledPlanes
"""Grey frames of one shot at the working size: `lightness[i]` is (h, w) float32, 0..1."""

FramePrediction = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Lightness (h, w) to chroma (h, w, 2) and confidence (h, w), 0..1: what a model says of one frame."""


HolesFilled = Callable[[FloatArray, Carried], tuple[FloatArray, FloatArray]]
"""The same beside what is known of the frame, which stays where it is sure."""


class KeyChroma(NamedTuple):
    """Colour of the frame at a position of a shot, from 0.

    Attributes
    ----------
    position : int
    chroma : (h, w, 2) float32, a* and b* at the working size
    sureness : (h, w) float32, 0..1: how far it is carried on rather than what stands there without; None: 1 everywhere
    """

    position: int
    chroma: FloatArray
    sureness: FloatArray | None = None


@dataclass
class ShotColours(Closing):
    """Colour of every frame of a shot.

    Attributes
    ----------
    chroma : store of (h, w, 2), a* and b*, one a frame; a key frame's own is what was given.
    confidence : store of (h, w) / 8, rounded up; 0..1: how far the colour there is carried from a key frame rather than
        guessed.
    told : (n,) share of each frame that hints say, 0..1; None: there are none.
    anchors : positions of the frames that a model coloured first, where nobody coloured any, rising.
    """

    chroma: SpooledPlanes
    confidence: SpooledPlanes
    told: FloatArray | None = None
    anchors: tuple[int, ...] = ()

    @classmethod
    def blank(cls, lightness: Lightnesses, folder: Path | None) -> Self:
        """Of a shot that is still to be coloured."""
        count, (height, width) = len(lightness), lightness[0].shape
        chroma = SpooledPlanes(count, (height, width, 2), folder=folder)
        return cls(chroma, SpooledPlanes(count, (-(-height // 8), -(-width // 8)), folder=folder))

    def close(self) -> None:
        self.chroma.close()
        self.confidence.close()


def colour_shot(
    lightness: Lightnesses,
    keys: Sequence[KeyChroma],
    *,
    config: VideoConfig | None = None,
    guess: FramePrediction | None = None,
    links: ShotLinks | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ShotColours:
    """Chroma of every frame of a shot.

    Parameters
    ----------
    lightness : frames of one shot, all of one size
    keys : at least one, in any order
    config : VideoConfig, optional
    guess : what colours a place that no key frame shows; None: a regressor fitted on the key frames
    links : between the frames, where they are known already; None: they are measured
    folder : for large temporary files
    progress : called with (frames done, frames)
    """
    config = config or VideoConfig()
    keys = sorted(keys, key=lambda key: key.position)
    if not all(0 <= key.position < len(lightness) for key in keys):
        raise ValueError(f"key frames must be among the {len(lightness)} frames of the shot")
    threads = cv2.getNumThreads()
    with library_threads(1):  # so many frames are worked on at once
        own = fit_guess([(lightness[key.position], key.chroma) for key in keys], config)
        filled = own if guess is None else _either(own, guess)

        def complete(index: int, known: Carried) -> FloatArray:
            return filled(lightness[index], known)[0]

        with _Propagation(lightness, keys, config, complete, folder, threads, links) as run:
            return run.colour(progress)


def carry_over(
    lightness: Lightnesses,
    keys: Sequence[KeyChroma],
    standing: Callable[[int], FloatArray],
    *,
    config: VideoConfig | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ShotColours:
    """Chroma of every frame of a shot that is coloured already, as some of its frames say that it should be.

    Parameters
    ----------
    standing : chroma (h, w, 2) of the frame at a position, which stays as far as nothing surer is carried there
    lightness, keys, config, folder, progress : as of `colour_shot`
    """
    config = replace(config or VideoConfig(), smoothing=0)
    keys = sorted(keys, key=lambda key: key.position)
    threads = cv2.getNumThreads()

    def complete(index: int, known: Carried) -> FloatArray:
        return standing(index)

    with library_threads(1), _Propagation(lightness, keys, config, complete, folder, threads) as run:
        return run.colour(progress)


def fit_guess(pictures: Sequence[tuple[FloatArray, FloatArray]], config: VideoConfig) -> KeyframeRegressor:
    """A regressor for places that no key frame's colour reaches, fitted on (lightness, chroma) of key frames."""
    return KeyframeRegressor(
        step=config.guess_step,
        pixels=config.guess_pixels,
        refine=config.guess_refine,
        embedding=config.guess_embedding,
        seed=config.seed,
    ).fit(pictures)


def _either(own: KeyframeRegressor, model: FramePrediction) -> HolesFilled:
    """The key frames' guess as far as they show anything like it, else the model's, where that is asked at all."""

    def guess(lightness: FloatArray, known: Carried) -> tuple[FloatArray, FloatArray]:
        chroma, sure = own(lightness, known)
        doubt = (1 / np.maximum(sure, np.float32(1e-3)) - 1) / np.float32(MODEL_FROM)
        share = 1 / (1 + doubt**4)
        if float(np.mean((1 - share) * (1 - trust(known.confidence)))) < LEAST_OF_MODEL:
            return chroma, sure
        learnt, learnt_sure = model(lightness)
        return learnt + share[..., None] * (chroma - learnt), np.maximum(sure, learnt_sure)

    return guess


class _Propagation(Closing):
    """One shot on its way: a sweep back from the last key frame, then one forward that joins both and fills the rest.

    Both go frame by frame; what a frame needs of its own (flow, guess) is worked out some frames ahead by all threads.
    """

    def __init__(
        self,
        lightness: Lightnesses,
        keys: Sequence[KeyChroma],
        config: VideoConfig,
        guess: Callable[[int, Carried], FloatArray],
        folder: Path | None,
        threads: int,
        known: ShotLinks | None = None,
    ) -> None:
        self._known = known
        self.lightness, self.config, self.guess, self.folder = lightness, config, guess, folder
        self.keys = {key.position: _given(key) for key in keys}
        self._sure = {key.position for key in keys if key.sureness is None}
        self.places = sorted(self.keys)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)
        # Of the frames up to the last key: the link to the frame before, and colour from the next key.
        planes = (*lightness[0].shape, 3)
        upto = self.places[-1] + 1
        self._links = SpooledPlanes(upto if known is None else 0, planes, folder=folder)
        self._later = SpooledPlanes(upto, planes, folder=folder)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._links.close()
        self._later.close()

    def colour(self, progress: Callable[[int, int], None] | None) -> ShotColours:
        """The whole shot."""
        made = ShotColours.blank(self.lightness, self.folder)
        try:
            self._sweep_back()
            self._sweep_forward(made, progress)
        except BaseException:
            made.close()
            raise
        return made

    def _sweep_forward(self, made: ShotColours, progress: Callable[[int, int], None] | None) -> None:
        """Fill in the colour from both sides and the guess, frame by frame."""
        small = made.confidence.shape[0], made.confidence.shape[1]
        guess = _SmoothedGuess(self.config.smoothing)
        for index, (link, carried, guessed) in enumerate(self._ahead(self._with_guess, self._carried())):
            if index in self.keys:
                guess.restart(guessed)
            else:
                guess.go_on(guessed, link)
            share = trust(carried.confidence)[..., None]
            made.chroma[index] = guess.chroma + share * (carried.chroma - guess.chroma)
            made.confidence[index] = resize(carried.confidence, small)
            if progress is not None:
                progress(index + 1, len(self.lightness))

    def _carried(self) -> Iterator[tuple[int, Link | None, Carried]]:
        """Each frame's place, its link to the one before it, and the colour that has come to it from both sides."""
        earlier: Carried | None = None
        for index, link in enumerate(self._ahead(self._link, range(len(self.lightness)))):
            if index in self._sure:
                earlier = carried = self.keys[index]
            else:
                earlier = None if earlier is None or link is None else carry(earlier, link)
                carried = self._with_key(index, self._joined(index, earlier))
                if index in self.keys:
                    earlier = self._with_key(index, earlier)
            yield index, link, carried

    def _sweep_back(self) -> None:
        """Carry the colour of the next key frame, for all frames before the last one."""
        last = self.places[-1]
        state = self.keys[last]
        for index, (forward, backward) in zip(
            range(last - 1, -1, -1), self._ahead(self._both, range(last, 0, -1)), strict=True
        ):
            if self._known is None:
                self._links[index + 1] = np.dstack(forward)
            if index in self._sure:
                state = self.keys[index]
                continue
            state = carry(state, backward)
            self._later[index] = np.dstack(state)
            state = self._with_key(index, state)

    def _with_key(self, index: int, carried: Carried | None) -> Carried:
        """What is known of a frame that is a key frame, or that colour has come to, or both."""
        key = self.keys.get(index)
        if key is None or carried is None:
            known = key or carried
            assert known is not None, "a frame without a key frame before or after it is one"
            return known
        return lay_over(key, carried)

    def _joined(self, index: int, earlier: Carried | None) -> Carried | None:
        """Colour that has come from the key frames on both sides, or from the one there is; their own left out."""
        if index >= self.places[-1]:
            return earlier
        planes = self._later[index]
        later = Carried(planes[..., :2], planes[..., 2])
        if earlier is None:
            return later
        before = bisect_left(self.places, index)
        low = self.places[before - 1]
        high = self.places[before + (self.places[before] == index)]
        return join(earlier, later, (index - low) / (high - low))

    def _link(self, index: int) -> Link | None:
        """A frame's link to the one before it."""
        if not index:
            return None
        if self._known is not None:
            return self._known.both(index)[0]
        if index > self.places[-1]:
            before, here = self.lightness[index - 1], self.lightness[index]
            forward, backward = flow_both(before, here, method=self.config.flow, reverse=self.config.checking_flow)
            return Link(forward, link_confidence(here, before, forward, backward))
        planes = self._links[index]
        return Link(np.ascontiguousarray(planes[..., :2]), planes[..., 2])

    def _with_guess(self, frame: tuple[int, Link | None, Carried]) -> tuple[Link | None, Carried, FloatArray]:
        """A frame's link, what has come to it, and its guess where that is not sure."""
        index, link, carried = frame
        return link, carried, carried.chroma if index in self._sure else self.guess(index, carried)

    def _both(self, index: int) -> tuple[Link, Link]:
        """Links of a frame from the one before it, and the other way round."""
        if self._known is not None:
            return self._known.both(index)
        return link_both(self.lightness[index - 1], self.lightness[index], method=self.config.flow)

    def _ahead(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        return work_ahead(self._pool, work, items, 2 * self._threads)


def work_ahead(pool: Executor, work: Callable[[Item], Result], items: Iterable[Item], most: int) -> Iterator[Result]:
    """Results of work(item) for each item in order, at most so many of them under way or waiting.

    What waits when nobody asks on, as after an error or Ctrl-C, is not begun.
    """
    running: deque[Future[Result]] = deque()
    try:
        for item in items:
            running.append(pool.submit(work, item))
            if len(running) > most:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()


class _SmoothedGuess:
    """The guesses of the frames so far, averaged along the motion.

    Attributes
    ----------
    chroma : (h, w, 2)
    """

    chroma: FloatArray

    def __init__(self, most: int) -> None:
        self._most = most
        self._frames: FloatArray | None = None

    def restart(self, chroma: FloatArray) -> None:
        """Begin with a frame whose colour is known."""
        self.chroma, self._frames = chroma, _ones(chroma)

    def go_on(self, chroma: FloatArray, link: Link | None) -> None:
        """Take in the next frame's guess; the link to the frame before."""
        if self._frames is None or link is None:
            self.restart(chroma)
            return
        known = np.minimum(warp(self._frames, link.flow) * link.confidence, np.float32(self._most))
        before = warp(self.chroma, link.flow)
        self.chroma = chroma + (known / (known + 1))[..., None] * (before - chroma)
        self._frames = known + 1


def _given(key: KeyChroma) -> Carried:
    chroma = np.asarray(key.chroma, np.float32)
    return Carried(chroma, _ones(chroma) if key.sureness is None else key.sureness)


def _ones(planes: FloatArray) -> FloatArray:
    return np.ones(planes.shape[:2], np.float32)
