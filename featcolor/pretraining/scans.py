"""Made scans of photographs, worn, bordered and inverted, and of pages of text: what judges of negatives learn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from featcolor.colour.lab import FloatArray
from featcolor.colour.srgb import decode_srgb, encode_srgb

Scan: TypeAlias = NDArray[np.uint8]

PAGE: Final = "page"
NEGATIVES: Final = ("negative", "negative, bare film")
"""Kinds of scans, beside those that `scans_of` names."""
WORDS: Final = (
    "archive",
    "of",
    "letters",
    "maps",
    "and",
    "the",
    "plans",
    "minutes",
    "in",
    "meetings",
    "town",
    "council",
)


def scans_of(grey: FloatArray, rng: np.random.Generator) -> Iterator[tuple[str, Scan]]:
    """Kinds and codes of four scans of a photograph, (H, W) in 0..1: as it is, worn, bordered and a negative."""
    yield "photograph", _scanned(grey, 0.0, rng)
    dark, light = rng.uniform(0, 0.3), rng.uniform(0.7, 1)
    worn = dark + (light - dark) * grey ** rng.uniform(0.6, 1.6)
    yield "worn", _scanned(worn, rng.uniform(0, 0.015), rng)
    yield "white border", _scanned(_bordered(worn, light + rng.uniform(0, 0.05), rng), 0.006, rng)
    negative, bare = negative_of(grey, rng), int(rng.integers(2))
    if bare:
        negative = _bordered(negative, float(negative.max()) + rng.uniform(0, 0.05), rng)
    yield NEGATIVES[bare], _scanned(negative, rng.uniform(0, 0.015), rng)


def negative_of(grey: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Codes inverted, or film, whose density goes with the logarithm of exposure, or film with its range stretched."""
    kind = rng.integers(3)
    if kind == 0:
        dark, light = rng.uniform(0, 0.15), rng.uniform(0.8, 1)
        return np.asarray(light - (light - dark) * grey, np.float32)
    density = rng.uniform(0.5, 0.8) * np.log10(1 + decode_srgb(grey) * 10 ** rng.uniform(1.3, 2.4))
    film = encode_srgb(np.asarray(rng.uniform(0.5, 0.98) * 10**-density, np.float32))
    if kind == 1:
        return film
    dark, light = np.percentile(film, (0.5, 99.5))
    return np.asarray(0.01 + 0.97 * (film - dark) / max(light - dark, 1e-3), np.float32)


def page_of(rng: np.random.Generator) -> Scan:
    """A page, (H, W): lines of text, a drawing, or both."""
    width, height = rng.integers(300, 800, 2).tolist()
    margin, ink = width // 12, int(rng.integers(0, 110))
    image = Image.new("L", (width, height), int(rng.integers(170, 256)))
    draw = ImageDraw.Draw(image)
    text, drawing = ((True, False), (False, True), (True, True))[rng.integers(3)]
    pitch = int(rng.integers(13, 40))
    for y in range(margin, height - margin, pitch) if text else ():
        words = " ".join(rng.choice(WORDS, max(1, (width - 2 * margin) // (3 * pitch))))
        draw.text((margin, y), words, fill=ink, font=ImageFont.load_default(0.7 * pitch))
    for _ in range(rng.integers(5, 40) if drawing else 0):
        ends = rng.uniform(margin, min(width, height) - margin, (2, 2))
        draw.line(ends.ravel().tolist(), ink, int(rng.integers(1, 4)))
        draw.ellipse(np.sort(ends, axis=0).ravel().tolist(), outline=ink)
    paper = np.asarray(image, np.float32) / np.float32(255)
    return _scanned(cv2.GaussianBlur(paper, (0, 0), rng.uniform(0.3, 1.2)), rng.uniform(0, 0.015), rng)


def _bordered(picture: FloatArray, level: float, rng: np.random.Generator) -> FloatArray:
    top, left = (max(6, round(side * rng.uniform(0.035, 0.07))) for side in picture.shape)
    framed = cv2.copyMakeBorder(picture, top, top, left, left, cv2.BORDER_CONSTANT, value=level)
    return np.asarray(cv2.GaussianBlur(framed, (0, 0), 0.7), np.float32)


def _scanned(picture: FloatArray, noise: float, rng: np.random.Generator) -> Scan:
    return np.rint(255 * np.clip(picture + rng.normal(0, noise, picture.shape), 0, 1)).astype(np.uint8)
