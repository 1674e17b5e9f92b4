"""Speed and memory of whole `featcolor video` commands: `python -m benchmarks.speed.film --data DAVIS -o DIR`.

The frames of a sequence, run forwards and backwards for as long as is asked, are one shot of H.264; its first frame is
the key frame. Each checkout that is named colours each film in turn, so that they are compared within one run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice, product
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import read_rgb8
from benchmarks.data.film_sequences import find_sequences
from benchmarks.speed.inputs import ROOT, Finished, run_process
from featcolor.pictures.io import write_picture
from featcolor.video.options import VIDEO_PRESETS

RATE: Final = Fraction(24)
SEQUENCE: Final = "parkour"
SIZES: Final = ("480x270", "1280x720")
QUALITY: Final = {"preset": "veryfast", "crf": "16"}
"""Of the input film, for x264."""
KEYS: Final = ("keys", "none")
"""Whether the first frame is given in colour."""


@dataclass(frozen=True)
class Film:
    """A film, the folder of its key frame, its size ("480x270") and number of frames."""

    path: Path
    keys: Path
    size: str
    frames: int


def make_film(pictures: Sequence[NDArray[np.uint8]], size: str, frames: int, folder: Path) -> Film:
    """A film of some pictures (H, W, 3), there and back again, and the first of them as its key frame."""
    width, height = map(int, size.split("x"))
    film = Film(folder / f"{size}-{frames}.mp4", folder / f"{size}-keys", size, frames)
    film.keys.mkdir(parents=True, exist_ok=True)
    sized = [cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC) for picture in pictures]
    write_picture(film.keys / "key-0.png", sized[0])
    with av.open(str(film.path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=QUALITY)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in islice(cycle([*sized, *sized[-2:0:-1]]), frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return film


def colour(film: Film, checkout: Path, *, preset: str, keys: str) -> Finished:
    """Cost of the command of a checkout, from its start to the whole film."""
    target = film.path.with_suffix(".coloured.mp4")
    given = ("--keyframes", film.keys) if keys == "keys" else ()
    words = ("video", film.path, "-o", target, "--preset", preset, "--overwrite", *given)
    return run_process(sys.executable, checkout / "cli.py", *words)


def rows(
    films: Sequence[Film], presets: Sequence[str], keys: Sequence[str], checkouts: Sequence[Path]
) -> Iterator[str]:
    """A line of the table for each command, as it ends."""
    yield "| size | frames | preset | key frames | checkout | frames a second | processor, ms a frame | memory, MiB |"
    yield "|---|---|---|---|---|---|---|---|"
    for film, preset, given, checkout in product(films, presets, keys, checkouts):
        took = colour(film, checkout, preset=preset, keys=given)
        cells = film.size, film.frames, preset, given, checkout.name, f"{film.frames / took.seconds:.1f}"
        spent = 1000 * took.processor / film.frames
        yield "| " + " | ".join(map(str, (*cells, f"{spent:.0f}", f"{took.peak:.0f}"))) + " |"


def main() -> None:
    """Print a row a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="DAVIS, or a folder a sequence")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="for the films")
    parser.add_argument("--sequence", default=SEQUENCE, help="of which the films are made (default %(default)s)")
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="WIDTHxHEIGHT")
    parser.add_argument("--frames", nargs="+", type=int, default=[100], metavar="N", help="lengths of the films")
    parser.add_argument("--presets", nargs="+", choices=tuple(VIDEO_PRESETS), default=["balanced", "fast"])
    parser.add_argument("--keys", nargs="+", choices=KEYS, default=KEYS, help="with a key frame, without any, or both")
    parser.add_argument("--checkouts", nargs="+", type=Path, default=[ROOT], metavar="DIR", help="this one by default")
    given = parser.parse_args()
    (sequence,) = find_sequences(given.data, names=[given.sequence])
    pictures = [read_rgb8(path) for path in sequence.paths]
    films = [make_film(pictures, *each, given.output) for each in product(given.sizes, given.frames)]
    for row in rows(films, given.presets, given.keys, given.checkouts):
        print(row, flush=True)


if __name__ == "__main__":
    main()
