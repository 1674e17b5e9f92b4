"""Film files read through PyAV: exact planes, time stamps, and a stand-in for every frame that is damaged."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, dropwhile
from math import ceil
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from featcolor.clips.clock import Clock, may_jump
from featcolor.clips.fields import WHOLE, FieldReader
from featcolor.clips.frames import ClipReader, Frame
from featcolor.clips.joined import breaks_off, unread_film
from featcolor.clips.limits import packets_of
from featcolor.clips.pixel_formats import Planes, read_planes
from featcolor.clips.probe import (
    describe,
    first_pictures,
    layout_of_picture,
    open_container,
    picture_stream,
    seconds_of,
)
from featcolor.clips.stamps import in_order
from featcolor.errors import ClipError

AV_TIME_BASE = 1_000_000
"""FFmpeg's own units a second."""

MAX_PROBLEMS = 100
FALLBACK_RATE = Fraction(25)
ONE_FRAME_A_PACKET = ("h264", "hevc", "ffv1", "mjpeg", "prores", "mpeg1video", "mpeg2video", "huffyuv", "dvvideo")


class VideoFileReader(ClipReader):
    """A film file as a `ClipReader`.

    Its picture track is the first that is not a cover picture.

    Raises
    ------
    ClipError : the file is missing, no film, has no picture track, or none of its first frames can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []  # filled while frames are read
        self._opened: Any = None
        with open_container(path) as container:
            stream = picture_stream(container, path)
            first = first_pictures(container, stream)
            if not first:
                raise ClipError(f"{path}: none of its first frames can be decoded; is the file damaged?")
            self._index, self._format = stream.index, container.format.name
            self._length = seconds_of(stream.metadata.get("DURATION", ""))
            if self._format == "mxf" and stream.duration:
                self._length = float(stream.duration * stream.time_base)
            self._layout = layout_of_picture(first[0])
            self.info = describe(path, stream, first, self._layout)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __iter__(self) -> Iterator[Frame]:
        """Frames in the order the decoder gives them out, numbered from 0; each owns its planes.

        A frame lasts until the next one's time stamp; the last, as long as the file says.
        """
        last = None
        for frame in self._lasting(self._frames()):
            last = frame
            yield frame
        self._check_end(last, 0 if last is None else last.index + 1)

    def frames_from(self, pts: int, number: int) -> Iterator[Frame]:
        frames = self._frames(pts, number)
        first = next(frames, None)
        if first is not None and first.pts == pts and not first.damaged:
            yield from self._lasting(chain([first], frames))

    def _frames(self, pts: int | None = None, first: int = 0) -> Iterator[Frame]:
        """All of them, or those from a time stamp on, numbered from `first`."""
        self.close()
        self._opened = container = open_container(self.path)
        self.problems.clear()
        planes, last, fields = self._grey(), None, WHOLE
        stream = container.streams[self._index]
        packets = self._packets(container, stream)
        if pts is not None:
            if may_jump(container):
                packets = _from_key(packets, pts)
            elif not _sought(container, stream, pts):
                return
        pictures = self._pictures(container, stream, packets)
        if pts is not None:
            pictures = dropwhile(lambda pair: pair[1] is None or pair[1] < pts, pictures)
        order = FieldReader(stream.codec_context.codec.canonical_name, self.info.tags["field_order"])
        for number, (picture, stamped) in enumerate(pictures, start=first):
            damaged = picture is None or picture.is_corrupt
            if picture is not None and damaged:
                self._note(f"frame {number} is damaged")
            if picture is not None and not damaged:
                self._check_same(picture, number)
                planes = read_planes(picture, self._layout, matrix=self.info.matrix)
                fields = order.of(picture)
            duration = int(getattr(picture, "duration", 0) or 0)
            stamp = self._next_stamp(last) if stamped is None else stamped
            luma, cb, cr = planes
            last = Frame(
                index=number, luma=luma, cb=cb, cr=cr, pts=stamp, duration=duration, fields=fields, damaged=damaged
            )
            yield last

    def _pictures(self, container: Any, stream: Any, packets: Iterable[Any]) -> Iterator[tuple[Any, int | None]]:
        """Decoded pictures with their time stamps, and (None, time stamp) for what an error swallowed."""
        in_avi = container.format.name == "avi"
        codec = stream.codec_context
        lost = _LostFrames(codec.codec.canonical_name)
        for packet in packets:
            lost.expect(packet)
            try:
                pictures = codec.decode(packet)
            except FFmpegError as error:
                pictures = []
                lost.note_error(packet.pts)
                self._note(f"a packet at {_clock(packet.pts, stream.time_base)} cannot be decoded ({error.strerror})")
            for picture in pictures:
                # AVI stores no presentation times, and what is guessed for B-frames packed in pairs is out of order.
                pts = picture.dts if in_avi else picture.pts
                yield from ((None, stamp) for stamp in lost.before(pts, key=bool(picture.key_frame)))
                yield picture, pts
        yield from ((None, stamp) for stamp in lost.left())

    def _packets(self, container: Any, stream: Any) -> Iterator[Any]:
        """The picture's packets, on a clock that goes on."""
        clock = Clock(container, stream)
        try:
            for packet in clock.moved(self._demuxed(container, stream, clock.streams)):
                if packet.stream is stream:  # the demuxer's sign of the end has no other number than 0
                    yield packet
        finally:
            if told := clock.told():
                self.problems.insert(0, f"{self.path.name}: {told}")

    def _demuxed(self, container: Any, stream: Any, streams: list[Any]) -> Iterator[Any]:
        read = 0
        try:
            for packet in packets_of(container, streams):
                if packet.size and packet.pos is not None:
                    read = max(read, packet.pos + packet.size)
                yield packet
            if (place := unread_film(self.path, container.format.name, read)) is not None:
                self._note(f"another film is joined to it at byte {place} and is not read; part them first")
        except FFmpegError as error:
            self._note(f"the file cannot be read to its end ({error.strerror})")
            end = av.Packet()  # empty: lets the decoder give out what it holds
            end.stream = stream
            yield end

    def _grey(self) -> Planes:
        info = self.info
        luma, cb, cr = (
            np.full(shape, 1 << (info.bits - 1), info.dtype)
            for shape in (info.shape, info.chroma_shape, info.chroma_shape)
        )
        return (luma, cb, cr) if info.colour else (luma, None, None)

    def _next_stamp(self, last: Frame | None) -> int:
        if last is None:
            return 0
        rate = self.info.rate
        return last.pts + (last.duration or (max(1, round(1 / rate / self.info.time_base)) if rate else 1))

    def _lasting(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames in the order of their times, each lasting until the next."""
        rate, unit = self.info.rate or FALLBACK_RATE, self.info.time_base
        # No format takes two frames at one time, and some count milliseconds.
        least = max(1, ceil(Fraction(1, 1000) / unit))
        held = None
        for frame in in_order(frames, step=max(1, round(1 / rate / unit)), least=least, note=self._note):
            if held is not None:
                yield replace(held, duration=frame.pts - held.pts)
            held = frame
        if held is not None:
            yield held

    def _check_same(self, picture: Any, number: int) -> None:
        info = self.info
        if (picture.width, picture.height) != (info.width, info.height) or layout_of_picture(picture) != self._layout:
            raise ClipError(
                f"{self.path}: its picture changes in frame {number} from {info.width}x{info.height} "
                f"{info.tags['pix_fmt']} to {picture.width}x{picture.height} {picture.format.name}; split it there"
            )

    def _check_end(self, last: Frame | None, number: int) -> None:
        info, broken = self.info, breaks_off(self.path, self._format)
        why = "; the file breaks off: copy it again from its source" if broken else ""
        # The index also counts what an edit list hides, so only a file that breaks off is told of.
        if info.n_frames and number < info.n_frames and (self.problems or broken):
            self._note(f"{number} of {info.n_frames} frames were read{why}")
        elif broken:
            self._note(f"{number} frames were read{why}")
        elif self._length and last is not None:
            missing = self._length - float(last.pts * info.time_base)
            if missing > 1:
                self._note(f"the file ends {missing:.1f} s before its time; {number} frames were read")

    def _note(self, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{self.path.name}: {problem}")


def _sought(container: Any, stream: Any, pts: int) -> bool:
    """Whether a film could be brought to a key frame at a time stamp or before it."""
    try:
        container.seek(pts, stream=stream)
    except FFmpegError:
        return False
    # What lies behind the end that the file tells of is of another, joined to it, with times of its own.
    end = (container.start_time or 0) + container.duration if container.duration else None
    return end is None or pts * stream.time_base * AV_TIME_BASE < end


def _from_key(packets: Iterator[Any], pts: int) -> Iterator[Any]:
    """The packets from the key frame before the last one on that stands before a time stamp.

    For a film whose clock may jump: it is not sought in by time, but read to there without decoding.
    """
    older: list[Any] = []
    held: list[Any] = []
    for packet in packets:
        if packet.is_keyframe:
            older, held = held, []
        held.append(packet)
        if packet.pts == pts:
            break
    return chain(older, held, packets)


class _LostFrames:
    """Packets that should have given a frame and did not.

    A packet without a frame is normal in some codecs (VP8 and VP9 have hidden frames, AVI has pairs in one packet), so
    it only counts after an error: as many as there were errors, or, where every packet is a frame, all up to the next
    key frame (a decoder may silently leave out what refers to the lost one).
    """

    def __init__(self, codec: str) -> None:
        self._each = codec in ONE_FRAME_A_PACKET
        self._waiting: list[int] = []  # time stamps of packets that no frame has answered yet
        self._errors = 0
        self._broken_at: int | None = None

    def expect(self, packet: Any) -> None:
        if packet.size and packet.pts is not None and not packet.is_discard:
            heapq.heappush(self._waiting, packet.pts)

    def note_error(self, pts: int | None) -> None:
        self._errors += 1
        self._broken_at = self._broken_at if pts is None else pts

    def before(self, pts: int | None, *, key: bool) -> list[int]:
        """Time stamps of the frames that were lost before the one of `pts`."""
        silent = []
        while self._waiting and pts is not None and self._waiting[0] <= pts:
            silent.append(heapq.heappop(self._waiting))
        silent = [stamp for stamp in silent if stamp != pts]
        broken = self._each and self._broken_at is not None
        found = silent if broken else silent[-self._errors :] if self._errors else []
        self._errors = max(0, self._errors - len(found))
        if key and pts is not None and self._broken_at is not None and pts > self._broken_at:
            self._broken_at = None
        return found

    def left(self) -> list[int]:
        """Time stamps of those lost at the end."""
        count = len(self._waiting) if self._each and self._broken_at is not None else self._errors
        return heapq.nsmallest(count, self._waiting)


def _clock(pts: int | None, time_base: Fraction) -> str:
    return "an unknown time" if pts is None else f"{float(pts * time_base):.2f} s"
