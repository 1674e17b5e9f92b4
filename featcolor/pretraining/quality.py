"""A colour network on pictures kept back: its quality, and the temperature and saturation that suit it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.colour.measures import colourfulness, mean_delta_e00
from featcolor.models.fit_report import as_table, score
from featcolor.regression.bins import CELL_WIDTH, SIGMA_IN_WIDTHS, soft_encode
from features.base import FloatArray, IndexArray
from features.colournet import ColourMaps, ColourNetwork

TEMPERATURES: Final = (0.4, 0.5, 0.6, 0.75, 1.0)
SATURATIONS: Final = (0.5, 1.0, 1.5, 2.0)
"""The grid: colourfulness is measured at these saturations and goes straight between them."""
COLOURFUL: Final = 0.75
"""Share of the truth's mean colourfulness that the saturation is chosen for, unless another is asked for."""
DEFAULT_SETTINGS: Final = (0.6, 1.2)
"""Temperature and saturation of a network without pictures kept back to choose them on."""
LARGEST_GAIN: Final = 40.0
"""dB."""
MOST_MEASURED: Final = 400
"""Pictures."""
PIXEL_STEP: Final = 4
"""The cross entropy is that of every fourth pixel, both ways."""


@dataclass(frozen=True)
class Look:
    """One picture kept back, with what the network makes of it.

    Attributes
    ----------
    rgb : (H, W, 3) uint8, the truth.
    lightness : (H, W) float32, what the network sees of it.
    chroma : by temperature, (H, W, 2) float16 (200 pictures in 32 bits would take half of a gigabyte).
    cross_entropy : of the true colour under the network's distribution, mean over pixels, in nats.
    """

    rgb: NDArray[np.uint8]
    lightness: FloatArray
    chroma: dict[float, NDArray[np.float16]]
    cross_entropy: float

    @classmethod
    def at(cls, rgb: NDArray[np.uint8], network: ColourNetwork, temperatures: Sequence[float]) -> Look:
        """The network's look at a colour picture (H, W, 3), in one view.

        `PretrainedColorizer` averages two, one of them finer than the pictures of a training are kept.
        """
        lightness, truth = rgb_to_lab(rgb)
        maps = network.maps(lightness)
        size = (rgb.shape[0], rgb.shape[1])
        chroma = {each: maps.at_size(maps.chroma(each, 1.0)[0], size).astype(np.float16) for each in temperatures}
        return cls(rgb, lightness, chroma, _cross_entropy(maps, truth))

    def coloured(self, temperature: float, saturation: float) -> NDArray[np.uint8]:
        """The picture in the network's colours, not refined."""
        return lab_to_rgb(self.lightness, self.chroma[temperature].astype(np.float32) * np.float32(saturation))


def pick(held: IndexArray) -> IndexArray:
    """Pictures kept back that are measured: `MOST_MEASURED` at most, evenly."""
    return held[:: -(-len(held) // MOST_MEASURED) or 1]


def _cross_entropy(maps: ColourMaps, truth: FloatArray) -> float:
    grid = np.mgrid[0 : truth.shape[0] : PIXEL_STEP, 0 : truth.shape[1] : PIXEL_STEP].reshape(2, -1).T
    logits = maps.sample_logits(np.ascontiguousarray(grid, np.intp)).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    log_shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    soft = soft_encode(truth[tuple(grid.T)], maps.cells, sigma=SIGMA_IN_WIDTHS * CELL_WIDTH)
    return float(-(soft.weights * np.take_along_axis(log_shares, soft.indices, axis=1)).sum(axis=1).mean())


def choose_settings(
    looks: Sequence[Look],
    *,
    temperature: float | None,
    saturation: float | None,
    share: float,
    progress: Callable[[int, int], None],
) -> tuple[float, float]:
    """Temperature and saturation of a network.

    For each temperature of the grid, the saturation at which the mean colourfulness is `share` of the truth's (the
    largest of the grid where none reaches it); of these pairs, the one of the least mean CIEDE2000. A value that is
    given stays.
    """
    if temperature is not None and saturation is not None:
        return temperature, saturation
    if not looks:
        return temperature or DEFAULT_SETTINGS[0], DEFAULT_SETTINGS[1] if saturation is None else saturation
    wanted = share * float(np.mean([colourfulness(look.rgb) for look in looks]))
    temperatures = temperatures_for(temperature)
    found: list[tuple[float, float, float]] = []
    for number, each in enumerate(temperatures):
        factor = _saturation_for(looks, each, wanted) if saturation is None else saturation
        error = float(np.mean([mean_delta_e00(look.rgb, look.coloured(each, factor)) for look in looks]))
        found.append((error, each, factor))
        progress(number + 1, len(temperatures))
    return min(found)[1:]


def temperatures_for(given: float | None) -> tuple[float, ...]:
    """The grid, or the one that was given."""
    return TEMPERATURES if given is None else (given,)


def _saturation_for(looks: Sequence[Look], temperature: float, wanted: float) -> float:
    """Saturation at which the mean colourfulness, which rises with it, passes the wanted one; in hundredths."""
    reached = [np.mean([colourfulness(look.coloured(temperature, each)) for look in looks]) for each in SATURATIONS]
    return round(float(np.interp(wanted, np.maximum.accumulate(reached), SATURATIONS)), 2)


def measure(
    looks: Sequence[Look], sources: Sequence[str], constant: FloatArray, temperature: float, saturation: float
) -> dict[str, Any]:
    """Quality as a card tells it, in JSON's types; empty without pictures.

    `quality` is a table as of `featcolor.models.fit_report.FitReport`, `sources_held_back` one of this network by
    source: number of pictures, gain over grey in dB, colourfulness, and the gain of one constant colour (2,), the mean
    chroma.
    """
    if not looks:
        return {}
    constant = np.asarray(constant, np.float32)
    values = np.array(
        [score(look.rgb, look.lightness, look.coloured(temperature, saturation), constant) for look in looks]
    )
    # a picture that comes out exact must not carry the mean away
    values[:, :, 1] = np.minimum(values[:, :, 1], LARGEST_GAIN)
    values[:, :, 0] = values[:, 1:2, 0] + values[:, :, 1]
    by_source = {}
    for source in sorted(set(sources)):
        own = values[[each == source for each in sources]]
        means = own.mean(axis=0)
        by_source[source or "."] = {
            "pictures": len(own),
            "gain": round(float(means[0, 1]), 3),
            "colourfulness": round(float(means[0, 3]), 2),
            "constant_gain": round(float(means[2, 1]), 3),
        }
    return {
        "cross_entropy": round(float(np.mean([look.cross_entropy for look in looks])), 4),
        "quality": as_table(np.round(values.mean(axis=0), 4)),
        "truth_colourfulness": round(float(np.mean([colourfulness(look.rgb) for look in looks])), 3),
        "sources_held_back": by_source,
    }
