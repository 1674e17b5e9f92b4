"""The study behind `featcolor benchmark film`: every method on every sequence, one sequence at a time."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.data.film_sequences import FilmOutputs, Frame, FrameFolder
from benchmarks.data.wear import shift, wear
from benchmarks.methods.film import FilmMethod
from benchmarks.metrics.film_scores import FilmScores, Truth, score_pictures
from benchmarks.runs.environment import environment_facts
from benchmarks.runs.running import code_hash
from featcolor.colour.lab import lab_to_rgb
from featcolor.colour.measures import is_grey
from featcolor.errors import UsageError, one_line
from featcolor.files import replacing, write_json
from featcolor.parallel.engine import Progress
from featcolor.parallel.local import run_over
from featcolor.pictures.resize import shrink
from featcolor.video.propagation.sweeps import KeyChroma
from features.base import FloatArray

TRUTH: Final = "truth"
WORN: Final = "-worn"
"""What is added to a method's name for its run on the worn reel."""
RECORDS: Final = "records"
"""Folder within the report's: SEQUENCE/METHOD.json, and METHOD-FRAME.jpg of the frames that the contact sheet shows."""
TILE_SIDE: Final = 256


@dataclass(frozen=True)
class FilmStudy:
    """Everything that decides the results.

    `sequences`, `methods`, `outputs`: what is measured, in the report's order; `folder`: where the report goes; `worn`:
    run ours on a worn reel too; `seed`: of the wear and of the intervals; `jobs`: sequences at once; `fresh`: use
    nothing of an earlier run; `recorded`: PSNR and wrapped PSNR of a sequence by a run that somebody else made, to show
    beside; `facts`: of the run, for the report.
    """

    sequences: tuple[FrameFolder, ...]
    methods: tuple[FilmMethod, ...]
    folder: Path
    outputs: tuple[FilmOutputs, ...] = ()
    worn: bool = False
    seed: int = 0
    jobs: int = 1
    fresh: bool = False
    recorded: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FilmRecord:
    """One method on one sequence.

    `sequence`, `method`, `title`: names; `scores`: FilmScores; `seconds`: a frame, fitting included, nan where nothing
    was computed; `settings`: of the method; `keys`: frames that it was given.
    """

    sequence: str
    method: str
    title: str
    scores: FilmScores
    seconds: float = float("nan")
    settings: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[int, ...] = ()


@dataclass(frozen=True)
class FilmResults:
    """Results of a study: records by sequence, then in the methods' order, the truth first; and what failed."""

    study: FilmStudy
    records: tuple[FilmRecord, ...]
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Task:
    """A method, or what stands for one, on one sequence; `settings` decide whether a kept record still holds."""

    name: str
    title: str
    settings: Mapping[str, Any]
    keys: tuple[int, ...]
    pictures: Callable[[Truth, _Clock], Iterable[Frame | None]]


class _Clock:
    """Seconds that colouring took, scoring left out."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def over(self, chroma: Iterable[FloatArray]) -> Iterator[FloatArray]:
        """The same, timed."""
        source = iter(chroma)
        while True:
            start = time.perf_counter()
            plane = next(source, None)
            self.seconds += time.perf_counter() - start
            if plane is None:
                return
            yield plane


def run_film_study(study: FilmStudy, *, progress: Progress, tell: Callable[[str], None]) -> FilmResults:
    """Run every method on every sequence and score it; a sequence that fails is told of and left out.

    Parameters
    ----------
    progress : called with (stage, sequences done, sequences)
    tell : called with one line for people about what went wrong

    Raises UsageError when no sequence could be measured.
    """
    code = code_hash(Path(__file__))
    found: dict[int, list[FilmRecord]] = {}
    failures = []
    outcomes = run_over(partial(run_sequence, study, code), study.sequences, jobs=study.jobs)
    for done, outcome in enumerate(outcomes, start=1):
        if outcome.failure is not None or outcome.result is None:
            name = study.sequences[outcome.index].name
            message = outcome.failure.message if outcome.failure else "no result"
            failures.append((name, message))
            tell(f"{name}: {message}")
        else:
            found[outcome.index] = outcome.result
        progress("sequences", done, len(study.sequences))
    if not found:
        raise UsageError(f"none of {len(study.sequences)} sequences could be measured; the first: {failures[0][1]}")
    records = tuple(record for index in sorted(found) for record in found[index])
    return FilmResults(study, records, tuple(failures))


def run_sequence(study: FilmStudy, code: str, sequence: FrameFolder) -> list[FilmRecord]:
    """The truth's record and every method's on one sequence; those that still hold are read, not computed again.

    `code`: hash of the code that results depend on.
    """
    folder = study.folder / RECORDS / sequence.name
    folder.mkdir(parents=True, exist_ok=True)
    data = [sequence.fingerprint(), code, environment_facts("", 0)["versions"]]
    truth: Truth | None = None
    records = []
    for task in _tasks(study, sequence):
        place = folder / f"{task.name}.json"
        mark = hashlib.sha256(json.dumps([data, task.settings], sort_keys=True).encode()).hexdigest()
        record = None if study.fresh else _read_record(place, mark)
        if record is None:
            truth = truth or _read_truth(sequence)
            record = _run_task(task, sequence.name, truth, folder)
            _write_record(place, record, mark)
        records.append(record)
    return records


def sheet_frames(count: int) -> tuple[int, int]:
    """The frames of a sequence that the contact sheet shows: the middle one, and the last but one."""
    return count // 2, count - 2


def _tasks(study: FilmStudy, sequence: FrameFolder) -> Iterator[_Task]:
    count = len(sequence.paths)
    yield _Task(TRUTH, "truth", {}, (), lambda truth, clock: truth.frames)
    for method in study.methods:
        keys = tuple(sorted({place % count for place in method.keys}))
        settings = {"name": method.name, "keys": keys, **method.settings()}
        yield _Task(method.name, method.title, settings, keys, partial(_coloured, method, keys))
        if study.worn and method.name.startswith("ours"):
            seed = study.seed + zlib.crc32(os.fsencode(sequence.name))
            title = f"{method.title}, worn reel"
            yield _Task(
                method.name + WORN, title, {**settings, "seed": seed}, keys, partial(_coloured_worn, method, keys, seed)
            )
    for outputs in study.outputs:
        paths = outputs.find(sequence)
        if any(paths):
            hashes = [hashlib.sha256(path.read_bytes()).hexdigest() if path else None for path in paths]
            yield _Task(outputs.name, outputs.name, {"outputs": hashes}, (0,), partial(_precomputed, outputs, paths))


def _coloured(method: FilmMethod, keys: Sequence[int], truth: Truth, clock: _Clock) -> Iterator[Frame | None]:
    given = [KeyChroma(place, truth.chroma[place]) for place in keys]
    for index, chroma in enumerate(clock.over(method.colour(truth.lightness, given))):
        yield None if index in keys else lab_to_rgb(truth.lightness[index], chroma)


def _coloured_worn(
    method: FilmMethod, keys: Sequence[int], seed: int, truth: Truth, clock: _Clock
) -> Iterator[Frame | None]:
    """Coloured as the worn reel, the chroma then put back in its place and on the clean lightness."""
    reel = wear(truth.lightness, seed)
    given = [KeyChroma(place, shift(truth.chroma[place], reel.offsets[place])) for place in keys]
    for index, chroma in enumerate(clock.over(method.colour(reel.lightness, given))):
        steady = shift(chroma, -reel.offsets[index])
        yield None if index in keys else lab_to_rgb(truth.lightness[index], steady)


def _precomputed(
    outputs: FilmOutputs, paths: Sequence[Path | None], truth: Truth, clock: _Clock
) -> Iterator[Frame | None]:
    for path, lightness in zip(paths, truth.lightness, strict=True):
        yield outputs.read(path, lightness) if path else None


def _run_task(task: _Task, sequence: str, truth: Truth, folder: Path) -> FilmRecord:
    clock = _Clock()
    never = () if task.name == TRUTH else {0, *task.keys}
    pictures = _keep_tiles(task.pictures(truth, clock), folder, task.name, sheet_frames(len(truth)))
    scores = truth.scores if task.name == TRUTH else score_pictures(truth, pictures, keys=never)
    if task.name == TRUTH:
        for _ in pictures:  # for its tiles
            pass
    seconds = clock.seconds / len(truth) if clock.seconds else float("nan")
    return FilmRecord(sequence, task.name, task.title, scores, seconds, task.settings, task.keys)


def _keep_tiles(
    pictures: Iterable[Frame | None], folder: Path, name: str, shown: Sequence[int]
) -> Iterator[Frame | None]:
    """The same pictures; those that are shown are written as small JPEGs on the way."""
    for index, picture in enumerate(pictures):
        if picture is not None and index in shown:
            coded = cv2.imencode(".jpg", shrink(picture, TILE_SIDE)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
            with replacing(folder / f"{name}-{index}.jpg") as part:
                part.write_bytes(coded.tobytes())
        yield picture


def _read_truth(sequence: FrameFolder) -> Truth:
    frames = sequence.read()
    if is_grey(np.concatenate(frames)):
        raise UsageError(f"{sequence.paths[0].parent}: is grey; the truth must be in colour")
    return Truth(frames)


def _read_record(place: Path, mark: str) -> FilmRecord | None:
    """A kept record of the same work; None where there is none that can be used."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        if kept.pop("fingerprint") != mark:
            return None
        seconds = float("nan") if kept["seconds"] is None else kept["seconds"]
        scores = FilmScores.from_dict(kept["scores"])
        return FilmRecord(**{**kept, "scores": scores, "seconds": seconds, "keys": tuple(kept["keys"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_record(place: Path, record: FilmRecord, mark: str) -> None:
    document = {**vars(record), "scores": record.scores.to_dict(), "fingerprint": mark}
    try:
        write_json(place, document)
    except OSError as error:
        raise UsageError(f"{place}: cannot be written ({one_line(error)})") from error
