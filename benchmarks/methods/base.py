"""The protocol of every method that is compared; `benchmarks.methods.table` names them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import Sample
from featcolor.colour.lab import lab_to_rgb, lightness_of
from features.base import FloatArray

Group: TypeAlias = Literal["baseline", "same references", "pretrained", "precomputed"]


class Method(ABC):
    """A way to colour a grey picture.

    Built from its settings alone, without work; `fit` does the work, in a process of its own, once before the first
    picture. `settings` and the references decide whether outputs of an earlier run may be used again.

    `title`: what reports call it; `group`: "same references" methods learn from the references and nothing else that we
    chose, "pretrained" ones bring weights, "precomputed" ones bring pictures; `learns`: whether `fit` looks at the
    references.
    """

    title: str
    group: ClassVar[Group]
    learns: ClassVar[bool] = False

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Get ready: learn from colour pictures, or open what was learned elsewhere, with `references` empty.

        `seconds` is a time budget, for methods that take one.
        """
        return self

    @abstractmethod
    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Colour a grey picture.

        `grey`: (H, W) uint8, sRGB grey codes.

        Returns (H, W, 3) uint8.
        """

    def output(self, sample: Sample) -> NDArray[np.uint8]:
        """The method's picture of a sample; precomputed outputs are found by its name."""
        return self.colorize(sample.grey)

    def fit_facts(self) -> dict[str, Any]:
        """What `fit` has to report, as JSON can hold it: steps, references used."""
        return {}

    def settings(self) -> dict[str, Any]:
        """Everything that the outputs depend on besides the references, as JSON can hold it."""
        return {}


class ChromaMethod(Method):
    """A method that adds chroma to the picture's own lightness and nothing else."""

    @abstractmethod
    def predict(self, lightness: FloatArray) -> FloatArray:
        """Chroma a*, b* (H, W, 2) float32, not yet brought into the gamut, of lightness L*/100 (H, W) float32."""

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture with `predict`'s chroma, as far as the gamut reaches; L* stays to within the rounding of codes.

        Raises ValueError unless the picture is (H, W) uint8 and not empty.
        """
        check_grey(grey)
        lightness = lightness_of(grey)
        rgb: NDArray[np.uint8] = lab_to_rgb(lightness, self.predict(lightness))
        return rgb


def check_grey(grey: NDArray[Any]) -> None:
    """Raise ValueError unless the array is what `Method.colorize` takes."""
    if grey.ndim != 2 or grey.dtype != np.uint8 or grey.size == 0:
        raise ValueError(f"a grey picture must be (H, W) uint8 and not empty, got {grey.shape} {grey.dtype}")
