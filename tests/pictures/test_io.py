"""What goes into a picture file comes out again; what is no picture is refused in one line; nothing is half-written."""

import contextlib
import io
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from featcolor.errors import PictureError
from featcolor.pictures import io as images
from featcolor.pictures.picture import MAX_PIXELS, Metadata, Picture
from tests.pictures.files import (
    DATE_TAKEN,
    MAKE,
    SRGB_PROFILE,
    TOP,
    camera_exif,
    encoded,
    noise,
    png_chunk,
    tiff,
)


def written(pixels, format):
    """Pixels written in a format and read again."""
    return images.read_picture(images.encode_picture(pixels, format=format)).pixels


def huge_png(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


LOSSLESS = [
    ("PNG", np.uint8, False),
    ("PNG", np.uint16, False),
    ("WEBP", np.uint8, True),
    *[("TIFF", dtype, compact) for dtype in TOP for compact in (False, True)],
]


@pytest.mark.parametrize(("format", "dtype", "compact"), LOSSLESS)
@pytest.mark.parametrize("has_alpha", [False, True])
def test_pixels_alpha_depth_and_metadata_come_back(tmp_path, format, dtype, compact, has_alpha):
    pixels = noise((20, 30, 3), dtype)
    alpha = noise((20, 30), dtype, seed=1) if has_alpha else None
    exif = camera_exif().tobytes().removeprefix(b"Exif\x00\x00")
    like = Picture(pixels, alpha, Metadata(format, exif, SRGB_PROFILE, (300.0, 150.0), compact))
    path = tmp_path / f"picture.{format.lower()}"
    images.write_picture(path, pixels, like=like)
    again = images.read_picture(path)
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.pixels.dtype == dtype
    if has_alpha:
        np.testing.assert_array_equal(again.alpha, alpha)
    else:
        assert again.alpha is None
    assert again.metadata.format == format
    assert again.metadata.compact == (compact and not (format == "TIFF" and dtype == np.uint8))
    assert again.metadata.icc == SRGB_PROFILE
    if format != "WEBP":  # WebP has no field for it but EXIF's
        assert again.metadata.dpi == pytest.approx((300, 150), rel=1e-4)
    found = Image.Exif()
    found.load(again.metadata.exif)
    assert found[MAKE] == "Ernemann"
    if not (format == "TIFF" and dtype != np.uint8):
        assert found.get_ifd(0x8769)[DATE_TAKEN] == "1911:05:01 10:00:00"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_grey_stays_grey(format, dtype):
    grey = noise((12, 9), dtype)
    np.testing.assert_array_equal(written(grey, format), grey)


def test_jpeg_is_written_at_quality_95_without_subsampling():
    flat = np.zeros((64, 64, 3), np.uint8)
    flat[:, ::2] = (200, 40, 40)
    data = images.encode_picture(flat, format="JPEG")
    expected = encoded(Image.fromarray(flat), "JPEG", quality=95, subsampling=0)
    assert data == expected
    assert Image.open(io.BytesIO(data)).layer[1][1:3] == (1, 1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_every_8_bit_mode_is_read(mode, format):
    grey, has_alpha = mode in ("1", "L", "LA"), mode.endswith("A")
    rgba = Image.fromarray(noise((9, 14, 4)))
    image = rgba.convert("RGB").convert("P") if mode == "P" else rgba.convert(mode)
    picture = images.read_picture(encoded(image, format))
    assert picture.pixels.shape == ((9, 14) if grey else (9, 14, 3))
    assert (picture.alpha is not None) == has_alpha
    expected = np.asarray(image.convert("RGBA"))
    np.testing.assert_array_equal(
        picture.pixels if not grey else picture.pixels[..., None], expected[..., : 1 if grey else 3]
    )
    if has_alpha:
        np.testing.assert_array_equal(picture.alpha, expected[..., 3])


def test_16_bit_png_with_grey_and_alpha():
    stored = noise((5, 6, 2), np.uint16)
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in stored)
    header = struct.pack(">IIBBBBB", 6, 5, 16, 4, 0, 0, 0)
    text = png_chunk(b"tEXt", b"broken")  # without its separator: libpng would complain
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + text
    picture = images.read_picture(data + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b""))
    np.testing.assert_array_equal(picture.pixels, stored[..., 0])
    np.testing.assert_array_equal(picture.alpha, stored[..., 1])


def test_palette_with_a_transparent_entry_has_alpha():
    image = Image.fromarray(noise((9, 14, 3))).convert("P")
    picture = images.read_picture(encoded(image, "PNG", transparency=0))
    np.testing.assert_array_equal(picture.alpha == 0, np.asarray(image) == 0)


def test_cmyk_jpeg_is_read_as_rgb():
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    picture = images.read_picture(encoded(cyan, "JPEG", quality=100))
    red, *others = picture.pixels.reshape(-1, 3).mean(axis=0)
    assert red < 20 < 120 < min(others)
    assert picture.metadata.icc is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_once(orientation, format):
    blocks = np.kron(np.array([[250, 120, 20], [60, 200, 90]], np.uint8), np.ones((16, 16), np.uint8))
    stored = np.repeat(blocks[..., None], 3, axis=2)
    options = {"quality": 100} if format in ("JPEG", "WEBP") else {}
    data = encoded(Image.fromarray(stored), format, exif=camera_exif(orientation), dpi=(300, 150), **options)
    unturned = Image.open(io.BytesIO(encoded(Image.fromarray(stored), "PNG", exif=camera_exif(orientation))))
    expected = np.asarray(ImageOps.exif_transpose(unturned))
    picture = images.read_picture(data)
    assert picture.pixels.shape == expected.shape
    np.testing.assert_allclose(picture.pixels.astype(int), expected.astype(int), atol=3)
    if format != "WEBP":
        assert picture.metadata.dpi == pytest.approx((150, 300) if orientation >= 5 else (300, 150), rel=1e-3)
    again = images.read_picture(images.encode_picture(picture.pixels, like=picture))
    assert again.pixels.shape == expected.shape
    np.testing.assert_array_equal(images.read_reference(data, 10**6).shape, expected.shape)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_deep_tiff_layouts(compression, planar):
    pixels = noise((10, 12, 3), np.uint16)
    stored = pixels if planar == "contig" else np.moveaxis(pixels, -1, 0)
    data = tiff(stored, photometric="rgb", planarconfig=planar, compression=compression, byteorder=">")
    np.testing.assert_array_equal(images.read_picture(data).pixels, pixels)


def test_16_bit_tiff_with_lzw_and_white_is_zero():
    pixels = noise((10, 12, 3), np.uint16)
    done, data = cv2.imencode(".tif", pixels[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert done
    np.testing.assert_array_equal(images.read_picture(data.tobytes()).pixels, pixels)
    inverted = tiff(pixels[..., 0], photometric="miniswhite")
    np.testing.assert_array_equal(images.read_picture(inverted).pixels, 65535 - pixels[..., 0])


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floats_become_float32(dtype):
    values = np.linspace(-0.1, 1.1, 12).reshape(3, 4).astype(dtype)
    pixels = images.read_picture(tiff(values, photometric="minisblack")).pixels
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, np.clip(values, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (np.full((4, 4), 255.0, np.float32), "scale them to 0..1"),
        (np.full((4, 4), np.nan, np.float32), "without a value"),
        (np.zeros((4, 4), np.int16), "8 or 16 bits"),
        (np.zeros((3, 4, 4), np.uint16), "3 pages"),
        (np.zeros((3, 4, 4), np.uint8), "3 pages"),
    ],
)
def test_tiff_that_cannot_be_meant_is_refused(values, line):
    with pytest.raises(PictureError, match=line):
        images.read_picture(tiff(values, photometric="minisblack"))


def test_the_suffix_of_an_input_does_not_matter(tmp_path):
    path = tmp_path / "wrong.jpg"
    pixels = noise((6, 7, 3))
    path.write_bytes(images.encode_picture(pixels, format="PNG"))
    picture = images.read_picture(path)
    assert picture.metadata.format == "PNG"
    np.testing.assert_array_equal(picture.pixels, pixels)


def test_output_follows_the_name_then_the_input():
    png16 = Picture(noise((3, 3), np.uint16), None, Metadata("PNG"))
    assert images.output_format("a.JPEG") == "JPEG"
    assert {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"} <= images.PICTURE_SUFFIXES
    assert MAX_PIXELS >= 24_000_000
    assert images.output_format("noname", png16) == "PNG"
    assert images.output_dtype("PNG", png16) == np.uint16
    assert images.output_dtype("JPEG", png16) == np.uint8
    assert images.output_dtype("PNG", Picture(noise((3, 3), np.float32))) == np.uint16
    with pytest.raises(PictureError, match="which format"):
        images.output_format("noname")


def test_depths_are_brought_to_what_the_format_holds():
    deep = np.array([[0, 257 * 7, 65535]], np.uint16)
    floats = np.array([[-0.5, 0.5, 2.0]], np.float32)
    assert written(deep, "WEBP").shape == (1, 3, 3)
    np.testing.assert_allclose(written(deep, "JPEG"), [[0, 7, 255]], atol=6)
    np.testing.assert_array_equal(written(floats, "PNG"), [[0, 32768, 65535]])


@pytest.mark.parametrize(("format", "dtype", "compact"), [("JPEG", np.uint8, False), *LOSSLESS])
def test_every_cut_is_refused(format, dtype, compact):
    like = Picture(
        noise((40, 50) if dtype != np.uint8 else (40, 50, 3), dtype), None, Metadata(format, compact=compact)
    )
    whole = images.encode_picture(like.pixels, like=like)
    assert images.read_picture(whole).pixels.shape == like.pixels.shape
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        with pytest.raises(PictureError, match=r"^-: .*; "):
            images.read_picture(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_flipped_bytes_raise_nothing_else_than_picture_errors(format, dtype, capfd):
    pixels = noise((30, 40, 3), dtype)
    whole = bytearray(images.encode_picture(pixels, like=Picture(pixels, None, Metadata(format, compact=True))))
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = whole.copy()
        for position in rng.integers(0, len(whole), 3):
            damaged[position] ^= int(rng.integers(1, 256))
        for position in rng.integers(0, min(200, len(whole)), 1):
            damaged[position] ^= int(rng.integers(1, 256))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with contextlib.suppress(PictureError):
                images.read_picture(bytes(damaged))
                images.read_reference(bytes(damaged), 300)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "is empty"),
        (b"hello, this is text", "is not a picture that is read; convert it"),
        (b"GIF89a" + bytes(40), "its header is damaged"),
        (b"SDPX" + bytes(40), "is a DPX frame, which is not read; 'ffmpeg"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(40), "is a film; use: featcolor video"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "is a film"),
        (b"\xff\xd8\xff", "cannot be decoded"),
        (huge_png(60_000, 60_000), "megapixels"),
        (huge_png(20_000, 20_000), "damaged or cut off"),
        (huge_png(2_000_000, 1), "a side"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(tmp_path, data, line):
    path = tmp_path / "old.png"
    path.write_bytes(data)
    for read in (images.read_picture, lambda p: images.read_reference(p, 1000)):
        with pytest.raises(PictureError, match=line) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused_to_read_and_to_write(tmp_path):
    for path, line in ((tmp_path / "none.jpg", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(PictureError, match=line):
            images.read_picture(path)
    (tmp_path / "file").touch()
    for folder in ("none", "file"):
        with pytest.raises(PictureError, match="cannot be written"):
            images.write_picture(tmp_path / folder / "a.png", noise((4, 4, 3)))


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_animated_pictures_are_refused(format):
    frames = [Image.fromarray(noise((8, 8, 3), seed=seed)) for seed in range(3)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match=r"animated \(3 frames\); export"):
        images.read_picture(data)


def test_a_long_thin_picture_is_read_and_written():
    thin, before = noise((1, 60_000, 3)), Image.MAX_IMAGE_PIXELS
    for format in ("JPEG", "PNG", "TIFF"):
        assert written(thin, format).shape == thin.shape
    assert images.read_reference(images.encode_picture(thin, format="PNG"), 1000).shape[1] <= 1000 * 60
    with pytest.raises(PictureError, match=r"16383 a side.*; choose another format"):
        images.encode_picture(thin, format="WEBP")
    assert written(noise((1, 1, 3)), "JPEG").shape == (1, 1, 3)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("grey", [False, True])
def test_references_are_small_rgb_and_near_the_whole_picture(format, grey):
    ramp = np.linspace(0, 255, 640)[None, :] * np.linspace(0.3, 1, 480)[:, None]
    pixels = ramp.astype(np.uint8) if grey else np.dstack([ramp, ramp[::-1], ramp[:, ::-1]]).astype(np.uint8)
    small = images.read_reference(images.encode_picture(pixels, format=format), 60 * 80)
    assert small.shape == (60, 80, 3)
    assert small.dtype == np.uint8
    whole = pixels if not grey else np.repeat(pixels[..., None], 3, axis=2)
    expected = cv2.resize(whole, (80, 60), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - expected).mean() < 1.5
    assert images.read_reference(images.encode_picture(noise((5, 6, 3)), format=format), 10**6).shape == (5, 6, 3)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_nothing_half_written_is_left(tmp_path, monkeypatch, failure):
    path = tmp_path / "out.png"
    path.write_bytes(b"before")

    def save(self, stream, *args, **options):
        stream.write(b"half")
        raise failure

    monkeypatch.setattr(Image.Image, "save", save)
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else PictureError
    with pytest.raises(expected):
        images.write_picture(path, noise((4, 4, 3)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.png"]
    assert path.read_bytes() == b"before"


def test_unknown_formats_and_alpha_of_another_size_are_refused(tmp_path):
    with pytest.raises(PictureError, match="JPEG, PNG, TIFF, WEBP"):
        images.write_picture(tmp_path / "a.png", noise((4, 4, 3)), format="BMP")
    with pytest.raises(ValueError, match="alpha"):
        images.encode_picture(noise((4, 4, 3)), like=Picture(noise((5, 5)), noise((5, 5))))
    assert list(tmp_path.iterdir()) == []
