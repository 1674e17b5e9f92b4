"""Desk: the pictures that a worker has open, in the size of a screen, each answering new hints at once.

Everything here runs in a worker process. A picture is shown by at most one megapixel of it; what is written comes from
the whole of it, by `featcolor.batch`.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from featcolor.batch.colour import ColourPicture, colorize_inside, prepared
from featcolor.errors import PictureError
from featcolor.hints.colour_names import COMMON
from featcolor.hints.colours import parse_colour
from featcolor.hints.hint import Hints
from featcolor.hints.mask import Mask, keep_outside
from featcolor.hints.picture import HintablePicture
from featcolor.hints.pixels import HintPixels
from featcolor.hints.told import Told
from featcolor.models.base import StillColorizer
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.pictures.io import claimed_pixels, read_picture
from featcolor.pictures.picture import as_depth
from featcolor.pictures.resize import resize, shrink
from featcolor.preparation.advice import signs_of_age
from featcolor.preparation.steps import Step
from featcolor.studio.stamps import FileStamp

VIEW_PIXELS: Final = 1_000_000
"""Of what is shown of a picture, at most."""
THUMBNAIL_SIDE: Final = 240
"""Pixels."""
JPEG_QUALITY: Final = 90
OPEN_VIEWS: Final = 12
"""Pictures whose view is kept, about 3 MB each."""
OPEN_PICTURES: Final = 4
"""Of these, those that answer hints at once, about 60 MB each."""
SKIN: Final = "skin"
"""Names of colours that only suit what they are of."""
SAME_NAME: Final = 900
"""Squared distance in codes within which a suggested colour has a name."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Look:
    """A picture and what is chosen for it, hints apart.

    Attributes
    ----------
    file : the picture
    model : None: the default model
    settings, steps : as of `ColourPicture`
    mask : where it is coloured; None: everywhere
    shared : other pictures with what is told of them, which counts for this one too
    """

    file: FileStamp
    model: FileStamp | None = None
    settings: ColouringSettings = field(default_factory=ColouringSettings)
    steps: tuple[Step, ...] = ()
    mask: FileStamp | None = None
    shared: tuple[tuple[FileStamp, Hints], ...] = ()


@dataclass(frozen=True)
class Facts:
    """What is known of a picture once it was read: its size, that of its view, and signs of age that it shows."""

    width: int
    height: int
    view_width: int
    view_height: int
    signs: tuple[str, ...]


class _Recent(Generic[Key, Value]):
    """The last few values that were asked for."""

    def __init__(self, most: int) -> None:
        self._most, self._values = most, OrderedDict[Key, Value]()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made where it is not there."""
        if key not in self._values:
            value = make()
            while len(self._values) >= self._most:
                self._values.popitem(last=False)
            self._values[key] = value
        self._values.move_to_end(key)
        return self._values[key]


class _View:
    """At most a megapixel of a picture, uint8, (h, w) or (h, w, 3), and the facts."""

    def __init__(self, path: Path) -> None:
        pixels = read_picture(path).pixels
        height, width = pixels.shape[:2]
        signs = signs_of_age(pixels)
        scale = (VIEW_PIXELS / (height * width)) ** 0.5
        if scale < 1:
            pixels = resize(pixels, (max(1, int(height * scale)), max(1, int(width * scale))))
        self.pixels = as_depth(pixels, np.uint8)
        self.facts = Facts(width, height, self.pixels.shape[1], self.pixels.shape[0], signs)

    def hint_pixels(self, hints: Hints) -> HintPixels:
        """Hints on the picture as pixels of the view."""
        sized = Hints(hints.hints, (self.facts.width, self.facts.height))
        return sized.pixels((self.facts.view_height, self.facts.view_width))


class _Picture:
    """A view that a model has looked at."""

    def __init__(self, view: _View, model: StillColorizer, steps: tuple[Step, ...]) -> None:
        self._view, self._repaired = view, bool(steps)
        self._grey, self._region = prepared(view.pixels, steps)
        self._hintable = HintablePicture(model, np.ascontiguousarray(self._grey[self._region]))

    def colour(self, hints: Hints, mask: Path | None) -> NDArray[np.uint8]:
        """The view in colour, (h, w, 3)."""
        told = self._view.hint_pixels(hints).within(*self._region)
        rgb = colorize_inside(self._hintable.hinted(told), self._grey, self._region)
        if mask is not None:
            share = Mask(mask).of(rgb.shape[:2])
            rgb = keep_outside(rgb, self._view.pixels, share, self._grey if self._repaired else None)
        return np.asarray(rgb, np.uint8)

    def suggest(self, x: float, y: float) -> dict[str, Any]:
        """The likely colours of a pixel of the picture, and its lightness."""
        column, row = self._inside(x, y)
        seen = self._hintable.unhinted.lightness
        suggested = [each.to_dict() for each in self._hintable.suggest(column, row)]
        return {
            "lightness": round(float(seen[row, column]), 4),
            "suggestions": [each | {"name": _name_of(each["colour"])} for each in suggested],
        }

    def ask(self, hints: Hints, count: int) -> list[dict[str, Any]]:
        """The pixels of the picture whose hint would help most."""
        told = self._view.hint_pixels(hints).within(*self._region)
        known = [(int(x), int(y)) for y, x in told.yx]
        rows, columns = self._region
        scale_x, scale_y = self._scale()
        return [
            {
                "x": round((each.x + columns.start + 0.5) * scale_x - 0.5, 1),
                "y": round((each.y + rows.start + 0.5) * scale_y - 0.5, 1),
                "worth": round(each.worth, 4),
            }
            for each in self._hintable.ask(count, known)
        ]

    def _scale(self) -> tuple[float, float]:
        facts = self._view.facts
        return facts.width / facts.view_width, facts.height / facts.view_height

    def _inside(self, x: float, y: float) -> tuple[int, int]:
        """The pixel of what is coloured that is nearest to one of the picture."""
        scale_x, scale_y = self._scale()
        rows, columns = self._region
        height, width = self._hintable.unhinted.lightness.shape
        column, row = int((x + 0.5) / scale_x) - columns.start, int((y + 0.5) / scale_y) - rows.start
        return min(max(column, 0), width - 1), min(max(row, 0), height - 1)


_views: _Recent[FileStamp, _View] = _Recent(OPEN_VIEWS)
_pictures: _Recent[Look, _Picture] = _Recent(OPEN_PICTURES)
_models: _Recent[Hashable, StillColorizer] = _Recent(3)


def warm_up() -> None:
    """Load what the first picture needs."""
    load_colorizer(None, ColouringSettings())


def open_picture(file: FileStamp) -> Facts:
    """The facts of a picture; PictureError where it cannot be read."""
    return _view(file).facts


def before(file: FileStamp) -> bytes:
    """The view of a picture as it is, as JPEG."""
    return _jpeg(_view(file).pixels)


def coloured(look: Look, hints: Hints) -> bytes:
    """The view of a picture in colour, as JPEG."""
    return _jpeg(_colour(look, hints))


def thumbnail(file: FileStamp) -> bytes:
    """A picture as it is, no larger than `THUMBNAIL_SIDE`, as JPEG."""
    return _jpeg(shrink(_view(file).pixels, THUMBNAIL_SIDE))


def coloured_thumbnail(look: Look, hints: Hints) -> bytes:
    """A picture in colour, no larger than `THUMBNAIL_SIDE`, as JPEG."""
    return _jpeg(shrink(_colour(look, hints), THUMBNAIL_SIDE))


def suggest(look: Look, x: float, y: float) -> dict[str, Any]:
    """The likely colours of a pixel of a picture."""
    return _picture(look).suggest(x, y)


def ask(look: Look, hints: Hints, count: int) -> list[dict[str, Any]]:
    """The pixels of a picture whose hint would help most."""
    return _picture(look).ask(hints, count)


def check_mask(content: bytes, file: FileStamp) -> None:
    """PictureError where a PNG is no mask of a picture."""
    height, width = _view(file).pixels.shape[:2]
    if claimed_pixels(content, name="the mask") == width * height:
        picture = read_picture(content, name="the mask")
        if picture.metadata.format == "PNG" and picture.pixels.shape[:2] == (height, width):
            return
    raise PictureError(f"the mask must be a PNG of {width}x{height} pixels, as the picture is shown")


def _view(file: FileStamp) -> _View:
    return _views.get(file, lambda: _View(file.path))


def _picture(look: Look) -> _Picture:
    key = Look(look.file, look.model, look.settings, look.steps, None, look.shared)
    return _pictures.get(key, lambda: _Picture(_view(look.file), _model(look), look.steps))


def _model(look: Look) -> StillColorizer:
    path = None if look.model is None else look.model.path
    if not look.shared:
        return load_colorizer(path, look.settings)
    told = {file.path: Told(hints) for file, hints in look.shared}
    return _models.get(
        (look.model, look.settings, look.steps, look.shared),
        lambda: ColourPicture(path, look.settings, look.steps).sharing(told).colorizer(),
    )


def _colour(look: Look, hints: Hints) -> NDArray[np.uint8]:
    return _picture(look).colour(hints, None if look.mask is None else look.mask.path)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


@cache
def _named() -> tuple[list[str], NDArray[np.int64]]:
    names = [name for use, group in COMMON.items() if use != SKIN for name in group]
    return names, np.array([parse_colour(name) for name in names], np.int64)


def _name_of(colour: str) -> str | None:
    names, codes = _named()
    apart = ((codes - parse_colour(colour)) ** 2).sum(axis=1)
    return names[int(apart.argmin())] if apart.min() < SAME_NAME else None
