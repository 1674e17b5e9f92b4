"""From reference pictures to a fitted stack of features and experts: the pipeline behind `Colorizer.fit`."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from featcolor.colorizer import Colorizer, library_versions
from featcolor.config import ColorizerConfig
from featcolor.errors import PictureError, ReferencesError
from featcolor.experts import Experts, fit_experts
from featcolor.film import film_lightness
from featcolor.oddities import cross_validated_errors
from featcolor.parallel import available_cores, library_threads, run_over
from featcolor.predictor import ChromaPredictor
from featcolor.regressor import ChromaRegressor
from featcolor.report import FitReport, measure_held_back
from featcolor.sampling import (
    READ_AREA,
    ReferenceRows,
    Source,
    as_rgb8,
    name_of,
    read_source,
    resize,
    sample_reference,
    working_lightness,
    working_size,
)
from features.base import FeatureStack, FloatArray, IndexArray
from features.spec import parse_features

Progress: TypeAlias = Callable[[str, int, int], None]
"""(stage, steps done, steps in all)."""

LEARNING_PICTURES = 200
"""References that visual words and principal components are learned from."""
FEWEST_TO_HOLD_BACK = 12
"""Below this many references none is held back: each is needed, and the measure would be noise."""
FEWEST_TO_WATCH = 5
"""Held-back references that can tell when to stop training; fewer only measure."""
MOST_MEASURED = 60
"""Held-back references that the reported quality is measured on."""
ROWS_BYTES = 600 * 2**20
"""Memory of the training rows; more references give fewer pixels each."""
SAME_PICTURE = 1.0
"""Two references are the same picture when their thumbnails differ by less than this in L* (root mean square)."""
WORST_SHOWN = 5
FEWEST_FOR_WORKERS = 60
"""References from which on worker processes save more time than their start costs."""
BATCH, SMALL_BATCH = 1024, 256
SMALL_SET = 100_000
"""Rows a training step, and rows below which steps are small: few references need many steps, not large ones."""
FEWEST_STEPS = 600
"""Steps below which more epochs are trained: 12 references of one place gained 1.7 dB after 600 steps, 0.2 after 10."""


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
    with library_threads(available_cores()):
        stack.fit(lightnesses)
    return stack


def sample_all(
    sources: list[Source], stack: FeatureStack, config: ColorizerConfig, *, jobs: int, progress: Progress
) -> tuple[TrainingSet, list[tuple[str, str]]]:
    """Rows of every usable reference, and (name, reason) of the others."""
    n_features = len(stack.names)
    pixels = min(config.pixels, max(1, ROWS_BYTES // (2 * n_features * len(sources))))
    config = ColorizerConfig.from_dict({**config.to_dict(), "pixels": pixels})
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


def fit_regressors(
    rows: TrainingSet, config: ColorizerConfig, *, jobs: int, progress: Progress
) -> tuple[Experts, IndexArray]:
    """The experts, and the numbers of the references that were held back from all of them."""
    n_references = len(rows.kept)
    order = np.random.default_rng(config.seed + 1).permutation(n_references)
    n_held = max(1, round(config.holdout * n_references)) if config.holdout else 0
    held = np.sort(order[:n_held]) if n_references >= FEWEST_TO_HOLD_BACK else order[:0]

    watched = held if len(held) >= FEWEST_TO_WATCH else held[:0]

    def fit_one(references: IndexArray) -> ChromaPredictor:
        chosen = np.union1d(np.setdiff1d(references, held), watched)
        batch = BATCH if len(chosen) * rows.pixels > SMALL_SET else SMALL_BATCH
        steps_an_epoch = -(-len(chosen) * rows.pixels // batch)
        numbers = rows.rows_of(chosen)
        whole = len(chosen) == n_references
        regressor = ChromaRegressor(
            head=config.head,
            solver=config.solver,
            hidden=config.hidden,
            members=config.members,
            epochs=max(config.epochs, -(-FEWEST_STEPS // steps_an_epoch)),
            batch=batch,
            dropout=config.dropout,
            rebalance=config.rebalance,
            n_jobs=jobs,
            random_state=config.seed,
        )
        regressor.fit(
            rows.features if whole else rows.features[numbers],
            rows.chroma if whole else rows.chroma[numbers],
            groups=np.repeat(chosen, rows.pixels),
            held_back_groups=watched,
            progress=lambda done, total: progress("fitting", done, total),
        )
        return regressor.predictor_

    return fit_experts(rows.descriptors, fit_one, clusters=config.clusters, seed=config.seed), held


def worst_references(rows: TrainingSet, sources: list[Source]) -> list[tuple[str, float]]:
    """Names and errors of the `WORST_SHOWN` references that the rest predicts worst, worst first."""
    if len(rows.kept) < FEWEST_TO_HOLD_BACK:
        return []
    errors = cross_validated_errors(rows.features, rows.chroma, rows.pictures)
    worst = np.argsort(-errors)[:WORST_SHOWN]
    return [(name_of(sources[rows.kept[i]], rows.kept[i]), float(errors[i])) for i in worst]


def peak_memory() -> int:
    """Bytes that this process and the largest of its finished workers have held at once at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage) * unit


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self.start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start


def fit_colorizer(
    colorizer: Colorizer, references: Iterable[Source], *, jobs: int | None, progress: Progress | None
) -> None:
    """Fit a colorizer in place: learn the features, sample the rows, train, measure, report."""
    watch, tell, config = Stopwatch(), progress or _silent, colorizer.config
    sources = collect_sources(references, config.size)
    if not sources:
        raise ReferencesError("no references given; name colour pictures or a folder of them")
    jobs = jobs or default_fit_jobs(len(sources))
    colorizer.stack_ = learn_stack(sources, config, jobs=jobs, progress=tell)
    rows, left_out = sample_all(sources, colorizer.stack_, config, jobs=jobs, progress=tell)
    colorizer.experts_, held = fit_regressors(rows, config, jobs=available_cores(), progress=tell)
    constant = rows.chroma.mean(axis=0, dtype=np.float64).astype(np.float32)
    with library_threads(available_cores()):
        worst = worst_references(rows, sources)
        pictures = [read_working(sources[rows.kept[i]], config.size) for i in held[:MOST_MEASURED]]
        table, truth = measure_held_back(
            pictures,
            lambda rgb: colorizer.predict(film_lightness(rgb, config.film)),
            constant,
            lambda done, total: tell("measuring", done, total),
        )
    colorizer.report_ = FitReport(
        references=len(rows.kept),
        left_out=left_out,
        held_back=len(pictures),
        table=table,
        truth_colourfulness=truth,
        worst=worst,
        seconds=watch.seconds,
        peak_memory=peak_memory(),
    )
    colorizer.card_ = {
        "references": len(rows.kept),
        "rows": len(rows.features),
        "held_back": len(pictures),
        "quality": table,
        "truth_colourfulness": truth if table else None,
        "mean_chroma": constant.tolist(),
        "versions": library_versions(),
    }


def default_fit_jobs(n_references: int) -> int:
    """Processes that read references: one where the start of a worker costs more than it saves."""
    return 1 if n_references < FEWEST_FOR_WORKERS else available_cores()


def read_working(source: Source, size: int) -> NDArray[np.uint8]:
    """A reference in colour at the working size."""
    rgb = read_source(source, size=size)
    return resize(rgb, working_size(rgb.shape, size))


def _silent(stage: str, done: int, total: int) -> None:
    pass
