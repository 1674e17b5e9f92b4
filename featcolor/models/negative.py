"""Negatives: pictures that somebody scanned from film and did not invert, told before colour is given to them.

What EfficientNet-Lite0 makes of the picture is compared with what it makes of the picture inverted: the difference goes
into a logistic regression, which so judges one picture two ways round instead of one picture among others.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

import features
from featcolor.colour.lab import FloatArray, lightness_of
from features.backbone import LITE0_FILE
from features.network import Network
from features.network_grid import grey_codes

WEIGHTS_FILE: Final = Path(features.__file__).parent / "models" / "negative.npz"
NEGATIVE: Final = "looks like a negative; if it is, invert it first, for instance with 'convert OLD -negate NEW'"
BORDER: Final = 0.08
"""What is left out at each border, of the picture's side: the white of prints and the bare film of negatives."""
SIDE: Final = 160
"""What the network sees, in pixels a side."""
LAYERS: Final = ("stride2", "stride4", "stride8", "stride16", "stride32")
"""All of the network, which then needs not be cut; the last `LOOKED_AT` count."""
LOOKED_AT: Final = 3
_SAMPLED = 512  # pixels of the long side that are looked at


def looks_negative(picture: NDArray[Any]) -> bool:
    """Whether a picture, (H, W) or (H, W, 3), uint8, uint16 or float32 0..1, is more likely a negative, by far."""
    weights, bias = _regression()
    return bool(difference(picture) @ weights > bias)


def difference(picture: NDArray[Any]) -> FloatArray:
    """What the network makes of the picture inverted, less what it makes of the picture itself, (n,)."""
    step = -(-max(picture.shape[:2]) // _SAMPLED)
    codes = _stretched_codes(lightness_of(np.ascontiguousarray(picture[::step, ::step])))
    return _seen(255 - codes) - _seen(codes)


def _stretched_codes(lightness: FloatArray) -> FloatArray:
    """The inside of a picture as the network sees it, (SIDE, SIDE): the range of codes that it has, as 0..255."""
    top, left = (round(BORDER * side) for side in lightness.shape)
    inside = np.ascontiguousarray(lightness[top : lightness.shape[0] - top, left : lightness.shape[1] - left])
    codes = cv2.resize(grey_codes(inside), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    dark, light = np.percentile(codes, (1, 99))
    return np.clip((codes - dark) * (255 / max(light - dark, 4)), 0, 255).astype(np.float32)


def _seen(codes: FloatArray) -> FloatArray:
    """Mean and deviation of each channel of the network's maps."""
    maps = _network().run(codes[None, None])[-LOOKED_AT:]
    return np.concatenate([each for layer in maps for each in (layer.mean(axis=(1, 2)), layer.std(axis=(1, 2)))])


@lru_cache(maxsize=1)
def _network() -> Network:
    return Network(LITE0_FILE.read_bytes(), LAYERS)


@lru_cache(maxsize=1)
def _regression() -> tuple[FloatArray, float]:
    """The weights, and what their sum must exceed (`featcolor.pretraining.inverted`)."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as file:
        return file["weights"], float(file["bias"])
