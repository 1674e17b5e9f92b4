"""Report of a fit: how good it is on references that it has not seen, and which references to look at."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.colour.measures import colourfulness, mean_delta_e00, psnr
from featcolor.errors import unknown
from features.base import FloatArray

VERSIONED: Final = ("featcolor", "numpy", "scikit-learn", "opencv-contrib-python-headless", "onnxruntime")
"""Packages whose versions a model's card tells."""
METHODS: Final = ("featcolor", "grey", "constant")
MEASURES: Final = ("psnr", "gain", "delta_e00", "colourfulness")


class QualityTable(dict[str, dict[str, float]]):
    """{method: {measure: mean}} for `METHODS` and `MEASURES`.

    Empty where no reference was held back; a method's measures are NaN then, and asking for them is no error.
    """

    def __missing__(self, method: str) -> dict[str, float]:
        if method not in METHODS:
            raise KeyError(unknown("method", method, METHODS))
        return dict.fromkeys(MEASURES, float("nan"))


@dataclass(frozen=True)
class FitReport:
    """Outcome of `Colorizer.fit`.

    Attributes
    ----------
    references : references that were used.
    left_out : (name, reason) of each that was not.
    held_back : references that the quality was measured on.
    table : PSNR and its gain over the exact grey picture in dB, mean CIEDE2000, Hasler and Suesstrunk's colourfulness.
    truth_colourfulness : mean colourfulness of the held-back references themselves.
    worst : (name, error) of the references that the rest of the set predicts worst; error is the mean a*b* distance.
    seconds : wall time.
    peak_memory : bytes of this process and its largest worker.
    """

    references: int
    left_out: list[tuple[str, str]] = field(default_factory=list)
    held_back: int = 0
    table: QualityTable = field(default_factory=QualityTable)
    truth_colourfulness: float = float("nan")
    worst: list[tuple[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    peak_memory: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def measure_held_back(
    pictures: list[NDArray[np.uint8]],
    predict: Callable[[NDArray[np.uint8]], FloatArray],
    constant: FloatArray,
    progress: Callable[[int, int], None],
) -> tuple[dict[str, dict[str, float]], float]:
    """Table of `METHODS` by `MEASURES` over colour pictures, and the truth's mean colourfulness.

    Parameters
    ----------
    pictures : list of (h, w, 3)
        At the working size.
    predict : callable
        From a colour picture, which it may only look at through its film, to chroma (h, w, 2).
    constant : (2,)
        Mean chroma of the references.
    """
    values = []
    for done, rgb in enumerate(pictures):
        lightness, _ = rgb_to_lab(rgb)
        values.append(score(rgb, lightness, lab_to_rgb(lightness, predict(rgb)), constant))
        progress(done + 1, len(pictures))
    if not values:
        return {}, float("nan")
    return as_table(np.mean(values, axis=0)), float(np.mean([colourfulness(rgb) for rgb in pictures]))


def score(
    rgb: NDArray[np.uint8], lightness: FloatArray, output: NDArray[np.uint8], constant: FloatArray
) -> NDArray[np.float64]:
    """Values of one picture, (METHODS, MEASURES): of an output, the exact grey picture, a constant colour (2,)."""
    neutral = np.zeros((*lightness.shape, 2), np.float32)
    grey = lab_to_rgb(lightness, neutral)
    baseline = psnr(rgb, grey)
    return np.array(
        [
            [ratio := psnr(rgb, each), ratio - baseline, mean_delta_e00(rgb, each), colourfulness(each)]
            for each in (output, grey, lab_to_rgb(lightness, neutral + constant))
        ]
    )


def as_table(means: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """Values (METHODS, MEASURES) by their names."""
    return {name: dict(zip(MEASURES, row, strict=True)) for name, row in zip(METHODS, means.tolist(), strict=True)}


def library_versions() -> dict[str, str]:
    """Versions of Python and of the packages that a model depends on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in VERSIONED}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
