"""How surely leaks are found: python -m benchmarks.leaks_study FOLDER [--others FOLDER ...]

Every picture in FOLDER is changed in each of the ways below and looked for among the originals: the share that is
found, and the pairs of unlike pictures that are called the same. With --others, pairs between those and FOLDER are
listed, with the most alike pairs that are not called the same: look at them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.datasets import open_dataset
from benchmarks.layouts_base import TestPicture
from benchmarks.leaks import Leak, aligned_correlation, find_leaks, likely_pairs, look_at
from featcolor.images import read_picture, write_picture
from featcolor.references import expand_references

Rgb = NDArray[np.uint8]
NEAREST_SHOWN: Final = 5


def crop(rgb: Rgb, left: float, top: float, right: float, bottom: float) -> Rgb:
    """The picture less these shares of its sides."""
    height, width = rgb.shape[:2]
    rows = slice(round(top * height), height - round(bottom * height))
    return rgb[rows, round(left * width) : width - round(right * width)]


def centre_square(rgb: Rgb) -> Rgb:
    """The largest square in the middle."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top : top + side, left : left + side]


def short_side(rgb: Rgb, pixels: int) -> Rgb:
    """Shrunk until the short side has this many pixels."""
    scale = pixels / min(rgb.shape[:2])
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def brighter(rgb: Rgb, *, gamma: float = 1.0, factor: float = 1.0) -> Rgb:
    """Codes (0..1) to the power gamma, times a factor, clipped."""
    return np.clip(255 * factor * (rgb / 255.0) ** gamma, 0, 255).astype(np.uint8)


CHANGES: Final[Mapping[str, tuple[int, Callable[[Rgb], Rgb]]]] = {
    "JPEG 30": (30, lambda rgb: rgb),
    "JPEG 10": (10, lambda rgb: rgb),
    "short side 160": (75, lambda rgb: short_side(rgb, 160)),
    "short side 80": (75, lambda rgb: short_side(rgb, 80)),
    "squeezed to 160 x 160": (75, lambda rgb: cv2.resize(rgb, (160, 160), interpolation=cv2.INTER_AREA)),
    "5 % cut off one side": (75, lambda rgb: crop(rgb, 0.05, 0, 0, 0)),
    "5 % cut off two sides": (75, lambda rgb: crop(rgb, 0.05, 0.05, 0, 0)),
    "5 % cut off each side": (75, lambda rgb: crop(rgb, 0.05, 0.05, 0.05, 0.05)),
    "10 % cut off two sides": (75, lambda rgb: crop(rgb, 0.1, 0.1, 0, 0)),
    "centre square": (75, centre_square),
    "mirrored": (75, lambda rgb: rgb[:, ::-1]),
    "gamma 0.7": (75, lambda rgb: brighter(rgb, gamma=0.7)),
    "gamma 1.5": (75, lambda rgb: brighter(rgb, gamma=1.5)),
    "30 % brighter, clipped": (75, lambda rgb: brighter(rgb, factor=1.3)),
    "mirrored, two sides cut, gamma 0.8, short side 160": (
        50,
        lambda rgb: short_side(brighter(crop(rgb[:, ::-1], 0.05, 0.05, 0, 0), gamma=0.8), 160),
    ),
    "mirrored centre square, short side 160": (50, lambda rgb: short_side(centre_square(rgb[:, ::-1]), 160)),
}
"""JPEG quality of the changed copy, and the change."""


def recall_table(pictures: tuple[TestPicture, ...]) -> Table:
    """Share of changed copies that are found, false alarms, and distances, a line a change."""
    table = Table("change", "found", "false alarms", "largest distance")
    for label, (quality, change) in CHANGES.items():
        with tempfile.TemporaryDirectory() as name:
            copies = [Path(name, f"{picture.name}.jpg") for picture in pictures]
            for picture, copy in zip(pictures, copies, strict=True):
                rgb = read_picture(picture.truth).pixels
                write_picture(copy, np.ascontiguousarray(change(rgb)), quality=quality)
            leaks = find_leaks(copies, pictures)
        right = [leak for leak in leaks if leak.reference.stem == leak.picture]
        worst = max((leak.distance for leak in right), default=float("nan"))
        table.add_row(label, f"{len(right)} of {len(pictures)}", str(len(leaks) - len(right)), f"{worst:.3f}")
    return table


def nearest_unlike(references: list[Path], pictures: tuple[TestPicture, ...], leaks: list[Leak]) -> list[Leak]:
    """The most alike pairs that are not called the same."""
    found = {(leak.reference, leak.picture) for leak in leaks}
    ours, theirs = [look_at(path) for path in references], [look_at(picture.truth) for picture in pictures]
    unlike = []
    for candidate in likely_pairs(ours, theirs):
        reference, picture = references[candidate.reference], pictures[candidate.picture].name
        if (reference, picture) not in found:
            first, second = ours[candidate.reference].thumbnail, theirs[candidate.picture].thumbnail
            distance = 1 - aligned_correlation(first, second, candidate)
            unlike.append(Leak(reference, picture, "near duplicate", distance))
    return sorted(unlike, key=lambda leak: leak.distance)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="test pictures")
    parser.add_argument("--others", nargs="+", default=[], help="pictures that may hold some of them")
    arguments = parser.parse_args()
    console = Console()
    pictures = open_dataset(arguments.folder).pictures
    if not arguments.others:
        console.print(recall_table(pictures))
        return
    others = expand_references(arguments.others)
    start = time.perf_counter()
    leaks = find_leaks(others, pictures)
    pairs = len(others) * len(pictures)
    console.print(f"{pairs:,} pairs in {time.perf_counter() - start:.0f} s: {len(leaks)} are the same picture")
    unlike = nearest_unlike(others, pictures, leaks)
    console.print(f"aligned and found unlike: {len(unlike)}; the nearest of them last")
    for leak in [*leaks, *unlike[:NEAREST_SHOWN]]:
        console.print(f"{leak.distance:.3f} {leak.kind} {leak.picture} {leak.reference}", soft_wrap=True)


if __name__ == "__main__":
    main()
