"""Methods of `featcolor benchmark film`: chroma of a shot's frames when some of them are given in colour.

Each takes lightness and key frames, and gives the chroma of every frame; none sees the truth of another frame.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import file_hash
from featcolor.models.base import between_grid_points
from featcolor.models.load import load
from featcolor.models.references import random_pixels
from featcolor.pictures.resize import resize, working_size
from featcolor.regression.regressor import ChromaRegressor
from featcolor.video.options import DEFAULT_VIDEO_PRESET, VIDEO_PRESETS
from featcolor.video.propagation.sweeps import KeyChroma, ShotColours, colour_shot
from features.base import FeatureStack, FloatArray, grid_points
from features.spec import parse_features
from refine.flow import estimate_flow
from refine.upsample import upsample
from refine.warp import occluded, warp

KeyPlaces: TypeAlias = tuple[int, ...]
"""Frames that are given in colour, counted from the end where negative, as lists are."""

FIRST: Final[KeyPlaces] = (0,)
BOTH_ENDS: Final[KeyPlaces] = (0, -1)

RECIPE_FEATURES: Final = "patch,daisy,context,position"
RECIPE_HIDDEN: Final = (128, 64)
RECIPE_EPOCHS: Final = 12
RECIPE_PIXELS: Final = 40_000
"""Pixels of the key frame that the regressor of the quick study's recipe is fitted on."""
RECIPE_STEP: Final = 2
"""It predicts every second pixel of every second row; between them its chroma is interpolated."""
LIGHTNESS_TOLERANCE: Final = 10.0
"""L* units by which a pixel may differ from where its colour comes from, in the recipe's exp(-(dL/10)^2)."""


class FilmMethod(ABC):
    """A way to colour the frames of a shot from those that are given.

    `name`, `title`: what the command line and the report call it; `keys`: the frames that it is given.
    """

    name: str
    title: str
    keys: KeyPlaces = FIRST

    @abstractmethod
    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        """Chroma (H, W, 2) of every frame in order, from lightness (H, W), 0..1, and the key frames' chroma."""

    def settings(self) -> dict[str, Any]:
        """What its results depend on besides our code and the frames, as JSON can hold it."""
        return {}


class Grey(FilmMethod):
    """No colour at all: the exact L*, by which PSNR is up to 0.04 dB below that of OpenCV's interpolated Lab."""

    name = title = "grey"

    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        for plane in lightness:
            yield np.zeros((*plane.shape, 2), np.float32)


class FrameByFrame(FilmMethod):
    """A regressor fitted on the key frame colours every frame by itself: no frame knows of its neighbours."""

    name, title = "frames", "frame by frame (regressor only)"

    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        guesser = KeyRegressor(lightness[keys[0].position], keys[0].chroma)
        for plane in lightness:
            yield guesser.predict(plane)

    def settings(self) -> dict[str, Any]:
        return KeyRegressor.settings()


class ModelFrames(FilmMethod):
    """A model file of the user's colours every frame by itself."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.title, self.path = name, f"{name}, frame by frame", path

    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        colorizer = load(self.path)
        for plane in lightness:
            yield colorizer.predict(plane)

    def settings(self) -> dict[str, Any]:
        return {"model_sha256": file_hash(self.path)}


class FlowOnly(FilmMethod):
    """The key frame's chroma carried from frame to frame along the flow, everywhere, whether it fits or not."""

    name, title = "flow", "flow only"

    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        chroma = keys[0].chroma
        yield chroma
        for before, after in pairwise(lightness):
            chroma = warp(chroma, estimate_flow(_luma(after), _luma(before)))
            yield chroma

    def settings(self) -> dict[str, Any]:
        return {"flow": "DIS medium"}


class Recipe(FilmMethod):
    """The quick study's recipe: carried along the flow where that can be trusted, else what the regressor says.

    What the study left open (training pixels and epochs, at which pixels it predicts) is set here; its own figures,
    where they are recorded, are shown beside.
    """

    name, title = "recipe", "the quick study's recipe"

    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        guesser = KeyRegressor(lightness[keys[0].position], keys[0].chroma)
        chroma = keys[0].chroma
        yield chroma
        for before, after in pairwise(lightness):
            flow = estimate_flow(_luma(after), _luma(before))
            reverse = estimate_flow(_luma(before), _luma(after))
            difference = 100 * (warp(before, flow) - after)
            trust = np.exp(-np.square(difference / np.float32(LIGHTNESS_TOLERANCE))) * ~occluded(flow, reverse)
            chroma = trust[..., None] * warp(chroma, flow) + (1 - trust[..., None]) * guesser.predict(after)
            yield chroma

    def settings(self) -> dict[str, Any]:
        return {"flow": "DIS medium", "tolerance": LIGHTNESS_TOLERANCE, **KeyRegressor.settings()}


@dataclass(frozen=True)
class Ours(FilmMethod):
    """featcolor's propagation, at the preset's working size, raised to the frames' size along their edges."""

    name: str
    title: str
    keys: KeyPlaces
    preset: str = DEFAULT_VIDEO_PRESET

    def colour(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> Iterator[FloatArray]:
        working, colours = self.shot(lightness, keys)
        with colours:
            yield from self.raised(lightness, working, colours)

    def shot(self, lightness: Sequence[FloatArray], keys: Sequence[KeyChroma]) -> tuple[list[FloatArray], ShotColours]:
        """Lightness of every frame at the working size, and its colour there, to be closed."""
        config = VIDEO_PRESETS[self.preset]
        working = at_working_size(lightness, self.preset)
        shape = working[0].shape[0], working[0].shape[1]
        return working, colour_shot(
            working, [key._replace(chroma=resize(key.chroma, shape)) for key in keys], config=config
        )

    @staticmethod
    def raised(
        lightness: Sequence[FloatArray], working: Sequence[FloatArray], colours: ShotColours
    ) -> Iterator[FloatArray]:
        """Chroma of every frame at its full size."""
        for index, plane in enumerate(lightness):
            chroma = colours.chroma[index]
            yield chroma if plane.shape == working[index].shape else upsample(chroma, working[index], plane)

    def settings(self) -> dict[str, Any]:
        return {"preset": self.preset, "config": asdict(VIDEO_PRESETS[self.preset])}


class KeyRegressor:
    """A small network from features of lightness to chroma, fitted on one frame.

    `lightness`: (H, W) float32, 0..1; `chroma`: (H, W, 2) float32, a* and b*.
    """

    def __init__(self, lightness: FloatArray, chroma: FloatArray) -> None:
        self._stack: FeatureStack = parse_features(RECIPE_FEATURES).fit([lightness])
        rng = np.random.default_rng(0)
        yx = random_pixels(lightness.shape, min(RECIPE_PIXELS, lightness.size), rng)
        regressor = ChromaRegressor(head="mean", hidden=RECIPE_HIDDEN, epochs=RECIPE_EPOCHS, members=1, random_state=0)
        regressor.fit(self._stack.sample(lightness, yx), chroma[yx[:, 0], yx[:, 1]])
        self._predictor = regressor.predictor_

    def predict(self, lightness: FloatArray) -> FloatArray:
        """Chroma (H, W, 2) of a frame."""
        height, width = lightness.shape
        features = self._stack.sample(lightness, grid_points((height, width), RECIPE_STEP))
        chroma, _ = self._predictor.predict(features, temperature=1.0, saturation=1.0)
        return between_grid_points(chroma, (height, width), RECIPE_STEP)

    @staticmethod
    def settings() -> dict[str, Any]:
        """What it is built with."""
        numbers = {"epochs": RECIPE_EPOCHS, "pixels": RECIPE_PIXELS, "step": RECIPE_STEP}
        return {"features": RECIPE_FEATURES, "hidden": list(RECIPE_HIDDEN), **numbers}


def at_working_size(lightness: Sequence[FloatArray], preset: str) -> list[FloatArray]:
    """Frames at the working size of a preset, never blown up."""
    full = lightness[0].shape
    shape = min(working_size(full, VIDEO_PRESETS[preset].size), (full[0], full[1]))
    return [resize(plane, shape) for plane in lightness]


def build_film_method(name: str, preset: str = DEFAULT_VIDEO_PRESET) -> FilmMethod:
    """The method of this name; KeyError where there is none."""
    return FILM_METHODS[name](preset)


FILM_METHODS: Final[Mapping[str, Callable[[str], FilmMethod]]] = {
    "grey": lambda preset: Grey(),
    "frames": lambda preset: FrameByFrame(),
    "flow": lambda preset: FlowOnly(),
    "recipe": lambda preset: Recipe(),
    "ours": lambda preset: Ours("ours", "featcolor, frame 0 given", FIRST, preset),
    "ours2": lambda preset: Ours("ours2", "featcolor, first and last frame given", BOTH_ENDS, preset),
}
"""Methods by name, in the report's order; each is built for a preset, which only ours look at."""


def _luma(lightness: FloatArray) -> NDArray[np.uint8]:
    return np.asarray(np.round(255 * lightness), np.uint8)
