"""Inputs of the timed classes: photographs of any size, a fitted model, whole commands, bounded threads."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from math import sqrt
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.bundled import PHOTOGRAPHS, load
from featcolor.colour.lab import lightness_of
from featcolor.colour.measures import grey_picture
from featcolor.errors import FeatcolorError
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import PRESETS
from featcolor.parallel.cores import library_threads

ROOT: Final = Path(__file__).resolve().parents[2]
CLI: Final = ROOT / "cli.py"
MODEL_NAME: Final = "model.featcolor"
PRESET: Final = "balanced"
ASPECT: Final = 1.5
"""Width of the pictures over their height: 24 megapixels are 6000 x 4000."""
SUBJECT: Final = "coffee"
"""The photograph that is brought to every size; it comes with scikit-image, 600 x 400."""
DEADLINE: Final = 300
"""Seconds that asv lets one measurement take, its setup included."""
MEBIBYTE: Final = 2**20


class Timed:
    """Base of timed classes: things to be closed at the end, library threads bounded first of all."""

    timeout = DEADLINE

    def __init__(self) -> None:
        self.stack = contextlib.ExitStack()

    def bound(self, threads: int) -> None:
        """Bound the threads of BLAS, OpenMP and OpenCV until `teardown`."""
        self.stack.enter_context(library_threads(threads))

    def teardown(self, *_: Any) -> None:
        """asv and the suite call this after each case."""
        self.stack.close()


class TimedWithModel(Timed):
    """Base of timed classes with a fitted model: setup and measurements get its folder as their first argument."""

    def setup_cache(self) -> Path:
        """The current folder, in which a model is fitted unless it has one already; asv gives a fresh folder."""
        folder = Path.cwd()
        if not (folder / MODEL_NAME).exists():
            fit_model(folder / MODEL_NAME)
        return folder


def fit_model(path: Path) -> None:
    """Fit the preset on the six photographs that scikit-image and scikit-learn ship."""
    with library_threads(1):
        colorizer = Colorizer(PRESETS[PRESET]).fit([load(photograph) for photograph in PHOTOGRAPHS], jobs=1)
    colorizer.save(path)


@lru_cache(maxsize=1)
def read_subject() -> NDArray[np.uint8]:
    """The photograph as it is, (H, W, 3) uint8."""
    return load(next(photograph for photograph in PHOTOGRAPHS if photograph.name == SUBJECT))


def sides_of(megapixels: float) -> tuple[int, int]:
    """Height and width of a picture of this many million pixels."""
    height = round(sqrt(megapixels * 1e6 / ASPECT))
    return height, round(ASPECT * height)


def make_picture(height: int, width: int, *, colour: bool = False) -> NDArray[np.uint8]:
    """The photograph at this size: grey (height, width), or (height, width, 3)."""
    subject = read_subject()
    shrinks = height * width < subject.shape[0] * subject.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    rgb = cv2.resize(subject, (width, height), interpolation=method)
    return rgb if colour else np.ascontiguousarray(grey_picture(rgb)[..., 0])


def make_lightness(height: int, width: int) -> NDArray[np.float32]:
    """L*/100 of the photograph at this size, (height, width) float32."""
    return lightness_of(make_picture(height, width))


def in_turn(picture: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """A picture and the same upside down, for ever: nothing that remembers the last picture gains by it."""
    return cycle((picture, np.ascontiguousarray(picture[..., ::-1, :])))


@dataclass(frozen=True)
class Finished:
    """Cost of a process and its children: wall and processor seconds, and the most memory that one held, in MiB."""

    seconds: float
    processor: float
    peak: float


def run_cli(*words: str | Path) -> Finished:
    """Run `python cli.py` with these words."""
    return run_process(sys.executable, CLI, *words)


def run_process(*words: str | Path) -> Finished:
    """Run a program to its end and measure it.

    A small interpreter starts it and waits for it: `ru_maxrss` of a process that this one started itself would hold
    this one's own memory, since Linux carries the high-water mark through fork and exec.

    Raises
    ------
    FeatcolorError : when the program fails; with the last line that it wrote to stderr.
    NotImplementedError : where the system does not tell what a child took.
    """
    if not hasattr(os, "posix_spawn"):
        raise NotImplementedError("this system does not tell how much memory a child process took")
    typed = [str(word) for word in words]
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *typed],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    usage = json.loads(output) if process.returncode == 0 else {"code": process.returncode}
    if usage["code"]:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise FeatcolorError(f"{' '.join(typed)} failed with exit code {usage['code']}: {last}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Finished(usage["seconds"], usage["processor"], usage["peak"] * unit / MEBIBYTE)


_LAUNCHER: Final = """
import json, os, sys, time
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
spent = {"seconds": seconds, "processor": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss}
print(json.dumps({**spent, "code": os.waitstatus_to_exitcode(status)}))
"""
