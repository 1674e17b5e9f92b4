"""Colours whole clips and compares what came with the picture: frames, time stamps, aspect, packets of other tracks.

    python -m benchmarks.film_containers clips/* -o coloured/ --model town.featcolor

A clip that its own container cannot hold is tried again as Matroska.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import av

from benchmarks.speed.inputs import run_cli
from featcolor.errors import FeatcolorError
from featcolor.videos import open_clip

ROUNDED: Final = Fraction(1, 1000)
"""Matroska keeps milliseconds."""


class Facts(NamedTuple):
    """What is compared: seconds of each frame, pixel aspect and rotation, packet hashes of the other tracks."""

    seconds: list[Fraction]
    shape: tuple[object, ...]
    packets: list[list[str]]


def facts_of(clip: Path) -> Facts:
    """Of a film."""
    with open_clip(clip) as reader:
        stamps = [frame.pts * reader.info.time_base for frame in reader]
        info = reader.info
    packets: dict[int, list[str]] = {}
    with av.open(str(clip)) as container:
        tracks = [stream for stream in container.streams if stream.type in ("audio", "subtitle")]
        for packet in container.demux(tracks) if tracks else ():  # of no track would be of all
            if packet.size:
                packets.setdefault(packet.stream.index, []).append(hashlib.sha256(bytes(packet)).hexdigest())
    return Facts(stamps, (info.width, info.height, info.pixel_aspect, info.rotation), list(packets.values()))


def compare(before: Facts, after: Facts) -> tuple[str, str, str]:
    """Frames, time stamps and tracks, in words."""
    frames = f"{len(after.seconds)} of {len(before.seconds)}"
    worst = max((abs(a - b) for a, b in zip(before.seconds, after.seconds, strict=False)), default=Fraction(0))
    stamps = "equal" if worst == 0 else "to 1 ms" if worst <= ROUNDED else f"off by {float(worst):.3f} s"
    if before.shape != after.shape:
        stamps += f", {after.shape} for {before.shape}"
    count = sum(map(len, before.packets))
    tracks = "none" if not count else f"{count} packets equal" if before.packets == after.packets else "DIFFERENT"
    return frames, stamps, tracks


def main() -> int:
    """Print a row a clip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--preset", default="fast")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    print("| clip | frames | time stamps | other tracks | frames a second |\n|---|---|---|---|---|")
    for clip in arguments.clips:
        before = facts_of(clip)
        for suffix in dict.fromkeys((clip.suffix, ".mkv")):
            target = arguments.output / f"{clip.stem}{suffix}"
            try:
                options = ("--model", arguments.model, "--preset", arguments.preset, "--overwrite")
                took = run_cli("video", clip, "-o", target, *options)
            except FeatcolorError as error:
                print(f"| {clip.name} | refused as {suffix}: {str(error).partition(': ')[2]} | | | |", flush=True)
                continue
            told = " | ".join(compare(before, facts_of(target)))
            print(f"| {target.name} | {told} | {len(before.seconds) / took.seconds:.1f} |", flush=True)
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
