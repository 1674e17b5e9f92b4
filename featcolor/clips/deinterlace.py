"""Whole frames made of woven ones: what each field has not is filled in from its neighbours in place and time.

FFmpeg's `bwdif` (J. Darnley after M. Niedermayer's yadif and J. Weston's w3fdif), one frame for each: the lines of the
field that comes first stay, the others are made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.error import BlockingIOError, EOFError

from featcolor.clips.fields import WHOLE, FieldMarker, filter_graph
from featcolor.clips.frames import ClipInfo, Codes, Frame

LEAST_SIDE: Final = 4
"""Pixels below which `bwdif` takes no plane; nobody weaves those."""
_UNIT: Final = Fraction(1, 25)


def as_whole(info: ClipInfo) -> ClipInfo:
    """The film's facts once its frames are whole."""
    return replace(info, interlaced=False, tags={**info.tags, "field_order": 0})


def whole_frames(frames: Iterable[Frame], bits: int) -> Iterator[Frame]:
    """Whole frames of woven ones, one for each, with its number and time stamps; those that are whole stay as they are.

    `bits`: of a sample.
    """
    held: deque[Frame] = deque()
    planes: tuple[_WholePlanes, ...] = ()
    for frame in frames:
        given = _planes(frame)
        planes = planes or tuple(_WholePlanes(plane.shape[1], plane.shape[0], bits) for plane in given)
        held.append(frame)
        for each, plane in zip(planes, given, strict=True):
            each.push(plane, frame.fields)
        if len(held) > 1:
            yield _whole(held.popleft(), planes)
    for each in planes:
        each.end()
    while held:
        yield _whole(held.popleft(), planes)


def _planes(frame: Frame) -> list[Codes]:
    return [plane for plane in (frame.luma, frame.cb, frame.cr) if plane is not None]


def _whole(frame: Frame, planes: tuple[_WholePlanes, ...]) -> Frame:
    luma, *chroma = (each.pull() for each in planes)
    if frame.fields == WHOLE:
        return frame
    cb, cr = chroma or (None, None)
    return replace(frame, luma=luma, cb=cb, cr=cr, fields=WHOLE)


class _WholePlanes:
    """One plane of every frame on its way through the filter, which holds one back."""

    def __init__(self, width: int, height: int, bits: int) -> None:
        self._top, self._count = (1 << bits) - 1, 0
        self._made: deque[Codes] = deque()
        # The filter turns grey of 9 to 14 bits into R'G'B'; of 16 it takes as it is.
        self._format = "gray" if bits == 8 else "gray16le"
        kind = {"width": width, "height": height, "format": self._format, "time_base": _UNIT}
        step = ("bwdif", "mode=send_frame:deint=interlaced") if min(width, height) >= LEAST_SIDE else ("null", "")
        self._marker, self._graph = FieldMarker(**kind, codec="ffv1"), filter_graph(step, **kind)  # type: ignore[arg-type]

    def push(self, plane: Codes, fields: str) -> None:
        picture: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(plane), format=self._format)
        picture.pts, picture.time_base = self._count, _UNIT
        self._count += 1
        self._graph.push(self._marker.mark(picture, fields))
        self._collect()

    def end(self) -> None:
        self._graph.push(None)
        self._collect()

    def pull(self) -> Codes:
        return self._made.popleft()

    def _collect(self) -> None:
        try:
            while True:
                made = self._graph.pull().to_ndarray()
                self._made.append(np.minimum(made, made.dtype.type(self._top)))
        except (BlockingIOError, EOFError):
            return
