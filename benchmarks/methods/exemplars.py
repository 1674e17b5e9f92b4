"""The references most like a grey picture: the retrieval that all methods share which transfer colour from exemplars.

Likeness is the cosine between descriptors, the mean descriptor of the references taken off; a descriptor is what
featcolor groups references by (`featcolor.models.references.describe`): EfficientNet-Lite0's deepest layer, pooled over
the picture turned grey. Only the descriptors are kept (1.3 kB a reference); the chosen references are read when a
picture asks for them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from benchmarks.methods.base import ChromaMethod, Group
from featcolor.colour.lab import lightness_of, rgb_to_lab
from featcolor.errors import ReferencesError
from featcolor.models.config import ColorizerConfig
from featcolor.models.network_errors import network_errors
from featcolor.models.references import Source, default_fit_jobs, describe, read_source
from featcolor.parallel.local import run_over
from featcolor.pictures.resize import resize, working_size
from features.base import FeatureStack, FloatArray
from features.spec import parse_features
from refine.upsample import upsample

DESCRIPTOR = "backbone"
"""Feature list whose description retrieves."""
CACHED_EXEMPLARS = 64
"""References kept in memory once read, 1 MB each: neighbouring pictures ask for the same."""
CACHED_DESCRIPTIONS = 512
"""References whose features a method keeps in memory, 0.2 MB each."""
SMALLEST_NORM = 1e-12

Look = TypeVar("Look")


@dataclass(frozen=True)
class Exemplar:
    """A reference at the working size: lightness (h, w) 0..1 and chroma (h, w, 2), both float32, read-only."""

    lightness: FloatArray
    chroma: FloatArray


@lru_cache(maxsize=CACHED_EXEMPLARS)
def read_exemplar(path: Path, size: int) -> Exemplar:
    """A reference with about size**2 pixels; PictureError when it cannot be used."""
    rgb = read_source(path, size=size)
    lightness, chroma = rgb_to_lab(resize(rgb, working_size(rgb.shape, size)))
    lightness.flags.writeable = chroma.flags.writeable = False
    return Exemplar(lightness, chroma)


def look_at_all(look: Callable[[Path], Look], references: Sequence[Path]) -> dict[Path, Look]:
    """What `look` (a picklable callable) makes of every usable reference, in the order given.

    References that cannot be used are left out, as `Colorizer.fit` leaves them out.

    Raises ReferencesError when none can be used; it says why the first cannot.
    """
    if not references:
        raise ReferencesError("no references given; name colour pictures or a folder of them")
    outcomes = sorted(run_over(look, references, jobs=default_fit_jobs(len(references))), key=lambda each: each.index)
    seen = {references[each.index]: each.result for each in outcomes if each.failure is None}
    if not seen:
        first = outcomes[0].failure
        reason = first.message if first else "could not be read"
        raise ReferencesError(f"none of the {len(references)} references can be used: {references[0]}: {reason}")
    return seen  # type: ignore[return-value]  # a result without failure is there


@dataclass(frozen=True)
class Describe:
    """Descriptor of one reference, (k,) float32: a worker's task."""

    stack: FeatureStack
    size: int

    def __call__(self, source: Source) -> FloatArray:
        rgb = read_source(source, size=self.size)
        with network_errors():
            return describe(self.stack, lightness_of(resize(rgb, working_size(rgb.shape, self.size))))


class Retrieval:
    """Usable references and their descriptors.

    `stack`: its description retrieves; `size`: side of a square with as many pixels as the pictures that are described.

    `paths_`: list of Path; `mean_`: (k,) float32; `directions_`: (n_references, k) float32, unit vectors.
    """

    def __init__(self, stack: FeatureStack, *, size: int) -> None:
        self.stack = stack
        self.size = size

    def fit(self, references: Sequence[Path]) -> Self:
        """Describe the references; ReferencesError when none is usable."""
        described = look_at_all(Describe(self.stack, self.size), references)
        descriptors = np.stack(list(described.values())).astype(np.float32)
        self.paths_ = list(described)
        self.mean_ = descriptors.mean(axis=0)
        self.directions_ = _unit(descriptors - self.mean_)
        return self

    def nearest(self, working: FloatArray, count: int) -> list[Path]:
        """The `count` references most like a picture, most alike first; all of them where there are fewer.

        `working` is its lightness (h, w), 0..1, at the working size.
        """
        with network_errors():
            likeness = self.directions_ @ _unit(describe(self.stack, working) - self.mean_)
        return [self.paths_[i] for i in np.argsort(-likeness, kind="stable")[:count]]


class ExemplarMethod(ChromaMethod):
    """A method that carries chroma over from the references most like the picture, at the working size.

    Parameters
    ----------
    exemplars : how many of the references are carried over from.
    size : side of a square with as many pixels as the working picture. Larger pictures are shrunk to it, and the
        chroma is raised to full size as featcolor raises it: windows of pixels then mean the same in every picture.
    """

    group: ClassVar[Group] = "same references"
    learns: ClassVar[bool] = True
    retrieval_: Retrieval

    def __init__(self, *, exemplars: int, size: int = ColorizerConfig().size) -> None:
        self.exemplars = exemplars
        self.size = size

    @abstractmethod
    def transfer(self, working: FloatArray, exemplars: Sequence[Path]) -> FloatArray:
        """Chroma (h, w, 2) float32 for working lightness (h, w), from references, the most alike first."""

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Describe the references; ReferencesError when none is usable. `seconds` is not looked at."""
        self.retrieval_ = Retrieval(parse_features(DESCRIPTOR), size=self.size).fit(references)
        return self

    def predict(self, lightness: FloatArray) -> FloatArray:
        shape = (lightness.shape[0], lightness.shape[1])
        working = resize(lightness, working_size(shape, self.size))
        chroma = self.transfer(working, self.retrieval_.nearest(working, self.exemplars))
        if shape[0] < working.shape[0] or shape[1] < working.shape[1]:
            return resize(chroma, shape)
        return upsample(chroma, working, lightness, method=ColorizerConfig().upsample)

    def settings(self) -> dict[str, Any]:
        return {"exemplars": self.exemplars, "size": self.size, "retrieval": DESCRIPTOR}


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norms, SMALLEST_NORM)).astype(np.float32)
