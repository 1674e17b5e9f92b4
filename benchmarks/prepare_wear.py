"""What dust, scratches, frames and JPEG do to a clean lightness."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.spaces import FloatArray

Mask = NDArray[np.bool_]


def dusty(lightness: FloatArray, rng: np.random.Generator, specks: int = 25) -> tuple[FloatArray, Mask]:
    """White and black specks, round or short hairs, with soft edges; and where they are, (H, W) bool.

    Specks are 1 to 0.6 % of the shorter side in radius, hairs three times as long as they are wide.
    """
    height, width = lightness.shape
    largest = max(1.5, 0.006 * min(height, width))
    cover = {0.0: np.zeros(lightness.shape, np.float32), 1.0: np.zeros(lightness.shape, np.float32)}
    for _ in range(specks):
        centre = int(rng.integers(8, width - 8)), int(rng.integers(8, height - 8))
        radius = rng.uniform(1.0, largest)
        axes = max(1, round(radius * rng.choice([1, 1, 3]))), max(1, round(radius))
        value = float(rng.choice([0.0, 1.0, 1.0]))  # most dust lies on the negative
        cv2.ellipse(cover[value], centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
    worn = lightness.copy()
    for value, plane in cover.items():
        soft = cv2.GaussianBlur(plane, (0, 0), 0.5)
        worn += soft * (np.float32(0.02 + 0.96 * value) - worn)
    return worn, (cover[0.0] > 0.3) | (cover[1.0] > 0.3)


def scratched(lightness: FloatArray, rng: np.random.Generator, scratches: int = 3) -> tuple[FloatArray, Mask]:
    """Upright scratches from top to bottom, one or two pixels wide, a little slanted; and where they are."""
    height, width = lightness.shape
    cover = np.zeros(lightness.shape, np.float32)
    worn = lightness.copy()
    for _ in range(scratches):
        column = int(rng.integers(10, width - 10))
        drift = int(rng.integers(-4, 5))
        line = np.zeros(lightness.shape, np.float32)
        cv2.line(line, (column, 0), (column + drift, height - 1), 1.0, int(rng.integers(1, 3)), cv2.LINE_AA)
        worn += np.float32(rng.uniform(0.5, 0.9)) * line * (np.float32(rng.choice([0.05, 0.95])) - worn)
        cover = np.maximum(cover, line)
    return worn, cover > 0.3


def framed(lightness: FloatArray, value: float, share: float = 0.06) -> FloatArray:
    """With an even frame, `share` of the shorter side wide."""
    width = max(1, round(share * min(lightness.shape)))
    return np.asarray(cv2.copyMakeBorder(lightness, *(width,) * 4, cv2.BORDER_CONSTANT, value=value), np.float32)


def jpeg(lightness: FloatArray, quality: int = 92) -> FloatArray:
    """As 8-bit JPEG leaves it; the codes stand for L* here."""
    done, content = cv2.imencode(".jpg", np.rint(lightness * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    decoded = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
    return np.asarray(decoded, np.float32) / np.float32(255)
