"""The table of ways to raise chroma from the working grid to full size along the edges of full-size lightness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from refine.chroma_grid import ChromaGrid
from refine.guided_upsample import guided_grid
from refine.joint_bilateral_upsample import joint_bilateral_grid
from refine.planes import FloatArray, checked_planes

DEFAULT_UPSAMPLER = "guided"

# (chroma_low (h, w, 2), lightness_low (h, w), shape (H, W), **options) -> ChromaGrid. At the size of chroma_low every
# one of them gives chroma_low back; constant chroma stays constant.
Upsampler: TypeAlias = Callable[..., ChromaGrid]


def bilinear_grid(chroma_low: FloatArray, lightness_low: FloatArray, shape: tuple[int, int]) -> ChromaGrid:
    """The grid whose bands are chroma_low interpolated bilinearly; lightness has no say."""
    chroma_low, _, _ = checked_planes(chroma_low, lightness_low)
    return ChromaGrid(np.repeat(chroma_low[:, None], 2, axis=1), shape)


UPSAMPLERS: MappingProxyType[str, Upsampler] = MappingProxyType(
    {"joint_bilateral": joint_bilateral_grid, "guided": guided_grid, "bilinear": bilinear_grid}
)


def chroma_grid(
    chroma_low: FloatArray,
    lightness_low: FloatArray,
    shape: tuple[int, int],
    *,
    method: str = DEFAULT_UPSAMPLER,
    **options: Any,
) -> ChromaGrid:
    """What reads full-size chroma band by band: `chroma_grid(...).band(lightness_band, first_row)`.

    Parameters
    ----------
    chroma_low : (h, w, 2) float32
    lightness_low : (h, w) float32, 0..1
        The full-size lightness shrunk to the same grid by box means (cv2.INTER_AREA).
    shape : (H, W)
        The full size.
    method : str
        A key of UPSAMPLERS.
    **options
        The method's own.

    Raises
    ------
    ValueError
        Unknown method, shapes that do not fit, an option out of range.
    """
    if method not in UPSAMPLERS:
        raise ValueError(f"upsampler must be one of {', '.join(UPSAMPLERS)}; got {method!r}")
    return UPSAMPLERS[method](chroma_low, lightness_low, shape, **options)


def upsample(
    chroma_low: FloatArray,
    lightness_low: FloatArray,
    lightness_full: FloatArray,
    *,
    method: str = DEFAULT_UPSAMPLER,
    **options: Any,
) -> FloatArray:
    """chroma_low (h, w, 2) raised to the size of lightness_full (H, W), all at once; see `chroma_grid`.

    Examples
    --------
    >>> chroma, lightness = np.zeros((2, 3, 2), np.float32), np.zeros((2, 3), np.float32)
    >>> upsample(chroma, lightness, np.zeros((8, 12), np.float32)).shape
    (8, 12, 2)
    """
    height, width = lightness_full.shape
    return chroma_grid(chroma_low, lightness_low, (height, width), method=method, **options).band(lightness_full)


def upsample_bands(
    chroma_low: FloatArray,
    lightness_low: FloatArray,
    lightness_full: FloatArray,
    *,
    method: str = DEFAULT_UPSAMPLER,
    rows_a_band: int = 256,
    **options: Any,
) -> Iterator[tuple[slice, FloatArray]]:
    """The rows of `upsample` from top to bottom, never more than rows_a_band of them in memory.

    Yields
    ------
    rows : slice
    chroma : (n_rows, W, 2) float32
    """
    if rows_a_band < 1:
        raise ValueError(f"rows_a_band must be at least 1, got {rows_a_band}")
    height, width = lightness_full.shape
    grid = chroma_grid(chroma_low, lightness_low, (height, width), method=method, **options)
    for first in range(0, height, rows_a_band):
        rows = slice(first, min(first + rows_a_band, height))
        yield rows, grid.band(lightness_full[rows], first)
