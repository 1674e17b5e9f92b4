"""Fit of a colorizer: from reference pictures to a stack of features and experts, behind `Colorizer.fit`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.film_stock import film_lightness
from featcolor.models.config import ColorizerConfig
from featcolor.models.few_references import ENOUGH, share_borne_out
from featcolor.models.fit_report import FitReport, QualityTable, library_versions, measure_held_back
from featcolor.models.references import (
    Source,
    TrainingSet,
    collect_sources,
    default_fit_jobs,
    learn_stack,
    name_of,
    network_within,
    read_source,
    sample_all,
)
from featcolor.parallel.cores import available_cores, library_threads
from featcolor.parallel.engine import Engine, Progress, silent
from featcolor.parallel.local import local_engine
from featcolor.pictures.resize import resize, working_size
from featcolor.regression.experts import Experts, fit_experts
from featcolor.regression.outliers import cross_validated_errors
from featcolor.regression.predictor import ChromaPredictor
from featcolor.regression.regressor import ChromaRegressor
from features.base import FeatureStack, FloatArray, IndexArray
from features.threads import one_blas_thread

FEWEST_TO_HOLD_BACK = 12
"""Below this many references none is held back: each is needed, and the measure would be noise."""
FEWEST_TO_WATCH = 5
"""Held-back references that can tell when to stop training; fewer only measure."""
MOST_MEASURED = 60
"""Held-back references that the reported quality is measured on."""
WORST_SHOWN = 5
BATCH, SMALL_BATCH = 1024, 256
SMALL_SET = 100_000
"""Rows a training step, and rows below which steps are small: few references need many steps, not large ones."""
FEWEST_STEPS = 600
"""Steps below which more epochs are trained: the few steps of few references learn next to nothing."""


def fit_regressors(
    rows: TrainingSet, config: ColorizerConfig, *, jobs: int, progress: Progress
) -> tuple[Experts, IndexArray, float]:
    """The experts, the numbers of the references that were held back from all of them, and how far to follow them."""
    n_references = len(rows.kept)
    order = np.random.default_rng(config.seed + 1).permutation(n_references)
    n_held = max(1, round(config.holdout * n_references)) if config.holdout else 0
    held = np.sort(order[:n_held]) if n_references >= FEWEST_TO_HOLD_BACK else order[:0]
    watched = held if len(held) >= FEWEST_TO_WATCH else held[:0]

    def fit_one(references: IndexArray, members: int = config.members) -> ChromaPredictor:
        trained = np.setdiff1d(references, held)
        chosen = np.union1d(trained if len(trained) else np.setdiff1d(order, held), watched)
        batch = BATCH if len(chosen) * rows.pixels > SMALL_SET else SMALL_BATCH
        steps_an_epoch = -(-len(chosen) * rows.pixels // batch)
        numbers = rows.rows_of(chosen)
        whole = len(chosen) == n_references
        regressor = ChromaRegressor(
            head=config.head,
            solver=config.solver,
            hidden=config.hidden,
            members=members,
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

    experts = fit_experts(rows.descriptors, fit_one, clusters=config.clusters, seed=config.seed)
    return experts, held, share_borne_out(rows, config, held, partial(fit_one, members=1))


def worst_references(rows: TrainingSet, sources: list[Source]) -> list[tuple[str, float]]:
    """Names and errors of the `WORST_SHOWN` references that the rest predicts worst, worst first."""
    if len(rows.kept) < FEWEST_TO_HOLD_BACK:
        return []
    errors = cross_validated_errors(rows.features, rows.chroma, rows.pictures)
    worst = np.argsort(-errors)[:WORST_SHOWN]
    return [(name_of(sources[rows.kept[i]], rows.kept[i]), float(errors[i])) for i in worst]


def peak_memory() -> int:
    """Bytes that this process and the largest of its finished workers have held; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage) * unit


@dataclass(frozen=True)
class Fit:
    """What a fit makes: the parts of a Colorizer, its report, and what the model file says of itself."""

    stack: FeatureStack
    experts: Experts
    followed: float
    report: FitReport
    card: dict[str, Any]


@one_blas_thread()
def fit_references(
    references: Source | Iterable[Source],
    config: ColorizerConfig,
    *,
    predict: Callable[[FeatureStack, Experts, float, FloatArray], FloatArray],
    engine: Engine | None,
    progress: Progress | None,
) -> Fit:
    """Learn the features, sample the rows, train, measure, report; `predict` gives the chroma of a lightness."""
    start, progress = time.perf_counter(), progress or silent
    sources = collect_sources(references, config.size)
    engine = engine or local_engine(default_fit_jobs(len(sources)))
    stack = learn_stack(sources, config, engine=engine, progress=progress)
    network = network_within(stack) if len(sources) < ENOUGH else None
    rows, left_out = sample_all(sources, stack, config, engine=engine, progress=progress, network=network)
    experts, held, followed = fit_regressors(rows, config, jobs=available_cores(), progress=progress)
    constant = rows.chroma.mean(axis=0, dtype=np.float64).astype(np.float32)
    with library_threads(available_cores()):
        worst = worst_references(rows, sources)
        pictures = [read_working(sources[rows.kept[i]], config.size) for i in held[:MOST_MEASURED]]
        table, truth = measure_held_back(
            pictures,
            lambda rgb: predict(stack, experts, followed, film_lightness(rgb, config.film)),
            constant,
            lambda done, total: progress("measuring", done, total),
        )
    report = FitReport(
        references=len(rows.kept),
        left_out=left_out,
        held_back=len(pictures),
        table=QualityTable(table),
        truth_colourfulness=truth,
        worst=worst,
        seconds=time.perf_counter() - start,
        peak_memory=peak_memory(),
    )
    card = {
        "references": len(rows.kept),
        "rows": len(rows.features),
        "held_back": len(pictures),
        "quality": table,
        "truth_colourfulness": truth if table else None,
        "followed": followed,
        "mean_chroma": constant.tolist(),
        "versions": library_versions(),
    }
    return Fit(stack, experts, followed, report, card)


def read_working(source: Source, size: int) -> NDArray[np.uint8]:
    """A reference in colour at the working size."""
    rgb = read_source(source, size=size)
    return resize(rgb, working_size(rgb.shape, size))
