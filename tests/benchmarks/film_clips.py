"""Small clips of which everything is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

COUNT, HEIGHT, WIDTH = 7, 48, 64


def pan(photograph: np.ndarray, count: int = COUNT, step: int = 1) -> list[np.ndarray]:
    """A camera that moves over a photograph by `step` pixels a frame."""
    small = cv2.resize(photograph, (WIDTH + step * count, HEIGHT), interpolation=cv2.INTER_AREA)
    return [np.ascontiguousarray(small[:, step * index : step * index + WIDTH]) for index in range(count)]


def write_frames(folder: Path, frames: Sequence[np.ndarray], first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, frame in enumerate(frames, start=first):
        cv2.imwrite(str(folder / f"{index:05}.png"), frame[..., ::-1])
