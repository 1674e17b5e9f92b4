"""Films in and out: luma bit for bit, time stamps, tags and all other tracks kept; what does not fit is refused."""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from featcolor.errors import ClipError, UsageError
from featcolor.frames import ClipReader, Frame
from featcolor.video_writer import VideoFileWriter
from featcolor.videos import create_clip, open_clip
from tests.clip_samples import (
    VARIABLE_STAMPS,
    cut_copy,
    damaged_copy,
    make_clip,
    packet_hashes,
    packet_times,
    picture_of,
    planes,
)

SIZE = (64, 48)

# Text that FFmpeg would follow to other files and addresses.
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
FFCONCAT = b"ffconcat version 1.0\nfile in.mkv\n"


def frames_of(path: Path) -> list[Frame]:
    with open_clip(path) as clip:
        return list(clip)


def seconds(path: Path) -> list[Fraction]:
    with open_clip(path) as clip:
        return [frame.pts * clip.info.time_base for frame in clip]


def rewrite(source: Path, target: Path, **options: Any) -> VideoFileWriter:
    """The film again with a chroma of our own, through reader and writer."""
    with open_clip(source) as clip:
        writer = create_clip(target, clip.info, source=source, **options)
        with writer:
            for frame in clip:
                writer.write(frame, *chroma(writer, frame.index))
    return writer


def chroma(writer: VideoFileWriter, number: int) -> tuple[np.ndarray, np.ndarray]:
    dtype = np.uint8 if writer.bits == 8 else np.uint16
    ramp = np.add.outer(*map(np.arange, writer.chroma_shape)) + number
    return ((ramp % 60 + 100) << (writer.bits - 8)).astype(dtype), ((ramp % 50 + 90) << (writer.bits - 8)).astype(dtype)


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
    assert len(frames) == 12
    for frame in frames:
        expected = planes(frame.index, size, pix_fmt)
        for read, plane in zip((frame.luma, frame.cb, frame.cr), expected, strict=False):
            assert read is not None
            assert read.dtype == plane.dtype
            np.testing.assert_array_equal(read, plane)
        assert (frame.cb is None) == pix_fmt.startswith("gray")


@pytest.mark.parametrize("name", ["nv12", "nv21", "p010le"])
def test_semi_planar_samples_are_taken_apart(name: str) -> None:
    from featcolor.pixelformats import layout_of, read_planes

    bits, layout = (10, layout_of(name, 10)) if name == "p010le" else (8, layout_of(name, 8))
    own = "yuv420p10le" if bits == 10 else "yuv420p"
    expected = planes(3, (62, 46), own)
    luma, first, second = expected if name != "nv21" else (expected[0], expected[2], expected[1])
    pairs = np.stack([first, second], axis=-1).reshape(first.shape[0], -1)
    picture = picture_of([luma << (6 if bits == 10 else 0), pairs << (6 if bits == 10 else 0)], (62, 46), name)
    for read, plane in zip(read_planes(picture, layout, matrix="bt601"), expected, strict=True):
        assert read is not None
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
    tmp_path: Path, size: tuple[int, int], space: int | None, matrix: str, tagged: bool
) -> None:
    source = make_clip(tmp_path / "in.mkv", n=2, size=size, colorspace=space, color_range=2 if tagged else None)
    rewrite(source, tmp_path / "out.mkv")
    before, after = open_clip(source).info, open_clip(tmp_path / "out.mkv").info
    assert (before.matrix, before.full_range, before.tags["matrix_tagged"]) == (matrix, tagged, tagged)
    assert (after.matrix, after.full_range) == (before.matrix, before.full_range)
    assert after.tags["matrix_tagged"]
    assert after.tags["range_tagged"]
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
    assert (writer.bits, writer.pixel_format, writer.chroma_shape) == (8, "yuv422p10le", (48, 32))
    assert any("times 4" in note for note in writer.notes)
    before, after = frames_of(source)[1].luma, frames_of(tmp_path / "out.mov")[1].luma
    assert np.abs(after / 4 - before).mean() < 2


def test_an_odd_size_is_kept_in_full_size_chroma(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", size=(61, 45), codec="ffv1", n=3)
    writer = rewrite(source, tmp_path / "out.mp4", crf=0)
    assert writer.pixel_format == "yuv444p"
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
        create_clip(tmp_path / "out.avi", open_clip(source).info, source=source)


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
        (
            "in.avi",
            {"sound": ("pcm_s16le", "libmp3lame"), "codec": "ffv1", "time_base": Fraction(1, 25), "chapters": False},
        ),
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


@pytest.mark.parametrize(
    ("name", "options", "target", "words"),
    [
        ("in.mp4", {"sound": ("aac",)}, "out.webm", "sound, aac.*write .mkv"),
        ("in.mp4", {"sound": ("aac",)}, "out.avi", "sound, aac.*write .mkv"),
        ("in.mkv", {"subtitles": ("ass",)}, "out.mp4", "subtitles, ass.*write .mkv"),
        ("in.mp4", {"subtitles": ("mov_text",)}, "out.mkv", "subtitles, mov_text.*write .mp4"),
        ("in.mkv", {"sound": ("aac", "libopus"), "subtitles": ("subrip",)}, "out.mov", "opus.*subrip.*write .mkv"),
    ],
)
def test_a_track_that_does_not_fit_is_refused_before_any_work(
    tmp_path: Path, name: str, options: dict[str, Any], target: str, words: str
) -> None:
    source = make_clip(tmp_path / name, n=2, **options)
    with pytest.raises(UsageError, match=f"track [12].*{words}"):
        create_clip(tmp_path / target, open_clip(source).info, source=source)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_part_of_a_film_starts_at_zero_with_its_tracks_in_step(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", n=25, sound=("aac",), subtitles=("subrip",), chapters=True, codec="ffv1")
    first, last = 4, 12
    with open_clip(source) as clip:
        frames = list(clip)
        part = {"first_pts": frames[first].pts, "last_pts": frames[last].pts}
        with create_clip(tmp_path / "out.mkv", clip.info, source=source, codec="ffv1", **part) as writer:
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


def test_a_damaged_packet_gives_the_frame_before_and_the_run_goes_on(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "in.mkv", codec="ffv1", options={"slicecrc": "1", "g": "1"})
    damaged = damaged_copy(whole, tmp_path / "damaged.mkv", 5)
    clip = open_clip(damaged)
    frames = list(clip)
    assert [frame.damaged for frame in frames] == [k == 5 for k in range(12)]
    assert [frame.pts for frame in frames] == [frame.pts for frame in frames_of(whole)]
    np.testing.assert_array_equal(frames[5].luma, frames[4].luma)
    np.testing.assert_array_equal(frames[6].luma, planes(6, SIZE, "yuv420p")[0])
    assert clip.problems  # type: ignore[attr-defined]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_lost_packet_keeps_count_and_time(tmp_path: Path, codec: str) -> None:
    options = {"x265-params": "log-level=none:keyint=4:pools=1"} if codec == "libx265" else {}
    whole = make_clip(tmp_path / "in.mp4", n=24, codec=codec, options=options, size=(128, 96))
    frames = frames_of(damaged_copy(whole, tmp_path / "damaged.mp4", 9))
    assert [frame.pts for frame in frames] == [frame.pts for frame in frames_of(whole)]
    assert any(frame.damaged for frame in frames)
    assert not any(frame.damaged for frame in frames[16:])


def test_a_film_that_breaks_off_is_read_to_there_and_said_so(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "in.mkv", n=75, codec="ffv1")
    clip = open_clip(cut_copy(whole, tmp_path / "cut.mkv", 0.4))
    frames = list(clip)
    assert 20 < len(frames) < 40
    assert any("before its time" in problem or "end" in problem for problem in clip.problems)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("suffix", "options"), [(".mkv", {}), (".mp4", {"movflags": "faststart"})])
def test_a_film_that_breaks_off_is_written_to_there_with_its_sound(
    tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    whole = make_clip(tmp_path / f"in{suffix}", n=75, sound=("aac",), container_options=options)
    cut = cut_copy(whole, tmp_path / f"cut{suffix}", 0.5)
    rewrite(cut, tmp_path / "out.mkv")
    assert len(frames_of(tmp_path / "out.mkv")) == len(frames_of(cut)) > 20
    copied, held = packet_hashes(tmp_path / "out.mkv")[0][2], packet_hashes(whole)[0][2]
    assert copied[:20] == held[:20]


def test_a_clock_that_starts_anywhere_starts_at_zero(tmp_path: Path) -> None:
    unit, stamps = Fraction(1, 90_000), [9_000_000 + 3600 * k for k in range(12)]
    source = make_clip(tmp_path / "in.ts", sound=("libmp3lame",), sound_start=100, time_base=unit, stamps=stamps)
    writer = rewrite(source, tmp_path / "out.mp4")
    before, after = seconds(source), seconds(tmp_path / "out.mp4")
    assert before[0] > 1
    assert any("clock" in note for note in writer.notes)
    np.testing.assert_allclose(np.diff(np.float64(after)), np.diff(np.float64(before)), atol=1e-6)
    steps = [
        float(film[0]) - sound[0][0]
        for film, sound in ((before, packet_times(source)), (after, packet_times(tmp_path / "out.mp4")))
    ]
    assert abs(steps[0] - steps[1]) < 1e-3
    assert after[0] < Fraction(1, 10)


@pytest.mark.parametrize(
    "content", [b"", b"no film at all\n" * 50, b"\x00\x00\x00\x20ftypisom" + bytes(200), PLAYLIST, FFCONCAT]
)
def test_what_is_no_film_is_said_so_in_one_line(tmp_path: Path, content: bytes) -> None:
    make_clip(tmp_path / "in.mkv", n=2)
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(ClipError, match=r"film\.mp4: ") as caught:
        open_clip(path)
    assert "\n" not in str(caught.value)


def test_missing_folder_sound_only_and_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no such film"):
        open_clip(tmp_path / "none.mp4")
    with pytest.raises(UsageError, match="--fps"):
        open_clip(tmp_path)
    sound = tmp_path / "sound.wav"
    with av.open(str(sound), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1600), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 8000
        output.mux(stream.encode(frame))
    with pytest.raises(ClipError, match="no picture track"):
        open_clip(sound)
    import cv2

    cv2.imwrite(str(tmp_path / "still.png"), np.zeros((8, 8), np.uint8))
    with pytest.raises(ClipError, match="colorize"):
        open_clip(tmp_path / "still.png")


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("out.xyz", {}, r"\.mp4, \.m4v, \.mov, \.mkv, \.webm, \.avi"),
        ("out", {}, "bare name"),
        ("out.mp4", {"codec": "ffv1"}, r"write \.mkv or \.avi"),
        ("out.mp4", {"codec": "divx"}, "choose one of h264"),
        ("out.mkv", {"codec": "ffv1", "crf": 3}, "no --crf"),
        ("out.mkv", {"crf": 60}, "to 51"),
        ("out.mkv", {"pixel_format": "rgb24"}, "is one like"),
        ("out.mkv", {"pixel_format": "yuv420p9le"}, "does not take"),
        ("none/out.mkv", {}, "folder does not exist"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_choices(
    tmp_path: Path, target: str, options: dict[str, Any], words: str
) -> None:
    source = make_clip(tmp_path / "in.mkv", n=2)
    with pytest.raises(UsageError, match=words):
        create_clip(tmp_path / target, open_clip(source).info, source=source, **options)


def test_a_format_that_would_change_luma_is_refused(tmp_path: Path) -> None:
    deep = make_clip(tmp_path / "deep.mkv", n=2, pix_fmt="yuv420p10le")
    full = make_clip(tmp_path / "full.mkv", n=2, color_range=2)
    with pytest.raises(UsageError, match="exactly"):
        create_clip(tmp_path / "out.mkv", open_clip(deep).info, source=deep, pixel_format="yuv420p")
    with pytest.raises(UsageError, match="full-range"):
        create_clip(tmp_path / "out.mkv", open_clip(full).info, source=full, pixel_format="yuv420p10le")
    with pytest.raises(UsageError, match=r"vp9 cannot carry the 10-bit luma.*ffv1"):
        create_clip(tmp_path / "out.mkv", open_clip(deep).info, source=deep, codec="vp9")


def test_the_input_and_an_existing_file_are_safe(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", n=2)
    info, content = open_clip(source).info, source.read_bytes()
    os.link(source, tmp_path / "link.mkv")
    (tmp_path / "other.mkv").write_bytes(b"kept")
    for name in ("in.mkv", "link.mkv"):
        with pytest.raises(UsageError, match="input itself"):
            create_clip(tmp_path / name, info, source=source, overwrite=True)
    with pytest.raises(UsageError, match="exists already"):
        create_clip(tmp_path / "other.mkv", info, source=source)
    assert source.read_bytes() == content
    rewrite(source, tmp_path / "other.mkv", overwrite=True)
    assert len(frames_of(tmp_path / "other.mkv")) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_leaves_no_file(tmp_path: Path, error: type[BaseException]) -> None:
    source = make_clip(tmp_path / "in.mkv", sound=("aac",))

    def fails(writer: VideoFileWriter, clip: ClipReader) -> None:
        with writer:
            for frame in clip:
                writer.write(frame, *chroma(writer, 0))
                if frame.index == 5:
                    raise error

    with open_clip(source) as clip, pytest.raises(error):
        fails(create_clip(tmp_path / "out.mkv", clip.info, source=source), clip)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_a_full_disk_is_one_clear_line_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_clip(tmp_path / "in.mkv", n=4)

    def full(*_: Any) -> None:
        raise av.error.OSError(errno.ENOSPC, "No space left on device")

    with open_clip(source) as clip:
        monkeypatch.setattr(VideoFileWriter, "_picture", full)
        with (
            pytest.raises(ClipError, match="disk is full"),
            create_clip(tmp_path / "out.mp4", clip.info, source=None) as writer,
        ):
            writer.write(next(iter(clip)), *chroma(writer, 0))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


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


def test_planes_of_a_wrong_shape_are_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", n=2)
    small = np.zeros((3, 3), np.uint8)
    with open_clip(source) as clip, create_clip(tmp_path / "out.mkv", clip.info, source=None) as writer:
        frame = next(iter(clip))
        with pytest.raises(ValueError, match="is due in frame 0"):
            writer.write(frame, small, small)
        writer.write(frame, *chroma(writer, 0))
