"""Woven frames: the field that comes first comes first still, and motion goes on as it went."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from featcolor.clips.open import open_clip
from tests.clips.samples import rewrite

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
