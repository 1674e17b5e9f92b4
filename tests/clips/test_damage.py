"""Films that fuzzing broke, each in a few bytes or a stand-in: refused in one line, or read as far as they go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from featcolor.clips.containers import choose_format
from featcolor.clips.frames import ClipInfo
from featcolor.clips.probe import packets_of
from featcolor.errors import UsageError


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
