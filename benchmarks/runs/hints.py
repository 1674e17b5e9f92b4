"""The study behind `featcolor benchmark hints`: every method on every picture, with more and more hints."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.clumsy import CLUMSY, clumsily
from benchmarks.data.datasets import DataSet, Sample, TestPicture, file_hash, load_sample
from benchmarks.data.leaks import find_leaks
from benchmarks.data.told import DRAWS, PATCH, Told, tell
from benchmarks.methods.hints import Answer, AskingPicture, HintMethod
from benchmarks.metrics.hints import Looks, Moved, far, moved, unlike_in_truth
from benchmarks.runs.environment import environment_facts
from benchmarks.runs.running import code_hash
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import colourfulness, is_grey, psnr
from featcolor.errors import UsageError, one_line
from featcolor.files import replacing, write_json
from featcolor.parallel.cores import available_cores, library_threads
from featcolor.parallel.engine import Progress
from featcolor.parallel.local import local_engine, run_over
from features.base import FloatArray
from features.colournet import ColourNetwork

RANDOM: Final = "random"
"""Hints that are exact, at random places."""
CLUMSY_KINDS: Final = tuple(CLUMSY)
"""Hints of people who are not exact."""
ASKED: Final = "asked"
"""Hints that are exact, at the places that a method of ours asks for, of each number anew; one draw."""
MOST_ASKED: Final = 50
MEGAPIXEL: Final = "megapixel"
"""Rows of which only the time counts, on the first picture enlarged."""
RECORDS: Final = "records"
"""Folder within the report's: METHOD/PICTURE.json, and PICTURE.jpg where what is far and unlike moved most."""
MEGAPIXEL_SIDE: Final = 1000
TIMED: Final = (5, 200)
"""Hints on the enlarged picture."""
REPEATS: Final = 5
MARK: Final = (255, 0, 255)


@dataclass(frozen=True)
class HintStudy:
    """Everything that decides the results.

    `dataset`: the pictures, under a protocol that makes them square; `methods`: in the report's order; `counts`:
    numbers of hints, rising, from 0; `seeds`: of the draws of hints; `draw`: a key of `DRAWS`; `clumsy`: simulated
    people who are not exact too; `folder`: where the report goes, None for none; `references`: that some methods were
    given; `jobs`: pictures at once; `fresh`: use nothing of an earlier run; `facts`: of the run, for the report.
    """

    dataset: DataSet
    methods: tuple[HintMethod, ...]
    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    draw: str = "centred"
    clumsy: bool = False
    folder: Path | None = None
    references: tuple[Path, ...] = ()
    jobs: int = 1
    fresh: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


class HintRow(NamedTuple):
    """One answer of a method.

    `picture`, `method`: names; `kind`: of the hints, `RANDOM`, `ASKED` or a key of `CLUMSY`; `seed`: of their draw;
    `hints`: how many; `psnr`, `cf`: of the answer; `moved`, `worst`, `pixels`: CIEDE2000 by which pixels far from every
    hint, and in truth unlike each, left the answer without hints, mean and largest, and how many there are, nan where
    it was not looked at; `moved_looks`, `worst_looks`, `pixels_looks`: of those that look unlike each; `seconds`:
    processor time of the answer.
    """

    picture: str
    method: str
    kind: str
    seed: int
    hints: int
    psnr: float
    cf: float
    moved: float = float("nan")
    worst: float = float("nan")
    pixels: int = 0
    moved_looks: float = float("nan")
    worst_looks: float = float("nan")
    pixels_looks: int = 0
    seconds: float = float("nan")


@dataclass(frozen=True)
class HintResults:
    """Results of a study: rows by picture, then in the methods' order; pictures left out; and what failed."""

    study: HintStudy
    rows: tuple[HintRow, ...]
    left_out: tuple[str, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


class Given(NamedTuple):
    """So many hints of one kind and draw."""

    kind: str
    seed: int
    hints: list[Told]


def run_hint_study(study: HintStudy, *, progress: Progress, tell_person: Callable[[str], None]) -> HintResults:
    """Ask every method about every picture; a picture that fails is told of and left out.

    Parameters
    ----------
    progress : called with (stage, pictures done, pictures)
    tell_person : called with one line for people about what went wrong

    Raises UsageError when a reference shows a test picture, or no picture could be measured.
    """
    pictures = study.dataset.pictures
    _refuse_leaks(study, progress)
    found: dict[int, list[HintRow]] = {}
    failures = []
    task = partial(run_picture, study, code_hash(Path(__file__)))
    with closing(run_over(task, pictures, jobs=study.jobs)) as outcomes:
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.failure is not None or outcome.result is None:
                message = outcome.failure.message if outcome.failure else "no result"
                failures.append((pictures[outcome.index].name, message))
                tell_person(f"{pictures[outcome.index].name}: {message}")
            else:
                found[outcome.index] = outcome.result
            progress("pictures", done, len(pictures))
    rows = [row for index in sorted(found) for row in found[index]]
    if not rows:
        first = f"the first: {failures[0][1]}" if failures else "all are grey; the truth must be in colour"
        raise UsageError(f"none of {len(pictures)} pictures could be measured; {first}")
    shown = next(index for index in sorted(found) if found[index])
    rows += time_megapixel(study, load_sample(pictures[shown], study.dataset.protocol), progress)
    grey = tuple(pictures[index].name for index in sorted(found) if not found[index])
    return HintResults(study, tuple(rows), grey, tuple(failures))


def run_picture(study: HintStudy, code: str, picture: TestPicture) -> list[HintRow]:
    """Every method's rows of one picture, none where it is grey; those that still hold are read, not computed again.

    `code`: hash of the code that results depend on.
    """
    data = [file_hash(picture.truth), study.dataset.protocol.describe(), code, environment_facts("", 0)["versions"]]
    data += [study.counts, study.seeds, study.draw, study.clumsy, ColourNetwork().info.sha256]
    sample: Sample | None = None
    rows: list[HintRow] = []
    for method in study.methods:
        mark = hashlib.sha256(json.dumps([*data, method.name, method.settings()]).encode()).hexdigest()
        place = None if study.folder is None else study.folder / RECORDS / method.name / f"{picture.name}.json"
        kept = None if place is None or study.fresh else _read_record(place, mark)
        if kept is None:
            sample = sample or load_sample(picture, study.dataset.protocol)
            if is_grey(sample.truth):
                return []
            kept = run_method(study, method, sample, place)
            if place is not None:
                _write_record(place, kept, mark)
        rows += kept
    return rows


def run_method(study: HintStudy, method: HintMethod, sample: Sample, place: Path | None) -> list[HintRow]:
    """A method's rows of one picture.

    `place`: beside it, as JPEG, goes what is far and unlike and moved most, for ours; None: nowhere.
    """
    lightness, chroma = rgb_to_lab(sample.truth)
    answer, looks = method.look(sample.grey), Looks.of(lightness)
    before = answer([])
    answer(tell(chroma, np.zeros((1, 2), np.intp)))  # what is worked out once, at the first hint, is no hint's time
    rows = [_row(sample, method, Given(RANDOM, seed, []), before) for seed in study.seeds]
    worst, scene = -1.0, None
    for given in _all_given(study, sample.name, chroma, answer):
        start = time.process_time()
        after = answer(given.hints)
        seconds = time.process_time() - start
        row = _row(sample, method, given, after)._replace(seconds=seconds)
        if given.kind == RANDOM:
            beyond = far(sample.grey.shape, given.hints)
            in_truth = moved(before, after, beyond & unlike_in_truth(chroma, given.hints))
            in_looks = moved(before, after, beyond & looks.unlike(sample.grey.shape, given.hints))
            row = row._replace(moved=in_truth.mean, worst=in_truth.worst, pixels=in_truth.pixels)
            row = row._replace(moved_looks=in_looks.mean, worst_looks=in_looks.worst, pixels_looks=in_looks.pixels)
            if in_truth.worst > worst:
                worst, scene = in_truth.worst, (after, given.hints, in_truth)
        rows.append(row)
    if place is not None and scene is not None and method.ours:
        _write_jpeg(place.with_suffix(".jpg"), draw_scene(sample.truth, before, *scene))
    return rows


def draw_scene(
    truth: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8], hints: Sequence[Told], at: Moved
) -> NDArray[np.uint8]:
    """Truth, the picture without hints and with them side by side; hints are squares, the place `at` a circle."""
    pictures = [picture.copy() for picture in (truth, before, after)]
    for picture in pictures:
        cv2.circle(picture, (at.x, at.y), 8, MARK, 1, cv2.LINE_AA)
    for hint in hints:
        (top, left), (bottom, right) = hint.yx.min(axis=0), hint.yx.max(axis=0)
        cv2.rectangle(pictures[-1], (int(left) - 1, int(top) - 1), (int(right) + 1, int(bottom) + 1), MARK, 1)
    return np.hstack(pictures)


def time_megapixel(study: HintStudy, sample: Sample, progress: Progress) -> list[HintRow]:
    """Processor time of an answer of ours on one picture of a megapixel, its median over some repeats, by hints."""
    side = (MEGAPIXEL_SIDE, MEGAPIXEL_SIDE)
    grey = np.asarray(cv2.resize(sample.grey, side, interpolation=cv2.INTER_CUBIC), np.uint8)
    truth = np.asarray(cv2.resize(sample.truth, side, interpolation=cv2.INTER_CUBIC), np.uint8)
    corners = DRAWS[study.draw](side, max(TIMED), np.random.default_rng(study.seeds[0]))
    hints = tell(rgb_to_lab(truth)[1], corners)
    ours = [method for method in study.methods if method.ours]
    rows = []
    with library_threads(available_cores()):
        for done, method in enumerate(ours, start=1):
            answer = method.look(grey)
            for count in TIMED:
                if count <= max(study.counts):
                    seconds = _median_seconds(answer, hints[:count])
                    names = sample.name, method.name, MEGAPIXEL
                    rows.append(HintRow(*names, study.seeds[0], count, np.nan, np.nan, seconds=seconds))
            progress("a megapixel", done, len(ours))
    return rows


def _median_seconds(answer: Answer, hints: Sequence[Told]) -> float:
    answer(hints[:-1])
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        answer(hints)
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def _all_given(study: HintStudy, name: str, chroma: FloatArray, answer: Answer) -> Iterator[Given]:
    """Of each draw the hints, exact, then clumsy, fewer being the first of more; then those that are asked for.

    The draws of a picture depend on its name, not on its neighbours, nor on the method.
    """
    number = zlib.crc32(os.fsencode(name))
    shape = (chroma.shape[0], chroma.shape[1])
    counts = [count for count in study.counts if count]
    for seed in study.seeds:
        exact = tell(chroma, DRAWS[study.draw](shape, max(counts), np.random.default_rng((seed, number))))
        yield from (Given(RANDOM, seed, exact[:count]) for count in counts)
        for index, kind in enumerate(CLUMSY_KINDS if study.clumsy else (), start=1):
            clumsy = clumsily(exact, chroma, kind, np.random.default_rng((seed, number, index)))
            yield from (Given(kind, seed, clumsy[:count]) for count in counts)
    if isinstance(answer, AskingPicture):
        for count in counts:
            if count <= MOST_ASKED:
                corners = np.clip(answer.ask(count) - PATCH // 2, 0, np.subtract(shape, PATCH))
                yield Given(ASKED, study.seeds[0], tell(chroma, corners))


def _row(sample: Sample, method: HintMethod, given: Given, output: NDArray[np.uint8]) -> HintRow:
    measures = psnr(sample.truth, output), colourfulness(output)
    return HintRow(sample.name, method.name, given.kind, given.seed, len(given.hints), *measures)


def _refuse_leaks(study: HintStudy, progress: Progress) -> None:
    if not study.references:
        return
    leaks = find_leaks(study.references, study.dataset.pictures, engine=local_engine(study.jobs), progress=progress)
    if leaks:
        raise UsageError(
            f"{len({leak.reference for leak in leaks})} of the references show test pictures; the first: "
            f"{leaks[0].reference} shows {leaks[0].picture} ({leaks[0].kind}); take them out of the references"
        )


def _read_record(place: Path, mark: str) -> list[HintRow] | None:
    """Kept rows of the same work; None where there are none that can be used."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        if kept["fingerprint"] != mark:
            return None
        return [HintRow._make(np.nan if value is None else value for value in row) for row in kept["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_record(place: Path, rows: Sequence[HintRow], mark: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_json(place, {"fingerprint": mark, "rows": rows})
    except OSError as error:
        raise UsageError(f"{place}: cannot be written ({one_line(error)})") from error


def _write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    with replacing(path) as part:
        part.write_bytes(coded.tobytes())
