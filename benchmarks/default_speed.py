"""How long the command line takes: one picture of a megapixel from a cold start, start-up alone, a fit."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cv2
import numpy as np

import featcolor
from benchmarks.default_parts import Clock, RowResult, StudySettings, spread
from benchmarks.default_scores import Table
from featcolor.errors import FeatcolorError
from featcolor.images import read_picture, write_picture
from featcolor.measures import grey_picture
from featcolor.references import expand_references

CORES: Final = 2
MEGAPIXEL: Final = 1_000_000
TINY: Final = 16
"""Side of the picture whose colouring is nearly all start-up."""
FIT_REFERENCES: Final = 300
ALBUM: Final = 10
"""References of the picture that is coloured with some."""


def measure_speed(settings: StudySettings) -> RowResult:
    """Wall time of whole processes on two cores, best and median; the files they read are warm."""
    large = expand_references([settings.data / "photos/highres"])[0]
    references = spread(expand_references([settings.data / "photos/imagenet"]), FIT_REFERENCES)
    album = spread(references, ALBUM)
    result, lines = RowResult(), []
    with tempfile.TemporaryDirectory() as folder, two_cores() as cores:
        place = Path(folder)
        for name, paths in (("list.txt", references), ("album.txt", album)):
            (place / name).write_text("\n".join(str(path.resolve()) for path in paths))
        picture = read_picture(large).pixels
        scale = (MEGAPIXEL / (picture.shape[0] * picture.shape[1])) ** 0.5
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = grey_picture(np.asarray(picture, np.uint8))
        write_picture(place / "one.jpg", grey)
        write_picture(place / "tiny.jpg", grey[:TINY, :TINY].copy())
        model = [] if settings.network is None else ["--model", str(settings.network.resolve())]
        size = f"{picture.shape[1]} × {picture.shape[0]}"
        for label, words, times in (
            ("start-up: colorize --help", ["colorize", "--help"], settings.repeats),
            (f"start-up: a picture of {TINY} × {TINY} coloured", _colorize(place, "tiny", model), settings.repeats),
            (f"a picture of {size} coloured", _colorize(place, "one", model), settings.repeats),
            (
                f"the same with --refs, {len(album)} pictures",
                [*_colorize(place, "one", model), "--refs", f"@{place / 'album.txt'}"],
                1,
            ),
            (
                f"fit on {len(references)} references, default preset",
                ["fit", f"@{place / 'list.txt'}", "-o", str(place / "m.featcolor"), "--quiet"],
                1,
            ),
        ):
            seconds = time_command(words, times)
            result.facts[label] = seconds
            lines.append((label, f"{min(seconds):.2f}", f"{statistics.median(seconds):.2f}", str(len(seconds))))
    title = f"seconds from a cold start to the file written, {cores} cores"
    result.tables.append(Table(title, ("what", "best", "median", "runs"), tuple(lines)))
    return result


def time_command(words: Sequence[str], repeats: int) -> list[float]:
    """Seconds of each of `repeats` processes that run featcolor with these words, after one that is not counted
    where there are several.

    Raises
    ------
    FeatcolorError
        A process failed; the message has its last line.
    """
    seconds = []
    for run in range(repeats + (repeats > 1)):
        with Clock() as clock:
            done = subprocess.run(
                [sys.executable, "-c", "from featcolor.commands import main; raise SystemExit(main())", *words],
                cwd=Path(featcolor.__file__).parent.parent,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise FeatcolorError(f"featcolor {' '.join(words)}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
        if run or repeats == 1:
            seconds.append(clock.seconds)
    return seconds


@contextmanager
def two_cores() -> Iterator[int]:
    """Hold this process and its children to `CORES` cores where the system can; how many there are."""
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    before = os.sched_getaffinity(0)
    chosen = set(sorted(before)[:CORES])
    os.sched_setaffinity(0, chosen)
    try:
        yield len(chosen)
    finally:
        os.sched_setaffinity(0, before)


def _colorize(place: Path, name: str, model: Sequence[str]) -> list[str]:
    out = str(place / f"{name}.out.jpg")
    return ["colorize", str(place / f"{name}.jpg"), "-o", out, "--overwrite", "--quiet", *model]
