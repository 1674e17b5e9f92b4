"""Options of colouring a film: what a person may choose, and what a preset stands for. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

from featcolor.clips.timecode import Timecode

PIPE: Final = "-"
"""Y4M on stdin, or on stdout."""

CODECS: Final = ("h264", "h265", "vp9", "av1", "ffv1", "prores")
"""Keys of `featcolor.clips.output.containers.CODECS`, which `--help` does not wait for."""
SOUNDS: Final = ("copy", "aac", "opus", "pcm", "none")
"""What becomes of sound, as in `featcolor.clips.output.sound`."""
PICTURE_FORMATS: Final = ("png", "tiff")
STABILISE, DEFLICKER, DUST, DENOISE = "stabilise", "deflicker", "dust", "denoise"
REPAIRS: Final = (STABILISE, DEFLICKER, DUST, DENOISE)
"""Repairs of an old reel, in the order in which they are done."""
DEFAULT_EVERY: Final = 25
"""Frames between the key frames that a model colours, at most."""


@dataclass(frozen=True, kw_only=True)
class VideoConfig:
    """Propagation settings: how the frames between key frames get their colour.

    Attributes
    ----------
    size : side of a square with as many pixels as the working frame.
    flow, checking_flow : names of `refine.flow.FLOWS`: of what carries colour, and of what tells how far that is to
        be believed.
    guess_step : every how many-th pixel is guessed from the key frames, in both directions.
    guess_pixels : key pixels that the guess compares with.
    guess_embedding : whether it compares by the embedding of the colour network too.
    guess_refine : a key of `refine.refiners.REFINERS`: how a guess follows edges.
    smoothing : frames that a guess is averaged over, along the motion.
    witnesses : frames that a model is asked about, where no frame is coloured, for each anchor that is allowed.
    seed : of everything random.
    """

    size: int = 384
    flow: str = "dis_fine"
    checking_flow: str = "dis_medium"
    guess_step: int = 4
    guess_pixels: int = 4608
    guess_embedding: bool = True
    guess_refine: str = "fast_global_smoother"
    smoothing: int = 10
    witnesses: int = 4
    seed: int = 0


FAST: Final = VideoConfig(
    size=256,
    flow="dis_medium",
    checking_flow="dis_fast",
    guess_step=8,
    guess_pixels=2304,
    guess_embedding=False,
    witnesses=2,
)
BEST: Final = VideoConfig(size=512, guess_pixels=9216)
VIDEO_PRESETS: Final[Mapping[str, VideoConfig]] = MappingProxyType(
    {"fast": FAST, "balanced": VideoConfig(), "best": BEST}
)
"""Named trade-offs of quality against time."""
DEFAULT_VIDEO_PRESET: Final = "balanced"


@dataclass(frozen=True, kw_only=True)
class ClipOptions:
    """Choices of how a film is coloured and written.

    Attributes
    ----------
    rate : frames a second of a folder of frames; other inputs know their own.
    codec, crf, pixel_format : of the output film; None: by its name's ending.
    sound : "copy", "none", or what sound is encoded as that the output does not take: a name of `SOUNDS`.
    picture_format : "png" or "tiff", of an output folder; None: the output is a film.
    deinterlace : make whole frames of woven ones first; they are what is coloured and written.
    prepare : names of `REPAIRS`: what is repaired first; the frames are coloured and written so.
    preset : a key of `VIDEO_PRESETS`.
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
    jobs : processes that colour shots; with 1 they are coloured one after the other, while the film is read.
    cluster : address of the scheduler whose workers colour shots instead, see `featcolor.parallel.cluster`.
    """

    rate: Fraction | None = None
    codec: str | None = None
    crf: int | None = None
    pixel_format: str | None = None
    sound: str = "copy"
    picture_format: str | None = None
    deinterlace: bool = False
    prepare: tuple[str, ...] = ()
    preset: str = DEFAULT_VIDEO_PRESET
    start: Timecode | None = None
    end: Timecode | None = None
    mask: Path | None = None
    region: str | None = None
    chroma_only: bool = False
    saturation: float = 1.0
    every: int = DEFAULT_EVERY
    steady: int | None = None
    resume: bool = False
    overwrite: bool = False
    report: Path | None = None
    jobs: int = 1
    cluster: str | None = None


def parse_repairs(text: str) -> tuple[str, ...]:
    """The repairs of a comma list, in the order in which they are done.

    >>> parse_repairs("dust, deflicker")
    ('deflicker', 'dust')

    Raises
    ------
    ValueError : there is no repair of that name; the message lists those that there are.
    """
    asked = [word.strip() for word in text.split(",")]
    for name in asked:
        if name not in REPAIRS:
            raise ValueError(f"a step of preparation is one of {', '.join(REPAIRS)}, got {name!r}")
    return tuple(name for name in REPAIRS if name in asked)
