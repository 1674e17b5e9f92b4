"""What a measure is: of one picture, of a whole set, of frames in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.pictures import Picture

Rgb: TypeAlias = NDArray[np.uint8]
Better: TypeAlias = Literal["higher", "lower", "near truth"]
Group: TypeAlias = Literal["core", "perceptual", "weights"]


@dataclass(frozen=True)
class Metric:
    """A measure of one output against its truth.

    Attributes
    ----------
    key : name in `results.csv` and on the command line.
    title, unit : for people; the unit is empty for pure numbers.
    better : which way is better; "near truth" for what has an ideal that is neither end (colourfulness).
    measure : from truth and output, two pictures of one shape, to a number.
    group : "core" is always measured; "perceptual" is modelled on sight and needs the extra of
        that name; "weights" needs files of the user's.
    source : paper or definition.
    """

    key: str
    title: str
    unit: str
    better: Better
    measure: Callable[[Picture, Picture], float]
    group: Group = "core"
    source: str = ""

    def of(self, truth: Rgb, output: Rgb) -> float:
        """The measure of two (H, W, 3) uint8 arrays; several measures of one picture share work by `measure`."""
        return self.measure(Picture(truth), Picture(output))


@dataclass(frozen=True)
class SetMetric:
    """A measure of all outputs of a method together.

    A set may hold thousands of pictures: one is reduced to its statistic as it passes, and a bootstrap over pictures
    draws among the statistics.

    Attributes
    ----------
    key, title, unit, better, group, source : as of `Metric`.
    statistic : from truth and output, two pictures of one shape, to a small array of a shape that is always the same.
    combine : from the statistics of n pictures, (n, ...), to a number.
    bounds : the least and the largest value possible.
    bootstrap : whether an interval is worked out; not for what takes minutes to combine.
    """

    key: str
    title: str
    unit: str
    better: Better
    statistic: Callable[[Picture, Picture], NDArray[Any]]
    combine: Callable[[NDArray[Any]], float]
    bounds: tuple[float, float] = (-np.inf, np.inf)
    group: Group = "core"
    source: str = ""
    bootstrap: bool = True


@dataclass(frozen=True)
class FilmMetric:
    """A measure of the frames of a sequence, in order; `benchmarks.metrics.film` has the functions.

    Attributes
    ----------
    key, title, better, source, unit : as of `Metric`.
    """

    key: str
    title: str
    better: Better
    source: str
    unit: str = ""
