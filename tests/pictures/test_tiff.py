"""TIFF as other programs write it: depth, planes, extra samples; which picture of a file; what is refused, and how."""

from __future__ import annotations

import itertools
import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from featcolor.errors import PictureError
from featcolor.pictures.io import encode_picture, read_picture
from featcolor.pictures.picture import upright
from tests.pictures.tiffs import (
    ENCODERS,
    LONG,
    SHORT,
    UNDEFINED,
    Tags,
    bare_tiff,
    picture_tags,
    plain_tiff,
    ramp,
    unit,
)

DEPTHS = {"u1": 255, "u2": 65535, "u4": 2**32 - 1, "f2": 1.0, "f4": 1.0, "f8": 1.0}


def as_kind(values: NDArray[np.float64], kind: str) -> NDArray[Any]:
    top = DEPTHS[kind]
    return (np.rint(values * top) if kind[0] == "u" else values).astype(kind)


def tiff(stored: NDArray[Any], orientation: int = 1, **options: Any) -> bytes:
    stream = BytesIO()
    tags = [(274, "H", 1, orientation, True)]
    tifffile.imwrite(stream, stored, metadata=None, extratags=tags, **options)
    return stream.getvalue()


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


def written(*pictures: tuple[NDArray[Any], dict[str, Any]]) -> bytes:
    """A file of several directories: each picture and the options that it is written with."""
    stream = BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for stored, options in pictures:
            photometric: Any = "rgb" if stored.ndim == 3 else "minisblack"
            writer.write(stored, **{"photometric": photometric, "metadata": None, **options})
    return stream.getvalue()


def pictures_of(kind: str) -> tuple[NDArray[Any], NDArray[Any]]:
    whole = as_kind(ramp(3), kind)
    return whole, np.ascontiguousarray(whole[::3, ::3])


REDUCED, MASK, PAGE = {"subfiletype": 1}, {"subfiletype": 4}, {"subfiletype": 2}
BY_OLD_TAG = {"extratags": [(255, "H", 1, 2, True)]}


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("compression", [None, "lzw"])
@pytest.mark.parametrize(
    "order",
    [
        ["thumbnail", "whole"],
        ["whole", "thumbnail"],
        ["thumbnail by the old tag", "whole"],
        ["thumbnail around", "whole"],
        ["unmarked around", "whole"],
        ["around", "thumbnail"],
        ["thumbnail", "page"],
        ["thumbnail", "reduced whole"],
    ],
    ids=", ".join,
)
def test_the_whole_picture_is_read_wherever_it_lies(order: list[str], kind: str, compression: str | None) -> None:
    whole, small = pictures_of(kind)
    inner: dict[str, Any] = {"subifds": 1}
    known: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
        "thumbnail": (small, REDUCED),
        "thumbnail by the old tag": (small, BY_OLD_TAG),
        "thumbnail around": (small, REDUCED | inner),
        "unmarked around": (small, inner),
        "around": (whole, inner),
        "whole": (whole, {}),
        "page": (whole, PAGE),
        "reduced whole": (whole, REDUCED),
    }
    chosen = [known[name] for name in order]
    data = written(*((picture, options | {"compression": compression}) for picture, options in chosen))
    picture = read_picture(data)
    assert np.abs(unit(picture.pixels) - unit(whole)).max() < 1e-6
    assert picture.metadata.notes == ()


def test_an_inner_picture_is_turned_as_the_directory_around_it_says() -> None:
    whole, small = pictures_of("u2")
    turned = {"extratags": [(274, "H", 1, 6, True)], "resolution": (300, 600)}
    picture = read_picture(written((small, REDUCED | {"subifds": 1} | turned), (whole, {})))
    assert np.array_equal(picture.pixels, upright(whole, 6))


def test_a_mask_beside_a_picture_is_left_out_with_a_note() -> None:
    whole, _ = pictures_of("u1")
    picture = read_picture(written((whole, {}), (whole[..., 0] > 100, MASK)))
    assert np.array_equal(picture.pixels, whole)
    assert "mask" in picture.metadata.notes[0]


def test_a_chain_that_leads_back_to_its_picture_holds_one() -> None:
    codes = as_kind(ramp(1), "u1")
    data = bytearray(plain_tiff(codes, 8, 1))
    data[len(data) - 4 :] = data[4:8]  # the end of the chain points at its beginning
    assert np.array_equal(read_picture(bytes(data)).pixels, codes[..., 0])


def test_a_picture_is_under_the_profile_that_exif_names() -> None:
    stream = BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 2
    Image.fromarray(np.full((4, 4, 3), (0, 200, 0), np.uint8)).save(stream, "TIFF", exif=exif.tobytes())
    picture = read_picture(stream.getvalue())
    assert picture.metadata.icc is not None
    assert picture.pixels[0, 0, 1] > 200


GREY = np.rint(ramp(1) * 255).astype(np.int64)
COLOUR = np.rint(ramp(3) * 255).astype(np.int64)
INKS = np.rint(ramp(4) * 255).astype(np.int64)


def compressed(compression: int, tags: Tags | None = None, bits: int = 8) -> bytes:
    """A grey picture of zeros that claims a compression."""
    described = picture_tags((16, 16, 1), bits, 1, compression) | {278: (SHORT, [16])}
    return bare_tiff(described | (tags or {}), [ENCODERS.get(compression, bytes)(bytes(2 * 16 * 16))])


def twice() -> bytes:
    whole, small = pictures_of("u1")
    return written((small, REDUCED | {"subifds": 2}), (whole, {}), (whole, {}))


REFUSED: dict[str, tuple[bytes, str]] = {
    "signed": (plain_tiff(GREY, 8, 1, {339: (SHORT, [2])}), "has signed samples"),
    "complex": (plain_tiff(GREY, 32, 1, {339: (SHORT, [6])}), "has complex samples"),
    "5, 6 and 5 bits": (plain_tiff(COLOUR, 8, 2, {258: (SHORT, [5, 6, 5])}), "mixes samples of 5, 6, 5 bits"),
    **{f"{bits} bits": (plain_tiff(GREY, bits, 1), f"samples of {bits} bits") for bits in (17, 20, 24, 31, 64)},
    "JBIG": (compressed(34661), "compressed as JBIG"),
    "NeXT": (compressed(32766), "compressed as NEXT"),
    "ThunderScan": (compressed(32809), "compressed as THUNDERSCAN"),
    "PixarLog": (compressed(32909), "compressed as PIXARLOG"),
    "JPEG 2000 in YCbCr": (compressed(33003), "compressed as APERIO"),
    "an unknown compression": (compressed(12345), "compressed as 12345"),
    "a fax of 8 bits": (compressed(4), "8 bits compressed as CCITTFAX4"),
    "float differences of whole numbers": (compressed(5, {317: (SHORT, [3])}), "predictor FLOATINGPOINT"),
    "an unknown predictor": (compressed(5, {317: (SHORT, [7])}), "predictor 7"),
    "differences of 12 bits": (compressed(5, {317: (SHORT, [2])}, 12), "predictor HORIZONTAL"),
    "differences in packbits": (compressed(32773, {317: (SHORT, [2])}), "predictor HORIZONTAL"),
    "LogLuv": (plain_tiff(COLOUR, 16, 32845), "such pixels as LOGLUV"),
    "ITULab": (plain_tiff(COLOUR, 8, 10), "such pixels as ITULAB"),
    "an unknown meaning": (plain_tiff(GREY, 8, 1234), "such pixels as kind 1234"),
    "indices of RGB": (plain_tiff(GREY, 8, 1, {346: (SHORT, [1])}), "such pixels as"),
    "other inks": (plain_tiff(INKS, 8, 5, {332: (SHORT, [2])}), "other inks"),
    "inks turned round": (plain_tiff(INKS, 8, 5, {336: (SHORT, [255, 0])}), "other inks"),
    "inks of 4 bits": (plain_tiff(INKS // 16, 4, 5), "stores SEPARATED in 4 bits"),
    "premultiplied white": (
        plain_tiff(COLOUR[..., :2], 8, 0, {338: (SHORT, [1])}),
        "premultiplied transparency in MINISWHITE",
    ),
    "YCbCr of 16 bits": (plain_tiff(COLOUR, 16, 6), "stores YCBCR in 16 bits"),
    "a colour filter array": (plain_tiff(GREY, 16, 32803), "develop it first"),
    "linear raw": (plain_tiff(COLOUR, 16, 34892), "develop it first"),
    "DNG": (plain_tiff(GREY, 16, 1, {50706: (UNDEFINED, [1, 4, 0, 0])}), "DNG.*develop it first"),
    "Nikon's raw": (compressed(34713), "develop it first"),
    "pages": (written((pictures_of("u1")[0], {}), (pictures_of("u1")[0], {})), "holds 2 pages"),
    "two inner pictures": (twice(), "holds 2 pages"),
    "a sparse file": (
        bare_tiff(picture_tags((11, 7, 1), 8, 1, 8) | {273: (LONG, [0]), 278: (SHORT, [11])}, [b""]),
        "sparse",
    ),
    "floats of 0 to 255": (tiff(as_kind(ramp(1)[..., 0], "f4") * 255, photometric="minisblack"), "scale them"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_read_is_refused_in_true_words(what: str) -> None:
    data, words = REFUSED[what]
    with pytest.raises(PictureError, match=words) as refusal:
        read_picture(data)
    assert "damaged" not in str(refusal.value)
    assert "; " in str(refusal.value)


def test_cmyk_of_16_bits_goes_through_its_profile_as_8_bits_do(cmyk_profile: bytes) -> None:
    inks = np.rint(ramp(4) * 255).astype(np.uint8)
    shallow, deep = (
        read_picture(tiff(stored, photometric="separated", iccprofile=cmyk_profile)).pixels
        for stored in (inks, inks.astype(np.uint16) * 257)
    )
    assert deep.dtype == np.uint16
    assert np.abs(unit(deep) - unit(shallow)).max() < 1.5 / 255
    plain = read_picture(tiff(inks, photometric="separated")).pixels
    assert np.abs(unit(plain) - unit(shallow)).max() > 0.02


@pytest.fixture
def cmyk_profile() -> bytes:
    """An ICC profile (version 2) of four inks, its one table of 8 bits with two values a side: lightness and chroma."""
    paper = np.stack(np.meshgrid(*[[1.0, 0.0]] * 4, indexing="ij"), -1).reshape(16, 4)
    lightness = 0.05 + 0.9 * paper[:, :3].mean(axis=1) * paper[:, 3]
    lab = np.column_stack(
        [lightness * 255, 128 + 40 * (paper[:, 0] - paper[:, 1]), 128 + 40 * (paper[:, 1] - paper[:, 2])]
    )
    identity = np.eye(3).ravel() * 65536
    curve = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity.astype(">i4").tobytes()
    table += 4 * curve + np.rint(lab).astype(np.uint8).tobytes() + 3 * curve
    size = 128 + 4 + 12 + len(table)
    head = (
        struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"prtr", b"CMYK", b"Lab ").ljust(36, b"\x00") + b"acsp"
    )
    head = head.ljust(68, b"\x00") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\x00") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


def test_what_describes_samples_is_not_written_into_the_coloured_picture() -> None:
    odd: Tags = {
        280: (SHORT, [3]),
        281: (SHORT, [9]),
        290: (SHORT, [2]),
        336: (SHORT, [0, 255]),
        271: (2, [*b"Maker\0"]),
    }
    picture = read_picture(plain_tiff(GREY, 8, 1, odd))
    stream = BytesIO(encode_picture(np.dstack([picture.pixels] * 3), format="TIFF", like=picture))
    with tifffile.TiffFile(stream) as file:
        tags = file.pages.first.tags
    assert tags[271].value == "Maker"
    assert not {280, 281, 290, 336} & {tag.code for tag in tags}


def test_a_deep_picture_that_was_turned_says_that_it_is_upright() -> None:
    stored = as_kind(ramp(1)[..., 0], "u2")
    picture = read_picture(tiff(stored, 6, photometric="minisblack"))
    written = encode_picture(picture.pixels, format="TIFF", like=picture)
    with tifffile.TiffFile(BytesIO(written)) as file:
        assert file.pages[0].tags.valueof(274) == 1
        assert file.pages[0].shape == stored.shape[::-1]


def test_what_was_premultiplied_looks_the_same_over_white_when_it_is_written() -> None:
    values = ramp(4)
    values[..., :3] *= values[..., 3:]
    picture = read_picture(tiff(as_kind(values, "u2"), photometric="rgb", extrasamples=[1]))
    again = read_picture(encode_picture(picture.pixels, format="TIFF", like=picture))
    assert again.alpha is not None
    over = unit(again.pixels) * unit(again.alpha)[..., None] + 1 - unit(again.alpha)[..., None]
    assert np.abs(over - (values[..., :3] + 1 - values[..., 3:])).max() < 1e-4
