"""What a worn reel does to lightness: how much, the same for equal seeds, and that the gate can be undone."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data.wear import Wear, shift, wear
from featcolor.colour.lab import lab_to_rgb

NONE = Wear(grain=0.0, flicker=0.0, weave=0.0, scratches=0)


def codes(lightness: np.ndarray) -> np.ndarray:
    """Grey codes of a lightness."""
    return lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32))[..., 0].astype(float)


def flat(count: int = 6, value: float = 0.5) -> list[np.ndarray]:
    return [np.full((40, 60), value, np.float32)] * count


def smooth(shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (0.5 + 0.3 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.float32)


def test_no_wear_only_rounds_to_8_bits() -> None:
    clean = smooth()
    reel = wear([clean] * 3, 0, how=NONE)
    assert all(np.abs(plane - clean).max() < 0.004 for plane in reel.lightness)
    assert not reel.offsets.any()


def test_equal_seeds_wear_equally_others_do_not_and_the_input_stays() -> None:
    clean = [smooth()] * 3
    before = clean[0].copy()
    first, again, other = (wear(clean, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.lightness, again.lightness, strict=True))
    assert not np.array_equal(first.lightness[0], other.lightness[0])
    assert not np.array_equal(first.offsets, other.offsets)
    assert np.array_equal(clean[0], before)


def test_worn_lightness_is_float32_within_range() -> None:
    for value in (0.0, 1.0):
        for plane in wear(flat(value=value), 3).lightness:
            assert plane.dtype == np.float32
            assert 0.0 <= plane.min() <= plane.max() <= 1.0


def test_grain_has_the_deviation_asked_for() -> None:
    reel = wear(flat(), 0, how=Wear(grain=8.0, flicker=0.0, weave=0.0, scratches=0))
    assert np.std([codes(plane) for plane in reel.lightness]) == pytest.approx(8.0, rel=0.03)
    assert not np.array_equal(reel.lightness[0], reel.lightness[1])


def test_exposure_changes_from_frame_to_frame_within_its_bounds() -> None:
    still = codes(flat()[0]).mean()
    reel = wear(flat(60), 0, how=Wear(grain=0.0, flicker=0.1, weave=0.0, scratches=0))
    shares = np.array([codes(plane).mean() / still for plane in reel.lightness])
    assert 0.895 < shares.min() < 0.92
    assert 1.08 < shares.max() < 1.105


def test_scratches_are_columns_and_do_not_cover_the_frame() -> None:
    reel = wear(flat(20), 0, how=Wear(grain=0.0, flicker=0.0, weave=0.0, scratches=3))
    changed = np.array([np.abs(plane - 0.5) > 0.02 for plane in reel.lightness])
    assert changed.any()
    assert np.array_equal(changed.any(axis=1), changed.all(axis=1))
    assert changed.mean() < 0.2


def test_the_gate_moves_frames_by_the_offsets_that_are_told() -> None:
    clean = smooth()
    reel = wear([clean] * 20, 0, how=Wear(grain=0.0, flicker=0.0, weave=2.0, scratches=0))
    assert reel.offsets.shape == (20, 2)
    assert 1.5 < np.abs(reel.offsets).max() <= 2.0
    for plane, offset in zip(reel.lightness, reel.offsets, strict=True):
        assert np.abs(shift(plane, -offset) - clean)[4:-4, 4:-4].max() < 0.01


def test_shift_by_whole_pixels_moves_right_and_down_exactly() -> None:
    planes = np.random.default_rng(0).random((20, 24, 2), np.float32)
    np.testing.assert_allclose(shift(planes, np.zeros(2, np.float32)), planes, atol=1e-6)
    moved = shift(planes, np.array([3.0, 2.0], np.float32))
    np.testing.assert_allclose(moved[2:, 3:], planes[:-2, :-3], atol=1e-6)
