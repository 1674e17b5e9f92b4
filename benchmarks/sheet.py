"""A contact sheet of truth, grey and ours: python -m benchmarks.sheet MODEL PICTURES... -o sheet.jpg [--count 24]"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.images import read_reference, write_picture
from featcolor.modelfile import load_model
from featcolor.references import expand_references
from featcolor.spaces import lab_to_rgb, lightness_of

TILE = (160, 240)
"""Rows and columns of one picture on the sheet."""
TRIPLES_A_ROW = 2


def triple(colorizer_output: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Truth, grey and ours side by side."""
    lightness = lightness_of(truth)
    grey = lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), np.float32))
    return np.hstack([tile(each) for each in (truth, grey, colorizer_output)])


def tile(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture within a white tile of fixed size, its aspect kept."""
    scale = min(TILE[0] / rgb.shape[0], TILE[1] / rgb.shape[1])
    height, width = (max(1, round(n * scale)) for n in rgb.shape[:2])
    canvas = np.full((*TILE, 3), 255, np.uint8)
    top, left = (TILE[0] - height) // 2, (TILE[1] - width) // 2
    canvas[top : top + height, left : left + width] = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    return canvas


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sheet", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("-o", "--output", required=True, type=Path)
    parser.add_argument("--count", type=int, default=24, help="pictures, evenly spread over those named")
    arguments = parser.parse_args()
    colorizer = load_model(arguments.model)
    paths = expand_references(arguments.pictures)
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, min(arguments.count, len(paths))).round().astype(int)]
    triples = []
    for path in chosen:
        truth = read_reference(path, 4 * TILE[0] * TILE[1])
        triples.append(triple(colorizer.colorize(truth), truth))
    while len(triples) % TRIPLES_A_ROW:
        triples.append(np.full_like(triples[0], 255))
    rows = [np.hstack(triples[i : i + TRIPLES_A_ROW]) for i in range(0, len(triples), TRIPLES_A_ROW)]
    write_picture(arguments.output, np.vstack(rows))
    print("\n".join(str(path.name) for path in chosen))


if __name__ == "__main__":
    main()
