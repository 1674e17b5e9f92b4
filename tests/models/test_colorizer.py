"""Colorizer: lightness stays, chroma follows the references, options and arrays do what they say."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from skimage.color import rgb2lab

from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.load import save_model
from featcolor.pictures.resize import resize
from refine.refiners import REFINERS
from refine.upsample import UPSAMPLERS

# Largest change of L* by the rounding of the channels: as test_spaces has it.
ROUNDING = {np.dtype(np.uint8): 0.27, np.dtype(np.uint16): 0.0015}
WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535, np.dtype(np.float32): 1}
SHAPES = [(1, 1), (8, 8), (1, 50), (50, 1), (2, 3), (37, 61), (130, 90)]
SETTINGS: dict[str, Any] = {
    "features": "context:1-4,position",
    "size": 48,
    "step": 4,
    "pixels": 60,
    "views": 1,
    "hidden": (16,),
    "members": 1,
    "epochs": 3,
    "holdout": 0.0,
    "refine": "none",
    "upsample": "bilinear",
    "temperature": 0.5,
    "saturation": 1.0,
    "mirrored": False,
}


def picture(seed: int, height: int = 48, width: int = 60) -> NDArray[np.uint8]:
    corners = np.random.default_rng(seed).integers(0, 256, (4, 5, 3)).astype(np.float32)
    return resize(corners, (height, width)).round().astype(np.uint8)


def noise(shape: tuple[int, ...], dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    values = np.random.default_rng(seed).random(shape)
    return (values * WHITE[np.dtype(dtype)]).astype(dtype)


def lightness_in_units(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """L* of (H, W) or (H, W, 3), by scikit-image."""
    unit = rgb / WHITE[rgb.dtype]
    return rgb2lab(unit if rgb.ndim == 3 else np.repeat(unit[..., None], 3, axis=2))[..., 0]


def fit(references: Any, **changes: Any) -> Colorizer:
    return Colorizer(ColorizerConfig(**SETTINGS | changes)).fit(references, jobs=1)


@pytest.fixture(scope="module")
def references() -> list[NDArray[np.uint8]]:
    return [picture(seed) for seed in range(12)]


@pytest.fixture(scope="module")
def colorizer(references: list[NDArray[np.uint8]]) -> Colorizer:
    return fit(references)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_output_has_the_type_the_shape_and_the_lightness_of_the_input(
    colorizer: Colorizer, shape: tuple[int, int], dtype: type
) -> None:
    vivid = colorizer.with_options(saturation=5.0)
    for given_picture in (noise(shape, dtype), noise((*shape, 3), dtype)):
        before = given_picture.copy()
        rgb = vivid.colorize(given_picture)
        np.testing.assert_array_equal(given_picture, before)
        assert rgb.shape == (*shape, 3)
        assert rgb.dtype == dtype
        change = np.abs(lightness_in_units(rgb) - lightness_in_units(given_picture)).max()
        # A grey of 8 bits has an exact L*; of a colour picture only the rounded output differs.
        assert change <= ROUNDING.get(rgb.dtype, 0.01)


@settings(max_examples=25)
@given(
    grey=st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: arrays.arrays(dtype, st.tuples(st.integers(1, 12), st.integers(1, 12)))
    ),
    saturation=st.floats(0, 5),
)
def test_lightness_is_kept_whatever_the_picture(colorizer: Colorizer, grey: NDArray[Any], saturation: float) -> None:
    rgb = colorizer.with_options(saturation=saturation).colorize(grey)
    assert np.abs(lightness_in_units(rgb) - lightness_in_units(grey)).max() <= ROUNDING[grey.dtype]


def test_without_saturation_a_grey_picture_comes_back(colorizer: Colorizer) -> None:
    for dtype in (np.uint8, np.uint16):
        grey = noise((40, 30), dtype)
        rgb = colorizer.with_options(saturation=0.0).colorize(grey)
        np.testing.assert_array_equal(rgb, np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize("head", ["bins", "mean"])
@pytest.mark.parametrize("upsample", UPSAMPLERS)
def test_references_of_one_chroma_give_that_chroma(head: str, upsample: str) -> None:
    chroma, references = np.array([12.0, 18.0]), []
    for seed in range(12):
        lightness = 0.3 + 0.5 * lightness_of(picture(seed))
        plane = np.broadcast_to(chroma, (*lightness.shape, 2)).astype(np.float32)
        references.append(lab_to_rgb(lightness, plane, np.uint16))
    model = fit(references, head=head, upsample=upsample, refine="bilateral_grid")
    for shape in ((40, 50), (200, 90), (1, 30)):
        found = model.predict(np.random.default_rng(0).random(shape, np.float32))
        # The references are read in 8 bits, whose rounding moves dark chroma by up to 1.5.
        np.testing.assert_allclose(found, np.broadcast_to(chroma, found.shape), atol=1.5)


def test_colour_follows_lightness_where_the_references_say_so() -> None:
    references = []
    for seed in range(12):
        lightness = 0.2 + 0.6 * lightness_of(picture(seed))
        bright = (lightness > 0.5)[..., None]
        chroma = np.where(bright, np.float32([0, -25]), np.float32([15, 20])).astype(np.float32)
        references.append(lab_to_rgb(lightness, chroma, np.uint16))
    model = fit(references, epochs=60, step=1)
    found = model.predict(np.repeat(np.float32([[0.3], [0.7]]), 40, axis=0) * np.ones((1, 60), np.float32))
    np.testing.assert_allclose(found[:30].mean(axis=(0, 1)), [15, 20], atol=7)
    np.testing.assert_allclose(found[50:].mean(axis=(0, 1)), [0, -25], atol=7)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("refine", REFINERS)
@pytest.mark.parametrize("upsample", UPSAMPLERS)
def test_chroma_of_every_size(colorizer: Colorizer, shape: tuple[int, int], refine: str, upsample: str) -> None:
    model = colorizer.with_options(refine=refine, upsample=upsample, mirrored=True)
    lightness = noise(shape, np.float32)
    lightness.flags.writeable = False
    chroma, confidence = model.predict(lightness, return_confidence=True)
    assert chroma.shape == (*shape, 2)
    assert chroma.dtype == np.float32
    assert np.isfinite(chroma).all()
    assert confidence.ndim == 2
    assert ((confidence >= 0) & (confidence <= 1)).all()
    np.testing.assert_array_equal(model.predict(lightness), chroma)


def test_a_picture_of_60000_by_1_is_coloured(colorizer: Colorizer) -> None:
    wide = colorizer.with_options(size=224, upsample="guided")
    for shape in ((1, 60_000), (60_000, 1)):
        assert np.isfinite(wide.predict(noise(shape, np.float32))).all()


def test_working_maps_have_one_size(colorizer: Colorizer) -> None:
    chroma, confidence, working = colorizer.predict_working(noise((100, 200), np.float32))
    assert working.shape == confidence.shape == chroma.shape[:2] == (34, 68)
    with_confidence = colorizer.colorize(noise((100, 200)), return_confidence=True)[1]
    assert with_confidence.shape == (34, 68)


@pytest.mark.parametrize("step", [1, 3, 4, 16])
def test_a_mirrored_picture_has_mirrored_chroma(colorizer: Colorizer, step: int) -> None:
    """Exactly, as both are the mean of the same two predictions; 48 x 48 is the working size."""
    model = colorizer.with_options(mirrored=True, step=step)
    lightness = noise((48, 48), np.float32)
    mirrored = model.predict(np.ascontiguousarray(lightness[:, ::-1]))
    np.testing.assert_allclose(mirrored[:, ::-1], model.predict(lightness), atol=1e-4)


def test_a_coarser_grid_is_the_fine_one_between_its_points(references: list[NDArray[np.uint8]]) -> None:
    fine = fit(references, step=1)
    lightness = lightness_of(picture(50, 48, 48))
    exact = fine.predict(lightness)
    for step, tolerance in ((2, 1.0), (4, 2.5)):
        coarse = fine.with_options(step=step).predict(lightness)
        np.testing.assert_allclose(
            coarse[step // 2 :: step, step // 2 :: step], exact[step // 2 :: step, step // 2 :: step], atol=1e-3
        )
        assert np.abs(coarse - exact).mean() < tolerance


def test_colour_pictures_are_taken_by_their_lightness(
    colorizer: Colorizer, references: list[NDArray[np.uint8]]
) -> None:
    expected = lab_to_rgb(lightness_of(references[0]), colorizer.predict(lightness_of(references[0])))
    np.testing.assert_array_equal(colorizer.colorize(references[0]), expected)


def test_options_make_another_colorizer(colorizer: Colorizer) -> None:
    config, before = colorizer.config, colorizer.predict(noise((30, 40), np.float32))
    vivid = colorizer.with_options(saturation=2.0)
    np.testing.assert_allclose(vivid.predict(noise((30, 40), np.float32)), 2 * before, rtol=1e-4, atol=1e-4)
    sharp = colorizer.with_options(temperature=0.05)
    assert not np.allclose(sharp.predict(noise((30, 40), np.float32)), before)
    assert colorizer.config is config
    np.testing.assert_array_equal(colorizer.predict(noise((30, 40), np.float32)), before)
    with pytest.raises(ValueError, match="head is fixed at fitting"):
        colorizer.with_options(head="mean")
    with pytest.raises(ValueError, match="refine must be one of"):
        colorizer.with_options(refine="nonsense")


def test_the_same_picture_twice_has_the_same_colours(colorizer: Colorizer) -> None:
    first, second = (colorizer.colorize(noise((70, 90))) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"features": "patch:3,daisy:5-1-4-4,context,words:8-4"},
        {"head": "mean", "solver": "ridge"},
        {"head": "mean", "members": 2, "film": "orthochromatic"},
    ],
    ids=str,
)
def test_arrays_give_the_same_model_back(references: list[NDArray[np.uint8]], changes: dict[str, Any]) -> None:
    model = fit(references, **changes)
    header, named = model.to_arrays()
    again = Colorizer.from_arrays(json.loads(json.dumps(header)), named)
    assert again.config == model.config
    assert again.card() == json.loads(json.dumps(model.card()))
    for shape in ((8, 8), (70, 50)):
        lightness = noise(shape, np.float32)
        np.testing.assert_array_equal(again.predict(lightness), model.predict(lightness))


def without(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


NO_SETTINGS: dict[str, list[Any]] = {
    "config": [None, 7, "text", {"foreign": 1}, [["name", 1]]],
    "stack": [None, 7, "text", [], {"foreign": 1}, [["name", 1]]],
    "experts": [None, 7, "text", [], {"foreign": 1}, {"layers": [[9]]}],
    "card": [None, 7, "text"],
}


@pytest.mark.parametrize(("part", "value"), [(part, value) for part, values in NO_SETTINGS.items() for value in values])
def test_headers_that_are_none_are_refused(colorizer: Colorizer, part: str, value: Any) -> None:
    header, named = colorizer.to_arrays()
    with pytest.raises((KeyError, TypeError, ValueError)):
        Colorizer.from_arrays({**header, part: value}, named)
    with pytest.raises(KeyError):
        Colorizer.from_arrays(without(header, part), named)


def test_models_whose_parts_disagree_are_refused(colorizer: Colorizer) -> None:
    header, named = colorizer.to_arrays()
    fewer = copy.deepcopy(header)
    fewer["stack"] = fewer["stack"][:1]
    with pytest.raises(ValueError, match="features for a network of"):
        Colorizer.from_arrays(fewer, named)
    with pytest.raises(ValueError, match="unknown setting 'speed'"):
        Colorizer.from_arrays({**header, "config": {**header["config"], "speed": 9}}, named)
    for name in named:
        with pytest.raises((KeyError, ValueError)):
            Colorizer.from_arrays(header, without(named, name))


def test_a_picture_must_have_pixels_and_a_known_shape(colorizer: Colorizer) -> None:
    for wrong in (np.zeros((0, 5), np.uint8), np.zeros((4, 5, 2), np.uint8), np.zeros(5, np.uint8)):
        with pytest.raises(ValueError):
            colorizer.colorize(wrong)


def test_the_card_tells_features_settings_and_versions(colorizer: Colorizer) -> None:
    card = colorizer.card()
    assert card["features"] == [{"name": "context", "features": 7}, {"name": "position", "features": 3}]
    assert card["references"] == 12
    assert card["settings"] == colorizer.config.to_dict()
    assert {"python", "numpy"} <= set(card["versions"])


COLOUR_WITHOUT_SKLEARN = """
import sys
import numpy as np
from featcolor.models.load import load_model
rgb = load_model(sys.argv[1]).colorize(np.zeros((20, 30), np.uint8))
assert rgb.shape == (20, 30, 3)
heavy = {"sklearn", "joblib", "matplotlib", "skimage", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize("features", ["patch,daisy:5-1-4-4,context,position,words:8-4", "context,backbone#4"])
def test_colouring_starts_without_the_libraries_of_fitting(
    references: list[NDArray[np.uint8]], features: str, tmp_path: Path
) -> None:
    save_model(tmp_path / "model.featcolor", fit(references, features=features))
    subprocess.run([sys.executable, "-c", COLOUR_WITHOUT_SKLEARN, str(tmp_path / "model.featcolor")], check=True)
