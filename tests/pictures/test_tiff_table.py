"""Every TIFF tag that changes pixels: tags x values x depths x compressions, each right by the values written."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import PictureError
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import upright
from tests.pictures.tiffs import (
    ENCODERS,
    FIRST_STRIP,
    LONG,
    RATIONAL,
    SHORT,
    Tags,
    bare_tiff,
    packed,
    parts,
    picture_tags,
    plain_tiff,
    ramp,
    unit,
)

CODE = 0.5 / 255 + 1e-6
"""Half a code of 8 bits."""
PALETTE = np.random.default_rng(3).integers(0, 65536, (3, 2**8))
WHOLE_BITS = (*range(1, 17), 32)


class Layout(NamedTuple):
    """One way to store a picture."""

    photometric: int
    bits: int
    order: str
    fill: int
    compression: int
    layout: str = "strip"


KINDS: list[tuple[int, int]] = [
    *itertools.product((0, 1, 2), WHOLE_BITS),
    *itertools.product((3,), (1, 2, 4, 8)),
    *itertools.product((5, 8, 9), (8, 16)),
]
"""Photometric interpretations: white is zero, black is zero, RGB, palette, CMYK, CIELAB, ICCLAB; and their bits."""
COMBINATIONS = [
    Layout(photometric, bits, order, fill, compression, ("strip", "strips", "tiles")[number % 3])
    for number, ((photometric, bits), order, fill, compression) in enumerate(
        itertools.product(KINDS, "<>", (1, 2), (1, 5, 8, 32773))
    )
]


def codes_of(photometric: int, bits: int) -> NDArray[np.int64]:
    """Samples (H, W, n) as they are stored."""
    values = ramp({2: 3, 5: 4, 8: 3, 9: 3}.get(photometric, 1))
    top = 2**bits - 1
    if photometric in (8, 9):  # lightness 26 to 74, a* and b* -10 to 10
        values[..., 0] = 0.2 + 0.6 * values[..., 0]
        chroma = np.rint((values[..., 1:] - 0.5) * 25) * 2 ** (bits - 8)
        offset = 2 ** (bits - 1) if photometric == 9 else 0
        return np.dstack([np.rint(values[..., 0] * top), (chroma + offset) % 2**bits]).astype(np.int64)
    return np.rint(values * top).astype(np.int64)


def colours_of(codes: NDArray[np.int64], photometric: int, bits: int) -> NDArray[np.float64]:
    """What samples of white-is-zero, black-is-zero, RGB, palette or CMYK mean, 0..1."""
    values = codes / (2**bits - 1)
    if photometric == 3:
        return (PALETTE >> 8).T[codes[..., 0]] / 255
    if photometric == 5:
        return (1 - values[..., :3]) * (1 - values[..., 3:])
    return values if photometric == 2 else (1 - values if photometric == 0 else values)[..., 0]


def stored(codes: NDArray[np.int64], case: Layout, extra: Tags | None = None) -> bytes:
    """A file of these codes, as the case wants them."""
    cut, tags = parts(codes, case.layout)
    tags |= picture_tags(codes.shape, case.bits, case.photometric, case.compression)
    tags |= {266: (SHORT, [case.fill]), **(extra or {})}
    if case.photometric == 3:
        tags[320] = (SHORT, PALETTE[:, : 2**case.bits].ravel().tolist())
    strips = [ENCODERS[case.compression](packed(part, case.bits, case.order)) for part in cut]
    if case.fill == 2:
        strips = [np.packbits(np.unpackbits(np.frombuffer(s, np.uint8), bitorder="little")).tobytes() for s in strips]
    return bare_tiff(tags, strips, case.order)


@pytest.mark.parametrize("case", COMBINATIONS, ids=lambda case: "-".join(map(str, case)))
def test_a_combination_of_tags_is_read_as_written(case: Layout) -> None:
    codes = codes_of(case.photometric, case.bits)
    picture = read_picture(stored(codes, case))
    assert picture.pixels.dtype == (np.uint8 if case.bits <= 8 else np.uint16)
    if case.photometric in (8, 9):
        lightness, chroma = rgb_to_lab(picture.pixels)
        top = 65280 if (case.photometric, case.bits) == (9, 16) else 2**case.bits - 1
        assert np.abs(100 * lightness - 100 * codes[..., 0] / top).max() < 0.5
        half = 2 ** (case.bits - 1)
        signed = codes[..., 1:] - half if case.photometric == 9 else (codes[..., 1:] + half) % 2**case.bits - half
        assert np.abs(chroma - signed / 2 ** (case.bits - 8)).max() < 1.5
    else:
        expected = colours_of(codes, case.photometric, case.bits)
        assert picture.pixels.shape == expected.shape
        assert np.abs(unit(picture.pixels) - expected).max() < CODE


ROUTES: dict[str, Callable[[NDArray[np.int64], Tags], bytes]] = {
    "16 bits": lambda codes, tags: plain_tiff(codes * 257, 16, 1, tags),
    "12 bits": lambda codes, tags: plain_tiff(codes * 16, 12, 1, tags),
    "8 bits": lambda codes, tags: stored(codes, Layout(1, 8, "<", 1, 5), tags),
    "grey palette": lambda codes, tags: plain_tiff(
        codes, 8, 3, {**tags, 320: (SHORT, [code * 257 for code in range(256)] * 3)}
    ),
    "YCbCr": lambda codes, tags: ycbcr(codes[..., 0], (2, 2), 5, tags),
}
"""Files of grey codes (H, W, 1), 0..255, that different decoders read."""


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("route", ROUTES)
def test_every_decoder_turns_a_picture_once(route: str, orientation: int) -> None:
    codes = np.rint(ramp(1) * 255).astype(np.int64)
    pixels = read_picture(ROUTES[route](codes, {274: (SHORT, [orientation])})).pixels
    grey = pixels if pixels.ndim == 2 else pixels[..., 1]
    assert np.abs(unit(grey) * 255 - upright(codes[..., 0].astype(np.uint8), orientation)).max() < 1.01


def ycbcr(luma: NDArray[Any], subsampling: tuple[int, int], compression: int, tags: Tags) -> bytes:
    """Y'CbCr units of constant chroma 128, 128 (TIFF 6.0, section 21), luma 0..255."""
    across, down = subsampling
    padded = np.pad(luma, ((0, -len(luma) % down), (0, -luma.shape[1] % across)), mode="edge")
    units = padded.reshape(len(padded) // down, down, -1, across).swapaxes(1, 2).reshape(-1, down * across)
    content = np.column_stack([units, np.full((len(units), 2), 128)]).astype(np.uint8).tobytes()
    whole = [0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1]
    described = picture_tags((*luma.shape, 3), 8, 6, compression)
    described |= {278: (SHORT, [len(luma)]), 530: (SHORT, subsampling), 532: (RATIONAL, whole), **tags}
    return bare_tiff(described, [ENCODERS[compression](content)])


@pytest.mark.parametrize("compression", ENCODERS)
@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4)])
def test_ycbcr_that_is_not_jpeg(subsampling: tuple[int, int], compression: int) -> None:
    luma = np.rint(ramp(1)[..., 0] * 255).astype(np.int64)
    pixels = read_picture(ycbcr(luma, subsampling, compression, {})).pixels
    assert np.abs(pixels.astype(int) - luma[..., None]).max() <= 1


@pytest.mark.parametrize("compression", ENCODERS)
def test_ycbcr_of_video_range(compression: int) -> None:
    luma = 16 + np.rint(ramp(1)[..., 0] * 219).astype(np.int64)
    video: Tags = {532: (RATIONAL, [16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1])}
    pixels = read_picture(ycbcr(luma, (1, 1), compression, video)).pixels
    assert np.abs(pixels.astype(int) - np.rint((luma - 16) / 219 * 255)[..., None]).max() <= 1


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("fill", [1, 2])
@pytest.mark.parametrize("compression", ["tiff_ccitt", "group3", "group4", "tiff_lzw", "packbits", "tiff_deflate"])
def test_black_and_white(compression: str, fill: int, photometric: int) -> None:
    black = np.random.default_rng(0).random((40, 50)) < 0.3
    stream = BytesIO()
    options = {266: fill, 262: photometric}
    Image.fromarray(~black).save(stream, "TIFF", compression=compression, tiffinfo=options)
    pixels = read_picture(stream.getvalue()).pixels
    said = tifffile.TiffFile(BytesIO(stream.getvalue())).pages.first
    assert said.fillorder == fill
    independent = np.asarray(Image.open(BytesIO(stream.getvalue())).convert("L"))
    assert np.array_equal(pixels, independent)


PICTURES = [
    (compression, kind, channels, tile)
    for compression, kind, channels, tile in itertools.product(
        ("jpegxr", "jpegxl", "jpeg2000", "png", "lerc", "webp", "lzma", "zstd", 33005),
        ("u1", "u2", "f4"),
        (1, 3, 4),
        (None, (16, 16)),
    )
    if not (kind == "f4" and compression in ("jpeg2000", "png", 33005))
    and not (compression == "webp" and (kind != "u1" or channels == 1))
]


@pytest.mark.parametrize("case", PICTURES, ids=lambda case: "-".join(map(str, case)))
def test_rarer_compressions(case: tuple[Any, ...]) -> None:
    compression, kind, channels, tile = case
    values = np.dstack([np.linspace(a, b, 20)[:, None] * np.linspace(1, 0.5, 30) for a, b in [(0.2, 0.9)] * channels])
    values *= np.linspace(1, 0.7, channels)
    top = {"u1": 255, "u2": 65535, "f4": 1}[kind]
    codes = (np.rint(values * top) if kind != "f4" else values).astype(kind)
    stream = BytesIO()
    tifffile.imwrite(
        stream,
        codes if channels > 1 else codes[..., 0],
        photometric="rgb" if channels > 1 else "minisblack",
        extrasamples=[2] if channels == 4 else None,
        compression=compression,
        tile=tile,
        metadata=None,
    )
    picture = read_picture(stream.getvalue())
    expected = values[..., :3] if channels > 1 else values[..., 0]
    assert np.abs(unit(picture.pixels) - expected).max() < 0.01
    assert (picture.alpha is None) == (channels != 4)
    assert picture.alpha is None or np.abs(unit(picture.alpha) - values[..., 3]).max() < 0.01


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("photometric", ["minisblack", "rgb", "ycbcr"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_jpeg(tile: tuple[int, int] | None, photometric: Any, subsampling: tuple[int, int]) -> None:
    grey = np.repeat(np.linspace(30, 220, 32)[:, None], 48, axis=1).astype(np.uint8)
    codes = grey if photometric == "minisblack" else np.dstack([grey, grey[:, ::-1], 255 - grey])
    stream = BytesIO()
    options: dict[str, Any] = {"subsampling": subsampling} if photometric == "ycbcr" else {}
    tifffile.imwrite(stream, codes, photometric=photometric, tile=tile, compression="jpeg", metadata=None, **options)
    independent = Image.open(BytesIO(stream.getvalue())).convert("L" if codes is grey else "RGB")
    pixels = read_picture(stream.getvalue()).pixels
    assert np.abs(pixels.astype(int) - np.asarray(independent)).max() <= 2


def test_jpeg_of_12_bits() -> None:
    values = np.repeat(np.linspace(300, 3900, 32)[:, None], 48, axis=1).astype(np.uint16)
    stream = BytesIO()
    tifffile.imwrite(
        stream,
        values,
        photometric="minisblack",
        compression="jpeg",
        compressionargs={"bitspersample": 12},
        metadata=None,
        bitspersample=12,
    )
    assert np.abs(unit(read_picture(stream.getvalue()).pixels) - values / 4095).max() < 0.01


def test_jpeg_of_the_old_style() -> None:
    grey = np.repeat(np.linspace(30, 220, 32)[:, None], 48, axis=1).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(np.dstack([grey] * 3)).save(stream, "JPEG", quality=95)
    tags = picture_tags((32, 48, 3), 8, 6, 6) | {278: (SHORT, [32]), 513: (LONG, [FIRST_STRIP])}
    tags[514] = (LONG, [len(stream.getvalue())])
    pixels = read_picture(bare_tiff(tags, [stream.getvalue()])).pixels
    assert np.abs(pixels.astype(int) - grey[..., None]).max() <= 4


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_of_8_bit_entries_is_not_black(bits: int) -> None:
    codes = np.rint(ramp(1) * (2**bits - 1)).astype(np.int64)
    palette = np.random.default_rng(5).integers(0, 256, (3, 2**bits))
    pixels = read_picture(plain_tiff(codes, bits, 3, {320: (SHORT, palette.ravel().tolist())})).pixels
    assert np.array_equal(pixels, palette.T[codes[..., 0]])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_that_does_not_say_what_its_samples_mean(channels: int) -> None:
    codes = np.rint(ramp(channels) * 255).astype(np.int64)
    pixels = read_picture(plain_tiff(codes, 8, 1, leave_out=[262])).pixels
    assert np.array_equal(pixels, codes if channels == 3 else codes[..., 0])


@pytest.mark.parametrize("compression", ENCODERS)
@pytest.mark.parametrize("how", ["one count of 0", "counts of 0", "no counts", "no rows", "rows without end", "full"])
def test_strips_that_say_less(how: str, compression: int) -> None:
    """Writers that leave counts at 0 or out, rows a strip out or at their greatest, and fill the last strip up."""
    codes = np.rint(ramp(1) * 255).astype(np.uint8)
    cut, tags = parts(codes, "strips" if how in ("counts of 0", "no counts", "full") else "strip")
    if how == "full":
        cut[-1] = np.pad(cut[-1], ((0, 4 - len(cut[-1])), (0, 0), (0, 0)))
    tags |= picture_tags(codes.shape, 8, 1, compression)
    if "of 0" in how:
        tags[279] = (LONG, [0] * len(cut))
    if how == "rows without end":
        tags[278] = (LONG, [2**32 - 1])
    leave_out = {"no counts": [279], "no rows": [278]}.get(how, [])
    data = bare_tiff(tags, [ENCODERS[compression](part.tobytes()) for part in cut], leave_out=leave_out)
    if compression == 32773 and how in ("counts of 0", "no counts"):
        with pytest.raises(PictureError, match="how many bytes"):
            read_picture(data)
        return
    assert np.array_equal(read_picture(data).pixels, codes[..., 0])


@pytest.mark.parametrize(
    "tag",
    [
        {280: (SHORT, [40]), 281: (SHORT, [90])},
        {290: (SHORT, [2]), 291: (SHORT, list(range(256)))},
        {301: (SHORT, [code * 200 for code in range(256)])},
        {340: (SHORT, [40]), 341: (SHORT, [90])},
        {263: (SHORT, [2]), 264: (SHORT, [3]), 265: (SHORT, [3])},
        {339: (SHORT, [4])},
        {254: (LONG, [2])},
        {255: (SHORT, [3])},
        {274: (SHORT, [9])},
        {317: (SHORT, [1])},
        {284: (SHORT, [2])},
    ],
    ids=str,
)
def test_tags_that_change_nothing(tag: Tags) -> None:
    codes = np.rint(ramp(1) * 255).astype(np.int64)
    picture = read_picture(plain_tiff(codes, 8, 1, tag))
    assert np.array_equal(picture.pixels, codes[..., 0])
    assert picture.metadata.exif is None
