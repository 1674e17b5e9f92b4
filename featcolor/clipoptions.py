"""What may be chosen when a film is coloured. Imports nothing heavy: the command line reads its option values here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

PIPE: Final = "-"
"""Y4M on stdin, or on stdout."""

CODECS: Final = ("h264", "h265", "vp9", "av1", "ffv1", "prores")
PICTURE_FORMATS: Final = ("png", "tiff")
FILM_PRESET_NAMES: Final = ("fast", "balanced")
DEFAULT_FILM_PRESET: Final = "balanced"
DEFAULT_EVERY: Final = 25
"""Frames between the key frames that a model colours, at most."""

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_FRAME = re.compile(r"(\d+)f")
_SECONDS = re.compile(r"\d+(?:\.\d*)?|\.\d+")


@dataclass(frozen=True)
class Place:
    """A place in a film: seconds after the first frame's time stamp, or a zero-based frame number.

    Examples
    --------
    >>> Place.parse("120f"), Place.parse("1:02.5").seconds, Place.parse("3").seconds
    (Place(seconds=None, frame=120), Fraction(125, 2), Fraction(3, 1))
    """

    seconds: Fraction | None = None
    frame: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From 12.5 (seconds), 1:02.500 or 0:01:02.500 (a clock), or 120f (a frame); ValueError for anything else."""
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


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """How a film is to be coloured and written.

    Attributes
    ----------
    rate : frames a second of a folder of frames; other inputs know their own.
    codec, crf, pixel_format : of the output film; None: by its name's ending.
    picture_format : "png" or "tiff", of an output folder; None: the output is a film.
    preset : a key of `featcolor.filmconfig.FILM_PRESETS`.
    start, end : the part that is coloured and written, from start up to, not including, end; None: from the first,
        or to the last frame.
    mask : a picture or a film; colour is added where it is white.
    region : "x,y,width,height" in pixels of the picture as it is shown; colour is added there only.
    chroma_only : write the colour alone, on an even grey.
    saturation : factor on the colours, key frames' too.
    every : frames between key frames that the model colours, at most.
    steady : guess at every frame of a shot without a key frame, and average the colour of so many frames along the
        motion; None: guess at one of `every` frames and carry it.
    resume : go on with an unfinished run.
    overwrite : replace an output, or an unfinished run, that exists.
    report : where the report goes, as JSON; its page is written beside it, ending in .html.
    """

    rate: Fraction | None = None
    codec: str | None = None
    crf: int | None = None
    pixel_format: str | None = None
    picture_format: str | None = None
    preset: str = DEFAULT_FILM_PRESET
    start: Place | None = None
    end: Place | None = None
    mask: Path | None = None
    region: str | None = None
    chroma_only: bool = False
    saturation: float = 1.0
    every: int = DEFAULT_EVERY
    steady: int | None = None
    resume: bool = False
    overwrite: bool = False
    report: Path | None = None


def parse_rate(text: str) -> Fraction:
    """Frames a second, 24, 23.976 or 24000/1001; ValueError for what is no number above 0.

    >>> parse_rate("30000/1001")
    Fraction(30000, 1001)
    """
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise ValueError(f"frames a second are a number up to 1000 (24, 23.976, 30000/1001), got {text!r}")
    return rate
