"""One picture of a batch: read, coloured, written; in this process or in a worker."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray, lightness_of
from featcolor.errors import FeatcolorError, PictureError
from featcolor.files import replacing
from featcolor.hints.mask import Mask, keep_outside
from featcolor.hints.picture import HintedColorizer, SharedColorizer, change_of
from featcolor.hints.pixels import HintPixels
from featcolor.hints.shared import SharedHints
from featcolor.hints.told import Hinted, Told
from featcolor.layers.formats import is_layered
from featcolor.layers.stack import layered_picture
from featcolor.layers.write import encode_layers, write_layers
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.models.negative import NEGATIVE, looks_negative
from featcolor.pictures.io import encode_picture, output_format, read_picture, write_picture
from featcolor.pictures.picture import Picture
from featcolor.preparation.advice import signs_of_age
from featcolor.preparation.steps import Region, Step, grey_picture, prepare

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer

PROBED_PICTURES = 40
"""Pictures whose headers are read to guess at the size of all of them."""


@dataclass(frozen=True)
class PictureTask:
    """A picture to read from `source` and to write in colour to `target`, its confidence to a path of its own.

    `mask` says where it is coloured; None: everywhere. `told` is what a person knows of it; None: nothing.
    """

    source: Path
    target: Path
    confidence: Path | None = None
    mask: Mask | None = None
    told: Told | None = None


@dataclass(frozen=True)
class Coloured:
    """A picture that was coloured; `signs` of age that it shows and nobody asked to prepare it for.

    `blank` says that its mask left nothing to colour, `hinted` how many of its pixels were told; `notes` are words on
    that for a person.
    """

    seconds: float
    width: int
    height: int
    signs: tuple[str, ...] = ()
    blank: bool = False
    hinted: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColourPicture:
    """The work of one task. Picklable: a worker loads the model from its file, once; None: the default model."""

    model: Path | None
    settings: ColouringSettings = field(default_factory=ColouringSettings)
    preparation: tuple[Step, ...] = ()
    shared: SharedHints | None = None

    def outputs(self, task: PictureTask) -> tuple[Path, ...]:
        """What is written for a task (`featcolor.parallel.cluster.Writes`)."""
        return (task.target,) if task.confidence is None else (task.target, task.confidence)

    def colorizer(self) -> StillColorizer:
        """The model with its settings, and with what is shared of hints."""
        model = load_colorizer(self.model, self.settings)
        return model if self.shared is None else SharedColorizer(model, self.shared)

    def sharing(self, told: Mapping[Path, Told]) -> Self:
        """The same work with the hints of these pictures for all that show the same things.

        A picture that cannot be read, or hints that do not suit it, are told of when its turn comes.
        """
        model, changes = load_colorizer(self.model, self.settings), []
        for path, hints_there in told.items():
            try:
                picture = read_picture(path).pixels
                hints = hints_of(hints_there, picture).pixels
            except FeatcolorError:
                continue
            grey, (rows, columns) = prepared(picture, self.preparation)
            inside = hints.within(rows, columns)
            if len(inside):
                changes.append(change_of(model, np.ascontiguousarray(grey[rows, columns]), inside))
        return replace(self, shared=SharedHints.of(changes, anywhere=True)) if changes else self

    def __call__(self, task: PictureTask) -> Coloured:
        start = time.perf_counter()
        colorizer = self.colorizer()
        picture = read_picture(task.source)
        share = None if task.mask is None else task.mask.of(picture.pixels.shape[:2])
        hinted = hints_of(task.told, picture.pixels)
        rgb, confidence = colorize_prepared(
            colorizer, picture.pixels, self.preparation, return_confidence=True, share=share, hints=hinted.pixels
        )
        signs = () if self.preparation else signs_of_age(picture.pixels)
        notes = _notes(picture, hinted, task.source)
        # Writing is the last of the work: whoever stops it finds what is there done.
        task.target.parent.mkdir(parents=True, exist_ok=True)
        if is_layered(task.target):
            write_layers(task.target, layered_picture(picture, rgb, confidence))
        else:
            write_picture(task.target, rgb, like=picture)
        if task.confidence is not None:
            write_confidence(task.confidence, confidence, shape=rgb.shape[:2])
        blank = share is not None and not share.any()
        seconds = time.perf_counter() - start
        return Coloured(seconds, rgb.shape[1], rgb.shape[0], signs, blank, len(hinted.pixels), notes)

    def of_bytes(
        self,
        content: bytes,
        *,
        name: str,
        target: Path | None = None,
        mask: Mask | None = None,
        told: Told | None = None,
    ) -> tuple[bytes, tuple[str, ...]]:
        """A coloured picture's file from a grey picture's file, for the pipes, and words on its hints for a person.

        `name` is what messages call the picture; the target's name tells the format.
        """
        picture = read_picture(content, name=name)
        colorizer = load_colorizer(self.model, self.settings)
        share = None if mask is None else mask.of(picture.pixels.shape[:2])
        hinted = hints_of(told, picture.pixels)
        rgb, confidence = colorize_prepared(
            colorizer, picture.pixels, self.preparation, return_confidence=True, share=share, hints=hinted.pixels
        )
        if target is not None and is_layered(target):
            return encode_layers(layered_picture(picture, rgb, confidence), target), _notes(picture, hinted, name)
        format = picture.metadata.format if target is None else output_format(target, picture)
        return encode_picture(rgb, format=format, like=picture, name=name), _notes(picture, hinted, name)


def _notes(picture: Picture, hinted: Hinted, name: str | Path) -> tuple[str, ...]:
    negative = (NEGATIVE,) if looks_negative(picture.pixels) else ()
    return (*(f"{name}: {note}" for note in (*picture.metadata.notes, *negative)), *hinted.notes)


def hints_of(told: Told | None, picture: NDArray[Any]) -> Hinted:
    """The hints of a picture (H, W) or (H, W, 3), none where nothing is told."""
    return Hinted(HintPixels.together([])) if told is None else told.of(lightness_of(picture))


def write_confidence(path: Path, confidence: NDArray[np.float32], *, shape: tuple[int, int]) -> None:
    """Confidence, (h, w) 0..1, as an 8-bit grey PNG of the picture's size: white is certain."""
    height, width = shape
    full = cv2.resize(np.asarray(confidence, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    done, content = cv2.imencode(".png", np.rint(np.clip(full, 0, 1) * 255).astype(np.uint8))
    if not done:
        raise PictureError(f"{path}: the confidence picture cannot be encoded")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_bytes(content.tobytes())


def guess_total_pixels(paths: Sequence[Path]) -> int:
    """Pixels of all pictures together, guessed from the headers of a few; unreadable ones count nothing."""
    from PIL import Image

    step = max(1, len(paths) // PROBED_PICTURES)
    probed = paths[::step]
    total = 0
    for path in probed:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(path) as image:
                    total += image.width * image.height
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
    return total * len(paths) // max(1, len(probed))


def colorize_prepared(
    colorizer: StillColorizer,
    picture: NDArray[Any],
    steps: Sequence[Step] = (),
    *,
    return_confidence: bool = False,
    share: FloatArray | None = None,
    hints: HintPixels | None = None,
) -> Any:
    """`colorizer.colorize` of the prepared picture; without steps, of the picture itself, bit for bit.

    Parameters
    ----------
    colorizer : StillColorizer
    picture : (H, W) or (H, W, 3), uint8, uint16 or float32 0..1
    return_confidence : bool
        Give (rgb, confidence) instead, confidence (h, w) 0..1, 0 in a frame; a mask does not change it.
    share : (H, W) 0..1, how much of the colour each pixel gets, as `Mask.of` gives it; None: all of it
    hints : pixels of the picture whose colour is known; those in a frame are left out

    Returns
    -------
    (H, W, 3) of the same type; a frame that was found is neutral grey where it gets colour.
    """
    grey, region = prepared(picture, steps)
    if hints is not None and len(hints):
        colorizer = HintedColorizer(colorizer, hints.within(*region))
    coloured = colorize_inside(colorizer, grey, region, return_confidence=return_confidence)
    if share is None:
        return coloured
    repaired = grey if steps else None
    if not return_confidence:
        return keep_outside(coloured, picture, share, repaired)
    return keep_outside(coloured[0], picture, share, repaired), coloured[1]


def prepared(picture: NDArray[Any], steps: Sequence[Step]) -> tuple[NDArray[Any], Region]:
    """The grey picture after the steps, and the region that colour belongs in; without steps the picture as it is."""
    if not steps:
        return picture, (slice(0, picture.shape[0]), slice(0, picture.shape[1]))
    lightness, region = prepare(lightness_of(picture), steps)
    return grey_picture(lightness, picture.dtype), region


def colorize_inside(
    colorizer: StillColorizer, grey: NDArray[Any], region: Region, *, return_confidence: bool = False
) -> Any:
    """`colorizer.colorize` of the region of a picture that `prepared` gives; around it the picture stays grey."""
    inside = np.ascontiguousarray(grey[region])
    if inside.shape == grey.shape:
        return colorizer.colorize(grey, return_confidence=return_confidence)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    if not return_confidence:
        rgb[region] = colorizer.colorize(inside)
        return rgb
    rgb[region], certain = colorizer.colorize(inside, return_confidence=True)
    confidence = np.zeros(grey.shape, np.float32)
    confidence[region] = cv2.resize(certain, inside.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return rgb, confidence
