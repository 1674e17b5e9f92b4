"""sRGB and CIELAB agree with scikit-image; lightness survives whatever chroma is put on it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.color import lab2rgb, rgb2lab

from featcolor.colour import lab as spaces

AGREEMENT = 1e-4  # with scikit-image: L*, a*, b* units, and rgb in 0..1
CODES = {np.uint8: 255, np.uint16: 65535}
ROUNDING = {np.uint8: 0.27, np.uint16: 0.0015}  # L*; as lab_to_rgb documents it, and the gamut slack
SLACK = 0.1  # a*, b*, of what GAMUT_SLACK is in the dark
SMALL = (5, 7)


def random_rgb(dtype, shape=(130, 300), seed=0):
    rng = np.random.default_rng(seed)
    if dtype in CODES:
        return rng.integers(0, CODES[dtype] + 1, (*shape, 3), dtype=dtype)
    return rng.uniform(0, 1, (*shape, 3)).astype(dtype)


def unit(rgb):
    return rgb / CODES.get(rgb.dtype.type, 1.0)


def lightness_interval(rgb):
    """L* reached by half a code less, and half a code more, in every channel: L* rises with each of them."""
    half = 0.5 / CODES[rgb.dtype.type]
    low, high = (np.clip(unit(rgb) + sign * half, 0, 1) for sign in (-1, 1))
    return rgb2lab(low)[..., 0], rgb2lab(high)[..., 0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("darkness", [1, 20])
def test_rgb_to_lab_agrees_with_scikit_image(dtype, darkness):
    rgb = (random_rgb(dtype) / darkness).astype(dtype)
    lightness, chroma = spaces.rgb_to_lab(rgb)
    truth = rgb2lab(unit(rgb.astype(np.float64) if dtype not in CODES else rgb))
    np.testing.assert_allclose(lightness * 100, truth[..., 0], atol=AGREEMENT, rtol=0)
    np.testing.assert_allclose(chroma, truth[..., 1:], atol=AGREEMENT, rtol=0)
    assert lightness.dtype == chroma.dtype == np.float32
    np.testing.assert_array_equal(spaces.lightness_of(rgb), lightness)


@pytest.mark.parametrize("darkness", [1, 20])
def test_lab_to_rgb_agrees_with_scikit_image_inside_the_gamut(darkness):
    lightness, chroma = spaces.rgb_to_lab(random_rgb(np.float32) / darkness)
    truth = lab2rgb(np.dstack([lightness * 100.0, chroma]).astype(np.float64))
    np.testing.assert_allclose(spaces.lab_to_rgb(lightness, chroma, np.float32), truth, atol=AGREEMENT, rtol=0)


def test_colours_come_back_in_8_bits_and_to_one_code_in_16():
    axis = np.unique(np.r_[np.arange(0, 256, 7), np.arange(0, 256, 5)]).astype(np.uint8)
    rgb = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(len(axis), -1, 3)
    np.testing.assert_array_equal(spaces.lab_to_rgb(*spaces.rgb_to_lab(rgb)), rgb)
    deep = random_rgb(np.uint16)
    assert np.abs(spaces.lab_to_rgb(*spaces.rgb_to_lab(deep), np.uint16).astype(int) - deep).max() <= 1


@pytest.mark.parametrize("dtype", CODES)
def test_zero_chroma_gives_the_grey_back(dtype):
    grey = np.arange(CODES[dtype] + 1, dtype=dtype).reshape(256, -1)
    rgb = spaces.lab_to_rgb(spaces.lightness_of(grey), np.zeros((*grey.shape, 2), np.float32), dtype)
    np.testing.assert_array_equal(rgb, np.repeat(grey[..., None], 3, axis=-1))


def test_black_is_0_and_white_is_1():
    for dtype, white in ((np.uint8, 255), (np.uint16, 65535), (np.float32, 1.0)):
        for shape in ((1, 2), (1, 2, 3)):
            ends = np.zeros(shape, dtype)
            ends[:, 1] = white
            np.testing.assert_allclose(spaces.lightness_of(ends), [[0.0, 1.0]], atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_has_the_lightness_of_the_same_value_in_three_channels(dtype):
    grey = random_rgb(dtype)[..., 0]
    colour = np.repeat(grey[..., None], 3, axis=-1)
    np.testing.assert_allclose(spaces.lightness_of(grey), spaces.lightness_of(colour), atol=3e-7)


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("spread", [1, 30, 120, 1e4])
def test_lightness_is_kept_within_the_rounding_of_the_channels(dtype, spread):
    rng = np.random.default_rng(1)
    lightness = rng.uniform(0, 1, (200, 300)).astype(np.float32)
    chroma = rng.normal(0, spread, (200, 300, 2)).astype(np.float32)
    rgb = spaces.lab_to_rgb(lightness, chroma, dtype)
    low, high = lightness_interval(rgb)
    slack = 5e-4  # GAMUT_SLACK and float32, in L*
    assert (lightness * 100 >= low - slack).all()
    assert (lightness * 100 <= high + slack).all()
    assert np.abs(rgb2lab(unit(rgb))[..., 0] - lightness * 100).max() <= ROUNDING[dtype]


WILD = {
    "lightness": arrays.arrays(np.float32, SMALL, elements=st.floats(0, 1, width=32)),
    "chroma": arrays.arrays(np.float32, (*SMALL, 2), elements=st.floats(-300, 300, width=32)),
}


@settings(max_examples=60, deadline=None)
@given(**WILD, dtype=st.sampled_from(list(CODES)))
def test_lightness_is_kept_whatever_the_chroma(lightness, chroma, dtype):
    rgb = spaces.lab_to_rgb(lightness, chroma, dtype)
    assert rgb.dtype == dtype
    assert np.abs(rgb2lab(unit(rgb))[..., 0] - lightness * 100).max() <= ROUNDING[dtype]


@settings(max_examples=60, deadline=None)
@given(**WILD)
def test_beyond_the_gamut_hue_stays_and_chroma_shrinks(lightness, chroma):
    drawn = spaces.rgb_to_lab(spaces.lab_to_rgb(lightness, chroma, np.float32))[1].astype(float)
    a, b = np.moveaxis(chroma.astype(float), -1, 0)
    asked = np.hypot(a, b)
    assert (np.abs(drawn[..., 0] * b - drawn[..., 1] * a) <= SLACK * asked).all()
    assert (drawn[..., 0] * a + drawn[..., 1] * b >= -SLACK * asked).all()
    assert (np.hypot(drawn[..., 0], drawn[..., 1]) <= asked + SLACK).all()


def test_chroma_beyond_the_gamut_reaches_its_border():
    border = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    lightness, chroma = spaces.rgb_to_lab(border)
    np.testing.assert_allclose(spaces.lab_to_rgb(lightness, chroma * 3).astype(int), border, atol=1)


def test_inputs_do_not_change_and_bands_do_not_show():
    rgb = random_rgb(np.uint8, (150, 20))
    kept = rgb.copy()
    lightness, chroma = spaces.rgb_to_lab(rgb)
    for rows in (slice(0, 1), slice(63, 66), slice(149, 150)):
        np.testing.assert_allclose(spaces.rgb_to_lab(rgb[rows])[1], chroma[rows], atol=AGREEMENT)
    strong = chroma * 3
    before = strong.copy()
    out = spaces.lab_to_rgb(lightness, strong)
    np.testing.assert_array_equal(spaces.lab_to_rgb(lightness[63:66], strong[63:66]), out[63:66])
    np.testing.assert_array_equal(strong, before)
    np.testing.assert_array_equal(rgb, kept)
    np.testing.assert_array_equal(spaces.lightness_of(rgb[::-1, ::2]), spaces.lightness_of(rgb)[::-1, ::2])


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3), (1, 2), (3, 1)])
def test_thin_pictures(shape):
    picture = np.full(shape, 200, np.uint8)
    lightness = spaces.lightness_of(picture)
    assert lightness.shape == shape[:2]
    assert spaces.lab_to_rgb(lightness, np.full((*shape[:2], 2), 90, np.float32)).shape == (*shape[:2], 3)


def test_what_is_no_picture_and_other_shapes_and_dtypes_are_refused():
    for shape, dtype in (((2, 2, 4), np.uint8), ((0, 3), np.uint8), ((2, 2), np.int32), ((3,), float)):
        with pytest.raises(ValueError, match="picture"):
            spaces.lightness_of(np.zeros(shape, dtype))
    lightness, chroma = np.zeros((2, 3), np.float32), np.zeros((2, 3, 2), np.float32)
    with pytest.raises(ValueError, match="chroma"):
        spaces.lab_to_rgb(lightness, chroma[:1])
    with pytest.raises(ValueError, match="dtype"):
        spaces.lab_to_rgb(lightness, chroma, np.int16)
