"""Settings and pictures that several tests use."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from featcolor.models.config import ColorizerConfig
    from features.base import FeatureExtractor

QUICK = {"features": "patch,context,position", "size": 96, "pixels": 100, "holdout": 0.2}
"""Settings that fit in a second."""

QUICK_OPTIONS = [word for name, value in QUICK.items() for word in (f"--{name}", str(value))]


HARD_NAMES = [
    b"old pier.jpg",
    b'it\'s "q".jpg',
    b"caf\xe9.jpg",
    b"\xe9\x99.jpg",
    b"new\nline.jpg",
    b"tab\t9.jpg",
    b"\x1b[31mred\\.jpg",
    b"\x0712.jpg",
    b"$HOME `x` $(y) *?[1]!.jpg",
    b"back\\slash.jpg",
    b"back\\\xe9'.jpg",
    b" ~#@%&;|<>.jpg ",
    "海边 é é 😀 \u202egpj.jpg".encode(),
    b"\xc2\x9b31m.jpg",
]
"""Names of files, in bytes, that steer a shell, a terminal or a page, or are no text at all."""


def quick_config(**changes: Any) -> ColorizerConfig:
    from featcolor.models.config import PRESETS

    return dataclasses.replace(PRESETS["fast"], **(QUICK | changes))


def write_rgb(path: Path, picture: NDArray[Any], *options: int) -> Path:
    """Write a picture, grey or red-green-blue, in the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture if picture.ndim == 2 else picture[..., ::-1], list(options))
    return path


def read_rgb(path: Path) -> NDArray[Any]:
    """Read a picture back, red-green-blue, at its own depth."""
    picture = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    assert picture is not None, f"{path} cannot be read"
    return picture[..., ::-1]


def noise(shape: tuple[int, int], seed: int = 0) -> NDArray[np.float32]:
    """Random lightness, 0..1."""
    return np.random.default_rng(seed).random(shape, np.float32)


def grey(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """The picture without its colours."""
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)


def extract(extractor: FeatureExtractor, lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features at every pixel, (H, W, n_features)."""
    yx = np.stack(np.indices(lightness.shape), axis=-1).reshape(-1, 2)
    return extractor.sample(lightness, yx).reshape(*lightness.shape, -1)


def written(folder: str | Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())
