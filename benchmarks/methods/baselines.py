"""Baselines that every method must beat: no colour at all, and one colour everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.methods.base import ChromaMethod, Group
from benchmarks.methods.exemplars import look_at_all
from featcolor.colour.lab import rgb_to_lab
from featcolor.models.config import ColorizerConfig
from featcolor.models.references import Source, read_source
from features.base import FloatArray

READING_SIZE = ColorizerConfig().size
"""References are read at the size that featcolor reads them at, so that both see the same pixels."""


class Grey(ChromaMethod):
    """The grey picture as it is: what PSNR gains are measured from."""

    title = "grey"
    group: ClassVar[Group] = "baseline"

    def predict(self, lightness: FloatArray) -> FloatArray:
        return np.zeros((*lightness.shape, 2), np.float32)


class Constant(ChromaMethod):
    """The mean chroma of the references at every pixel; each reference counts alike, whatever its size.

    It learns from the references, and yet is a baseline: nothing of the picture decides its colour.

    `chroma_`: (2,) float32, mean a*, b*; known once fitted.
    """

    title = "constant chroma"
    group: ClassVar[Group] = "baseline"
    learns: ClassVar[bool] = True
    chroma_: FloatArray

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Average the references; ReferencesError when none is usable. `seconds` is not looked at."""
        means = look_at_all(MeanChroma(READING_SIZE), references)
        self.chroma_ = np.mean(list(means.values()), axis=0).astype(np.float32)
        return self

    def predict(self, lightness: FloatArray) -> FloatArray:
        return np.broadcast_to(self.chroma_, (*lightness.shape, 2)).copy()

    def settings(self) -> dict[str, Any]:
        return {"size": READING_SIZE}


@dataclass(frozen=True)
class MeanChroma:
    """Mean a*, b* of one reference, (2,) float64: a worker's task."""

    size: int

    def __call__(self, source: Source) -> NDArray[np.float64]:
        return rgb_to_lab(read_source(source, size=self.size))[1].mean(axis=(0, 1), dtype=np.float64)
