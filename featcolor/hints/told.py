"""What a person told of one picture, typed or in files, before the picture is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from featcolor.errors import UsageError
from featcolor.hints.hint import Hints
from featcolor.hints.painted import read_painted
from featcolor.hints.pixels import MOST_PIXELS, HintPixels
from featcolor.pictures.find import is_picture_name
from features.base import FloatArray


class Hinted(NamedTuple):
    """The pixels of a picture that are told, and words on them for a person, mostly none."""

    pixels: HintPixels
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """Hints of one picture; all of them add up.

    Attributes
    ----------
    typed : Hints
    files : painted pictures, by their suffixes, and JSON
    """

    typed: Hints = field(default_factory=Hints)
    files: tuple[Path, ...] = ()

    def of(self, lightness: FloatArray) -> Hinted:
        """The pixels of a picture (H, W) that they tell of; UsageError, naming what, where they cannot be used."""
        shape = (lightness.shape[0], lightness.shape[1])
        parts, notes = [_pixels_of(self.typed, shape, "--hint")], []
        for file in self.files:
            if is_picture_name(file.name):
                painting = read_painted(file, lightness)
                parts.append(painting.pixels)
                notes += [painting.note] if painting.note else []
            else:
                hints = Hints.read(file)
                parts.append(_pixels_of(hints, shape, str(file)))
                notes += [] if hints.hints else [f"{file}: no hint in it yet"]
        return Hinted(HintPixels.together(parts).thinned(MOST_PIXELS), tuple(notes))


def _pixels_of(hints: Hints, shape: tuple[int, int], name: str) -> HintPixels:
    try:
        return hints.pixels(shape)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error
