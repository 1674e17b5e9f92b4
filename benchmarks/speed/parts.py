"""Parts of the pipeline by themselves: imports, features, the regressor, spatial refiners, upsampling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.inputs import (
    MODEL_NAME,
    PRESET,
    Timed,
    TimedWithModel,
    in_turn,
    make_lightness,
    make_picture,
    read_subject,
    sides_of,
)
from featcolor.colour.lab import rgb_to_lab
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import PRESETS
from featcolor.models.fitting import SMALL_BATCH
from featcolor.models.load import load
from featcolor.pictures.resize import resize, working_size
from featcolor.regression.regressor import ChromaRegressor
from features.base import grid_points
from features.spec import EXTRACTORS, parse_features
from refine.refiners import REFINERS, refine
from refine.upsample import UPSAMPLERS, upsample_bands

CONFIG = PRESETS[PRESET]
FEATURES = 587
"""Features of the preset."""


class Imports(Timed):
    """Importing a module in a fresh interpreter; the last four are what our modules cannot do without."""

    params = (
        (
            "featcolor.commands",
            "featcolor.models.colorizer",
            "featcolor.regression.regressor",
            "featcolor.batch.colour",
            "numpy",
            "cv2",
            "onnxruntime",
            "sklearn.base",
        ),
    )
    quick_params = (("featcolor.commands", "featcolor.models.colorizer"),)
    smoke_params = (("featcolor.errors",),)
    param_names = ("module",)

    def timeraw_import(self, module: str) -> str:
        return f"import {module}"


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


class Refiners(Timed):
    """One refiner on a square picture: at the preset's working size, at 512 x 512 and at 1024 x 1024."""

    params = (tuple(REFINERS), (CONFIG.size, 512, 1024), (1, 2))
    quick_params = (tuple(REFINERS), (CONFIG.size, 512), (1,))
    smoke_params = (tuple(REFINERS), (32,), (1,))
    param_names = ("refiner", "side", "threads")

    def setup(self, refiner: str, side: int, threads: int) -> None:
        self.bound(threads)
        self.lightness, self.chroma = rgb_to_lab(make_picture(side, side, colour=True))

    def time_refine(self, refiner: str, *_: Any) -> None:
        refine(self.chroma, self.lightness, method=refiner)


class Upsamplers(Timed):
    """Chroma of the working picture raised to full size, band by band, without conversion to RGB."""

    params = (tuple(UPSAMPLERS), (1, 4, 24), (1, 2))
    quick_params = (tuple(UPSAMPLERS), (1, 4), (1,))
    smoke_params = (tuple(UPSAMPLERS), (0.01,), (1,))
    param_names = ("upsampler", "megapixels", "threads")

    def setup(self, upsampler: str, megapixels: float, threads: int) -> None:
        self.bound(threads)
        height, width = sides_of(megapixels)
        self.lightness = make_lightness(height, width)
        small = working_size((height, width), min(CONFIG.size, height))
        self.low_lightness = resize(self.lightness, small)
        _, self.low_chroma = rgb_to_lab(make_picture(*small, colour=True))

    def time_upsample(self, upsampler: str, *_: Any) -> None:
        for _ in upsample_bands(self.low_chroma, self.low_lightness, self.lightness, method=upsampler):
            pass
