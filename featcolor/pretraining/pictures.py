"""The pictures that a colour network is trained on: shrunk, in memory, some kept back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.measures import is_grey
from featcolor.errors import PictureError, ReferencesError
from featcolor.models.references import find_duplicates
from featcolor.parallel.cores import available_cores
from featcolor.pictures.io import read_reference
from featcolor.pictures.resize import resize
from features.base import FloatArray, IndexArray

READ_SIDE: Final = 176
"""Pixels of the short side that pictures are kept at; smaller ones stay as they are."""
LONGEST: Final = 3.0
"""Long sides in short sides; of longer pictures the middle is kept."""
FINGERPRINT: Final = 8
"""Side of the thumbnail by which copies are found."""
SAME_PICTURE: Final = 4.0
"""Root mean square difference of two thumbnails, in grey codes after the mean is taken off, below which they are
one picture: exact copies and recompressed ones."""
FEWEST: Final = 8


@dataclass(frozen=True)
class Pictures:
    """Colour pictures of many sizes in one block of memory.

    Attributes
    ----------
    pixels : (n_pixels, 3) uint8
        R, G, B of all pictures, row by row, one after the other.
    starts : (n,) int64
        First pixel of each picture.
    sizes : (n, 2) int64
        Height and width.
    names : paths relative to the folder that was named.
    """

    pixels: NDArray[np.uint8]
    starts: IndexArray
    sizes: IndexArray
    names: tuple[str, ...]

    @classmethod
    def of(cls, pictures: Sequence[NDArray[np.uint8]], names: Sequence[str]) -> Pictures:
        """One block of (H, W, 3) arrays."""
        sizes = np.array([each.shape[:2] for each in pictures], np.int64).reshape(-1, 2)
        ends = np.cumsum(sizes.prod(axis=1))
        pixels = np.concatenate([each.reshape(-1, 3) for each in pictures])
        return cls(pixels, ends - sizes.prod(axis=1), sizes, tuple(names))

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, number: int) -> NDArray[np.uint8]:
        """One picture, (H, W, 3)."""
        height, width = self.sizes[number]
        return self.pixels[self.starts[number] : self.starts[number] + height * width].reshape(height, width, 3)

    def prints(self) -> list[str]:
        """Hash of each picture's pixels, by which it is known under another name."""
        return [
            hashlib.blake2b(self[number].data, digest_size=16, salt=f"{len(self[number])}".encode()).hexdigest()
            for number in range(len(self))
        ]

    def source_of(self, number: int) -> str:
        """The top folder of a picture: pictures of one source look alike."""
        return self.names[number].split("/")[0] if "/" in self.names[number] else ""


def names_of(paths: Sequence[Path]) -> list[str]:
    """Paths below the folder that all pictures share, with / between the parts."""
    whole = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100 (a link's own name, not where it leads)
    common = os.path.commonpath([path.parent for path in whole])
    return [path.relative_to(common).as_posix() for path in whole]


def read_pictures(
    paths: Sequence[Path],
    names: Sequence[str],
    *,
    progress: Callable[[str, int, int], None],
) -> tuple[Pictures, list[tuple[str, str]]]:
    """All usable pictures, and names of those left out with the reason: grey and broken ones, and copies.

    ReferencesError when fewer than `FEWEST` can be used.
    """
    read: list[tuple[str, NDArray[np.uint8]]] = []
    left_out: list[tuple[str, str]] = []
    with ThreadPoolExecutor(available_cores()) as pool:
        for done, (name, outcome) in enumerate(zip(names, pool.map(_read, paths), strict=True), start=1):
            if isinstance(outcome, str):
                left_out.append((name, outcome))
            else:
                read.append((name, outcome))
            progress("reading", done, len(paths))
    copies = find_copies([picture for _, picture in read])
    left_out += [(read[number][0], f"is a copy of {read[first][0]}") for number, first in copies.items()]
    kept = [each for number, each in enumerate(read) if number not in copies]
    if len(kept) < FEWEST:
        raise ReferencesError(f"{len(kept)} usable colour pictures; training needs {FEWEST} at least, and thousands")
    return Pictures.of([picture for _, picture in kept], [name for name, _ in kept]), left_out


def find_copies(pictures: Sequence[NDArray[np.uint8]]) -> dict[int, int]:
    """Numbers of pictures that an earlier one equals to within recompression, with that one's number."""
    side = FINGERPRINT
    small = [cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA).mean(axis=2).ravel() for each in pictures]
    return find_duplicates({number: each - each.mean() for number, each in enumerate(small)}, SAME_PICTURE)


def hold_back(pictures: Pictures, count: int, seed: int) -> IndexArray:
    """Numbers of pictures to keep back, sorted: sources by the square root of their size, at random within each."""
    rng = np.random.default_rng([seed, len(pictures)])
    sources = np.array([pictures.source_of(number) for number in range(len(pictures))])
    names, sizes = np.unique(sources, return_counts=True)
    count = min(count, len(pictures) // 10)
    shares = np.sqrt(sizes) / np.sqrt(sizes).sum() * count
    wanted = np.floor(shares).astype(int)
    wanted[np.argsort(wanted - shares)[: count - wanted.sum()]] += 1
    chosen = [
        rng.choice(np.flatnonzero(sources == name), min(number, size // 2), replace=False)
        for name, number, size in zip(names, wanted, sizes, strict=True)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.intp)


def weigh(
    pictures: Pictures, numbers: IndexArray, sources: float, classes: float, factors: Mapping[str, float]
) -> FloatArray:
    """Probability that each picture is drawn, (n,), from the sizes of its source and of its class (whole folder).

    Exponent 0 for all pictures alike, 1 for all sources alike, or all classes of a source; then `factors` by source.
    """
    weights = np.ones(len(numbers))
    depths = (
        (sources, [pictures.source_of(number) for number in numbers]),
        (classes, [pictures.names[n].rpartition("/")[0] for n in numbers]),
    )
    for exponent, folders in depths:
        _, inverse = np.unique(folders, return_inverse=True)
        shares = np.bincount(inverse, weights)
        weights *= shares[inverse] ** -exponent
    weights *= [factors.get(pictures.source_of(number), 1.0) for number in numbers]
    return (weights / weights.sum()).astype(np.float32)


def _read(path: Path) -> NDArray[np.uint8] | str:
    """The picture at `READ_SIDE`, or why there is none."""
    try:
        rgb = read_reference(path, 4 * READ_SIDE * READ_SIDE)
    except PictureError as error:
        return str(error)
    if is_grey(rgb):
        return "is grey"
    height, width = rgb.shape[:2]
    if min(height, width) < READ_SIDE // 2:
        return f"is tiny ({width}x{height})"
    return shrink(rgb)


def shrink(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of the picture, no longer than `LONGEST`, with a short side of `READ_SIDE` at most."""
    short = min(rgb.shape[:2])
    bounds = [min(side, round(LONGEST * short)) for side in rgb.shape[:2]]
    starts = [(side - bound) // 2 for side, bound in zip(rgb.shape[:2], bounds, strict=True)]
    rgb = rgb[starts[0] : starts[0] + bounds[0], starts[1] : starts[1] + bounds[1]]
    if short > READ_SIDE:
        height, width = (round(side * READ_SIDE / short) for side in rgb.shape[:2])
        rgb = resize(rgb, (height, width))
    return np.ascontiguousarray(rgb)
