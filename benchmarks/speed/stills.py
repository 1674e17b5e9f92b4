"""Speed of colouring stills: beside Zhang et al. 2016's network, on 24 megapixels, and over processes.

python -m benchmarks.speed.stills warm MODEL           one 256 x 256 picture in a warm process, beside Zhang 2016
python -m benchmarks.speed.stills large MODEL PHOTO    a whole command on 24 megapixels, beside decode + encode
python -m benchmarks.speed.stills jobs MODEL FOLDER    a folder: default, --jobs 1, --jobs 2
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.architectures import zhang16_onnx
from featcolor.images import read_picture, write_picture
from featcolor.modelfile import load_model
from featcolor.parallel import library_threads

COMMAND = [sys.executable, str(Path(__file__).parents[2] / "cli.py")]
LARGE = (4000, 6000)
"""24 megapixels, rows and columns."""
SIDE = 256


def median_seconds(function: Callable[[], object], repeats: int) -> float:
    """Median wall time of a call, the first one left out."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def warm(model: Path) -> None:
    """Whole picture in, whole picture out: RGB 256 x 256 against the forward pass of the network alone."""
    import onnxruntime

    grey = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8), (0, 0), 3)
    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / "zhang16.onnx"
        zhang16_onnx(network)
        for threads in (1, 2):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
            tensor = (grey[None, None] / np.float32(2.55)).astype(np.float32)
            feed = {session.get_inputs()[0].name: tensor}
            with library_threads(threads):
                colorizer = load_model(model)
                pictures = iter([np.roll(grey, i) for i in range(100)])  # each new: nothing may be remembered
                ours = median_seconds(lambda colorizer=colorizer, p=pictures: colorizer.colorize(next(p)), 20)
                theirs = median_seconds(lambda session=session, feed=feed: session.run(None, feed), 5)
            print(f"{threads} thread(s): featcolor {1000 * ours:.1f} ms, Zhang 2016 {1000 * theirs:.0f} ms: "
                  f"{theirs / ours:.1f} times faster")  # fmt: skip


def run_command(arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MiB, largest process) of a whole command."""
    start = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the command failed: {' '.join(arguments)}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def large(model: Path, photo: Path) -> None:
    """The command on 24 megapixels, grey and in colour, against decoding and encoding the same file in this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rgb = cv2.resize(read_picture(photo).pixels, LARGE[::-1], interpolation=cv2.INTER_CUBIC)
        tiny = folder / "tiny.png"
        write_picture(tiny, rgb[:32, :32])
        start = ["colorize", "-q", str(tiny), "-o", str(folder / "out.png"), "--model", str(model), "--overwrite"]
        start_up, _ = min(run_command(start) for _ in range(3))
        for kind, pixels in (("colour", rgb), ("grey", cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))):
            source, target = folder / f"{kind}.jpg", folder / f"{kind}-out.jpg"
            write_picture(source, pixels)

            def copy(source: Path = source, target: Path = target) -> None:
                picture = read_picture(source)
                three = picture.pixels if picture.pixels.ndim == 3 else np.dstack([picture.pixels] * 3)
                write_picture(target, three, like=picture)

            plain = median_seconds(copy, 3)
            arguments = ["colorize", "-q", str(source), "-o", str(target), "--model", str(model), "--overwrite"]
            runs = [run_command(arguments) for _ in range(3)]
            seconds = statistics.median(run[0] for run in runs)
            memory = max(run[1] for run in runs)
            print(f"{kind}: decode + encode {plain:.2f} s; command {seconds:.2f} s, {seconds / plain:.1f} times; "
                  f"without start-up ({start_up:.2f} s, a 32 x 32 picture) {(seconds - start_up) / plain:.1f}; "
                  f"peak {memory:.0f} MiB")  # fmt: skip


def jobs(model: Path, folder: Path) -> None:
    """A folder by default, in one process with two library threads, in two with one; three times in turn."""
    ways = {"default": [], "--jobs 1": ["--jobs", "1"], "--jobs 2": ["--jobs", "2"]}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(3):
        for way, options in ways.items():
            with tempfile.TemporaryDirectory() as target:
                seconds, _ = run_command(["colorize", "-q", str(folder), "-o", target, "--model", str(model), *options])
            times[way].append(seconds)
    for way, seconds_each in times.items():
        print(f"{way}: median {statistics.median(seconds_each):.2f} s of {sorted(round(s, 2) for s in seconds_each)}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["warm", "large", "jobs"])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, nargs="?")
    arguments = parser.parse_args()
    if arguments.what == "warm":
        warm(arguments.model)
    else:
        {"large": large, "jobs": jobs}[arguments.what](arguments.model, arguments.data)


if __name__ == "__main__":
    main()
