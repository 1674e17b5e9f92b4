"""Kills a run of `featcolor video` at random moments, lets it go on, and compares with a run that nobody killed.

python -m benchmarks.film_faults reel.mp4 --keyframes keys/ -o faults/ --kills 5
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from featcolor.videos import open_clip

COMMAND = (sys.executable, str(Path(__file__).resolve().parents[1] / "cli.py"), "video")


def fingerprint(film: Path) -> str:
    """SHA-256 of every decoded frame's time stamp and planes."""
    digest = hashlib.sha256()
    with open_clip(film) as clip:
        for frame in clip:
            digest.update(str(frame.pts).encode())
            for plane in (frame.luma, frame.cb, frame.cr):
                if plane is not None:
                    digest.update(np.ascontiguousarray(plane).tobytes())
    return digest.hexdigest()


def killed_run(words: list[str], after: float) -> bool:
    """Run, SIGKILL after so many seconds; whether it was still at work."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def main() -> int:
    """Print a line a kill; 1 where a film differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--keyframes", required=True, type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path, help="a folder for the films; they stay there")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)

    def words(target: Path) -> list[str]:
        return [*COMMAND, str(arguments.clip), "-o", str(target), "--keyframes", str(arguments.keyframes), "--quiet"]

    whole = arguments.output / f"whole{arguments.clip.suffix}"
    start = time.perf_counter()
    subprocess.run([*words(whole), "--overwrite"], check=True)
    seconds = time.perf_counter() - start
    wanted = fingerprint(whole)
    print(f"uninterrupted: {seconds:.1f} s, {wanted[:16]}")
    different = 0
    for number, share in enumerate(np.random.default_rng(arguments.seed).uniform(0.05, 0.98, arguments.kills)):
        target = arguments.output / f"killed-{number}{arguments.clip.suffix}"
        work = Path(f"{target}.featcolor-work")
        target.unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)
        was_killed = killed_run(words(target), share * seconds)
        done = len(list(work.glob("shot-*"))) if work.exists() else None
        state = "had ended by itself" if not was_killed else f"shots done: {done}" if work.exists() else "no work yet"
        if was_killed:
            subprocess.run([*words(target), "--resume"], check=True)
        same = fingerprint(target) == wanted and not list(arguments.output.glob(f".{target.name}*"))
        different += not same
        print(
            f"killed after {share * seconds:.1f} s ({state}): {'the same film' if same else 'ANOTHER FILM'}", flush=True
        )
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
