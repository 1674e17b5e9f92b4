"""Timed classes for the tests of the speed suite; fresh processes import them from here."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from benchmarks.speed.inputs import Timed


class Good:
    """Counts its calls."""

    calls: ClassVar[list[str]] = []
    params = (("a", "b"), (1,))
    quick_params = params
    smoke_params = params
    param_names = ("letter", "number")

    def setup(self, letter: str, number: int) -> None:
        self.calls.append(f"setup {letter}{number}")

    def time_nothing(self, letter: str, number: int) -> None:
        self.calls.append(letter)

    def teardown(self, letter: str, number: int) -> None:
        self.calls.append(f"teardown {letter}{number}")


class Broken(Timed):
    """Fails for one of its parameters after it has bounded the threads."""

    params = ((1, 2, 3),)
    smoke_params = params
    param_names = ("number",)

    def setup(self, number: int) -> None:
        self.bound(3)
        if number == 2:
            raise ValueError("two is\nnot allowed")

    def track_threads(self, number: int) -> int:
        return cv2.getNumThreads()

    track_threads.unit = "threads"


class Inapplicable:
    """Says that it does not apply here."""

    params = ((1,),)
    smoke_params = params
    param_names = ("number",)

    def setup(self, number: int) -> None:
        raise NotImplementedError

    def time_nothing(self, number: int) -> None:
        pass


class WithCache:
    """Gets what `setup_cache` returned, and counts how often it ran."""

    made: ClassVar[list[Path]] = []
    params = ((1, 2),)
    smoke_params = params
    param_names = ("number",)

    def setup_cache(self) -> Path:
        self.made.append(Path.cwd())
        return self.made[-1]

    def track_cache(self, cache: Path, number: int) -> float:
        return float(cache == self.made[0]) * number


class WithSameCache(WithCache):
    """Another class with the same `setup_cache`."""

    def track_again(self, cache: Path, number: int) -> float:
        return number


class WithoutCache:
    """Its `setup_cache` fails."""

    params = ((1, 2),)
    smoke_params = params
    param_names = ("number",)

    def setup_cache(self) -> None:
        raise ValueError("no model")

    def time_nothing(self, cache: None, number: int) -> None:
        pass


class Imports:
    """Code for fresh interpreters."""

    params = (("import json", "import no_such_module"),)
    smoke_params = params
    param_names = ("code",)

    def timeraw_import(self, code: str) -> str:
        return code


class Holds:
    """Holds so many MiB."""

    params = ((0, 200),)
    smoke_params = params
    param_names = ("mebibytes",)

    def peakmem_hold(self, mebibytes: int) -> None:
        np.ones(mebibytes * 2**20, np.uint8)
