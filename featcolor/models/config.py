"""Settings of a colorizer, frozen, and the presets; the command line takes its defaults from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Final, Self

from featcolor.colour.film_stock import FILM_STOCKS
from featcolor.errors import unknown
from refine.refiners import REFINERS
from refine.upsample import UPSAMPLERS

HEADS: Final = ("bins", "mean")
SOLVERS: Final = ("mlp", "ridge")
COLOURING_OPTIONS: Final = (
    "refine",
    "upsample",
    "temperature",
    "saturation",
    "vivid",
    "warmth",
    "size",
    "step",
    "mirrored",
)
"""What may be changed after fitting."""
AUTO: Final = "auto"
"""The saturation that stands for `vivid`."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Frozen settings that JSON gives back; an unknown name, another type or a value out of range is a ValueError."""

    def check(self, ranges: Iterable[tuple[str, float, float]]) -> None:
        """ValueError unless all are of the type of their defaults (a file may hold anything), and within the ranges."""
        for field in fields(self):
            value, kind = getattr(self, field.name), type(field.default)
            allowed = (int, float) if kind is float else kind
            if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
                raise ValueError(f"{field.name} must be a {kind.__name__}, got {value!r}")
        for name, low, high in ranges:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be {low} to {high}, got {getattr(self, name)}")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        known = {field.name for field in fields(cls)}
        for name in sorted(set(settings) - known):
            raise ValueError(unknown("setting", name, known))
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class ColorizerConfig(Settings):
    """Settings of a `Colorizer`.

    Attributes
    ----------
    features : list of extractors, see `features.spec`.
    size : side of a square with as many pixels as the working picture. Not the longest side: the cost and the scale
        of things then depend less on the picture's shape.
    step : chroma is predicted at every step-th working pixel in both directions.
    pixels : training pixels of each reference.
    views : ways in which each reference is seen; its pixels are shared out among them. The first is as it is, the
        others are mirrored, rescaled and changed in tone, grain and blur at random.
    head, solver, hidden, members, epochs, dropout, rebalance : see `featcolor.regression.regressor.ChromaRegressor`.
    clusters : groups of similar references with a regressor each (Cheng et al. 2015); 0 or 1 for one regressor.
    film : film stock that turns the references grey, a key of `featcolor.colour.film_stock.FILM_STOCKS`.
    holdout : share of the references held back for early stopping and for the quality that is reported.
    refine, upsample : keys of `refine.refiners.REFINERS` and `refine.upsample.UPSAMPLERS`.
    temperature : sharpens (below 1) the distribution of the bins head.
    saturation : factor on the predicted chroma.
    vivid : scale each picture's chroma towards what its scene lets expect, see `featcolor.models.vividness`; of what a
        colour network gives, and only where its file knows how.
    warmth : -1..1, the light that the colours are seen in: below 0 cooler, above warmer, see `featcolor.colour.warmth`.
    mirrored : predict on the mirrored picture too and average.
    seed : of everything random.
    """

    features: str = "patch:3,daisy,context,position,embedding"
    size: int = 288
    step: int = 6
    pixels: int = 400
    views: int = 2
    head: str = "bins"
    solver: str = "mlp"
    hidden: tuple[int, ...] = (256, 128)
    members: int = 2
    epochs: int = 2
    dropout: float = 0.4
    rebalance: float = 0.25
    clusters: int = 0
    film: str = "none"
    holdout: float = 0.1
    refine: str = "bilateral_grid"
    upsample: str = "guided"
    temperature: float = 0.6
    saturation: float = 1.0
    vivid: bool = False
    warmth: float = 0.0
    mirrored: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        self.check(RANGES)
        if not all(type(width) is int and 1 <= width <= WIDEST for width in self.hidden):
            raise ValueError(f"hidden must be widths of 1 to {WIDEST}, got {self.hidden}")
        for name, table in (
            ("head", HEADS),
            ("solver", SOLVERS),
            ("film", FILM_STOCKS),
            ("refine", REFINERS),
            ("upsample", UPSAMPLERS),
        ):
            if getattr(self, name) not in table:
                raise ValueError(f"{name} must be one of {', '.join(table)}; got {getattr(self, name)!r}")
        if self.solver == "ridge" and self.head != "mean":
            raise ValueError("the solver ridge has the head mean only")

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; without a warmth of 0, since programs that know no warmth read files without it."""
        return {name: value for name, value in super().to_dict().items() if name != "warmth" or value}

    def with_options(self, **options: Any) -> Self:
        """The same but for what may be changed at colouring time.

        Saturation "auto" is 1 and `vivid`; a number is that factor for all pictures, unless `vivid` is named too.
        """
        if options.get("saturation") == AUTO:
            options |= {"saturation": 1.0, "vivid": True}
        elif "saturation" in options:
            options = {"vivid": False, **options}
        for name in sorted(set(options) - set(COLOURING_OPTIONS)):
            if hasattr(self, name):
                raise ValueError(f"{name} is fixed at fitting; changeable are {', '.join(COLOURING_OPTIONS)}")
            raise ValueError(unknown("option", name, COLOURING_OPTIONS))
        return replace(self, **options)


WIDEST: Final = 8192
"""Units of a hidden layer at most."""
SHARPEST: Final = 0.05
RANGES: Final = (
    ("size", 32, 2048),
    ("step", 1, 16),
    ("pixels", 1, 100_000),
    ("views", 1, 16),
    ("members", 1, 16),
    ("epochs", 1, 1000),
    ("dropout", 0.0, 0.9),
    ("rebalance", 0.0, 2.0),
    ("clusters", 0, 64),
    ("holdout", 0.0, 0.5),
    ("temperature", SHARPEST, 5.0),
    ("saturation", 0.0, 5.0),
    ("warmth", -1.0, 1.0),
)
"""Setting, smallest and largest value."""

PRESETS: Final[Mapping[str, ColorizerConfig]] = MappingProxyType(
    {
        "fast": ColorizerConfig(
            features="context,position,embedding", size=224, step=8, pixels=200, views=1, members=1
        ),
        "balanced": ColorizerConfig(),
        "best": ColorizerConfig(step=4, pixels=800, views=4, members=4, mirrored=True),
    }
)
"""Named trade-offs of quality against time; "balanced" is the one that benchmarks/README.md measures."""
DEFAULT_PRESET: Final = "balanced"


def temperature_of(boldness: float) -> float:
    """The temperature that people ask for as a boldness: 0 mild, the mean of the likely colours, 1 bold, the likeliest.

    >>> temperature_of(0.6), temperature_of(1)
    (0.4, 0.05)
    """
    if not 0 <= boldness <= 1:
        raise ValueError(f"boldness must be 0 (mild) to 1 (bold), got {boldness:g}")
    return max(SHARPEST, boldness_of(boldness))


def boldness_of(temperature: float) -> float:
    """The inverse of `temperature_of`, but for what is sharper than any temperature."""
    return round(1.0 - temperature, 6)
