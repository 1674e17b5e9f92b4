"""Timecodes and rates: what is none is refused with the ways to write one."""

import pytest

from featcolor.clips.timecode import Timecode, parse_rate


@pytest.mark.parametrize("text", ["", "-1", "1:60", "1:2:3:4", "f", "12.5f", "nan", "1e3", "60:00:61", "1:75:00"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a place is"):
        Timecode.parse(text)


@pytest.mark.parametrize("text", ["", "0", "-24", "1/0", "fast", "1e9"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="frames a second"):
        parse_rate(text)
