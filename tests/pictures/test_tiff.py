"""TIFF tags that change pixels: each combination is read right, or refused."""

from __future__ import annotations

import itertools
import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from featcolor.errors import PictureError
from featcolor.pictures.io import encode_picture, read_picture
from featcolor.pictures.picture import upright

HEIGHT, WIDTH = 11, 7
DEPTHS = {"u1": 255, "u2": 65535, "u4": 2**32 - 1, "f2": 1.0, "f4": 1.0, "f8": 1.0}
ORIENTATIONS = range(1, 9)


def ramp(channels: int, seed: int = 0) -> NDArray[np.float64]:
    """Values (H, W, channels), 0..1, none of which is where a turn or another channel would have it."""
    return np.random.default_rng(seed).uniform(0.1, 0.9, (HEIGHT, WIDTH, channels))


def as_kind(values: NDArray[np.float64], kind: str) -> NDArray[Any]:
    top = DEPTHS[kind]
    return (np.rint(values * top) if kind[0] == "u" else values).astype(kind)


def tiff(stored: NDArray[Any], orientation: int = 1, **options: Any) -> bytes:
    stream = BytesIO()
    tags = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(stream, stored, metadata=None, extratags=tags, **options)
    return stream.getvalue()


def unit(values: NDArray[Any]) -> NDArray[np.float64]:
    return values.astype(np.float64) / (1.0 if values.dtype.kind == "f" else np.iinfo(values.dtype).max)


LAYOUTS = [
    (kind, compression, predictor, colours, planar, extra)
    for kind, compression, predictor, colours, planar, extra in itertools.product(
        DEPTHS, ("none", "zlib", "lzw"), (False, True), (1, 3), ("contig", "separate"), (None, 0, 1, 2)
    )
    if not (predictor and compression == "none")
    and not (planar == "separate" and colours == 1)
    and not (kind == "f8" and predictor)
]
ABOUT = 2.5e-3
"""Half a code of 8 bits, or of half floats."""


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: "-".join(map(str, layout)))
def test_samples_mean_what_their_tags_say(layout: tuple[Any, ...]) -> None:
    kind, compression, predictor, colours, planar, extra = layout
    values = ramp(colours + (extra is not None))
    shown, alpha = values[..., :colours].copy(), values[..., colours:]
    if extra == 1:
        values[..., :colours] *= alpha
    stored = as_kind(values, kind)
    if planar == "separate":
        stored = np.ascontiguousarray(np.moveaxis(stored, -1, 0))
    orientation = 1 + LAYOUTS.index(layout) % 8
    picture = read_picture(
        tiff(
            stored if stored.shape[-1] > 1 else stored[..., 0],
            orientation,
            photometric="rgb" if colours == 3 else "minisblack",
            planarconfig=planar if stored.ndim == 3 and colours + (extra is not None) > 1 else None,
            extrasamples=None if extra is None else [extra],
            compression=None if compression == "none" else compression,
            predictor=predictor or None,
        )
    )
    expected = upright(shown if colours == 3 else shown[..., 0], orientation)
    assert picture.pixels.shape == expected.shape
    # What is premultiplied has fewer codes left: as many as its alpha lets through.
    tolerance = ABOUT * (10 if extra == 1 else 1)
    assert np.abs(unit(picture.pixels) - expected).max() < tolerance
    assert (picture.alpha is None) == (extra in (None, 0))
    if picture.alpha is not None:
        assert np.abs(unit(picture.alpha) - upright(alpha[..., 0], orientation)).max() < ABOUT
    assert len(picture.metadata.notes) == (extra == 0)


def packed(codes: NDArray[np.int64], bits: int) -> bytes:
    """Rows of codes (H, W, channels), the most significant bit first, each row filled up to a byte."""
    rows = []
    for row in codes.reshape(len(codes), -1):
        digits = "".join(f"{code:0{bits}b}" for code in row)
        digits += "0" * (-len(digits) % 8)
        rows.append(int(digits, 2).to_bytes(len(digits) // 8, "big"))
    return b"".join(rows)


def plain_file(content: bytes, bits: int, colours: int, photometric: int, orientation: int = 1) -> bytes:
    """A TIFF file of one strip by the specification, byte for byte (TIFF 6.0, section 2)."""
    entries = [(256, 3, WIDTH), (257, 3, HEIGHT), (259, 3, 1), (262, 3, photometric), (274, 3, orientation)]
    entries += [(277, 3, colours), (278, 3, HEIGHT), (279, 4, len(content)), (339, 3, 1)]
    start = 8 + 2 + 12 * (len(entries) + 2) + 4
    many = struct.pack(f"<{colours}H", *[bits] * colours)
    entries += [(258, 3, bits if colours == 1 else start), (273, 4, start + len(many))]
    directory = b""
    for tag, kind, value in sorted(entries):
        count = colours if tag in (258, 339) else 1
        if tag == 339 and colours == 3:
            continue
        directory += struct.pack("<HHI", tag, kind, count)
        offset = tag == 258 and colours > 1
        directory += struct.pack("<I", value) if kind == 4 or offset else struct.pack("<HH", value, 0)
    number = len(directory) // 12
    head = b"II*\x00" + struct.pack("<IH", 8, number) + directory + struct.pack("<I", 0)
    return head.ljust(start, b"\x00") + many + content


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("photometric", [0, 1, 2])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 10, 12, 14, 16])
def test_packed_bits_are_read_or_refused(bits: int, photometric: int, orientation: int) -> None:
    colours = 3 if photometric == 2 else 1
    codes = np.rint(ramp(colours) * (2**bits - 1)).astype(np.int64)
    content = codes.astype("<u2").tobytes() if bits == 16 else packed(codes, bits)
    data = plain_file(content, bits, colours, photometric, orientation)
    try:
        picture = read_picture(data)
    except PictureError:
        assert bits < 8  # one in colour: no scanner makes it
        assert photometric == 2
        return
    expected = codes / (2**bits - 1)
    expected = 1 - expected if photometric == 0 else expected
    expected = upright(expected if colours == 3 else expected[..., 0], orientation)
    assert np.abs(unit(picture.pixels) - expected).max() < 0.5 / 255 + 1e-6


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_a_thumbnail_in_front_is_not_the_picture(kind: str, compression: str | None) -> None:
    stored = as_kind(ramp(3), kind)
    stream = BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "compression": compression}
        writer.write(np.ascontiguousarray(stored[::3, ::3]), subfiletype=1, **options)
        writer.write(stored, **options)
    assert np.abs(unit(read_picture(stream.getvalue()).pixels) - unit(stored)).max() < 1e-6


def test_a_camera_raw_file_is_refused_with_the_way_out() -> None:
    stream = BytesIO()
    tags = [(50706, "B", 4, (1, 4, 0, 0), True)]
    tifffile.imwrite(stream, as_kind(ramp(1)[..., 0], "u2"), photometric="minisblack", extratags=tags, metadata=None)
    with pytest.raises(PictureError, match="develop it first"):
        read_picture(stream.getvalue())


def test_what_was_premultiplied_looks_the_same_over_white_when_it_is_written() -> None:
    values = ramp(4)
    values[..., :3] *= values[..., 3:]
    picture = read_picture(tiff(as_kind(values, "u2"), photometric="rgb", extrasamples=[1]))
    again = read_picture(encode_picture(picture.pixels, format="TIFF", like=picture))
    assert again.alpha is not None
    over = unit(again.pixels) * unit(again.alpha)[..., None] + 1 - unit(again.alpha)[..., None]
    assert np.abs(over - (values[..., :3] + 1 - values[..., 3:])).max() < 1e-4
