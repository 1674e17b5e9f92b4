"""One picture in colour, whatever it is: a file, an array or a Pillow image."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from inspect import signature
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featcolor.batch.colour import colorize_prepared
from featcolor.errors import UsageError, unknown
from featcolor.hints.hint import Hint, Hints
from featcolor.hints.picture import HintedColorizer
from featcolor.models.album import AlbumColorizer
from featcolor.models.base import StillColorizer
from featcolor.models.config import ColorizerConfig, temperature_of
from featcolor.models.load import ColouringSettings, load, load_colorizer, named_model
from featcolor.models.pretrained import PretrainedColorizer
from featcolor.models.references import Source
from featcolor.pictures import pillow
from featcolor.pictures.icc import from_srgb
from featcolor.pictures.io import Picture, read_picture
from featcolor.pictures.metadata import settle
from featcolor.pictures.picture import Metadata, as_depth
from featcolor.preparation.steps import parse_preparation

Model: TypeAlias = str | os.PathLike[str] | StillColorizer
Pack: TypeAlias = Callable[[NDArray[Any]], Any]
"""From the coloured pixels, (H, W, 3) uint8, uint16 or float32, to the kind of picture that was given."""

SLACK = 1e-3
"""How far floats may lie outside 0..1: rounding, not another scale."""


def colorize(
    picture: Any,
    *,
    model: Model | None = None,
    references: Source | Iterable[Source] | None = None,
    saturation: float | str | None = None,
    boldness: float | None = None,
    warmth: float | None = None,
    refine: str | None = None,
    size: int | None = None,
    prepare: str | None = None,
    hints: str | Hints | Iterable[str | Hint] = (),
    **misspelt: Any,
) -> Any:
    """The picture in colour; its lightness stays, and the input is not changed.

    Parameters
    ----------
    picture : path of a picture file, array, Pillow image, or what `read_picture` gives
        Arrays are (H, W), (H, W, 1), RGB (H, W, 3) or RGBA (H, W, 4), uint8, uint16 or float 0..1 of any width. A
        colour picture is taken by its lightness.
    model : path of a file that `load` reads, or a model; None or "default" is the default model
    references : colour pictures that the default model, or another colour network, learns from first: a folder, a
        glob, @list.txt, paths, RGB arrays, or several of them
    saturation : factor on the colours, or "auto": as vivid as the scene lets expect, which a model without a network
        takes for 1; None: as the model has it, the default model "auto"
    boldness : 0 (mild: the mean of the likely colours) to 1 (the likeliest colour); None: as the model is best
    warmth : -1 (cooler, towards a blue sky) to 1 (warmer, towards a lamp); 0: the colours as they are
    refine : what brings colour to the edges, a key of `refine.refiners.REFINERS`
    size : side of the square that colour is worked out on, in pixels
    prepare : repairs before colouring, such as "auto" or "border,dust,denoise,contrast"
    hints : what you know, "X,Y=COLOUR" as `colorize --hint` takes it, several of them, or `Hints`

    Returns
    -------
    coloured : of the same kind at the same depth
        Of a path an RGB array (H, W, 3), uint8, uint16 or float32 by the file's depth; of an array one of the same
        type, (H, W, 3), or (H, W, 4) with the alpha that came; of a Pillow image one in RGB or RGBA: of 8 bits, with a
        warning where it came with more, since Pillow holds no deeper colour.

    Raises
    ------
    ValueError
        For an array that is no picture, or an option out of range; `featcolor.FeatcolorError`, which many of them are,
        for files that cannot be used.
    TypeError
        For another kind of picture, or an option that there is not.
    """
    for name in misspelt:
        known = [each for each in signature(colorize).parameters if each not in ("picture", "misspelt")]
        raise TypeError(f"colorize: {unknown('option', name, known)}")
    steps = () if prepare is None else parse_preparation(prepare)
    temperature = None if boldness is None else temperature_of(boldness)
    settings = ColouringSettings(
        size=size, refine=refine, temperature=temperature, saturation=saturation, warmth=warmth
    ).chosen()
    ColorizerConfig().with_options(**settings)  # what is out of range, or no picture, is told before anything is fitted
    pixels, pack = _unpack(picture)
    told = _hints(hints).pixels(pixels.shape[:2])
    colorizer = _model(model, references).with_options(**settings)
    if len(told):
        colorizer = HintedColorizer(colorizer, told)
    return pack(colorize_prepared(colorizer, pixels, steps))


def _model(model: Model | None, references: Source | Iterable[Source] | None) -> StillColorizer:
    if not isinstance(model, StillColorizer):
        path = None if model is None else named_model(model)
        model = load_colorizer(None, ColouringSettings()) if path is None else load(path)
    if references is None:
        return model
    if not isinstance(model, PretrainedColorizer):
        raise UsageError(
            "references go with the default model or another colour network, not with a fitted model; leave model out, "
            "or fit one on them: featcolor.Colorizer().fit(references)"
        )
    return AlbumColorizer(model.network.network, model.config).fit(references)


def _hints(hints: str | Hints | Iterable[str | Hint]) -> Hints:
    if isinstance(hints, Hints):
        return hints
    several = [hints] if isinstance(hints, str) else hints
    return Hints(tuple(Hint.parse(hint) if isinstance(hint, str) else hint for hint in several))


def _unpack(picture: Any) -> tuple[NDArray[Any], Pack]:
    if isinstance(picture, str | os.PathLike):
        return read_picture(picture).pixels, lambda rgb: rgb
    if isinstance(picture, Picture):
        return picture.pixels, lambda rgb: replace(picture, pixels=rgb)
    if isinstance(picture, Image.Image):
        return _unpack_image(picture)
    if isinstance(picture, np.ndarray):
        return _unpack_array(np.asarray(picture))
    raise TypeError(f"a picture is a path, an array or a Pillow image, got {type(picture).__name__}")


def _unpack_array(array: NDArray[Any]) -> tuple[NDArray[Any], Pack]:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or not array.size:
        raise ValueError(f"a picture must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not empty, got {array.shape}")
    plain = np.dtype(np.float32) if array.dtype.kind == "f" else array.dtype.newbyteorder("=")
    if plain not in (np.uint8, np.uint16, np.float32):
        raise ValueError(f"a picture must be uint8, uint16 or float 0..1, got {array.dtype}")
    pixels = np.ascontiguousarray(array[..., :3] if channels > 1 else array.reshape(array.shape[:2]), plain)
    if plain == np.float32:
        low, high = float(pixels.min()), float(pixels.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("a picture must be finite, it has NaN or infinity")
        if low < -SLACK or high > 1 + SLACK:
            raise ValueError(f"a picture of floats must be within 0..1, got {low:g}..{high:g}; divide by its white")

    def pack(rgb: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([rgb, array[..., 3:]] if channels == 4 else [rgb], axis=2, dtype=array.dtype)

    return pixels, pack


def _unpack_image(image: Image.Image) -> tuple[NDArray[Any], Pack]:
    icc = image.info.get("icc_profile")
    deep = np.asarray(image) if image.mode == "F" or image.mode.startswith("I") else None
    if deep is None:
        pixels, alpha = pillow.decode(image, icc)
    else:
        if deep.dtype.kind == "i" and deep.min() >= 0 and deep.max() <= np.iinfo(np.uint16).max:
            deep = deep.astype(np.uint16)  # what older versions of Pillow hold 16 bits in
        (pixels, _), alpha = _unpack_array(deep), None
        warnings.warn(
            "Pillow holds no colour of more than 8 bits, to which the result is rounded; give numpy.asarray(image) to "
            "keep all",
            stacklevel=4,
        )
    settled = settle(pixels, alpha, Metadata("PNG", icc=None if image.mode == "CMYK" else icc), orientation=1)
    profile = settled.metadata.icc
    lost = {"transparency"} if profile else {"transparency", "icc_profile"}

    def pack(rgb: NDArray[Any]) -> Image.Image:
        rgb = as_depth(from_srgb(rgb, profile), np.uint8)
        coloured = Image.fromarray(rgb if alpha is None else np.dstack([rgb, alpha]))
        coloured.info = {key: value for key, value in image.info.items() if key not in lost}
        return coloured

    return settled.pixels, pack
