"""Formats that are read, and written as PNG: the samples that another reader gives, at the depth that the file has."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from featcolor.batch.outputs import plan_routes
from featcolor.commands import main
from featcolor.errors import PictureError
from featcolor.pictures.find import earlier_outputs, find_pictures
from featcolor.pictures.io import read_picture, read_reference

ORIENTATION = 274
ENCODERS = {
    "jp2": lambda samples, bits: imagecodecs.jpeg2k_encode(samples, level=0, bitspersample=bits),
    "avif": lambda samples, bits: imagecodecs.avif_encode(samples, level=100, bitspersample=bits),
}


def samples(channels, bits, size=(24, 36)):
    shape = size if channels == 1 else (*size, channels)
    found = np.random.default_rng(channels).integers(0, 2**bits, shape)
    return found.astype(np.uint8 if bits == 8 else np.uint16)


def scaled(values, bits):
    return values if bits == 8 else np.rint(values * (65535 / (2**bits - 1))).astype(np.uint16)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("suffix", "bits"), [("jp2", 8), ("jp2", 12), ("jp2", 16), ("avif", 8), ("avif", 10), ("avif", 12)]
)
def test_samples_come_at_their_depth(tmp_path, suffix, bits, channels):
    given = samples(channels, bits)
    (tmp_path / f"a.{suffix}").write_bytes(ENCODERS[suffix](given, bits))
    picture = read_picture(tmp_path / f"a.{suffix}")
    expected = scaled(given, bits)
    if channels == 4:
        np.testing.assert_array_equal(picture.alpha, expected[..., 3])
        expected = expected[..., :3]
    if picture.pixels.ndim == 3 and channels == 1:  # AVIF may keep grey as three like planes
        expected = np.repeat(expected[..., None], 3, axis=2)
    apart = 0 if bits > 8 or suffix == "jp2" else 1  # Pillow's way from Y'CbCr rounds
    assert picture.pixels.dtype == expected.dtype
    assert np.abs(picture.pixels.astype(int) - expected).max() <= apart
    assert picture.metadata.format == "PNG"


@pytest.mark.parametrize("format", ["BMP", "GIF", "TGA", "PCX"])
def test_old_formats_are_read(tmp_path, format):
    given = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(given).save(tmp_path / f"a.{format.lower()}")
    picture = read_picture(tmp_path / f"a.{format.lower()}")
    np.testing.assert_array_equal(picture.pixels if picture.pixels.ndim == 2 else picture.pixels[..., 0], given)
    assert read_reference(tmp_path / f"a.{format.lower()}", 64).shape == (8, 8, 3)


def test_of_several_frames_the_first_is_taken_with_a_note():
    frames = [Image.fromarray(np.full((8, 8), level, np.uint8)) for level in (50, 200)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    picture = read_picture(stream.getvalue())
    assert picture.pixels.max() == 50
    assert picture.metadata.notes == ("holds 2 pictures; the first is coloured",)


def test_of_an_mpo_the_first_is_taken_with_a_note(tmp_path):
    frames = [Image.fromarray(np.full((8, 8), level, np.uint8)) for level in (50, 200)]
    frames[0].save(tmp_path / "a.mpo", save_all=True, append_images=frames[1:])
    (found,) = find_pictures([tmp_path])
    picture = read_picture(found.path)
    assert abs(int(picture.pixels.max()) - 50) < 3
    assert picture.metadata.notes == ("holds 2 pictures; the first is coloured",)


@pytest.mark.parametrize(("bits", "kept"), [(0, False), (8, True)])
def test_the_fourth_sample_of_a_tga_is_alpha_where_its_head_says_so(bits, kept):
    given = samples(4, 8)
    stream = io.BytesIO()
    Image.fromarray(given).save(stream, "TGA")
    content = bytearray(stream.getvalue())
    content[17] = content[17] & 0xF0 | bits
    picture = read_picture(bytes(content))
    np.testing.assert_array_equal(picture.pixels, given[..., :3])
    assert (picture.alpha is not None) == kept


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_orientation_is_applied_once(format):
    if format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stored = np.zeros((32, 48, 3), np.uint8)
    stored[:16, :24] = 250
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    stream = io.BytesIO()
    Image.fromarray(stored).save(stream, format, quality=95, exif=exif.tobytes())
    picture = read_picture(stream.getvalue())
    assert picture.pixels.shape[:2] == (48, 32)
    assert picture.pixels[4, 28, 0] > 200 > 50 > picture.pixels[4, 4, 0]  # a quarter turn clockwise
    other = Image.Exif()
    other.load(picture.metadata.exif)
    assert other[ORIENTATION] == 1


def test_a_heic_without_its_package_names_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r"pip install 'featcolor\[heic\]'"):
        read_picture(b"\x00\x00\x00\x18ftypheic" + bytes(40))


@pytest.mark.parametrize("suffix", ["jp2", "avif"])
@pytest.mark.parametrize("bits", [8, 12])
def test_every_cut_is_refused_in_one_line(suffix, bits):
    whole = ENCODERS[suffix](samples(3, bits, (64, 64)), bits)
    for length in range(40, len(whole) - 1, len(whole) // 12):
        with pytest.raises(PictureError) as caught:
            read_picture(whole[:length])
        assert "\n" not in str(caught.value)


def test_a_folder_of_all_kinds_is_coloured_into_png(tmp_path, photographs):
    grey = Image.fromarray(photographs["coffee"]).convert("L")
    (tmp_path / "old").mkdir()
    for suffix in ("jpg", "png", "bmp", "gif", "jp2", "avif"):
        grey.save(tmp_path / "old" / f"a.{suffix}")
    found = find_pictures([tmp_path / "old"])
    routes = {route.source.name: route.target.name for route in plan_routes(found, str(tmp_path / "new"))}
    others = {f"a.{suffix}": f"a.{suffix}.png" for suffix in ("bmp", "gif", "jp2", "avif")}
    assert routes == {"a.jpg": "a.jpg", "a.png": "a.png", **others}
    assert main(["colorize", str(tmp_path / "old"), "-o", str(tmp_path / "new"), "-q"]) == 0
    for name in routes.values():
        assert read_picture(tmp_path / "new" / name).pixels.ndim == 3


def test_what_was_made_of_a_bmp_is_known_again(tmp_path, photographs):
    Image.fromarray(photographs["coffee"]).convert("L").save(tmp_path / "a.BMP")
    assert main(["colorize", str(tmp_path / "a.BMP"), "-q"]) == 0
    assert main(["colorize", str(tmp_path / "a.BMP"), "-o", f"{tmp_path / 'new'}/", "-q"]) == 0
    found = find_pictures([tmp_path])
    assert {path.relative_to(tmp_path) for path in earlier_outputs(found)} == {Path("a-colour.png"), Path("new/a.png")}
