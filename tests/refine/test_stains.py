"""What calming stains promises: only what nothing bears out is calmed, and nothing is coloured by it."""

from __future__ import annotations

import numpy as np
import pytest

from refine.stains import calm_stains

SHAPE = (180, 220)
CLOTH, RED = (2.0, 3.0), (34.0, 22.0)


def spot(radius=14):
    y, x = np.indices(SHAPE)
    return np.clip(radius + 4 - np.hypot(y - 90, x - 110), 0, 4) / 4


def stained(colour=RED, around=CLOTH):
    share = spot()[..., None]
    return (share * colour + (1 - share) * around).astype(np.float32)


def planes(lightness=0.5, confidence=0.2):
    return np.full(SHAPE, lightness, np.float32), np.full(SHAPE, confidence, np.float32)


def middle(chroma):
    return np.linalg.norm(chroma[85:96, 105:116] - CLOTH, axis=-1).mean()


def test_a_spot_that_nothing_bears_out_is_calmed_and_the_rest_stays():
    chroma = stained()
    out = calm_stains(chroma, *planes())
    assert middle(out) < 0.25 * middle(chroma)
    np.testing.assert_allclose(out[:40], chroma[:40], atol=0.2)


def test_a_thing_with_an_edge_of_lightness_stays():
    lightness, confidence = planes()
    ball = lightness - np.float32(0.25) * spot()
    out = calm_stains(stained(), ball, confidence)
    assert middle(out) > 0.9 * middle(stained())


def test_a_colour_that_the_model_is_sure_of_stays():
    chroma = stained()
    np.testing.assert_allclose(calm_stains(chroma, *planes(confidence=0.6)), chroma, atol=1e-4)
    half = middle(calm_stains(chroma, *planes(confidence=0.5)))
    assert middle(calm_stains(chroma, *planes(confidence=0.4))) < half < middle(chroma)


def test_a_faint_deviation_stays():
    chroma = stained((3.0, 4.0))
    np.testing.assert_allclose(calm_stains(chroma, *planes()), chroma, atol=0.1)


def test_a_grey_spot_among_colours_is_not_coloured():
    chroma = stained((0.0, 0.0), (28.0, 18.0))
    out = calm_stains(chroma, *planes())
    np.testing.assert_allclose(out[85:96, 105:116], 0, atol=0.5)


def test_a_spot_of_the_opposite_hue_is_calmed():
    out = calm_stains(stained((-20.0, -20.0), (14.0, 14.0)), *planes())
    assert np.linalg.norm(out[85:96, 105:116] - (14, 14), axis=-1).mean() < 20


def test_the_picture_mirrored_and_the_colours_turned_are_calmed_alike():
    random = np.random.default_rng(5)
    chroma = random.normal(0, 15, (60, 70, 2)).astype(np.float32)
    lightness, confidence = random.random((2, 60, 70), np.float32)
    out = calm_stains(chroma, lightness, confidence)
    mirrored = calm_stains(chroma[:, ::-1], lightness[:, ::-1], confidence[:, ::-1])
    np.testing.assert_allclose(mirrored[:, ::-1], out, atol=2e-3)
    turned = calm_stains(np.stack([-chroma[..., 1], chroma[..., 0]], -1), lightness, confidence)
    np.testing.assert_allclose(np.stack([turned[..., 1], -turned[..., 0]], -1), out, atol=2e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 23), (23, 1), (13, 7), (64, 49)])
def test_every_size_is_taken_and_no_input_changed(shape):
    random = np.random.default_rng(6)
    given = random.normal(0, 20, (*shape, 2)).astype(np.float32), *random.random((2, *shape), np.float32)
    before = [plane.copy() for plane in given]
    out = calm_stains(*given)
    assert out.shape == (*shape, 2)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.linalg.norm(out, axis=-1).max() <= np.linalg.norm(given[0], axis=-1).max() + 1e-3
    for plane, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(plane, copy)


@pytest.mark.parametrize("chroma", [(0.0, 0.0), (-37.5, 62.25)])
def test_one_colour_stays(chroma):
    lightness, confidence = np.random.default_rng(7).random((2, 30, 40), np.float32)
    plane = np.full((30, 40, 2), chroma, np.float32)
    np.testing.assert_allclose(calm_stains(plane, lightness, confidence), plane, atol=2e-3)


def test_wrong_arguments_are_refused():
    chroma, (lightness, confidence) = stained(), planes()
    with pytest.raises(ValueError, match="confidence must be"):
        calm_stains(chroma, lightness, confidence[1:])
    with pytest.raises(ValueError, match="bound must be above 0"):
        calm_stains(chroma, lightness, confidence, bound=0)
    with pytest.raises(ValueError, match="unsure"):
        calm_stains(chroma, lightness, confidence, unsure=0.7, sure=0.7)
