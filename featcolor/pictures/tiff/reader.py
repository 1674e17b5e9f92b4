"""TIFF files, read: every depth, through tifffile and imagecodecs; what libtiff alone reads, through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from featcolor.pictures import pillow
from featcolor.pictures.coding import SAME_PRIMARIES, SRGB_PRIMARIES, adobe_rgb
from featcolor.pictures.metadata import EXIF_PREFIX, is_adobe_rgb, settle
from featcolor.pictures.picture import Metadata, Picture, clean_dpi, silent_stderr, upright
from featcolor.pictures.tiff.colours import (
    RGB,
    check_colours,
    colours_of,
    extra_samples,
    is_for_libtiff,
    libtiff_colours,
    uses_up_profile,
)
from featcolor.pictures.tiff.directory import Directory, find_picture
from featcolor.pictures.tiff.samples import read_samples
from featcolor.pictures.tiff.strips import UNCOMPRESSED, check_strips

TEXT_TAGS = (270, 271, 272, 305, 306, 315, 33432)
"""Description, make, model, software, date, artist, copyright."""
_ORIENTATION, _ICC = 274, 34675
_COLOUR_TAGS = {301: "TransferFunction", 318: "WhitePoint", 319: "PrimaryChromaticities"}
_CENTIMETRES_AN_INCH = 2.54


def read_tiff(data: bytes) -> Picture:
    """A TIFF picture of any depth, upright.

    ValueError when there are several pages (reduced copies and masks aside), when it is a camera's raw file, when it is
    too large or damaged, or stored in a way that is not read.
    """
    with _opened(data) as directory, silent_stderr():
        page, metadata = directory.page, _metadata(directory)
        said = directory.value(_ORIENTATION)
        orientation = int(said) if said in range(1, 9) else 1
        if directory.number is not None and is_for_libtiff(page):
            # What libtiff mirrored is mirrored back.
            pixels, alpha = upright(libtiff_colours(data, page, directory.number), (orientation - 1) % 4 + 1), None
        else:
            check_colours(page)
            pixels, alpha = colours_of(read_samples(data, page, directory.number), page, metadata.icc)
        icc = None if uses_up_profile(page) else metadata.icc
    exif = pillow.tiff_exif(data) or metadata.exif
    if icc is None and page.photometric == RGB and is_adobe_rgb(exif):
        icc = adobe_rgb()
    return settle(pixels, alpha, replace(metadata, exif=exif, icc=icc), orientation)


def claimed_tiff_size(data: bytes) -> tuple[int, int]:
    """Width and height as a file's head says, nothing decoded; ValueError as of `read_tiff`."""
    with _opened(data) as directory:
        return int(directory.page.imagewidth), int(directory.page.imagelength)


@contextmanager
def _opened(data: bytes) -> Iterator[Directory]:
    """The directory of the file's one picture, its size and strips checked."""
    with tifffile.TiffFile(BytesIO(data)) as file:
        directory = find_picture(file, data)
        check_strips(directory.page, len(data))
        yield directory


def _metadata(directory: Directory) -> Metadata:
    """What travels with the pixels; of EXIF the texts."""
    page = directory.page
    texts = {tag: text for tag in TEXT_TAGS if isinstance(text := directory.value(tag), str) and text}
    icc = directory.value(_ICC)
    return Metadata(
        "TIFF",
        _texts_exif(texts),
        icc if isinstance(icc, bytes) else None,
        clean_dpi(_dpi(directory)),
        page.compression != UNCOMPRESSED,
        notes=(*_notes(page), *_notes_on_colours(directory), *directory.notes),
    )


def _notes(page: Any) -> tuple[str, ...]:
    left_out = extra_samples(page).count(0)
    if not left_out:
        return ()
    what = "a channel" if left_out == 1 else f"{left_out} channels"
    return (f"left out {what} that the file does not explain, such as infrared",)


def _notes_on_colours(directory: Directory) -> tuple[str, ...]:
    """What is said of colours in tags instead of a profile, and is not sRGB: nothing writes it any more."""
    if directory.value(_ICC) is not None:
        return ()
    values = {name: directory.value(tag) for tag, name in _COLOUR_TAGS.items()}
    told = [name for name, value in values.items() if value is not None and not _is_srgb(value)]
    return (f"its {' and '.join(told)} cannot be applied; it is taken as sRGB",) if told else ()


def _is_srgb(rationals: Any) -> bool:
    """Whether the rationals of a WhitePoint or PrimaryChromaticities, each two numbers, are sRGB's."""
    numbers = np.ravel(rationals).astype(np.float64)
    expected = {4: SRGB_PRIMARIES[:2], 12: SRGB_PRIMARIES[2:]}.get(len(numbers))
    found = numbers[::2] / np.maximum(numbers[1::2], 1) if expected else numbers
    return expected is not None and np.allclose(found, expected, atol=SAME_PRIMARIES)


def _texts_exif(texts: dict[int, str]) -> bytes | None:
    """An EXIF block of descriptive texts by tag; None when there are none."""
    block = Image.Exif()
    for tag, text in texts.items():
        block[tag] = text
    return block.tobytes().removeprefix(EXIF_PREFIX) if texts else None


def _dpi(directory: Directory) -> tuple[float, float] | None:
    across, down = directory.value(282), directory.value(283)
    unit = directory.value(296) or 2
    if not across or not down or unit not in (2, 3) or not across[1] or not down[1]:
        return None
    scale = _CENTIMETRES_AN_INCH if unit == 3 else 1.0
    return scale * across[0] / across[1], scale * down[0] / down[1]
