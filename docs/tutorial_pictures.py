"""The pictures and the film of the tutorial: python docs/tutorial_pictures.py [FOLDER].

They are made of photographs that scikit-image and scikit-learn carry, and of nothing that is fetched.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.data.bundled import PHOTOGRAPHS, load
from benchmarks.demo.film import make_film
from featcolor.colour.measures import grey_picture
from featcolor.pictures.io import write_picture

ONE: Final = "astronaut"
Window = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a photograph, as shares of its sides."""

ALBUM: Final[dict[str, tuple[Window, ...]]] = {
    "china": ((0, 0, 0.55, 0.8), (0.25, 0.3, 0.8, 1)),
    "coffee": ((0, 0, 0.6, 0.75), (0.3, 0.3, 1, 1)),
    "flower": ((0, 0, 0.6, 0.8), (0.3, 0.2, 1, 1)),
}
"""Photographs whose details are the album."""
WHOLE: Final[Window] = (0.1, 0.1, 0.8, 0.9)
"""What of them is grey, and coloured with it."""

PAINTED: Final = (15, 47)
"""Frames of the film that come in colour: those that `featcolor keyframes` chooses."""


def write_pictures(folder: Path) -> None:
    """Write `old.jpg`, `old/`, `album/`, `reel.mp4` and `painted/` into a folder."""
    photographs = {photograph.name: load(photograph) for photograph in PHOTOGRAPHS}
    write(folder / "old.jpg", grey_picture(photographs[ONE]))
    for name, windows in ALBUM.items():
        for number, window in enumerate(windows, 1):
            write(folder / "album" / f"{name}-{number}.jpg", part(photographs[name], window))
        write(folder / "old" / f"{name}.jpg", grey_picture(part(photographs[name], WHOLE)))
    film = make_film(folder)
    film.path.rename(folder / "reel.mp4")
    shutil.rmtree(film.keys)
    for frame in PAINTED:
        write(folder / "painted" / f"reel-{frame:06d}.png", film.truth[frame])


def part(rgb: NDArray[np.uint8], window: Window) -> NDArray[np.uint8]:
    """A part of a photograph."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = window
    return np.ascontiguousarray(
        rgb[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    )


def write(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write a picture into a folder that may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, rgb)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("tutorial"), metavar="FOLDER")
    write_pictures(parser.parse_args().folder)


if __name__ == "__main__":
    main()
