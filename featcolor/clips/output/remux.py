"""Tracks beside the picture: sound, subtitles, attachments, chapters and metadata, copied packet for packet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.error import ArgumentError, FFmpegError, InvalidDataError

from featcolor.clips.clock import Clock
from featcolor.clips.frames import Closing
from featcolor.clips.limits import packets_of
from featcolor.clips.output.sound import SoundEncoder, add_copy, codec_name
from featcolor.clips.output.tracks import TrackPlan, kept_tags
from featcolor.clips.probe import open_container, picture_stream
from featcolor.errors import UsageError

STRICT_MUXERS = ("mp4", "mov", "avi")
"""Which take no time stamp twice."""

AC3_SYNC = b"\x0b\x77"
MOV_TEXT_GAP = b"\0\0"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a film that is written: from `start` to `end` seconds of its own time, moved by `shift` seconds."""

    start: Fraction | None = None
    end: Fraction | None = None
    shift: Fraction = Fraction(0)


class TrackCopier(Closing):
    """A copier of the planned tracks of a source into an output container, up to a time, in the source's order.

    Nothing but one packet is held, except where the film's clock jumps: call `copy_until` with the picture's time as
    it goes on.
    """

    def __init__(self, source: Path, plan: TrackPlan, output: Any, part: Part, notes: list[str]) -> None:
        self._source, self._notes = source, notes
        self._film = open_container(source)
        self._output = output
        self._part = part
        self._encoders: dict[int, SoundEncoder] = {}
        self._streams = {index: self._add(index, plan) for index in (*plan.indexes, *plan.attachments)}
        # The MP4 muxer drops AC-3 that does not begin with a frame, and says nothing.
        self._syncs = {
            index: output.format.name in ("mp4", "mov") and codec_name(self._film.streams[index]) in ("ac3", "eac3")
            for index in plan.indexes
        }
        self._strict = output.format.name in STRICT_MUXERS
        self._refused: dict[int, list[float]] = {}
        self._taken: set[int] = set()
        # AVI has no time before 0: its muxer would move the pictures on.
        self._last_dts = dict.fromkeys(plan.indexes, -1) if output.format.name == "avi" else {}
        self._packets = self._demuxed([self._film.streams[index] for index in plan.indexes])
        self._held: tuple[Fraction, Any] | None = None
        output.metadata.update(kept_tags(self._film.metadata, film=True))

    def check_taken(self, target: Path) -> None:
        """Refuse, after a trial, tracks of which nothing could be written."""
        remedy = "write .mkv, or leave its sound out with --sound none"
        for index, encoder in self._encoders.items():
            if encoder.deaf:
                raise UsageError(
                    f"{target}: the sound of track {index} of {self._source.name} cannot be decoded; {remedy}"
                )
        for index in sorted(self._refused.keys() - self._taken):
            name = self._source.name
            raise UsageError(f"{target}: {target.suffix} takes no packet of track {index} of {name}; {remedy}")

    def copy_chapters(self) -> None:
        """Chapters that lie in the part, cut and moved with it; call before the first packet."""
        part, chapters = self._part, []
        for chapter in self._film.chapters():
            unit = chapter["time_base"]
            start, end = chapter["start"] * unit, chapter["end"] * unit
            start = max(start, part.start or start)
            end = min(end, part.end or end)
            if start < end or (start == end and part.end is None):
                moved = {"start": round((start + part.shift) / unit), "end": round((end + part.shift) / unit)}
                chapters.append({**chapter, **moved})
        if chapters:
            self._output.set_chapters(chapters)

    def copy_until(self, seconds: Fraction | None) -> None:
        """Mux every packet that starts before `seconds` of the source's time; None: all that are left."""
        while True:
            self._held = self._held or next(self._packets, None)
            if self._held is None or (seconds is not None and self._held[0] >= seconds):
                return
            packet, self._held = self._held[1], None
            self._mux(packet)

    def finish(self, seconds: Fraction | None) -> None:
        """Mux every packet that starts before `seconds`, and what encoders still hold."""
        self.copy_until(seconds)
        for encoder in self._encoders.values():
            self._output.mux(encoder.encode(None))
        for index, times in self._refused.items():
            first, more = f"at {times[0]:.2f} s", f" and {len(times) - 1} more" if len(times) > 1 else ""
            name = self._output.format.name
            self._notes.append(f"a packet of track {index} {first}{more} is left out: {name} does not take it")

    def close(self) -> None:
        self._film.close()

    def _add(self, index: int, plan: TrackPlan) -> Any:
        stream = self._film.streams[index]
        if index in plan.encoded:
            self._encoders[index] = SoundEncoder(stream, self._output, plan.codec)
            copy = self._encoders[index].track
        else:
            copy = add_copy(self._output, stream)
        copy.metadata.update(kept_tags(stream.metadata))
        if index not in plan.attachments:
            copy.disposition = stream.disposition
        return copy

    def _demuxed(self, streams: list[Any]) -> Iterator[tuple[Fraction, Any]]:
        if not streams:
            return
        last: dict[int, int] = {}
        for packet in self._whole_packets(streams):
            if packet.pts is None and packet.dts is None:
                if not packet.size:
                    continue  # the demuxer's sign of the end
                packet.pts = last.get(packet.stream_index, 0)
            if bytes(packet) == MOV_TEXT_GAP and codec_name(packet.stream) == "mov_text":
                continue  # nothing is shown: the muxer puts its own between two texts
            stamp = packet.pts if packet.pts is not None else packet.dts
            last[packet.stream_index] = stamp + (packet.duration or 0)
            unit = packet.time_base
            if (start := self._fitted(packet, stamp * unit, unit)) is not None:
                yield start, packet

    def _whole_packets(self, streams: list[Any]) -> Iterator[Any]:
        """Packets of the streams to the file's end, on the clock that its pictures are read by."""
        clock = Clock(self._film, picture_stream(self._film, self._source))
        packets = self._file_packets([*clock.streams, *(each for each in streams if each not in clock.streams)])
        indexes = {stream.index for stream in streams}
        return (packet for packet in clock.moved(packets) if packet.stream_index in indexes)

    def _file_packets(self, streams: list[Any]) -> Iterator[Any]:
        try:
            yield from packets_of(self._film, streams)
        except FFmpegError as error:
            self._notes.append(f"the other tracks break off where the file does ({error.strerror})")

    def _fitted(self, packet: Any, start: Fraction, unit: Fraction) -> Fraction | None:
        """The packet's start within the part, its stamps moved along; None when it lies outside."""
        part = self._part
        end = start + (packet.duration or 0) * unit
        if part.end is not None and start >= part.end:
            return None
        if part.start is not None and start < part.start:
            if packet.stream.type != "subtitle" or end <= part.start:
                return None
            # A subtitle that stands when the part begins is shown from its first frame on.
            packet.duration = round((end - part.start) / unit)
            packet.pts = packet.dts = round(part.start / unit)
            start = part.start
        if part.end is not None and packet.stream.type == "subtitle":
            packet.duration = min(packet.duration or 0, round((part.end - start) / unit))
        move = round(part.shift / unit)
        packet.pts = None if packet.pts is None else packet.pts + move
        packet.dts = packet.pts if packet.dts is None else packet.dts + move
        return start

    def _mux(self, packet: Any) -> None:
        index = packet.stream_index
        if self._syncs.get(index) and not bytes(packet).startswith(AC3_SYNC):
            name = self._output.format.name
            self._notes.append(f"a broken packet of sound track {index} is left out, as {name} needs")
            return
        if index in self._encoders:
            self._output.mux(self._encoders[index].encode(packet))
            return
        # Damaged files repeat a stamp, and sound joined to other sound may begin before that ends; muxers refuse that.
        if index in self._last_dts and packet.dts < (least := self._last_dts[index] + self._strict):
            packet.dts = least
            packet.pts = max(packet.pts or packet.dts, packet.dts)
        self._last_dts[index] = packet.dts
        packet.stream = self._streams[index]
        start = float(packet.dts * packet.time_base)
        try:
            self._output.mux(packet)
        except (InvalidDataError, ArgumentError):  # it is broken: what it was called by the film is not what it is
            self._refused.setdefault(index, []).append(start)
        else:
            self._taken.add(index)
