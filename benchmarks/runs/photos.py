"""The study behind `featcolor benchmark photos` and `outputs`: from test pictures and methods to results."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.data.datasets import DataSet, fingerprint, load_sample
from benchmarks.data.leaks import find_leaks
from benchmarks.methods.base import Method
from benchmarks.runs.equal_colourfulness import compare_all, read_factors, trace_curve
from benchmarks.runs.output_folder import GREY, TRUTH, OutputFolder
from benchmarks.runs.results import MethodRecord, Results
from benchmarks.runs.running import Job, run_jobs
from benchmarks.runs.scoring import Progress, rows, score_all, summarise, summarise_film, summarise_sources, try_metrics
from featcolor.colour.measures import colourfulness, is_grey
from featcolor.errors import FeatcolorError, UsageError, one_line
from featcolor.parallel.cores import available_cores
from featcolor.parallel.engine import Engine
from featcolor.parallel.local import local_engine

OUTPUTS: Final = "outputs"
"""Folder of samples and outputs within the report's; a test compares it with the command's."""
SEQUENCE_MARK: Final = "__"
LEAKS_SHOWN: Final = 3
WORTH_WORKERS: Final = 200
"""Files from which on worker processes save more than their start costs."""
BUDGET_UNIT: Final = "featcolor-balanced"
"""The method whose fitting time is the unit of training budgets."""


@dataclass(frozen=True)
class Entry:
    """A method that takes part.

    `budget` counts its training time in units of the fitting time of `BUDGET_UNIT`, which must take part; None for
    methods that need the time they need.
    """

    name: str
    method: Method
    budget: float | None = None


@dataclass(frozen=True)
class Study:
    """Everything that decides the results.

    `dataset`, `references`, `entries`: what is measured, what methods are fitted on, the methods in the reports' order;
    `ours`: name of the method that is compared with each other one; `metrics`: keys of the measures; `weights`:
    networks of the user's for LPIPS and FID, by the measure's key; `sources`: folders and files that methods read,
    besides the references; `sequences`: pictures are frames in order, of the sequence that their name says before "__":
    measures of film too; `folder`: where the report goes, outputs are kept below it; `allow_leaks`: go on when a test
    picture is among the references; `fresh`: use nothing of an earlier run; `seed`: of the intervals; `title`: of the
    report; `facts`: of the run; `by_source`: means by source too: the first folder that tells the test pictures apart.
    """

    dataset: DataSet
    references: tuple[Path, ...]
    entries: tuple[Entry, ...]
    ours: str
    metrics: tuple[str, ...]
    folder: Path
    weights: Mapping[str, Path] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    sequences: bool = False
    allow_leaks: bool = False
    fresh: bool = False
    seed: int = 0
    title: str = "Colorizers compared"
    facts: Mapping[str, Any] = field(default_factory=dict)
    by_source: bool = False


def run_study(
    study: Study,
    *,
    progress: Progress,
    tell: Callable[[str], None],
    engine: Engine | None = None,
    runners: Engine | None = None,
) -> Results:
    """Check for leaks, run every method, measure, compare.

    Parameters
    ----------
    progress : called with (stage, steps done, steps in all).
    tell : called with one line for people about what went wrong and did not stop the study.
    engine : looks for leaks and measures; None: processes of this machine, where they are worth it.
    runners : runs the methods; None: this machine, one after the other, so that their times can be compared.

    Raises UsageError when a reference shows a test picture, or no test picture can be used.
    """
    outputs = OutputFolder(study.folder / OUTPUTS)
    _refuse_own_inputs(study, outputs.folder)
    leaks = _refuse_leaks(study, progress, tell, engine)
    pictures, left_out, data = _prepare_samples(study, outputs, progress, tell)
    try_metrics(outputs.sample(pictures[0]), study.metrics, study.weights)
    references = _hash_files(study.references, progress)
    records = _run_all(study, pictures, outputs, (data, references), progress, tell, runners)
    done = {e.name: [p for p in pictures if outputs.has(e.name, p)] for e in study.entries}
    done = {name: there for name, there in done.items() if there}
    names = [record.name for record in records]
    table = score_all(outputs, done, study.metrics, weights=study.weights, progress=progress, engine=engine)
    summaries = summarise(table, names, study.metrics, seed=study.seed)
    steadiness = ""
    if study.sequences:
        gaps = {_sequence_of(name) for name, _ in left_out}
        sequences = {name: frames for name, frames in _sequences(pictures).items() if name not in gaps}
        film = summarise_film(outputs, {TRUTH: pictures, **done}, sequences, progress=progress)
        steadiness = ", ".join(f"{row.metric} {row.mean:.3g}" for row in film if row.method == TRUTH)
        summaries += [row for row in film if row.method != TRUTH]
    readings = read_factors(outputs, done, study.ours, progress=progress, engine=engine)
    truth_cf = {picture: colourfulness(outputs.sample(picture).truth) for picture in pictures}
    by_source = summarise_sources(table, _sources(study.dataset), truth_cf, seed=study.seed) if study.by_source else []
    return Results(
        title=study.title,
        ours=study.ours,
        data={
            "set": study.dataset.name,
            "layout": study.dataset.layout,
            "protocol": study.dataset.protocol.describe(),
            "pictures": len(pictures),
            "left out": len(left_out),
            "references": len(study.references),
            "leaks": leaks,
            **({"steadiness of the truth": steadiness} if study.sequences else {}),
            "fingerprint": data,
            "fingerprint of the references": references if study.references else "",
        },
        pictures=pictures,
        truth_cf=float(np.mean(list(truth_cf.values()))),
        scores=rows(table, pictures, names),
        summaries=summaries,
        comparisons=compare_all(outputs, readings, study.ours, seed=study.seed, progress=progress, engine=engine),
        curves={method: trace_curve(read) for method, read in readings.items()},
        methods=[replace(record, lightness_deviation=table.deviation(record.name)) for record in records],
        environment=dict(study.facts),
        left_out=left_out,
        by_source=by_source,
    )


def _refuse_own_inputs(study: Study, folder: Path) -> None:
    """UsageError where anything that is read lies among the outputs, which a study may drop."""
    ours = folder.resolve()
    pictures = [path for each in study.dataset.pictures for path in (each.truth, each.grey) if path is not None]
    for path in (*pictures, *study.references, *study.sources):
        if path.resolve().is_relative_to(ours):
            raise UsageError(f"{path}: lies among the outputs of this report, which are rewritten; choose another -o")


def _refuse_leaks(study: Study, progress: Progress, tell: Callable[[str], None], engine: Engine | None) -> int:
    """The number of references that show a test picture; more than none is an error unless allowed."""
    fitted = any(entry.method.learns for entry in study.entries)
    if not fitted or not study.references:
        return 0
    paths = len(study.references) + len(study.dataset.pictures)
    engine = engine or local_engine(available_cores() if paths >= WORTH_WORKERS else 1)
    leaks = find_leaks(study.references, study.dataset.pictures, engine=engine, progress=progress)
    if not leaks:
        return 0
    shown = "; ".join(f"{leak.reference} shows {leak.picture} ({leak.kind})" for leak in leaks[:LEAKS_SHOWN])
    more = f"; and {len(leaks) - LEAKS_SHOWN} more" if len(leaks) > LEAKS_SHOWN else ""
    count = len({leak.reference for leak in leaks})
    message = f"{count} of the references show test pictures: {shown}{more}"
    if not study.allow_leaks:
        raise UsageError(f"{message}; take them out of the references, or add --allow-leaks to measure all the same")
    tell(message)
    return count


def _prepare_samples(
    study: Study, outputs: OutputFolder, progress: Progress, tell: Callable[[str], None]
) -> tuple[list[str], list[tuple[str, str]], str]:
    """Names of the samples that were kept, those left out with the reason, and the fingerprint of the set.

    Samples of an equal earlier run are used again; outputs of other samples are not thrown away without being asked.
    """
    data = fingerprint(study.dataset)
    found = outputs.index()
    if not study.fresh and "fingerprint" in found:
        if found["fingerprint"] != data:
            raise UsageError(
                f"{outputs.folder}: holds outputs of other test pictures; choose another -o, or --fresh to drop them"
            )
        kept = [str(name) for name in found["pictures"]]
        if all(outputs.has(folder, name) for folder in (TRUTH, GREY) for name in kept):
            return kept, [(str(name), str(reason)) for name, reason in found["left_out"]], data
    if outputs.folder.exists() and not found and any(outputs.folder.iterdir()):
        raise UsageError(f"{outputs.folder}: this folder holds other things; choose another -o")
    outputs.clear_all()
    outputs.write_index({"complete": False})
    kept, left_out = [], []
    for count, picture in enumerate(study.dataset.pictures, start=1):
        try:
            sample = load_sample(picture, study.dataset.protocol)
        except FeatcolorError as error:
            left_out.append((picture.name, one_line(error)))
            tell(f"left out: {one_line(error)}")
        else:
            if is_grey(sample.truth):
                left_out.append((picture.name, "its truth is grey"))
            else:
                outputs.write_sample(sample)
                kept.append(picture.name)
        progress("reading test pictures", count, len(study.dataset.pictures))
    if not kept:
        raise UsageError(f"{study.dataset.name}: none of {len(left_out)} test pictures can be used; colour is needed")
    outputs.write_index({"fingerprint": data, "pictures": kept, "left_out": left_out})
    return kept, left_out, data


def _run_all(
    study: Study,
    pictures: Sequence[str],
    outputs: OutputFolder,
    fingerprints: tuple[str, str],
    progress: Progress,
    tell: Callable[[str], None],
    runners: Engine | None,
) -> list[MethodRecord]:
    """Every method's record, in the reports' order; those that others take their budget from run first.

    `fingerprints` are of the samples and of the references.
    """
    records: dict[str, MethodRecord] = {}

    def note(record: MethodRecord) -> None:
        if record.failure:
            tell(f"{record.name}: {record.failure}")
        records[record.name] = record

    for timed in (False, True):
        jobs = []
        for entry in sorted(study.entries, key=lambda entry: entry.name != BUDGET_UNIT):
            if timed != (entry.budget is not None):
                continue
            unit = records[BUDGET_UNIT].fit_seconds if BUDGET_UNIT in records else 0.0
            if entry.budget is not None and not unit:
                why = f"its training time is counted in that of {BUDGET_UNIT}, which has none"
                note(MethodRecord(entry.name, entry.method.title, entry.method.group, failure=why))
                continue
            learns = entry.method.learns
            seconds = None if entry.budget is None else entry.budget * unit
            data = " ".join(fingerprints if learns else fingerprints[:1])
            jobs.append(Job(entry.name, entry.method, study.references if learns else (), seconds, data))
        for record in run_jobs(jobs, pictures, outputs, engine=runners, progress=progress):
            note(record)
    return [records[entry.name] for entry in study.entries]


def _sources(dataset: DataSet) -> dict[str, str]:
    """The first folder below the deepest one that holds all test pictures, by picture; their own folder without one."""
    folders = {picture.name: picture.truth.resolve().parent for picture in dataset.pictures}
    common = Path(os.path.commonpath(list(folders.values())))
    return {name: (folder.relative_to(common).parts or (common.name,))[0] for name, folder in folders.items()}


def _sequences(pictures: Sequence[str]) -> dict[str, list[str]]:
    """Frames by the part of their name before "__"; names without it are one sequence."""
    found: dict[str, list[str]] = {}
    for picture in pictures:
        found.setdefault(_sequence_of(picture), []).append(picture)
    return found


def _sequence_of(picture: str) -> str:
    return picture.rpartition(SEQUENCE_MARK)[0]


def _hash_files(paths: Sequence[Path], progress: Progress) -> str:
    """Hash of the contents of files, in order; one that cannot be read counts by its name."""
    digest = hashlib.sha256()
    for count, path in enumerate(paths, start=1):
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            digest.update(path.name.encode(errors="surrogateescape"))
        progress("reading references", count, len(paths))
    return digest.hexdigest()[:16]
