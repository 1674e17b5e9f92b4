"""Plan of the tracks beside the picture: which of a film's sound, subtitles, attachments an output takes, and how."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from featcolor.clips.clock import Clock
from featcolor.clips.frames import ClipInfo
from featcolor.clips.limits import packets_of
from featcolor.clips.output.containers import CONTAINERS, Container
from featcolor.clips.output.sound import COPY, NO_SOUND, SOUND_CODECS, add_copy, codec_name
from featcolor.clips.probe import open_container, picture_stream
from featcolor.errors import UsageError

OWN_TAGS = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration", "creation_time"}
"""Metadata that tells of the file it stood in, not of the film; a muxer writes its own. `creation_time` is kept on
the film (MP4 and Matroska take it from there) and dropped from tracks, where it would say when the sound was muxed."""

STATISTICS = ("bps", "number_of_frames", "number_of_bytes", "_statistics")
"""Beginnings of the tags with which mkvmerge counts a track."""

AVI_TOLERANCE = 0.25
"""Of a frame: how far a time stamp may be from AVI's steps. Matroska's milliseconds at 60 frames a second are 0.03;
film pulled down to video is 0.2."""

LONGEST_AVI_GAP = 65_000
"""Frames that FFmpeg writes as empty at most are 65,536."""

AVI_OFFSET = 0.1
"""Seconds between the starts of two tracks that are let pass in AVI, which keeps none: less than is seen."""

SHIFTED_FORMATS = ("mpegts", "mpeg")
"""Their clocks start anywhere: an hour of nothing would be written in front of the film."""

ORDER = (".mkv", ".mp4", ".mov", ".webm", ".avi", ".m4v")
"""In which containers are proposed."""


@dataclass(frozen=True, kw_only=True)
class TrackPlan:
    """Tracks of a source that are written, found before any work; starts in seconds of its clock and of ours.

    `encoded` are those of `indexes` that go in anew, as `codec` (a key of `SOUND_CODECS`).
    """

    indexes: tuple[int, ...] = ()
    encoded: tuple[int, ...] = ()
    codec: str = COPY
    attachments: tuple[int, ...] = ()
    clock_start: Fraction = Fraction(0)
    picture_start: Fraction = Fraction(0)
    picture_tags: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def plan_tracks(source: Path, container: Container, target: str, sound: str = COPY) -> TrackPlan:
    """The sound, subtitle and attachment tracks of `source` that go into `container`.

    `sound` is "copy", "none", or a key of `SOUND_CODECS`: what sound becomes that the container does not take.

    Raises
    ------
    UsageError : a sound or subtitle track does not go into this container; names it and what takes it.
    """
    notes, attached = [], []
    if sound in SOUND_CODECS and sound not in _encodings(container):
        offer = " or ".join(f"--sound {name}" for name in _encodings(container))
        raise UsageError(f"{target}: {Path(target).suffix} does not take --sound {sound}; it takes {offer}")
    with open_container(source) as film:
        picture = picture_stream(film, source)
        kinds = ("subtitle",) if sound == NO_SOUND else ("audio", "subtitle")
        tracks = [stream for stream in film.streams if stream.type in kinds]
        refused = [stream for stream in tracks if not _takes(container, stream)]
        encoded = [each for each in refused if sound in SOUND_CODECS and _can_be_decoded(each)]
        if left := [stream for stream in refused if stream not in encoded]:
            raise UsageError(_refusal(source, target, left, tracks))
        if container.muxer == "avi":
            _check_starts(source, target, picture, tracks)
        copied, anew = (tuple(stream.index for stream in each) for each in (tracks, encoded))
        tags = kept_tags(picture.metadata)
        notes += [f"track {each.index} of {source.name} ({codec_name(each)}) is encoded as {sound}" for each in encoded]
        for stream in film.streams:
            if stream.type == "attachment" and container.attachments:
                attached.append(stream.index)
            elif stream.index not in (*copied, picture.index) and not _is_written_as_tag(stream, tags):
                notes.append(f"track {stream.index} of {source.name} ({_kind(stream)}) is not copied")
        if film.chapters() and not container.chapters:
            notes.append(f"the chapters of {source.name} are not copied: {Path(target).suffix} has none")
        first = _first_time(film, picture)
        start = Fraction(0)
        if container.muxer == "avi":
            start = first  # it has no place for one
        elif film.format.name in SHIFTED_FORMATS:
            start = first if film.start_time is None else Fraction(film.start_time, 1_000_000)
    if start:
        notes.append(f"the clock of {source.name} starts at {float(start):.3f} s; every track is moved to start at 0")
    return TrackPlan(
        indexes=copied,
        encoded=anew,
        codec=sound,
        attachments=tuple(attached),
        clock_start=start,
        picture_start=first - start,
        picture_tags=tags,
        notes=tuple(notes),
    )


def _first_time(film: Any, picture: Any) -> Fraction:
    """Seconds at which a film's picture begins, where FFmpeg does not say so by its first packet."""
    stamp = picture.start_time
    if stamp is None:
        stamp = next((packet.pts for packet in packets_of(film, picture) if packet.pts is not None), 0)
    return stamp * Fraction(picture.time_base)


def avi_step(target: Path, like: ClipInfo, source: Path | None) -> Fraction:
    """Seconds that a frame of an AVI lasts; UsageError where the source's time stamps do not keep such a step."""
    needs = f"{target}: AVI needs a constant rate, which {like.name} does not keep; write .mkv or .mp4"
    if not like.rate:
        raise UsageError(needs)
    if source is not None:
        with open_container(source) as film:
            stream = picture_stream(film, source)
            clock, in_avi = Clock(film, stream), film.format.name == "avi"
            moved = clock.moved(packets_of(film, clock.streams))
            packets = (each for each in moved if each.size and each.stream_index == stream.index)
            stamps: list[int | None] = []
            with suppress(FFmpegError):  # a film that breaks off is told of while its frames are read
                stamps.extend(packet.dts if in_avi else packet.pts for packet in packets)
        known = sorted(stamp for stamp in stamps if stamp is not None)
        steps = [float((stamp - known[0]) * like.time_base * like.rate) for stamp in known]
        whole = {round(step) for step in steps}
        gap = max((after - before for before, after in pairwise(steps)), default=0)
        if (
            len(whole) < len(steps)
            or gap > LONGEST_AVI_GAP
            or any(abs(step - round(step)) > AVI_TOLERANCE for step in steps)
        ):
            raise UsageError(needs)
    return 1 / like.rate


def kept_tags(metadata: Mapping[str, str], *, film: bool = False) -> dict[str, str]:
    """Metadata without what only described the file it was read from."""
    dropped = OWN_TAGS - {"creation_time"} if film else OWN_TAGS
    return {
        key: value
        for key, value in metadata.items()
        if key.lower() not in dropped and not key.lower().startswith(STATISTICS)
    }


def _takes(container: Container, stream: Any) -> bool:
    """Whether a container takes a sound or subtitle track: our table, and FFmpeg's muxer."""
    codec = codec_name(stream)
    if not codec or not container.takes(stream.type, codec) or _is_unknown(stream):
        return False
    with av.open(os.devnull, "w", format=container.muxer) as trial:
        try:
            add_copy(trial, stream)
            trial.start_encoding()
        except (ValueError, FFmpegError):
            return False
    return True


def _can_be_decoded(stream: Any) -> bool:
    return bool(stream.type == "audio" and codec_name(stream)) and not _is_unknown(stream)


def _is_unknown(stream: Any) -> bool:
    """Whether a track is sound of which the film does not tell how many channels or samples a second it has."""
    if stream.type != "audio" or stream.codec_context is None:
        return False
    return not (stream.codec_context.sample_rate and stream.codec_context.layout.nb_channels)


def _encodings(container: Container) -> list[str]:
    """Keys of `SOUND_CODECS` that a container takes."""
    return [name for name, kind in SOUND_CODECS.items() if container.takes("audio", kind.canonical)]


def _is_written_as_tag(stream: Any, tags: Mapping[str, str]) -> bool:
    """Whether a track is the time code that the picture's tags hold too: a muxer makes a track of it again."""
    return stream.type == "data" and "timecode" in stream.metadata and "timecode" in tags


def _kind(stream: Any) -> str:
    return "a cover or second picture" if stream.type == "video" else str(stream.type)


def _check_starts(source: Path, target: str, picture: Any, streams: Sequence[Any]) -> None:
    for stream in streams:
        offset = (stream.start_time or 0) * stream.time_base - (picture.start_time or 0) * picture.time_base
        if abs(offset) > AVI_OFFSET:
            raise UsageError(
                f"{target}: track {stream.index} of {source.name} starts {float(offset):.2f} s from the picture, "
                "which AVI cannot keep; write .mkv or .mp4"
            )


def _refusal(source: Path, target: str, refused: Sequence[Any], tracks: Sequence[Any]) -> str:
    words, suffix = {"audio": "sound", "subtitle": "subtitles"}, Path(target).suffix
    named = ", ".join(f"track {each.index} ({words[each.type]}, {codec_name(each) or 'unknown'})" for each in refused)
    others = [home for home in ORDER if home != suffix.lower()]
    ways = []
    if common := next((home for home in others if all(_takes(CONTAINERS[home], each) for each in tracks)), None):
        ways.append(f"write {common}, which takes all its tracks")
    encodings = _encodings(CONTAINERS[suffix.lower()])
    if encodings and all(map(_can_be_decoded, refused)):
        ways.append(f"add --sound {encodings[0]}, which encodes it anew")
    if not ways and all(map(_is_unknown, refused)):
        ways.append(
            "the film does not tell its format, or it begins too late for that; leave it out with --sound none, or cut "
            "the film there"
        )
    if not ways:
        homes = [home for home in others if any(_takes(CONTAINERS[home], each) for each in refused)]
        taken = f"{' or '.join(homes)} takes it, but not the other tracks" if homes else "no container here takes it"
        ways.append(f"{taken}; remove or convert that track first, or leave sound out with --sound none")
    return f"{target}: {suffix} does not take {named} of {source.name}; {', or '.join(ways)}"
