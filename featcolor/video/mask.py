"""Masks of a film: a region, a still, or a film; colour is added there, elsewhere the input's chroma stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from featcolor.clips.frames import ClipInfo, Closing, Codes, Frame
from featcolor.clips.open import open_clip
from featcolor.clips.ycbcr import as_stored, luma_from_codes, upright
from featcolor.errors import UsageError, reason
from featcolor.hints.mask import Region, read_mask, resized_mask, without_smear
from featcolor.pictures.picture import SNIFFED, sniff
from features.base import FloatArray

FALLBACK_RATE: Final = Fraction(25)
"""Frames a second of a folder of masks; no time of theirs is used."""


def region_mask(text: str, info: ClipInfo) -> FloatArray:
    """The mask of a region, 1 inside and 0 outside, as the film's frames are stored: (H, W).

    Parameters
    ----------
    text : as `Region.parse` takes it, of the picture as it is shown; UsageError where it is none
    """
    width, height = info.shown_size
    return as_stored(Region.parse(text).mask((height, width)), info.rotation)


class MaskSource(Closing):
    """A mask of each frame: how much colour each pixel gets.

    Parameters
    ----------
    source : a still picture, a clip or a folder of frames, upright: white adds colour, black does not, grey does in
        part; in a still with transparency what is opaque adds colour. It is brought to the film's size. A clip has a
        frame for each of the film's; the last frame of a shorter one is held. None: all of the picture.
    info : of the film
    region : as `region_mask` takes it; colour is added only inside

    Attributes
    ----------
    notes : what a person should know of it, known once frames were read.

    Raises
    ------
    FeatcolorError : the mask is missing, cannot be read, or has no frame
    """

    def __init__(self, source: str | None, info: ClipInfo, *, region: str | None = None) -> None:
        self.notes: list[str] = []
        self._info, self._source, self._next = info, source, 0
        self._stack = ExitStack()
        self._frames: Iterator[Frame] | None = None
        self._region = None if region is None else region_mask(region, info)
        self._mask = np.ones(info.shape, np.float32)
        if source is not None and _is_still(source):
            self._mask = _fit(read_mask(Path(source)), info)
        elif source is not None:
            reader = self._stack.enter_context(open_clip(source, rate=info.rate or FALLBACK_RATE))
            self._mask_info, self._frames = reader.info, iter(reader)

    def of_frame(self, index: int) -> FloatArray:
        """Mask of the frame of this number, (H, W) float32, 0..1, as the film's frames are stored.

        Numbers may leave frames out but never fall: a mask clip is read once. The array belongs to the caller.
        """
        if index < self._next - 1:
            raise ValueError(f"mask of frame {index} after that of {self._next - 1}")
        while self._frames is not None and self._next <= index:
            frame = next(self._frames, None)
            if frame is None:
                self._end()
                break
            self._next += 1
            if self._next > index:
                self._mask = _fit(_read_frame(frame, self._mask_info), self._info)
            self._last = frame
        return self._mask * self._region if self._region is not None else self._mask.copy()

    def close(self) -> None:
        self._frames = None
        self._stack.close()

    def _end(self) -> None:
        """The clip is over: its last frame stays."""
        self._frames = None
        if not self._next:
            raise UsageError(f"{self._source}: the mask has no frame; give a picture or a clip")
        self._mask = _fit(_read_frame(self._last, self._mask_info), self._info)
        count = f"{self._next} frame" + ("" if self._next == 1 else "s")
        self.notes.append(f"{self._source}: the mask has {count}, fewer than the film; its last is held")


def apply_mask(
    cb: Codes, cr: Codes, mask: FloatArray, cb_in: Codes | None, cr_in: Codes | None, *, bits: int = 8
) -> tuple[Codes, Codes]:
    """Chroma under a mask: ours where it is 1, the input's where it is 0, and between them by its share.

    Parameters
    ----------
    cb, cr : (h, w) codes that we made
    mask : (H, W) 0..1; brought to (h, w) by the mean of what a chroma sample covers
    cb_in, cr_in : (h, w) codes of the input; None: grey, so that neutral chroma takes their place
    bits : of a code

    Returns
    -------
    (h, w) codes of the type of cb and cr, new arrays; exact where the mask is 0 or 1
    """
    share = resized_mask(mask, (cb.shape[0], cb.shape[1]))
    return _blend(cb, cb_in, share, bits), _blend(cr, cr_in, share, bits)


def _blend(ours: Codes, given: Codes | None, share: FloatArray, bits: int) -> Codes:
    """Mean by the share, in float32, which holds codes of 16 bits, and their differences, exactly."""
    below = np.float32(1 << (bits - 1)) if given is None else given.astype(np.float32)
    return np.rint(below + share * (ours.astype(np.float32) - below)).astype(ours.dtype)


def _is_still(source: str) -> bool:
    path = Path(source)
    if not path.exists():
        raise UsageError(f"{source}: there is no such mask; check the path")
    if path.is_dir():
        return False
    try:
        with path.open("rb") as file:
            sniff(file.read(SNIFFED), path.name)
    except OSError as error:
        raise UsageError(f"{source}: the mask cannot be read ({reason(error)}); check the file") from error
    except ValueError:
        return False
    return True


def _read_frame(frame: Frame, info: ClipInfo) -> FloatArray:
    """A mask clip's frame, upright."""
    return upright(without_smear(luma_from_codes(frame.luma, info)), info.rotation)


def _fit(mask: FloatArray, info: ClipInfo) -> FloatArray:
    """An upright mask of any size, as the film's frames are stored."""
    return resized_mask(as_stored(mask, info.rotation), info.shape)
