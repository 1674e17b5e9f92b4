"""featcolor with its regressor replaced by nearest neighbours: the same features, refinement and upsampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.methods.base import Group
from benchmarks.methods.exemplars import CACHED_DESCRIPTIONS, Retrieval, look_at_all
from benchmarks.methods.ours import FittedColorizer
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.references import LEARNING_PICTURES, default_fit_jobs, learn_stack, read_source, sample_reference
from featcolor.parallel.engine import silent
from featcolor.parallel.local import local_engine
from features.base import FeatureStack, FloatArray

# Chosen on BSDS500: references train (197 in colour), every other picture of val (49) at 256 x 256, by dE00 at the
# chroma factor that brings the mean colourfulness to 25.
EXEMPLARS = 20
"""References whose pixels are candidates."""
NEIGHBOURS = 20
COMPONENTS = 64
"""Principal components of the features that distances are taken in."""
SPACE_PIXELS = 100
"""Pixels of each of at most `LEARNING_PICTURES` references that the components are learned from."""
QUERIES_AT_ONCE = 1024
"""Rows of the matrix of distances that is in memory at once."""
NEAREST_DISTANCE = 1e-3
"""Distances below this count as this, so that an exact match weighs much and not infinitely; distances are above 10."""
SMALLEST_DEVIATION = 1e-6


@dataclass(frozen=True)
class FeatureSpace:
    """Space that rows of features are compared in: standardised, then reduced to principal components.

    `mean`: (n_features,) float32; `weights`: (n_features, n_components) float32.
    """

    mean: FloatArray
    weights: FloatArray

    @classmethod
    def learn(cls, rows: NDArray[Any], components: int) -> Self:
        """From rows (n, n_features); a feature that never changes counts nothing."""
        values = rows.astype(np.float32)
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        scale = np.where(deviation > SMALLEST_DEVIATION, 1 / np.maximum(deviation, SMALLEST_DEVIATION), 0)
        standard = (values - mean) * scale
        with threadpool_limits(1):  # as featcolor's own components: two threads on busy cores take many times as long
            _, vectors = np.linalg.eigh((standard.T @ standard / len(values)).astype(np.float64))
        leading = vectors[:, ::-1][:, :components]
        return cls(mean, (scale[:, None] * leading).astype(np.float32))

    def project(self, rows: NDArray[Any]) -> FloatArray:
        """Rows (n, n_features) to (n, n_components) float32."""
        return np.asarray((rows.astype(np.float32) - self.mean) @ self.weights, np.float32)


@dataclass(frozen=True)
class ReadRows:
    """Features (n, d) float16 and chroma (n, 2) of random pixels of one reference: a worker's task."""

    stack: FeatureStack
    config: ColorizerConfig

    def __call__(self, path: Path) -> tuple[NDArray[np.float16], FloatArray]:
        rgb = read_source(path, size=self.config.size)
        rows = sample_reference(rgb, self.stack, self.config, self.config.seed)
        return rows.features, rows.chroma


class NeighbourColorizer(Colorizer):
    """A colorizer whose rows are answered by the pixels of the most similar references that are nearest in features.

    `config`: its settings of the regressor have no effect, nor `views`, references are seen as they are;
    `exemplars`, `neighbours`, `components`: see the constants of those names.
    """

    def __init__(self, config: ColorizerConfig, *, exemplars: int, neighbours: int, components: int) -> None:
        super().__init__(config)
        self.exemplars = exemplars
        self.neighbours = neighbours
        self.components = components

    def learn(self, references: Sequence[Path]) -> Self:
        """Describe the references and learn the space; ReferencesError when none is usable."""
        config = replace(self.config, views=1)
        engine = local_engine(default_fit_jobs(len(references)))
        self.stack_ = learn_stack(list(references), config, engine=engine, progress=silent)
        self.retrieval_ = Retrieval(self.stack_, size=config.size).fit(references)
        order = np.random.default_rng(config.seed).permutation(len(self.retrieval_.paths_))
        chosen = [self.retrieval_.paths_[i] for i in order[:LEARNING_PICTURES]]
        seen = look_at_all(ReadRows(self.stack_, replace(config, pixels=SPACE_PIXELS)), chosen)
        features = np.concatenate([rows for rows, _ in seen.values()])
        space = FeatureSpace.learn(features, self.components)
        read = ReadRows(self.stack_, config)

        @lru_cache(maxsize=CACHED_DESCRIPTIONS)
        def projected(path: Path) -> tuple[FloatArray, FloatArray]:
            rows, chroma = read(path)
            return space.project(rows), chroma

        self.space_ = space
        self.rows_of_: Callable[[Path], tuple[FloatArray, FloatArray]] = projected
        return self

    def predict_rows(self, features: FloatArray, working: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Distance-weighted mean chroma of the nearest candidates; always as sure as the mean head."""
        candidates = [self.rows_of_(path) for path in self.retrieval_.nearest(working, self.exemplars)]
        rows = np.concatenate([rows for rows, _ in candidates])
        chroma = np.concatenate([chroma for _, chroma in candidates])
        nearest = mean_of_nearest(self.space_.project(features), rows, chroma, count=self.neighbours)
        return nearest * np.float32(self.config.saturation), np.ones(len(features), np.float32)


def mean_of_nearest(queries: FloatArray, rows: FloatArray, values: FloatArray, *, count: int) -> FloatArray:
    """Mean of the values of the `count` nearest rows of each query, weighted by 1 / distance.

    `queries`: (n, d); `rows`: (m, d); `values`: (m, c).

    Returns (n, c) float32.
    """
    count = min(count, len(rows))
    answers = np.empty((len(queries), values.shape[1]), np.float32)
    lengths = (rows * rows).sum(axis=1)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        part = queries[start : start + QUERIES_AT_ONCE]
        # |q - r|^2 less |q|^2, which is the same for all rows
        squared = lengths - 2 * (part @ rows.T)
        nearest = np.argpartition(squared, count - 1, axis=1)[:, :count]
        squared = np.take_along_axis(squared, nearest, axis=1) + (part * part).sum(axis=1, keepdims=True)
        weights = 1 / np.maximum(np.sqrt(np.maximum(squared, 0)), np.float32(NEAREST_DISTANCE))
        total = np.einsum("nk,nkc->nc", weights, values[nearest])
        answers[start : start + QUERIES_AT_ONCE] = total / weights.sum(axis=1, keepdims=True)
    return answers


class Neighbours(FittedColorizer):
    """Nearest-neighbour feature transfer from the most similar references; only the regressor differs from featcolor's.

    Parameters
    ----------
    config : features, sizes, pixels of each reference, refinement and upsampling.
    exemplars, neighbours, components : see the constants of those names.
    """

    title = "nearest neighbours"
    group: ClassVar[Group] = "same references"
    learns: ClassVar[bool] = True

    def __init__(
        self,
        config: ColorizerConfig | None = None,
        *,
        exemplars: int = EXEMPLARS,
        neighbours: int = NEIGHBOURS,
        components: int = COMPONENTS,
    ) -> None:
        self.config = config or ColorizerConfig()
        self.options = {"exemplars": exemplars, "neighbours": neighbours, "components": components}

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Describe the references; ReferencesError when none is usable. `seconds` is not looked at."""
        self.colorizer_ = NeighbourColorizer(self.config, **self.options).learn(references)
        return self

    def settings(self) -> dict[str, Any]:
        return {**self.options, "space_pixels": SPACE_PIXELS, "config": self.config.to_dict()}
