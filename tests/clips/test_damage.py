"""Films that fuzzing broke, each in a few bytes or a stand-in: refused in one line, or read as far as they go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from featcolor.clips.containers import choose_format
from featcolor.clips.frames import ClipInfo
from featcolor.clips.open import open_clip
from featcolor.clips.probe import packets_of
from featcolor.errors import ClipError, UsageError
from tests.clips.samples import make_clip


def test_a_track_that_begins_in_the_middle_does_not_end_the_reading() -> None:
    """PyAV counts the tracks again at the end of a film, and does not find those that came while it was read."""

    class Film:
        def demux(self, _: Any) -> Iterator[str]:
            yield "packet"
            raise IndexError("list index out of range")

    assert list(packets_of(Film(), None)) == ["packet"]


def test_a_film_too_small_for_x265_is_refused_before_it_ends_the_process() -> None:
    info = ClipInfo(name="in.mp4", width=48, height=48, time_base=Fraction(1, 25))
    with pytest.raises(UsageError, match=r"48x48; take --codec h264"):
        choose_format("h265", None, info, "out.mp4")


def test_a_frame_is_not_larger_than_can_be_decoded(tmp_path: Path) -> None:
    """VP9 says its size in four bytes (its specification, 6.2.3), after which decoders make room for such frames."""
    options = {"deadline": "realtime", "cpu-used": "8"}
    path = make_clip(
        tmp_path / "in.mkv", n=2, codec="libvpx-vp9", options=options, time_base=Fraction(1, 25), size=(64, 48)
    )
    content = bytearray(path.read_bytes())
    at = content.index(b"\x49\x83\x42") + 3
    kept = int.from_bytes(content[at : at + 6], "big") & ~(0xFFFF_FFFF << 12)
    content[at : at + 6] = (kept | (15_999 << 16 | 15_999) << 12).to_bytes(6, "big")
    path.write_bytes(content)
    with pytest.raises(ClipError, match="claims frames of 16000x16000 pixels"):
        open_clip(path)
