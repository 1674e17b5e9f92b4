"""Flows of known motion; warping by known flows; masks known pixel for pixel: each threshold met from both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine.flow import FLOWS, estimate_flow, normalise_contrast
from refine.warp import compose, photometric_confidence, valid_pixels, warp


def constant_flow(shape: tuple[int, int], dx: float, dy: float = 0.0) -> np.ndarray:
    return np.broadcast_to(np.array([dx, dy], np.float32), (*shape, 2)).copy()


def step_flow(shape: tuple[int, int], axis: int, component: int, base: float, step: float) -> np.ndarray:
    """`base` in one component of the flow, `base + step` beyond the middle column (axis 1) or row (axis 0)."""
    flow = np.zeros((*shape, 2), np.float32)
    flow[..., component] = base
    beyond = [slice(None), slice(None)]
    beyond[axis] = slice(shape[axis] // 2, None)
    flow[(*beyond, component)] = base + step
    return flow


def left_out(flow: np.ndarray, reverse: np.ndarray) -> set[tuple[int, int]]:
    return {(int(y), int(x)) for y, x in np.argwhere(~valid_pixels(flow, reverse))}


def plain_warp(source: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Bilinear reading, pixel by pixel; the border goes on."""
    height, width = flow.shape[:2]
    out = np.zeros_like(source, float)
    for y in range(height):
        for x in range(width):
            at_x = min(max(x + float(flow[y, x, 0]), 0), width - 1)
            at_y = min(max(y + float(flow[y, x, 1]), 0), height - 1)
            left, top = int(at_x), int(at_y)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            u, v = at_x - left, at_y - top
            upper = (1 - u) * source[top, left] + u * source[top, right]
            lower = (1 - u) * source[bottom, left] + u * source[bottom, right]
            out[y, x] = (1 - v) * upper + v * lower
    return out


def plain_valid(flow: np.ndarray, reverse: np.ndarray) -> np.ndarray:
    """The formulas of Ruder et al., pixel by pixel."""
    height, width = flow.shape[:2]
    warped = plain_warp(reverse, flow)
    valid = np.zeros((height, width), bool)
    for y in range(height):
        for x in range(width):
            (u, v), (p, q) = flow[y, x].astype(float), warped[y, x]
            occluded = (u + p) ** 2 + (v + q) ** 2 > 0.01 * (u * u + v * v + p * p + q * q) + 0.5
            gradient = 0.0
            if x + 1 < width:
                gradient += ((flow[y, x + 1].astype(float) - flow[y, x]) ** 2).sum()
            if y + 1 < height:
                gradient += ((flow[y + 1, x].astype(float) - flow[y, x]) ** 2).sum()
            boundary = gradient > 0.01 * (u * u + v * v) + 0.002
            inside = 0 <= x + u <= width - 1 and 0 <= y + v <= height - 1
            valid[y, x] = inside and not occluded and not boundary
    return valid


def random_flow(rng: np.random.Generator, shape: tuple[int, int], scale: float, roughness: float) -> np.ndarray:
    """In 1/32 pixel, which every version of OpenCV reads exactly."""
    flow = rng.normal(0, scale, 2) + rng.normal(0, roughness, (*shape, 2))
    return (np.round(32 * flow) / 32).astype(np.float32)


def test_warp_brings_the_source_onto_the_target() -> None:
    target = np.random.default_rng(0).random((9, 12, 3), np.float32)
    source = np.roll(target, (1, 2), (0, 1))  # what is at (x, y) in the target is at (x + 2, y + 1)
    warped = warp(source, constant_flow((9, 12), 2, 1))
    np.testing.assert_array_equal(warped[:-1, :-2], target[:-1, :-2])
    np.testing.assert_array_equal(warped[:-1, -1], source[1:, -1])  # beyond the border its pixel goes on


@given(st.integers(0, 10_000))
def test_warp_and_masks_agree_with_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(2, 9, 2))
    flow = random_flow(rng, shape, scale=rng.choice([0.1, 2, 8]), roughness=rng.choice([0.03, 0.1, 0.5]))
    reverse = random_flow(rng, shape, scale=0.5, roughness=0.3) - flow.mean(axis=(0, 1))
    source = rng.random((*shape, 3), np.float32)
    np.testing.assert_allclose(warp(source, flow), plain_warp(source, flow), atol=1e-5)
    reverse = (np.round(32 * reverse) / 32).astype(np.float32)
    np.testing.assert_array_equal(valid_pixels(flow, reverse), plain_valid(flow, reverse))


def test_what_comes_from_outside_the_source_is_left_out() -> None:
    shape = (4, 6)
    assert left_out(constant_flow(shape, 2), constant_flow(shape, -2)) == {(y, x) for y in range(4) for x in (4, 5)}
    assert left_out(constant_flow(shape, -1), constant_flow(shape, 1)) == {(y, 0) for y in range(4)}
    assert left_out(constant_flow(shape, 0, 0.5), constant_flow(shape, 0, -0.5)) == {(3, x) for x in range(6)}
    assert left_out(constant_flow(shape, 0, -0.5), constant_flow(shape, 0, 0.5)) == {(0, x) for x in range(6)}


@pytest.mark.parametrize(
    ("motion", "limit"),
    [  # roots d of d^2 = 0.01 ((m - d)^2 + m^2) + 0.5: 0.99 d^2 + 0.02 m d - 0.02 m^2 - 0.5 = 0
        (0, 0.7106691),
        (4, 0.8705928),
        (4, -0.9514009),
        (20, 2.7350993),
        (20, -3.1391397),
    ],
)
def test_forward_and_reverse_flow_may_disagree_up_to_the_published_limit(motion: int, limit: float) -> None:
    for component in (0, 1):
        flow = np.zeros((40, 40, 2), np.float32)
        flow[..., component] = motion
        inside = (slice(None, 40 - motion),) * 2
        for share, expected in ((0.999, True), (1.001, False)):
            reverse = -flow
            reverse[..., component] += share * limit
            assert (valid_pixels(flow, reverse)[inside] == expected).all()


@pytest.mark.parametrize(
    ("motion", "limit"),
    [  # roots s of s^2 = 0.01 m^2 + 0.002
        (0, 0.0447214),
        (3, 0.3033150),
        (10, 1.0009995),
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("component", [0, 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_motion_boundary_is_one_pixel_wide_from_the_published_limit_on(
    motion: int, limit: float, axis: int, component: int, sign: int
) -> None:
    shape = (30, 30)
    inside = {(y, x) for y in range(2, 18) for x in range(2, 18)}
    for share, width in ((0.999, 0), (1.001, 1)):
        flow = step_flow(shape, axis, component, motion, sign * share * limit)
        before = {(14, at) if axis == 0 else (at, 14) for at in range(2, 18)}
        expected = before if width else set()
        reverse = constant_flow(shape, *(-motion if each == component else 0 for each in (0, 1)))
        assert left_out(flow, reverse) & inside == expected


def test_still_luma_has_no_flow(photographs: dict[str, Any]) -> None:
    luma = photographs["china"][..., 1]
    assert not estimate_flow(luma, luma).any()


@pytest.mark.parametrize(
    ("target", "source", "message"),
    [
        (np.zeros((20, 20), np.float32), np.zeros((20, 20), np.uint8), "target must be luma"),
        (np.zeros((20, 20), np.uint8), np.zeros((20, 20, 3), np.uint8), "source must be luma"),
        (np.zeros((11, 11), np.uint8), np.zeros((11, 11), np.uint8), "12 pixels or more"),
        (np.zeros((20, 20), np.uint8), np.zeros((20, 21), np.uint8), "one shape"),
    ],
)
def test_luma_of_another_kind_is_refused(target: np.ndarray, source: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_flow(target, source)


def test_flows_of_another_shape_or_not_finite_are_refused() -> None:
    flow = constant_flow((4, 5), 0)
    with pytest.raises(ValueError, match=r"flow must be \(4, 5, 2\)"):
        warp(np.zeros((4, 5), np.float32), flow[:3])
    with pytest.raises(ValueError, match=r"flow must be \(4, 5, 2\)"):
        valid_pixels(flow, flow[:3])
    flow[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        warp(np.zeros((4, 5), np.float32), flow)


@pytest.mark.parametrize("method", FLOWS)
def test_every_method_finds_a_shift_from_target_to_source(method: str, photographs: dict[str, Any]) -> None:
    target = photographs["coffee"][..., 1]
    flow = estimate_flow(target, np.roll(target, (1, 3), (0, 1)), method=method)
    assert flow.shape == (*target.shape, 2)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(np.median(flow[20:-20, 20:-20], axis=(0, 1)), (3, 1), atol=0.2)


@pytest.mark.parametrize("method", FLOWS)
@pytest.mark.parametrize("shape", [(1, 12), (4, 64), (64, 9), (17, 200), (12, 12), (3, 500)])
def test_thin_pictures_have_a_flow_too(method: str, shape: tuple[int, int]) -> None:
    luma = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)  # DIS alone crashes on some of these
    flow = estimate_flow(luma, luma, method=method)
    assert flow.shape == (*shape, 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), 0, atol=0.01)


def test_a_method_that_does_not_exist_is_refused() -> None:
    luma = np.zeros((20, 30), np.uint8)
    with pytest.raises(ValueError, match=r"method must be one of dis_ultrafast, .* got 'best'"):
        estimate_flow(luma, luma, method="best")


def test_exposure_flicker_moves_no_flow(photographs: dict[str, Any]) -> None:
    target = photographs["coffee"][..., 1].astype(np.float32) / 300
    source = np.roll(target, (1, 3), (0, 1))
    steady = estimate_flow(normalise_contrast(target), normalise_contrast(source))
    flickering = estimate_flow(normalise_contrast(target), normalise_contrast(1.1 * source + 0.05))
    assert np.abs(flickering - steady).mean() < 0.01


def test_grain_moves_the_flow_little(photographs: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    target = photographs["coffee"][..., 1].astype(np.float32) / 255
    grainy = [
        picture + rng.normal(0, 8 / 255, picture.shape).astype(np.float32)
        for picture in (target, 1.1 * np.roll(target, (1, 3), (0, 1)))
    ]
    flow = estimate_flow(*map(normalise_contrast, grainy))
    assert np.hypot(*(flow[20:-20, 20:-20] - (3, 1)).reshape(-1, 2).T).mean() < 0.25


def test_normalised_contrast_has_the_mean_and_deviation_that_it_promises() -> None:
    lightness = np.random.default_rng(0).random((40, 50), np.float32)
    kept = lightness.copy()
    luma = normalise_contrast(lightness)
    assert luma.dtype == np.uint8
    np.testing.assert_allclose((luma.mean(), luma.std()), (128, 48), atol=0.3)
    np.testing.assert_array_equal(normalise_contrast(0.9 * lightness - 0.05), luma)
    np.testing.assert_array_equal(lightness, kept)
    assert (normalise_contrast(np.full((4, 5), 0.3, np.float32)) == 128).all()


def test_composed_flow_reads_the_second_step_where_the_first_leads() -> None:
    shape = (8, 9)
    np.testing.assert_array_equal(
        compose(constant_flow(shape, 2, 1), constant_flow(shape, -0.5, 3)), constant_flow(shape, 1.5, 4)
    )
    rough = random_flow(np.random.default_rng(0), shape, 2, 1)
    still = constant_flow(shape, 0)
    np.testing.assert_array_equal(compose(rough, still), rough)
    np.testing.assert_array_equal(compose(still, rough), rough)
    np.testing.assert_array_equal(compose(constant_flow(shape, 1), rough)[:, :-1], rough[:, 1:] + (1, 0))
    assert compose(rough, still).dtype == np.float32


def test_photometric_confidence_sees_a_mismatch_and_no_exposure() -> None:
    target = np.random.default_rng(0).random((64, 96), np.float32)
    np.testing.assert_allclose(photometric_confidence(target, target + 0.2, 0.05), 1, atol=1e-4)
    one_off = target.copy()
    one_off[30, 40] += 0.1
    confidence = photometric_confidence(target, one_off, 0.1)
    assert confidence.dtype == np.float32
    # a 13 x 13 window (12 pixels is an eighth of 96) takes 1/169 of the difference away
    assert confidence[30, 40] == pytest.approx(np.exp(-((168 / 169) ** 2)), abs=1e-4)
    assert (np.delete(confidence.ravel(), 30 * 96 + 40) > 0.999).all()


def test_confidence_of_different_shapes_or_without_sigma_is_refused() -> None:
    picture = np.zeros((4, 5), np.float32)
    with pytest.raises(ValueError, match="one shape"):
        photometric_confidence(picture, picture.T, 1)
    with pytest.raises(ValueError, match="sigma must be positive"):
        photometric_confidence(picture, picture, 0)
