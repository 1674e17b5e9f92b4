"""What the interior filter promises: halos go, on both sides of an edge, and small things keep their colour."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from refine.bilateral_grid import bilateral_grid
from refine.interior import interior, interior_share

SKY, SKIN = (-2.0, -6.0), (18.0, 22.0)


def disc(shape=(200, 240), radius=40, centre=(100, 120)):
    """A disc, its distance from the rim in pixels (below 0 inside)."""
    y, x = np.indices(shape)
    return np.hypot(y - centre[0], x - centre[1]) - radius


def outlined(distance, inside, outside, outline=0.2):
    """Lightness of a disc and its surroundings with a dark outline of four pixels between them."""
    lightness = np.where(distance < 0, inside, outside)
    return np.where(np.abs(distance) < 2, outline, lightness).astype(np.float32)


@pytest.mark.parametrize("outside", [0.35, 0.8])
def test_a_halo_goes_from_both_sides_of_an_edge(outside):
    distance = disc()
    lightness = outlined(distance, 0.8, outside)
    truth = np.where(distance[..., None] < 0, SKIN, SKY).astype(np.float32)
    bled = cv2.GaussianBlur(truth, (0, 0), 6)
    out = interior(bled, lightness)
    beside = bilateral_grid(bled, lightness)
    for ring in ((distance > 3) & (distance < 14), (distance < -3) & (distance > -14)):
        errors = [np.linalg.norm(chroma - truth, axis=-1)[ring].mean() for chroma in (out, beside)]
        assert errors[0] < 0.7 * errors[1]


def test_a_thin_thing_keeps_its_colour():
    x = np.indices((120, 160))[1]
    stick = np.abs(x - 80) < 4
    lightness = np.where(stick, 0.3, 0.8).astype(np.float32)
    chroma = np.where(stick[..., None], (40.0, 20.0), (0.0, 0.0)).astype(np.float32)
    assert interior(chroma, lightness)[:, 79:82].mean(axis=(0, 1)) == pytest.approx([40, 20], rel=0.1)


def test_chroma_stays_within_its_range():
    random = np.random.default_rng(3)
    chroma = random.uniform(-50, 50, (60, 80, 2)).astype(np.float32)
    out = interior(chroma, random.random((60, 80), np.float32))
    assert np.abs(out).max() <= 50


def test_the_share_is_one_where_lightness_is_flat_and_small_at_a_strong_edge():
    lightness = np.where(np.indices((80, 120))[1] < 60, 0.2, 0.8).astype(np.float32)
    share = interior_share(lightness, 5)
    assert share[:, :30] == pytest.approx(1, abs=0.05)
    assert share[:, 58:62].max() < 0.2
    assert (np.diff(share[40, 60:]) > -1e-4).all()
    assert interior_share(np.full((9, 9), 0.4, np.float32), 5).min() >= 1


def test_grain_is_no_edge():
    grain = np.random.default_rng(4).normal(0.5, 0.03, (80, 80)).astype(np.float32)
    assert interior_share(grain, 5).mean() > 0.8


def test_the_smoother_that_carries_outward_is_checked():
    planes = np.zeros((4, 4, 2), np.float32), np.zeros((4, 4), np.float32)
    for options in ({"reach": 0}, {"sigma_space": -1}, {"sigma_lightness": float("nan")}, {"near_space": 0}):
        with pytest.raises(ValueError, match="above 0"):
            interior(*planes, **options)
