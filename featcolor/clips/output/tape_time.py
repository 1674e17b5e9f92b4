"""SMPTE time code of a tape, moved on by frames (SMPTE ST 12-1)."""

from __future__ import annotations

import re
from fractions import Fraction

_CODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d+)")
_DROPPING = (30, 60)
"""Counted frames a second at which numbers are left out, so that 29.97 frames a second keep to the clock."""


def moved_time_code(code: str, frames: int, rate: Fraction) -> str:
    """The time code so many frames later, over midnight to 0; as it is where it is none.

    A mark other than ':' before the frames says that numbers are dropped: with 30 frames a second the first two of each
    minute but the tenth, with 60 the first four.

    >>> moved_time_code("01:00:00:20", 6, Fraction(25))
    '01:00:01:01'
    >>> [moved_time_code(code, 2, Fraction(30000, 1001)) for code in ("00:00:59;28", "00:09:59;28")]
    ['00:01:00;02', '00:10:00;00']
    """
    found = _CODE.fullmatch(code)
    a_second = round(rate)
    if found is None or a_second < 1:
        return code
    hours, minutes, seconds, number = (int(found[i]) for i in (1, 2, 3, 5))
    dropped = a_second // 15 if found[4] != ":" and a_second in _DROPPING else 0
    minute = 60 * hours + minutes
    count = (60 * minute + seconds) * a_second + number - dropped * (minute - minute // 10)
    tens = 10 * 60 * a_second - 9 * dropped
    count = (count + frames) % (6 * 24 * tens)
    whole, rest = divmod(count, tens)
    # Of ten minutes the first has all its numbers.
    late = max(0, rest - dropped) // (60 * a_second - dropped)
    count += dropped * (9 * whole + late)
    seconds, number = divmod(count, a_second)
    width = len(found[5])
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{found[4]}{number:0{width}}"
