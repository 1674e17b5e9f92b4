"""The rows that a fit trains on: features and chroma of some pixels of every usable reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from featcolor.config import ColorizerConfig
from featcolor.errors import PictureError, ReferencesError
from featcolor.networks import network_errors
from featcolor.parallel import available_cores, library_threads, run_over
from featcolor.sampling import (
    READ_AREA,
    ReferenceRows,
    Source,
    as_rgb8,
    name_of,
    read_source,
    sample_reference,
    working_lightness,
)
from features.base import FeatureStack, FloatArray, IndexArray
from features.spec import parse_features

Progress: TypeAlias = Callable[[str, int, int], None]
"""(stage, steps done, steps in all)."""

LEARNING_PICTURES = 200
"""References that visual words and principal components are learned from."""
ROWS_BYTES = 600 * 2**20
"""Memory of the training rows; more references give fewer pixels each."""
SAME_PICTURE = 1.0
"""Two references are the same picture when their thumbnails differ by less than this in L* (root mean square)."""


@dataclass(frozen=True)
class TrainingSet:
    """Rows of all usable references.

    `features` (n_rows, d) float16, `chroma` (n_rows, 2), `descriptors` (n_references, k), `kept`: numbers of the
    references among the sources, each with `pixels` rows in order.
    """

    features: NDArray[np.float16]
    chroma: FloatArray
    descriptors: FloatArray
    kept: list[int]
    pixels: int

    @property
    def pictures(self) -> IndexArray:
        """Which reference each row is from, (n_rows,)."""
        return np.repeat(np.arange(len(self.kept)), self.pixels)

    def rows_of(self, references: IndexArray) -> IndexArray:
        """Row numbers of some references, in order."""
        return (references[:, None] * self.pixels + np.arange(self.pixels)).ravel()


@dataclass(frozen=True)
class SampleTask:
    """What a worker does with one reference."""

    stack: FeatureStack
    config: ColorizerConfig

    def __call__(self, item: tuple[int, Source]) -> ReferenceRows:
        index, source = item
        seed = self.config.seed * 1_000_003 + index
        return sample_reference(read_source(source, size=self.config.size), self.stack, self.config, seed)


@dataclass(frozen=True)
class LightnessTask:
    """What a worker does with a reference that extractors learn from."""

    config: ColorizerConfig

    def __call__(self, source: Source) -> FloatArray:
        return working_lightness(read_source(source, size=self.config.size), self.config)


def collect_sources(references: Iterable[Source], size: int) -> list[Source]:
    """The references as a list; arrays are shrunk as they arrive, so that an iterator may hold many.

    An array that is no picture stays as it is: reading it names the reason.
    """
    sources: list[Source] = []
    for source in references:
        if isinstance(source, np.ndarray):
            with suppress(PictureError):
                source = as_rgb8(source, round(READ_AREA * size * size))
        sources.append(source)
    return sources


def learn_stack(sources: list[Source], config: ColorizerConfig, *, jobs: int, progress: Progress) -> FeatureStack:
    """The configured extractors, fitted on some of the references (on one, where none of them learns)."""
    stack = parse_features(config.features)
    wanted = LEARNING_PICTURES if stack.learns else 1
    order = np.random.default_rng(config.seed).permutation(len(sources))
    lightnesses: list[FloatArray] = []
    for start in range(0, len(sources), wanted):
        part = [sources[i] for i in order[start : start + wanted - len(lightnesses)]]
        outcomes = sorted(run_over(LightnessTask(config), part, jobs=min(jobs, len(part))), key=lambda o: o.index)
        lightnesses += [outcome.result for outcome in outcomes if outcome.result is not None]
        progress("learning features", len(lightnesses), wanted)
        if len(lightnesses) >= wanted:
            break
    if not lightnesses:
        raise ReferencesError(f"none of the {len(sources)} references can be used; colour photographs are needed")
    with library_threads(available_cores()), network_errors():
        stack.fit(lightnesses)
    return stack


def sample_all(
    sources: list[Source], stack: FeatureStack, config: ColorizerConfig, *, jobs: int, progress: Progress
) -> tuple[TrainingSet, list[tuple[str, str]]]:
    """Rows of every usable reference, and (name, reason) of the others."""
    n_features = len(stack.names)
    pixels = min(config.pixels, max(1, ROWS_BYTES // (2 * n_features * len(sources))))
    config = replace(config, pixels=pixels)
    features = np.empty((len(sources) * pixels, n_features), np.float16)
    chroma = np.empty((len(sources) * pixels, 2), np.float32)
    thumbnails: dict[int, FloatArray] = {}
    descriptors: dict[int, FloatArray] = {}
    reasons: dict[int, str] = {}
    for done, outcome in enumerate(run_over(SampleTask(stack, config), list(enumerate(sources)), jobs=jobs)):
        index, rows = outcome.index, outcome.result
        if rows is None:
            reasons[index] = outcome.failure.message if outcome.failure else "could not be read"
        else:
            block = slice(index * pixels, (index + 1) * pixels)
            features[block], chroma[block] = rows.features, rows.chroma
            thumbnails[index], descriptors[index] = rows.thumbnail, rows.descriptor
        progress("reading references", done + 1, len(sources))
    for index, original in find_duplicates(thumbnails).items():
        reasons[index] = f"is the same picture as {name_of(sources[original], original)}"
    kept = [index for index in sorted(thumbnails) if index not in reasons]
    if not kept:
        raise ReferencesError(f"none of the {len(sources)} references can be used: the first {reasons[min(reasons)]}")
    for to, index in enumerate(kept):
        if to != index:
            features[to * pixels : (to + 1) * pixels] = features[index * pixels : (index + 1) * pixels]
            chroma[to * pixels : (to + 1) * pixels] = chroma[index * pixels : (index + 1) * pixels]
    n_rows = len(kept) * pixels
    rows_kept = TrainingSet(features[:n_rows], chroma[:n_rows], np.stack([descriptors[i] for i in kept]), kept, pixels)
    return rows_kept, [(name_of(sources[i], i), reasons[i]) for i in sorted(reasons)]


def find_duplicates(thumbnails: dict[int, FloatArray]) -> dict[int, int]:
    """{duplicate: the earlier reference that shows the same}."""
    from scipy.spatial import cKDTree

    if len(thumbnails) < 2:
        return {}
    numbers = np.array(sorted(thumbnails))
    points = np.stack([thumbnails[i] for i in numbers])
    pairs = cKDTree(points).query_pairs(SAME_PICTURE * np.sqrt(points.shape[1]))
    originals: dict[int, int] = {}
    for first, second in sorted(pairs):
        if int(numbers[first]) not in originals:
            originals.setdefault(int(numbers[second]), int(numbers[first]))
    return originals
