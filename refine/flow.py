"""Optical flow between two frames, by several methods behind one contract.

A flow is (H, W, 2) float32, (dx, dy) in pixels, on the grid of the *target*: what is at (x, y) in the target is at
(x + dx, y + dy) in the source, so that `refine.warp.warp` brings the source onto the target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from refine.planes import FloatArray

Luma: TypeAlias = NDArray[np.uint8]

MIN_FLOW_SIDE: Final = 12
"""DIS matches nothing in pictures whose both sides are shorter, in pixels."""

MAX_ASPECT: Final = 3
"""Longer side over the shorter from which on a picture is padded: OpenCV's DIS crashes on some that are 4 to 1."""

CONTRAST: Final = 48.0
"""Standard deviation, in codes, that `normalise_contrast` gives."""


def _dis(target: Luma, source: Luma, *, preset: int, fine: bool = False) -> FloatArray:
    # An estimator holds buffers and may not be shared by threads; making one costs 2 to 4 % of a call.
    estimator = cv2.DISOpticalFlow.create(preset)
    if fine:
        estimator.setFinestScale(0)
        estimator.setGradientDescentIterations(8)
        estimator.setVariationalRefinementIterations(3)
        estimator.setVariationalRefinementAlpha(10.0)
        estimator.setVariationalRefinementGamma(20.0)
    return np.asarray(estimator.calc(target, source, None), np.float32)


def _farneback(target: Luma, source: Luma) -> FloatArray:
    flow = cv2.calcOpticalFlowFarneback(target, source, None, 0.5, 5, 21, 3, 7, 1.5, cv2.OPTFLOW_FARNEBACK_GAUSSIAN)
    return np.asarray(flow, np.float32)


FLOWS: Final[Mapping[str, Callable[[Luma, Luma], FloatArray]]] = MappingProxyType(
    {
        "dis_ultrafast": partial(_dis, preset=cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST),
        "dis_fast": partial(_dis, preset=cv2.DISOPTICAL_FLOW_PRESET_FAST),
        "dis_medium": partial(_dis, preset=cv2.DISOPTICAL_FLOW_PRESET_MEDIUM),
        "dis_fine": partial(_dis, preset=cv2.DISOPTICAL_FLOW_PRESET_FAST, fine=True),
        "farneback": _farneback,
    }
)
"""Methods by name: target and source (H, W) uint8 to the flow.

"dis_fine" is ours: down to the full size, where OpenCV's presets stop at half or a quarter, with a variational
refinement that is less smooth and follows gradients more. Chroma carried by it came 0.3 dB nearer to the truth than by
"dis_medium" on films of 40 frames (benchmarks/README.md).
"""


def estimate_flow(target: Luma, source: Luma, *, method: str = "dis_medium") -> FloatArray:
    """Flow from one luma picture to another. Safe to call from several threads.

    DIS: Kroeger, Timofte, Dai, Van Gool: Fast optical flow using dense inverse search, ECCV 2016 (OpenCV's presets).
    Farnebäck: Two-frame motion estimation based on polynomial expansion, SCIA 2003.

    Parameters
    ----------
    target, source : (H, W) uint8, the longer side at least 12 pixels
    method : a name of `FLOWS`

    Returns
    -------
    (H, W, 2) float32, target to source
    """
    if method not in FLOWS:
        raise ValueError(f"method must be one of {', '.join(FLOWS)}, got {method!r}")
    for name, luma in (("target", target), ("source", source)):
        if luma.ndim != 2 or luma.dtype != np.uint8 or max(luma.shape) < MIN_FLOW_SIDE:
            raise ValueError(
                f"{name} must be luma (H, W) uint8, a side of it {MIN_FLOW_SIDE} pixels or more, "
                f"got {luma.shape} {luma.dtype}"
            )
    if target.shape != source.shape:
        raise ValueError(f"target and source must have one shape, got {target.shape} and {source.shape}")
    height, width = target.shape
    flow = FLOWS[method](_padded(target), _padded(source))
    return np.ascontiguousarray(flow[:height, :width])


def normalise_contrast(lightness: FloatArray) -> Luma:
    """Luma for `estimate_flow` with the mean and the deviation of every frame the same, whatever its exposure.

    Gain and offset of the whole frame cancel, so that the flicker of old film moves no flow. Local normalisation (by
    the deviation in a neighbourhood, or CLAHE) follows no flicker better and matches worse in fast motion: it makes
    much of what moves by lighting alone.

    Parameters
    ----------
    lightness : (H, W), 0..1 or any other scale

    Returns
    -------
    (H, W) uint8, mean 128 and deviation 48 codes; what lies beyond 0..255 is cut off, a flat picture is 128
    """
    lightness = np.asarray(lightness, np.float32)
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(lightness))
    gain = CONTRAST / deviation if deviation > 1e-6 * max(abs(mean), 1e-6) else 0.0
    scaled = cv2.addWeighted(lightness, gain, lightness, 0, 128 - gain * mean)
    return np.asarray(cv2.min(cv2.max(scaled, 0), 255).round().astype(np.uint8))


def _padded(picture: NDArray[Any]) -> NDArray[Any]:
    """The picture with its last row or column repeated until it is not narrower than DIS can take."""
    height, width = picture.shape[:2]
    least = max(MIN_FLOW_SIDE, -(-max(height, width) // MAX_ASPECT))
    rows, columns = max(0, least - height), max(0, least - width)
    if not rows and not columns:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.copyMakeBorder(picture, 0, rows, 0, columns, cv2.BORDER_REPLICATE))
