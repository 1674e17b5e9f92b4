"""What travels with the pixels: EXIF, profiles, gamma, transparent colours, texts."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from featcolor.colour.lab import lightness_of
from featcolor.colour.srgb import encode_srgb
from featcolor.pictures import io as images
from featcolor.pictures.icc import to_srgb
from featcolor.pictures.metadata import settle_exif
from tests.pictures.files import (
    MAKE,
    ORIENTATION,
    SRGB_PROFILE,
    TOP,
    camera_exif,
    encoded,
    grey_profile,
    noise,
    png_chunk,
)


def png_of(colour_type, bits, *chunks):
    """A PNG of 4 x 4 pixels whose samples count up, with these chunks, (kind, body), before the pixels."""
    n_channels = {0: 1, 2: 3}[colour_type]
    samples = np.arange(16 * n_channels).reshape(4, -1) * (257 if bits == 16 else 1)
    rows = b"".join(b"\0" + row.astype(">u2" if bits == 16 else np.uint8).tobytes() for row in samples)
    head = (b"IHDR", struct.pack(">IIBBBBB", 4, 4, bits, colour_type, 0, 0, 0))
    parts = [head, *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def test_exif_keeps_all_but_orientation_and_thumbnail():
    block = camera_exif(6).tobytes()
    settled, orientation = settle_exif(block)
    assert orientation == 6
    assert len(settled) == len(block.removeprefix(b"Exif\x00\x00"))
    found = Image.Exif()
    found.load(settled)
    assert found[ORIENTATION] == 1
    assert found[MAKE] == "Ernemann"
    for damaged in (b"", b"II*\x00", b"XX*\x00" + bytes(40), b"II*\x00\xff\xff\xff\x7f", block[:20]):
        assert settle_exif(damaged) == (None, 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_grey_profile_is_applied_and_dropped(dtype):
    ramp = (np.linspace(0, 1, 256)[None] * TOP[dtype]).astype(dtype)
    by_gamma = to_srgb(ramp, grey_profile(1.8)) / TOP[dtype]
    expected = encode_srgb(((ramp / TOP[dtype]) ** (round(1.8 * 256) / 256)).astype(np.float32))
    np.testing.assert_allclose(by_gamma, expected, atol=0.6 / 255 if dtype == np.uint8 else 3e-5)


def test_a_grey_profile_over_lab_gives_lightness():
    grey = np.arange(256, dtype=np.uint8)[None]
    over_lab = grey_profile(1.0).replace(b"GRAYXYZ ", b"GRAYLab ")
    np.testing.assert_allclose(lightness_of(to_srgb(grey, over_lab)), grey / 255, atol=3e-3)


@pytest.mark.parametrize("kind", ["grey", "rgb", "grey-16"])
@pytest.mark.parametrize(
    ("chunks", "gamma"),
    [
        ([(b"gAMA", 100_000)], 1.0),
        ([(b"gAMA", 55_556)], 1 / 0.55556),
        ([(b"gAMA", 45_455)], None),
        ([(b"gAMA", 0)], None),
        ([(b"gAMA", 100_000), (b"sRGB", 0)], None),
    ],
)
def test_gamma_of_a_png_is_applied_unless_srgb_goes_before(kind, chunks, gamma):
    stored = noise((6, 5, 3) if kind == "rgb" else (6, 5), np.uint16 if kind == "grey-16" else np.uint8)
    plain = images.encode_picture(stored, format="PNG")
    bodies = {b"gAMA": ">I", b"sRGB": ">B"}
    extra = b"".join(png_chunk(name, struct.pack(bodies[name], value)) for name, value in chunks)
    found = images.read_picture(plain[:33] + extra + plain[33:]).pixels
    top = TOP[stored.dtype.type]
    expected = stored / top if gamma is None else encode_srgb(((stored / top) ** gamma).astype(np.float32))
    np.testing.assert_allclose(found / top, expected, atol=0.6 / 255 if top == 255 else 3e-5)


def test_profiles_in_files():
    grey = noise((8, 8))
    for format in ("PNG", "TIFF"):
        picture = images.read_picture(encoded(Image.fromarray(grey), format, icc_profile=grey_profile(1.0)))
        assert picture.metadata.icc is None
        np.testing.assert_array_equal(picture.pixels, to_srgb(grey, grey_profile(1.0)))
        assert (picture.pixels >= grey).all()  # linear greys are lighter than they look as sRGB
    data = encoded(Image.fromarray(noise((8, 8, 3))), "JPEG", icc_profile=SRGB_PROFILE)
    assert images.read_picture(data).metadata.icc == SRGB_PROFILE


@pytest.mark.parametrize("cut", [130, 140, 150])
def test_damaged_grey_profiles_leave_the_values(cut):
    grey = noise((4, 4))
    np.testing.assert_array_equal(to_srgb(grey, grey_profile(1.8)[:cut]), grey)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("colour_type", [0, 2])
def test_the_one_transparent_colour_of_a_png_is_transparent(colour_type, bits):
    first = range(3, 3 + (1 if colour_type == 0 else 3))
    clear = b"".join(struct.pack(">H", value * (257 if bits == 16 else 1)) for value in first)
    picture = images.read_picture(png_of(colour_type, bits, (b"tRNS", clear)))
    expected = np.full((4, 4), 255 if bits == 8 else 65535)
    expected.flat[3 if colour_type == 0 else 1] = 0
    np.testing.assert_array_equal(picture.alpha, expected)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_the_one_transparent_grey_of_few_bits_is_transparent(bits):
    levels = np.arange(2**bits, dtype=np.uint8)
    packed = np.packbits(np.unpackbits(levels[:, None], axis=1)[:, 8 - bits :])
    head = (b"IHDR", struct.pack(">IIBBBBB", len(levels), 1, bits, 0, 0, 0, 0))
    parts = [head, (b"tRNS", b"\0\1"), (b"IDAT", zlib.compress(b"\0" + packed.tobytes())), (b"IEND", b"")]
    picture = images.read_picture(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts))
    np.testing.assert_array_equal(picture.pixels[0], levels * (255 // (2**bits - 1)))
    np.testing.assert_array_equal(picture.alpha[0], np.where(levels == 1, 0, 255))


@pytest.mark.parametrize("bits", [8, 16])
def test_texts_of_a_png_stay(bits):
    comment = b"Comment\0\0" + zlib.compress(b"1911")
    kept = [(b"tEXt", b"Title\0The pier"), (b"iTXt", "Author\0\0\0\0\0Bäcker".encode()), (b"zTXt", comment)]
    of_pixels = [(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"), (b"tEXt", b"Raw profile type exif\0 8")]
    like = images.read_picture(png_of(0, bits, *kept, *of_pixels))
    again = images.read_picture(images.encode_picture(np.repeat(like.pixels[..., None], 3, axis=2), like=like))
    assert again.metadata.texts == tuple(kept)
    as_jpeg = images.encode_picture(noise((4, 4, 3)), like=like, format="JPEG")
    assert images.read_picture(as_jpeg).metadata.texts == ()


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF"])
def test_title_and_author_of_a_png_are_exif_in_other_formats(format):
    notice = b"Copyright\0\1\0\0\0" + zlib.compress(b"nobody")
    texts = [
        (b"tEXt", b"Title\0The pier"),
        (b"tEXt", b"Author\0Bj\xf8rn"),
        (b"iTXt", notice),
        (b"zTXt", b"Comment\0\0x"),
    ]
    like = images.read_picture(png_of(2, 8, *texts, (b"tEXt", b"Mood\0grey")))
    found = Image.open(io.BytesIO(images.encode_picture(like.pixels, like=like, format=format))).getexif()
    assert [found[tag].encode("latin-1").decode() for tag in (270, 315, 33432)] == ["The pier", "Bjørn", "nobody"]
    exif = Image.Exif()
    exif[315] = "Skladanowsky"
    told = images.read_picture(png_of(2, 8, (b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")), *texts))
    found = Image.open(io.BytesIO(images.encode_picture(like.pixels, like=told, format=format))).getexif()
    assert (found[270], found[315]) == ("The pier", "Skladanowsky")


def test_the_comment_of_a_jpeg_stays_and_is_a_text_in_other_formats():
    for comment, text in (("Größe 1911".encode(), "Größe 1911"), (b"Gr\xf6\xdfe", "Größe")):
        stream = io.BytesIO()
        Image.fromarray(noise((8, 8))).save(stream, "JPEG", comment=comment)
        like = images.read_picture(stream.getvalue())
        written = {
            format: images.encode_picture(noise((8, 8, 3)), like=like, format=format)
            for format in ("JPEG", "PNG", "TIFF", "WEBP")
        }
        opened = {format: Image.open(io.BytesIO(content)) for format, content in written.items()}
        assert opened["JPEG"].info["comment"] == comment
        assert opened["PNG"].text == {"Comment": text}
        for format in ("TIFF", "WEBP"):
            assert opened[format].getexif()[270].encode("latin-1").decode() == text


def test_the_comment_of_a_gif_is_a_text_of_the_png():
    stream = io.BytesIO()
    Image.fromarray(noise((8, 8))).save(stream, "GIF", comment=b"1911")
    like = images.read_picture(stream.getvalue())
    assert Image.open(io.BytesIO(images.encode_picture(noise((8, 8, 3)), like=like))).text == {"Comment": "1911"}
