"""Frames of a film and the facts of its stream, and what reads and writes them. No decoder is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.unsignedinteger[Any]]
"""Samples of a plane as the stream holds them: uint8 for 8 bits, uint16 for more."""


@dataclass(frozen=True, kw_only=True)
class ClipInfo:
    """Facts about a film's picture track that every output has to keep.

    Attributes
    ----------
    name : what messages call it.
    width, height : of the stored frames, before rotation.
    time_base : seconds a unit of `Frame.pts`.
    rate : average frames a second; None where nobody knows (then the time stamps say it all).
    pixel_aspect : width of a pixel over its height.
    rotation : degrees anticlockwise that a player turns the stored frames by: 0, 90, 180 or 270.
    matrix : how Y'CbCr is made of R'G'B': "bt601", "bt709" or "bt2020".
    full_range : whether codes span 0..2^bits - 1, not 16..235 (luma) and 16..240 (chroma) of 8 bits.
    bits : of a sample, 8..16.
    chroma_shift : (rows, columns) halvings of the chroma planes: (1, 1) is 4:2:0, (0, 1) is 4:2:2, (0, 0) is 4:4:4.
    colour : whether the input has chroma planes at all.
    interlaced : whether frames are woven of two fields.
    n_frames : what the container says, which may be wrong; None where it says nothing.
    tags : primaries, transfer and the rest that is copied to the output, by name.
    """

    name: str
    width: int
    height: int
    time_base: Fraction
    rate: Fraction | None = None
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    matrix: str = "bt709"
    full_range: bool = False
    bits: int = 8
    chroma_shift: tuple[int, int] = (1, 1)
    colour: bool = True
    interlaced: bool = False
    n_frames: int | None = None
    tags: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the luma plane."""
        return self.height, self.width

    @property
    def chroma_shape(self) -> tuple[int, int]:
        """(h, w) of the chroma planes: the frame's size halved as the chroma shift says, rounded up."""
        rows, columns = self.chroma_shift
        return -(-self.height >> rows), -(-self.width >> columns)

    @property
    def shown_size(self) -> tuple[int, int]:
        """(width, height) of the frames as a player shows them, its pixels' aspect aside."""
        return (self.height, self.width) if self.rotation % 180 else (self.width, self.height)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a plane: uint8 for 8 bits, uint16 for more."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """Planes and time stamp of one frame as decoded.

    Attributes
    ----------
    index : zero-based number in decode order, of the whole file (not of the part that `--start` chose).
    luma : (H, W) codes, the Y' plane bit for bit.
    cb, cr : (h, w) codes, or None for a grey stream.
    pts : time stamp in units of `ClipInfo.time_base`.
    duration : in the same units, 0 where unknown.
    fields : which of its two fields comes first: "tff", "bff", or "" where it is a whole frame.
    damaged : whether the decoder could not restore it; luma is then the frame before's, or mid grey for the first.
    """

    index: int
    luma: Codes
    cb: Codes | None = None
    cr: Codes | None = None
    pts: int = 0
    duration: int = 0
    fields: str = ""
    damaged: bool = False


class Closing:
    """A context manager that is closed at its end."""

    def close(self) -> None:
        """Give back the memory or the file that is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        self.close()


class ClipReader(Closing):
    """A reader of a film from its start, once; a context manager. Open the film again to read it again.

    Attributes
    ----------
    info : of the film.
    stems : names without suffix of a folder's pictures, one a frame; None for other films.
    problems : what was wrong with the film's file, in words, as far as it has been read.
    """

    info: ClipInfo
    stems: Sequence[str] | None = None
    problems: Sequence[str] = ()

    def __iter__(self) -> Iterator[Frame]:
        raise NotImplementedError

    def frames_from(self, pts: int, number: int) -> Iterator[Frame]:
        """Frames from the one of this time stamp on, which gets this number, without decoding all that is before it.

        None at all where the film cannot be sought in, or no whole frame with this time stamp is found so.
        """
        raise NotImplementedError


class ClipWriter(Closing):
    """A writer of coloured frames, in order; a context manager that leaves a whole file, or none when an error passes.

    Attributes
    ----------
    chroma_shape : (h, w) that the planes given to `write` must have.
    notes : what a person should know of the output, in words.
    """

    chroma_shape: tuple[int, int]
    notes: Sequence[str] = ()

    def rehearse(self) -> None:
        """A trial of what could be refused later; UsageError when it is. The writer is used up by it."""

    def write(self, frame: Frame, cb: Codes, cr: Codes) -> None:
        """Encode the frame's luma, as it is, with these chroma planes of the input's depth."""
        raise NotImplementedError
