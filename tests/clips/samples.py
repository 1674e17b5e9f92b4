"""Small films made with PyAV for tests: every property that an output has to keep, and damage."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import Frame
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter

SUBTITLES = {
    "subrip": b"First line",
    "webvtt": b"First line",
    "mov_text": b"\x00\x0aFirst line",
    "ass": b"0,0,Default,,0,0,0,,First line",
}
SOUND_RATE = 48_000
VARIABLE_STAMPS = (0, 512, 1024, 1100, 2048, 2560, 5000, 5100, 6144, 7000, 7700, 8192)
"""Of a variable-rate film, in units of 1/12800 s."""


def planes(number: int, size: tuple[int, int], pix_fmt: str) -> list[NDArray[Any]]:
    """Y', Cb, Cr (or Y' alone) of one frame: a moving texture inside the narrow range, another one a frame."""
    width, height = size
    picture: Any = av.VideoFrame(width, height, pix_fmt)
    parts = picture.format.components
    rng = np.random.default_rng(number)
    found = []
    for index in range(1 if pix_fmt.startswith("gray") else 3):
        w = width if index == 0 else picture.format.chroma_width(width)
        h = height if index == 0 else picture.format.chroma_height(height)
        ramp = np.add.outer(np.arange(h), np.arange(w) + 3 * number + 20 * index) % 180 + 30
        codes = ramp * (1 << (parts[0].bits - 8)) + rng.integers(0, 3, (h, w))
        found.append(codes.astype(np.uint8 if parts[0].bits == 8 else np.uint16))
    return found


def picture_of(codes: Sequence[NDArray[Any]], size: tuple[int, int], pix_fmt: str) -> Any:
    """An `av.VideoFrame` of planes."""
    picture: Any = av.VideoFrame(*size, pix_fmt)
    for plane, part in zip(picture.planes, codes, strict=True):
        dtype = part.dtype.newbyteorder(">") if pix_fmt.endswith("be") else part.dtype
        into = np.ndarray(part.shape, dtype, memoryview(plane), strides=(plane.line_size, dtype.itemsize))
        into[:] = part
    return picture


def make_clip(
    path: Path,
    *,
    n: int = 12,
    size: tuple[int, int] = (64, 48),
    pix_fmt: str = "yuv420p",
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    rate: Fraction = Fraction(25),
    time_base: Fraction = Fraction(1, 12800),
    stamps: Sequence[int] | None = None,
    sound: Sequence[str] = (),
    sound_start: float = 0.0,
    subtitles: Sequence[str] = (),
    chapters: bool = False,
    attachment: bool = False,
    metadata: dict[str, str] | None = None,
    aspect: Fraction = Fraction(1),
    rotation: int = 0,
    colorspace: int | None = None,
    color_range: int | None = None,
    interlaced: bool = False,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a film; frame k has `planes(k, size, pix_fmt)`, x264 at quantiser 0 so that they come back exactly."""
    step = 1 / rate / time_base
    stamps = [round(k * step) for k in range(n)] if stamps is None else stamps
    with av.open(str(path), "w", container_options=container_options or {}) as output:
        stream: Any = output.add_stream(codec, rate=rate)
        context = stream.codec_context
        context.width, context.height = size
        context.pix_fmt, context.time_base, context.sample_aspect_ratio = pix_fmt, time_base, aspect
        x264 = {"preset": "ultrafast", "qp": "0", "g": "4", "bf": "2"} if codec == "libx264" else {}
        if interlaced:
            context.flags |= 1 << 18
            x264["x264-params"] = "tff=1"
        context.options = {**x264, **(options or {})}
        if colorspace is not None:
            context.colorspace = colorspace
        if color_range is not None:
            context.color_range = color_range
        if rotation:
            stream.set_display_rotation(rotation)
        tracks = [output.add_stream(name, rate=SOUND_RATE, layout="stereo") for name in sound]
        for track in tracks:
            if track.codec_context.name.startswith("wma"):
                track.bit_rate = 128_000
        texts = [(name, output.add_mux_stream(name, time_base=Fraction(1, 1000))) for name in subtitles]
        if attachment:
            output.add_attachment("notes.txt", "text/plain", b"kept in a drawer")
        if chapters:
            entry = {"time_base": Fraction(1, 1000), "metadata": {"title": "First"}}
            output.set_chapters(
                [{"id": 1, "start": 0, "end": 200, **entry}, {"id": 2, "start": 200, "end": 480, **entry}]
            )
        output.metadata.update(metadata or {})
        output.start_encoding()
        for track in tracks:
            for packet in _sound(track, float((stamps[-1] - stamps[0]) * time_base) + 0.04, sound_start):
                output.mux(packet)
        for name, text in texts:
            for start, duration in ((50, 150), (250, 150)):
                packet = av.Packet(SUBTITLES[name])
                packet.stream, packet.time_base = text, Fraction(1, 1000)
                packet.pts = packet.dts = start
                packet.duration = duration
                output.mux(packet)
        for number, stamp in enumerate(stamps):
            picture = picture_of(planes(number, size, pix_fmt), size, pix_fmt)
            picture.pts, picture.time_base = stamp, time_base
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


def _sound(track: Any, seconds: float, start: float) -> list[Any]:
    context = track.codec_context
    count = int(seconds * SOUND_RATE)
    tone = np.sin(np.arange(count) * 0.05) * 0.3
    kind = {"s16": np.int16, "s32": np.int32}.get(context.format.name.rstrip("p"))
    samples = tone.astype(np.float32) if kind is None else (tone * np.iinfo(kind).max).astype(kind)
    planar = context.format.is_planar
    data = np.stack([samples, samples]) if planar else np.repeat(samples, 2)[None]
    frame: Any = av.AudioFrame.from_ndarray(data, format=context.format.name, layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, 0, Fraction(1, SOUND_RATE)
    size = context.frame_size or 1024
    fifo = av.AudioFifo()
    fifo.write(frame)
    packets = []
    while part := fifo.read(size):
        packets += track.encode(part)
    packets += track.encode(None)
    for packet in packets:
        packet.pts += round(start / packet.time_base)
        packet.dts += round(start / packet.time_base)
    return packets


def packet_hashes(path: Path) -> list[tuple[str, str, list[str]]]:
    """(type, codec, SHA-256 of each packet's bytes in order) of every sound and subtitle track."""
    with av.open(str(path)) as film:
        streams = [stream for stream in film.streams if stream.type in ("audio", "subtitle")]
        found = {s.index: (s.type, s.codec_context.codec.canonical_name, []) for s in streams}
        for packet in film.demux(streams) if streams else ():
            if packet.size:
                found[packet.stream_index][2].append(hashlib.sha256(bytes(packet)).hexdigest())
    return list(found.values())


def packet_times(path: Path) -> list[list[float]]:
    """Seconds at which the packets of each sound and subtitle track start."""
    with av.open(str(path)) as film:
        streams = [stream for stream in film.streams if stream.type in ("audio", "subtitle")]
        found: dict[int, list[float]] = {s.index: [] for s in streams}
        for packet in film.demux(streams) if streams else ():
            if packet.size:
                found[packet.stream_index].append(float(packet.pts * packet.time_base))
    return list(found.values())


def damaged_copy(path: Path, target: Path, packet: int) -> Path:
    """A copy of a film whose picture packet of this number is filled with noise."""
    with av.open(str(path)) as film:
        held = [bytes(p) for p in film.demux(film.streams.video[0]) if p.size][packet]
    content = path.read_bytes()
    assert content.count(held) == 1, "the packet is not one piece of the file"
    content = content.replace(held, np.random.default_rng(1).bytes(len(held)))
    target.write_bytes(content)
    return target


def cut_copy(path: Path, target: Path, share: float) -> Path:
    """A copy of a film that breaks off after this share of its bytes."""
    content = path.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target


def frames_of(path: Path) -> list[Frame]:
    """Every frame of a film."""
    with open_clip(path) as clip:
        return list(clip)


def seconds(path: Path) -> list[Fraction]:
    """The frames' time stamps."""
    with open_clip(path) as clip:
        return [frame.pts * clip.info.time_base for frame in clip]


def rewrite(source: Path, target: Path, **options: Any) -> VideoFileWriter:
    """The film again with a chroma of our own, through reader and writer."""
    with open_clip(source) as clip:
        writer = VideoFileWriter(target, clip.info, source=source, **options)
        with writer:
            for frame in clip:
                writer.write(frame, *chroma(writer, frame.index))
    return writer


def chroma(writer: VideoFileWriter, number: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cb and Cr of a frame of ours, in the size and bits that the writer wants."""
    ramp, deeper = np.add.outer(*map(np.arange, writer.chroma_shape)) + number, writer.like.bits - 8
    cb, cr = ((ramp % 60 + 100) << deeper, (ramp % 50 + 90) << deeper)
    return cb.astype(writer.like.dtype), cr.astype(writer.like.dtype)
