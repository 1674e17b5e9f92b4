"""The layers of a coloured picture, from the topmost down.

    Confidence  hidden: white where the model was sure
    Colour      the coloured picture in mode "color": what is painted here has its hue and its saturation only
    Lightness   the coloured picture in mode "luminosity": grey to the eye, the place to retouch
    Scan        the picture that was read, in sRGB

The mode "color" keeps the luma of what is below it (W3C, Compositing and Blending Level 1: SetLum(Cs, Lum(Cb))), a mean
of coded red, green and blue. A colorizer keeps L*, as GIMP's mode of that name does. No grey has both, so that over the
scan itself Colour would differ from the coloured picture in one editor or the other. Lightness gives the scan what the
editor's own mode then keeps, luma or L*: over it, Colour shows as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from featcolor.layers.lightness import lightness_layer
from featcolor.pictures.icc import Fate, fate_of, srgb_profile
from featcolor.pictures.picture import Metadata, Picture, as_depth
from featcolor.pictures.resize import resize

Mode: TypeAlias = Literal["normal", "luminosity", "color", "cut"]
"""How a layer acts on what is below it; "cut": by its alpha alone, which becomes that of the whole."""


@dataclass(frozen=True)
class Layer:
    """One layer of the picture's size: pixels (H, W, 3), uint8 or uint16; `note` is for the person who edits."""

    name: str
    note: str
    pixels: NDArray[Any]
    mode: Mode = "normal"
    visible: bool = True

    @property
    def title(self) -> str:
        """What an editor calls the layer."""
        return f"{self.name}: {self.note}"


@dataclass(frozen=True)
class LayeredPicture:
    """Layers, the lowest first, and the picture (H, W, 3) that they compose.

    `alpha` (H, W), of the same type, is the opacity of the whole; None: opaque.
    """

    layers: tuple[Layer, ...]
    flat: NDArray[Any]
    alpha: NDArray[Any] | None
    metadata: Metadata


def layered_picture(picture: Picture, rgb: NDArray[Any], confidence: NDArray[np.float32]) -> LayeredPicture:
    """The layers of `picture`, as it was read, coloured as `rgb` (H, W, 3) with a confidence (h, w) 0..1.

    Of 8 bits where the picture has 8, else of 16.
    """
    depth = np.dtype(np.uint8 if picture.pixels.dtype == np.uint8 else np.uint16)
    flat = as_depth(rgb, depth)
    sure = as_depth(resize(np.asarray(confidence, np.float32), flat.shape[:2]), depth)
    layers = (
        Layer("Scan", "as it was", _three(as_depth(picture.pixels, depth))),
        Layer("Lightness", "retouch here", lightness_layer(flat), "luminosity"),
        Layer("Colour", "paint here", flat, "color"),
        Layer("Confidence", "white is sure", _three(sure), visible=False),
    )
    alpha = None if picture.alpha is None else as_depth(picture.alpha, depth)
    metadata = picture.metadata
    if (metadata.icc is None and depth == np.uint16) or (metadata.icc and fate_of(metadata.icc) is not Fate.SAME):
        # Layers are blended in sRGB; and without a profile Krita asks, or takes 16 bits for linear.
        metadata = replace(metadata, icc=srgb_profile())
    return LayeredPicture(layers, flat, alpha, metadata)


def _three(pixels: NDArray[Any]) -> NDArray[Any]:
    """Grey as red, green and blue: editors take a picture's colour space from its lowest layer."""
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
