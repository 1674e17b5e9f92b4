"""TIFF files of more than 8 bits a sample, written."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from featcolor.pictures.picture import Metadata
from featcolor.pictures.tiff.reader import TEXT_TAGS

UPRIGHT = 274, "H", 1, 1, True
"""The tag of orientation, as tifffile takes tags."""


def write_deep(stream: BinaryIO, pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata) -> None:
    """Encoder of uint16 or float32 pixels; of EXIF the descriptive texts only."""
    texts = _exif_texts(metadata.exif)
    stored = pixels if alpha is None else np.dstack([pixels, alpha])
    tifffile.imwrite(
        stream,
        np.ascontiguousarray(stored),
        photometric="rgb" if pixels.ndim == 3 else "minisblack",
        planarconfig="contig" if stored.ndim == 3 else None,
        extrasamples=None if alpha is None else ["unassalpha"],
        compression="zlib" if metadata.compact else None,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi else None,
        iccprofile=metadata.icc,
        metadata=None,
        software=False,
        extratags=[
            UPRIGHT,
            *((tag, "s", 0, _stored(text), True) for tag, text in ({305: "featcolor"} | texts).items()),
        ],
    )


def _exif_texts(exif: bytes | None) -> dict[int, str]:
    """The descriptive texts (description, camera, date, author, copyright) of an EXIF block, by tag."""
    if exif is None:
        return {}
    block = Image.Exif()
    block.load(exif)
    return {tag: text for tag in TEXT_TAGS if isinstance(text := block.get(tag), str) and text}


def _stored(text: str) -> bytes:
    return text.encode("latin-1", "replace") + b"\x00"  # which Pillow took the file's bytes for
