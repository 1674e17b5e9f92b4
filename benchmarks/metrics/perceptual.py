"""Distances that follow the eye or a network: FLIP, SSIMULACRA2, a distance on EfficientNet-Lite0.

Each takes truth and output, (H, W, 3) uint8 of one shape, and gives one number. LPIPS and FID, which need weights of
the user's, are in `benchmarks.metrics.lpips_fid`.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.measures import check_rgb
from featcolor.errors import NetworkError, UsageError
from features import lite0
from features.network import Network
from features.torchfile import read_torch_file

FLIP_PIXELS_PER_DEGREE: Final = 0.7 * (3840 / 0.7) * (np.pi / 180)
"""FLIP's default, 67.02: seen from 0.7 m, a display of 3840 pixels that is 0.7 m wide (Andersson et al. 2020)."""

SSIMULACRA2_MIN_SIDE: Final = 8
"""Shorter sides leave SSIMULACRA2 without any scale, in pixels."""

DISTANCE_LAYERS: Final = ("stride4", "stride8", "stride16", "stride32")
"""Layers of EfficientNet-Lite0 that the distance reads."""

UNIT_EPSILON: Final = 1e-10
"""Added to the length of a vector before the division by it, as in LPIPS."""

_INSTALL = "pip install flip-evaluator ssimulacra2"


def flip(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """Mean FLIP error of two sRGB pictures, 0 (equal) .. 1, at 67.02 pixels a degree.

    How different they look when one flips between them. Andersson, Nilsson, Akenine-Möller, Oskarsson, Åström,
    Fairchild: FLIP, a difference evaluator for alternating images, HPG 2020; the LDR variant of the authors' wheel.

    Raises
    ------
    UsageError : the wheel `flip-evaluator` is not installed.
    """
    check_rgb(truth, output)
    try:
        import flip_evaluator
    except ImportError as error:
        raise UsageError(f"FLIP needs the wheel flip-evaluator: {_INSTALL}") from error
    unit = [picture.astype(np.float32) / np.float32(255) for picture in (truth, output)]
    viewing = {"ppd": FLIP_PIXELS_PER_DEGREE}
    _, mean, _ = flip_evaluator.evaluate(*unit, "LDR", inputsRGB=True, applyMagma=False, parameters=viewing)
    return float(mean)


def ssimulacra2_score(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """SSIMULACRA2 score, higher is better: 100 for equal pictures, 90 very high quality, below 0 for very bad ones.

    Sneyers: SSIMULACRA 2 (2022, Cloudinary and libjxl); made for compression. By the wheel `ssimulacra2`, a port of the
    C++ code to Python. Not symmetric: the truth is the original. A side shorter than 225 pixels leaves fewer than the
    six scales, and the score compares with others of that size only.

    Raises
    ------
    UsageError : the wheel `ssimulacra2` is not installed.
    ValueError : a side is shorter than 8 pixels.
    """
    check_rgb(truth, output)
    if min(truth.shape[:2]) < SSIMULACRA2_MIN_SIDE:
        raise ValueError(f"SSIMULACRA2 takes sides of {SSIMULACRA2_MIN_SIDE} pixels or more, got {truth.shape[:2]}")
    try:
        import ssimulacra2
    except ImportError as error:
        raise UsageError(f"SSIMULACRA2 needs the wheel ssimulacra2: {_INSTALL}") from error
    return float(ssimulacra2.compute_ssimulacra2(_png(truth), _png(output)))


def lite0_distance(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    """Distance of two colour pictures on the maps of EfficientNet-Lite0; 0 (equal) .. 4, symmetric.

    At each position of the maps of strides 4, 8, 16 and 32 the vector over channels is brought to length 1; squared
    difference summed over channels, mean over positions, then mean over layers. That is the manner of LPIPS without its
    learned weights (Zhang, Isola, Efros, Shechtman, Wang: The unreasonable effectiveness of deep features as a
    perceptual metric, CVPR 2018), on another network, and LPIPS sums over layers: it is not LPIPS, and its values
    compare with themselves only. Sides are mirrored outwards to the next multiple of 32 first.

    Raises
    ------
    NetworkError : the weights that come with featcolor are missing or damaged.
    """
    check_rgb(truth, output)
    first, second = (_lite0().run(_network_input(picture)) for picture in (truth, output))
    return float(np.mean([_unit_difference(a, b) for a, b in zip(first, second, strict=True)]))


def _unit_difference(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Mean over positions of |a / |a| - b / |b||^2 of two maps (C, h, w)."""
    difference = _unit(first) - _unit(second)
    return float(np.square(difference).sum(axis=0).mean())


def _unit(each: NDArray[np.float32]) -> NDArray[np.float64]:
    """A map (C, h, w) with the vector at each position brought to length 1."""
    wide = each.astype(np.float64)
    return wide / (np.linalg.norm(wide, axis=0) + UNIT_EPSILON)


@lru_cache(maxsize=1)
def _lite0() -> Network:
    """The trunk for colour pictures, built once a process."""
    try:
        trunk = lite0.build_trunk(read_torch_file(lite0.read_weights()), colour=True)
    except lite0.Lite0Error as error:
        raise NetworkError(str(error)) from error
    return Network(trunk, DISTANCE_LAYERS)


def _network_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(1, 3, H, W) codes, mirrored outwards so that the sides are multiples of the trunk's stride."""
    missing = [-side % lite0.STRIDE for side in rgb.shape[:2]]
    borders = [(each // 2, each - each // 2) for each in missing]
    framed = np.pad(rgb, [*borders, (0, 0)], mode="symmetric")
    return framed.transpose(2, 0, 1)[None].astype(np.float32)


def _png(rgb: NDArray[np.uint8]) -> Any:
    """A picture as the file that the wheel wants to open, in memory."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "png", compress_level=0)
    file.seek(0)
    return file
