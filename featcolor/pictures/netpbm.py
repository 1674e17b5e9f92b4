"""Pictures of the Netpbm family (PBM, PGM, PPM, PAM), as scanimage and many converters write them.

The formats are those of Netpbm's manual pages pbm(5), pgm(5), ppm(5) and pam(5). Samples above 255 are kept as 16 bits.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from featcolor.pictures.picture import NETPBM, Metadata, Picture, check_size

TOP: Final = {1: 255, 2: 65_535}
"""Of a sample that is written with so many bytes."""
_SPACE: Final = rb"(?:\s|#[^\n]*\n)+"
_HEAD: Final = re.compile(rb"P([1-6])" + 2 * (_SPACE + rb"(\d{1,9})"))
_MAXVAL: Final = re.compile(_SPACE + rb"(\d{1,9})")
_PAM_LINES: Final = re.compile(rb"P7\n(.*?)ENDHDR\n", re.DOTALL)
_CUT_OFF: Final = "the file is damaged or cut off, restore it from its source"


class Head(NamedTuple):
    """Size, channels, largest sample, where the samples begin, and whether they are digits, or single bits."""

    width: int
    height: int
    channels: int
    top: int
    start: int
    plain: bool = False
    bits: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample."""
        return 1 if self.top < 256 else 2


def read(data: bytes) -> Picture:
    """A picture that is to be written as PNG; of several in one file the first, with a note."""
    head = read_head(data)
    if head.bits:
        codes, after = _bitmap(data, head)
    elif head.plain:
        codes, after = _digits(data, head), len(data)
    else:
        codes, after = _binary(data, head)
    if codes.max(initial=0) > head.top:
        raise ValueError(f"has samples over its largest, {head.top}; {_CUT_OFF}")
    top = TOP[head.sample_bytes]
    scaled = codes if head.top == top else np.rint(codes * np.float32(top / head.top))
    planes = scaled.astype(np.uint8 if top == TOP[1] else np.uint16)
    colours = 1 if head.channels < 3 else 3
    pixels = planes[..., 0] if colours == 1 else planes[..., :3]
    alpha = np.ascontiguousarray(planes[..., -1]) if head.channels > colours else None
    notes = ("holds more pictures; the first is coloured",) if NETPBM.match(data, after) else ()
    return Picture(np.ascontiguousarray(pixels), alpha, Metadata("PNG", notes=notes))


def read_head(data: bytes) -> Head:
    """The head, its size checked; ValueError for one that is damaged."""
    head = _pam_head(data) if data.startswith(b"P7") else _plain_head(data)
    check_size(head.width, head.height)
    if not 1 <= head.top <= TOP[2]:
        raise ValueError(f"says that its largest sample is {head.top}; {_CUT_OFF}")
    return head


def _plain_head(data: bytes) -> Head:
    found = _HEAD.match(data)
    if found is None:
        raise ValueError(f"has a head that is no PBM, PGM or PPM; {_CUT_OFF}")
    kind, width, height = map(int, found.groups())
    top, at = 1, found.end()
    if kind not in (1, 4):
        more = _MAXVAL.match(data, at)
        if more is None:
            raise ValueError(f"does not say its largest sample; {_CUT_OFF}")
        top, at = int(more[1]), more.end()
    return Head(width, height, 3 if kind in (3, 6) else 1, top, at + 1, plain=kind < 4, bits=kind in (1, 4))


def _pam_head(data: bytes) -> Head:
    found = _PAM_LINES.match(data)
    lines = [] if found is None else [line.split(None, 1) for line in found[1].splitlines()]
    values = {line[0]: line[1].strip() for line in lines if len(line) == 2 and not line[0].startswith(b"#")}
    try:
        width, height, channels, top = (int(values[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    except (LookupError, ValueError):
        raise ValueError(f"has a head that is no PAM; {_CUT_OFF}") from None
    assert found is not None
    kind = values.get(b"TUPLTYPE", b"")
    if channels not in (1, 2, 3, 4) or kind.startswith(b"CMYK"):
        raise ValueError(f"has {channels} channels ({kind.decode(errors='replace')}); convert it to TIFF or PNG")
    return Head(width, height, channels, top, found.end())


def _binary(data: bytes, head: Head) -> tuple[NDArray[np.integer], int]:
    shape = head.height, head.width, head.channels
    after = head.start + head.sample_bytes * int(np.prod(shape))
    _check_length(data, after)
    return np.frombuffer(data[head.start : after], np.dtype(f">u{head.sample_bytes}")).reshape(shape), after


def _bitmap(data: bytes, head: Head) -> tuple[NDArray[np.integer], int]:
    """White as 1, which is 0 in the file."""
    shape = head.height, head.width, 1
    if head.plain:
        digits = re.sub(rb"#[^\n]*\n|\s", b"", data[head.start :])[: head.height * head.width]
        _check_length(digits, head.height * head.width)
        if digits.strip(b"01"):
            raise ValueError(f"has other digits than 0 and 1; {_CUT_OFF}")
        return 1 - np.frombuffer(digits, np.uint8).reshape(shape) % 2, len(data)
    row = -(-head.width // 8)
    after = head.start + row * head.height
    _check_length(data, after)
    packed = np.frombuffer(data[head.start : after], np.uint8).reshape(head.height, row)
    return 1 - np.unpackbits(packed, axis=1)[:, : head.width].reshape(shape), after


def _digits(data: bytes, head: Head) -> NDArray[np.integer]:
    words = re.sub(rb"#[^\n]*\n", b" ", data[head.start :]).split()
    count = head.height * head.width * head.channels
    _check_length(words, count)
    return np.array(words[:count], np.int64).reshape(head.height, head.width, head.channels)


def _check_length(there: bytes | list[bytes], wanted: int) -> None:
    if len(there) < wanted:
        raise ValueError(f"breaks off before its last sample; {_CUT_OFF}")
