"""Films in and out: luma bit for bit, time stamps, tags and all other tracks kept; what does not fit is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.probe import believed_rate
from featcolor.errors import UsageError
from tests.clips.samples import (
    VARIABLE_STAMPS,
    chroma,
    frames_of,
    make_clip,
    packet_hashes,
    packet_times,
    picture_of,
    planes,
    rewrite,
    seconds,
)

SIZE = (64, 48)
RATE = Fraction(1, 25)


@pytest.mark.parametrize(
    ("pix_fmt", "codec", "size"),
    [
        ("yuv420p", "libx264", SIZE),
        ("yuv444p", "libx264", SIZE),
        ("yuv420p10le", "libx264", SIZE),
        ("yuv420p", "ffv1", (61, 45)),
        ("yuv411p", "ffv1", SIZE),
        ("yuv422p12le", "ffv1", SIZE),
        ("gray", "ffv1", (61, 45)),
        ("gray16le", "ffv1", SIZE),
        ("yuv444p16be", "rawvideo", SIZE),
    ],
)
def test_planes_are_read_bit_for_bit(tmp_path: Path, pix_fmt: str, codec: str, size: tuple[int, int]) -> None:
    path = make_clip(tmp_path / "clip.nut", pix_fmt=pix_fmt, codec=codec, size=size)
    frames = frames_of(path)
    assert [frame.index for frame in frames] == list(range(12))
    for frame in frames:
        expected = planes(frame.index, size, pix_fmt)
        for read, plane in zip((frame.luma, frame.cb, frame.cr), expected, strict=False):
            assert read.dtype == plane.dtype
            np.testing.assert_array_equal(read, plane)
        assert (frame.cb is None) == pix_fmt.startswith("gray")


@pytest.mark.parametrize("name", ["nv12", "nv21", "p010le"])
def test_semi_planar_samples_are_taken_apart(name: str) -> None:
    from featcolor.clips.pixel_formats import layout_of, read_planes

    bits, layout = (10, layout_of(name, 10)) if name == "p010le" else (8, layout_of(name, 8))
    own = "yuv420p10le" if bits == 10 else "yuv420p"
    expected = planes(3, (62, 46), own)
    luma, first, second = expected if name != "nv21" else (expected[0], expected[2], expected[1])
    pairs = np.stack([first, second], axis=-1).reshape(first.shape[0], -1)
    picture = picture_of([luma << (6 if bits == 10 else 0), pairs << (6 if bits == 10 else 0)], (62, 46), name)
    for read, plane in zip(read_planes(picture, layout, matrix="bt601"), expected, strict=True):
        np.testing.assert_array_equal(read, plane)


def test_rgb_becomes_narrow_range_luma_of_the_named_matrix(tmp_path: Path) -> None:
    path = tmp_path / "rgb.nut"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "rgb24"
        for colour in ((255, 255, 255), (0, 0, 0), (0, 255, 0)):
            picture = av.VideoFrame.from_ndarray(np.full((16, 16, 3), colour, np.uint8), format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    with open_clip(path) as clip:
        assert (clip.info.matrix, clip.info.full_range, clip.info.chroma_shift) == ("bt601", False, (0, 0))
        lumas = [int(frame.luma[8, 8]) for frame in clip]
    assert lumas[:2] == [235, 16]
    assert abs(lumas[2] - (16 + 219 * 0.587)) <= 1


@pytest.mark.parametrize(
    ("size", "space", "matrix", "tagged"),
    [
        (SIZE, None, "bt601", False),
        ((64, 720), None, "bt709", False),
        (SIZE, 1, "bt709", True),
        (SIZE, 9, "bt2020", True),
    ],
)
def test_the_matrix_is_read_or_guessed_and_written_explicitly(
    tmp_path: Path, size: tuple[int, int], space: int | None, matrix: str, tagged: int
) -> None:
    source = make_clip(tmp_path / "in.mkv", n=2, size=size, colorspace=space, color_range=2 if tagged else None)
    rewrite(source, tmp_path / "out.mkv")
    before, after = open_clip(source).info, open_clip(tmp_path / "out.mkv").info
    assert (before.matrix, before.full_range, before.tags["colorspace"]) == (matrix, tagged, space)
    assert (after.matrix, after.full_range) == (before.matrix, before.full_range)
    assert after.tags["colorspace"] is not None
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.streams.video[0].codec_context.color_range != 0
    assert after.tags["color_primaries"] != 2


@pytest.mark.parametrize(
    ("codec", "crf", "pix_fmt"),
    [("ffv1", None, "yuv420p"), ("h264", 0, "yuv420p"), ("h264", 0, "yuv420p10le"), ("ffv1", None, "yuv422p12le")],
)
def test_a_lossless_codec_returns_luma_and_chroma(tmp_path: Path, codec: str, crf: int | None, pix_fmt: str) -> None:
    source = make_clip(tmp_path / "in.nut", pix_fmt=pix_fmt, codec="ffv1", n=5)
    writer = rewrite(source, tmp_path / "out.mkv", codec=codec, crf=crf)
    for before, after in zip(frames_of(source), frames_of(tmp_path / "out.mkv"), strict=True):
        np.testing.assert_array_equal(after.luma, before.luma)
        for read, plane in zip((after.cb, after.cr), chroma(writer, after.index), strict=True):
            np.testing.assert_array_equal(np.asarray(read), plane)


def test_prores_is_given_eight_bit_luma_as_exact_multiples(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", n=3)
    writer = rewrite(source, tmp_path / "out.mov", codec="prores")
    assert (writer.chroma_shape, open_clip(tmp_path / "out.mov").info.tags["pix_fmt"]) == ((48, 32), "yuv422p10le")
    assert any("times 4" in note for note in writer.notes)
    before, after = frames_of(source)[1].luma, frames_of(tmp_path / "out.mov")[1].luma
    assert np.abs(after / 4 - before).mean() < 2


def test_an_odd_size_is_kept_in_full_size_chroma(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", size=(61, 45), codec="ffv1", n=3)
    writer = rewrite(source, tmp_path / "out.mp4", crf=0)
    assert open_clip(tmp_path / "out.mp4").info.tags["pix_fmt"] == "yuv444p"
    assert any("odd size" in note for note in writer.notes)
    for before, after in zip(frames_of(source), frames_of(tmp_path / "out.mp4"), strict=True):
        np.testing.assert_array_equal(after.luma, before.luma)


def test_variable_rate_time_stamps_are_exact_in_mp4_and_to_a_millisecond_in_mkv(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", stamps=VARIABLE_STAMPS)
    expected = [Fraction(stamp, 12800) for stamp in VARIABLE_STAMPS]
    assert seconds(source) == expected
    assert rewrite(source, tmp_path / "out.mp4").notes == []
    assert seconds(tmp_path / "out.mp4") == expected
    assert any("1 ms" in note for note in rewrite(source, tmp_path / "out.mkv").notes)
    for kept, stamp in zip(seconds(tmp_path / "out.mkv"), expected, strict=True):
        assert abs(kept - stamp) <= Fraction(1, 2000)
    durations = [frame.duration for frame in frames_of(source)]
    assert durations[:-1] == np.diff(VARIABLE_STAMPS).tolist()
    with pytest.raises(UsageError, match=r"constant rate.*mkv"):
        VideoFileWriter(tmp_path / "out.avi", open_clip(source).info, source=source)


def test_a_late_start_is_kept(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", stamps=[k * 512 + 12807 for k in range(6)], sound=("aac",), sound_start=0.5)
    rewrite(source, tmp_path / "out.mp4")
    assert seconds(tmp_path / "out.mp4") == seconds(source)
    times = zip(packet_times(source)[0], packet_times(tmp_path / "out.mp4")[0], strict=True)
    assert max(abs(before - after) for before, after in times) < 2e-4


def test_sound_that_begins_before_the_picture_moves_neither(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", sound=("aac",), sound_start=-0.02)
    rewrite(source, tmp_path / "out.mkv")
    assert packet_times(source)[0][0] < 0
    assert seconds(tmp_path / "out.mkv") == seconds(source)
    assert packet_hashes(tmp_path / "out.mkv") == packet_hashes(source)
    np.testing.assert_allclose(packet_times(tmp_path / "out.mkv")[0], packet_times(source)[0], atol=1e-3)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_rotation_and_pixel_aspect_are_kept(tmp_path: Path, suffix: str) -> None:
    source = make_clip(tmp_path / "in.mp4", n=3, rotation=90, aspect=Fraction(16, 11))
    rewrite(source, tmp_path / f"out{suffix}")
    for info in (open_clip(source).info, open_clip(tmp_path / f"out{suffix}").info):
        assert (info.rotation, info.pixel_aspect, info.width, info.height) == (90, Fraction(16, 11), 64, 48)
    with pytest.raises(UsageError, match="AVI cannot say"):
        VideoFileWriter(tmp_path / "out.avi", info, source=None)
    notes = VideoFileWriter(tmp_path / "out.avi", replace(info, rotation=0), source=None).notes
    assert any("16/11 as wide as high" in note for note in notes)


def test_interlaced_film_is_recognised_and_stays_so(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", interlaced=True, n=4)
    assert open_clip(source).info.interlaced
    assert any("interlaced" in note for note in rewrite(source, tmp_path / "out.mkv").notes)
    assert open_clip(tmp_path / "out.mkv").info.interlaced
    assert not open_clip(make_clip(tmp_path / "other.mkv", n=4)).info.interlaced


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("in.mkv", {"sound": ("aac", "libopus"), "subtitles": ("subrip", "ass"), "attachment": True}),
        ("in.mp4", {"sound": ("aac", "libmp3lame"), "subtitles": ("mov_text",)}),
        ("in.mov", {"sound": ("pcm_s16le", "aac")}),
        ("in.webm", {"sound": ("libopus",), "subtitles": ("webvtt",), "codec": "libvpx-vp9"}),
        ("in.avi", {"sound": ("pcm_s16le", "libmp3lame"), "codec": "ffv1", "time_base": RATE, "chapters": False}),
    ],
)
def test_every_other_track_is_copied_packet_for_packet(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    source = make_clip(tmp_path / name, **{"chapters": True, "metadata": {"title": "The reel"}, **options})
    target = tmp_path / f"out{source.suffix}"
    rewrite(source, target)
    assert packet_hashes(target) == packet_hashes(source)
    assert sum(len(hashes) for _, _, hashes in packet_hashes(source)) > 20
    for before, after in zip(packet_times(source), packet_times(target), strict=True):
        assert np.abs(np.subtract(before, after)).max() < (0.05 if name == "in.avi" else 2e-3)
    with av.open(str(source)) as film, av.open(str(target)) as copy:
        assert copy.metadata["title"] == "The reel"
        chapters = [[(c["start"] * c["time_base"], c["metadata"]) for c in f.chapters()] for f in (film, copy)]
        assert chapters[0] == chapters[1]
        assert len(chapters[0]) == (0 if name == "in.avi" else 2)
        attached = [[(a.name, a.data) for a in f.streams.attachments] for f in (film, copy)]
        assert attached[0] == attached[1]
        assert bool(attached[0]) == (name == "in.mkv")


def test_part_of_a_film_starts_at_zero_with_its_tracks_in_step(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", n=25, sound=("aac",), subtitles=("subrip",), chapters=True, codec="ffv1")
    first, last = 4, 12
    with open_clip(source) as clip:
        frames = list(clip)
        part = {"first_pts": frames[first].pts, "last_pts": frames[last].pts}
        with VideoFileWriter(tmp_path / "out.mkv", clip.info, source=source, codec="ffv1", **part) as writer:
            for frame in frames[first : last + 1]:
                writer.write(frame, *chroma(writer, frame.index))
    shift, end = seconds(source)[first], seconds(source)[last + 1]
    assert seconds(tmp_path / "out.mkv") == [s - shift for s in seconds(source)[first : last + 1]]
    hashes, times = packet_hashes(source), packet_times(source)
    inside = [k for k, time in enumerate(times[0]) if shift <= time < end]
    assert packet_hashes(tmp_path / "out.mkv")[0][2] == [hashes[0][2][k] for k in inside]
    np.testing.assert_allclose(
        packet_times(tmp_path / "out.mkv")[0], [times[0][k] - float(shift) for k in inside], atol=2e-3
    )
    # The first subtitle (0.05..0.2 s) still stands at 0.16 s; the second starts at 0.25 s.
    np.testing.assert_allclose(packet_times(tmp_path / "out.mkv")[1], [0, 0.25 - float(shift)], atol=2e-3)
    with av.open(str(tmp_path / "out.mkv")) as film:
        spans = [(c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in film.chapters()]
    assert spans == [(0, Fraction(1, 5) - shift), (Fraction(1, 5) - shift, Fraction(12, 25) - shift)]


def test_a_clock_that_starts_anywhere_starts_at_zero(tmp_path: Path) -> None:
    unit, stamps = Fraction(1, 90_000), [9_000_000 + 3600 * k for k in range(12)]
    source = make_clip(tmp_path / "in.ts", sound=("libmp3lame",), sound_start=100, time_base=unit, stamps=stamps)
    writer = rewrite(source, tmp_path / "out.mp4")
    before, after = seconds(source), seconds(tmp_path / "out.mp4")
    assert before[0] > 1
    assert any("clock" in note for note in writer.notes)
    np.testing.assert_allclose(np.diff(np.float64(after)), np.diff(np.float64(before)), atol=1e-6)
    sounds = [packet_times(path)[0][0] for path in (source, tmp_path / "out.mp4")]
    assert abs((float(before[0]) - sounds[0]) - (float(after[0]) - sounds[1])) < 1e-3
    assert after[0] < Fraction(1, 10)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_the_same_film_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    source = make_clip(tmp_path / "in.mkv", sound=("aac",))
    for name in ("one", "two"):
        rewrite(source, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


@pytest.mark.parametrize(("codec", "suffix"), [("h265", ".mp4"), ("vp9", ".webm"), ("av1", ".webm"), ("av1", ".mp4")])
def test_every_codec_keeps_count_and_time(tmp_path: Path, codec: str, suffix: str) -> None:
    source = make_clip(tmp_path / "in.mp4", n=6, stamps=VARIABLE_STAMPS[:6])
    rewrite(source, tmp_path / f"out{suffix}", codec=codec)
    kept = seconds(tmp_path / f"out{suffix}")
    assert [abs(a - b) <= Fraction(1, 2000) for a, b in zip(kept, seconds(source), strict=True)] == [True] * 6


@pytest.mark.parametrize(
    ("told", "steps", "rate"),
    [
        ([60000, 25, 25], [Fraction(1, 25)] * 3, 25),
        ([Fraction(30000, 1001), 30], [Fraction(1001, 30000)] * 3, Fraction(30000, 1001)),
        ([24, 60], [Fraction(1, 60)] * 3, 24),
        ([None, 25], [], 25),
        ([60000], [Fraction(1, 25)], 60000),
        ([None], [Fraction(1, 25)], None),
    ],
)
def test_the_rate_is_one_that_time_stamps_bear_out(told: list[Any], steps: list[Fraction], rate: Any) -> None:
    assert believed_rate(told, steps) == rate


@pytest.mark.parametrize(
    ("told", "steps", "rate"),
    [
        ([25, 50, 100, 50], [Fraction(1, 50)] * 3, 50),
        ([25, Fraction(24000, 1001)], [Fraction(50050, 1_200_000)] * 3, Fraction(24000, 1001)),
        ([None, 50, 50, 25], [Fraction(1, 25)], 25),
        ([25, 50, 30], [Fraction(1, 30), Fraction(1, 60), Fraction(1, 30)], 25),
        (
            [Fraction(30000, 1001), 30],
            [Fraction(33, 1000), Fraction(34, 1000), Fraction(33, 1000)],
            Fraction(30000, 1001),
        ),
    ],
)
def test_even_time_stamps_choose_the_rate_where_frames_were_not_counted(
    told: list[Any], steps: list[Fraction], rate: Any
) -> None:
    assert believed_rate(told, steps, unit=Fraction(1, 1000), counted=False) == rate


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_a_film_of_a_few_frames_is_a_film(tmp_path: Path, codec: str, n: int, target: str) -> None:
    film = make_clip(tmp_path / "in.mkv", n=n, size=(192, 108))
    rewrite(film, tmp_path / target, codec=codec)
    assert np.allclose([float(each) for each in seconds(tmp_path / target)], [0.04 * k for k in range(n)], atol=1.1e-3)


@pytest.mark.parametrize(
    ("name", "codec", "n", "rate"),
    [
        ("a.h264", "libx264", 12, Fraction(24000, 1001)),
        ("a.m2v", "mpeg2video", 12, Fraction(50)),
        ("a.ts", "libx264", 1, Fraction(25)),
        ("a.ts", "libx264", 2, Fraction(25)),
        ("a.mpg", "mpeg2video", 2, Fraction(25)),
        ("a.dv", "dvvideo", 2, Fraction(25)),
    ],
)
@pytest.mark.parametrize("target", ["out.mp4", "out.mkv", "out.mov"])
def test_a_rate_is_read_and_written_where_players_look(
    tmp_path: Path, name: str, codec: str, n: int, rate: Fraction, target: str
) -> None:
    size = (720, 576) if codec == "dvvideo" else SIZE
    film = make_clip(tmp_path / name, codec=codec, n=n, rate=rate, time_base=1 / rate, size=size)
    assert open_clip(film).info.rate == rate
    rewrite(film, tmp_path / target)
    with av.open(str(tmp_path / target)) as output:
        stream = output.streams.video[0]
        assert (stream.average_rate, stream.base_rate) == (rate, rate)


def test_raw_dv_keeps_its_rate(tmp_path: Path) -> None:
    tape = make_clip(tmp_path / "tape.dv", size=(720, 576), codec="dvvideo", n=5, time_base=Fraction(1, 25))
    assert open_clip(tape).info.rate == 25
    rewrite(tape, tmp_path / "out.mov")
    with av.open(str(tmp_path / "out.mov")) as film:
        assert film.streams.video[0].average_rate == 25


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [("a.mp4", "libx264", {"g": "5"}), ("a.mkv", "libx264", {"g": "4", "bf": "2"}), ("a.avi", "ffv1", {})],
)
def test_frames_from_a_time_on_are_those_of_the_whole_film(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = make_clip(tmp_path / name, codec=codec, options=options)
    frames = frames_of(path)
    for first in (0, 3, 6, 11):
        with open_clip(path) as reader:
            found = list(reader.frames_from(frames[first].pts, first))
        assert [frame.index for frame in found] == list(range(first, 12))
        for one, other in zip(found, frames[first:], strict=True):
            assert (one.pts, one.duration) == (other.pts, other.duration)
            np.testing.assert_array_equal(one.luma, other.luma)


def test_no_frame_comes_from_a_time_that_none_has_or_a_film_that_cannot_be_sought_in(tmp_path: Path) -> None:
    with open_clip(make_clip(tmp_path / "clip.mp4")) as reader:
        assert not list(reader.frames_from(reader.info.time_base.denominator // 25 + 1, 1))
    with open_clip(make_clip(tmp_path / "clip.h264", options={"bf": "0"})) as reader:
        assert not list(reader.frames_from(0, 0))


def test_a_writer_can_be_told_how_often_a_film_can_be_sought_in(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv")
    with (
        open_clip(path) as reader,
        VideoFileWriter(tmp_path / "out.mp4", reader.info, source=None, seek_step=4) as writer,
    ):
        for frame in reader:
            writer.write(frame, frame.cb, frame.cr)
    with av.open(str(tmp_path / "out.mp4")) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe and packet.size]
    assert len(keys) >= 3
