"""What may be chosen when a film is coloured. Imports nothing heavy: the command line reads its option values here."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from featcolor.clips.timecode import Place

PIPE: Final = "-"
"""Y4M on stdin, or on stdout."""

CODECS: Final = ("h264", "h265", "vp9", "av1", "ffv1", "prores")
PICTURE_FORMATS: Final = ("png", "tiff")
FILM_PRESET_NAMES: Final = ("fast", "balanced")
DEFAULT_FILM_PRESET: Final = "balanced"
DEFAULT_EVERY: Final = 25
"""Frames between the key frames that a model colours, at most."""


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """How a film is to be coloured and written.

    Attributes
    ----------
    rate : frames a second of a folder of frames; other inputs know their own.
    codec, crf, pixel_format : of the output film; None: by its name's ending.
    picture_format : "png" or "tiff", of an output folder; None: the output is a film.
    preset : a key of `featcolor.video.config.FILM_PRESETS`.
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
