"""Pictures of single frames, read so that they lie over the frames as the film stores them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, Codes, Frame
from featcolor.clips.ycbcr import as_stored, cbcr_to_chroma, key_planes
from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import PictureError
from featcolor.pictures.io import read_picture
from features.base import FloatArray

MOST_ASPECT_ERROR: Final = 0.02
"""Share by which a key picture may be too wide or too high for its frame."""

LEAST_CHROMA: Final = 2.0
"""Largest |a*| or |b*| below which a pixel has no colour at all."""

FEW_COLOURED: Final = 0.25
"""Share of a picture's pixels with colour below which it may be a grey frame with strokes on it."""


@dataclass(frozen=True)
class KeyPictures:
    """Pictures that a person coloured, by the number of the frame that each shows; read when they are needed."""

    paths: Mapping[int, Path]
    info: ClipInfo

    def __contains__(self, frame: int) -> bool:
        return frame in self.paths

    def planes(self, frame: int, info: ClipInfo) -> tuple[Codes, Codes]:
        """Cb and Cr codes of a frame's picture on the chroma grid that `info` says."""
        return key_planes(read_key(self.paths[frame], info), info)

    def chroma(self, frame: Frame) -> FloatArray:
        """a* and b*, (H, W, 2), of a frame's picture at the luma of the frame."""
        whole = replace(self.info, chroma_shift=(0, 0))
        return cbcr_to_chroma(frame.luma, *self.planes(frame.index, whole), whole)


def read_key(path: str | Path, info: ClipInfo, shape: tuple[int, int] | None = None) -> NDArray[Any]:
    """A key picture as its frame is stored: turned back from upright, of the frame's size or `shape`, without alpha.

    (height, width, 3) sRGB of the file's depth: uint8, uint16 or float32. PictureError where it cannot be read, or its
    proportions are neither the stored frame's nor, where pixels are not square, the shown frame's.
    """
    rgb = as_stored(read_picture(path).pixels, info.rotation)
    _check_aspect(path, rgb.shape[1], rgb.shape[0], info)
    if rgb.ndim == 2:
        rgb = np.repeat(rgb[..., None], 3, axis=2)
    height, width = shape or info.shape
    if rgb.shape[:2] == (height, width):
        return rgb
    shrinks = width * height < rgb.shape[0] * rgb.shape[1]
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4)
    return np.asarray(np.clip(resized, 0, 1) if rgb.dtype == np.float32 else resized)


def coloured_share(rgb: NDArray[Any]) -> float:
    """Share of the pixels of (H, W, 3) that are more than a trace off grey."""
    return float((np.abs(rgb_to_lab(rgb)[1]).max(axis=2) >= LEAST_CHROMA).mean())


def comparing_size(info: ClipInfo) -> tuple[int, int]:
    """Height and width at which pictures are compared: a thumbnail's detail, and enough that no colour gets lost."""
    scale = min(1.0, 320 / max(info.shape))
    return max(1, round(info.height * scale)), max(1, round(info.width * scale))


def _check_aspect(path: str | Path, width: int, height: int, info: ClipInfo) -> None:
    stored = info.width / info.height
    shown = stored * float(info.pixel_aspect)
    if all(abs(width / height / aspect - 1.0) > MOST_ASPECT_ERROR for aspect in (stored, shown)):
        found, wanted = replace(info, width=width, height=height).shown_size, info.shown_size
        raise PictureError(
            f"{path}: {found[0]}x{found[1]} pixels, but a frame of {info.name} is {wanted[0]}x{wanted[1]}; "
            "colour the whole frame, neither cropped nor turned"
        )
