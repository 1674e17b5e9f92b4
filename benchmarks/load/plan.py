"""Plan of an archive's work on many machines: `python -m benchmarks.load.plan --load scale/scale.json`.

Measured here: what a picture of several sizes costs one thread, what a frame costs of a film with key frames and
without, and what a worker costs before its first picture. From these, and from what `benchmarks.load.cluster` has
written: hours on 1, 10 and 100 machines, and what bounds them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import numpy as np

from benchmarks.speed.inputs import make_picture, sides_of
from featcolor.batch.colour import ColourPicture, PictureTask
from featcolor.parallel.engine import Outcome
from featcolor.parallel.local import local_engine
from featcolor.pictures.io import write_picture
from featcolor.video.colorize import COLOURING, SCANNING, WRITING, colorize_video
from featcolor.video.options import ClipOptions

MEGAPIXELS: Final = (1, 6, 12, 24)
REPEATED: Final = 4
FRAMES: Final = 96
RATE: Final = 24
HEIGHT, WIDTH = 720, 1280
CORES: Final = 8
"""Of each machine that is planned with."""
MACHINES: Final = (1, 10, 100)
NETWORKS: Final = {"1 Gbit/s": 117.0, "10 Gbit/s": 1170.0}
"""Megabytes a second that shared storage gives at the very most, by what it is connected with."""
SCANS: Final = 1_000_000
FILM_HOURS: Final = 100


class FrameCost(NamedTuple):
    """Seconds of a core a frame: of finding shots and writing, which one machine does, and of colouring."""

    one_machine: float
    shared: float


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.plan", description=__doc__)
    parser.add_argument("--load", type=Path, required=True, metavar="JSON", help="of benchmarks.load.cluster")
    handed_out = json.loads(parser.parse_args(words).load.read_text())["handed out"]["rate"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"a worker that starts: {start_seconds(folder):.1f} s to its first picture")
        costs = {size: picture_cost(folder, size) for size in MEGAPIXELS}
        for size, (seconds, megabytes) in costs.items():
            print(f"a scan of {size} megapixels (grey JPEG): {seconds:.2f} s of a core, {megabytes:.1f} MB in and out")
        frames = {kind: frame_cost(folder, keys=kind == "a key frame") for kind in ("a key frame", "no key frame")}
        for kind, cost in frames.items():
            print(
                f"a frame of {WIDTH}x{HEIGHT} with {kind} in its shot: {cost.shared:.3f} s of a core to colour, "
                f"{cost.one_machine:.3f} s to find the shots and to write"
            )
    for size, (seconds, megabytes) in costs.items():
        print(f"{SCANS:,} scans of {size} megapixels:")
        for machines in MACHINES:
            print(f"  {machines:3d} machines of {CORES} cores: {bounds(machines, seconds, megabytes, handed_out)}")
    count = FILM_HOURS * 3600 * RATE
    print(f"{FILM_HOURS} hours of film, {WIDTH}x{HEIGHT}, {RATE} frames a second ({count:,} frames):")
    for machines in MACHINES:
        told = ", ".join(
            f"{count * sum(cost) / (machines * CORES) / 3600:.0f} h with {kind}" for kind, cost in frames.items()
        )
        print(f"  {machines:3d} machines of {CORES} cores, each with films of its own: {told}")
    for kind, cost in frames.items():
        times = cost.shared / cost.one_machine
        print(f"one film with {kind}: colouring is {times:.1f} times the rest; of more cores than that the others wait")
    return 0


def bounds(machines: int, seconds: float, megabytes: float, handed_out: float) -> str:
    """Hours by the processors, and pictures a second beside what can be handed out and what storage gives."""
    rate = machines * CORES / seconds
    storage = ", ".join(f"{each / megabytes:.0f} by {name}" for name, each in NETWORKS.items())
    return (
        f"{SCANS / rate / 3600:.1f} h, {rate:.0f} pictures and {rate * megabytes:.0f} MB a second (at most "
        f"{handed_out:.0f} handed out, {storage})"
    )


def start_seconds(folder: Path) -> float:
    """Imports, the default model and a picture of a thumbnail's size, in a fresh process."""
    source = folder / "small.png"
    write_picture(source, make_picture(64, 96))
    code = (
        "import sys; from pathlib import Path; from featcolor.batch.colour import *; "
        "ColourPicture(None)(PictureTask(Path(sys.argv[1]), Path(sys.argv[2])))"
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(source), str(folder / "small-colour.png")], check=True)
    return time.perf_counter() - start


def picture_cost(folder: Path, megapixels: float) -> tuple[float, float]:
    """Seconds of one thread, the median of some, and megabytes read and written."""
    source, target = folder / f"{megapixels}.jpg", folder / f"{megapixels}-colour.jpg"
    write_picture(source, make_picture(*sides_of(megapixels)))
    tasks = [PictureTask(source, target)] * (REPEATED + 1)
    outcomes: list[Outcome[Any]] = list(local_engine(1, threads=1).run(ColourPicture(None), tasks))
    seconds = float(np.median([outcome.result.seconds for outcome in outcomes[1:]]))
    return seconds, (source.stat().st_size + target.stat().st_size) / 1e6


def frame_cost(folder: Path, *, keys: bool) -> FrameCost:
    """What a film of one shot costs a frame."""
    film, key = folder / "film.mp4", folder / "keys"
    write_film(film)
    if keys:
        key.mkdir(exist_ok=True)
        write_picture(key / f"{FRAMES // 4:06d}.png", frame_of(FRAMES // 4, colour=True))
    begun: dict[str, float] = {}

    def note(stage: str, done: int, total: int) -> None:
        begun.setdefault(stage, time.process_time())

    options = ClipOptions(overwrite=True)
    colorize_video(film, folder / "out.mp4", keyframes=key if keys else None, options=options, progress=note)
    begun["end"] = time.process_time()
    finding, colouring, writing, end = (begun[stage] for stage in (SCANNING, COLOURING, WRITING, "end"))
    return FrameCost((colouring - finding + end - writing) / FRAMES, (writing - colouring) / FRAMES)


def write_film(path: Path) -> None:
    """A slow move over a photograph, in H.264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            grey = frame_of(number)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.dstack([grey] * 3), format="rgb24")))
        container.mux(stream.encode())


def frame_of(number: int, *, colour: bool = False) -> Any:
    """What the camera sees then."""
    whole = make_picture(HEIGHT + FRAMES, WIDTH + FRAMES, colour=colour)
    return np.ascontiguousarray(whole[number : number + HEIGHT, number : number + WIDTH])


if __name__ == "__main__":
    raise SystemExit(main())
