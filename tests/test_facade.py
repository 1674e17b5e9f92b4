"""The front door: what `import featcolor` gives, and `colorize` for every kind of picture at every depth."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import featcolor
from featcolor.batch.colour import colorize_prepared
from featcolor.colour.lab import lightness_of
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.models.references import collect_sources
from featcolor.pictures.coding import SRGB_PRIMARIES, adobe_rgb, profile_of
from featcolor.pictures.icc import from_srgb, srgb_profile, to_srgb
from featcolor.preparation.steps import parse_preparation
from tests.networks import colour_network
from tests.samples import grey

# Half a code of each channel, of L*/100; float16 has 11 bits.
ROUNDING = {"u1": 0.0027, "u2": 0.000015, "f2": 0.0005, "f4": 0.0001, "f8": 0.0001}
WHITE = {"u1": 255, "u2": 65535}
TYPES = ["u1", "<u2", ">u2", "<f2", "<f4", ">f4", "<f8"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PretrainedColorizer:
    return PretrainedColorizer(colour_network(tmp_path_factory.mktemp("colour") / "colour.onnx"))


def noise(shape: tuple[int, ...], dtype: str = "u1", seed: int = 0) -> NDArray[Any]:
    return (np.random.default_rng(seed).random(shape) * WHITE.get(dtype[-2:], 1)).astype(dtype)


def lightness(array: NDArray[Any]) -> NDArray[np.float32]:
    """L*/100 of an array of any kind."""
    plain = array.astype(array.dtype.newbyteorder("="))
    return lightness_of(plain[..., :3] if plain.shape[2:] in ((3,), (4,)) else plain.reshape(plain.shape[:2]))


# What is imported


def test_importing_loads_nothing_heavy_and_lists_all() -> None:
    code = (
        "import sys, featcolor\n"
        "assert set(featcolor.__all__) <= set(dir(featcolor))\n"
        "heavy = {'numpy', 'cv2', 'PIL', 'scipy', 'sklearn', 'onnxruntime', 'av', 'difflib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from featcolor import *\n"
        "assert all(map(callable, (AlbumColorizer, Colorizer, load, colorize_video, read_picture, write_picture)))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_misspelt_name_tells_the_right_one() -> None:
    with pytest.raises(AttributeError, match=r"unknown name 'colourize', perhaps 'colorize'; the names are .*load"):
        featcolor.colourize  # noqa: B018
    assert not hasattr(featcolor, "__wrapped__")


def test_a_misspelt_option_tells_the_right_one() -> None:
    with pytest.raises(TypeError, match=r"unknown option 'saturaton', perhaps 'saturation'; the options are boldness"):
        featcolor.colorize(noise((8, 8)), saturaton=2)


# Kinds of pictures


@given(
    dtype=st.sampled_from(TYPES),
    channels=st.sampled_from([(), (1,), (3,), (4,)]),
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    seed=st.integers(0, 99),
)
def test_an_array_comes_back_as_it_was_but_in_colour(
    model: PretrainedColorizer, dtype: str, channels: tuple[int, ...], size: tuple[int, int], seed: int
) -> None:
    array = noise((*size, *channels), dtype, seed)
    before = array.copy()
    coloured = featcolor.colorize(array, model=model, saturation=3)
    np.testing.assert_array_equal(array, before)
    assert coloured.dtype == array.dtype
    assert coloured.shape == (*size, 4 if channels == (4,) else 3)
    assert np.abs(lightness(coloured) - lightness(array)).max() <= ROUNDING[dtype[-2:]]
    if channels == (4,):
        np.testing.assert_array_equal(coloured[..., 3], array[..., 3])


def test_arrays_that_do_not_lie_in_a_row_are_taken_as_they_are(model: PretrainedColorizer) -> None:
    array = noise((40, 60, 3))
    for view in (array[::2, ::-1], array.transpose(1, 0, 2), np.asfortranarray(array)):
        np.testing.assert_array_equal(
            featcolor.colorize(view, model=model), featcolor.colorize(np.ascontiguousarray(view), model=model)
        )


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(9, np.uint8), r"\(H, W\).*got \(9,\)"),
        (np.zeros((4, 5, 2), np.uint8), r"got \(4, 5, 2\)"),
        (np.zeros((2, 4, 5, 3), np.uint8), r"got \(2, 4, 5, 3\)"),
        (np.zeros((0, 5), np.uint8), "not empty"),
        (np.zeros((4, 5), np.int64), "got int64"),
        (np.zeros((4, 5), bool), "got bool"),
        (np.zeros((4, 5), complex), "got complex"),
        (np.full((4, 5), np.nan), "NaN"),
        (np.full((4, 5), -np.inf, np.float16), "infinity"),
        (np.full((4, 5), 255.0), r"within 0\.\.1, got 255"),
        (np.full((4, 5), -0.5), r"got -0\.5"),
    ],
)
def test_arrays_that_are_no_picture_are_refused(array: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        featcolor.colorize(array, model="loaded after the picture is looked at")


@pytest.mark.parametrize("picture", [None, 7, [[0, 1]], b"bytes"])
def test_other_things_are_no_picture(picture: Any) -> None:
    with pytest.raises(TypeError, match="a path, an array or a Pillow image, got"):
        featcolor.colorize(picture)


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_a_path_gives_an_array_of_the_file_s_depth(
    model: PretrainedColorizer, tmp_path: Path, suffix: str, dtype: str
) -> None:
    path, array = tmp_path / f"old.{suffix}", noise((20, 30, 4), dtype)
    featcolor.write_picture(path, array)
    picture = featcolor.read_picture(path)
    for given_path in (path, str(path)):
        coloured = featcolor.colorize(given_path, model=model)
        assert coloured.dtype == ("u1" if suffix == "jpg" else dtype)
        np.testing.assert_array_equal(coloured, featcolor.colorize(picture.pixels, model=model))
    whole = featcolor.colorize(picture, model=model)
    np.testing.assert_array_equal(whole.pixels, coloured)
    assert (whole.alpha is picture.alpha) & ((whole.alpha is None) == (suffix == "jpg"))
    with pytest.raises(featcolor.FeatcolorError, match="no such file"):
        featcolor.colorize(tmp_path / "nowhere.png", model=model)


def test_a_coloured_array_of_any_type_can_be_written(model: PretrainedColorizer, tmp_path: Path) -> None:
    for dtype in TYPES:
        coloured = featcolor.colorize(noise((20, 30, 4), dtype), model=model)
        for suffix, depth in (("png", "u1" if dtype == "u1" else "u2"), ("jpg", "u1")):
            featcolor.write_picture(tmp_path / f"new.{suffix}", coloured)
            written = featcolor.read_picture(tmp_path / f"new.{suffix}")
            assert written.pixels.shape == (20, 30, 3)
            assert written.pixels.dtype == depth
            assert (written.alpha is None) == (suffix == "jpg")


IMAGES: dict[str, Callable[[], Image.Image]] = {
    "1": lambda: Image.fromarray(noise((20, 30))).convert("1"),
    "L": lambda: Image.fromarray(noise((20, 30))),
    "LA": lambda: Image.merge("LA", [Image.fromarray(noise((20, 30), seed=seed)) for seed in (0, 1)]),
    "P": lambda: Image.fromarray(noise((20, 30, 3))).convert("P"),
    "RGB": lambda: Image.fromarray(noise((20, 30, 3))),
    "RGBA": lambda: Image.fromarray(noise((20, 30, 4))),
    "CMYK": lambda: Image.fromarray(noise((20, 30, 3))).convert("CMYK"),
    "YCbCr": lambda: Image.fromarray(noise((20, 30, 3))).convert("YCbCr"),
}


@pytest.mark.parametrize("mode", IMAGES)
def test_a_pillow_image_gives_one_with_its_alpha(model: PretrainedColorizer, mode: str) -> None:
    image = IMAGES[mode]()
    assert image.mode == mode
    image.info |= {"dpi": (300, 300), "icc_profile": srgb_profile()}
    before = image.copy()
    coloured = featcolor.colorize(image, model=model)
    assert image == before
    assert coloured.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    assert coloured.size == image.size
    pixels = np.asarray(image.convert("L" if mode in ("1", "L", "LA") else "RGB"))
    np.testing.assert_array_equal(np.asarray(coloured)[..., :3], featcolor.colorize(pixels, model=model))
    if coloured.mode == "RGBA":
        np.testing.assert_array_equal(coloured.getchannel("A"), image.getchannel("A"))
    assert coloured.info["dpi"] == (300, 300)
    assert ("icc_profile" in coloured.info) == (mode != "CMYK")


def test_a_pillow_image_is_seen_by_its_profile(model: PretrainedColorizer) -> None:
    profile = adobe_rgb()
    for mode, kept in (("RGB", True), ("L", False)):
        image = Image.fromarray(noise((20, 30))).convert(mode)
        image.info["icc_profile"] = profile if kept else profile_of(SRGB_PRIMARIES, 1.0, grey=True)
        seen = to_srgb(np.asarray(image), image.info["icc_profile"])
        coloured = featcolor.colorize(image, model=model)
        expected = from_srgb(featcolor.colorize(seen, model=model), profile if kept else None)
        np.testing.assert_array_equal(np.asarray(coloured), expected)
        assert coloured.info.get("icc_profile") == (profile if kept else None)


def test_a_colour_that_is_transparent_becomes_alpha(model: PretrainedColorizer) -> None:
    image = Image.fromarray(np.uint8([[0, 0], [9, 200]]))
    image.info["transparency"] = 0
    coloured = featcolor.colorize(image, model=model)
    np.testing.assert_array_equal(np.asarray(coloured)[..., 3], [[0, 0], [255, 255]])
    assert "transparency" not in coloured.info


@pytest.mark.parametrize("dtype", ["u2", ">u2", "i4", "f4"])
def test_deep_pillow_images_come_back_in_8_bits_and_say_so(model: PretrainedColorizer, dtype: str) -> None:
    array = noise((20, 30), dtype) if dtype != "i4" else noise((20, 30), "u2").astype("i4")
    with pytest.warns(UserWarning, match="no colour of more than 8 bits") as caught:
        coloured = featcolor.colorize(Image.fromarray(array), model=model)
    assert caught[0].filename == __file__
    assert coloured.mode == "RGB"
    exact = array.astype("u2") if dtype == "i4" else array
    assert np.abs(lightness(np.asarray(coloured)) - lightness(exact)).max() <= ROUNDING["u1"]
    with pytest.raises(ValueError, match="int32"):
        featcolor.colorize(Image.fromarray(np.full((4, 5), 70_000, "i4")), model=model)


# Models, references, options


def test_models_of_every_kind(
    default_network: Path, references: Path, tiny_model: Path, tmp_path: Path, photographs: dict[str, NDArray[np.uint8]]
) -> None:
    old = grey(photographs["rocket"])
    default = PretrainedColorizer().colorize(old)
    for model in (None, "default", default_network, PretrainedColorizer()):
        np.testing.assert_array_equal(featcolor.colorize(old, model=model), default)
    fitted = featcolor.load(str(tiny_model))
    assert isinstance(fitted, featcolor.Colorizer)
    for named in (tiny_model, str(tiny_model), fitted):
        np.testing.assert_array_equal(featcolor.colorize(old, model=named), fitted.colorize(old))
    few = sorted(references.iterdir())[:3]
    album = featcolor.AlbumColorizer().fit(few)
    album.save(tmp_path / "family")
    bare = tmp_path / "network without a suffix"
    bare.write_bytes(default_network.read_bytes())
    expected = album.colorize(old)
    assert isinstance(featcolor.load(tmp_path / "family"), featcolor.AlbumColorizer)
    assert isinstance(featcolor.load(bare), PretrainedColorizer)
    for options in ({"model": tmp_path / "family"}, {"references": few}):
        np.testing.assert_array_equal(featcolor.colorize(old, **options), expected)
    with pytest.raises(featcolor.FeatcolorError, match="not with a fitted model"):
        featcolor.colorize(old, model=fitted, references=few)
    with pytest.raises(featcolor.FeatcolorError, match="a file already"):
        PretrainedColorizer().save(tmp_path / "copy")


def test_references_are_folders_globs_lists_paths_and_arrays(references: Path, tmp_path: Path) -> None:
    paths = sorted(references.iterdir())
    (tmp_path / "chosen.txt").write_text("\n".join(map(str, paths)))
    listed = f"@{tmp_path / 'chosen.txt'}"
    for named in (references, str(references), f"{references}/*.png", listed, paths, iter(paths)):
        assert collect_sources(named, 48) == paths
    array = featcolor.read_picture(paths[0]).pixels
    mixed = collect_sources([array, str(references), tmp_path / "missing.png"], 4096)
    np.testing.assert_array_equal(mixed[0], array)
    assert mixed[1:] == [*paths, tmp_path / "missing.png"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(featcolor.FeatcolorError, match="no pictures in this folder"):
        featcolor.Colorizer().fit(str(tmp_path / "empty"))


def test_options_do_what_those_of_a_model_do(model: PretrainedColorizer) -> None:
    old = noise((60, 80))
    for options, same in (
        ({"saturation": 0.5}, {"saturation": 0.5}),
        ({"boldness": 0.7}, {"temperature": 0.3}),
        ({"boldness": 1}, {"temperature": 0.05}),
        ({"warmth": -0.5}, {"warmth": -0.5}),
        ({"size": 64, "refine": "none"}, {"size": 64, "refine": "none"}),
    ):
        expected = model.with_options(**same).colorize(old)
        np.testing.assert_array_equal(featcolor.colorize(old, model=model, **options), expected)
    np.testing.assert_array_equal(featcolor.colorize(old, model=model, saturation=0), np.repeat(old[..., None], 3, 2))
    expected = colorize_prepared(model, old // 3 + 90, parse_preparation("contrast"))
    np.testing.assert_array_equal(featcolor.colorize(old // 3 + 90, model=model, prepare="contrast"), expected)
    for name, wrong in (
        *(("boldness", 2), ("saturation", -1), ("warmth", 2)),
        *(("size", 7), ("refine", "nonsense"), ("prepare", "dusty")),
    ):
        with pytest.raises(ValueError, match=name[:5]):
            featcolor.colorize(old, references="told before these are looked for", **{name: wrong})


def test_hints_are_followed_and_none_change_nothing(model: PretrainedColorizer) -> None:
    picture = noise((40, 60))
    plain = featcolor.colorize(picture, model=model)
    assert np.array_equal(featcolor.colorize(picture, model=model, hints=[]), plain)
    typed = featcolor.colorize(picture, model=model, hints="20,10=crimson")
    given_ = featcolor.colorize(picture, model=model, hints=featcolor.Hints((featcolor.Hint.parse("20,10=crimson"),)))
    assert np.array_equal(typed, given_)
    red, green, blue = typed[10, 20].astype(int) - plain[10, 20]
    assert red > max(green, blue)
    with pytest.raises(featcolor.FeatcolorError, match="outside"):
        featcolor.colorize(picture, model=model, hints="60,10=crimson")
