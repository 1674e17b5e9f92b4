"""The regressor alone: fitting rows of features, and predicting them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.inputs import MODEL_NAME, PRESET, Timed, TimedWithModel, make_lightness, read_subject
from featcolor.colour.lab import rgb_to_lab
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import PRESETS
from featcolor.models.fitting import SMALL_BATCH
from featcolor.models.load import load
from featcolor.regression.regressor import ChromaRegressor
from features.base import grid_points

CONFIG = PRESETS[PRESET]
FEATURES = 587
"""Features of the preset."""


class FitRows(Timed):
    """Fitting the preset's regressor on rows of features of random numbers and a photograph's chroma, on one thread.

    As many epochs as the preset has for many references; few references are trained for more, see
    `featcolor.models.fitting.FEWEST_STEPS`.
    """

    params = (("bins", "mean", "ridge"), (1000,), (FEATURES,))
    quick_params = params
    smoke_params = (("bins", "mean", "ridge"), (64,), (8,))
    param_names = ("head", "rows", "features")

    def setup(self, head: str, rows: int, features: int) -> None:
        self.bound(1)
        generator = np.random.default_rng(0)
        _, chroma = rgb_to_lab(read_subject())
        flat = chroma.reshape(-1, 2)
        self.chroma = flat[generator.integers(0, len(flat), rows)]
        self.features = generator.standard_normal((rows, features), np.float32).astype(np.float16)
        self.regressor = ChromaRegressor(
            head="mean" if head == "ridge" else head,
            solver="ridge" if head == "ridge" else "mlp",
            hidden=CONFIG.hidden,
            members=CONFIG.members,
            epochs=CONFIG.epochs,
            batch=SMALL_BATCH,
            dropout=CONFIG.dropout,
            rebalance=CONFIG.rebalance,
            random_state=0,
        )

    def time_fit(self, *_: Any) -> None:
        self.regressor.fit(self.features, self.chroma)


class PredictRows(TimedWithModel):
    """Predicting all rows of a working picture by the fitted regressor, features given."""

    params = ((CONFIG.size,), (1, 2))
    quick_params = ((CONFIG.size,), (1,))
    smoke_params = ((64,), (1,))
    param_names = ("side", "threads")

    def setup(self, folder: Path, side: int, threads: int) -> None:
        self.bound(threads)
        colorizer = load(folder / MODEL_NAME)
        assert isinstance(colorizer, Colorizer)
        self.predictor = colorizer.experts_.predictors[0]
        self.features = colorizer.stack_.sample(
            make_lightness(side, side), grid_points((side, side), colorizer.config.step)
        )

    def time_predict(self, *_: Any) -> None:
        self.predictor.predict(self.features, temperature=CONFIG.temperature)
