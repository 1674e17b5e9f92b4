"""What film, lens, print, years and scanner do to a grey picture: mild wear, at random, for training.

Each wear is drawn by itself, so that most worn pictures have one to three of them, and few have none.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.film_stock import FILM_STOCKS
from featcolor.colour.lab import LUMINANCE_WEIGHTS
from features.base import FloatArray

TONE: Final = 0.3
"""Gamma of the tone curve between exp(-TONE) and exp(TONE), S-curve between -TONE and TONE: of every picture."""
CODES: Final = 1024
"""Entries of the table of a tone curve."""
GRAIN: Final = 0.06
"""Largest deviation of the grain, in L*/100 at middle grey."""
HIGHLIGHT: Final = 0.75
"""L*/100 above which light spreads in the film (halation)."""


def film_response(rng: np.random.Generator, share: float) -> FloatArray:
    """Shares of linear red, green and blue in the exposure, (3,) float32.

    The eye's for 1 - share of the pictures, for the others between the eye's and one stock's, nearer the stock's.
    """
    weights = np.array(LUMINANCE_WEIGHTS, np.float32)
    draw = rng.random(2)
    if draw[0] >= share:
        return weights
    stocks = list(FILM_STOCKS.values())
    stock = np.array(stocks[rng.integers(len(stocks))], np.float32)
    return weights + np.float32(np.sqrt(draw[1])) * (stock - weights)


def add_wear(lightness: FloatArray, rng: np.random.Generator, share: float) -> FloatArray:
    """Lightness L*/100, (H, W), 0..1, of an exposure as it comes back from a box of prints, 0..1.

    `share` 0 leaves the lens, the film and the years out: a tone curve alone is drawn then.
    """
    side = min(lightness.shape)
    draw = rng.random(24)
    if draw[0] < 0.4 * share:
        lightness = _blurred(lightness, 0.4 + 1.2 * draw[1])
    if draw[2] < 0.15 * share:
        glow = _blurred(np.maximum(lightness - np.float32(HIGHLIGHT), 0), side / 24)
        lightness = lightness + np.float32(2 * draw[3]) * glow
    if draw[4] < 0.2 * share:
        lightness = lightness + _veil(lightness.shape, rng) * (np.float32(0.2 + 0.6 * draw[5]) - lightness)
    lightness = _through(lightness, _tone_curve(draw[6:13], share))
    if draw[13] < 0.1 * share:  # a scanner's sharpening
        lightness = lightness + np.float32(draw[14]) * (lightness - _blurred(lightness, 1.0))
    if draw[15] < 0.5 * share:
        lightness = _grainy(lightness, rng, GRAIN * draw[16] * draw[17], 1.2 * draw[18])
    if draw[19] < 0.1 * share:
        lightness = _scratched(lightness, rng)
    lightness = np.clip(lightness, 0, 1)
    if draw[20] < 0.2 * share:
        lightness = _compressed(lightness, int(25 + 60 * draw[21]))
    return lightness


def _tone_curve(draw: NDArray[np.float64], share: float) -> FloatArray:
    """Table over 0..1: gamma and S-curve; of worn pictures blacks and whites crushed or washed out."""
    x = np.linspace(0, 1, CODES, dtype=np.float32)
    curve = x ** np.exp(TONE * (2 * draw[0] - 1))
    curve = curve + TONE * (2 * draw[1] - 1) * (curve * curve * (3 - 2 * curve) - curve)
    if draw[2] < 0.25 * share:
        low, high = 0.1 * draw[3], 1 - 0.1 * draw[4]
        curve = np.clip((curve - low) / (high - low), 0, 1)
    elif draw[2] < 0.6 * share:
        low, high = 0.3 * draw[3], 1 - 0.3 * draw[4]
        curve = low + (high - low) * curve
    return curve.astype(np.float32)


def _through(lightness: FloatArray, curve: FloatArray) -> FloatArray:
    return np.take(curve, np.clip(lightness * (CODES - 1) + 0.5, 0, CODES - 1).astype(np.int32))


def _blurred(lightness: FloatArray, sigma: float) -> FloatArray:
    return cv2.GaussianBlur(lightness, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def _veil(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Strength 0..0.5 of a stray light that rises across the picture."""
    angle, strength = 2 * np.pi * rng.random(), 0.5 * rng.random()
    rows = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None] * np.sin(angle)
    columns = np.linspace(-1, 1, shape[1], dtype=np.float32)[None] * np.cos(angle)
    return np.float32(strength) * np.clip(0.5 + 0.7 * (rows + columns), 0, 1).astype(np.float32) ** 2


def _grainy(lightness: FloatArray, rng: np.random.Generator, deviation: float, size: float) -> FloatArray:
    noise = rng.standard_normal(lightness.shape, np.float32)
    if size > 0.4:
        noise = _blurred(noise, size)
        noise /= noise.std() + 1e-6
    visible = 2 * np.sqrt(np.clip(lightness * (1 - lightness), 0, None))
    return lightness + np.float32(deviation) * noise * visible


def _scratched(lightness: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Dust, hairs and scratches, white or black."""
    height, width = lightness.shape
    marks = np.zeros(lightness.shape, np.uint8)
    for _ in range(int(rng.integers(1, 8))):
        row, column = int(height * rng.random()), int(width * rng.random())
        if rng.random() < 0.3:
            end = (int(column + 6 * rng.standard_normal()), int(height * rng.random()))
            cv2.line(marks, (column, row), end, 255, 1, cv2.LINE_AA)
        else:
            cv2.circle(marks, (column, row), int(rng.integers(0, 3)), 255, -1, cv2.LINE_AA)
    strength = marks.astype(np.float32) * np.float32((0.8 * rng.random() + 0.2) / 255)
    white = np.float32(1 if rng.random() < 0.6 else 0)
    return lightness + strength * (white - lightness)


def _compressed(lightness: FloatArray, quality: int) -> FloatArray:
    coded = cv2.imencode(".jpg", (255 * lightness + 0.5).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)
