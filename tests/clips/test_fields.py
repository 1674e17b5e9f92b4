"""Woven frames: the field that comes first comes first still, and motion goes on as it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.clips.fields import FieldReader, with_fields
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.video.scan import scan_clip
from tests.clips.samples import chroma, frames_of, make_clip, picture_of, planes, rewrite

SIZE = 256, 192
STEP = 4
"""Pixels to the left from field to field."""
ORDERS = {"tff": "TOPFIRST", "bff": "BOTTOMFIRST"}


def scene(field: int) -> NDArray[np.uint8]:
    """What a field shows, all lines of it."""
    blobs = np.random.default_rng(0).integers(30, 220, (SIZE[1] // 16, 32)).astype(np.uint8)
    wide = cv2.resize(blobs, (512, SIZE[1]), interpolation=cv2.INTER_CUBIC)
    return wide[:, STEP * field : STEP * field + SIZE[0]]


def woven(path: Path, order: str, codec: str, n: int = 6) -> Path:
    """A film of woven fields, flagged frame by frame."""
    width, height = SIZE
    graph: Any = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format="yuv420p", time_base=Fraction(1, 25))
    source.link_to(mark := graph.add("setfield", order))
    mark.link_to(graph.add("buffersink"))
    graph.configure()
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.flags |= 1 << 18
        stream.codec_context.options = {"x264-params": f"{order}=1", "qp": "4"} if codec == "libx264" else {}
        stream.bit_rate = 4_000_000
        for number in range(n):
            frame = np.full((height * 3 // 2, width), 128, np.uint8)
            early, late = scene(2 * number), scene(2 * number + 1)
            first, second = (0, 1) if order == "tff" else (1, 0)
            frame[first:height:2], frame[second:height:2] = early[first::2], late[second::2]
            picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            graph.push(picture)
            output.mux(stream.encode(graph.pull()))
        output.mux(stream.encode(None))
    return path


def through(path: Path, *filters: tuple[str, str]) -> list[NDArray[np.uint8]]:
    """Luma of what comes out of FFmpeg's filters."""
    found: list[NDArray[np.uint8]] = []
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        graph: Any = av.filter.Graph()
        last = graph.add_buffer(template=video)
        for name, options in (*filters, ("buffersink", "")):
            last.link_to(following := graph.add(name, options or None))
            last = following
        graph.configure()
        for frame in [*film.decode(video), None]:
            graph.push(frame)
            while True:
                try:
                    found.append(graph.pull().to_ndarray(format="gray"))
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
    return found


def motion(path: Path) -> list[float]:
    """Pixels by which the scene moves from field to field, by what the frames' flags say."""
    fields = [each.astype(np.float32) for each in through(path, ("bwdif", "mode=send_field:parity=auto"))]
    window = cv2.createHanningWindow(SIZE, cv2.CV_32F)
    return [cv2.phaseCorrelate(*pair, window)[0][0] for pair in pairwise(fields)]


def flags(path: Path) -> dict[str, int]:
    """How many frames say which order."""
    counts = {order: len(through(path, ("select", f"eq(interlace_type\\,{name})"))) for order, name in ORDERS.items()}
    return {order: count for order, count in counts.items() if count}


def orders(path: Path) -> list[str]:
    """What each frame says: its order, or "" of a whole one."""
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        read = FieldReader("h264", 0)
        return [read.of(frame) for frame in film.decode(video)]


def mixed(path: Path, pattern: Sequence[str], count: int = 12) -> Path:
    """A stream of MPEG-2 whose frames say what the pattern says: its bits are set (ISO/IEC 13818-2, 6.2.3.1)."""
    plain = make_clip(path.with_suffix(".m2v"), codec="mpeg2video", n=count, size=(64, 64), time_base=Fraction(1, 25))
    content, at, number = bytearray(plain.read_bytes()), 0, 0
    while (at := content.find(b"\0\0\1\xb5", at) + 4) >= 4:
        if content[at] >> 4 == 1:  # sequence extension: progressive_sequence
            content[at + 1] &= ~0x08
        if content[at] >> 4 == 8:  # picture coding extension: top_field_first, chroma_420_type; progressive_frame
            order = pattern[number % len(pattern)]
            content[at + 3] = content[at + 3] & 0x7E | (0x80 if order == "tff" else 0) | (not order)
            content[at + 4] = content[at + 4] & 0x7F | (0 if order else 0x80)
            number += 1
    plain.write_bytes(content)
    with av.open(str(plain)) as film, av.open(str(path), "w") as output:
        track = output.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(film.streams.video[0]):
            if packet.size:
                packet.stream = track
                output.mux(packet)
    return path


def rewoven(source: Path, target: Path, codec: str | None = None) -> VideoFileWriter:
    """The film again, by what a first pass has seen of its fields."""
    with open_clip(source) as clip:
        info = with_fields(clip.info, Counter(frame.fields for frame in frames_of(source)))
        with VideoFileWriter(target, info, source=source, codec=codec) as writer:
            for frame in clip:
                writer.write(frame, *chroma(writer, frame.index))
    return writer


@pytest.mark.parametrize(
    ("target", "codec"),
    [("out.mp4", "h264"), ("out.mkv", "h264"), ("out.mov", "h264"), ("out.mkv", "ffv1"), ("out.avi", "ffv1")],
)
@pytest.mark.parametrize("pattern", [("tff", ""), ("", "bff", "bff"), ("",) * 8 + ("tff",) * 4, ("",)])
def test_woven_and_whole_frames_in_one_film_stay_so(
    tmp_path: Path, pattern: tuple[str, ...], target: str, codec: str
) -> None:
    film = mixed(tmp_path / "in.ts", pattern)
    said = [pattern[k % len(pattern)] for k in range(12)]
    assert orders(film) == [frame.fields for frame in frames_of(film)] == said
    writer = rewoven(film, tmp_path / target, codec)
    assert orders(tmp_path / target) == said
    assert any("interlaced" in note for note in writer.notes) == any(said)


def test_both_orders_in_one_film_are_kept_where_the_codec_can(tmp_path: Path) -> None:
    film = mixed(tmp_path / "in.ts", ("tff", "tff", "bff"))
    for name, codec in (("out.mkv", "ffv1"), ("out.mov", "prores")):
        rewoven(film, tmp_path / name, codec)
        assert orders(tmp_path / name) == orders(film)
    rewoven(film, tmp_path / "out.mp4")
    assert orders(tmp_path / "out.mp4") == ["tff", "tff", ""] * 4


@pytest.mark.parametrize(("codec", "told"), [("h265", "h265 here does not mark"), ("prores", "marks all of them so")])
def test_what_a_codec_does_to_whole_frames_is_told(tmp_path: Path, codec: str, told: str) -> None:
    film = mixed(tmp_path / "in.ts", ("tff", ""), count=4)
    notes = rewoven(film, tmp_path / "out.mov", codec).notes
    assert any(told in note for note in notes)
    assert orders(tmp_path / "out.mov") == ([""] * 4 if codec == "h265" else ["tff"] * 4)


@pytest.mark.parametrize("target", ["out.mov", "out.mkv", "out.mp4"])
def test_a_tape_is_bottom_first(tmp_path: Path, target: str) -> None:
    tape = make_clip(tmp_path / "in.dv", size=(720, 576), codec="dvvideo", n=2, time_base=Fraction(1, 25))
    rewoven(tape, tmp_path / target)
    assert orders(tmp_path / target) == orders(tape) == ["bff"] * 2


def test_the_container_says_what_frames_do_not(tmp_path: Path) -> None:
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.field_order = 3
        for number in range(3):
            output.mux(stream.encode(picture_of(planes(number, (64, 48), "yuv420p"), (64, 48), "yuv420p")))
        output.mux(stream.encode(None))
    assert orders(path) == [""] * 3
    assert [frame.fields for frame in frames_of(path)] == ["bff"] * 3
    rewoven(path, tmp_path / "out.mkv")
    assert orders(tmp_path / "out.mkv") == ["bff"] * 3


def test_a_first_pass_counts_fields(tmp_path: Path) -> None:
    film = mixed(tmp_path / "in.ts", ("",) * 8 + ("bff",) * 4)
    with open_clip(film) as clip, scan_clip(clip) as scan:
        assert not clip.info.interlaced
        info = with_fields(clip.info, scan.fields)
    assert scan.fields == {"": 8, "bff": 4}
    assert (info.interlaced, info.tags["field_order"]) == (True, 3)
    assert not with_fields(info, {"": 12}).interlaced


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("codec", "source", "target"),
    [
        ("libx264", "in.mp4", "out.mp4"),
        ("libx264", "in.mkv", "out.mkv"),
        ("mpeg2video", "in.ts", "out.mp4"),
        ("mpeg2video", "in.mkv", "out.mov"),
    ],
)
def test_fields_keep_their_order(order: str, codec: str, source: str, target: str, tmp_path: Path) -> None:
    film = woven(tmp_path / source, order, codec)
    assert flags(film) == {order: 6}
    assert open_clip(film).info.interlaced
    rewrite(film, tmp_path / target)
    assert flags(tmp_path / target) == {order: 6}
    # The first field has none before it to be filled up from.
    assert np.allclose(motion(tmp_path / target)[1:], -STEP, atol=0.4)
