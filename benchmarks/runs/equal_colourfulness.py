"""Methods at equal colourfulness: each read with its chroma multiplied, ours beside each rival at the rival's.

A greyer picture has the better PSNR and often the better CIEDE2000, so that two methods say little about each other
before they are equally colourful.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics.intervals import paired
from benchmarks.metrics.pictures import Picture
from benchmarks.runs.output_folder import OutputFolder
from benchmarks.runs.results import Comparison, CurvePoint
from benchmarks.runs.scoring import Done, Item, Progress, over_pictures
from featcolor.colour.lab import lab_to_rgb
from featcolor.colour.measures import colourfulness, delta_e00, lab_of, psnr
from featcolor.parallel.engine import Engine

CURVE_FACTORS: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Chroma of ours is multiplied by these to find the factor that gives a rival's colourfulness."""
RIVAL_FACTORS: Final = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Chroma of the others, for their curves."""
LEAST_CF: Final = 1.0
"""A rival below this mean colourfulness is grey: ours would be made grey too, and nothing compared."""
MATCHED_WITHIN: Final = 2.0
"""Colourfulness this near to a rival's counts as equal."""
COMPARED: Final[Mapping[str, Literal["higher", "lower"]]] = {"delta_e00": "lower", "gain": "higher"}
"""Measures that ours and a rival are compared by at equal colourfulness, and which way is better."""


class Reading(NamedTuple):
    """One picture with its chroma multiplied."""

    cf: float
    gain: float
    delta_e00: float


@dataclass(frozen=True)
class Readings:
    """A method's pictures at several factors: `values` (n_pictures, n_factors, 3), in the order of `Reading`."""

    pictures: tuple[str, ...]
    factors: tuple[float, ...]
    values: NDArray[np.float64]

    def of(self, pictures: Sequence[str]) -> NDArray[np.float64]:
        """The values of some of the pictures, in their order."""
        place = {picture: row for row, picture in enumerate(self.pictures)}
        return self.values[[place[picture] for picture in pictures]]


@dataclass(frozen=True)
class ReadTask:
    """Read the outputs of one picture with their chroma multiplied, {method: readings}: what a worker does."""

    folder: Path
    factors: Mapping[str, tuple[float, ...]]

    def __call__(self, item: Item) -> dict[str, list[Reading]]:
        outputs, (picture, methods) = OutputFolder(self.folder), item
        truth = Picture(outputs.sample(picture).truth)
        found = {}
        for method in methods:
            output = outputs.output(method, picture)
            lab = lab_of(output)
            lightness = lab[..., 0] / np.float32(100)
            pictures = (  # at 1 the picture stays as it is: one more rounding would move it
                output if factor == 1 else lab_to_rgb(lightness, lab[..., 1:] * np.float32(factor))
                for factor in self.factors[method]
            )
            found[method] = [read_picture(truth, each) for each in pictures]
        return found


def read_factors(
    outputs: OutputFolder, done: Done, ours: str, *, progress: Progress, engine: Engine | None = None
) -> dict[str, Readings]:
    """Each method's outputs with their chroma multiplied: `CURVE_FACTORS` for ours, `RIVAL_FACTORS` for the others."""
    factors = {method: CURVE_FACTORS if method == ours else RIVAL_FACTORS for method in done}
    return read_at(outputs, done, factors, stage="multiplying chroma", progress=progress, engine=engine)


def trace_curve(readings: Readings, pictures: Sequence[str] | None = None) -> list[CurvePoint]:
    """Mean colourfulness, gain and CIEDE2000 by growing factor, over all pictures or over some."""
    means = readings.of(readings.pictures if pictures is None else pictures).mean(axis=0)
    return [CurvePoint(f, *(float(mean) for mean in row)) for f, row in zip(readings.factors, means, strict=True)]


def compare_all(
    outputs: OutputFolder,
    readings: Mapping[str, Readings],
    ours: str,
    *,
    seed: int,
    progress: Progress,
    engine: Engine | None = None,
) -> list[Comparison]:
    """Ours against every other method, over the pictures that both have.

    Our chroma is multiplied so that mean colourfulness is the rival's; rivals that are grey are left out.
    """
    if ours not in readings:
        return []
    comparisons, own = [], set(readings[ours].pictures)
    for rival, read in readings.items():
        common = [picture for picture in read.pictures if picture in own]
        if rival == ours or not common:
            continue
        theirs = read.of(common)[:, read.factors.index(1.0)]
        if theirs[:, 0].mean() < LEAST_CF:
            continue
        factor = factor_for(trace_curve(readings[ours], common), float(theirs[:, 0].mean()))
        stage = f"at the colour of {rival}"
        read_ours = read_at(outputs, {ours: common}, {ours: (factor,)}, stage=stage, progress=progress, engine=engine)
        mine = read_ours[ours].of(common)[:, 0]
        cf = float(mine[:, 0].mean()), float(theirs[:, 0].mean())
        matched = abs(cf[0] - cf[1]) <= MATCHED_WITHIN
        for metric, better in COMPARED.items():
            first, second = (each[:, Reading._fields.index(metric)] for each in (mine, theirs))
            outcome = paired(first, second, better=better, seed=seed)
            means = float(first.mean()), float(second.mean())
            comparisons.append(Comparison(ours, rival, metric, factor, *cf, *means, *outcome[:4], matched))
    return comparisons


def factor_for(curve: Sequence[CurvePoint], cf: float) -> float:
    """The factor on the chroma that gives a mean colourfulness, interpolated on a curve and held at its ends."""
    return float(np.interp(cf, [point.cf for point in curve], [point.factor for point in curve]))


def read_at(
    outputs: OutputFolder,
    done: Done,
    factors: Mapping[str, tuple[float, ...]],
    *,
    stage: str,
    progress: Progress,
    engine: Engine | None = None,
) -> dict[str, Readings]:
    """Each picture at each factor of its method."""
    found = dict(over_pictures(ReadTask(outputs.folder, factors), done, stage, progress, engine))
    values = {method: np.array([found[p][method] for p in pictures], np.float64) for method, pictures in done.items()}
    return {name: Readings(tuple(pictures), factors[name], values[name]) for name, pictures in done.items() if pictures}


def read_picture(truth: Picture, rgb: NDArray[np.uint8]) -> Reading:
    """One output of a method beside its truth."""
    error = float(delta_e00(truth.lab, lab_of(rgb)).mean(dtype=np.float64))
    return Reading(colourfulness(rgb), psnr(truth.rgb, rgb) - truth.grey_psnr, error)
