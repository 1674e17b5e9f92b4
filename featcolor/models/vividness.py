"""Vividness by picture: how colourful a scene of its kind would be, and chroma scaled towards that.

A network that is not sure gives the mean of the likely colours, which is paler than each of them, and how much paler
depends on the picture. What its file says of it, in the key `vividness` of `featcolor.colour`, is a ridge regression of
log(1 + CF) of the true picture (Hasler and Suesstrunk's colourfulness) on the scene and on the network's own output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lab_to_rgb
from featcolor.colour.measures import colourfulness
from features.base import FloatArray

EVERY: Final = 3
"""Of the working picture every third pixel, both ways, is looked at: a mean over some thousand pixels needs no more."""
QUANTILES: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
TONES: Final = (0.05, 0.5, 0.95)
"""Quantiles of chroma, and of lightness."""
ROUNDS: Final = 3
"""Of the search for the factor."""
SLIGHT: Final = 0.01
"""A colourfulness that is none."""
LARGEST_FACTOR: Final = 2.4
"""Up to 2.45 `scale_chroma` keeps the order of two chromas of one hue and lightness."""

WAY: Final = 0.7
"""How far log CF of a picture is brought from what it is to what is expected: both tell something of the truth."""
NEUTRAL: Final = 5.0
"""Chroma at which half is added: what is nearly grey is mostly grey in truth, a road, a suit, a wall."""
CEILING: Final = 90.0
"""Chroma from which on nothing is added, so that what is vivid already stays as it is."""
SKY: Final = 38.0
"""The same for light blue: a clear sky's is rarely higher."""
SKIN: Final = 32.0
"""The same for orange, the hue of skin of all tones."""
BLUE: Final = (0.2, 0.6)
"""Of -b*/C: from where to where a hue comes to count as blue."""
LIGHT: Final = (0.4, 0.6)
"""The lightness, 0..1, from where to where blue comes to count as a sky."""
ORANGE: Final = (55.0, 35.0)
"""Degrees: the middle of orange, and how far it reaches."""
DARK: Final = 0.3
"""Lightness below which less is added: chroma is hard to see there, and noise is not."""
WHITE: Final = (0.9, 0.98)
"""Lightness over which the addition fades out."""


@dataclass(frozen=True)
class Vividness:
    """How a network's output is brought to a scene's own colourfulness.

    Attributes
    ----------
    weights : (d,) float64, of the scene's embedding, then of `statistics`
    bias : float
    lowest, highest : factor on the chroma
    """

    weights: NDArray[np.float64]
    bias: float
    lowest: float
    highest: float

    @classmethod
    def from_dict(cls, content: Any, channels: int) -> Self:
        """The inverse of `to_dict` for a network of so many channels; ValueError for what is no such thing."""
        try:
            weights = np.array(content["weights"], np.float64)
            bias, lowest, highest = (float(content[name]) for name in ("bias", "lowest", "highest"))
        except (LookupError, OverflowError, TypeError, ValueError) as error:
            raise ValueError("damaged: its vividness is not weights, a bias and two factors") from error
        if weights.shape != (channels + len(STATISTICS),) or not np.isfinite([*weights, bias]).all():
            raise ValueError(f"damaged: its vividness needs {channels + len(STATISTICS)} weights, and a bias")
        if not 0 <= lowest <= 1 <= highest <= LARGEST_FACTOR:
            raise ValueError(f"damaged: its vividness goes from {lowest} to {highest}")
        return cls(weights, bias, lowest, highest)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, and as the file of a network does."""
        weights = [float(f"{weight:.5g}") for weight in self.weights]
        return {"weights": weights, "bias": round(self.bias, 5), "lowest": self.lowest, "highest": self.highest}

    def apply(self, chroma: FloatArray, confidence: FloatArray, lightness: FloatArray, scene: FloatArray) -> FloatArray:
        """The chroma of a picture as vivid as its scene lets expect, within the bounds.

        Parameters
        ----------
        chroma : (h, w, 2)
        confidence, lightness : (h, w), 0..1
        scene : (C,), see `features.colournet.ColourNetwork.scene`
        """
        some, sure, tones = few_of(chroma, confidence, lightness)
        return scale_chroma(chroma, lightness, self.factor(some, sure, tones, scene))

    def factor(self, chroma: FloatArray, confidence: FloatArray, lightness: FloatArray, scene: FloatArray) -> float:
        """The factor for `scale_chroma` by some pixels of a picture, as of `few_of`."""
        values = np.concatenate([scene, statistics(chroma, confidence, lightness)])
        expected = float(np.exp(values @ self.weights + self.bias)) - 1
        wanted, factor = 0.0, 1.0
        for number in range(ROUNDS):
            reached = colourfulness(lab_to_rgb(lightness, scale_chroma(chroma, lightness, factor)))
            if number == 0:
                wanted = reached * ((max(expected, 0.0) + SLIGHT) / (reached + SLIGHT)) ** WAY
            # What is held back answers less than in proportion; a step too far is taken back in the next round.
            factor *= (wanted + SLIGHT) / (reached + SLIGHT)
            factor = min(max(factor, self.lowest), self.highest)
            if number == 0 and factor <= 1:
                break
        return factor


STATISTICS: Final = (
    "log_colourfulness",
    *(f"log_chroma_{share}" for share in QUANTILES),
    *("mean_a", "mean_b", "spread_a", "spread_b", "mean_confidence", "spread_confidence"),
    *("mean_lightness", "spread_lightness", *(f"lightness_{share}" for share in TONES)),
)
"""Names of what `statistics` gives."""


def few_of(*planes: FloatArray) -> tuple[FloatArray, ...]:
    """Every `EVERY`-th pixel of planes, both ways."""
    return tuple(np.ascontiguousarray(plane[::EVERY, ::EVERY], np.float32) for plane in planes)


def statistics(chroma: FloatArray, confidence: FloatArray, lightness: FloatArray) -> NDArray[np.float64]:
    """What the output says of itself, `STATISTICS`, (d,) float64: all of about the same size."""
    ab = chroma.reshape(-1, 2).astype(np.float64)
    magnitude = np.log1p(np.quantile(np.hypot(ab[:, 0], ab[:, 1]), QUANTILES))
    return np.array(
        [
            np.log1p(colourfulness(lab_to_rgb(lightness, chroma))),
            *magnitude,
            *(ab.mean(axis=0) / 20),
            *(ab.std(axis=0) / 10),
            *(each(plane, dtype=np.float64) for plane in (confidence, lightness) for each in (np.mean, np.std)),
            *np.quantile(lightness, TONES),
        ]
    )


def scale_chroma(chroma: FloatArray, lightness: FloatArray, factor: float) -> FloatArray:
    """Chroma (h, w, 2) times a factor; of one above 1 little is left where more would look wrong.

    The addition fades out towards grey, towards a ceiling, lower for light blue (skies) and orange (skin), and towards
    white and black. Hue stays, and of two chromas of one hue and lightness the higher stays the higher.
    """
    if factor <= 1:
        return np.asarray(chroma * np.float32(factor))
    a, b = chroma[..., 0], chroma[..., 1]
    magnitude = np.hypot(a, b) + np.float32(1e-6)
    ceiling = CEILING + (SKY - CEILING) * _rise(-b / magnitude, *BLUE) * _rise(lightness, *LIGHT)
    middle, reach = ORANGE
    aside = np.abs(np.degrees(np.arctan2(b, a)) - np.float32(middle)) / np.float32(reach)
    orange = _rise(np.asarray(1 - aside, np.float32), 0, 1)
    np.minimum(ceiling, CEILING + (SKIN - CEILING) * orange, out=ceiling)
    share = magnitude / (magnitude + np.float32(NEUTRAL)) * (1 - _rise(magnitude / ceiling, 0, 1))
    share *= (1 - _rise(lightness, *WHITE)) * np.clip(lightness / np.float32(DARK), 0, 1)
    return np.asarray(chroma * (1 + (factor - 1) * share)[..., None], np.float32)


def _rise(values: FloatArray, low: float, high: float) -> FloatArray:
    """0 up to `low`, 1 from `high` on, smooth between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def read_vividness(content: Mapping[str, Any] | None, channels: int) -> Vividness | None:
    """What a network's file says of vividness; None where it says nothing."""
    return None if content is None else Vividness.from_dict(content, channels)
