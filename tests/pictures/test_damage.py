"""Pictures whose heads lie: refused in one line, and nothing is allocated on their word."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from featcolor.errors import PictureError
from featcolor.pictures.io import claimed_pixels, read_picture


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
    with pytest.raises(PictureError, match=r"claims .*2147483648x65552 pixels"):
        read_picture(content)


def test_colours_without_their_samples_are_refused() -> None:
    with pytest.raises(PictureError, match="samples"):
        read_picture(tiff({"SamplesPerPixel": 1}))


def test_a_jpeg_does_not_go_over_its_pixels_for_hours() -> None:
    """In a progressive JPEG a few bytes can be one more scan of all pixels; programs write up to twenty."""
    stream = BytesIO()
    Image.fromarray(np.full((48, 48), 128, np.uint8)).save(stream, "JPEG", progressive=True)
    content = stream.getvalue()
    assert read_picture(content).pixels.shape == (48, 48)
    last = content[content.rindex(b"\xff\xda") : -2]
    with pytest.raises(PictureError, match="more than 100 scans"):
        read_picture(content[:-2] + 100 * last + b"\xff\xd9")
    assert read_picture(content + 100 * last).pixels.shape == (48, 48)  # what follows the picture is not of it


GREY = np.arange(4096, dtype=np.uint16).reshape(64, 64)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (imagecodecs.jpeg8_encode(GREY, bitspersample=12), "12 bits"),
        (imagecodecs.ljpeg_encode(16 * GREY), "lossless"),
        (imagecodecs.jpegls_encode(GREY.astype(np.uint8)), "JPEG-LS"),
    ],
)
def test_a_jpeg_of_a_rare_kind_is_not_called_damaged(content: bytes, kind: str) -> None:
    with pytest.raises(PictureError, match=f"is a JPEG of a rare kind \\({kind}\\); save it as"):
        read_picture(content)
    with pytest.raises(PictureError, match="damaged"):
        read_picture(content[:3])


def test_what_a_decoder_does_not_know_is_not_called_damaged() -> None:
    """A BMP of 16 bits whose colours have four bits each, as FFmpeg and cameras' displays write it."""
    head = struct.pack("<IiiHHIIiiII", 56, 4, 4, 1, 16, 3, 32, 0, 0, 0, 0) + struct.pack("<4I", 0xF00, 0xF0, 0xF, 0)
    with pytest.raises(
        PictureError, match=r"is of a kind that is not read \(Unsupported BMP.*\), or damaged; save it as"
    ):
        read_picture(b"BM" + struct.pack("<IHHI", 102, 0, 0, 70) + head + bytes(32))


def test_pages_are_not_counted_to_the_end_of_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A TIFF of three megabytes can hold 30,000 small copies of its picture, each of which Pillow would look for."""
    stream, seen = BytesIO(), 0
    with tifffile.TiffWriter(stream) as writer:
        for number in range(200):
            writer.write(np.zeros((4, 4), np.uint8), subfiletype=number and 1, metadata=None)

    def load(directory: Any, file: Any) -> None:
        nonlocal seen
        seen += 1
        whole(directory, file)

    whole = ImageFileDirectory_v2.load
    monkeypatch.setattr(ImageFileDirectory_v2, "load", load)
    assert read_picture(stream.getvalue()).pixels.shape == (4, 4)
    assert seen < 10


def test_a_plain_surface_is_read_and_one_without_end_is_not() -> None:
    def gif(side: int) -> bytes:
        stream = BytesIO()
        Image.fromarray(np.full((4, 4), 128, np.uint8)).save(stream, "GIF")
        content = bytearray(stream.getvalue())
        content[6:10] = struct.pack("<HH", side, side)
        return bytes(content)

    assert claimed_pixels(gif(4000)) == 16_000_000
    with pytest.raises(PictureError, match="claims 20000x20000 pixels in"):
        claimed_pixels(gif(20_000))


def test_a_jpeg_2000_without_end_is_refused_before_it_is_unpacked() -> None:
    stream = BytesIO()
    Image.fromarray(np.full((32, 32, 3), 128, np.uint8)).save(stream, "JPEG2000", no_jp2=True)
    content = bytearray(stream.getvalue())
    at = content.index(b"\xff\x51") + 6  # the grid's size, then the tiles' (ITU-T T.800, A.5.1)
    content[at : at + 8] = content[at + 16 : at + 24] = struct.pack(">II", 20_000, 20_000)
    with pytest.raises(PictureError, match="claims 20000x20000 pixels"):
        read_picture(bytes(content))
