"""What every refiner promises, and the joint bilateral filter beside a slow plain one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from refine.bilateral_grid import bilateral_grid
from refine.guided import guided
from refine.joint_bilateral import joint_bilateral
from refine.levin import levin
from refine.refiners import REFINERS, refine

SHAPES = [(8, 8), (1, 1), (1, 23), (23, 1), (13, 7), (64, 49)]
SMOOTHERS = sorted(set(REFINERS) - {"none"})


def scene(shape, seed=0):
    random = np.random.default_rng(seed)
    chroma = random.normal(0, 30, (*shape, 2)).astype(np.float32)
    return chroma, random.random(shape, np.float32), random.random(shape, np.float32)


@pytest.mark.parametrize("with_confidence", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", REFINERS)
def test_gives_finite_float32_of_the_same_shape_and_changes_no_input(method, shape, with_confidence):
    chroma, lightness, confidence = scene(shape)
    given = (chroma, lightness, confidence if with_confidence else None)
    before = [None if plane is None else plane.copy() for plane in given]
    out = refine(*given, method=method)
    assert out.shape == (*shape, 2)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert not np.shares_memory(out, chroma)
    for plane, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(plane, copy)


@pytest.mark.parametrize("constant_lightness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("method", SMOOTHERS)
def test_flat_lightness_is_filtered_too(method, constant_lightness):
    chroma, _, confidence = scene((31, 30))
    lightness = np.full((31, 30), constant_lightness, np.float32)
    for weight in (None, confidence):
        assert refine(chroma, lightness, weight, method=method).std() < 0.5 * chroma.std()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", REFINERS)
def test_constant_chroma_stays_constant(method, shape):
    _, lightness, confidence = scene(shape)
    chroma = np.empty((*shape, 2), np.float32)
    chroma[...] = (-37.5, 62.25)
    for weight in (None, confidence, np.zeros(shape, np.float32)):
        np.testing.assert_allclose(refine(chroma, lightness, weight, method=method), chroma, atol=2e-3)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("method", REFINERS)
def test_does_not_cross_a_step_of_lightness(method, axis):
    side = np.indices((40, 40))[axis] >= 20
    lightness = np.where(side, 0.8, 0.2).astype(np.float32)
    chroma = np.where(side[..., None], (40.0, -20.0), (-30.0, 50.0)).astype(np.float32)
    # The guided filter's slope falls short by sigma² / (variance + sigma²) of the step: 10 % here.
    tolerance = 0.1 * 70 if method == "guided" else 0.5
    np.testing.assert_allclose(refine(chroma, lightness, method=method), chroma, atol=tolerance)


@pytest.mark.parametrize("method", REFINERS)
def test_is_linear_in_chroma(method):
    first, lightness, confidence = scene((21, 18))
    second = scene((21, 18), seed=1)[0]
    together = refine(2 * first - 0.5 * second, lightness, confidence, method=method)
    apart = 2 * refine(first, lightness, confidence, method=method) - 0.5 * refine(
        second, lightness, confidence, method=method
    )
    np.testing.assert_allclose(together, apart, atol=2e-3)


@pytest.mark.parametrize("method", REFINERS)
def test_mirrored_input_gives_mirrored_output(method):
    chroma, lightness, confidence = scene((20, 27))
    out = refine(chroma, lightness, confidence, method=method)
    mirrored = refine(chroma[:, ::-1], lightness[:, ::-1], confidence[:, ::-1], method=method)
    np.testing.assert_allclose(mirrored[:, ::-1], out, atol=2e-3)


@pytest.mark.parametrize("method", SMOOTHERS)
def test_uniform_confidence_counts_as_none(method):
    chroma, lightness, _ = scene((20, 27))
    plain = refine(chroma, lightness, method=method)
    weighted = refine(chroma, lightness, np.full((20, 27), 0.3, np.float32), method=method)
    np.testing.assert_allclose(weighted, plain, atol=5e-3)


@pytest.mark.parametrize("method", SMOOTHERS)
def test_a_pixel_without_confidence_takes_its_neighbours_chroma(method):
    lightness = np.full((25, 25), 0.5, np.float32)
    chroma = np.full((25, 25, 2), 20, np.float32)
    chroma[12, 12] = (-100, 100)
    confidence = np.ones((25, 25), np.float32)
    confidence[12, 12] = 0
    np.testing.assert_allclose(refine(chroma, lightness, confidence, method=method), 20, atol=1)


@pytest.mark.parametrize("with_confidence", [False, True])
def test_joint_bilateral_equals_the_slow_plain_one(with_confidence):
    chroma, lightness, confidence = scene((14, 11))
    weight = np.maximum(confidence, 0.001) if with_confidence else np.ones_like(lightness)
    expected = slow_joint_bilateral(chroma, lightness, weight, radius=3, sigma_space=2.0, sigma_lightness=0.15)
    out = joint_bilateral(
        chroma, lightness, confidence if with_confidence else None, sigma_space=2.0, sigma_lightness=0.15
    )
    np.testing.assert_allclose(out, expected, atol=5e-3)


def test_bilateral_grid_is_near_the_slow_plain_one():
    chroma, _, confidence = scene((30, 26))
    lightness = cv2.resize(scene((6, 5))[1], (26, 30), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    options = {"sigma_space": 4.0, "sigma_lightness": 0.1}
    expected = slow_joint_bilateral(chroma, lightness, confidence, radius=12, **options)
    out = bilateral_grid(chroma, lightness, confidence, **options)
    # Levels a sigma apart and a grid twice as fine as the blur: 9 % of what is left of the chroma's spread.
    assert np.abs(out - expected).mean() < 0.12 * expected.std()


def slow_joint_bilateral(chroma, lightness, weight, *, radius, sigma_space, sigma_lightness):
    height, width = lightness.shape
    guide, weight = (np.pad(plane.astype(float), radius, "symmetric") for plane in (lightness, weight))
    chroma = np.pad(chroma.astype(float), ((radius, radius), (radius, radius), (0, 0)), "symmetric")
    out = np.zeros((height, width, 2))
    for y, x in np.ndindex(height, width):
        total = 0.0
        for v, u in np.ndindex(2 * radius + 1, 2 * radius + 1):
            distance2 = (v - radius) ** 2 + (u - radius) ** 2
            if distance2 > radius**2:
                continue
            difference = guide[y + v, x + u] - lightness[y, x]
            alike = np.exp(-distance2 / (2 * sigma_space**2) - difference**2 / (2 * sigma_lightness**2))
            out[y, x] += alike * weight[y + v, x + u] * chroma[y + v, x + u]
            total += alike * weight[y + v, x + u]
        out[y, x] /= total
    return out


@pytest.mark.parametrize("with_confidence", [False, True])
@pytest.mark.parametrize("shape", [(12, 12), (1, 9), (7, 2)])
def test_levin_equals_the_slow_dense_one(shape, with_confidence):
    chroma, lightness, confidence = scene(shape)
    lightness[: shape[0] // 2] = 0.4  # windows of no variance too
    weight = np.maximum(confidence, 0.001) if with_confidence else np.ones_like(lightness)
    options = {"data_weight": 0.05, "power": 2.0, "sigma_lightness": 0.03}
    expected = slow_levin(chroma, lightness, weight, **options)
    out = levin(chroma, lightness, confidence if with_confidence else None, **options)
    np.testing.assert_allclose(out, expected, atol=1e-4 * np.abs(chroma).max())


def slow_levin(chroma, lightness, weight, *, data_weight, power, sigma_lightness):
    height, width = lightness.shape
    light = lightness.astype(float)
    likeness = np.zeros((height * width, height * width))
    for y, x in np.ndindex(height, width):
        window = [
            (v, u) for v in range(y - 1, y + 2) for u in range(x - 1, x + 2) if 0 <= v < height and 0 <= u < width
        ]
        others = [place for place in window if place != (y, x)]
        squares = np.array([(light[place] - light[y, x]) ** 2 for place in others])
        spread = max(
            0.6 * np.var([light[place] for place in window]), -squares.min() / np.log(0.01), 2 * sigma_lightness**2
        )
        alike = np.exp(-squares / spread)
        for (v, u), share in zip(others, alike / alike.sum(), strict=True):
            likeness[y * width + x, v * width + u] = share
    likeness = (likeness + likeness.T) / 2
    pull = weight.astype(float).ravel() ** power
    pull *= data_weight / pull.mean()
    system = np.diag(pull + likeness.sum(1)) - likeness
    return np.linalg.solve(system, pull[:, None] * chroma.reshape(-1, 2)).reshape(chroma.shape)


@pytest.mark.parametrize("power", [1.0, 4.0])
@pytest.mark.parametrize("data_weight", [0.001, 0.1])
def test_levin_makes_no_new_extremes(data_weight, power):
    chroma, lightness, confidence = scene((40, 31))
    out = levin(chroma, lightness, confidence, data_weight=data_weight, power=power)
    assert (out >= chroma.min((0, 1)) - 0.01).all()
    assert (out <= chroma.max((0, 1)) + 0.01).all()


def test_levin_with_a_huge_data_weight_gives_chroma_back():
    chroma, lightness, _ = scene((21, 18))
    np.testing.assert_allclose(levin(chroma, lightness, data_weight=1e6), chroma, atol=1e-3)


@pytest.mark.parametrize("axis", [0, 1])
def test_levin_fills_a_region_without_confidence_from_its_own_side_of_the_step(axis):
    place = np.indices((40, 40))[axis]
    side = place >= 20
    lightness = np.where(side, 0.8, 0.2).astype(np.float32)
    truth = np.where(side[..., None], (40.0, -20.0), (-30.0, 50.0)).astype(np.float32)
    sure = np.abs(place - 19.5) > 6
    wrong = np.where(sure[..., None], truth, (5.0, 15.0)).astype(np.float32)
    np.testing.assert_allclose(levin(wrong, lightness, sure.astype(np.float32)), truth, atol=2)


def test_guided_equals_opencvs_away_from_the_border():
    chroma, lightness, _ = scene((40, 44))
    expected = cv2.ximgproc.guidedFilter(lightness, chroma, 4, 0.1**2)
    out = guided(chroma, lightness, radius=4, sigma_lightness=0.1)
    np.testing.assert_allclose(out[8:-8, 8:-8], expected[8:-8, 8:-8], atol=2e-3)


def test_guided_keeps_chroma_that_is_a_line_in_lightness():
    lightness = scene((30, 30))[1]
    chroma = np.dstack([60 * lightness - 20, 10 - 40 * lightness])
    np.testing.assert_allclose(guided(chroma, lightness, sigma_lightness=1e-3), chroma, atol=0.02)


def test_unknown_refiner_is_refused_with_the_choices():
    chroma, lightness, _ = scene((8, 8))
    with pytest.raises(ValueError, match=f"{', '.join(REFINERS)}; got 'x'"):
        refine(chroma, lightness, method="x")


@pytest.mark.parametrize("method", REFINERS)
def test_shapes_that_do_not_belong_together_are_refused(method):
    chroma, lightness, confidence = scene((8, 9))
    with pytest.raises(ValueError, match="chroma must be"):
        refine(chroma[:-1], lightness, method=method)
    with pytest.raises(ValueError, match="confidence must be"):
        refine(chroma, lightness, confidence.T, method=method)
    with pytest.raises(ValueError, match="lightness must be"):
        refine(chroma[:0], lightness[:0], method=method)


@pytest.mark.parametrize("method", SMOOTHERS)
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_options_out_of_range_are_refused_by_name(method, value):
    chroma, lightness, _ = scene((8, 9))
    with pytest.raises(ValueError, match="sigma_lightness must be above 0"):
        refine(chroma, lightness, method=method, sigma_lightness=value)


def test_missing_contrib_module_names_the_wheel_to_install(monkeypatch):
    monkeypatch.delattr(cv2, "ximgproc")
    chroma, lightness, _ = scene((8, 9))
    with pytest.raises(ImportError, match="opencv-contrib-python-headless"):
        refine(chroma, lightness, method="joint_bilateral")
