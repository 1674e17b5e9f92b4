"""Films of every scan, codec, container and kind of sound that FFmpeg makes: kept, or refused at the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest
from av.error import FFmpegError

from featcolor.clips.open import open_clip
from featcolor.clips.output.tracks import AVI_OFFSET
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.errors import ClipError, UsageError
from tests.clips.samples import chroma, planes, seconds

SCANS = ("progressive", "tff", "bff")
CODECS = {"mpeg2video": (64, 48), "libx264": (64, 48), "dvvideo": (720, 576), "mjpeg": (64, 48)}
SOURCES = (".avi", ".mov", ".mp4", ".mkv", ".ts", ".mxf")
SOUNDS = (None, "pcm_s16le", "mp2", "aac", "ac3", "adpcm_ms")
TARGETS = (".mp4", ".mov", ".mkv", ".avi")
RATE = Fraction(25)
ASPECT = Fraction(16, 15)
COUNT = 6
INTERLACED = 1 << 18
ADTS, ADTS_HEAD = b"\xff\xf1", 7
MILLISECOND = 1.1e-3
"""What Matroska rounds a stamp by, and a little."""


def source_film(path: Path, scan: str, codec: str, sound: str | None) -> Path | None:
    """A film, its frames flagged one by one; None where FFmpeg does not make it."""
    width, height = CODECS[codec]
    try:
        with av.open(str(path), "w") as output:
            stream: Any = output.add_stream(codec, rate=RATE)
            context = stream.codec_context
            context.width, context.height, context.sample_aspect_ratio = width, height, ASPECT
            context.pix_fmt, context.time_base = "yuvj420p" if codec == "mjpeg" else "yuv420p", 1 / RATE
            if scan != "progressive":
                context.flags |= INTERLACED
            if codec == "libx264":
                context.options = {"preset": "ultrafast"} | ({"x264-params": f"{scan}=1"} if scan in SCANS[1:] else {})
            track = None if sound is None else output.add_stream(sound, rate=48_000, layout="stereo")
            output.start_encoding()
            mark = _marker(context, scan)
            for number in range(COUNT):
                picture = av.VideoFrame.from_ndarray(np.vstack([*_rows(number, width, height)]), format=context.pix_fmt)
                picture.pts, picture.time_base = number, 1 / RATE
                output.mux(stream.encode(mark(picture)))
            output.mux(stream.encode(None))
            if track is not None:
                _mux_tone(output, track)
    except (FFmpegError, ValueError):
        return None
    return path


def _rows(number: int, width: int, height: int) -> list[Any]:
    return [part.reshape(-1, width) for part in planes(number, (width, height), "yuv420p")]


def _marker(context: Any, scan: str) -> Any:
    """What puts a scan's flags on frames."""
    graph: Any = av.filter.Graph()
    source = graph.add_buffer(
        width=context.width, height=context.height, format=context.pix_fmt, time_base=Fraction(1, 25)
    )
    source.link_to(mark := graph.add("setfield", "prog" if scan == "progressive" else scan))
    mark.link_to(graph.add("buffersink"))
    graph.configure()

    def marked(picture: Any) -> Any:
        graph.push(picture)
        return graph.pull()

    return marked


def _mux_tone(output: Any, track: Any) -> None:
    context = track.codec_context
    size = context.frame_size or 1024
    kind = np.float32 if "flt" in context.format.name else np.int16
    shape = (2, size) if context.format.is_planar else (1, 2 * size)
    for place in range(0, 48_000 * COUNT // 25 - size + 1, size):
        tone = np.full(shape, 0.1 if kind is np.float32 else 3000, kind)
        frame: Any = av.AudioFrame.from_ndarray(tone, format=context.format.name, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, place, Fraction(1, 48_000)
        output.mux(track.encode(frame))
    output.mux(track.encode(None))


class Sound(NamedTuple):
    """Sound of a film: all that its packets hold, and when it starts."""

    content: bytes
    start: float | None


def sound_of(path: Path) -> Sound:
    """The sound; of AAC without the heads that only streams have (ADTS), so that it compares across containers."""
    content, start = [], None
    with av.open(str(path)) as film:
        for packet in film.demux(film.streams.audio[0]) if film.streams.audio else ():
            if packet.size:
                start = float(packet.pts * packet.time_base) if start is None else start
                data = bytes(packet)
                content.append(data[ADTS_HEAD:] if data.startswith(ADTS) else data)
    return Sound(b"".join(content), start)


def scans(path: Path) -> list[str]:
    """What each decoded frame says of its fields."""
    with av.open(str(path)) as film:
        woven = [bool(picture.interlaced_frame) for picture in film.decode(film.streams.video[0])]
    first = _first_field(path) if any(woven) else ""
    return [first if each else "progressive" for each in woven]


def _first_field(path: Path) -> str:
    """Which field the frames say is first, all of them; "mixed" where they differ."""
    counts = {}
    for scan, name in (("tff", "TOPFIRST"), ("bff", "BOTTOMFIRST")):
        with av.open(str(path)) as film:
            video = film.streams.video[0]
            graph: Any = av.filter.Graph()
            source = graph.add_buffer(template=video)
            source.link_to(select := graph.add("select", f"eq(interlace_type\\,{name})"))
            select.link_to(graph.add("buffersink"))
            graph.configure()
            counts[scan] = 0
            for picture in [*film.decode(video), None]:
                graph.push(picture)
                try:
                    while graph.pull():
                        counts[scan] += 1
                except (av.error.BlockingIOError, av.error.EOFError):
                    pass
    left = [scan for scan, count in counts.items() if count]
    return left[0] if len(left) == 1 else "mixed"


def check(source: Path, target: Path) -> str:
    """Write the film again and compare all that must stay; "kept" or "refused"."""
    in_avi = target.suffix == ".avi"
    try:
        clip = open_clip(source)
        VideoFileWriter(target, clip.info, source=source).rehearse()
    except (ClipError, UsageError):
        return "refused"
    with clip, VideoFileWriter(target, clip.info, source=source) as writer:
        for frame in clip:
            writer.write(frame, *chroma(writer, frame.index))
    before, after = (np.array([float(stamp) for stamp in seconds(path)]) for path in (source, target))
    assert len(before) == len(after) == COUNT
    assert np.allclose(after - after[0], before - before[0], atol=MILLISECOND)
    given, written = sound_of(source), sound_of(target)
    assert written.content == given.content
    if given.start is not None:
        assert written.start is not None
        assert abs((written.start - after[0]) - (given.start - before[0])) < (AVI_OFFSET if in_avi else 2 * MILLISECOND)
    with open_clip(source) as first, open_clip(target) as second:
        assert second.info.rate == first.info.rate or not np.allclose(np.diff(before), before[1] - before[0])
        assert in_avi or second.info.pixel_aspect == first.info.pixel_aspect
    # FFV1 tells its fields in the container, and AVI has no place for that.
    assert in_avi or scans(target) == scans(source)
    return "kept"


def check_all(codec: str, choices: Iterable[tuple[str, str, str | None, str]], folder: Path) -> Counter[str]:
    """How many films were kept, and how many refused, of those that FFmpeg can make."""
    counts: Counter[str] = Counter()
    for number, (scan, suffix, sound, target) in enumerate(choices):
        source = source_film(folder / f"{number}{suffix}", scan, codec, sound)
        if source is None:
            counts["not made"] += 1
            continue
        try:
            counts[check(source, folder / f"{number}-out{target}")] += 1
        except AssertionError as error:
            raise AssertionError(f"{scan} {codec} {suffix} {sound} to {target}") from error
    return counts


@pytest.mark.parametrize("codec", CODECS)
def test_films_are_kept_or_refused_at_the_start(codec: str, tmp_path: Path) -> None:
    choices = [
        (scan, suffix, SOUNDS[(i + j) % len(SOUNDS)], TARGETS[(3 * i + j) % len(TARGETS)])
        for (i, scan), (j, suffix) in product(enumerate(SCANS), enumerate(SOURCES))
    ]
    assert check_all(codec, choices, tmp_path)["kept"] > 2


@pytest.mark.slow
@pytest.mark.parametrize("codec", CODECS)
def test_every_film_is_kept_or_refused_at_the_start(codec: str, tmp_path: Path) -> None:
    counts = check_all(codec, product(SCANS, SOURCES, SOUNDS, TARGETS), tmp_path)
    print(codec, dict(counts))
    assert counts["kept"] > 50
