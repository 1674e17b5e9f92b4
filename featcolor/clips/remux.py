"""Tracks beside the picture: sound, subtitles, attachments, chapters and metadata, copied packet for packet."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from featcolor.clips.clock import Clock
from featcolor.clips.containers import CONTAINERS, Container
from featcolor.clips.frames import ClipInfo, Closing
from featcolor.clips.probe import open_container, picture_stream
from featcolor.errors import UsageError

OWN_TAGS = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration", "creation_time"}
"""Metadata that tells of the file it stood in, not of the film; a muxer writes its own. `creation_time` is kept on
the film (MP4 and Matroska take it from there) and dropped from tracks, where it would say when the sound was muxed."""

STATISTICS = ("bps", "number_of_frames", "number_of_bytes", "_statistics")
"""Beginnings of the tags with which mkvmerge counts a track."""

AVI_TOLERANCE = 0.2
"""Of a frame: how far a time stamp may be from AVI's steps. Matroska's milliseconds at 60 frames a second are 0.03."""

AVI_OFFSET = 0.1
"""Seconds between the starts of two tracks that are let pass in AVI, which keeps none: less than is seen."""

AC3_SYNC = b"\x0b\x77"
MOV_TEXT_GAP = b"\0\0"

SHIFTED_FORMATS = ("mpegts", "mpeg")
"""Their clocks start anywhere: an hour of nothing would be written in front of the film."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a film that is written: from `start` to `end` seconds of its own time, moved by `shift` seconds."""

    start: Fraction | None = None
    end: Fraction | None = None
    shift: Fraction = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class TrackPlan:
    """Tracks of a source that are copied, found before any work; starts in seconds of its clock and of ours."""

    indexes: tuple[int, ...] = ()
    attachments: tuple[int, ...] = ()
    clock_start: Fraction = Fraction(0)
    picture_start: Fraction = Fraction(0)
    picture_tags: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def plan_tracks(source: Path, container: Container, target: str) -> TrackPlan:
    """The sound, subtitle and attachment tracks of `source` that `container` takes.

    Raises
    ------
    UsageError : a sound or subtitle track does not go into this container; names it and the extension that takes all.
    """
    notes, copied, attached, refused = [], [], [], []
    with open_container(source) as film:
        picture = picture_stream(film, source)
        tracks = [(stream, codec_name(stream)) for stream in film.streams if stream.type in ("audio", "subtitle")]
        for stream, codec in tracks:
            copied.append(stream.index)
            if not codec or not container.takes(stream.type, codec) or not _muxer_takes(container, stream):
                refused.append((stream, codec))
        if refused:
            raise UsageError(_refusal(source, target, refused, tracks))
        if container.muxer == "avi":
            _check_starts(source, target, picture, [stream for stream, _ in tracks])
        for stream in film.streams:
            if stream.type == "attachment" and container.attachments:
                attached.append(stream.index)
            elif stream.index not in copied and stream.index != picture.index:
                notes.append(f"track {stream.index} of {source.name} ({_kind(stream)}) is not copied")
        if film.chapters() and not container.chapters:
            notes.append(f"the chapters of {source.name} are not copied: {Path(target).suffix} has none")
        tags = kept_tags(picture.metadata)
        first = (picture.start_time or 0) * Fraction(picture.time_base)
        moved = film.format.name in SHIFTED_FORMATS and bool(film.start_time)
        start = Fraction(film.start_time, 1_000_000) if moved else Fraction(0)
    if start:
        notes.append(f"the clock of {source.name} starts at {float(start):.3f} s; every track is moved to start at 0")
    return TrackPlan(
        indexes=tuple(copied),
        attachments=tuple(attached),
        clock_start=start,
        picture_start=first - start,
        picture_tags=tags,
        notes=tuple(notes),
    )


def avi_step(target: Path, like: ClipInfo, source: Path | None) -> Fraction:
    """Seconds that a frame of an AVI lasts; UsageError where the source's time stamps do not keep such a step."""
    needs = f"{target}: AVI needs a constant rate, which {like.name} does not keep; write .mkv or .mp4"
    if not like.rate:
        raise UsageError(needs)
    if source is not None:
        with open_container(source) as film:
            stream = picture_stream(film, source)
            clock, in_avi = Clock(film, stream), film.format.name == "avi"
            packets = [each for each in clock.moved(film.demux(clock.streams)) if each.stream_index == stream.index]
            stamps = [packet.dts if in_avi else packet.pts for packet in packets if packet.size]
        steps = [float(stamp * like.time_base * like.rate) for stamp in stamps if stamp is not None]
        whole = {round(step) for step in steps}
        if len(whole) < len(steps) or any(abs(step - round(step)) > AVI_TOLERANCE for step in steps):
            raise UsageError(needs)
    return 1 / like.rate


def codec_name(stream: Any) -> str:
    """FFmpeg's name of a track's codec ("mp3", whichever decoder would be used); "" where it is unknown."""
    return "" if stream.codec_context is None else str(stream.codec_context.codec.canonical_name)


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
        self._streams = {
            index: self._add(self._film.streams[index], index in plan.attachments)
            for index in (*plan.indexes, *plan.attachments)
        }
        # The MP4 muxer drops AC-3 that does not begin with a frame, and says nothing.
        self._syncs = {
            index: output.format.name in ("mp4", "mov") and codec_name(self._film.streams[index]) in ("ac3", "eac3")
            for index in plan.indexes
        }
        self._last_dts: dict[int, int] = {}
        self._packets = self._demuxed([self._film.streams[index] for index in plan.indexes])
        self._held: tuple[Fraction, Any] | None = None
        output.metadata.update(kept_tags(self._film.metadata, film=True))

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

    def close(self) -> None:
        self._film.close()

    def _add(self, stream: Any, attached: bool) -> Any:
        copy = self._output.add_stream_from_template(stream)
        copy.metadata.update(kept_tags(stream.metadata))
        if not attached:
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
            yield from self._film.demux(streams)
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
        # Damaged files repeat a stamp, and sound joined to other sound may begin before that ends; muxers refuse that.
        if index in self._last_dts and packet.dts <= self._last_dts[index]:
            packet.dts = self._last_dts[index] + 1
            packet.pts = max(packet.pts or packet.dts, packet.dts)
        self._last_dts[index] = packet.dts
        packet.stream = self._streams[index]
        self._output.mux(packet)


def kept_tags(metadata: dict[str, str], *, film: bool = False) -> dict[str, str]:
    """Metadata without what only described the file it was read from."""
    dropped = OWN_TAGS - {"creation_time"} if film else OWN_TAGS
    return {
        key: value
        for key, value in metadata.items()
        if key.lower() not in dropped and not key.lower().startswith(STATISTICS)
    }


def _check_starts(source: Path, target: str, picture: Any, streams: list[Any]) -> None:
    for stream in streams:
        offset = (stream.start_time or 0) * stream.time_base - (picture.start_time or 0) * picture.time_base
        if abs(offset) > AVI_OFFSET:
            raise UsageError(
                f"{target}: track {stream.index} of {source.name} starts {float(offset):.2f} s from the picture, "
                "which AVI cannot keep; write .mkv or .mp4"
            )


def _muxer_takes(container: Container, stream: Any) -> bool:
    """Whether FFmpeg's muxer agrees: our table lets Matroska take any sound."""
    with av.open(os.devnull, "w", format=container.muxer) as trial:
        try:
            trial.add_stream_from_template(stream)
        except ValueError:
            return False
    return True


def _kind(stream: Any) -> str:
    return "a cover or second picture" if stream.type == "video" else stream.type


def _refusal(source: Path, target: str, refused: list[tuple[Any, str]], tracks: list[tuple[Any, str]]) -> str:
    words = {"audio": "sound", "subtitle": "subtitles"}
    named = ", ".join(f"track {stream.index} ({words[stream.type]}, {codec or 'unknown'})" for stream, codec in refused)
    suffix = Path(target).suffix
    order = sorted(CONTAINERS, key=[".mkv", ".mp4", ".mov", ".webm", ".avi", ".m4v"].index)
    common = [home for home in order if all(CONTAINERS[home].takes(stream.type, codec) for stream, codec in tracks)]
    if common and all(codec for _, codec in tracks):
        remedy = f"write {common[0]}, which takes all its tracks"
    else:
        homes = [home for home in order if any(CONTAINERS[home].takes(stream.type, codec) for stream, codec in refused)]
        taken = f"{' or '.join(homes)} takes it, but not the other tracks" if homes else "no container here takes it"
        remedy = f"{taken}; remove or convert that track first"
    return f"{target}: {suffix} does not take {named} of {source.name}; {remedy}"
