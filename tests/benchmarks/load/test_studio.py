"""Load test of the studio: its marks tell pictures apart, whatever is done to them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.load.studio_visitor import SIDES, mark_of, marked


@pytest.mark.parametrize("sides", SIDES[:4])
def test_a_mark_outlives_shrinking_and_jpeg(photographs: dict[str, NDArray[np.uint8]], sides: tuple[int, int]) -> None:
    grey = cv2.resize(cv2.cvtColor(photographs["coffee"], cv2.COLOR_RGB2GRAY), sides[::-1])
    for whose, which in ((0, 0), (255, 255), (3, 200), (49, 1)):
        _, content = cv2.imencode(".jpg", marked(grey, whose, which), [cv2.IMWRITE_JPEG_QUALITY, 85])
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
        scale = 240 / max(sides)
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        assert mark_of(picture) == mark_of(small) == (whose, which)


def test_what_has_no_mark_is_nobodys(photographs: dict[str, NDArray[np.uint8]]) -> None:
    assert mark_of(photographs["coffee"]) is None
