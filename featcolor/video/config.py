"""What can be set of a film's propagation, in one frozen place, and its presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, kw_only=True)
class FilmConfig:
    """How the frames between key frames get their colour.

    Attributes
    ----------
    size : side of a square with as many pixels as the working frame.
    flow : a name of `refine.flow.FLOWS`.
    guess_step : every how many-th pixel is guessed from the key frames, in both directions.
    guess_pixels : key pixels that the guess compares with.
    guess_refine : a key of `refine.refiners.REFINERS`: how a guess follows edges.
    steady : frames that a guess is averaged over, along the motion.
    seed : of everything random.
    """

    size: int = 384
    flow: str = "dis_fine"
    guess_step: int = 6
    guess_pixels: int = 4608
    guess_refine: str = "joint_bilateral"
    steady: int = 10
    seed: int = 0


FILM_PRESETS: Final[Mapping[str, FilmConfig]] = MappingProxyType(
    {
        "fast": FilmConfig(
            size=256, flow="dis_medium", guess_step=10, guess_pixels=2304, guess_refine="fast_global_smoother"
        ),
        "balanced": FilmConfig(),
    }
)
"""Named trade-offs of quality against time, measured in benchmarks/README.md."""
DEFAULT_FILM_PRESET: Final = "balanced"
