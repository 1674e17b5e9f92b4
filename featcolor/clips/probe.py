"""Facts of a film file: what it says of itself, and what players assume where it says nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from featcolor.clips.fields import ORDER_CODES, WHOLE, FieldReader
from featcolor.clips.frames import ClipInfo
from featcolor.clips.limits import LIMITS, boxes, check_index, check_size, check_texts, packets_of
from featcolor.clips.pixel_formats import Layout, layout_of
from featcolor.errors import ClipError, UsageError, reason
from featcolor.pictures.kinds import RAW, kind_of_content, suffix_of
from featcolor.pictures.picture import SNIFFED, sniff

MATRICES = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
"""FFmpeg's colour-space codes by the nearest of our matrices (FCC is 601 to 0.01, SMPTE 240M nearly 709)."""

SPACES = {"bt601": 6, "bt709": 1, "bt2020": 9}
"""The other way; FFmpeg's numbers of the primaries and the transfer that go with each are the same."""

RGB_SPACE, UNTAGGED_SPACE = 0, 2
FULL_RANGE, NARROW_RANGE = 2, 1
NARROW_GREY_CODECS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg1video", "mpeg2video", "mpeg4")
"""Whose standards say narrow range where nothing is tagged; a grey picture of others (FFV1, raw) is full range."""

DECODER_THREADS = 4
"""At most: every thread holds a frame of its own."""

PROBED_FRAMES = 4
MOST_OFF = 8
"""Times that a rate may be what the first pictures show: a phone's vary, by less."""

COUNTED = 0.01
"""Of a rate: how far it may be from a container's count of frames over its length, which takes the last one's."""

OPENING = {"protocol_whitelist": "file", "analyzeduration": "60000000"}
"""A film that names other files or addresses (a playlist) stays on this disk. Streams are looked at for 60 s (in units
of 1 us), not 5, for sound that begins late, but for no more than FFmpeg's 5 MB."""

ODD_TEXTS: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
"""Titles that are no UTF-8 open none the less; PyAV 19 lets them through by itself."""

STILL_FORMATS = ("image2", "tty", "bin", "xbin", "adf", "idf")
"""Demuxers of single pictures and of text shown as one."""

HEAD = 4096
"""Bytes of a file's beginning that are looked at."""

MP4_BEGINNINGS = (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip")
LIST_FORMATS = ("concat", "hls", "dash", "imf")
"""Demuxers of text that names other files and addresses: a film from elsewhere must not choose what is read here."""


def open_container(path: Path) -> Any:
    """An `av` input container; ClipError in one line for what is none."""
    if path.is_dir():
        raise ClipError(f"{path}: a folder, not a film file")
    if not path.exists():
        raise UsageError(f"{path}: no such film")
    check_texts(path)
    check_index(path)
    try:
        container = av.open(f"file:{path}", options=OPENING, **ODD_TEXTS)
    except (FFmpegError, OSError, ValueError) as error:
        raise ClipError(f"{path}: {_no_film(path, reason(error))}") from error
    kinds = container.format.name.split(",")
    if any(kind in LIST_FORMATS for kind in kinds):
        what = "is a list of others, not a film; name the film itself"
    elif any(kind in STILL_FORMATS or kind.endswith("_pipe") for kind in kinds):
        what = _no_film(path, container.format.long_name)
    else:
        return container
    container.close()
    raise ClipError(f"{path}: {what}")


def _no_film(path: Path, why: str) -> str:
    """What a file is that cannot be read as a film, by its beginning; else what FFmpeg says of it."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
            parts = {name for name, *_ in boxes(stream, 0, stream.seek(0, os.SEEK_END))}
    except OSError as error:
        return f"cannot be read ({reason(error)}); check the file"
    kind = kind_of_content(head) or (RAW if suffix_of(path.name) in RAW.suffixes else None)
    if kind is not None:
        return f"is {kind}"
    if head[4:8] in MP4_BEGINNINGS and b"moov" not in parts:
        return "breaks off before its index (moov); copy it again from its source, or repair it with untrunc"
    if head and not any(head):
        return "holds nothing but zeros; copy it again from its source"
    if head and _is_text(head):
        return "is text, not a film"
    try:
        return f"is a picture ({sniff(head[:SNIFFED])}), not a film; use: featcolor colorize"
    except ValueError as error:
        return f"is not a film that can be read ({why})" if head else str(error)


def _is_text(head: bytes) -> bool:
    """Whether a beginning is UTF-8 that can be printed."""
    text = head.decode(errors="replace")[:-1]  # the last letter may be cut
    return all(letter.isprintable() or letter.isspace() for letter in text) and "\ufffd" not in text


def picture_stream(container: Any, path: Path) -> Any:
    """The first video stream that is not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.codec_context is None:
                raise ClipError(f"{path}: no decoder for its picture track; convert it with another program first")
            check_size(stream.codec_context, path)
            stream.codec_context.options = LIMITS
            stream.codec_context.thread_type = "AUTO"
            stream.codec_context.thread_count = min(DECODER_THREADS, os.cpu_count() or 1)
            return stream
    raise ClipError(f"{path}: has no picture track")


def claimed_pixels(path: Path) -> int:
    """Pixels of a frame as a film's head says, before any is decoded."""
    with open_container(path) as container:
        context = picture_stream(container, path).codec_context
        return int(context.width * context.height)


def first_pictures(container: Any, stream: Any) -> list[Any]:
    """A few decoded pictures from the start, whole ones where there are any."""
    pictures: list[Any] = []
    try:
        for packet in packets_of(container, stream):
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


def usual_matrix(lines: int) -> str:
    """The matrix that players take an untagged film of so many lines to have."""
    return "bt601" if lines < 720 else "bt709"


def layout_of_picture(picture: Any) -> Layout:
    """The layout of a decoded picture's planes."""
    return layout_of(picture.format.name, max(part.bits for part in picture.format.components))


def believed_rate(
    told: Sequence[Fraction | None],
    steps: Sequence[Fraction],
    *,
    unit: Fraction = Fraction(0),
    counted: bool = True,
) -> Fraction | None:
    """Frames a second: of what a container tells, in this order, the first that time stamps bear out.

    `steps`: seconds between the first pictures, to one `unit`. Where they are even, and the container has not `counted`
    its frames, they choose: raw streams tell 25 for all. Where they bear out none within `MOST_OFF`, the nearest is
    taken; where there are none, the first that is told. Raw DV tells 60000 for 25.
    """
    rates = [Fraction(rate) for rate in told if rate]
    if not steps or not rates:
        return next(iter(rates), None)
    if not counted and max(steps) - min(steps) <= unit:
        mean = sum(steps, Fraction(0)) / len(steps)
        if exact := next((rate for rate in rates if abs(1 / rate - mean) <= unit / len(steps)), None):
            return exact
    seen = 1 / sorted(steps)[len(steps) // 2]
    off = [max(rate / seen, seen / rate) for rate in rates]
    return next((rate for rate, each in zip(rates, off, strict=True) if each <= MOST_OFF), rates[off.index(min(off))])


def _rate(stream: Any, pictures: Sequence[Any]) -> Fraction | None:
    told = [stream.average_rate, stream.guessed_rate, stream.base_rate, stream.codec_context.framerate]
    unit = Fraction(stream.time_base)
    length = (stream.duration or 0) * unit
    counted = bool(told[0] and length and abs(stream.frames / length / told[0] - 1) < COUNTED)
    steps = _steps(pictures, unit)
    if told[-1] and not counted and _pulled_down(steps, 1 / Fraction(told[-1]), unit):
        return Fraction(told[-1]) * 4 / 5
    return believed_rate(told, steps, unit=unit, counted=counted)


def _pulled_down(steps: Sequence[Fraction], frame: Fraction, unit: Fraction) -> bool:
    """Whether pictures are shown for two fields and three in turn: film of 24 a second on video of 30."""
    fields = [round(2 * step / frame) for step in steps]
    whole = all(abs(step - each * frame / 2) <= unit for step, each in zip(steps, fields, strict=True))
    return whole and set(fields) == {2, 3}


def _steps(pictures: Sequence[Any], unit: Fraction) -> list[Fraction]:
    """Seconds from picture to picture, or those that they last where their times are not told."""
    stamps = sorted(picture.pts for picture in pictures if picture.pts is not None)
    steps = [(after - stamp) * unit for stamp, after in pairwise(stamps) if after > stamp]
    return steps or [picture.duration * unit for picture in pictures if picture.duration]


def describe(path: Path, stream: Any, pictures: list[Any], layout: Layout) -> ClipInfo:
    """The facts of a picture track, from its container and its first pictures."""
    codec, picture = stream.codec_context, pictures[0]
    space, span = int(picture.colorspace), int(picture.color_range)
    if space not in (*MATRICES, RGB_SPACE, UNTAGGED_SPACE) and not layout.from_rgb:
        raise ClipError(f"{path}: its colours are coded in a way we do not know (FFmpeg's colour space {space})")
    tagged = space in MATRICES and not layout.from_rgb
    matrix = MATRICES[space] if tagged else usual_matrix(picture.height)
    canonical = codec.codec.canonical_name
    if layout.from_rgb:
        full = False
    elif span:
        full = span == FULL_RANGE
    else:
        grey = layout.chroma_shift is None and canonical not in NARROW_GREY_CODECS
        full = grey or picture.format.name.startswith("yuvj")
    field_order = int(getattr(codec, "field_order", 0))
    read = FieldReader(canonical, field_order)
    woven = next((order for order in map(read.of, pictures) if order != WHOLE), WHOLE)
    field_order = ORDER_CODES.get(woven, field_order)
    return ClipInfo(
        name=path.name,
        width=picture.width,
        height=picture.height,
        time_base=Fraction(stream.time_base),
        rate=_rate(stream, pictures),
        pixel_aspect=Fraction(stream.sample_aspect_ratio or 1),
        rotation=round(picture.rotation / 90) * 90 % 360,
        matrix=matrix,
        full_range=full,
        bits=layout.bits,
        chroma_shift=layout.chroma_shift or (1, 1),
        colour=layout.chroma_shift is not None,
        interlaced=field_order > 1,
        n_frames=stream.frames or None,
        tags={
            "pix_fmt": picture.format.name,
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


def seconds_of(text: str) -> float | None:
    """Matroska's own length of a track, "00:01:02.500000000"; None where there is none."""
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
