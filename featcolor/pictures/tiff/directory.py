"""The one picture of a TIFF file among reduced copies, masks and pages; refused where there is none or more."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

import tifffile

MAX_DIRECTORIES = 64
"""Directories that are looked at; a picture with reduced copies and masks has a dozen."""
_REDUCED, _MASK = 1, 4  # bits of the new subfile type, TIFF 6.0, tag 254
_MASK_PHOTOMETRIC = 4
_RAW_PHOTOMETRICS = (32803, 34892)  # colour filter array, linear raw
_RAW_COMPRESSIONS = (32767, 32769, 32770, 32772, 34713, 65535)  # Sony, Epson, Samsung, Nikon, Pentax
_WIDTH, _DNG_VERSION = 256, 50706
_CANON_MARK = slice(8, 10), b"CR"
MASK_NOTE = "left out a transparency mask, which lies beside the picture"


class Directory(NamedTuple):
    """A directory: its page, its number in the chain (None inside another), and the directory around it, or itself."""

    page: Any
    number: int | None
    outer: Any
    notes: tuple[str, ...] = ()

    def value(self, tag: int) -> Any:
        """What a tag says here, else around here; None where neither has it."""
        return self.page.tags.valueof(tag, self.outer.tags.valueof(tag))


def find_picture(file: tifffile.TiffFile, data: bytes) -> Directory:
    """The directory of the file's one picture at its full size, wherever it lies.

    ValueError when there are several pages, and when the file is a camera's raw file.
    """
    # A damaged chain can lead through the whole file: no more of it is walked than the answer needs.
    pages = {page.offset: page for page in reversed(list(islice(file.pages, MAX_DIRECTORIES)))}  # a chain may be a ring
    chain = [Directory(page, number, page) for number, page in enumerate(reversed(pages.values()))]
    if not chain:
        raise ValueError("holds no picture; the file is damaged or cut off, restore it from its source")
    inside = [Directory(page, None, each.page) for each in chain for page in _inner_pages(each.page)]
    if any(map(_is_raw, (*chain, *inside))) or data[_CANON_MARK[0]] == _CANON_MARK[1]:
        kind = "a camera's raw file (DNG)" if _DNG_VERSION in chain[0].page.tags else "a camera's raw file"
        raise ValueError(f"is {kind}; develop it first and save it as TIFF or JPEG")
    whole = [each for each in chain if not _subfile_type(each) & (_REDUCED | _MASK)]
    _check_single(whole)
    # What says of all it holds that it is reduced means the largest.
    candidates = [*whole, *(each for each in inside if not _subfile_type(each) & (_REDUCED | _MASK))]
    candidates = candidates or [each for each in chain if not _subfile_type(each) & _MASK] or chain
    largest = max(candidates, key=_area)
    if largest not in whole:
        _check_single([each for each in candidates if _area(each) == _area(largest)])
    masked = any(_subfile_type(each) & (_REDUCED | _MASK) == _MASK for each in chain if each is not largest)
    return largest._replace(notes=(MASK_NOTE,)) if masked else largest


def _inner_pages(page: Any) -> list[Any]:
    """Directories inside a directory (SubIFDs); one that is a thumbnail's JPEG file, or damaged, counts
    for nothing."""
    with suppress(tifffile.TiffFileError, IndexError):
        return [inner for inner in islice(page.pages or (), MAX_DIRECTORIES) if _WIDTH in inner.tags]
    return []


def _is_raw(directory: Directory) -> bool:
    page = directory.page
    return _DNG_VERSION in page.tags or page.photometric in _RAW_PHOTOMETRICS or page.compression in _RAW_COMPRESSIONS


def _subfile_type(directory: Directory) -> int:
    page = directory.page
    return int(page.subfiletype or 0) | (_MASK if page.photometric == _MASK_PHOTOMETRIC else 0)


def _area(directory: Directory) -> int:
    return int(directory.page.imagewidth) * int(directory.page.imagelength)


def _check_single(pages: list[Directory]) -> None:
    if len(pages) > 1:
        raise ValueError(f"holds {len(pages)} pages; save each page as a file of its own (tiffsplit does it)")
