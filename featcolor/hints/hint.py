"""Hints: points and strokes with a colour, as a person gives them, as JSON keeps them, and as pixels of a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.errors import UsageError, reason
from featcolor.files import write_json
from featcolor.hints.colours import hex_of, parse_colour
from featcolor.hints.pixels import MOST_PIXELS, HintPixels, same_shape

VERSION: Final = 1
"""Of the JSON; what is newer is refused."""
SUFFIX: Final = ".hints.json"
MOST_POINTS: Final = 10_000
"""Of all hints of a picture together: more is a painting, which a painted picture says better."""
MOST_BYTES: Final = 4 * 2**20
"""Of a JSON file: ten times what so many points take."""
LARGEST_SIDE: Final = 300_000
"""Pixels; no longer side is read."""


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
        object.__setattr__(self, "points", _points(self.points))
        object.__setattr__(self, "radius", _pixels(self.radius, "a hint's radius"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a person types: X,Y=COLOUR or X,Y,RADIUS=COLOUR, or several points with spaces between, a stroke.

        >>> Hint.parse("10,20 40,25,3=navy").points
        ((10.0, 20.0), (40.0, 25.0))
        """
        places, equals, colour = text.rpartition("=")
        try:
            numbers = [[float(number) for number in place.split(",")] for place in places.split()]
        except ValueError:
            numbers = []
        if not equals or not numbers or not all(len(place) in (2, 3) for place in numbers):
            raise UsageError(
                f"--hint {text!r:.80}: X,Y=COLOUR is wanted, such as 320,410=navy; X,Y,RADIUS=COLOUR is a spot, and "
                "'X,Y X,Y=COLOUR' a stroke"
            )
        try:
            radius = max(place[2] if place[2:] else 0.0 for place in numbers)
            return cls(tuple((x, y) for x, y, *_ in numbers), colour, radius)
        except UsageError as error:
            raise UsageError(f"--hint {text!r:.80}: {error}") from error


@dataclass(frozen=True)
class Hints:
    """All hints of one picture.

    Attributes
    ----------
    hints : their order does not matter
    size : (width, height) that the points are pixels of; None: of the picture whatever it is

    Raises
    ------
    UsageError : when it is no such thing
    """

    hints: tuple[Hint, ...] = ()
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        hints = tuple(self.hints)
        if not all(isinstance(hint, Hint) for hint in hints):
            raise UsageError("hints must be a list of hints")
        object.__setattr__(self, "hints", hints)
        object.__setattr__(self, "size", _size(self.size))
        if sum(len(hint.points) for hint in hints) > MOST_POINTS:
            raise UsageError(f"hints may have {MOST_POINTS:,} points in all; paint a picture to say more")

    def pixels(self, shape: tuple[int, int]) -> HintPixels:
        """The hints as pixels of a picture (H, W), thinned where they are many.

        UsageError for a point that is outside, and for hints of a picture of another shape.
        """
        height, width = shape
        scale = (1.0, 1.0)
        if self.size is not None:
            if not same_shape(self.size, (width, height)):
                raise UsageError(
                    f"these hints are of a picture of {self.size[0]}x{self.size[1]} pixels, but this one has "
                    f"{width}x{height}, another shape; are they of another picture?"
                )
            scale = (width / self.size[0], height / self.size[1])
        self.check_inside((width, height) if self.size is None else self.size)
        parts = []
        for hint in self.hints:
            points = (np.array(hint.points) + 0.5) * scale - 0.5
            yx = _covered(points, hint.radius * math.sqrt(scale[0] * scale[1]), shape)
            parts.append(HintPixels.of_colour(yx, parse_colour(hint.colour)).thinned(MOST_PIXELS))
        return HintPixels.together(parts).thinned(MOST_PIXELS)

    def coverings(self, size: tuple[int, int]) -> float:
        """How often the hints' boxes cover a picture of this size, (width, height): what drawing them costs."""
        width, height = size
        total = 0.0
        for hint in self.hints:
            across, down = np.ptp(np.array(hint.points), axis=0) + 2 * hint.radius + 1
            total += min(float(across), width) * min(float(down), height)
        return total / (width * height)

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
    def from_dict(cls, content: Any) -> Self:
        """The inverse of `to_dict`; UsageError for what is no such thing."""
        if not isinstance(content, Mapping) or "version" not in content:
            lacks = ' ("version" is missing)' if isinstance(content, Mapping) and "hints" in content else ""
            raise UsageError(f'no hints; they begin with {{"version": {VERSION}, "hints": [{lacks}')
        version = content["version"]
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise UsageError(f"the version of hints must be {VERSION}, got {version!r:.40}")
        if version > VERSION:
            raise UsageError(f"hints of version {version!r:.40}, and this featcolor knows {VERSION}; get a newer one")
        _check_keys(content, ("version", "hints"), ("size",), "hints")
        hints = enumerate(_list(content["hints"], "hints"), start=1)
        return cls(tuple(_hint(each, number) for number, each in hints), content.get("size"))

    def write(self, path: Path) -> None:
        """One JSON file, written beside its place and then renamed."""
        write_json(path, self.to_dict(), indent=2)

    @classmethod
    def read(cls, path: Path) -> Self:
        """The hints in a JSON file; UsageError, naming it, for what is none."""
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise UsageError(f"is larger than hints can be ({MOST_BYTES >> 20} MB); paint a picture to say more")
            if not content.strip():
                raise UsageError(f'is empty; hints begin with {{"version": {VERSION}, "hints": [')
            return cls.from_dict(json.loads(content.decode("utf-8-sig"), parse_constant=_no_number))
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from error
        except OSError as error:
            raise UsageError(f"{path}: the hints cannot be read ({reason(error)}); check the path") from error
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}: no JSON ({_short(error)}); look there for a comma or bracket") from error

    def check_inside(self, size: tuple[int, int]) -> None:
        """UsageError for a point that is outside a picture of this size, (width, height)."""
        for x, y in (point for hint in self.hints for point in hint.points):
            if not (x <= size[0] - 0.5 and y <= size[1] - 0.5):
                raise UsageError(
                    f"the point {x:g},{y:g} is outside the picture, which has {size[0]}x{size[1]} pixels; x counts "
                    "from the left, y from the top, of the picture as it is shown"
                )


def _hint(content: Any, number: int) -> Hint:
    try:
        if not isinstance(content, Mapping):
            raise UsageError(f'a hint must be {{"points": [[x, y]], "colour": "..."}}, got {content!r:.40}')
        _check_keys(content, ("points", "colour"), ("radius",), "a hint")
        return Hint(content["points"], content["colour"], content.get("radius", 0.0))
    except UsageError as error:
        raise UsageError(f"hint {number}: {error}") from error


def _points(points: Any) -> tuple[tuple[float, float], ...]:
    pairs = [_list(point, "a point") for point in _list(points, "a hint's points")]
    if not pairs:
        raise UsageError("a hint needs one point at least")
    if len(pairs) > MOST_POINTS:
        raise UsageError(f"a hint may have {MOST_POINTS:,} points; paint a picture to say more")
    if not all(len(pair) == 2 for pair in pairs):
        raise UsageError("each of a hint's points must be two numbers, x then y")
    return tuple((_pixels(x, "a point's x"), _pixels(y, "a point's y")) for x, y in pairs)


def _size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = _list(size, "the size of hints")
    if len(sides) != 2 or not all(isinstance(side, int) and not isinstance(side, bool) for side in sides):
        raise UsageError(f"the size of hints must be two whole numbers, width and height, got {sides!r:.60}")
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        raise UsageError(f"the size of hints must be from 1 to {LARGEST_SIDE:,} a side, got {sides!r:.60}")
    return sides[0], sides[1]


def _pixels(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value <= LARGEST_SIDE:
        raise UsageError(f"{what} must be a number of pixels from 0, got {value!r:.40}")
    return float(value)


def _list(value: Any, what: str) -> Sequence[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        such = ", such as [[320, 410]] for one point" if "point" in what else ""
        raise UsageError(f"{what} must be a list{such}, got {value!r:.40}")
    return value


def _check_keys(content: Mapping[str, Any], needed: Sequence[str], others: Sequence[str], what: str) -> None:
    for key in needed:
        if key not in content:
            raise UsageError(f"{what} must have {key!r}; there is {', '.join(map(repr, content)) or 'nothing':.60}")
    for key in content:
        if key not in (*needed, *others):
            raise UsageError(f"{what} may have {', '.join((*needed, *others))}, but not {key!r:.40}")


def _no_number(name: str) -> NoReturn:
    raise UsageError(f"{name} is no number; write a number of pixels")


def _short(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "no UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)


def _covered(points: NDArray[np.float64], radius: float, shape: tuple[int, int]) -> NDArray[np.intp]:
    """Pixels (n, 2), row and column, of a picture (H, W) that are within `radius` of a stroke's line of pixels."""
    places = np.clip(np.rint(points), 0, [shape[1] - 1, shape[0] - 1]).astype(np.int32)
    reach = math.ceil(radius)
    first = np.maximum(places.min(axis=0) - reach, 0)
    last = np.minimum(places.max(axis=0) + reach, [shape[1] - 1, shape[0] - 1])
    off_line = np.ones((last - first + 1)[::-1], np.uint8)
    cv2.polylines(off_line, [(places - first)[:, None]], False, 0)
    off_line[tuple((places - first).T[::-1])] = 0  # OpenCV draws no line of one point
    if reach:
        off_line = cv2.distanceTransform(off_line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > radius
    return np.asarray(np.argwhere(off_line == 0) + first[::-1])
