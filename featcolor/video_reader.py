"""Reads a film file through PyAV: exact planes, time stamps, and a stand-in for every frame that is damaged."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.error import FFmpegError

from featcolor.errors import ClipError
from featcolor.frames import ClipInfo, Frame
from featcolor.pixelformats import Layout, Planes, layout_of, read_planes

MATRICES = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
"""FFmpeg's colour-space codes by the nearest of our matrices (FCC is 601 to 0.01, SMPTE 240M nearly 709)."""

RGB_SPACE, UNTAGGED_SPACE = 0, 2
FULL_RANGE, NARROW_RANGE = 2, 1
HD_LINES = 720
"""An untagged film of fewer lines is taken as BT.601, as players do."""

NARROW_GREY_CODECS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg1video", "mpeg2video", "mpeg4")
"""Whose standards say narrow range where nothing is tagged; a grey picture of others (FFV1, raw) is full range."""

DECODER_THREADS = 4
"""At most: every thread holds a frame of its own."""

PROBED_FRAMES = 4
MAX_PROBLEMS = 100
STILL_FORMATS = ("image2", "tty", "bin", "xbin", "adf", "idf")


class VideoFileReader:
    """A film file as a `ClipReader`.

    Attributes
    ----------
    info : facts about the picture track: the first that is not a cover picture.
    problems : what was wrong with the file, in words, filled while frames are read.

    Raises
    ------
    ClipError : the file is missing, no film, has no picture track, or none of its first frames can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        self._opened: Any = None
        with open_container(path) as container:
            stream = picture_stream(container, path)
            first = _first_pictures(container, stream)
            if not first:
                raise ClipError(f"{path}: none of its first frames can be decoded; is the file damaged?")
            self._index = stream.index
            self._length = _seconds_of(stream.metadata.get("DURATION", ""))
            self._layout = _layout(first[0])
            self._info = _describe(path, stream, first, self._layout)

    @property
    def info(self) -> ClipInfo:
        return self._info

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __iter__(self) -> Iterator[Frame]:
        """Frames in the order the decoder gives them out, numbered from 0; each owns its planes."""
        self.__exit__(None, None, None)
        self._opened = container = open_container(self.path)
        self.problems.clear()
        info, planes, last, number = self._info, self._grey(), None, 0
        for picture, pts in self._pictures(container, container.streams[self._index]):
            damaged = picture is None or picture.is_corrupt
            if picture is not None and damaged:
                self._tell(f"frame {number} is damaged")
            if picture is not None and not damaged:
                self._check_same(picture, number)
                planes = read_planes(picture, self._layout, matrix=info.matrix)
            duration = int(getattr(picture, "duration", 0) or 0)
            stamp = self._next_stamp(last) if pts is None else pts
            luma, cb, cr = planes
            frame = Frame(
                index=number, luma=luma, cb=cb, cr=cr, pts=stamp, duration=duration, damaged=damaged
            )
            yield frame
            last, number = frame, number + 1
        self._check_end(last, number)

    def _pictures(self, container: Any, stream: Any) -> Iterator[tuple[Any, int | None]]:
        """Decoded pictures with their time stamps, and (None, time stamp) for what an error swallowed."""
        waiting: list[int] = []  # time stamps of packets that no picture has answered yet
        errors = 0
        in_avi = container.format.name == "avi"
        codec = stream.codec_context
        for packet in self._packets(container, stream):
            if packet.size and packet.pts is not None and not packet.is_discard:
                heapq.heappush(waiting, packet.pts)
            try:
                pictures = codec.decode(packet)
            except FFmpegError as error:
                errors += 1
                pictures = []
                self._tell(f"a packet at {_clock(packet.pts, stream.time_base)} cannot be decoded ({error.strerror})")
            for picture in pictures:
                # AVI stores no presentation times, and what is guessed for B-frames packed in pairs is out of order.
                pts = picture.dts if in_avi else picture.pts
                silent = []
                while waiting and pts is not None and waiting[0] <= pts:
                    silent.append(heapq.heappop(waiting))
                # A packet without a picture is normal in some codecs; only after an error does it mean a lost frame.
                lost = [stamp for stamp in silent if stamp != pts][-errors:] if errors else []
                errors -= len(lost)
                yield from ((None, stamp) for stamp in lost)
                yield picture, pts
        yield from ((None, pts) for pts in heapq.nsmallest(errors, waiting))

    def _packets(self, container: Any, stream: Any) -> Iterator[Any]:
        try:
            yield from container.demux(stream)
        except FFmpegError as error:
            self._tell(f"the file cannot be read to its end ({error.strerror})")
            yield av.Packet()  # empty: lets the decoder give out what it holds

    def _grey(self) -> Planes:
        info = self._info
        dtype = np.uint8 if info.bits == 8 else np.uint16
        luma = np.full((info.height, info.width), 1 << (info.bits - 1), dtype)
        if not info.colour:
            return luma, None, None
        rows, columns = info.chroma_shift
        chroma = np.full((-(-info.height >> rows), -(-info.width >> columns)), 1 << (info.bits - 1), dtype)
        return luma, chroma, chroma.copy()

    def _next_stamp(self, last: Frame | None) -> int:
        if last is None:
            return 0
        rate = self._info.rate
        return last.pts + (last.duration or (max(1, round(1 / rate / self._info.time_base)) if rate else 1))

    def _check_same(self, picture: Any, number: int) -> None:
        info = self._info
        if (picture.width, picture.height) != (info.width, info.height) or _layout(picture) != self._layout:
            raise ClipError(
                f"{self.path}: its picture changes in frame {number} from {info.width}x{info.height} "
                f"{info.tags['pix_fmt']} to {picture.width}x{picture.height} {picture.format.name}; split it there first"
            )

    def _check_end(self, last: Frame | None, number: int) -> None:
        info = self._info
        # The index also counts what an edit list hides, so only a file that breaks off is told of.
        if info.n_frames and number < info.n_frames and self.problems:
            self._tell(f"{number} of {info.n_frames} frames were read")
        elif self._length and last is not None:
            missing = self._length - float(last.pts * info.time_base)
            if missing > 1:
                self._tell(f"the file ends {missing:.1f} s before its time; {number} frames were read")

    def _tell(self, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{self.path.name}: {problem}")


def open_container(path: Path) -> Any:
    """An `av` input container; ClipError in one line for what is none."""
    if path.is_dir():
        raise ClipError(f"{path}: a folder, not a film file")
    if not path.exists():
        raise ClipError(f"{path}: no such film")
    try:
        # A film that names other files or addresses (a playlist) stays on this disk.
        container = av.open(f"file:{path}", metadata_errors="replace", options={"protocol_whitelist": "file"})
    except (FFmpegError, OSError, ValueError) as error:
        raise ClipError(f"{path}: not a film that can be read ({_reason(error)})") from error
    kinds = container.format.name.split(",")
    if any(kind in STILL_FORMATS or kind.endswith("_pipe") for kind in kinds):
        container.close()
        raise ClipError(f"{path}: not a film but {container.format.long_name}; 'colorize' is for pictures")
    return container


def picture_stream(container: Any, path: Path) -> Any:
    """The first video stream that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.codec_context is None:
                raise ClipError(f"{path}: no decoder for its picture track; convert it with another program first")
            stream.codec_context.thread_type = "AUTO"
            stream.codec_context.thread_count = min(DECODER_THREADS, os.cpu_count() or 1)
            return stream
    raise ClipError(f"{path}: has no picture track")


def _first_pictures(container: Any, stream: Any) -> list[Any]:
    pictures: list[Any] = []
    try:
        for packet in container.demux(stream):
            try:
                pictures += stream.codec_context.decode(packet)
            except FFmpegError:
                continue
            if len(pictures) >= PROBED_FRAMES:
                break
    except FFmpegError:
        pass  # told while frames are read
    whole = [picture for picture in pictures if not picture.is_corrupt]
    return whole or pictures


def _layout(picture: Any) -> Layout:
    return layout_of(picture.format.name, max(part.bits for part in picture.format.components))


def _describe(path: Path, stream: Any, pictures: list[Any], layout: Layout) -> ClipInfo:
    codec, picture = stream.codec_context, pictures[0]
    space, span = int(picture.colorspace), int(picture.color_range)
    if space not in (*MATRICES, RGB_SPACE, UNTAGGED_SPACE) and not layout.from_rgb:
        raise ClipError(f"{path}: its colours are coded in a way we do not know (FFmpeg's colour space {space})")
    tagged = space in MATRICES and not layout.from_rgb
    matrix = MATRICES[space] if tagged else "bt601" if picture.height < HD_LINES else "bt709"
    canonical = codec.codec.canonical_name
    if layout.from_rgb:
        full = False
    elif span:
        full = span == FULL_RANGE
    else:
        grey = layout.chroma_shift is None and canonical not in NARROW_GREY_CODECS
        full = grey or picture.format.name.startswith("yuvj")
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    field_order = int(getattr(codec, "field_order", 0))
    return ClipInfo(
        name=path.name,
        width=picture.width,
        height=picture.height,
        time_base=Fraction(stream.time_base),
        rate=Fraction(rate) if rate else None,
        pixel_aspect=Fraction(stream.sample_aspect_ratio or 1),
        rotation=round(picture.rotation / 90) * 90 % 360,
        matrix=matrix,
        full_range=full,
        bits=layout.bits,
        chroma_shift=layout.chroma_shift or (1, 1),
        colour=layout.chroma_shift is not None,
        interlaced=field_order > 1 or any(picture.interlaced_frame for picture in pictures),
        n_frames=stream.frames or None,
        tags={
            "codec": canonical,
            "pix_fmt": picture.format.name,
            "matrix_tagged": tagged,
            "range_tagged": bool(span) and not layout.from_rgb,
            "colorspace": space if tagged else None,
            "color_primaries": int(picture.color_primaries),
            "color_trc": int(picture.color_trc),
            "field_order": field_order,
            "display_matrix": _display_matrix(picture),
            "has_alpha": picture.format.name.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya")),
        },
    )


def _display_matrix(picture: Any) -> tuple[int, ...] | None:
    """The nine numbers that turn and mirror the picture, as FFmpeg keeps them."""
    from av.sidedata.sidedata import Type

    side = picture.side_data.get(Type.DISPLAYMATRIX)
    return None if side is None else tuple(int(n) for n in np.frombuffer(bytes(side), np.int32))


def _seconds_of(text: str) -> float | None:
    """Matroska's own length of a track, "00:01:02.500000000"; None where there is none."""
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


def _clock(pts: int | None, time_base: Fraction) -> str:
    return "an unknown time" if pts is None else f"{float(pts * time_base):.2f} s"


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error)
