"""Each feature extractor on one working picture."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.inputs import PRESET, Timed, in_turn, make_lightness
from featcolor.models.config import PRESETS
from features.base import grid_points
from features.spec import EXTRACTORS, parse_features

CONFIG = PRESETS[PRESET]


class Extractors(Timed):
    """One extractor at the pixels of a working picture where the preset predicts: every sixth in both directions."""

    params = (tuple(EXTRACTORS), (CONFIG.size,), (1, 2))
    quick_params = (tuple(EXTRACTORS), (CONFIG.size,), (1,))
    smoke_params = (tuple(EXTRACTORS), (64,), (1,))
    param_names = ("extractor", "side", "threads")

    def setup(self, extractor: str, side: int, threads: int) -> None:
        self.bound(threads)
        lightness = make_lightness(side, side)
        self.extractor = parse_features(extractor).fit([lightness])
        self.pictures = in_turn(lightness)
        self.points = grid_points((side, side), CONFIG.step)

    def time_sample(self, *_: Any) -> None:
        self.extractor.sample(next(self.pictures), self.points)
