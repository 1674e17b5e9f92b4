"""Every measure of a coloured picture, each a small pure function, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from featcolor.measures import colourfulness, gain, mean_delta_e00, psnr

Rgb: TypeAlias = NDArray[np.uint8]
Better: TypeAlias = Literal["higher", "lower", "near truth"]


@dataclass(frozen=True)
class Metric:
    """A measure of one output against its truth.

    Attributes
    ----------
    key : name in `results.csv` and on the command line.
    title, unit : for people; the unit is empty for pure numbers.
    better : which way is better; "near truth" for what has an ideal that is neither end (colourfulness).
    measure : from truth and output, both (H, W, 3) uint8 of one shape, to a number.
    group : "core" is always measured; "perceptual" needs the extra of that name; "weights" needs files of the user's.
    source : paper or definition.
    """

    key: str
    title: str
    unit: str
    better: Better
    measure: Callable[[Rgb, Rgb], float]
    group: Literal["core", "perceptual", "weights"] = "core"
    source: str = ""


PICTURE_METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        metric.key: metric
        for metric in (
            Metric("psnr", "PSNR", "dB", "higher", psnr),
            Metric("gain", "PSNR gain", "dB", "higher", gain),
            Metric("delta_e00", "ΔE00", "", "lower", mean_delta_e00, source="Sharma, Wu, Dalal 2005"),
            Metric(
                "cf",
                "CF",
                "",
                "near truth",
                lambda truth, output: colourfulness(output),
                source="Hasler, Süsstrunk 2003",
            ),
        )
    }
)
"""Measures of one picture, by key, in the order that reports show."""
