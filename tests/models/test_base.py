"""What every colorizer promises, wherever its chroma comes from: a fit, a network, an album."""

from __future__ import annotations

import pickle
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
from featcolor.colour.warmth import warmed
from featcolor.models.album import AlbumColorizer
from featcolor.models.base import StillColorizer
from featcolor.models.load import load
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.pictures.resize import working_size
from refine.refiners import REFINERS
from refine.upsample import UPSAMPLERS
from tests.models.samples import QUICK_ALBUM, ROUNDING, SHAPES, noise, small


@pytest.fixture(scope="module", params=["fitted", "network", "album"])
def colorizer(request: pytest.FixtureRequest, tiny_model: Path, network: Path) -> StillColorizer:
    if request.param == "fitted":
        return load(tiny_model)
    if request.param == "network":
        return PretrainedColorizer(network)
    return AlbumColorizer(network, album=QUICK_ALBUM).fit(small("chelsea"))


def skimage_lightness(picture: NDArray[Any]) -> NDArray[np.float64]:
    unit = picture / {"u1": 255, "u2": 65535}.get(picture.dtype.str[1:], 1)
    return rgb2lab(unit if picture.ndim == 3 else np.repeat(unit[..., None], 3, axis=2))[..., 0] / 100


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_output_has_the_type_the_shape_and_the_lightness_of_the_input(
    colorizer: StillColorizer, shape: tuple[int, int], dtype: type
) -> None:
    vivid = colorizer.with_options(saturation=5.0)
    for given_picture in (noise(shape, dtype), noise((*shape, 3), dtype)):
        before = given_picture.copy()
        rgb = vivid.colorize(given_picture)
        np.testing.assert_array_equal(given_picture, before)
        assert rgb.shape == (*shape, 3)
        assert rgb.dtype == dtype
        change = np.abs(skimage_lightness(rgb) - skimage_lightness(given_picture)).max()
        assert change <= ROUNDING[rgb.dtype.str[1:]]


@settings(max_examples=25)
@given(
    grey=st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: arrays.arrays(dtype, st.tuples(st.integers(1, 12), st.integers(1, 12)))
    ),
    saturation=st.floats(0, 5),
)
def test_lightness_is_kept_whatever_the_picture(
    colorizer: StillColorizer, grey: NDArray[Any], saturation: float
) -> None:
    rgb = colorizer.with_options(saturation=saturation).colorize(grey)
    assert np.abs(skimage_lightness(rgb) - skimage_lightness(grey)).max() <= ROUNDING[grey.dtype.str[1:]]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("refine", REFINERS)
def test_chroma_of_every_size(colorizer: StillColorizer, shape: tuple[int, int], refine: str) -> None:
    lightness = noise(shape, np.float32)
    lightness.flags.writeable = False
    for upsample in UPSAMPLERS:
        model = colorizer.with_options(refine=refine, upsample=upsample, mirrored=True)
        chroma, confidence = model.predict(lightness, return_confidence=True)
        assert chroma.shape == (*shape, 2)
        assert chroma.dtype == np.float32
        assert np.isfinite(chroma).all()
        assert confidence.shape == working_size(shape, model.config.size)
        assert ((confidence >= 0) & (confidence <= 1)).all()
        np.testing.assert_array_equal(model.predict(lightness), chroma)


@pytest.mark.parametrize("shape", [(1, 60_000), (60_000, 1)])
def test_strips_are_coloured(colorizer: StillColorizer, shape: tuple[int, int]) -> None:
    assert np.isfinite(colorizer.with_options(size=224).predict(noise(shape, np.float32))).all()


def test_colour_pictures_are_taken_by_their_lightness(colorizer: StillColorizer) -> None:
    picture = noise((40, 30, 3))
    expected = lab_to_rgb(lightness_of(picture), colorizer.predict(lightness_of(picture)))
    np.testing.assert_array_equal(colorizer.colorize(picture), expected)
    for wrong in (np.zeros((0, 5), np.uint8), np.zeros((4, 5, 2), np.uint8), np.zeros(5, np.uint8)):
        with pytest.raises(ValueError, match="a picture must be"):
            colorizer.colorize(wrong)


def test_options_make_another_colorizer(colorizer: StillColorizer) -> None:
    config, lightness = colorizer.config, noise((30, 40), np.float32)
    plain = colorizer.with_options(refine="none")
    before = plain.predict(lightness)
    vivid, grey = (plain.with_options(saturation=factor) for factor in (2.0, 0.0))
    sharp = plain.with_options(temperature=0.05)
    assert type(vivid) is type(colorizer)
    np.testing.assert_allclose(vivid.predict(lightness), 2 * before, rtol=1e-4, atol=1e-3)
    assert not np.allclose(sharp.predict(lightness), before)
    for dtype in (np.uint8, np.uint16):
        picture = noise((40, 30), dtype)
        np.testing.assert_array_equal(grey.colorize(picture), np.repeat(picture[..., None], 3, axis=2))
    assert colorizer.config is config
    np.testing.assert_array_equal(plain.predict(lightness), before)
    for wrong, message in (
        ({"head": "mean"}, "head is fixed at fitting"),
        ({"refine": "nonsense"}, "refine must be one of"),
        ({"saturaton": 2}, "unknown option 'saturaton', perhaps 'saturation'"),
    ):
        with pytest.raises(ValueError, match=message):
            colorizer.with_options(**wrong)


def test_warmth_is_of_the_finished_colours_and_none_changes_no_bit(colorizer: StillColorizer) -> None:
    lightness = noise((60, 80), np.float32)
    plain, confidence, working = colorizer.predict_working(lightness)
    for warmth in (-1.0, 0.3):
        given_light = colorizer.with_options(warmth=warmth).predict_working(lightness)
        np.testing.assert_array_equal(given_light[0], warmed(working, plain, warmth))
        np.testing.assert_array_equal(given_light[1], confidence)
        picture = noise((60, 80), np.uint16)
        change = skimage_lightness(colorizer.with_options(warmth=warmth).colorize(picture)) - skimage_lightness(picture)
        assert np.abs(change).max() <= ROUNDING["u2"]
    np.testing.assert_array_equal(colorizer.with_options(warmth=0).predict_working(lightness)[0], plain)


def test_a_pickled_one_gives_the_same(colorizer: StillColorizer) -> None:
    again = pickle.loads(pickle.dumps(colorizer))
    np.testing.assert_array_equal(again.colorize(noise((70, 90))), colorizer.colorize(noise((70, 90))))
