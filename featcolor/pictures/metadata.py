"""EXIF blocks, and what must change in them when a picture is turned upright and coloured.

EXIF is patched in place, so that maker notes keep their offsets.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from featcolor.pictures.icc import Fate, applies_to, fate_of, profile_space, to_srgb
from featcolor.pictures.picture import Metadata, Picture, clean_dpi, is_quarter_turn, upright

EXIF_PREFIX = b"Exif\x00\x00"
_ORIENTATION_TAG = 274
EXIF_DIRECTORY = 0x8769
_INTEROPERABILITY = 0xA005
_COLOUR_SPACE, _UNCALIBRATED, _ADOBE_RGB = 0xA001, 0xFFFF, 2  # DCF 2.0 says it by uncalibrated and R03, cameras by 2


def settle(pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata, orientation: int) -> Picture:
    """The picture upright and in sRGB; of profiles those of RGB stay that sRGB can be brought back into."""
    icc, notes = metadata.icc, metadata.notes
    if icc is not None and not applies_to(icc, pixels):
        what = f"of {space}, not of such pixels" if (space := profile_space(icc)) else "damaged"
        notes = (*notes, f"its profile is {what}; it is taken as sRGB")
    elif icc is not None:
        pixels = to_srgb(pixels, icc)
    if icc is not None and profile_space(icc) != "RGB":
        icc = None
    elif icc is not None and fate_of(icc) is Fate.USED_UP:
        icc, notes = None, (*notes, "its profile has no way back into it; the result is sRGB")
    metadata = replace(metadata, icc=icc, dpi=clean_dpi(metadata.dpi, turned=is_quarter_turn(orientation)), notes=notes)
    return Picture(upright(pixels, orientation), None if alpha is None else upright(alpha, orientation), metadata)


def settle_exif(exif: bytes | None) -> tuple[bytes | None, int]:
    """EXIF with orientation 1 and without its (grey, unturned) thumbnail; and the orientation that it had.

    A block whose structure is damaged is left out: (None, 1).
    """
    if not exif:
        return None, 1
    block = bytearray(exif.removeprefix(EXIF_PREFIX))
    order = {b"II": "<", b"MM": ">"}.get(bytes(block[:2]))
    if order is None:
        return None, 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (n_entries,) = struct.unpack_from(order + "H", block, start)
        orientation = 1
        for entry in range(start + 2, start + 2 + 12 * n_entries, 12):
            tag, kind = struct.unpack_from(order + "HH", block, entry)
            if tag == _ORIENTATION_TAG and kind == 3:
                (orientation,) = struct.unpack_from(order + "H", block, entry + 8)
                struct.pack_into(order + "H", block, entry + 8, 1)
        struct.pack_into(order + "I", block, start + 2 + 12 * n_entries, 0)  # offset of the thumbnail's directory
    except struct.error:
        return None, 1
    return bytes(block), orientation if 1 <= orientation <= 8 else 1


def is_adobe_rgb(exif: bytes | None) -> bool:
    """Whether EXIF says that a picture without a profile is in Adobe RGB."""
    if exif is None:
        return False
    block = Image.Exif()
    with suppress(Exception):  # damaged tags raise nearly anything
        block.load(exif)
        space = block.get_ifd(EXIF_DIRECTORY).get(_COLOUR_SPACE)
        index = str(block.get_ifd(_INTEROPERABILITY).get(1))
        return space == _ADOBE_RGB or (space == _UNCALIBRATED and index.startswith("R03"))
    return False
