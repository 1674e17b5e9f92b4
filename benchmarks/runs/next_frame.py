"""Study of the frames that a film report names: `python -m benchmarks.runs.next_frame --data DAVIS -o DIR`.

Each sequence is coloured from its first frame. Then one more frame is given: the one that the report names, the one
halfway, and one drawn from each of several equal parts of the sequence, whose mean is what a random choice gives. The
gain of a choice is in PSNR, a mean over the frames that it leaves to be coloured, beside the same frames before.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.film_sequences import FrameFolder, find_sequences
from benchmarks.methods.film import FIRST, Ours
from benchmarks.metrics.intervals import bootstrap_mean
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.colour.measures import psnr
from featcolor.files import write_json
from featcolor.parallel.local import run_over
from featcolor.video.keyframes.next_frames import frames_to_correct
from featcolor.video.options import DEFAULT_VIDEO_PRESET, VIDEO_PRESETS
from featcolor.video.propagation.sweeps import KeyChroma
from featcolor.video.report import ShotReport, curves_of

DRAWS: Final = 8
"""Frames a sequence that stand for a random choice."""


@dataclass(frozen=True)
class Choices:
    """Gains, in dB, of one more frame of a sequence.

    `named`: the frame that the report names; `halfway`: the one in the middle; `gains`: by frame, of all that were
    tried; `drawn`: those that stand for a random choice; `report`: the shot as the report has it.
    """

    sequence: str
    named: int
    halfway: int
    drawn: tuple[int, ...]
    gains: dict[int, float]
    report: ShotReport

    def over_random(self, frame: int) -> float:
        """How much more a frame gains than a random one does."""
        return self.gains[frame] - float(np.mean([self.gains[drawn] for drawn in self.drawn]))


def try_choices(sequence: FrameFolder, *, preset: str = DEFAULT_VIDEO_PRESET, draws: int = DRAWS) -> Choices:
    """Gains of the choices on one sequence."""
    film = _Film(sequence, preset)
    before, report = film.colour([0])
    named = frames_to_correct([report], most=1, least=0)[0].frame
    count = len(film)
    rng = np.random.default_rng(zlib.crc32(sequence.name.encode()))
    edges = np.linspace(1, count, min(draws, count - 1) + 1)
    drawn = tuple(int(frame) for frame in rng.uniform(edges[:-1], edges[1:]))
    gains = {}
    for frame in sorted({named, count // 2, *drawn}):
        after, _ = film.colour([0, frame])
        gains[frame] = float(np.nanmean(after - before))
    return Choices(sequence.name, named, count // 2, drawn, gains, report)


class _Film:
    """A sequence that is coloured from some of its frames."""

    def __init__(self, sequence: FrameFolder, preset: str) -> None:
        self._frames = sequence.read()
        self._lightness, self._chroma = zip(*map(rgb_to_lab, self._frames), strict=True)
        self._method = Ours("ours", "featcolor", FIRST, preset)

    def __len__(self) -> int:
        return len(self._frames)

    def colour(self, keys: Sequence[int]) -> tuple[NDArray[np.float64], ShotReport]:
        """PSNR of each frame, nan of those that were given, and the report."""
        given = [KeyChroma(key, self._chroma[key]) for key in keys]
        working, colours = self._method.shot(self._lightness, given)
        with colours:
            values = np.full(len(self), np.nan)
            for index, chroma in enumerate(self._method.raised(self._lightness, working, colours)):
                if index not in keys:
                    values[index] = psnr(self._frames[index], lab_to_rgb(self._lightness[index], chroma))
            planes = np.stack([colours.confidence[index] for index in range(len(self))])
        return values, ShotReport(first=0, last=len(self) - 1, key_frames=tuple(keys), **curves_of(planes))


def main() -> None:
    """Try the choices on every sequence, print the table, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="DAVIS, or a folder a sequence")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.json", help="gains of every choice")
    parser.add_argument("--preset", choices=tuple(VIDEO_PRESETS), default=DEFAULT_VIDEO_PRESET)
    parser.add_argument("--draws", type=int, default=DRAWS, help="frames that stand for a random choice")
    parser.add_argument("--jobs", type=int, default=1, help="sequences at once")
    given = parser.parse_args()
    work = partial(try_choices, preset=given.preset, draws=given.draws)
    found = []
    for outcome in run_over(work, find_sequences(given.data), jobs=given.jobs):
        if outcome.result is None:
            raise SystemExit(str(outcome.failure and outcome.failure.message))
        found.append(outcome.result)
        print(_line(outcome.result), flush=True)
        write_json(given.output, [asdict(each) for each in found])
    for title in ("named", "halfway"):
        over = [each.over_random(getattr(each, title)) for each in found]
        mean, low, high, _ = bootstrap_mean(over)
        print(f"{title} over random: {mean:+.2f} dB, 95 % interval {low:+.2f} to {high:+.2f}")


def _line(each: Choices) -> str:
    random = np.mean([each.gains[drawn] for drawn in each.drawn])
    return (
        f"{each.sequence:20} named {each.named:3} {each.gains[each.named]:+.2f} dB, halfway {each.halfway:3} "
        f"{each.gains[each.halfway]:+.2f} dB, random {random:+.2f} dB, best {max(each.gains.values()):+.2f} dB"
    )


if __name__ == "__main__":
    main()
