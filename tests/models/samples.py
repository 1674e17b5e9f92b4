"""Pictures and settings that several tests of models use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import data

from featcolor.models.album import AlbumConfig

QUICK_ALBUM = AlbumConfig(pixels=1200, keys=900, pixels_each=900, steps=20, folds=2)
SHAPES = [(1, 1), (8, 8), (1, 50), (50, 1), (2, 3), (37, 61), (130, 90)]
ROUNDING = {"u1": 0.0027, "u2": 0.000015, "f4": 0.0001}
"""Largest change of L*/100 by the rounding of the channels, as test_lab has it."""


def noise(shape: tuple[int, ...], dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Random codes of the whole range."""
    values = np.random.default_rng(seed).random(shape)
    return (values * {"u1": 255, "u2": 65535}.get(np.dtype(dtype).str[1:], 1)).astype(dtype)


def small(name: str) -> NDArray[np.uint8]:
    """A photograph that comes with scikit-image, every fourth pixel."""
    return np.ascontiguousarray(getattr(data, name)()[::4, ::4])
