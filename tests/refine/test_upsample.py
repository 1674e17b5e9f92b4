"""What every way of raising chroma to full size promises, and joint bilateral upsampling beside a slow plain one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from refine.joint_bilateral_upsample import MIN_WEIGHT
from refine.upsample import UPSAMPLERS, chroma_grid, upsample, upsample_bands

# Small, full: whole and broken factors, single rows and columns, the same size, smaller than the grid, scanned strips.
SIZES = [
    ((8, 8), (64, 64)),
    ((7, 10), (50, 93)),
    ((1, 1), (9, 5)),
    ((1, 6), (1, 40)),
    ((6, 1), (40, 1)),
    ((5, 5), (5, 5)),
    ((9, 12), (4, 7)),
    ((1, 16), (2, 60_000)),
    ((16, 1), (60_000, 2)),
]


def scene(small, full, seed=0):
    random = np.random.default_rng(seed)
    chroma = random.normal(0, 30, (*small, 2)).astype(np.float32)
    lightness = random.random(full, np.float32)
    return chroma, cv2.resize(lightness, small[::-1], interpolation=cv2.INTER_AREA).reshape(small), lightness


@pytest.mark.parametrize(("small", "full"), SIZES)
@pytest.mark.parametrize("method", UPSAMPLERS)
def test_gives_finite_float32_of_full_size_and_changes_no_input(method, small, full):
    given = scene(small, full)
    before = [array.copy() for array in given]
    out = upsample(*given, method=method)
    assert out.shape == (*full, 2)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(("small", "full"), SIZES)
@pytest.mark.parametrize("method", UPSAMPLERS)
def test_constant_chroma_stays_constant(method, small, full):
    chroma, lightness_low, lightness = scene(small, full)
    chroma[...] = (-37.5, 62.25)
    out = upsample(chroma, lightness_low, lightness, method=method)
    np.testing.assert_allclose(out, np.broadcast_to(chroma[0, 0], out.shape), atol=1e-3)


@pytest.mark.parametrize("method", UPSAMPLERS)
def test_the_same_size_is_the_identity(method):
    chroma, lightness, _ = scene((23, 31), (23, 31))
    np.testing.assert_allclose(upsample(chroma, lightness, lightness, method=method), chroma, atol=0.05)


@pytest.mark.parametrize("rows_a_band", [1, 7, 64, 1000])
@pytest.mark.parametrize("method", UPSAMPLERS)
def test_bands_equal_the_whole_to_the_last_bit(method, rows_a_band):
    given = scene((9, 14), (71, 113))
    whole = upsample(*given, method=method)
    seen = 0
    for rows, chroma in upsample_bands(*given, method=method, rows_a_band=rows_a_band):
        assert rows.start == seen
        assert len(chroma) <= rows_a_band
        np.testing.assert_array_equal(chroma, whole[rows])
        seen = rows.stop
    assert seen == len(whole)


@pytest.mark.parametrize("method", UPSAMPLERS)
def test_with_flat_lightness_pixel_centres_lie_where_cv2_resize_puts_them(method):
    small, full = (6, 9), (42, 54)
    chroma = scene(small, full)[0]
    lightness_low, lightness = np.full(small, 0.4, np.float32), np.full(full, 0.4, np.float32)
    expected = cv2.resize(chroma, full[::-1], interpolation=cv2.INTER_LINEAR)
    # OpenCV 4's remap rounds places to 1/32 of a small pixel.
    tolerance = np.ptp(chroma) / 32
    np.testing.assert_allclose(upsample(chroma, lightness_low, lightness, method=method), expected, atol=tolerance)


@pytest.mark.parametrize("method", UPSAMPLERS)
def test_is_linear_in_chroma(method):
    first, lightness_low, lightness = scene((9, 14), (71, 113))
    second = scene((9, 14), (71, 113), seed=1)[0]
    together = upsample(2 * first - 0.5 * second, lightness_low, lightness, method=method)
    apart = 2 * upsample(first, lightness_low, lightness, method=method) - 0.5 * upsample(
        second, lightness_low, lightness, method=method
    )
    np.testing.assert_allclose(together, apart, atol=0.01)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("method", ["joint_bilateral", "guided"])
@pytest.mark.parametrize("edge", [40, 43])
def test_a_step_follows_the_full_size_lightness(method, axis, edge):
    # Between two small pixels of eight, or three of ten full pixels inside the fifth.
    side = np.indices((80, 80))[axis] >= edge
    lightness = np.where(side, 0.9, 0.1).astype(np.float32)
    chroma = np.where(side[..., None], (40.0, -20.0), (-30.0, 50.0)).astype(np.float32)
    low = [cv2.resize(plane, (8, 8), interpolation=cv2.INTER_AREA) for plane in (chroma, lightness)]
    error, plain = (np.abs(upsample(*low, lightness, method=each) - chroma) for each in (method, "bilinear"))
    assert error.mean() < plain.mean() / 2
    # Of the 50 % of bilinear, MIN_WEIGHT lets 1 % through; guided 15 %, since one of the three windows that share the
    # slope beside the step is flat.
    assert edge != 40 or error.max() < {"joint_bilateral": 0.015, "guided": 0.15}[method] * np.ptp(chroma)


def test_joint_bilateral_lies_between_its_four_neighbours():
    chroma, lightness_low, lightness = scene((7, 10), (50, 93))
    out = upsample(chroma, lightness_low, lightness, method="joint_bilateral")
    low, high = chroma.min(axis=(0, 1)), chroma.max(axis=(0, 1))
    assert ((out >= low - 1e-3) & (out <= high + 1e-3)).all()


def test_joint_bilateral_equals_the_slow_plain_one():
    chroma, lightness_low, lightness = scene((5, 6), (23, 30))
    expected = slow_joint_bilateral_upsample(chroma, lightness_low, lightness, sigma_lightness=0.15)
    options = {"method": "joint_bilateral", "sigma_lightness": 0.15, "levels_a_sigma": 32}
    out = upsample(chroma, lightness_low, lightness, **options)
    assert np.abs(out - expected).max() < np.ptp(chroma) / 32
    assert np.abs(out - expected).mean() < 0.3


def slow_joint_bilateral_upsample(chroma, lightness_low, lightness, *, sigma_lightness):
    (h, w), (height, width) = lightness_low.shape, lightness.shape
    out = np.zeros((height, width, 2))
    for y, x in np.ndindex(height, width):
        v = min(max((y + 0.5) * h / height - 0.5, 0), h - 1)
        u = min(max((x + 0.5) * w / width - 0.5, 0), w - 1)
        total = 0.0
        for i, j in np.ndindex(h, w):
            tent = max(0.0, 1 - abs(v - i)) * max(0.0, 1 - abs(u - j))
            difference = float(lightness_low[i, j]) - float(lightness[y, x])
            weight = tent * (np.exp(-(difference**2) / (2 * sigma_lightness**2)) + MIN_WEIGHT)
            out[y, x] += weight * chroma[i, j]
            total += weight
        out[y, x] /= total
    return out


def test_guided_brings_back_shading_finer_than_the_grid():
    lightness = np.random.default_rng(0).random((64, 64), np.float32)
    chroma = np.dstack([60 * lightness, 10 - 30 * lightness])
    low = [cv2.resize(plane, (16, 16), interpolation=cv2.INTER_AREA) for plane in (chroma, lightness)]
    out = upsample(*low, lightness, method="guided", sigma_lightness=1e-3)
    np.testing.assert_allclose(out, chroma, atol=0.1)


def test_a_grid_wider_than_opencv_reads_is_refused():
    with pytest.raises(ValueError, match="32766 columns at most"):
        upsample(*scene((1, 32_767), (1, 8)))


def test_unknown_upsampler_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="one of joint_bilateral, guided, bilinear; got 'x'"):
        upsample(*scene((8, 8), (16, 16)), method="x")


@pytest.mark.parametrize("method", UPSAMPLERS)
def test_shapes_that_do_not_belong_together_are_refused(method):
    chroma, lightness_low, lightness = scene((8, 9), (40, 45))
    with pytest.raises(ValueError, match="chroma must be"):
        upsample(chroma[:-1], lightness_low, lightness, method=method)
    grid = chroma_grid(chroma, lightness_low, (40, 45), method=method)
    with pytest.raises(ValueError, match="not a band"):
        grid.band(lightness[:, :-1])
    with pytest.raises(ValueError, match="not a band"):
        grid.band(lightness[:10], 31)
