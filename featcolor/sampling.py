"""Which pixels train: a few hundred of each reference, seen in several ways."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.film_stock import augment, film_lightness
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import is_grey
from featcolor.config import ColorizerConfig
from featcolor.errors import PictureError
from featcolor.pictures.io import read_reference
from featcolor.pictures.resize import resize, resize_to_area, working_size
from features.backbone import BackboneFeatures
from features.base import FeatureStack, FloatArray, IndexArray, grid_points
from features.embedding import EmbeddingFeatures

Source: TypeAlias = str | os.PathLike[str] | NDArray[Any]

SMALLEST_SIDE = 16
"""References with a shorter side are left out: there is no context to learn from."""
READ_AREA = 2.0
"""References are read at this many times the working picture's pixels, so that larger views are not blown up."""
VIEW_SCALE = 0.15
"""Deviation of the logarithm of a view's size, and of its aspect ratio."""
VIEW_TONE = 0.15
VIEW_GRAIN = 0.03
VIEW_BLUR = 0.8
VIEW_FADING = 0.15
"""Largest strengths of `featcolor.colour.film_stock.augment` in a view."""
THUMBNAIL = 8
"""Side of the lightness thumbnail by which duplicates are found."""


@dataclass(frozen=True)
class ReferenceRows:
    """What one reference gives to training.

    Attributes
    ----------
    features : (n, d) float16
    chroma : (n, 2) float32
    thumbnail : (THUMBNAIL**2,) float32
        L* of the shrunk picture.
    descriptor : (k,) float32
        The picture as one vector.
    """

    features: NDArray[np.float16]
    chroma: FloatArray
    thumbnail: FloatArray
    descriptor: FloatArray


def read_source(source: Source, *, size: int) -> NDArray[np.uint8]:
    """A reference as (H, W, 3) uint8 of about READ_AREA * size**2 pixels at most.

    Raises
    ------
    PictureError
        When it cannot be read, is too small, or has no colour.
    """
    pixels = round(READ_AREA * size * size)
    rgb = as_rgb8(source, pixels) if isinstance(source, np.ndarray) else read_reference(source, pixels)
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        raise PictureError(f"is tiny ({rgb.shape[1]}x{rgb.shape[0]}); references need sides of {SMALLEST_SIDE} or more")
    if is_grey(rgb):
        raise PictureError("is grey; references must be in colour")
    return rgb


def as_rgb8(array: NDArray[Any], pixels: int) -> NDArray[np.uint8]:
    """An sRGB array, (H, W, 3) in uint8, uint16 or float 0..1, as uint8, shrunk by area to at most `pixels`."""
    if array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise PictureError(f"must have the shape (H, W, 3), got {array.shape}")
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise PictureError(f"must be uint8, uint16 or float 0..1, got {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise PictureError("has values that are not finite")
    scale = {"u1": 1.0, "u2": 255 / 65535}.get(array.dtype.str[1:], 255.0)
    rgb = array if scale == 1.0 else np.round(array * scale).clip(0, 255).astype(np.uint8)
    return resize_to_area(rgb, min(pixels, rgb.shape[0] * rgb.shape[1]))


def name_of(source: Source, index: int) -> str:
    """What a reference is called in reports."""
    return f"array {index}" if isinstance(source, np.ndarray) else str(Path(source))


def working_lightness(rgb: NDArray[np.uint8], config: ColorizerConfig) -> FloatArray:
    """The grey working picture that the film would have made of a reference, (h, w)."""
    return film_lightness(resize(rgb, working_size(rgb.shape, config.size)), config.film)


def sample_reference(rgb: NDArray[np.uint8], stack: FeatureStack, config: ColorizerConfig, seed: int) -> ReferenceRows:
    """Features and chroma of random pixels of one reference, shared out among its views."""
    rng = np.random.default_rng(seed)
    counts = np.diff(np.linspace(0, config.pixels, config.views + 1).round().astype(int))
    features, chroma = [], []
    for view, count in enumerate(counts):
        seen = resize(rgb, working_size(rgb.shape, config.size)) if view == 0 else random_view(rgb, config.size, rng)
        _, ab = rgb_to_lab(seen)
        lightness = film_lightness(seen, config.film)
        if view:
            lightness = augment(lightness, rng, grain=VIEW_GRAIN, blur=VIEW_BLUR, fading=VIEW_FADING, tone=VIEW_TONE)
        yx = random_pixels(lightness.shape, count, rng)
        features.append(stack.sample(lightness, yx).astype(np.float16))
        chroma.append(ab[yx[:, 0], yx[:, 1]])
    lightness = working_lightness(rgb, config)
    return ReferenceRows(
        np.concatenate(features),
        np.concatenate(chroma),
        100 * cv2.resize(lightness, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).ravel(),
        describe(stack, lightness),
    )


def random_view(rgb: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture rescaled, squeezed a little, and mirrored in half of the cases."""
    height, width = working_size(rgb.shape, size)
    scale, aspect = np.exp(rng.normal(0, VIEW_SCALE, 2))
    shape = max(SMALLEST_SIDE, round(height * scale / aspect)), max(SMALLEST_SIDE, round(width * scale * aspect))
    view = resize(rgb, shape)
    return np.ascontiguousarray(view[:, ::-1]) if rng.random() < 0.5 else view


def random_pixels(shape: tuple[int, ...], count: int, rng: np.random.Generator) -> IndexArray:
    """Rows and columns of `count` pixels, (count, 2), none twice unless the picture has fewer."""
    height, width = shape
    flat = rng.choice(height * width, count, replace=count > height * width)
    return np.stack(np.divmod(flat, width), axis=1)


def describe(stack: FeatureStack, lightness: FloatArray) -> FloatArray:
    """The picture as one vector: the first network's deepest layer, pooled; without one, moments of all features."""
    for extractor in stack.extractors:
        if isinstance(extractor, BackboneFeatures | EmbeddingFeatures):
            return extractor.describe(lightness)
    features = stack.sample(lightness, grid_points((lightness.shape[0], lightness.shape[1]), 8))
    return np.concatenate([features.mean(axis=0), features.std(axis=0)])
