"""Reference pictures as the rows that a fit trains on: features and chroma of some pixels, seen in several ways."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.film_stock import augment, film_lightness
from featcolor.colour.lab import rgb_to_lab
from featcolor.colour.measures import is_grey
from featcolor.errors import PictureError, ReferencesError
from featcolor.models.config import ColorizerConfig
from featcolor.models.network_errors import network_errors
from featcolor.names import shown
from featcolor.parallel.cores import available_cores
from featcolor.parallel.engine import Engine, Progress
from featcolor.pictures.find import LIST_MARK, expand_references
from featcolor.pictures.io import read_reference
from featcolor.pictures.resize import resize, resize_to_area, working_size
from features.backbone import BackboneFeatures
from features.base import FeatureStack, FloatArray, IndexArray, grid_points
from features.embedding import EmbeddingFeatures
from features.spec import parse_features

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
SAME_PICTURE = 1.0
"""Two references are the same picture when their thumbnails differ by less than this in L* (root mean square)."""
ROWS_BYTES = 600 * 2**20
"""Memory of the training rows; more references give fewer pixels each."""
COMPARED = 512
"""Thumbnails at once that are compared with all others: bounds the memory."""
FEWEST_FOR_WORKERS = 60
"""References from which on worker processes save more time than their start costs."""
LEARNING_PICTURES = 200
"""References that visual words and principal components are learned from."""


@dataclass(frozen=True)
class ReferenceRows:
    """What one reference gives to training.

    Attributes
    ----------
    features : (n, d) float16
    chroma : (n, 2) float32
    thumbnail : (THUMBNAIL**2,) float32, L* of the shrunk picture
    descriptor : (k,) float32, the picture as one vector
    guess : (n, 2) float32, what the colour network of the features says itself; None where it is not asked
    """

    features: NDArray[np.float16]
    chroma: FloatArray
    thumbnail: FloatArray
    descriptor: FloatArray
    guess: FloatArray | None = None


def each_source(references: Source | Iterable[Source]) -> Iterator[Source]:
    """The pictures that references lead to, in order; UsageError for a folder, a glob or a list (@list.txt) of none."""
    if isinstance(references, str | os.PathLike | np.ndarray):
        references = [references]
    for source in references:
        if isinstance(source, np.ndarray) or not _leads_on(os.fspath(source)):
            yield source
        else:
            yield from expand_references([os.fspath(source)])


def _leads_on(path: str) -> bool:
    """Whether a path is more than a file: a folder, a glob, or a list."""
    return Path(path).is_dir() or (not os.path.lexists(path) and (path.startswith(LIST_MARK) or glob.has_magic(path)))


def read_source(source: Source, *, size: int) -> NDArray[np.uint8]:
    """A reference as (H, W, 3) uint8 of about READ_AREA * size**2 pixels at most; PictureError when it is of no use."""
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


def sample_reference(
    rgb: NDArray[np.uint8],
    stack: FeatureStack,
    config: ColorizerConfig,
    seed: int,
    network: EmbeddingFeatures | None = None,
) -> ReferenceRows:
    """Features and chroma of random pixels of one reference, shared out among its views; and a network's guess."""
    rng = np.random.default_rng(seed)
    counts = np.diff(np.linspace(0, config.pixels, config.views + 1).round().astype(int))
    features, chroma, guess = [], [], []
    for view, count in enumerate(counts):
        seen = resize(rgb, working_size(rgb.shape, config.size)) if view == 0 else random_view(rgb, config.size, rng)
        _, ab = rgb_to_lab(seen)
        lightness = film_lightness(seen, config.film)
        if view:
            lightness = augment(lightness, rng, grain=VIEW_GRAIN, blur=VIEW_BLUR, fading=VIEW_FADING, tone=VIEW_TONE)
        yx = random_pixels(lightness.shape, count, rng)
        features.append(stack.sample(lightness, yx).astype(np.float16))
        chroma.append(ab[yx[:, 0], yx[:, 1]])
        if network is not None:
            guess.append(network.guess(lightness, yx))
    lightness = working_lightness(rgb, config)
    thumbnail, descriptor = thumbnail_of(lightness), describe(stack, lightness)
    guesses = np.concatenate(guess) if guess else None
    return ReferenceRows(np.concatenate(features), np.concatenate(chroma), thumbnail, descriptor, guesses)


def thumbnail_of(lightness: FloatArray) -> FloatArray:
    """L* of the shrunk picture, (THUMBNAIL**2,)."""
    return np.asarray(100 * resize(lightness, (THUMBNAIL, THUMBNAIL)).ravel(), np.float32)


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


@dataclass(frozen=True)
class TrainingSet:
    """Rows of all usable references.

    `features` (n_rows, d) float16, `chroma` (n_rows, 2), `descriptors` (n_references, k), `kept`: numbers of the
    references among the sources, each with `pixels` rows in order. `guess` (n_rows, 2), or None where none was asked.
    """

    features: NDArray[np.float16]
    chroma: FloatArray
    descriptors: FloatArray
    kept: list[int]
    pixels: int
    guess: FloatArray | None = None

    @property
    def pictures(self) -> IndexArray:
        """Which reference each row is from, (n_rows,)."""
        return np.repeat(np.arange(len(self.kept)), self.pixels)

    def rows_of(self, references: IndexArray) -> IndexArray:
        """Row numbers of some references, in order."""
        return (references[:, None] * self.pixels + np.arange(self.pixels)).ravel()


def sample_source(
    item: tuple[int, Source], *, stack: FeatureStack, config: ColorizerConfig, network: EmbeddingFeatures | None = None
) -> ReferenceRows:
    """Rows of a reference and its number, which the seed depends on: what a worker does."""
    index, source = item
    rgb = read_source(source, size=config.size)
    return sample_reference(rgb, stack, config, config.seed * 1_000_003 + index, network)


def network_within(stack: FeatureStack) -> EmbeddingFeatures | None:
    """The first extractor that is a colour network's."""
    return next((each for each in stack.extractors if isinstance(each, EmbeddingFeatures)), None)


def source_lightness(source: Source, *, config: ColorizerConfig) -> FloatArray:
    """Working picture of a reference that extractors learn from: what a worker does."""
    return working_lightness(read_source(source, size=config.size), config)


def default_fit_jobs(n_references: int) -> int:
    """Processes that read references: one where the start of a worker costs more than it saves."""
    return 1 if n_references < FEWEST_FOR_WORKERS else available_cores()


def collect_sources(references: Source | Iterable[Source], size: int) -> list[Source]:
    """The pictures of `each_source` as a list; arrays are shrunk as they arrive, so that an iterator may hold many.

    An array that is no picture stays as it is: reading it names the reason. ReferencesError when there is none.
    """
    sources: list[Source] = []
    for source in each_source(references):
        if isinstance(source, np.ndarray):
            with suppress(PictureError):
                source = as_rgb8(source, round(READ_AREA * size * size))
        sources.append(source if isinstance(source, np.ndarray) else Path(source))
    if not sources:
        raise ReferencesError("no references given; name colour pictures or a folder of them")
    return sources


def learn_stack(sources: list[Source], config: ColorizerConfig, *, engine: Engine, progress: Progress) -> FeatureStack:
    """The configured extractors, fitted on some of the references (on one, where none of them learns)."""
    stack = parse_features(config.features)
    wanted = LEARNING_PICTURES if stack.learns else 1
    order = np.random.default_rng(config.seed).permutation(len(sources))
    work = partial(source_lightness, config=config)
    lightnesses: list[FloatArray] = []
    for start in range(0, len(sources), wanted):
        part = [sources[i] for i in order[start : start + wanted - len(lightnesses)]]
        outcomes = sorted(engine.run(work, part), key=lambda outcome: outcome.index)
        lightnesses += [outcome.result for outcome in outcomes if outcome.result is not None]
        progress("learning features", len(lightnesses), wanted)
        if len(lightnesses) >= wanted:
            break
    if not lightnesses:
        raise ReferencesError(f"none of the {len(sources)} references can be used; colour photographs are needed")
    with network_errors():
        stack.fit(lightnesses)
    return stack


def sample_all(
    sources: list[Source],
    stack: FeatureStack,
    config: ColorizerConfig,
    *,
    engine: Engine,
    progress: Progress,
    network: EmbeddingFeatures | None = None,
) -> tuple[TrainingSet, list[tuple[str, str]]]:
    """Rows of every usable reference, with the guesses of a network where it is given; (name, reason) of the others."""
    n_features = len(stack.names)
    pixels = min(config.pixels, max(1, ROWS_BYTES // (2 * n_features * len(sources))))
    config = replace(config, pixels=pixels)
    features = np.empty((len(sources) * pixels, n_features), np.float16)
    chroma = np.empty((len(sources) * pixels, 2), np.float32)
    guess = np.empty((len(chroma) if network else 0, 2), np.float32)
    thumbnails: dict[int, FloatArray] = {}
    descriptors: dict[int, FloatArray] = {}
    reasons: dict[int, str] = {}
    work = partial(sample_source, stack=stack, config=config, network=network)
    for done, outcome in enumerate(engine.run(work, enumerate(sources))):
        index, rows = outcome.index, outcome.result
        if rows is None:
            reasons[index] = outcome.failure.message if outcome.failure else "could not be read"
        else:
            block = slice(index * pixels, (index + 1) * pixels)
            features[block], chroma[block] = rows.features, rows.chroma
            if rows.guess is not None:
                guess[block] = rows.guess
            thumbnails[index], descriptors[index] = rows.thumbnail, rows.descriptor
        progress("reading references", done + 1, len(sources))
    kept, left_out = settle(sources, thumbnails, reasons)
    for to, index in enumerate(kept):
        if to != index:
            place, block = (slice(i * pixels, (i + 1) * pixels) for i in (to, index))
            features[place], chroma[place], guess[place] = features[block], chroma[block], guess[block]
    used = slice(len(kept) * pixels)
    described, guesses = np.stack([descriptors[i] for i in kept]), guess[used] if network else None
    return TrainingSet(features[used], chroma[used], described, kept, pixels, guesses), left_out


def settle(
    sources: Sequence[Source], thumbnails: dict[int, FloatArray], reasons: dict[int, str]
) -> tuple[list[int], list[tuple[str, str]]]:
    """Numbers of the references that stay, and (name, reason) of the others.

    Parameters
    ----------
    thumbnails : of those that can be used; of two that show the same the first one stays
    reasons : why the others cannot; those of duplicates are added

    Raises
    ------
    ReferencesError : when none stays
    """
    for index, original in find_duplicates(thumbnails).items():
        reasons[index] = f"is the same picture as {name_of(sources[original], original)}"
    names = {index: name_of(sources[index], index) for index in sorted(reasons)}
    left_out = [(name, reasons[index].removeprefix(f"{shown(name)}: ")) for index, name in names.items()]
    kept = sorted(thumbnails.keys() - reasons.keys())
    if not kept:
        first = ": ".join(left_out[0])
        raise ReferencesError(
            f"none of the {len(sources)} references can be used: {first}; colour photographs are needed"
        )
    return kept, left_out


def find_duplicates(thumbnails: dict[int, FloatArray], distance: float = SAME_PICTURE) -> dict[int, int]:
    """{duplicate: the earlier reference that shows the same, within a root mean square distance of thumbnails}."""
    if len(thumbnails) < 2:
        return {}
    numbers = np.array(sorted(thumbnails))
    points = np.stack([thumbnails[i] for i in numbers]).astype(np.float64)
    squares, nearest = (points**2).sum(axis=1), distance**2 * points.shape[1]
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(points), COMPARED):
        part = slice(start, start + COMPARED)
        apart = squares[part, None] + squares[start:] - 2 * points[part] @ points[start:].T
        rows, columns = np.nonzero(np.triu(apart <= nearest, 1))
        pairs += zip((rows + start).tolist(), (columns + start).tolist(), strict=True)
    originals: dict[int, int] = {}
    for first, second in pairs:
        if int(numbers[first]) not in originals:
            originals.setdefault(int(numbers[second]), int(numbers[first]))
    return originals
