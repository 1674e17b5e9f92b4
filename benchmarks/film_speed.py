"""Frames a second and memory of whole `featcolor video` commands, on one long shot made of a folder of colour frames.

    python -m benchmarks.film_speed $DAVIS/parkour -o speed/

The frames run forwards and backwards for as long as is asked. The first is the key frame, or the first and the last.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import cv2

from benchmarks.speed.inputs import run_cli
from featcolor.images import read_picture, write_picture

SIZES = {"480x270": (480, 270), "1280x720": (1280, 720)}
RATE = 24


def make_clip(pictures: Sequence[Path], size: tuple[int, int], count: int, film: Path, keys: Path, ends: bool) -> None:
    """`count` frames of this size as H.264, and the colour of the first, and of the last if asked, as key frames."""
    keys.mkdir(parents=True, exist_ok=True)
    with av.open(str(film), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE), options={"preset": "veryfast", "crf": "16"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for index, path in enumerate(islice(cycle([*pictures, *pictures[-2:0:-1]]), count)):
            rgb = cv2.resize(read_picture(path).pixels, size, interpolation=cv2.INTER_CUBIC)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            if index == 0 or (ends and index == count - 1):
                write_picture(keys / f"key-{index:06d}.png", rgb)
        container.mux(stream.encode())


def main() -> int:
    """Print a row a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, help="a folder of colour frames")
    parser.add_argument("-o", "--output", required=True, type=Path)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--lengths", nargs="+", type=int, default=[100])
    parser.add_argument("--presets", nargs="+", default=["balanced", "fast"])
    parser.add_argument("--both-ends", action="store_true", help="key frames at both ends")
    arguments = parser.parse_args()
    pictures = sorted(path for path in arguments.frames.iterdir() if path.suffix in (".jpg", ".png"))
    arguments.output.mkdir(parents=True, exist_ok=True)
    print("| size | frames | preset | seconds | frames a second | peak memory, MiB |\n|---|---|---|---|---|---|")
    for name in arguments.sizes:
        for count in arguments.lengths:
            film, keys = arguments.output / f"{name}-{count}.mp4", arguments.output / f"{name}-{count}-keys"
            make_clip(pictures, SIZES[name], count, film, keys, arguments.both_ends)
            for preset in arguments.presets:
                target = film.with_name(f"{film.stem}-{preset}.mp4")
                options = ("--keyframes", keys, "--preset", preset, "--overwrite")
                took = run_cli("video", film, "-o", target, *options)
                speed = count / took.seconds
                print(
                    f"| {name} | {count} | {preset} | {took.seconds:.1f} | {speed:.1f} | {took.peak:.0f} |", flush=True
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
