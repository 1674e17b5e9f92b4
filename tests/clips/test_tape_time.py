"""Time code: that of a part is that of its first frame, and what is written is not said to be lost."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featcolor.clips.open import open_clip
from featcolor.clips.output.tape_time import moved_time_code
from featcolor.clips.output.writer import VideoFileWriter
from tests.clips.samples import make_clip, rewrite

NTSC = Fraction(30000, 1001)


def time_code(path: Path) -> str | None:
    with av.open(str(path)) as film:
        tags = [film.metadata, *(stream.metadata for stream in film.streams)]
        return next((value for each in tags for key, value in each.items() if key.lower() == "timecode"), None)


@pytest.mark.parametrize("source", ["in.mov", "in.mkv"])
@pytest.mark.parametrize("target", ["out.mov", "out.mp4", "out.mkv"])
@pytest.mark.parametrize(
    ("rate", "code", "expected"),
    [(Fraction(25), "01:00:00:22", "01:00:01:03"), (NTSC, "00:00:59;26", "00:01:00;04")],
)
def test_a_part_has_the_time_code_of_its_first_frame(
    tmp_path: Path, source: str, target: str, rate: Fraction, code: str, expected: str
) -> None:
    film = make_clip(tmp_path / source, rate=rate, time_base=1 / rate, metadata={"timecode": code})
    assert time_code(film) == code
    with open_clip(film) as clip:
        frames = list(clip)[6:]
        cut = {"first_pts": frames[0].pts, "last_pts": frames[-1].pts}
        writer = VideoFileWriter(tmp_path / target, clip.info, source=film, **cut)
        with writer:
            for frame in frames:
                grey = np.full(writer.chroma_shape, 128, np.uint8)
                writer.write(frame, grey, grey)
    assert time_code(tmp_path / target) == expected


@pytest.mark.parametrize("target", ["out.mov", "out.mp4", "out.mkv"])
def test_a_time_code_that_is_written_is_not_said_to_be_lost(tmp_path: Path, target: str) -> None:
    film = make_clip(tmp_path / "in.mov", metadata={"timecode": "10:00:00:00"}, sound=("aac",))
    writer = rewrite(film, tmp_path / target)
    assert time_code(tmp_path / target) == "10:00:00:00"
    assert not any("not copied" in note for note in writer.notes)


@pytest.mark.parametrize("code", ["", "now", "1:2:3:4", "aa:bb:cc:dd"])
def test_what_is_no_time_code_stays(code: str) -> None:
    assert moved_time_code(code, 5, Fraction(25)) == code


def shown(number: int, rate: int) -> str:
    """The drop-frame code of a frame by counting: numbers that are left out are passed over one by one."""
    dropped, count = rate // 15, 0
    for _ in range(number):
        count += 1
        if count % (60 * rate) == 0 and count // (60 * rate) % 10:
            count += dropped
    seconds, rest = divmod(count, rate)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02};{rest:02}"


@given(st.integers(0, 40_000), st.sampled_from([30, 60]))
def test_dropped_numbers_are_those_that_counting_passes_over(frames: int, a_second: int) -> None:
    rate = Fraction(a_second * 1000, 1001)
    assert moved_time_code("00:00:00;00", frames, rate) == shown(frames, a_second)


@given(st.integers(0, 10**7), st.sampled_from([Fraction(24000, 1001), Fraction(25), NTSC, Fraction(60000, 1001)]))
def test_there_and_back_is_the_same(frames: int, rate: Fraction) -> None:
    for code in ("03:14:15:09", "03:10:15;09"):
        assert moved_time_code(moved_time_code(code, frames, rate), -frames, rate) == code
