"""The layers compose the coloured picture, and hold the scan as it was; files are what their specifications ask for."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example as example_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.errors import PictureError, UsageError
from featcolor.layers import formats, photoshop
from featcolor.layers.stack import LayeredPicture, layered_picture
from featcolor.layers.write import encode_layers, write_layers
from featcolor.pictures.coding import adobe_rgb
from featcolor.pictures.io import read_picture
from featcolor.pictures.picture import Metadata, Picture
from tests.layers.compositing import compose

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MODES = {"svg:src-over": "normal", "svg:luminosity": "luminosity", "svg:color": "color", "svg:dst-in": "cut"}
TOP = {np.uint8: 255, np.uint16: 65535}


def example(dtype: Any = np.uint8, *, alpha: bool = False, metadata: Metadata | None = None) -> LayeredPicture:
    """A scan of every lightness in vivid colours of that lightness."""
    lightness = np.linspace(0, 1, 24 * 36, dtype=np.float32).reshape(24, 36)
    chroma = np.random.default_rng(0).uniform(-100, 100, (24, 36, 2)).astype(np.float32)
    rgb = lab_to_rgb(lightness, chroma, dtype)
    scan = lab_to_rgb(lightness, 0 * chroma, dtype)[..., 0]
    opacity = np.linspace(0, TOP[dtype], scan.size).reshape(scan.shape).astype(dtype) if alpha else None
    confidence = np.linspace(0, 1, 6 * 9, dtype=np.float32).reshape(6, 9)
    return layered_picture(Picture(scan, opacity, metadata or Metadata("PNG")), rgb, confidence)


def composed(layered: LayeredPicture, *, codes: int | None = None) -> NDArray[np.float64]:
    top = np.iinfo(layered.flat.dtype).max
    return top * compose([(one.mode, one.pixels / top) for one in layered.layers if one.visible], codes=codes)


def archive(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def png(files: zipfile.ZipFile, name: str) -> Picture:
    return read_picture(files.read(name))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_layers_compose_the_coloured_picture_by_the_specification(dtype: Any) -> None:
    layered = example(dtype)
    for codes in (None, TOP[dtype]):
        assert np.abs(composed(layered, codes=codes) - layered.flat.astype(float)).max() <= 2


CODES = st.sampled_from([0, 1, 2, 3, 60, 95, 127, 128, 200, 253, 254, 255]) | st.integers(0, 255)


@given(st.lists(st.tuples(CODES, CODES, CODES), min_size=12, max_size=12), st.integers(0, 255))
@example_of([(0, 0, 95), (255, 255, 251), (0, 0, 255), (255, 0, 0), (255, 255, 0), (0, 0, 4)] * 2, 255)
def test_any_colours_over_any_grey_compose(colours: list[tuple[int, int, int]], grey: int) -> None:
    rgb = np.array(colours, np.uint8).reshape(3, 4, 3)
    layered = layered_picture(Picture(np.full((3, 4), grey, np.uint8)), rgb, np.ones((1, 1), np.float32))
    for codes in (None, 255):
        assert np.abs(composed(layered, codes=codes) - rgb.astype(float)).max() <= 2


def test_a_scan_in_colour_shows_nothing_of_its_colour() -> None:
    sepia = example().flat[::-1]
    layered = layered_picture(Picture(sepia), example().flat, np.ones((1, 1), np.float32))
    np.testing.assert_array_equal(layered.layers[0].pixels, sepia)
    assert np.abs(composed(layered) - layered.flat.astype(float)).max() <= 2


def test_colour_over_the_bare_scan_would_not_do() -> None:
    """What Lightness is for."""
    layered = example()
    scan, lightness, colour, _ = layered.layers
    assert (scan.mode, lightness.mode, colour.mode) == ("normal", "luminosity", "color")
    bare = 255 * compose([(scan.mode, scan.pixels / 255), (colour.mode, colour.pixels / 255)])
    assert np.abs(bare - layered.flat).max() > 20


def test_where_an_editor_keeps_lightness_the_layers_compose_too() -> None:
    """GIMP's modes of these names are LCh: the lightness of one, the hue and the chroma of the other."""
    layered = example()
    scan, lightness, _, _ = layered.layers
    np.testing.assert_allclose(lightness_of(scan.pixels), lightness_of(lightness.pixels), atol=0.015)


@pytest.mark.parametrize("suffix", [".ora", ".psd"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_file_holds_what_was_put_into_it(suffix: str, dtype: Any, alpha: bool) -> None:
    layered = example(dtype, alpha=alpha, metadata=Metadata("TIFF", icc=PROFILE, dpi=(300.0, 150.0)))
    content = encode_layers(layered, Path(f"new{suffix}"))
    (_check_openraster if suffix == ".ora" else _check_photoshop)(content, layered)


def _check_openraster(content: bytes, layered: LayeredPicture) -> None:
    files = archive(content)
    image = ElementTree.fromstring(files.read("stack.xml"))
    height, width = layered.flat.shape[:2]
    assert image.attrib == {"version": "0.0.5", "w": str(width), "h": str(height), "xres": "300", "yres": "150"}
    (stack,) = image
    found = {layer.attrib["name"].split(":")[0]: layer.attrib for layer in reversed(stack)}
    expected = [layer.name for layer in layered.layers]
    if layered.alpha is not None:
        expected.insert(3, "Cut-out")
        cut = found["Cut-out"]
        assert (MODES[cut["composite-op"]], cut["visibility"]) == ("cut", "visible")
        np.testing.assert_array_equal(png(files, cut["src"]).alpha, layered.alpha)
    assert list(found) == expected
    for layer in layered.layers:
        there = found[layer.name]
        assert (MODES[there["composite-op"]], there["visibility"] == "visible") == (layer.mode, layer.visible)
        picture = png(files, there["src"])
        np.testing.assert_array_equal(picture.pixels, layer.pixels)
        assert picture.alpha is None
        assert picture.metadata.icc == PROFILE
    merged = png(files, "mergedimage.png")
    np.testing.assert_array_equal(merged.pixels, layered.flat)
    assert (merged.alpha is None) == (layered.alpha is None)
    in_folder = {name for name in files.namelist() if name.startswith("data/")}
    assert in_folder == {layer.attrib["src"] for layer in stack}


def _check_photoshop(content: bytes, layered: LayeredPicture) -> None:
    from psd_tools import PSDImage
    from psd_tools.constants import Resource

    psd = PSDImage.open(io.BytesIO(content))
    top = np.iinfo(layered.flat.dtype).max
    assert psd.depth == 8 * layered.flat.itemsize
    merged = [psd.topil(channel) for channel in range(3)]
    expected = np.rint(layered.flat * (255 / top))
    assert np.abs(np.dstack([np.asarray(plane, float) for plane in merged]) - expected).max() <= 1
    assert [layer.name.split(":")[0] for layer in psd] == [layer.name for layer in layered.layers]
    for at, (there, layer) in enumerate(zip(psd, layered.layers, strict=True)):
        assert (there.blend_mode.name.lower(), there.visible) == (layer.mode, layer.visible)
        assert there.clipping == (layered.alpha is not None and at > 0)
        stored = np.rint(there.numpy() * top)
        np.testing.assert_array_equal(stored[..., :3], layer.pixels)
        opaque = np.full_like(layered.flat[..., 0], top)
        is_cut = at == 0 and layered.alpha is not None
        np.testing.assert_array_equal(stored[..., 3], layered.alpha if is_cut else opaque)
    assert psd.image_resources.get_data(Resource.ICC_PROFILE) == PROFILE
    resolution = psd.image_resources.get_data(Resource.RESOLUTION_INFO)
    assert (resolution.horizontal, resolution.vertical) == (300 << 16, 150 << 16)


def test_psd_tools_composes_the_coloured_picture() -> None:
    from psd_tools import PSDImage

    layered = example()
    psd = PSDImage.open(io.BytesIO(encode_layers(layered, Path("new.psd"))))
    shown = np.asarray(psd.composite(force=True, apply_icc=False).convert("RGB"), float)
    assert np.abs(shown - layered.flat).max() <= 2


def test_an_archive_begins_with_its_type_and_shows_itself_small() -> None:
    big = layered_picture(
        Picture(np.zeros((300, 600), np.uint8)), np.full((300, 600, 3), 9, np.uint8), np.ones((2, 2), np.float32)
    )
    content = encode_layers(big, Path("new.ora"))
    assert content[30:54] == b"mimetypeimage/openraster"
    assert archive(content).infolist()[0].compress_type == zipfile.ZIP_STORED
    thumbnail = Image.open(io.BytesIO(archive(content).read("Thumbnails/thumbnail.png")))
    assert thumbnail.size == (256, 128)


def test_float_scans_get_sixteen_bits_and_deep_layers_a_profile() -> None:
    scan = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    layered = layered_picture(Picture(scan), np.dstack([scan] * 3), np.ones((1, 1), np.float32))
    assert layered.flat.dtype == np.uint16
    assert layered.metadata.icc is not None
    assert layered.metadata.icc == example(np.uint16).metadata.icc
    assert example().metadata.icc is None


def test_layers_are_srgb_whatever_the_profile_of_the_scan() -> None:
    wide = example(metadata=Metadata("TIFF", icc=adobe_rgb(), dpi=(300.0, 300.0))).metadata
    assert wide.icc == example(np.uint16).metadata.icc
    assert wide.dpi == (300.0, 300.0)
    assert example(metadata=Metadata("TIFF", icc=PROFILE)).metadata.icc == PROFILE


def test_exif_goes_along() -> None:
    exif = Image.Exif()
    exif[271] = "Ernemann"
    block = exif.tobytes().removeprefix(b"Exif\x00\x00")
    layered = example(metadata=Metadata("JPEG", exif=block))
    assert png(archive(encode_layers(layered, Path("a.ora"))), "mergedimage.png").metadata.exif == block
    assert block in encode_layers(layered, Path("a.psd"))


@pytest.mark.parametrize("suffix", [".ora", ".psd"])
def test_the_same_picture_gives_the_same_bytes(suffix: str) -> None:
    first, second = (encode_layers(example(np.uint16), Path(f"a{suffix}")) for _ in range(2))
    assert first == second


def test_a_picture_too_large_for_psd_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photoshop, "MAX_SIDE", 30)
    with pytest.raises(PictureError, match=r"36x24 pixels.*30 a side; write \.ora"):
        write_layers(tmp_path / "a.psd", example())
    assert not list(tmp_path.iterdir())


def test_without_psd_tools_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"a\.psd: .*pip install 'featcolor\[layers\]'"):
        encode_layers(example(), Path("a.psd"))
    assert encode_layers(example(), Path("a.ora"))


@pytest.mark.parametrize(("suffix", "kind"), [(".ora", "OpenRaster"), (".psd", "Photoshop")])
def test_a_layered_file_is_no_input(suffix: str, kind: str) -> None:
    with pytest.raises(PictureError, match=f"is an? {kind} file, .*export it"):
        read_picture(encode_layers(example(), Path(f"a{suffix}")), name="a")
