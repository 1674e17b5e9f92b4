"""What a flow does to a picture: warping, composing, and masks of where a warped picture can be believed.

A flow, as `refine.flow` estimates it, is on the grid of the *target*: `warp` brings the source onto the target.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from refine.planes import FloatArray

Mask: TypeAlias = NDArray[np.bool_]

OCCLUSION_SHARE: Final = 0.01
"""Part of the squared motion that forward and backward flow may disagree by (Ruder et al. 2016)."""

OCCLUSION_SLACK: Final = 0.5
"""The same in squared pixels, for small motions."""

BOUNDARY_SHARE: Final = 0.01
"""Part of the squared motion that the squared gradient of the flow may reach (Ruder et al. 2016)."""

BOUNDARY_SLACK: Final = 0.002
"""The same, without unit, for small motions."""

EXPOSURE_SHARE: Final = 8
"""The longer side over the window in which `photometric_confidence` takes a difference of exposure to be one."""


def warp(source: FloatArray, flow: FloatArray) -> FloatArray:
    """The source read at (x + dx, y + dy), bilinear: what the target would be if it moved so.

    Beyond the border the nearest pixel goes on; `inside` and `valid_pixels` leave such places out. OpenCV before 5
    rounds the position to 1/32 pixel.

    Parameters
    ----------
    source : (H, W) or (H, W, C), float32 inside
    flow : (H, W, 2), target to source

    Returns
    -------
    float32, of the source's shape
    """
    _check_flow(flow, source.shape[:2])
    source = np.ascontiguousarray(source, np.float32)
    warped = cv2.remap(source, _positions(flow), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32).reshape(source.shape)


def compose(first: FloatArray, second: FloatArray) -> FloatArray:
    """One flow for two steps: a to c, given a to b and b to c. Chroma warped by it is resampled once.

    Where the first leads outside b, the second is read at b's border.

    Parameters
    ----------
    first, second : (H, W, 2), the second on b's grid

    Returns
    -------
    (H, W, 2) float32, on a's grid
    """
    _check_flow(first, second.shape[:2])
    return np.asarray(cv2.add(np.asarray(first, np.float32), warp(second, first)))


def inside(flow: FloatArray, *, slack: float = 0.0) -> Mask:
    """Pixels of the target that come from within the source, or from at most `slack` pixels beyond: (H, W) bool."""
    height, width = flow.shape[:2]
    x, y = cv2.split(_positions(flow))
    return np.asarray((x >= -slack) & (x <= width - 1 + slack) & (y >= -slack) & (y <= height - 1 + slack))


def occluded(flow: FloatArray, reverse: FloatArray) -> Mask:
    """Pixels of the target that something hides in the source, by forward and reverse flow disagreeing.

    With w^ the flow from target to source and w~ the reverse flow warped to the target by w^:
    |w~ + w^|^2 > 0.01 (|w~|^2 + |w^|^2) + 0.5 (Ruder, Dosovitskiy, Brox: Artistic style transfer for videos, GCPR
    2016).

    Parameters
    ----------
    flow : (H, W, 2), target to source
    reverse : (H, W, 2), source to target, on the source's grid

    Returns
    -------
    (H, W) bool
    """
    warped = warp(reverse, flow)
    limit = OCCLUSION_SHARE * (_squared(warped) + _squared(flow)) + OCCLUSION_SLACK
    return np.asarray(_squared(cv2.add(warped, flow)) > limit)


def motion_boundaries(flow: FloatArray) -> Mask:
    """Pixels where motion changes: |grad w|^2 > 0.01 |w|^2 + 0.002 (Ruder et al. 2016), (H, W) bool.

    The gradient as differences to the next column and row (none at the last), squared and summed over both components,
    as in the code of Lai et al., Learning blind video temporal consistency, ECCV 2018.
    """
    return np.asarray(_squared_gradient(flow) > BOUNDARY_SHARE * _squared(flow) + BOUNDARY_SLACK)


def valid_pixels(flow: FloatArray, reverse: FloatArray) -> Mask:
    """Pixels of the target that the source shows too, away from motion boundaries.

    A pixel is left out where it is `occluded` in the source, at `motion_boundaries`, and where it does not come from
    `inside` the source: nothing can be compared there. (The code of Lai et al. keeps such pixels and compares them with
    the border.) Parameters and result as of `occluded`.
    """
    _check_flow(reverse, flow.shape[:2])
    return np.asarray(inside(flow) & ~occluded(flow, reverse) & ~motion_boundaries(flow))


def photometric_confidence(target: FloatArray, source_warped: FloatArray, sigma: float) -> FloatArray:
    """How well a warped picture fits: exp(-(dL / sigma)^2), (H, W) float32, 1 where it fits exactly.

    dL is the difference less its mean over an eighth of the longer side, so that a difference of exposure, or of its
    evenness over the frame, does not count.

    Parameters
    ----------
    target, source_warped : (H, W), lightness in one scale
    sigma : in that scale, positive
    """
    if target.shape != source_warped.shape or target.ndim != 2:
        raise ValueError(
            f"target and source_warped must be (H, W) of one shape, got {target.shape} and {source_warped.shape}"
        )
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, got {sigma}")
    difference = cv2.subtract(np.asarray(target, np.float32), np.asarray(source_warped, np.float32))
    window = 2 * (max(target.shape) // (2 * EXPOSURE_SHARE)) + 1
    if window > 1:
        mean = cv2.blur(difference, (window, window), borderType=cv2.BORDER_REFLECT)
        difference = cv2.subtract(difference, mean)
    return np.asarray(cv2.exp(cv2.multiply(difference, difference, scale=-1 / sigma**2)))


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> FloatArray:
    """x and y of each pixel, (H, W, 2); shared, so read only."""
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width)
    grid[..., 1] = np.arange(height)[:, None]
    grid.flags.writeable = False
    return grid


def _positions(flow: FloatArray) -> FloatArray:
    """Where each target pixel is in the source, x and y, (H, W, 2)."""
    return np.asarray(cv2.add(_grid(*flow.shape[:2]), np.asarray(flow, np.float32)))


def _squared(field: FloatArray) -> NDArray[np.float64]:
    """Squared length of each vector of (H, W, 2)."""
    squared = np.square(field[..., 0], dtype=np.float64)
    squared += np.square(field[..., 1], dtype=np.float64)
    return squared


def _squared_gradient(flow: FloatArray) -> NDArray[np.float64]:
    """|grad u|^2 + |grad v|^2 by forward differences, (H, W); zero across the last column and row."""
    total = np.zeros(flow.shape[:2])
    total[:, :-1] += _squared(np.diff(flow, axis=1))
    total[:-1] += _squared(np.diff(flow, axis=0))
    return total


def _check_flow(flow: NDArray[Any], shape: tuple[int, ...]) -> None:
    if flow.shape != (*shape, 2):
        raise ValueError(f"flow must be {(*shape, 2)}, (dx, dy) for each pixel, got {flow.shape}")
    if not cv2.checkRange(np.asarray(flow, np.float32), quiet=True)[0]:
        raise ValueError("flow must be finite, got nan or inf")
