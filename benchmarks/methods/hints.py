"""Methods of `featcolor benchmark hints`: a grey picture, of some places of which a person tells the chroma.

Each is shown a picture once, and then answers any number of sets of hints; none sees the truth but by them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import file_hash
from benchmarks.data.told import Told, told_pixels
from benchmarks.methods.levin2004 import LevinSystem
from benchmarks.methods.onnx import OnnxMethod
from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.errors import UsageError
from featcolor.hints.picture import HintablePicture
from featcolor.hints.pixels import HintPixels
from featcolor.models.base import StillColorizer
from featcolor.models.load import ColouringSettings, load_colorizer
from features.base import FloatArray, IndexArray

Answer: TypeAlias = Callable[[Sequence[Told]], NDArray[np.uint8]]
"""The picture in colour (H, W, 3) by some hints; by none, as the method has it without a person."""

PREDICTED_PULL: Final = 1e-6
"""Of every pixel that is not told to the prediction, beside that to its neighbours' mean."""
LIGHTNESS_SHARE: Final = 2.0
"""Of black to white, in sides of the picture, where the nearest hint is looked for."""


class HintMethod(ABC):
    """A way to colour a picture by hints.

    `name`, `title`: what the command line and the report call it; `ours`: whether it is featcolor.
    """

    name: str
    title: str
    ours: ClassVar[bool] = False

    @abstractmethod
    def look(self, grey: NDArray[np.uint8]) -> Answer:
        """What colours a grey picture (H, W), sRGB codes, by hints; what is costly and needs none is done here."""

    def settings(self) -> dict[str, Any]:
        """What its results depend on besides our code and the picture, as JSON can hold it; UsageError, ModelFileError
        or NetworkError for a file that is missing or of no use."""
        return {}


@dataclass(frozen=True)
class Model:
    """A model of ours: a file, None for the default one, or the default one with references."""

    path: Path | None = None
    references: tuple[Path, ...] = ()

    def open(self) -> StillColorizer:
        """The colorizer, opened or fitted once a process."""
        return _open_model(self)

    def settings(self) -> dict[str, Any]:
        """Hashes of its files."""
        references = {"references": [file_hash(path) for path in self.references]} if self.references else {}
        if self.path is not None:
            self.open()  # a file that is no model is known now
            return {"model_sha256": file_hash(self.path)}
        return {"network_sha256": load_colorizer(None, ColouringSettings()).card()["sha256"], **references}


@lru_cache(maxsize=8)
def _open_model(model: Model) -> StillColorizer:
    if model.references:
        from featcolor.models.album import AlbumColorizer

        return AlbumColorizer().fit(list(model.references))
    return load_colorizer(model.path, ColouringSettings())


class AskingPicture:
    """An `Answer` of ours, which also asks."""

    def __init__(self, picture: HintablePicture) -> None:
        self.picture, self.lightness = picture, lightness_of(picture.picture)

    def __call__(self, hints: Sequence[Told]) -> NDArray[np.uint8]:
        rgb: NDArray[np.uint8] = self.picture.colorize(as_hint_pixels(hints, self.lightness))
        return rgb

    def ask(self, count: int) -> IndexArray:
        """Pixels (n, 2), row and column, whose hint would help most, each after those before it; n at most `count`."""
        return np.array([(question.y, question.x) for question in self.picture.ask(count)], np.intp).reshape(-1, 2)


@dataclass(frozen=True)
class Ours(HintMethod):
    """featcolor's hints on one of its models."""

    name: str
    title: str
    model: Model = Model()
    ours: ClassVar[bool] = True

    def look(self, grey: NDArray[np.uint8]) -> Answer:
        return AskingPicture(HintablePicture(self.model.open(), grey))

    def settings(self) -> dict[str, Any]:
        return self.model.settings()


@dataclass(frozen=True)
class Levin(HintMethod):
    """Least squares of Levin et al. 2004: hints are held, everything else is like its neighbours of like lightness.

    `model`: one whose prediction everything that is no hint is drawn to, weakly; None: nothing is, as in the paper.
    """

    name: str
    title: str
    model: Model | None = None

    def look(self, grey: NDArray[np.uint8]) -> Answer:
        lightness = lightness_of(grey)
        system = LevinSystem(lightness)
        predicted = None if self.model is None else _predict(self.model, lightness)
        pull = 0.0 if self.model is None else PREDICTED_PULL
        untold = np.zeros((*grey.shape, 2), np.float32) if predicted is None else predicted

        def answer(hints: Sequence[Told]) -> NDArray[np.uint8]:
            chroma = system.solve(*told_pixels(hints), predicted, pull) if hints else untold
            return _coloured(lightness, chroma)

        return answer

    def settings(self) -> dict[str, Any]:
        return {} if self.model is None else {"pull": PREDICTED_PULL, **self.model.settings()}


@dataclass(frozen=True)
class NearestHint(HintMethod):
    """The chroma of the nearest hint, in place and lightness: Voronoi cells."""

    name: str = "nearest"
    title: str = "nearest hint, in place and lightness"

    def look(self, grey: NDArray[np.uint8]) -> Answer:
        lightness = lightness_of(grey)
        side = min(grey.shape)
        rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32) / np.float32(side)
        places = np.dstack([rows, columns, np.float32(LIGHTNESS_SHARE) * lightness])

        def answer(hints: Sequence[Told]) -> NDArray[np.uint8]:
            least = np.full(grey.shape, np.inf, np.float32)
            chroma = np.zeros((*grey.shape, 2), np.float32)
            for hint in hints:
                middle = places[hint.yx[:, 0], hint.yx[:, 1]].mean(axis=0)
                distance = ((places - middle) ** 2).sum(axis=2)
                nearer = distance < least
                least[nearer], chroma[nearer] = distance[nearer], hint.chroma
            return _coloured(lightness, chroma)

        return answer

    def settings(self) -> dict[str, Any]:
        return {"lightness": LIGHTNESS_SHARE}


class HintedNetwork(HintMethod):
    """A network from an ONNX file that takes hints, as SIGGRAPH17's does.

    Its inputs are lightness (1, 1, h, w), the hints' chroma (1, 2, h, w), 0 where there is none, and their mask
    (1, 1, h, w), 1 at hints: in this order, whatever their names. Chroma is in a*, b*; the network divides it itself.

    `network`: OnnxMethod whose description has the further inputs `zeros = [2, 1]`.
    """

    def __init__(self, network: OnnxMethod) -> None:
        self.network, self.name = network, network.name
        self.title = network.title.replace(", no hints", "")

    def look(self, grey: NDArray[np.uint8]) -> Answer:
        def answer(hints: Sequence[Told]) -> NDArray[np.uint8]:
            yx, said = told_pixels(hints)
            height, width = self.network.description.size or grey.shape
            rows, columns = ((yx + 0.5) * np.divide((height, width), grey.shape)).astype(np.intp).T
            chroma, mask = (np.zeros((1, channels, height, width), np.float32) for channels in HINT_INPUTS)
            chroma[0, :, rows, columns] = said
            mask[0, 0, rows, columns] = 1
            return self.network.colorize_told(grey, (chroma, mask))

        return answer

    def settings(self) -> dict[str, Any]:
        if self.network.description.zeros != HINT_INPUTS:
            raise UsageError(
                f"{self.name}: takes no hints; its description needs zeros = {list(HINT_INPUTS)}: the hints' a*, b* "
                "and their mask"
            )
        return self.network.settings()


HINT_INPUTS: Final = (2, 1)
"""Channels of a network's inputs for hints: a* and b*, and the mask."""

HINT_METHODS: Final[Mapping[str, Callable[[], HintMethod]]] = MappingProxyType(
    {
        "default": partial(Ours, "default", "featcolor default"),
        "levin": partial(Levin, "levin", "Levin 2004, from grey"),
        "levin-default": partial(Levin, "levin-default", "Levin 2004, with the default's prediction", Model()),
        "nearest": NearestHint,
    }
)
"""What builds each method, without work, by its name on the command line, in the order that reports show."""


def build_hint_method(name: str) -> HintMethod:
    """The method of that name; UsageError, which lists the choices, for an unknown one."""
    if name not in HINT_METHODS:
        raise UsageError(f"no method of hints is called {name!r}; there are {', '.join(HINT_METHODS)}")
    return HINT_METHODS[name]()


def as_hint_pixels(hints: Sequence[Told], lightness: FloatArray) -> HintPixels:
    """Hints as featcolor takes them: colours whose hue and saturation count, here at each pixel's own lightness.

    So they come back as the chroma that was told, as far as it can be shown there at all.
    """
    yx, said = told_pixels(hints)
    if not len(yx):
        return HintPixels.together([])
    rgb = lab_to_rgb(lightness[yx[:, 0], yx[:, 1]][None], said[None], np.float32)[0]
    return HintPixels(yx, np.asarray(255 * rgb, np.float32))


def _predict(model: Model, lightness: FloatArray) -> FloatArray:
    chroma: FloatArray = model.open().predict(lightness)
    return chroma


def _coloured(lightness: FloatArray, chroma: FloatArray) -> NDArray[np.uint8]:
    return np.asarray(lab_to_rgb(lightness, chroma), np.uint8)
