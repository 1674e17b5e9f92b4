"""The default model without references on sets of photographs, and the grid that its settings are chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import Sample
from benchmarks.default_parts import (
    SETS,
    RowResult,
    StudySettings,
    colour_by,
    constant_chroma,
    held_back_paths,
    open_default,
)
from benchmarks.default_scores import MEASURES, Rgb, Table, measure, score, show, table_of, table_of_pairs
from benchmarks.pictures import Picture
from featcolor.errors import UsageError
from featcolor.measures import is_grey
from featcolor.parallel import available_cores
from featcolor.pretrained import PretrainedColorizer
from featcolor.spaces import lab_to_rgb, lightness_of
from featcolor.stills import StillColorizer
from features.base import FloatArray
from features.colournet import ColourMaps, ColourNetwork

WANTED_CF: Final = (25.0, 30.0)
"""Colourfulness at which settings are compared, besides that of the truth."""
FACTORS: Final = (0.7, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""On the default's saturation, for what it would measure were it as colourful as wanted."""
KEPT_MAPS: Final = 2
"""A picture's maps and its mirror's."""


@dataclass(frozen=True)
class Reading:
    """Means over a set of one way to read the model: columns as `MEASURES`.

    `saturation` is the whole factor on the chroma of the logits, as a colour network's file holds it.
    """

    temperature: float
    saturation: float
    gain: float
    cf: float
    delta_e00: float


def measure_bsds(settings: StudySettings) -> RowResult:
    """Gain over grey, CF and ΔE00 on BSDS test."""
    return measure_set(settings, "bsds")


def measure_imagenet(settings: StudySettings) -> RowResult:
    """Gain over grey, CF and ΔE00 on every fourth ImageNet photograph."""
    return measure_set(settings, "imagenet")


def measure_set(settings: StudySettings, name: str) -> RowResult:
    """The default on one set, as it is and with its chroma multiplied until it is as colourful as wanted."""
    samples = SETS[name](settings)
    default = open_default(settings)
    scores = measure(samples, {"default": colour_by(default)})
    result = RowResult(scores={name: scores})
    result.tables.append(table_of(scores, name, seed=settings.seed))
    saturation = default.config.saturation * own_saturation(default)
    readings = read_grid(samples, default, [default.config.temperature], [saturation * factor for factor in FACTORS])
    result.tables.append(equal_colour_table(f"{name}, chroma multiplied", readings, float(scores.truth_cf.mean())))
    return result


def measure_corpus(settings: StudySettings) -> RowResult:
    """Pictures held back from training, by source, beside one constant colour: the training pictures' mean chroma."""
    samples = SETS["corpus"](settings)
    mean = constant_chroma(settings, held_back_paths(settings))

    def constant(sample: Sample) -> Rgb:
        rgb: Rgb = lab_to_rgb(lightness_of(sample.grey), np.broadcast_to(mean, (*sample.grey.shape, 2)).copy())
        return rgb

    scores = measure(samples, {"constant": constant, "default": colour_by(open_default(settings))})
    places = sorted(range(len(scores.pictures)), key=lambda row: _source_of(scores.pictures[row]))
    lines = []
    for source, rows in groupby(places, key=lambda row: _source_of(scores.pictures[row])):
        part = scores.select(list(rows))
        gain = part.compare("default", "constant", "gain", seed=settings.seed)
        lines.append(
            (
                source,
                str(len(part.pictures)),
                f"{part.truth_cf.mean():.1f}",
                f"{part.mean('default', 'cf'):.1f}",
                f"{part.mean('default', 'gain'):+.2f}",
                f"{part.mean('constant', 'gain'):+.2f}",
                show(gain, sign=True),
                f"{part.mean('default', 'delta_e00'):.2f}",
                f"{part.mean('constant', 'delta_e00'):.2f}",
                f"{part.mean('grey', 'delta_e00'):.2f}",
            )
        )
    below = [line[0] for line in lines if float(line[4]) < float(line[5])]
    head = ("source", "n", "CF truth", "CF", "gain, dB", "constant's", "difference", "ΔE00", "constant's", "grey's")
    return RowResult(
        tables=[
            table_of(scores, "corpus, held back", seed=settings.seed),
            table_of_pairs(scores, [("default", "constant")], "all sources", seed=settings.seed),
            Table("by source", head, tuple(lines)),
        ],
        notes=[
            f"mean chroma of the training pictures: a* {mean[0]:.1f}, b* {mean[1]:.1f}",
            f"sources below constant mean chroma by gain: {', '.join(below) or 'none'}",
        ],
        scores={"corpus": scores},
    )


def measure_grid(settings: StudySettings) -> RowResult:
    """Every temperature and saturation on every set of `settings.sets`: forward once a picture, read many times."""
    result, default = RowResult(), open_default(settings)
    for name in settings.sets:
        if name not in SETS:
            raise UsageError(f"there is no set {name!r} to try settings on; choose from {', '.join(SETS)}")
        samples = [sample for sample in SETS[name](settings) if not is_grey(sample.truth)]
        readings = read_grid(samples, default, settings.temperatures, settings.saturations)
        truth_cf = float(np.mean([Picture(sample.truth).colourfulness for sample in samples]))
        lines = [
            (
                f"{each.temperature:g}",
                f"{each.saturation:g}",
                f"{each.gain:+.2f}",
                f"{each.cf:.1f}",
                f"{each.cf - truth_cf:+.1f}",
                f"{each.delta_e00:.2f}",
            )
            for each in readings
        ]
        title = f"{name}: {len(samples)} pictures, CF of the truth {truth_cf:.1f}"
        head = ("temperature", "saturation", "gain, dB", "CF", "CF − truth's", "ΔE00")
        result.tables += [Table(title, head, tuple(lines)), equal_colour_table(name, readings, truth_cf)]
        result.facts[name] = {"truth_cf": truth_cf, "readings": [vars(each) for each in readings]}
    return result


def read_grid(
    samples: Sequence[Sample], colorizer: StillColorizer, temperatures: Sequence[float], saturations: Sequence[float]
) -> list[Reading]:
    """Means over the samples whose truth has colour, by temperature, then saturation.

    The chroma of one temperature is worked out once a picture at saturation 1, and multiplied.
    """
    colorizer, own = keep_maps(colorizer), own_saturation(colorizer)
    read = {t: colorizer.with_options(temperature=t, saturation=1.0) for t in temperatures}
    values: list[NDArray[np.float64]] = []
    with ThreadPoolExecutor(available_cores()) as pool:
        for sample in samples:
            if is_grey(sample.truth):
                continue
            truth, lightness = Picture(sample.truth), lightness_of(sample.grey)
            score(truth, sample.truth)  # what is kept of the truth is made before threads ask for it
            waiting = []
            for t in temperatures:
                chroma = read[t].predict(lightness)
                waiting += [pool.submit(_read, truth, lightness, chroma, s / own) for s in saturations]
            values.append(np.array([each.result() for each in waiting]))
    means = np.mean(values, axis=0)
    labels = [(t, s) for t in temperatures for s in saturations]
    return [
        Reading(t, s, **dict(zip(MEASURES, map(float, row), strict=True)))
        for (t, s), row in zip(labels, means, strict=True)
    ]


class KeptMaps:
    """A colour network that keeps the maps of the last `KEPT_MAPS` pictures."""

    def __init__(self, network: ColourNetwork) -> None:
        self.network, self.info = network.network, network.info
        self._network = network
        self._kept: dict[bytes, ColourMaps] = {}

    def maps(self, lightness: FloatArray, *, scale: float = 1.0) -> ColourMaps:
        """The network's, from before where it has seen the picture at this scale."""
        key = repr((lightness.shape, scale)).encode() + np.ascontiguousarray(lightness).tobytes()
        if key not in self._kept:
            if len(self._kept) >= KEPT_MAPS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = self._network.maps(lightness, scale=scale)
        return self._kept[key]


def keep_maps(colorizer: StillColorizer) -> StillColorizer:
    """The colorizer; the network of one that is a colour network sees each picture and its mirror once."""
    if not isinstance(colorizer, PretrainedColorizer):
        return colorizer
    kept = copy(colorizer)
    kept.network = KeptMaps(colorizer.network)  # type: ignore[assignment]  # it does what is asked of one here
    return kept


def own_saturation(colorizer: StillColorizer) -> float:
    """The factor on the chroma that a colour network's file holds, which a colorizer's own setting comes on top of."""
    return colorizer.network.info.saturation if isinstance(colorizer, PretrainedColorizer) else 1.0


def equal_colour_table(title: str, readings: Sequence[Reading], truth_cf: float) -> Table:
    """Each temperature at equal colourfulness, interpolated between saturations: which loses least."""
    lines = []
    for wanted, label in (*((cf, f"{cf:g}") for cf in WANTED_CF), (truth_cf, f"{truth_cf:.1f}, the truth's")):
        for temperature, group in groupby(readings, key=lambda each: each.temperature):
            rows = sorted(group, key=lambda each: each.cf)
            cfs = [each.cf for each in rows]
            if not cfs[0] <= wanted <= cfs[-1]:
                lines.append((label, f"{temperature:g}", "beyond the grid", "–", "–"))
                continue
            saturation, gain, error = (
                float(np.interp(wanted, cfs, [getattr(each, key) for each in rows]))
                for key in ("saturation", "gain", "delta_e00")
            )
            lines.append((label, f"{temperature:g}", f"{saturation:.2f}", f"{gain:+.2f}", f"{error:.2f}"))
    head = ("at CF", "temperature", "saturation", "gain, dB", "ΔE00")
    return Table(f"{title}, at equal colourfulness", head, tuple(lines))


def _read(truth: Picture, lightness: FloatArray, chroma: FloatArray, factor: float) -> list[float]:
    return score(truth, lab_to_rgb(lightness, chroma * np.float32(factor)))


def _source_of(name: str) -> str:
    """The source that a corpus picture's name begins with."""
    return name.split("/", 1)[0]
