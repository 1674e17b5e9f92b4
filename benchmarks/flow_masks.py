"""Optical flow between two frames, warping by it, and the pixels where a warped frame can be compared.

A flow is (H, W, 2) float32, (dx, dy) in pixels, on the grid of the *target*: what is at (x, y) in the target is at
(x + dx, y + dy) in the source, so that `warp` brings the source onto the target.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

OCCLUSION_SHARE: Final = 0.01
"""Part of the squared motion that forward and backward flow may disagree by (Ruder et al. 2016)."""

OCCLUSION_SLACK: Final = 0.5
"""The same in squared pixels, for small motions."""

BOUNDARY_SHARE: Final = 0.01
"""Part of the squared motion that the squared gradient of the flow may reach (Ruder et al. 2016)."""

BOUNDARY_SLACK: Final = 0.002
"""The same, without unit, for small motions."""

MIN_FLOW_SIDE: Final = 12
"""DIS matches nothing in pictures whose both sides are shorter, in pixels."""


def estimate_flow(target: NDArray[np.uint8], source: NDArray[np.uint8]) -> FloatArray:
    """Flow from one luma picture to another by DIS, OpenCV's medium preset.

    Kroeger, Timofte, Dai, Van Gool: Fast optical flow using dense inverse search, ECCV 2016.

    Parameters
    ----------
    target, source : (H, W) uint8, the longer side at least 12 pixels

    Returns
    -------
    (H, W, 2) float32, target to source
    """
    for name, luma in (("target", target), ("source", source)):
        if luma.ndim != 2 or luma.dtype != np.uint8 or max(luma.shape) < MIN_FLOW_SIDE:
            raise ValueError(
                f"{name} must be luma (H, W) uint8, a side of it {MIN_FLOW_SIDE} pixels or more, "
                f"got {luma.shape} {luma.dtype}"
            )
    if target.shape != source.shape:
        raise ValueError(f"target and source must have one shape, got {target.shape} and {source.shape}")
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow = estimator.calc(np.ascontiguousarray(target), np.ascontiguousarray(source), None)
    return np.asarray(flow, np.float32)


def warp(source: FloatArray, flow: FloatArray) -> FloatArray:
    """The source read at (x + dx, y + dy) by bilinear interpolation: what the target would be if it moved so.

    Beyond the border the nearest pixel goes on; `valid_pixels` leaves such places out. OpenCV before 5 rounds the
    position to 1/32 pixel.

    Parameters
    ----------
    source : (H, W) or (H, W, C), float32 inside
    flow : (H, W, 2), target to source

    Returns
    -------
    float32, of the source's shape
    """
    _check_flow(flow, source.shape[:2])
    x, y = _positions(flow)
    source = np.ascontiguousarray(source, np.float32)
    return np.asarray(cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def valid_pixels(flow: FloatArray, reverse: FloatArray) -> Mask:
    """Pixels of the target that the source shows too, away from motion boundaries.

    With w^ the flow from target to source and w~ the reverse flow warped to the target by w^, a pixel is left out where

    - it is occluded in the source: |w~ + w^|^2 > 0.01 (|w~|^2 + |w^|^2) + 0.5;
    - motion changes: |grad w^|^2 > 0.01 |w^|^2 + 0.002, the gradient as differences to the next column and row (none
      at the last), squared and summed over both components;
    - it comes from outside the source: nothing can be compared there. (The code of Lai et al. keeps such pixels and
      compares them with the border.)

    Ruder, Dosovitskiy, Brox: Artistic style transfer for videos, GCPR 2016; the differences as in the code of Lai et
    al., Learning blind video temporal consistency, ECCV 2018.

    Parameters
    ----------
    flow : (H, W, 2), target to source
    reverse : (H, W, 2), source to target, on the source's grid

    Returns
    -------
    (H, W) bool
    """
    _check_flow(reverse, flow.shape[:2])
    warped = warp(reverse, flow)
    motion = _squared(flow)
    occluded = _squared(warped + flow) > OCCLUSION_SHARE * (_squared(warped) + motion) + OCCLUSION_SLACK
    boundary = _squared_gradient(flow) > BOUNDARY_SHARE * motion + BOUNDARY_SLACK
    return np.asarray(_inside(flow) & ~occluded & ~boundary)


def _positions(flow: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where each target pixel is in the source, x and y (H, W)."""
    height, width = flow.shape[:2]
    x = np.arange(width, dtype=np.float32) + flow[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + flow[..., 1]
    return x.astype(np.float32), y.astype(np.float32)


def _inside(flow: FloatArray) -> Mask:
    height, width = flow.shape[:2]
    x, y = _positions(flow)
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))


def _squared(field: FloatArray) -> NDArray[np.float64]:
    """Squared length of each vector of (H, W, 2)."""
    return np.square(field, dtype=np.float64).sum(axis=-1)


def _squared_gradient(flow: FloatArray) -> NDArray[np.float64]:
    """|grad u|^2 + |grad v|^2 by forward differences, (H, W); zero across the last column and row."""
    total = np.zeros(flow.shape[:2])
    total[:, :-1] += _squared(np.diff(flow, axis=1))
    total[:-1] += _squared(np.diff(flow, axis=0))
    return total


def _check_flow(flow: NDArray[Any], shape: tuple[int, ...]) -> None:
    if flow.shape != (*shape, 2):
        raise ValueError(f"flow must be {(*shape, 2)}, (dx, dy) for each pixel, got {flow.shape}")
    if not np.isfinite(flow).all():
        raise ValueError("flow must be finite, got nan or inf")
