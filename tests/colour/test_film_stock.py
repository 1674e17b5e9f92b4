"""A film's grey: neutral stays neutral, red goes black on orthochromatic plates; ageing at zero strength is nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featcolor.colour import film_stock as film
from featcolor.colour.lab import lightness_of

RNG_SEED = 3


@pytest.fixture
def rgb():
    return np.random.default_rng(RNG_SEED).integers(0, 256, (70, 90, 3), dtype=np.uint8)


@pytest.fixture
def lightness(rgb):
    return lightness_of(rgb)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_no_film_is_the_lightness_exactly(rgb, dtype):
    picture = (rgb / 255).astype(dtype) if dtype == np.float32 else rgb.astype(dtype)
    np.testing.assert_array_equal(film.film_lightness(picture), lightness_of(picture))


@pytest.mark.parametrize("name", film.FILM_STOCKS)
def test_greys_keep_their_lightness(name):
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert sum(film.FILM_STOCKS[name]) == pytest.approx(1.0)
    np.testing.assert_allclose(film.film_lightness(grey, name), lightness_of(grey), atol=1e-6)


def test_stocks_see_what_the_sources_say():
    red, green, blue = np.split(np.eye(3, dtype=np.float32)[None], 3, axis=1)
    seen = {name: [film.film_lightness(c, name).item() for c in (red, green, blue)] for name in film.FILM_STOCKS}
    assert seen["orthochromatic"][0] == pytest.approx(0.0, abs=1e-6)
    assert seen["blue-sensitive"][:2] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert seen["orthochromatic"][2] > seen["orthochromatic"][1] > 0.3
    assert seen["panchromatic"][0] > seen["none"][0]  # reds lighter, greens darker than the eye sees them
    assert seen["panchromatic"][1] < seen["none"][1]
    np.testing.assert_allclose(film.FILM_STOCKS["panchromatic"], (0.3, 0.4, 0.3))


def test_own_stock_and_unknown_name(rgb):
    np.testing.assert_allclose(film.film_lightness(rgb, (1.0, 0.0, 0.0)), lightness_of(rgb[..., 0]), atol=1e-6)
    with pytest.raises(ValueError, match="panchromatic"):
        film.film_lightness(rgb, "kodachrome")


def test_zero_strength_changes_nothing(lightness):
    rng = np.random.default_rng(0)
    for same in (
        film.augment(lightness, rng),
        film.add_grain(lightness, rng, strength=0.0),
        film.soften(lightness, sigma=0.0),
        film.fade(lightness, strength=0.0),
        film.tone_curve(lightness),
    ):
        np.testing.assert_array_equal(same, lightness)
        assert same is not lightness


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 0.3), st.floats(0, 5), st.floats(0, 1), st.floats(0, 1), st.integers(0, 99))
def test_augmented_lightness_stays_in_range(grain, blur, fading, tone, seed):
    lightness = np.random.default_rng(1).uniform(0, 1, (9, 13)).astype(np.float32)
    before = lightness.copy()
    strengths = {"grain": grain, "blur": blur, "fading": fading, "tone": tone}
    aged = film.augment(lightness, np.random.default_rng(seed), **strengths)
    assert aged.dtype == np.float32
    assert aged.shape == lightness.shape
    assert 0.0 <= aged.min() <= aged.max() <= 1.0
    np.testing.assert_array_equal(lightness, before)
    np.testing.assert_array_equal(film.augment(lightness, np.random.default_rng(seed), **strengths), aged)


def test_grain_has_the_strength_asked_for_and_spares_black_and_white():
    rng = np.random.default_rng(0)
    middle = np.full((200, 200), 0.5, np.float32)
    noisy = film.add_grain(middle, rng, strength=0.04)
    assert noisy.std() == pytest.approx(0.04, rel=0.02)
    assert noisy.mean() == pytest.approx(0.5, abs=0.002)
    for end in (0.0, 1.0):
        np.testing.assert_array_equal(film.add_grain(np.full((9, 9), end, np.float32), rng, strength=0.1), end)


def test_fading_and_tone_end_points():
    ramp = np.linspace(0, 1, 101, dtype=np.float32)[None]
    np.testing.assert_allclose(film.fade(ramp, strength=1.0), film.FADED_GREY, rtol=1e-6)
    assert np.ptp(film.fade(ramp, strength=0.3)) == pytest.approx(0.7, rel=1e-5)
    for gamma in (0.5, 1.0, 2.0):
        for contrast in (-1.0, 0.0, 1.0):
            curve = film.tone_curve(ramp, gamma=gamma, contrast=contrast)[0]
            assert (curve[0], curve[-1]) == (0.0, 1.0)
            assert (np.diff(curve) >= -1e-7).all()
    np.testing.assert_allclose(film.soften(np.full((5, 5), 0.3, np.float32), sigma=2.0), 0.3, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [(film.tone_curve, {"gamma": 0.0}), (film.tone_curve, {"contrast": 1.5}), (film.fade, {"strength": 1.5})],
)
def test_strengths_outside_their_range_are_refused(change, wrong):
    with pytest.raises(ValueError, match="must be"):
        change(np.zeros((2, 2), np.float32), **wrong)
