"""One clock for all tracks of a film whose own goes back or jumps: files joined end to end, a counter that wraps.

FFmpeg's own program goes on so too (`ts_discontinuity_detect` in `fftools/ffmpeg_demux.c`, whose limits these are). It
moves all tracks as soon as one jumps, and again for the next; here the tracks of a part are waited for, so that sound
stays with its picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.format import Flags

JUMP_ON = Fraction(10)
"""Seconds that a clock which may jump is let go on at once; more is closed up."""

JUMP_BACK = Fraction(1, 10)
"""Seconds that a track is let go back."""

LONGEST_GAP = Fraction(30 * 3600)
"""Seconds of nothing that are believed of any other."""

REORDERED = Fraction(1)
"""Seconds that frames are let go back, but key frames, where only the times of showing are stored."""

OVERLAP = Fraction(1, 20)
"""Seconds of the sound before a join that may lie under the first frame after it: frames go on at their steps."""

STRAYED = 3
"""Packets in a row with a wrong stamp, after which a track goes back to its clock."""

LONGEST_STEP = Fraction(1, 4)
"""Seconds from frame to frame that are no gap."""

NEAR = Fraction(3, 2)
"""Seconds between tracks that stand together in a file."""

MOST_HELD = 100
"""Packets that are held until every track of a part is there."""


@dataclass(eq=False)
class _Part:
    """A stretch of a film whose clock does not jump: seconds of its own clock, to which `shift` is added."""

    shift: Fraction | None = None
    jump: Fraction = Fraction(0)
    awaited: frozenset[int] = frozenset()
    now: Fraction | None = None
    end: Fraction = Fraction(0)
    firsts: dict[int, Fraction] = field(default_factory=dict)
    befores: dict[int, Fraction] = field(default_factory=dict)
    ends: dict[int, Fraction] = field(default_factory=dict)


@dataclass(eq=False)
class _Track:
    """Where a track stands, in seconds of its part's clock, and where it stood in the part before."""

    part: _Part
    last: Fraction
    next: Fraction
    packets: int = 1
    before: tuple[_Part, Fraction] | None = None


class Clock:
    """The clock of one reading of a film from its start.

    Whoever gives it the packets of `streams` in the file's order, with or without those of others, gets the same.

    Parameters
    ----------
    container : of the film, opened
    picture : its picture track, which goes on at its steps where the clock jumps

    Attributes
    ----------
    streams : tracks by which it goes: sound and pictures.
    jumps : (seconds that the film's own clock jumped by, seconds of its pictures before), one for each place.
    """

    def __init__(self, container: Any, picture: Any) -> None:
        covers = av.stream.Disposition.attached_pic
        self.streams = [
            each for each in container.streams if each.type in ("audio", "video") and not each.disposition & covers
        ]
        self.jumps: list[tuple[Fraction, Fraction]] = []
        self._picture = picture.index
        self._steps = {each.index: _step(each) for each in self.streams}
        self._decoding = may_jump(container)
        self._on = JUMP_ON if self._decoding else LONGEST_GAP
        self._part = _Part(shift=Fraction(0))
        self._tracks: dict[int, _Track] = {}
        self._began = Fraction(0)
        self._ends: dict[int, Fraction] = {}  # of the tracks, on the clock that goes on

    def moved(self, packets: Iterable[Any]) -> Iterator[Any]:
        """The packets in their order, the stamps of those after a jump moved."""
        held: list[tuple[Any, _Part]] = []
        for packet in packets:
            held.append((packet, self._part_of(packet)))
            if self._part.shift is None and (len(held) >= MOST_HELD or self._part.awaited <= set(self._part.firsts)):
                self._settle()
            if self._part.shift is not None:
                yield from (_moved(*each) for each in held)
                held.clear()
        self._settle()
        yield from (_moved(*each) for each in held)

    def told(self) -> str:
        """What a person should know of the jumps; "" where there are none."""
        if not self.jumps:
            return ""
        by, at = self.jumps[0]
        what = "goes back" if by < 0 else f"jumps on by {float(by):.2f} s"
        places = "1 place" if len(self.jumps) == 1 else f"{len(self.jumps)} places"
        return f"its clock {what} at {float(at):.2f} s; it goes on from there for all tracks ({places})"

    def _part_of(self, packet: Any) -> _Part:
        index, track = packet.stream_index, self._tracks.get(packet.stream_index)
        stamp = packet.dts if self._decoding or packet.pts is None else packet.pts
        if stamp is None:
            return self._part if track is None else track.part
        start = stamp * packet.time_base
        if index not in self._steps:
            return self._nearest_part(start)
        length = (packet.duration or 0) * packet.time_base
        if length < self._steps[index] / 2:
            length = self._steps[index]  # H.264 of variable rate may say one unit for each frame
        end = start + length
        part = self._known_part(track, start, self._slack(packet)) or self._new_part(track, start)
        if track is None and index == self._picture:
            self._began = start
        if track is None or track.part is not part:
            before = None if track is None else (track.part, track.next)
            self._tracks[index] = _Track(part, start, end, before=before)
        else:
            if self._decoding and packet.stream.type == "video" and 0 < start - track.last <= LONGEST_STEP:
                self._steps[index] = start - track.last
            track.last, track.next, track.packets = max(track.last, start), max(track.next, end), track.packets + 1
        part.now, part.end = start, max(part.end, end)
        if index not in part.firsts:
            part.firsts[index] = start
            part.befores.update({index: self._ends[index]} if index in self._ends else {})
        part.ends[index] = max(part.ends.get(index, end), end)
        if part.shift is not None:
            self._ends[index] = max(self._ends.get(index, end + part.shift), end + part.shift)
        return part

    def _slack(self, packet: Any) -> Fraction:
        """Seconds that a packet may lie before the one ahead of it."""
        shuffled = not self._decoding and packet.stream.type == "video" and not packet.is_keyframe
        return REORDERED if shuffled else JUMP_BACK

    def _known_part(self, track: _Track | None, start: Fraction, slack: Fraction) -> _Part | None:
        """The part that a packet belongs to; None where its stamp is a jump from all."""
        newest = self._part
        away = abs(start - newest.now) if newest.now is not None else Fraction(0)
        if track is None:
            return newest if away <= self._on else None
        off = start - track.next
        goes_on = track.last - slack <= start <= max(track.next, track.part.end) + self._on
        if track.part is not newest:
            ordered = start > track.last or slack == REORDERED
            if goes_on and ordered and abs(off) <= away:
                return track.part
            return newest if away <= NEAR else track.part if goes_on else None
        if track.before is not None and track.packets <= STRAYED:
            part, following = track.before
            if -slack <= start - following <= NEAR and abs(start - following) < abs(off):
                return part
        return newest if goes_on else None

    def _nearest_part(self, start: Fraction) -> _Part:
        """The part of a subtitle: the newest or the picture's."""
        picture = self._tracks.get(self._picture)
        parts = [self._part] if picture is None else [self._part, picture.part]
        return min(parts, key=lambda part: Fraction(0) if part.now is None else abs(start - part.now))

    def _new_part(self, track: _Track | None, start: Fraction) -> _Part:
        self._settle()
        before = self._part
        expected = track.next if track is not None else before.now or Fraction(0)
        self._part = _Part(jump=start - expected, awaited=frozenset(before.ends), end=start)
        return self._part

    def _settle(self) -> None:
        """Choose how far the newest part is moved: its picture goes on at its steps, or after all of the sound."""
        part = self._part
        if part.shift is not None:
            return
        needs = {index: before - part.firsts[index] for index, before in part.befores.items()}
        latest = max(needs.values(), default=max(self._ends.values()) - min(part.firsts.values()))
        steady = needs.get(self._picture, latest)
        part.shift = steady if latest - steady <= OVERLAP else latest
        at = part.befores.get(self._picture, self._ends.get(self._picture, self._began))
        self.jumps.append((part.jump, at - self._began))
        for index, end in part.ends.items():
            self._ends[index] = max(self._ends.get(index, end + part.shift), end + part.shift)


def may_jump(container: Any) -> bool:
    """Whether FFmpeg says of a format that its clock may jump (MPEG program and transport streams, Ogg)."""
    return bool(container.format.flags & Flags.ts_discont.value)


def _step(stream: Any) -> Fraction:
    rate = stream.guessed_rate if stream.type == "video" else None
    return 1 / Fraction(rate) if rate else Fraction(0)


def _moved(packet: Any, part: _Part) -> Any:
    if part.shift and packet.size:
        shift = round(part.shift / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift
    return packet
