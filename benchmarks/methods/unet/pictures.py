"""Colour pictures as the training of a network reads them: CIELAB in bytes, held in memory, seen in random crops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import PictureError, ReferencesError
from featcolor.models.config import ColorizerConfig
from featcolor.models.references import VIEW_SCALE, read_source
from featcolor.parallel.cores import available_cores
from featcolor.pictures.resize import resize, resize_to_area, working_size

LabBytes: TypeAlias = NDArray[np.uint8]
"""(H, W, 3): L* x 2.55, a* + 128, b* + 128, each rounded."""

WHITE: Final = 255
NEUTRAL: Final = 128
"""Bytes of L* = 100 and of a* = b* = 0."""

WORKING_SIZE: Final = ColorizerConfig.size
"""Side of a square with as many pixels as the picture that is coloured, as of featcolor."""
KEPT_AREA: Final = 1.3
"""References are kept at this many times the pixels of the working picture, so that closer views are not blown up."""
LARGEST_MEMORY: Final = 600 * 2**20
"""Bytes of references in memory, as of featcolor's training rows."""
CLOSEST_VIEW: Final = 1.4
"""Crops see the working picture enlarged by 1 / CLOSEST_VIEW to CLOSEST_VIEW, uniform in the logarithm."""


def read_references(
    references: Sequence[Path],
    rng: np.random.Generator,
    *,
    memory: int = LARGEST_MEMORY,
    late: Callable[[], bool] = lambda: False,
) -> list[LabBytes]:
    """Usable references in random order, until `memory` bytes are full or it is `late`; at least one.

    Those that are broken, tiny or grey are skipped.

    Raises ReferencesError when none can be used.
    """
    order = [references[i] for i in rng.permutation(len(references))]
    kept: list[LabBytes] = []
    held, reason = 0, ""
    for outcome in _read_in_threads(order):
        if isinstance(outcome, str):
            reason = reason or f": {outcome}"
            continue
        held += outcome.nbytes
        if kept and (held > memory or late()):
            break
        kept.append(outcome)
    if not kept:
        raise ReferencesError(f"none of the {len(order)} references can be used{reason}")
    return kept


def _read_in_threads(paths: Sequence[Path]) -> Iterator[LabBytes | str]:
    """Pictures, or why there is none, in order; no more than a few are read ahead."""
    cores = available_cores()
    with ThreadPoolExecutor(cores) as pool:
        for start in range(0, len(paths), cores):
            yield from pool.map(_read, paths[start : start + cores])


def _read(path: Path) -> LabBytes | str:
    try:
        return to_bytes(read_source(path, size=WORKING_SIZE))
    except PictureError as error:
        return f"{path}: {str(error).removeprefix(f'{path}: ')}"


def to_bytes(rgb: NDArray[np.uint8]) -> LabBytes:
    """A picture (H, W, 3), shrunk to KEPT_AREA times the working picture where it is larger."""
    pixels = min(rgb.shape[0] * rgb.shape[1], KEPT_AREA * WORKING_SIZE**2)
    lightness, chroma = rgb_to_lab(resize_to_area(rgb, pixels))
    lab = np.dstack([WHITE * lightness, chroma + NEUTRAL])
    return np.clip(np.rint(lab), 0, 255).astype(np.uint8)


def random_crop(picture: LabBytes, side: int, rng: np.random.Generator) -> LabBytes:
    """A random part, (side, side, 3), at about the scale of the working picture, squeezed a little, mirrored or not.

    Pictures that are smaller than the part are enlarged to it.
    """
    height, width = picture.shape[:2]
    scale = working_size(picture.shape, WORKING_SIZE)[0] / height
    scale *= np.exp(rng.uniform(-1, 1) * np.log(CLOSEST_VIEW))
    squeeze = np.exp(rng.normal(0, VIEW_SCALE) / 2)
    scale = max(scale, side / min(height * squeeze, width / squeeze))
    rows = min(height, round(side / (scale * squeeze)))
    columns = min(width, round(side / (scale / squeeze)))
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    crop = resize(picture[top : top + rows, left : left + columns], (side, side))
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def batches(pictures: Sequence[LabBytes], size: int, side: int, rng: np.random.Generator) -> Iterator[LabBytes]:
    """(size, side, side, 3) crops without end: every picture once in random order, then again."""
    waiting: list[int] = []
    while True:
        crops = []
        for _ in range(size):
            waiting = waiting or rng.permutation(len(pictures)).tolist()
            crops.append(random_crop(pictures[waiting.pop()], side, rng))
        yield np.stack(crops)
