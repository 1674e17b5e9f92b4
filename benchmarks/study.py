"""The study behind `featcolor benchmark photos` and `outputs`: from test pictures and methods to results."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.datasets import DataSet, fingerprint, load_sample
from benchmarks.leaks import find_leaks
from benchmarks.matching import compare_all, read_factors, trace_curve
from benchmarks.methods import Method
from benchmarks.output_folder import TRUTH, OutputFolder
from benchmarks.results import MethodRecord, Results
from benchmarks.running import Job, run_job
from benchmarks.scoring import Progress, rows, score_all, summarise, summarise_film
from featcolor.errors import FeatcolorError, UsageError
from featcolor.measures import colourfulness, is_grey
from featcolor.parallel import available_cores
from featcolor.remedies import one_line

OUTPUTS: Final = "outputs"
"""Folder of samples and outputs within the report's."""
SEQUENCE_MARK: Final = "__"
LEAKS_SHOWN: Final = 3
WORTH_WORKERS: Final = 200
"""Files from which on worker processes save more than their start costs."""
NO_BUDGET_SECONDS: Final = 60.0
"""Training time of a method with a budget where the method that the budget is counted in does not take part."""


@dataclass(frozen=True)
class Entry:
    """A method that takes part.

    `budget` counts its training time in units of the fitting time of the method `Study.ours`; None for methods that
    need the time they need.
    """

    name: str
    method: Method
    budget: float | None = None


@dataclass(frozen=True)
class Study:
    """Everything that decides the results.

    Attributes
    ----------
    dataset, references, entries : what is measured, what methods are fitted on, the methods in the reports' order.
    ours : name of the method that is compared with each other one.
    metrics : keys of the measures.
    weights : networks of the user's for LPIPS and FID, by the measure's key.
    sequences : pictures are frames in order, of the sequence that their name says before "__": measures of film too.
    folder : where the report goes; outputs are kept below it.
    allow_leaks : go on when a test picture is among the references.
    fresh : use nothing of an earlier run.
    seed : of the intervals.
    title : of the report.
    """

    dataset: DataSet
    references: tuple[Path, ...]
    entries: tuple[Entry, ...]
    ours: str
    metrics: tuple[str, ...]
    folder: Path
    weights: Mapping[str, Path] = field(default_factory=dict)
    sequences: bool = False
    allow_leaks: bool = False
    fresh: bool = False
    seed: int = 0
    title: str = "Colorizers compared"
    facts: Mapping[str, Any] = field(default_factory=dict)


def run_study(study: Study, *, progress: Progress, tell: Callable[[str], None]) -> Results:
    """Check for leaks, run every method, measure, compare.

    Parameters
    ----------
    progress : called with (stage, steps done, steps in all).
    tell : called with one line for people about what went wrong and did not stop the study.

    Raises
    ------
    UsageError
        When a reference shows a test picture, or no test picture can be used.
    """
    outputs = OutputFolder(study.folder / OUTPUTS)
    leaks = _refuse_leaks(study, progress, tell)
    pictures, left_out, data = _prepare_samples(study, outputs, progress, tell)
    references = _hash_files(study.references, progress)
    records = _run_all(study, pictures, outputs, f"{data} {references}", progress, tell)
    done = {e.name: [p for p in pictures if outputs.has(e.name, p)] for e in study.entries}
    done = {name: there for name, there in done.items() if there}
    names = [record.name for record in records]
    table = score_all(outputs, done, study.metrics, weights=study.weights, progress=progress)
    summaries = summarise(table, names, study.metrics, seed=study.seed)
    steadiness = ""
    if study.sequences:
        film = summarise_film(outputs, {TRUTH: pictures, **done}, _sequences(pictures), progress=progress)
        steadiness = ", ".join(f"{row.metric} {row.mean:.3g}" for row in film if row.method == TRUTH)
        summaries += [row for row in film if row.method != TRUTH]
    readings = read_factors(outputs, done, study.ours, progress=progress)
    truth_cf = float(np.mean([colourfulness(outputs.sample(picture).truth) for picture in pictures]))
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
        truth_cf=truth_cf,
        scores=rows(table, pictures, names),
        summaries=summaries,
        comparisons=compare_all(outputs, readings, study.ours, seed=study.seed, progress=progress),
        curves={method: trace_curve(read) for method, read in readings.items()},
        methods=[replace(record, lightness_deviation=table.deviation(record.name)) for record in records],
        environment=dict(study.facts),
        left_out=left_out,
    )


def _refuse_leaks(study: Study, progress: Progress, tell: Callable[[str], None]) -> int:
    """The number of references that show a test picture; more than none is an error unless allowed."""
    fitted = any(entry.method.learns for entry in study.entries)
    if not fitted or not study.references:
        return 0
    paths = len(study.references) + len(study.dataset.pictures)
    jobs = available_cores() if paths >= WORTH_WORKERS else 1
    leaks = find_leaks(study.references, study.dataset.pictures, jobs=jobs, progress=progress)
    if not leaks:
        return 0
    shown = "; ".join(f"{leak.reference} shows {leak.picture} ({leak.kind})" for leak in leaks[:LEAKS_SHOWN])
    more = f"; and {len(leaks) - LEAKS_SHOWN} more" if len(leaks) > LEAKS_SHOWN else ""
    message = f"{len(leaks)} of the references show test pictures: {shown}{more}"
    if not study.allow_leaks:
        raise UsageError(f"{message}; take them out of the references, or add --allow-leaks to measure all the same")
    tell(message)
    return len(leaks)


def _prepare_samples(
    study: Study, outputs: OutputFolder, progress: Progress, tell: Callable[[str], None]
) -> tuple[list[str], list[tuple[str, str]], str]:
    """Names of the samples that were kept, those left out with the reason, and the fingerprint of the set.

    Samples of an equal earlier run are used again; with other samples every kept output falls.
    """
    data = fingerprint(study.dataset)
    found = outputs.index()
    if not study.fresh and found.get("fingerprint") == data:
        kept = [str(name) for name in found["pictures"]]
        if all(outputs.has(TRUTH, name) for name in kept):
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
    data: str,
    progress: Progress,
    tell: Callable[[str], None],
) -> list[MethodRecord]:
    """Every method's record, in the reports' order; ours runs first, since budgets are counted in its fitting time."""
    records: dict[str, MethodRecord] = {}
    for entry in sorted(study.entries, key=lambda entry: entry.name != study.ours):
        unit = records[study.ours].fit_seconds if study.ours in records else 0.0
        seconds = entry.budget * (unit or NO_BUDGET_SECONDS) if entry.budget is not None else None
        job = Job(entry.name, entry.method, study.references if entry.method.learns else (), seconds)
        record = run_job(job, pictures, outputs, data=data, progress=progress)
        if record.failure:
            tell(f"{entry.name}: {record.failure}")
        records[entry.name] = record
    return [records[entry.name] for entry in study.entries]


def _sequences(pictures: Sequence[str]) -> dict[str, list[str]]:
    """Frames by the part of their name before "__"; names without it are one sequence."""
    found: dict[str, list[str]] = {}
    for picture in pictures:
        found.setdefault(picture.rpartition(SEQUENCE_MARK)[0], []).append(picture)
    return found


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
