"""Warmth against published chromaticities and against scaled light; lightness, black and white survive it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from skimage.color import lab2xyz, xyz2lab

from featcolor.colour.lab import NEARLY_WHITE, lab_to_rgb, lightness_of, rgb_to_lab
from featcolor.colour.warmth import daylight, light_scale, warmed
from features.base import FloatArray

LIGHTS = (-1.0, -0.4, 0.4, 1.0)


def colours(seed: int = 0) -> tuple[FloatArray, FloatArray]:
    return rgb_to_lab(np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8))


# D50, D55, D65, D75: CIE 15:2004, table T.3, 2 degree observer; the end of the locus: Wyszecki, Stiles, Color Science
DAYLIGHT = (
    *((5003, 0.34567, 0.35851), (5503, 0.33243, 0.34744), (6504, 0.31272, 0.32903), (7504, 0.29903, 0.31488)),
    (25000, 0.2499, 0.2548),
)


@pytest.mark.parametrize(("kelvin", "x", "y"), DAYLIGHT)
def test_daylight_is_where_the_cie_has_it(kelvin: float, x: float, y: float) -> None:
    np.testing.assert_allclose(daylight(kelvin), (x, y), atol=3e-4)


def test_the_locus_is_in_one_piece() -> None:
    np.testing.assert_allclose(daylight(7000), daylight(7000.001), atol=1e-5)


def test_no_warmth_is_the_light_as_it_is() -> None:
    assert light_scale(0.0) == (1.0, 1.0)
    lightness, chroma = colours()
    np.testing.assert_allclose(warmed(lightness, chroma, 0.0), chroma, atol=1e-3)


def test_warmer_light_has_less_blue() -> None:
    blue = [light_scale(warmth)[1] for warmth in np.linspace(-1, 1, 21)]
    assert all(later < earlier for earlier, later in pairwise(blue))


@pytest.mark.parametrize("warmth", LIGHTS)
def test_it_is_x_and_z_scaled(warmth: float) -> None:
    """By scikit-image's CIELAB."""
    lightness, chroma = colours()
    before = (lightness, chroma.copy())
    lab = np.dstack([100 * lightness, chroma]).astype(np.float64)
    of_x, of_z = light_scale(warmth)
    expected = xyz2lab(lab2xyz(lab) * [of_x, 1, of_z])
    np.testing.assert_allclose(expected[..., 0], lab[..., 0], atol=1e-3)
    given = warmed(lightness, chroma, warmth)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected[..., 1:], atol=5e-3)
    for array, copy in zip((lightness, chroma), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("warmth", LIGHTS)
def test_lightness_stays_and_so_do_black_and_white(warmth: float) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (2, 1))
    rgb = lab_to_rgb(lightness_of(ramp), warmed(lightness_of(ramp), np.zeros((2, 256, 2), np.float32), warmth))
    assert np.abs(lightness_of(rgb) - lightness_of(ramp)).max() < 0.003
    assert (rgb[:, 0] == 0).all()
    assert (rgb[lightness_of(ramp) > NEARLY_WHITE] == 255).all()
    tint = np.abs(rgb.astype(int) - ramp[..., None]).max(axis=(0, 2))
    assert tint[:9].max() <= 3
    assert (np.sign(rgb[0, 16:250, 0].astype(int) - rgb[0, 16:250, 2]) == np.sign(warmth)).all()


def test_chroma_from_outside_of_all_colours_stays_finite() -> None:
    lightness, chroma = colours()
    assert np.isfinite(warmed(lightness, 30 * chroma, 1.0)).all()
