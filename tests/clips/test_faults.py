"""What is wrong with films, targets and wishes: said in one line, before any work, and nothing half done is left."""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from featcolor.clips.frames import ClipReader
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.errors import ClipError, UsageError
from tests.clips.samples import chroma, cut_copy, damaged_copy, frames_of, make_clip, packet_hashes, planes, rewrite

SIZE = (64, 48)

# Text that FFmpeg would follow to other files and addresses.
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
FFCONCAT = b"ffconcat version 1.0\nfile in.mkv\n"


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
        VideoFileWriter(tmp_path / target, open_clip(source).info, source=source)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_damaged_packet_gives_the_frame_before_and_the_run_goes_on(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "in.mkv", codec="ffv1", options={"slicecrc": "1", "g": "1"})
    damaged = damaged_copy(whole, tmp_path / "damaged.mkv", 5)
    clip = open_clip(damaged)
    frames = list(clip)
    assert [frame.damaged for frame in frames] == [k == 5 for k in range(12)]
    assert [frame.pts for frame in frames] == [frame.pts for frame in frames_of(whole)]
    np.testing.assert_array_equal(frames[5].luma, frames[4].luma)
    np.testing.assert_array_equal(frames[6].luma, planes(6, SIZE, "yuv420p")[0])
    assert clip.problems


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
    assert any("before its time" in problem or "end" in problem for problem in clip.problems)


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        (".mp4", "libx264", {"movflags": "faststart"}),
        (".mov", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        (".avi", "mjpeg", {}),
    ],
)
def test_a_film_that_breaks_off_before_its_length_is_said_so(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str]
) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    whole = make_clip(tmp_path / f"in{suffix}", n=25, codec=codec, pix_fmt=pix_fmt, container_options=options)
    with open_clip(whole) as clip:
        assert len(list(clip)) == 25
        assert not clip.problems
    with open_clip(cut_copy(whole, tmp_path / f"cut{suffix}", 0.7)) as clip:
        assert 5 < len(list(clip)) < 25
        assert "the file breaks off" in clip.problems[-1]


def test_an_mxf_that_breaks_off_is_said_so(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "in.mxf", n=75, codec="mpeg2video", time_base=Fraction(1, 25))
    with open_clip(whole) as clip:
        assert len(list(clip)) == 75
        assert not clip.problems
    with open_clip(cut_copy(whole, tmp_path / "cut.mxf", 0.4)) as clip:
        assert 5 < len(list(clip)) < 45
        assert any("before its time" in problem for problem in clip.problems)


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\x40\0mdat" + bytes(range(256)) * 40,
            r"breaks off before its index \(moov\).*untrunc",
        ),
        (
            b"\0\0\0\x01mdat\0\0\0\0\0\x20\0\0" + bytes(range(256)) * 40,
            r"breaks off before its index \(moov\).*untrunc",
        ),
        (b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x10moov\0\0\0\0\0\0\0\0", "(?!.*breaks off)"),
        (bytes(5000), "holds nothing but zeros"),
        (b"a list of films\n" * 90, "is text"),
        (b"SDPX" + bytes(3000), "is a DPX frame, which is not read; 'ffmpeg"),
        (b"\xff\xd8\xff\xe0" + bytes(3000), r"is a picture \(JPEG\)"),
        (b"%PDF-1.4 of text alone", "is a PDF, which is not read; 'pdfimages"),
        (b"\0\0\0\x18ftypcrx " + bytes(3000), "is a camera's raw file, which is not read; develop it"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_film_is_called_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(ClipError, match=rf"film\.mp4: {words}"):
        open_clip(path)


def test_what_the_muxer_refuses_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = make_clip(tmp_path / "in.mkv", n=2)
    monkeypatch.setattr(VideoFileWriter, "_muxer_options", lambda _: {"frag_duration": "-9"})
    with open_clip(film) as clip, pytest.raises(UsageError, match=r"out\.mp4: cannot be written.*--codec"):
        VideoFileWriter(tmp_path / "out.mp4", clip.info, source=film).rehearse()
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_a_broken_packet_of_sound_does_not_end_the_work(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.ts", n=50, sound=("aac",))
    with av.open(str(film)) as source:
        held = [bytes(packet) for packet in source.demux(source.streams.audio[0]) if packet.size]
    content = film.read_bytes()
    place = content.index(held[20][:9])
    film.write_bytes(content[:place] + b"\0\0" + content[place + 2 :])
    writer = rewrite(film, tmp_path / "out.mp4")
    copied = packet_hashes(tmp_path / "out.mp4")[0][2]
    assert len(frames_of(tmp_path / "out.mp4")) == 50
    assert len(held) - 3 < len(copied) < len(held)
    assert any("is left out" in note for note in writer.notes)


def test_missing_folder_sound_only_and_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such film"):
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
        VideoFileWriter(tmp_path / target, open_clip(source).info, source=source, **options)


def test_a_format_that_would_change_luma_is_refused(tmp_path: Path) -> None:
    deep = make_clip(tmp_path / "deep.mkv", n=2, pix_fmt="yuv420p10le")
    full = make_clip(tmp_path / "full.mkv", n=2, color_range=2)
    with pytest.raises(UsageError, match="exactly"):
        VideoFileWriter(tmp_path / "out.mkv", open_clip(deep).info, source=deep, pixel_format="yuv420p")
    with pytest.raises(UsageError, match="full-range"):
        VideoFileWriter(tmp_path / "out.mkv", open_clip(full).info, source=full, pixel_format="yuv420p10le")
    with pytest.raises(UsageError, match=r"vp9 cannot carry the 10-bit luma.*ffv1"):
        VideoFileWriter(tmp_path / "out.mkv", open_clip(deep).info, source=deep, codec="vp9")


def test_the_input_and_an_existing_file_are_safe(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv", n=2)
    info, content = open_clip(source).info, source.read_bytes()
    os.link(source, tmp_path / "link.mkv")
    (tmp_path / "other.mkv").write_bytes(b"kept")
    for name in ("in.mkv", "link.mkv"):
        with pytest.raises(UsageError, match="input itself"):
            VideoFileWriter(tmp_path / name, info, source=source, overwrite=True)
    with pytest.raises(UsageError, match="exists already"):
        VideoFileWriter(tmp_path / "other.mkv", info, source=source)
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
        fails(VideoFileWriter(tmp_path / "out.mkv", clip.info, source=source), clip)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_a_full_disk_is_one_clear_line_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_clip(tmp_path / "in.mkv", n=4)

    def full(*_: Any) -> None:
        raise av.error.OSError(errno.ENOSPC, "No space left on device")

    with open_clip(source) as clip:
        monkeypatch.setattr(VideoFileWriter, "_picture", full)
        with (
            pytest.raises(ClipError, match="disk is full"),
            VideoFileWriter(tmp_path / "out.mp4", clip.info, source=None) as writer,
        ):
            writer.write(next(iter(clip)), *chroma(writer, 0))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_planes_of_a_wrong_shape_are_refused(tmp_path: Path) -> None:
    with open_clip(make_clip(tmp_path / "in.mkv", n=2)) as clip:
        frame, small = next(iter(clip)), np.zeros((3, 3), np.uint8)
        with VideoFileWriter(tmp_path / "out.mkv", clip.info, source=None) as writer:
            with pytest.raises(ValueError, match="is due in frame 0"):
                writer.write(frame, small, small)
            writer.write(frame, *chroma(writer, 0))
