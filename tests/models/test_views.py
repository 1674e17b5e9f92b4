"""Closer views: which a picture gets, that tiles leave no seam, and what the merge keeps of either view."""

from __future__ import annotations

import numpy as np
import pytest

from featcolor.models.views import CLOSER, OVERLAP, TILE_PIXELS, closer_ratios, joined, merge, tiles
from features.colournet import LONGEST

SIDE = 176


@pytest.mark.parametrize(
    ("shape", "views"), [((150, 170), 0), ((256, 256), 0), ((321, 481), 1), ((5000, 400), 2), ((853, 1229), 2)]
)
def test_a_picture_is_seen_as_close_as_it_has_pixels(shape: tuple[int, int], views: int) -> None:
    ratios = closer_ratios(shape, SIDE)
    assert len(ratios) == views
    assert list(ratios) == sorted(ratios)
    for ratio, scale in zip(ratios, CLOSER, strict=False):
        assert ratio <= 1
        whole = min(SIDE / min(shape), LONGEST * SIDE / max(shape))
        assert 1.5 * whole < ratio <= scale * whole * (1 + 1e-9)


@pytest.mark.parametrize("shape", [(235, 353), (353, 235), (288, 288), (60, 1382), (12, 6912), (1, 1), (1, 9)])
@pytest.mark.parametrize("ratio", [1.5, 3.0, 9.0, 40.0])
def test_tiles_cover_a_picture_in_bounded_parts(shape: tuple[int, int], ratio: float) -> None:
    views = tiles(shape, ratio)
    covered = np.zeros(shape, np.float32)
    for tile in views:
        height, width = tile.share.shape
        assert height * width * ratio**2 <= max(TILE_PIXELS, (ratio + OVERLAP) ** 2 * 4)
        assert (tile.share > 0).all()
        covered[tile.rows, tile.columns] += tile.share
    np.testing.assert_allclose(covered, 1, atol=1e-5)


def test_tiles_of_a_smooth_view_join_without_a_seam() -> None:
    shape = (235, 353)
    views = tiles(shape, 3.0)
    assert len(views) > 1
    ramp = np.dstack(np.meshgrid(np.arange(353.0), np.arange(235.0))).astype(np.float32)
    smooth = np.dstack([ramp, ramp.sum(axis=2)])
    whole = joined(shape, [(tile, smooth[tile.rows, tile.columns]) for tile in views])
    np.testing.assert_allclose(whole, smooth, rtol=1e-5, atol=1e-3)
    # Where two tiles disagree, colour goes over from one to the other in steps too small to be seen.
    steps = joined(shape, [(tile, np.full((*tile.share.shape, 3), i, np.float32)) for i, tile in enumerate(views)])
    assert max(np.abs(np.diff(steps, axis=axis)).max() for axis in (0, 1)) <= 0.2


def test_tiles_are_cut_from_the_picture_where_they_lie() -> None:
    picture = np.add.outer(np.arange(705.0), np.zeros(1061)).astype(np.float32)
    working = np.zeros((235, 353), np.float32)
    for tile in tiles((235, 353), 3.0):
        part = tile.of(picture, working)
        assert abs(part[0, 0] - 3 * tile.rows.start) <= 1
        assert abs(part[-1, 0] + 1 - 3 * tile.rows.stop) <= 1
        assert abs(part.shape[1] - 3.006 * tile.share.shape[1]) <= 2


def view(shape: tuple[int, int], chroma: tuple[float, float], confidence: float) -> np.ndarray:
    return np.broadcast_to(np.float32([*chroma, confidence]), (*shape, 3)).copy()


def test_a_small_thing_gets_the_closer_views_colour_and_a_large_one_keeps_its_own() -> None:
    coarse, fine = view((235, 353), (2, 3), 0.5), view((235, 353), (2, 3), 0.5)
    fine[100:112, 150:162, :2] = 14, 18
    merged = merge(coarse, fine)
    np.testing.assert_allclose(merged[104:108, 154:158, :2], fine[104:108, 154:158, :2], atol=0.1)
    np.testing.assert_array_equal(merged[:80], coarse[:80])
    np.testing.assert_allclose(merged[..., 2], 0.5, atol=1e-6)
    everywhere = merge(coarse, view((235, 353), (14, 18), 0.5))
    np.testing.assert_allclose(everywhere, coarse, atol=1e-3)


def test_the_closer_view_counts_by_its_confidence() -> None:
    coarse, fine = view((235, 353), (2, 3), 0.5), view((235, 353), (2, 3), 0.5)
    small = slice(100, 112), slice(150, 162)
    fine[(*small, slice(2))] = 14, 18
    shares = []
    for confidence in (0.3, 0.45, 0.5, 0.6):
        fine[(*small, 2)] = confidence
        change = (merge(coarse, fine) - coarse)[small][..., 0] / 12
        assert (change >= 0).all()
        assert (change <= 1).all()
        shares.append(change.mean())
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert shares[2] > 0.9
    for confidences in ((0, 0), (0, 1), (1, 0)):
        fine[..., 2], coarse[..., 2] = confidences
        assert np.isfinite(merge(coarse, fine)).all()


def test_equal_views_stay_as_they_are() -> None:
    random = np.random.default_rng(0).uniform(0.1, 1, (40, 60, 3)).astype(np.float32)
    np.testing.assert_array_equal(merge(random, random), random)
    before = random.copy()
    merge(random, random[::-1].copy())
    np.testing.assert_array_equal(random, before)
