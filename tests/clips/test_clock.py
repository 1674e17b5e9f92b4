"""Films whose clock jumps: every frame stays, times go on, and sound stays with its picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from featcolor.clips.clock import Clock
from featcolor.clips.open import open_clip
from featcolor.errors import UsageError
from tests.clips.samples import (
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

STEP = Fraction(1, 25)
N = 12
H264 = {"qp": "10", "bf": "2", "g": "6", "x264-params": "b-adapt=0"}


def part(path: Path, **changes: Any) -> Path:
    """A film of MPEG-2 of 12 frames, or another."""
    options = {"codec": "mpeg2video", "time_base": STEP, "options": {"g": "6"}, **changes}
    return make_clip(path, **options)


def joined(path: Path, *parts: Path) -> Path:
    """Films one after the other, as `cat` joins them."""
    path.write_bytes(b"".join(each.read_bytes() for each in parts))
    return path


def problems(path: Path) -> list[str]:
    """What the reader has to say of a film."""
    with open_clip(path) as clip:
        for _ in clip:
            pass
        return list(clip.problems)


def hashes(path: Path) -> list[list[str]]:
    """Of the packets of each sound track."""
    return [each for kind, _, each in packet_hashes(path) if kind == "audio"]


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv", "out.mov"])
@pytest.mark.parametrize(
    ("suffix", "changes"),
    [
        (".mpg", {"sound": ("mp2",)}),
        (".mpg", {}),
        (".vob", {"sound": ("ac3",), "options": {"g": "6", "bf": "2"}}),
        (".ts", {"sound": ("mp2",)}),
        (".ts", {"sound": ("ac3",), "codec": "libx264", "options": H264}),
        (".mkv", {"sound": ("aac",), "codec": "libx264", "options": H264}),
        (".mkv", {"codec": "libx264", "options": H264}),
    ],
)
def test_films_that_are_joined_go_on_one_after_the_other(
    tmp_path: Path, suffix: str, changes: dict[str, Any], target: str
) -> None:
    one = part(tmp_path / f"one{suffix}", **changes)
    count = 2 if suffix == ".mkv" else 3  # FFmpeg reads no third of Matroska
    film = joined(tmp_path / f"film{suffix}", *[one] * count)
    places = "1 place" if count == 2 else "2 places"
    assert problems(film) == [
        f"{film.name}: its clock goes back at 0.48 s; it goes on from there for all tracks ({places})"
    ]
    rewrite(film, tmp_path / target)
    times = seconds(tmp_path / target)
    assert len(times) == count * N
    np.testing.assert_allclose(np.diff(np.float64(times)), 0.04, atol=2e-3)
    assert hashes(tmp_path / target) == [each * count for each in hashes(one)]
    for sound, own in zip(packet_times(tmp_path / target), packet_times(one), strict=True):
        assert all(before < after for before, after in pairwise(sound))
        for k in range(count):
            offset = sound[k * len(own)] - float(times[k * N])
            assert abs(offset - (own[0] - float(seconds(one)[0]))) < STEP


def test_a_picture_waits_for_the_sound_before_it(tmp_path: Path) -> None:
    long = part(tmp_path / "long.mpg", sound=("mp2",), sound_start=-0.4)
    film = joined(tmp_path / "film.mpg", part(tmp_path / "one.mpg", sound=("mp2",)), long)
    rewrite(film, tmp_path / "out.mkv")
    times, sound = seconds(tmp_path / "out.mkv"), packet_times(tmp_path / "out.mkv")[0]
    assert hashes(tmp_path / "out.mkv") == hashes(film)
    assert max(np.diff(sound)) < 0.05
    first = len(packet_times(tmp_path / "one.mpg")[0])
    own = float(seconds(long)[0]) - packet_times(long)[0][0]
    assert abs(float(times[N]) - sound[first] - own) < STEP
    assert own > 0.3


@pytest.mark.parametrize("sounds", [((), ("mp2",)), (("mp2",), ()), (("mp2",), (), ("mp2",))])
def test_parts_may_be_silent(tmp_path: Path, sounds: tuple[tuple[str, ...], ...]) -> None:
    parts = [part(tmp_path / f"{k}.mpg", sound=sound) for k, sound in enumerate(sounds)]
    film = joined(tmp_path / "film.mpg", *parts)
    rewrite(film, tmp_path / "out.mkv")
    times = seconds(tmp_path / "out.mkv")
    assert len(times) == N * len(parts)
    assert max(np.diff(np.float64(times))) < 2 * STEP
    assert hashes(tmp_path / "out.mkv") == hashes(film) != []
    sound, own = packet_times(tmp_path / "out.mkv")[0], len(hashes(parts[sounds.index(("mp2",))])[0])
    for k, first in zip((k for k, each in enumerate(sounds) if each), range(0, len(sound), own), strict=True):
        assert abs(sound[first] - float(times[k * N])) < STEP


def test_sound_that_begins_in_a_later_part_is_kept(tmp_path: Path) -> None:
    silent, sound = part(tmp_path / "a.mpg", n=60), part(tmp_path / "b.mpg", sound=("mp2",))
    film = joined(tmp_path / "film.mpg", silent, silent, sound)
    rewrite(film, tmp_path / "out.mkv")
    assert hashes(tmp_path / "out.mkv") == hashes(sound)
    assert abs(packet_times(tmp_path / "out.mkv")[0][0] - float(seconds(tmp_path / "out.mkv")[120])) < STEP


def test_a_gap_of_hours_in_a_stream_is_closed_and_said(tmp_path: Path) -> None:
    later = [90_000 * 7200 + 3600 * k for k in range(N)]
    kind = {"codec": "libx264", "options": H264, "time_base": Fraction(1, 90_000), "sound": ("mp2",)}
    parts = [
        part(tmp_path / "a.ts", **kind),
        part(tmp_path / "b.ts", sound_start=7200, stamps=later, **kind),
    ]
    film = joined(tmp_path / "film.ts", *parts)
    assert "clock jumps on by 7199" in problems(film)[0]
    rewrite(film, tmp_path / "out.mp4")
    np.testing.assert_allclose(np.diff(np.float64(seconds(tmp_path / "out.mp4"))), 0.04, atol=1e-4)
    assert max(np.diff(packet_times(tmp_path / "out.mp4")[0])) < 0.05


@pytest.mark.parametrize(("name", "count"), [("in.mp4", 2), ("in.mov", 2), ("in.flv", 2), ("in.mkv", 3)])
def test_a_joined_film_that_is_not_read_is_told_of(tmp_path: Path, name: str, count: int) -> None:
    one = part(tmp_path / name, codec="libx264", options=H264)
    film = joined(tmp_path / f"film{one.suffix}", *[one] * count)
    place = one.stat().st_size * (count - 1)
    assert (
        problems(film)[-1]
        == f"{film.name}: another film is joined to it at byte {place} and is not read; part them first"
    )
    assert problems(one) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_gap_that_a_file_of_frames_tells_of_is_kept(tmp_path: Path, suffix: str) -> None:
    stamps = [512 * k + (k >= 6) * 12800 * 3600 for k in range(N)]
    film = make_clip(tmp_path / f"film{suffix}", stamps=stamps)
    rewrite(film, tmp_path / f"out{suffix}")
    assert problems(film) == []
    assert seconds(tmp_path / f"out{suffix}") == seconds(film)
    assert seconds(film)[6] > 3600


@pytest.mark.parametrize("start", [5, -0.04, 2**33 / 90_000 - 0.2, 2**33 / 90_000 - 20])
def test_a_stream_may_start_anywhere_and_its_counter_may_wrap(tmp_path: Path, start: float) -> None:
    stamps = [round(90_000 * start) + 3600 * k for k in range(N)]
    unit = Fraction(1, 90_000)
    kind = {"codec": "libx264", "options": H264, "time_base": unit}
    film = part(tmp_path / "film.ts", sound=("mp2",), sound_start=start, stamps=stamps, **kind)
    rewrite(film, tmp_path / "out.mp4")
    times, sound = seconds(tmp_path / "out.mp4"), packet_times(tmp_path / "out.mp4")[0]
    np.testing.assert_allclose(np.diff(np.float64(times)), 0.04, atol=1e-4)
    assert 0 <= min(times[0], sound[0]) < 0.03
    assert abs(float(times[0]) - sound[0]) < STEP


@pytest.mark.parametrize("first", [0, 5, N, N + 5, 3 * N - 1])
@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_frames_from_a_time_on_are_never_those_of_another_part(tmp_path: Path, suffix: str, first: int) -> None:
    kind = {"codec": "libx264", "options": H264}
    parts = [part(tmp_path / f"{k}{suffix}", n=n, **kind) for k, n in enumerate((N, 2 * N))]
    film = joined(tmp_path / f"film{suffix}", *parts)
    frames = frames_of(film)
    with open_clip(film) as reader:
        found = list(reader.frames_from(frames[first].pts, first))
    assert [frame.pts for frame in found] == ([frame.pts for frame in frames[first:]] if found else [])
    assert bool(found) == (suffix == ".ts" or first < N)
    for one, other in zip(found, frames[first:], strict=False):
        np.testing.assert_array_equal(one.luma, other.luma)


def test_a_part_across_a_join_has_its_own_sound(tmp_path: Path) -> None:
    from featcolor.clips.output.writer import VideoFileWriter

    one = part(tmp_path / "one.ts", sound=("mp2",))
    film = joined(tmp_path / "film.ts", one, one)
    with open_clip(film) as clip:
        frames = list(clip)[N - 4 : N + 4]
        span = {"first_pts": frames[0].pts, "last_pts": frames[-1].pts}
        with VideoFileWriter(tmp_path / "out.mkv", clip.info, source=film, **span) as writer:
            for frame in frames:
                writer.write(frame, *chroma(writer, frame.index))
    own = hashes(one)[0]
    found = hashes(tmp_path / "out.mkv")[0]
    join = found.index(own[0])
    assert found == own[-join:] + own[: len(found) - join]
    assert 3 < join < len(found) - 3


def stamped(path: Path, stamps: Sequence[int]) -> Path:
    """A film whose frames have these stamps, in units of 1 ms, whatever they are."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        packets = []
        for number in range(len(stamps)):
            picture = picture_of(planes(number, (64, 48), "yuv420p"), (64, 48), "yuv420p")
            packets += stream.encode(picture)
        for number, (packet, stamp) in enumerate(zip(packets, stamps, strict=True)):
            packet.time_base, packet.pts, packet.dts = Fraction(1, 1000), stamp, number - 50
            output.mux(packet)
    return path


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv", "out.mov"])
@pytest.mark.parametrize(
    ("suffix", "stamps", "expected"),
    [
        (".mkv", [0, 40, 80, 80, 80, 200], [0, 40, 80, 120, 160, 200]),
        (".mkv", [0, 40, 80, 80, 120, 160], [0, 40, 80, 100, 120, 160]),
        (".nut", [0, 40, 80, 60, 50, 200, 240], [0, 40, 80, 120, 160, 200, 240]),
        (".mkv", [0, 40, 80, 80, 81, 120], [0, 40, 80, 81, 100, 120]),
        (".mkv", [0] * 12, [40 * k for k in range(12)]),
        (".mkv", [5000, 5040, 5080], [0, 40, 80]),
        (".mkv", [0, 40, 3_600_000, 3_600_040], [0, 40, 3_600_000, 3_600_040]),
    ],
)
def test_no_frame_is_lost_whatever_its_time(
    tmp_path: Path, suffix: str, stamps: list[int], expected: list[int], target: str
) -> None:
    film = stamped(tmp_path / f"in{suffix}", stamps)
    behind = sum(stamp - stamps[0] != at for stamp, at in zip(stamps, expected, strict=True))
    told = "the time of the one before or an earlier one; they are put between their neighbours"
    assert [told in problem for problem in problems(film)] == [True] * (behind > 0)
    rewrite(film, tmp_path / target)
    found = [1000 * (each - seconds(film)[0]) for each in seconds(tmp_path / target)]
    assert [round(float(each)) for each in found] == expected


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("in.mkv", {"stamps": [64_000 + 512 * k for k in range(N)]}),
        ("in.mkv", {"sound": ("pcm_s16le",), "sound_start": 0.05, "stamps": [1024 + 512 * k for k in range(N)]}),
        ("in.mov", {"sound": ("libmp3lame",), "sound_start": -0.05}),
        ("in.m2v", {"codec": "mpeg2video", "time_base": STEP}),
        ("in.mpg", {"codec": "mpeg2video", "time_base": STEP}),
    ],
)
def test_avi_begins_with_its_first_frame(tmp_path: Path, name: str, changes: dict[str, Any]) -> None:
    film = make_clip(tmp_path / name, **changes)
    rewrite(film, tmp_path / "out.avi")
    assert seconds(tmp_path / "out.avi") == [STEP * k for k in range(N)]
    assert hashes(tmp_path / "out.avi") == hashes(film)


def test_avi_does_not_begin_a_gap_that_it_cannot_end(tmp_path: Path) -> None:
    film = stamped(tmp_path / "in.mkv", [0, 40, 3_600_000])
    with pytest.raises(UsageError, match="constant rate"):
        rewrite(film, tmp_path / "out.avi")


@dataclass
class Packet:
    """A packet of sound (0) or of the picture (1): seconds."""

    stream_index: int
    dts: Fraction | None
    pts: Fraction | None = field(init=False)
    duration: Fraction = STEP
    time_base: Fraction = Fraction(1, 1000)
    size: int = 1
    is_keyframe: bool = True

    def __post_init__(self) -> None:
        if self.dts is not None:
            self.dts, self.duration = round(self.dts * 1000), round(self.duration * 1000)
        self.pts = self.dts
        self.stream = SimpleNamespace(type="audio" if self.stream_index == 0 else "video")


def times(*packets: tuple[int, float]) -> tuple[list[tuple[int, float]], Clock]:
    """Tracks and seconds of packets on the clock that goes on, and that clock."""
    streams = [
        SimpleNamespace(index=k, type=kind, disposition=av.stream.Disposition(0), guessed_rate=25)
        for k, kind in enumerate(("audio", "video"))
    ]
    container = SimpleNamespace(streams=streams, format=av.format.ContainerFormat("mpegts", "r"))
    clock = Clock(container, streams[1])
    made = (Packet(track, None if at is None else Fraction(at).limit_denominator(1000)) for track, at in packets)
    return [(each.stream_index, each.dts and each.dts / 1000) for each in clock.moved(made)], clock


def run(track: int, start: float, count: int = 5) -> list[tuple[int, float]]:
    """Packets of a track at even steps."""
    return [(track, round(start + 0.04 * k, 3)) for k in range(count)]


def both(start: float, count: int = 5) -> Iterator[tuple[int, float]]:
    """Sound and picture in turn."""
    for pair in zip(run(0, start, count), run(1, start, count), strict=True):
        yield from pair


def test_a_counter_that_wraps_again_and_again_goes_on() -> None:
    wrap = 2**33 / 90_000
    found, clock = times(*both(wrap - 0.2), *both(0), *both(wrap - 0.2), *both(0))
    assert [at - found[0][1] for _, at in found] == pytest.approx([0.04 * (k // 2) for k in range(40)], abs=0.002)
    assert len(clock.jumps) == 3


def test_sound_that_is_late_in_the_file_stays_in_its_part() -> None:
    found, clock = times(*run(0, 0, 3), *run(1, 0, 5), *run(1, 0, 2), *run(0, 0.12, 2), *run(0, 0, 3), *run(1, 0.08, 3))
    assert [at for track, at in found if track == 0] == pytest.approx([0.04 * k for k in range(8)])
    assert [at for track, at in found if track == 1] == pytest.approx([0.04 * k for k in range(10)])
    assert len(clock.jumps) == 1


def test_a_silence_in_the_sound_is_no_jump() -> None:
    packets = [*both(0), *run(1, 0.2, 500), *both(20.2)]
    found, clock = times(*packets)
    assert [at for _, at in found] == pytest.approx([at for _, at in packets])
    assert clock.jumps == []


@pytest.mark.parametrize("wrong", [0.0, 3600.0])
def test_one_wrong_stamp_moves_nothing_else(wrong: float) -> None:
    found, _ = times(*both(10), (1, wrong), *run(0, 10.2, 3), *run(1, 10.24, 200), *run(0, 10.32, 200))
    assert [at for track, at in found if track == 1] == pytest.approx([10 + 0.04 * k for k in range(206)])
    assert [at for track, at in found if track == 0] == pytest.approx([10 + 0.04 * k for k in range(208)])


def test_packets_without_a_stamp_change_nothing() -> None:
    found, _ = times(*run(1, 0, 5), (1, None), *run(1, 0, 5))
    assert [at for _, at in found] == pytest.approx(
        [*(0.04 * k for k in range(5)), None, *(0.2 + 0.04 * k for k in range(5))]
    )
