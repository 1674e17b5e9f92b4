"""Methods of one line for tests of the runner, in a module that a spawned process can import."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import Sample
from benchmarks.methods.base import Method
from featcolor.errors import PictureError


class Tint(Method):
    """Adds to red; the amount is a setting, or the number of references."""

    title = "Tint"
    group = "same references"

    def __init__(self, amount: int = 10, log: Path | None = None) -> None:
        self.amount = amount
        self.log = log

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        if references:
            self.amount = len(references) if seconds is None else round(seconds)
            self._note("fit")
        return self

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        self._note("colorize")
        rgb = np.dstack([grey] * 3)
        rgb[..., 0] = np.minimum(rgb[..., 0].astype(int) + self.amount, 255)
        return rgb

    def settings(self) -> dict[str, Any]:
        return {"amount": self.amount}

    def _note(self, word: str) -> None:
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(word + "\n")


class Learns(Tint):
    """Is given the references."""

    learns = True


class Raises(Tint):
    """Fails on pictures of one name, or always."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__()
        self.name = name

    def output(self, sample: Sample) -> NDArray[np.uint8]:
        if self.name is None:
            raise ValueError("no idea")
        if sample.name == self.name:
            raise PictureError(f"{sample.name}: has no output")
        return self.colorize(sample.grey)


class Dies(Tint):
    """Takes its process with it."""

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        os._exit(9)


class WrongShape(Tint):
    """Returns another size."""

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return super().colorize(grey)[1:]


class Sleeps(Tint):
    """Never ends."""

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        time.sleep(600)
        return super().colorize(grey)
