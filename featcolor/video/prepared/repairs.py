"""Repairs of an old reel in their order, shot by shot: nothing crosses a cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from featcolor.clips.frames import ClipInfo, Codes, Frame
from featcolor.video.options import DEFLICKER, DENOISE, DUST, STABILISE
from featcolor.video.prepared.along_motion import without_grain, without_spots
from featcolor.video.prepared.drift import NO_STEP, Step, deflickered, shaking, stabilised, steps_between
from features.base import FloatArray
from refine.shots import Shot


def repaired(
    frames: Iterable[Frame], shots: Sequence[Shot], info: ClipInfo, repairs: Sequence[str], drift: Sequence[Step]
) -> Iterator[Frame]:
    """Frames with their luma repaired; where they are moved, chroma is moved with it.

    Parameters
    ----------
    frames : of all shots, in order
    info : of the film
    repairs : names of `featcolor.video.options.REPAIRS`
    drift : steps into each frame, see `drift_of`; empty where nothing is done about it
    """
    stream, done = iter(frames), 0
    for shot in shots:
        count = shot.last - shot.first + 1
        yield from _Repairs(info, repairs, drift[done : done + count]).of(islice(stream, count))
        done += count


def drift_of(frames: Iterable[Frame], info: ClipInfo) -> list[Step]:
    """Steps of place and exposure into each frame of a film."""
    return list(steps_between(_in_8_bits(frame.luma, info) for frame in frames))


class _Repairs:
    """Repairs of one shot."""

    def __init__(self, info: ClipInfo, repairs: Sequence[str], drift: Sequence[Step]) -> None:
        self._info, self._repairs = info, repairs
        self._offsets, self._tones = shaking(drift or [NO_STEP])
        self._waiting: deque[Frame] = deque()

    def of(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        lumas = self._steadied(frames)
        if DUST in self._repairs:
            lumas = without_spots(lumas)
        if DENOISE in self._repairs:
            lumas = without_grain(lumas)
        for luma in lumas:
            yield replace(self._waiting.popleft(), luma=self._codes(luma, 1 << (self._info.bits - 8)))

    def _steadied(self, frames: Iterable[Frame]) -> Iterator[FloatArray]:
        """Luma of each frame, in codes of 8 bits; the frame itself waits for what becomes of it."""
        for place, frame in enumerate(frames):
            luma = _in_8_bits(frame.luma, self._info)
            if STABILISE in self._repairs:
                offset, longer = self._offsets[place], max(luma.shape)
                luma = stabilised(luma, offset, longer)
                cb, cr = (self._moved(plane, offset, luma.shape) for plane in (frame.cb, frame.cr))
                frame = replace(frame, cb=cb, cr=cr)
            self._waiting.append(frame)
            yield deflickered(luma, self._tones[place]) if DEFLICKER in self._repairs else luma

    def _moved(self, plane: Codes | None, offset: FloatArray, shape: tuple[int, ...]) -> Codes | None:
        if plane is None:
            return None
        scale = np.array([plane.shape[1] / shape[1], plane.shape[0] / shape[0]], np.float32)
        return self._codes(stabilised(plane.astype(np.float32), offset * scale, max(plane.shape)))

    def _codes(self, plane: FloatArray, unit: int = 1) -> Codes:
        top = (1 << self._info.bits) - 1
        return np.clip(np.rint(plane * np.float32(unit)), 0, top).astype(self._info.dtype)


def _in_8_bits(luma: Codes, info: ClipInfo) -> FloatArray:
    return luma.astype(np.float32) / np.float32(1 << (info.bits - 8))
