"""Sound: packets are copied wherever a container can hold them, and encoded anew only when that is asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from featcolor.clips.open import open_clip
from featcolor.clips.output.containers import CONTAINERS
from featcolor.clips.output.sound import OPUS_LAYOUTS, SoundEncoder
from featcolor.clips.output.tracks import plan_tracks
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.errors import UsageError
from tests.clips.samples import make_clip, packet_hashes, packet_times, rewrite

MOTION = {"codec": "mpeg4"}


def heard(path: Path) -> tuple[float, float]:
    """Seconds at which sound is first and last heard, as a player hears it, after the first picture."""
    loud = []
    with av.open(str(path)) as film:
        picture, sound = film.streams.video[0], film.streams.audio[0]
        begin = float((picture.start_time or 0) * picture.time_base)
        for frame in film.decode(sound):
            levels = np.abs(frame.to_ndarray().astype(np.float64)).reshape(-1, frame.samples).max(axis=0)
            start = float((frame.pts or 0) * frame.time_base)
            top = 1.0 if "flt" in frame.format.name else float(np.iinfo(np.int16).max)
            loud += [start + k / frame.sample_rate for k in np.flatnonzero(levels > 0.05 * top)]
    return loud[0] - begin, loud[-1] - begin


@pytest.mark.parametrize(
    ("source", "codec"),
    [
        ("in.wmv", "wmav2"),
        ("in.avi", "pcm_mulaw"),
        ("in.mov", "pcm_mulaw"),
        ("in.mov", "pcm_alaw"),
        ("in.avi", "adpcm_ms"),
        ("in.avi", "adpcm_ima_wav"),
        ("in.avi", "adpcm_yamaha"),
        ("in.avi", "mp2"),
        ("in.mov", "pcm_s24be"),
        ("in.mkv", "flac"),
    ],
)
def test_matroska_takes_what_the_muxer_can_hold(tmp_path: Path, source: str, codec: str) -> None:
    film = make_clip(tmp_path / source, sound=(codec,), **MOTION)
    rewrite(film, tmp_path / "out.mkv")
    assert packet_hashes(tmp_path / "out.mkv") == packet_hashes(film)
    (before,), (after,) = packet_times(film), packet_times(tmp_path / "out.mkv")
    assert np.allclose(after, before, atol=1.1e-3)


@pytest.mark.parametrize(
    ("source", "codec", "target", "words"),
    [
        ("in.avi", "adpcm_ms", "out.mp4", r"write \.mkv, .*--sound aac"),
        ("in.avi", "adpcm_ms", "out.avi", r"write \.mkv, .*--sound pcm"),
        ("in.mkv", "aac", "out.webm", r"write \.mkv, .*--sound opus"),
        ("in.mov", "adpcm_ima_qt", "out.mkv", r"write \.mov, .*--sound aac"),
        ("in.vob", "pcm_dvd", "out.mkv", r"\.mkv does not take [^;]*; add --sound aac"),
    ],
)
def test_no_remedy_names_what_was_just_refused(
    tmp_path: Path, source: str, codec: str, target: str, words: str
) -> None:
    film = make_clip(tmp_path / source, codec="mpeg2video", time_base=Fraction(1, 25), sound=(codec,))
    with pytest.raises(UsageError, match=words) as caught:
        VideoFileWriter(tmp_path / target, open_clip(film).info, source=film)
    assert f"write {Path(target).suffix}" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "codec", "target", "sound"),
    [
        ("in.avi", "adpcm_ms", "out.mp4", "aac"),
        ("in.avi", "adpcm_ms", "out.mov", "pcm"),
        ("in.mov", "adpcm_ima_qt", "out.mkv", "aac"),
        ("in.mov", "adpcm_ima_qt", "out.mkv", "opus"),
        ("in.mkv", "aac", "out.webm", "opus"),
        ("in.mkv", "ac3", "out.avi", "pcm"),
    ],
)
def test_encoded_sound_is_heard_when_it_was(tmp_path: Path, source: str, codec: str, target: str, sound: str) -> None:
    film = make_clip(tmp_path / source, n=30, sound=(codec,), **MOTION)
    writer = rewrite(film, tmp_path / target, sound=sound)
    assert any(f"is encoded as {sound}" in note for note in writer.notes)
    assert np.allclose(heard(tmp_path / target), heard(film), atol=0.012)


def test_sound_that_begins_late_or_stops_between_is_not_drawn_together(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mov", n=60, sound=("adpcm_ima_qt",), sound_start=0.6, **MOTION)
    rewrite(film, tmp_path / "out.mp4", sound="aac")
    assert np.allclose(heard(tmp_path / "out.mp4"), heard(film), atol=0.012)


def test_what_a_container_takes_is_copied_whatever_encoding_is_named(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mkv", sound=("ac3",), **MOTION)
    rewrite(film, tmp_path / "out.mp4", sound="aac")
    assert packet_hashes(tmp_path / "out.mp4") == packet_hashes(film)


def test_sound_that_begins_too_late_to_be_known_is_said_so(tmp_path: Path) -> None:
    options = {"codec": "mpeg2video", "time_base": Fraction(1, 25), "n": 25}
    silent = make_clip(tmp_path / "silent.ts", **options)
    heard = make_clip(tmp_path / "heard.ts", sound=("mp2",), **options)
    film = tmp_path / "late.ts"
    film.write_bytes(3 * silent.read_bytes() + heard.read_bytes())
    with pytest.raises(UsageError, match=r"begins too late.*--sound none"):
        rewrite(film, tmp_path / "out.mp4")
    rewrite(film, tmp_path / "out.mp4", sound="none")


@pytest.mark.parametrize("layout", ["mono", "stereo", "quad", "5.1", "7.1", *OPUS_LAYOUTS])
def test_opus_takes_the_channels_of_old_formats(layout: str, tmp_path: Path) -> None:
    context = SimpleNamespace(layout=av.AudioLayout(layout), sample_rate=48_000)
    with av.open(str(tmp_path / "out.webm"), "w") as output:
        SoundEncoder(SimpleNamespace(codec_context=context), output, "opus")
        output.start_encoding()


def test_sound_that_cannot_be_decoded_is_refused(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mkv", sound=("ac3",), **MOTION)
    packets = [bytes(packet) for packet in av.open(str(film)).demux(audio=0) if packet.size]
    content = film.read_bytes()
    for packet in packets:
        content = content.replace(packet, bytes(len(packet)))
    film.write_bytes(content)
    with open_clip(film) as clip, pytest.raises(UsageError, match=r"cannot be decoded.*--sound none"):
        VideoFileWriter(tmp_path / "out.webm", clip.info, source=film, sound="opus").rehearse()


def test_sound_of_an_unknown_codec_is_refused_and_can_be_left_out(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mov", sound=("pcm_s16le",), **MOTION)
    film.write_bytes(film.read_bytes().replace(b"sowt", b"zzzz"))
    with pytest.raises(UsageError, match=r"\(sound, unknown\).*--sound none"):
        rewrite(film, tmp_path / "out.mov")
    rewrite(film, tmp_path / "out.mov", sound="none")


def test_sound_can_be_left_out(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mkv", sound=("ac3",), subtitles=("subrip",), **MOTION)
    writer = rewrite(film, tmp_path / "out.mkv", sound="none")
    assert [kind for kind, *_ in packet_hashes(tmp_path / "out.mkv")] == ["subtitle"]
    assert any("(audio) is not copied" in note for note in writer.notes)


def test_an_encoding_that_the_container_does_not_take_is_refused(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mkv", sound=("aac",), **MOTION)
    with pytest.raises(UsageError, match="it takes --sound opus"):
        plan_tracks(film, CONTAINERS[".webm"], "out.webm", "aac")


def test_part_of_encoded_sound_goes_with_its_pictures(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mov", n=60, sound=("adpcm_ima_qt",), sound_start=1.2, **MOTION)
    with open_clip(film) as clip:
        frames = [frame for frame in clip if 20 <= frame.index < 50]
        cut = {"first_pts": frames[0].pts, "last_pts": frames[-1].pts}
        writer = VideoFileWriter(tmp_path / "out.mp4", clip.info, source=film, sound="aac", **cut)
        grey = np.full(writer.chroma_shape, 128, np.uint8)
        with writer:
            for frame in frames:
                writer.write(frame, grey, grey)
    first, last = heard(tmp_path / "out.mp4")
    assert abs(first - (1.2 - 0.8)) < 0.012
    assert abs(last - 1.2) < 0.03
