"""Hints: points and strokes with a colour, as a person gives them, as JSON keeps them, and as pixels of a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import cv2
import numpy as np

from featcolor.errors import UsageError
from featcolor.files import write_json
from featcolor.hints.colours import hex_of, parse_colour
from featcolor.hints.pixels import HintPixels

VERSION: Final = 1
"""Of the JSON; what is newer is refused."""
SUFFIX: Final = ".hints.json"
MOST_POINTS: Final = 10_000
"""Of all hints of a picture together: more is a painting, which a painted picture says better."""
LARGEST_SIDE: Final = 65_535
"""Pixels; what no picture has."""


@dataclass(frozen=True)
class Hint:
    """One colour, at a point or along a stroke.

    Attributes
    ----------
    points : ((x, y), ...), pixels from the top left, one at least; several are joined by straight lines
    colour : "#rrggbb" or whatever `featcolor.hints.colours.parse_colour` knows, kept as "#rrggbb"; its hue and
        saturation count, at the lightness of the place. What is grey keeps the place grey.
    radius : pixels around the points that have the colour too, 0 for the pixel alone

    Raises
    ------
    UsageError : when it is no such thing
    """

    points: tuple[tuple[float, float], ...]
    colour: str
    radius: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "colour", hex_of(parse_colour(self.colour)))
        points = tuple((float(x), float(y)) for x, y in self.points)
        object.__setattr__(self, "points", points)
        if not points:
            raise UsageError("a hint needs one point at least")
        if not all(math.isfinite(value) and 0 <= value <= LARGEST_SIDE for point in points for value in point):
            raise UsageError("a hint's points must be pixels from 0, x then y")
        if not (math.isfinite(self.radius) and 0 <= self.radius <= LARGEST_SIDE):
            raise UsageError(f"a hint's radius must be a number of pixels from 0, got {self.radius}")


@dataclass(frozen=True)
class Hints:
    """All hints of one picture.

    Attributes
    ----------
    hints : their order does not matter
    size : (width, height) that the points are pixels of; None: of the picture whatever it is
    """

    hints: tuple[Hint, ...] = ()
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", tuple(self.hints))
        if sum(len(hint.points) for hint in self.hints) > MOST_POINTS:
            raise UsageError(f"hints may have {MOST_POINTS:,} points in all; paint a picture to say more")

    def pixels(self, shape: tuple[int, int]) -> HintPixels:
        """The hints as pixels of a picture (H, W); UsageError for a point that is outside."""
        height, width = shape
        scale = (1.0, 1.0) if self.size is None else (width / self.size[0], height / self.size[1])
        parts = []
        for hint in self.hints:
            points = (np.array(hint.points) + 0.5) * scale - 0.5
            yx = _covered(points, hint.radius * float(np.sqrt(scale[0] * scale[1])), shape)
            parts.append(HintPixels(yx, np.repeat([parse_colour(hint.colour)], len(yx), axis=0)))
        return HintPixels.together(parts)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "version": VERSION,
            **({} if self.size is None else {"size": list(self.size)}),
            "hints": [
                {
                    "points": [list(point) for point in hint.points],
                    "colour": hint.colour,
                    **({"radius": hint.radius} if hint.radius else {}),
                }
                for hint in self.hints
            ],
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; UsageError for what is no such thing."""
        try:
            if content["version"] > VERSION:
                raise UsageError(f"hints of a newer featcolor (version {content['version']}, {VERSION} is known)")
            size = content.get("size")
            hints = tuple(
                Hint(tuple(map(tuple, each["points"])), each["colour"], float(each.get("radius", 0.0)))
                for each in content["hints"]
            )
            return cls(hints, None if size is None else (int(size[0]), int(size[1])))
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"no hints: {error}") from error

    def write(self, path: Path) -> None:
        """One JSON file, written beside its place and then renamed."""
        write_json(path, self.to_dict(), indent=2)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The hints in a JSON file; UsageError, naming it, for what is none."""
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}: {error}") from error


def _covered(points: np.ndarray[Any, Any], radius: float, shape: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Pixels (n, 2), row and column, that a stroke covers."""
    height, width = shape
    places = np.rint(points).astype(int)
    for (x, y), (u, v) in zip(points, places, strict=True):
        if not (0 <= u < width and 0 <= v < height):
            raise UsageError(f"the point {x:g},{y:g} is outside the picture, which has {width} x {height} pixels")
    mask = np.zeros(shape, np.uint8)
    thickness = 1 + 2 * round(radius)
    cv2.polylines(mask, [places.astype(np.int32)[:, None]], False, 1, thickness)
    for u, v in places:
        cv2.circle(mask, (int(u), int(v)), round(radius), 1, -1)
    return np.argwhere(mask)
