"""Pictures whose heads lie: refused in one line, and nothing is allocated on their word."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile

from featcolor.errors import PictureError
from featcolor.pictures.io import read_picture


def tiff(changes: dict[str, int], **options: Any) -> bytes:
    """A 16-bit RGB TIFF of 32x32 with other values of some tags, by their names."""
    stream = BytesIO()
    tifffile.imwrite(stream, np.zeros((32, 32, 3), np.uint16), photometric="rgb", metadata=None, **options)
    content = bytearray(stream.getvalue())
    with tifffile.TiffFile(BytesIO(bytes(content))) as file:
        entries: Any = {tag.name: tag.offset for tag in file.pages[0].tags}  # type: ignore[union-attr]
    for name, value in changes.items():
        content[entries[name] + 8 : entries[name] + 12] = value.to_bytes(4, "little")
    return bytes(content)


def test_a_tile_is_not_larger_than_programs_write() -> None:
    content = tiff({"TileWidth": 2**31, "TileLength": 65_552}, tile=(16, 16), compression="zlib")
    with pytest.raises(PictureError, match="claims tiles of 2147483648x65552 pixels"):
        read_picture(content)


def test_colours_without_their_samples_are_refused() -> None:
    with pytest.raises(PictureError, match="fewer samples than its colours need"):
        read_picture(tiff({"SamplesPerPixel": 1}))
