"""What hints moved that they were not about."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.data.told import tell
from benchmarks.metrics.hints import FAR, Looks, far, moved, unlike_in_truth
from featcolor.colour.measures import delta_e00, lab_of


def test_far_and_unlike_as_a_slow_reference_has_it() -> None:
    chroma = np.random.default_rng(0).normal(0, 15, (24, 32, 2)).astype(np.float32)
    hints = tell(chroma, np.array([[0, 0], [10, 20]]))
    mask = far((24, 32), hints) & unlike_in_truth(chroma, hints)
    for y in range(24):
        for x in range(32):
            apart = [np.hypot(y - hint.centre[0], x - hint.centre[1]) > FAR * 24 for hint in hints]
            unlike = [np.linalg.norm(chroma[y, x] - hint.chroma) > 20 for hint in hints]
            assert mask[y, x] == (all(apart) and all(unlike))
    assert 0 < mask.mean() < 1
    assert far((24, 32), []).all()
    assert unlike_in_truth(chroma, []).all()


def test_a_place_looks_like_the_hint_on_it_and_like_its_own_texture() -> None:
    rng = np.random.default_rng(0)
    lightness = np.full((64, 64), 60, np.float32)
    lightness[:, 32:] = 30 + 25 * rng.random((64, 32), np.float32)
    looks = Looks.of(lightness)
    chroma = np.zeros((64, 64, 2), np.float32)
    unlike = looks.unlike((64, 64), tell(chroma, np.array([[29, 10]])))
    assert not unlike[32, 13]
    assert unlike[8:56, 40:].mean() > unlike[8:56, :24].mean()
    assert not looks.unlike((64, 64), tell(chroma, np.array([[29, 10], [29, 48]])))[32, [13, 51]].any()
    assert looks.unlike((64, 64), []).all()


def test_moved_is_the_colour_difference_at_those_pixels_alone() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 256, (2, 12, 10, 3), np.uint8)
    where = rng.random((12, 10)) < 0.3
    difference = delta_e00(lab_of(before), lab_of(after))
    found = moved(before, after, where)
    assert found.mean == pytest.approx(difference[where].mean(), rel=1e-4)
    assert found.worst == pytest.approx(difference[where].max(), rel=1e-4)
    assert difference[found.y, found.x] == pytest.approx(found.worst, rel=1e-4)
    assert found.pixels == where.sum()
    assert moved(before, before, where).worst == 0
    assert np.isnan(moved(before, after, np.zeros_like(where)).mean)
