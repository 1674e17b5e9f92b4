"""A picture is seen as its profile says, by lcms, and its colours are shown as those of an sRGB copy would be."""

import io
import itertools
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from featcolor.colour.lab import lab_to_rgb, lightness_of, rgb_to_lab
from featcolor.errors import PictureError
from featcolor.pictures.coding import SRGB_PRIMARIES, adobe_rgb, profile_of, profile_of_code_points
from featcolor.pictures.icc import Fate, fate_of, from_srgb, srgb_profile, to_srgb
from featcolor.pictures.io import encode_picture, read_picture
from featcolor.pictures.picture import Metadata, Picture
from tests.pictures import profiles
from tests.pictures.profiles import CURVES, PROPHOTO, SRGB, V2, V4

TOP = {np.uint8: 255, np.uint16: 65535, np.float32: 1}
EXACT = ImageCms.Flags.NOOPTIMIZE  # as lcms looks dark linear codes up in a table of 8 bits, it is several L* off
RAMP = np.arange(256, dtype=np.uint8)[None]

GREY_PROFILES = {
    f"{name}, {connection.decode()}, {version:x}": profiles.of_grey(curve, connection=connection, version=version)
    for (name, curve), connection, version in itertools.product(CURVES.items(), (b"XYZ ", b"Lab "), (V2, V4))
} | {f"table, {version:x}": profiles.of_table(1, version) for version in (V2, V4)}
RGB_PROFILES = {
    f"{name}, {gamut}, {version:x}": profiles.of_rgb(curve, matrix, version=version)
    for (name, curve), (gamut, matrix), version in itertools.product(
        CURVES.items(), {"srgb": SRGB, "prophoto": PROPHOTO}.items(), (V2, V4)
    )
} | {f"table, {version:x}": profiles.of_table(3, version) for version in (V2, V4)}


def encoded(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def by_lcms(pixels, icc, kind="LAB"):
    """L* of codes, (H, W), or sRGB, (H, W, 3), as Pillow's lcms sees them, relative colorimetric."""
    target = ImageCms.createProfile("LAB" if kind == "LAB" else "sRGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    image = Image.fromarray(pixels)
    transform = ImageCms.buildTransform(source, target, image.mode, kind, ImageCms.Intent.RELATIVE_COLORIMETRIC, EXACT)
    seen = np.asarray(ImageCms.applyTransform(image, transform))
    return seen[..., 0] / 2.55 if kind == "LAB" else seen


def difference(one, other):
    """ΔE*ab of two sRGB pictures."""
    (l1, ab1), (l2, ab2) = rgb_to_lab(one), rgb_to_lab(other)
    return np.sqrt((100 * (l1 - l2)) ** 2 + ((ab1 - ab2) ** 2).sum(axis=-1))


def tinted(lightness):
    """An sRGB picture of these lightnesses, coloured a little."""
    chroma = np.broadcast_to(np.float32([8, -12]), (*lightness.shape, 2))
    return lab_to_rgb(lightness, np.ascontiguousarray(chroma), np.uint8)


@pytest.mark.parametrize("name", GREY_PROFILES)
def test_greys_are_as_light_as_lcms_says(name):
    icc = GREY_PROFILES[name]
    expected = by_lcms(RAMP, icc)
    for dtype, top in TOP.items():
        codes = (RAMP * np.float64(top / 255)).astype(dtype)
        np.testing.assert_allclose(100 * lightness_of(to_srgb(codes, icc)), expected, atol=0.6)


@pytest.mark.parametrize("name", RGB_PROFILES)
def test_greys_of_rgb_are_as_light_as_lcms_says(name):
    icc, greys = RGB_PROFILES[name], np.repeat(RAMP[..., None], 3, axis=2)
    expected = by_lcms(greys, icc)
    for dtype, top in TOP.items():
        codes = (greys * np.float64(top / 255)).astype(dtype)
        np.testing.assert_allclose(100 * lightness_of(to_srgb(codes, icc)), expected, atol=0.6)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("name", ["gamma 1.0, prophoto, 2400000", "gamma 1.8, srgb, 2400000", "table, 2400000"])
def test_what_is_written_looks_as_an_srgb_copy_would(name, format):
    """Seen through the profile that the file has then, it is the picture coloured in sRGB, as light as before."""
    icc, greys = RGB_PROFILES[name], np.repeat(np.repeat(RAMP[:, 40:], 8, axis=0)[..., None], 3, axis=2)
    options = {"lossless": True} if format == "WEBP" else {"quality": 100, "subsampling": 0}
    given = read_picture(encoded(Image.fromarray(greys), format, icc_profile=icc, **options))
    shown = tinted(lightness_of(given.pixels))
    written = Image.open(io.BytesIO(encode_picture(shown, like=given, quality=100)))
    seen = by_lcms(np.asarray(written), written.info.get("icc_profile", srgb_profile()), "RGB")
    assert difference(seen, shown).mean() < (2.0 if format == "JPEG" else 1.0)
    np.testing.assert_allclose(100 * lightness_of(seen).mean(), by_lcms(greys, icc).mean(), atol=0.3)
    assert written.info.get("icc_profile") == (None if "table" in name else icc)
    assert bool(given.metadata.notes) == ("table" in name)


def test_srgb_and_what_cannot_be_used_leave_the_codes():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    damaged = [adobe_rgb()[:200], profiles.profile(b"RGB ", b"XYZ ", V2, [])]
    for icc in (srgb_profile(), *damaged, RGB_PROFILES["parametric 3, srgb, 4300000"]):
        assert fate_of(icc) is Fate.SAME
        assert to_srgb(pixels, icc) is pixels
        assert from_srgb(pixels, icc) is pixels
        written = encode_picture(pixels, like=read_picture(encoded(Image.fromarray(pixels), "PNG", icc_profile=icc)))
        assert Image.open(io.BytesIO(written)).info["icc_profile"] == icc
    for icc in (profiles.of_grey(CURVES["gamma 1.8"]), b"no profile at all"):
        assert to_srgb(pixels, icc) is pixels
    grey = pixels[..., 0]
    assert to_srgb(grey, srgb_profile()) is grey


@pytest.mark.parametrize("format", ["WEBP", "TIFF", "PNG"])
def test_a_profile_of_grey_counts_where_grey_is_stored_as_rgb(format):
    greys, icc = np.repeat(np.repeat(RAMP, 8, axis=0)[..., None], 3, axis=2), profiles.of_grey(CURVES["gamma 1.0"])
    options = {"lossless": True} if format == "WEBP" else {}
    given = read_picture(encoded(Image.fromarray(greys), format, icc_profile=icc, **options))
    np.testing.assert_allclose(100 * lightness_of(given.pixels)[:1], by_lcms(RAMP, icc), atol=0.6)
    assert given.metadata.icc is None
    assert not given.metadata.notes


@pytest.mark.parametrize("dtype", TOP)
def test_greys_stored_alone_count_as_equal_channels_under_a_profile_of_rgb(dtype):
    icc, greys = profiles.of_rgb(CURVES["gamma 1.8"], PROPHOTO), np.repeat(RAMP[..., None], 3, axis=2)
    stored = io.BytesIO()
    tifffile.imwrite(stored, (RAMP * np.float64(TOP[dtype] / 255)).astype(dtype), iccprofile=icc)
    given = read_picture(stored.getvalue())
    np.testing.assert_allclose(100 * lightness_of(given.pixels), by_lcms(greys, icc), atol=0.6)
    assert given.metadata.icc == icc


@pytest.mark.parametrize(
    ("icc", "told"),
    [
        (profiles.of_grey(CURVES["gamma 1.8"]), "its profile is of GRAY, not of such pixels"),
        (profiles.profile(b"CMYK", b"Lab ", V2, []), "its profile is of CMYK, not of such pixels"),
        (b"no profile at all", "its profile is damaged"),
    ],
)
def test_a_profile_that_cannot_apply_is_told(icc, told):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    given = read_picture(encoded(Image.fromarray(pixels), "PNG", icc_profile=icc))
    assert given.metadata.notes == (f"{told}; it is taken as sRGB",)
    np.testing.assert_array_equal(given.pixels, pixels)


@pytest.mark.parametrize("dtype", TOP)
def test_there_and_back_is_where_it_was(dtype):
    codes = (np.random.default_rng(0).uniform(0.2, 0.8, (40, 40, 3)) * TOP[dtype]).astype(dtype)
    codes[:, :20] = codes[:, :20, :1]
    icc = profiles.of_rgb(CURVES["gamma 1.8"])
    seen = to_srgb(codes, icc)
    assert seen.dtype == dtype
    assert np.ptp(seen[:, :20].astype(np.float64), axis=2).max() <= TOP[dtype] * (
        1 / 255 if dtype == np.uint8 else 3e-4
    ), "grey stays grey"
    back = from_srgb(seen, icc).astype(np.float64)
    np.testing.assert_allclose(back, codes, atol=2 if dtype == np.uint8 else TOP[dtype] * 3e-5)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


GAMMA_1, GAMMA_22 = (chunk(b"gAMA", struct.pack(">I", number)) for number in (100_000, 45_455))
ADOBE = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))
PLAIN = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
SRGB_CHUNK = chunk(b"sRGB", b"\0")
EMBEDDED, OTHER_KIND = profiles.of_rgb(CURVES["gamma 1.8"]), profiles.of_grey(CURVES["gamma 2.4"])
ICC, MISMATCHED = (chunk(b"iCCP", b"x\0\0" + zlib.compress(icc)) for icc in (EMBEDDED, OTHER_KIND))
LINEAR, ADOBE_22 = profile_of(SRGB_PRIMARIES, 1.0), profile_of((0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 2.2)
P3 = profile_of_code_points(12, 13, grey=False)


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (GAMMA_1, LINEAR),
        (GAMMA_22, None),
        (GAMMA_22 + PLAIN, None),
        (GAMMA_22 + ADOBE, ADOBE_22),
        (GAMMA_1 + ADOBE + SRGB_CHUNK, None),
        (GAMMA_1 + ICC, EMBEDDED),
        (GAMMA_1 + MISMATCHED, LINEAR),
        (SRGB_CHUNK + ICC, EMBEDDED),
        (ICC + chunk(b"cICP", bytes([1, 13, 0, 1])), None),
        (ICC + chunk(b"cICP", bytes([12, 13, 0, 1])), P3),
        (GAMMA_1 + chunk(b"cHRM", bytes(32)), None),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_of_what_a_png_says_of_its_colours_one_counts(chunks, expected, dtype):
    codes = (np.random.default_rng(0).uniform(0, 1, (6, 5, 3)) * TOP[dtype]).astype(dtype)
    plain = encode_picture(codes, format="PNG")
    picture = read_picture(plain[:33] + chunks + plain[33:])
    seen = codes if expected is None else to_srgb(codes, expected)
    np.testing.assert_allclose(picture.pixels, seen, atol=TOP[dtype] * 1e-3)
    again = read_picture(encode_picture(picture.pixels, like=picture))
    assert (again.metadata.icc is None) == (expected is None)


def test_colours_for_hdr_screens_are_refused():
    plain = encode_picture(np.zeros((4, 4), np.uint8), format="PNG")
    for code_points, words in (((9, 16, 0, 1), "PQ"), ((9, 18, 0, 1), "HLG"), ((1, 13, 0, 0), "as video has them")):
        with pytest.raises(PictureError, match=f"{words}.*convert it to sRGB"):
            read_picture(plain[:33] + chunk(b"cICP", bytes(code_points)) + plain[33:])


@pytest.mark.parametrize(("space", "index", "told"), [(2, None, True), (0xFFFF, "R03", True), (0xFFFF, None, False)])
def test_a_camera_says_adobe_rgb_in_exif(space, index, told):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = space
    if index is not None:
        exif.get_ifd(0x8769)[0xA005] = {1: index}
    picture = read_picture(encoded(Image.new("RGB", (8, 8), (180, 100, 90)), "JPEG", exif=exif.tobytes(), quality=100))
    assert picture.metadata.icc == (adobe_rgb() if told else None)
    assert (picture.pixels[0, 0, 0] > 190) == told


def test_colours_of_modern_formats():
    codes = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    avif = imagecodecs.avif_encode(codes, level=100)
    at = avif.index(b"colrnclx") + 8
    assert read_picture(avif).metadata.icc is None
    wide = read_picture(avif[:at] + struct.pack(">HH", 12, 13) + avif[at + 4 :])
    assert wide.metadata.icc == P3
    np.testing.assert_array_equal(wide.pixels, to_srgb(read_picture(avif).pixels, P3))
    with pytest.raises(PictureError, match="PQ"):
        read_picture(avif[:at] + struct.pack(">HH", 9, 16) + avif[at + 4 :])
    jp2 = imagecodecs.jpeg2k_encode(codes, level=0)
    at = jp2.index(b"colr") - 4
    length = int.from_bytes(jp2[at : at + 4], "big")
    head = jp2.index(b"jp2h") - 4
    box = struct.pack(">I", 11 + len(EMBEDDED)) + b"colr\x02\0\0" + EMBEDDED
    grown = int.from_bytes(jp2[head : head + 4], "big") + len(box) - length
    with_icc = jp2[:head] + struct.pack(">I", grown) + jp2[head + 4 : at] + box + jp2[at + length :]
    assert read_picture(jp2).metadata.icc is None
    np.testing.assert_array_equal(read_picture(with_icc).pixels, to_srgb(codes, EMBEDDED))


def test_colours_in_tags_of_a_tiff_are_told_where_they_are_not_srgb():
    def notes(*tags, **options):
        stream = io.BytesIO()
        tifffile.imwrite(stream, np.zeros((4, 4, 3), np.uint16), photometric="rgb", extratags=tags, **options)
        return read_picture(stream.getvalue()).metadata.notes

    white, primaries = (318, "2I", 2, (3127, 10000, 3290, 10000), True), (319, "2I", 6, (64, 100, 33, 100) * 3, True)
    curve = (301, "H", 256, tuple(range(256)), True)
    assert notes(white) == ()
    assert notes(curve, primaries) == (
        "its TransferFunction and PrimaryChromaticities cannot be applied; it is taken as sRGB",
    )
    assert notes(curve, iccprofile=adobe_rgb()) == ()


def test_deep_tiff_keeps_the_letters_of_texts():
    author = Image.Exif()
    author[315] = "Bäcker".encode()
    like = Picture(np.zeros((4, 4, 3), np.uint16), None, Metadata("TIFF", author.tobytes().removeprefix(b"Exif\0\0")))
    for _ in range(2):
        written = encode_picture(like.pixels, like=like)
        assert Image.open(io.BytesIO(written)).getexif()[315].encode("latin-1").decode() == "Bäcker"
        like = read_picture(written)
