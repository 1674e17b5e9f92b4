"""Pictures and settings that several tests of models use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import data

from featcolor.models.album import AlbumConfig

QUICK_ALBUM = AlbumConfig(pixels=1200, keys=900, pixels_each=900, width=64, folds=2)
SHAPES = [(1, 1), (8, 8), (1, 50), (50, 1), (2, 3), (37, 61), (130, 90)]
ROUNDING = {"u1": 0.0027, "u2": 0.000015, "f4": 0.0001}
"""Largest change of L*/100 by the rounding of the channels, as test_lab has it."""


def noise(shape: tuple[int, ...], dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    """Random codes of the whole range."""
    values = np.random.default_rng(seed).random(shape)
    return (values * {"u1": 255, "u2": 65535}.get(np.dtype(dtype).str[1:], 1)).astype(dtype)


def check_light(model: Path, *heavy: str) -> None:
    """That a process that colours by this model has loaded none of these libraries."""
    code = (
        "import sys, pathlib, numpy as np\nfrom featcolor.models.load import ColouringSettings, load_colorizer\n"
        f"model = load_colorizer(pathlib.Path({str(model)!r}), ColouringSettings())\n"
        "assert model.colorize(np.zeros((20, 30), np.uint8)).shape == (20, 30, 3)\n"
        f"assert not (loaded := set({heavy!r}) & set(sys.modules)), loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def small(name: str) -> NDArray[np.uint8]:
    """A photograph that comes with scikit-image, every fourth pixel."""
    return np.ascontiguousarray(getattr(data, name)()[::4, ::4])
