"""Timecodes and frame rates as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

MOST_PARTS = 1_001_000
"""Of a second, that a rate is counted in: times 1000 frames it is a whole number of 32 bits still."""

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_FRAME = re.compile(r"(\d+)f")
_SECONDS = re.compile(r"\d+(?:\.\d*)?|\.\d+")


@dataclass(frozen=True)
class Timecode:
    """A place in a film: seconds after the first frame's time stamp, or a zero-based frame number.

    Examples
    --------
    >>> Timecode.parse("120f"), Timecode.parse("1:02.5").seconds, Timecode.parse("3").seconds
    (Timecode(seconds=None, frame=120), Fraction(125, 2), Fraction(3, 1))
    """

    seconds: Fraction | None = None
    frame: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The timecode of 12.5 (seconds), 1:02.500 or 0:01:02.500 (a clock), or 120f (a frame); else ValueError."""
        if match := _FRAME.fullmatch(text):
            return cls(frame=int(match[1]))
        if match := _CLOCK.fullmatch(text):
            minutes, seconds = int(match[2]), Fraction(match[3])
            if seconds < 60 and (minutes < 60 or match[1] is None):
                return cls(3600 * int(match[1] or 0) + 60 * minutes + seconds)
        if _SECONDS.fullmatch(text):
            return cls(Fraction(text))
        raise ValueError(f"a place is seconds (12.5), a clock (1:02.5 or 0:01:02.5) or a frame (120f), got {text!r}")

    def __str__(self) -> str:
        return f"{self.frame}f" if self.seconds is None else f"{float(self.seconds):g} s"


def parse_rate(text: str) -> Fraction:
    """Frames a second, 24, 23.976 or 24000/1001, the nearest that FFmpeg counts in; ValueError for no number above 0.

    >>> parse_rate("30000/1001"), parse_rate("29.97002997002997")
    (Fraction(30000, 1001), Fraction(30000, 1001))
    """
    try:
        rate = Fraction(text).limit_denominator(MOST_PARTS)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise ValueError(f"frames a second are a number up to 1000 (24, 23.976, 30000/1001), got {text!r}")
    return rate
