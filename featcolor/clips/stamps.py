"""Time stamps that go on: frames without a time of their own are shown between their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from featcolor.clips.frames import Frame

MOST_HELD = 8
"""Frames that wait for the next with a time of its own; after as many, they go on at their steps."""


def in_order(frames: Iterator[Frame], *, step: int, least: int, note: Callable[[str], None]) -> Iterator[Frame]:
    """The frames, those that do not come after the one before put between it and the next that does.

    Parameters
    ----------
    step : from frame to frame, at most, in units of their time stamps
    least : from frame to frame, at least
    note : takes what a person should know, at the end
    """
    held: list[Frame] = []
    last: Frame | None = None
    moved = 0
    for frame in chain(frames, [None]):
        behind = frame is not None and last is not None and frame.pts <= last.pts
        if frame is not None and behind and len(held) < MOST_HELD:
            held.append(frame)
            continue
        if last is not None:
            room = step if frame is None or behind else min(step, (frame.pts - last.pts) // (len(held) + 1))
            for each in held:
                last = replace(each, pts=last.pts + max(least, room))
                yield last
            moved += len(held)
            held.clear()
        if frame is None:
            break
        if last is not None and frame.pts <= last.pts:
            held.append(frame)
            continue
        last = frame
        yield frame
    if moved:
        those = "1 frame has" if moved == 1 else f"{moved} frames have"
        note(f"{those} the time of the one before or an earlier one; they are put between their neighbours")
