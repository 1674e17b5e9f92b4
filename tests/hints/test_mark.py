"""Numbered rings: where they are, and that all stays within the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from featcolor.hints.mark import SMALLEST, WHITE, mark


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_rings_surround_their_places_and_leave_the_rest(dtype: type) -> None:
    picture = np.full((300, 400, 3), 0.5 if dtype is np.float32 else np.iinfo(dtype).max // 2, dtype)
    marked = mark(picture, [(100, 80), (300, 200)])
    assert marked.dtype == np.uint8
    changed = (marked != marked[0, 0]).any(axis=2)
    assert not changed[80, 100]
    assert not changed[200, 300]
    assert changed[70:90, 85:140].any()
    assert changed[190:210, 285:340].any()
    changed[60:105, 80:140] = changed[180:225, 280:340] = False
    assert not changed.any()
    assert (picture == picture[0, 0]).all()


@pytest.mark.parametrize("place", [(0, 0), (199, 0), (0, 149), (199, 149)])
def test_a_number_at_the_border_is_seen_whole(place: tuple[int, int]) -> None:
    black = np.zeros((150, 200, 3), np.uint8)
    light = [int(mark(black, [where])[..., 0].sum(dtype=np.int64)) for where in (place, (100, 75))]
    ring = int(cv2.circle(black.copy(), (100, 75), SMALLEST, WHITE, 1, cv2.LINE_AA)[..., 0].sum(dtype=np.int64))
    digit = light[1] - ring
    assert light[0] >= 0.9 * digit + 0.2 * ring
