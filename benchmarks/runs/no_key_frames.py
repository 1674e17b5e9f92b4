"""Study of films without key frames: `python -m benchmarks.runs.no_key_frames --data DAVIS -o FILE.json`.

The default model colours each sequence: frame by frame as a film asks it, frame by frame as `featcolor colorize` does,
and as `featcolor video` does, decided once a shot. Gain over grey in PSNR and CIEDE2000 are compared at the mean
colourfulness of the first, chroma being multiplied to get there; wander stands beside the truth's own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.data.film_sequences import FrameFolder, find_sequences
from benchmarks.methods.film import Ours, at_working_size
from benchmarks.metrics.film_scores import Truth
from benchmarks.metrics.intervals import paired
from benchmarks.metrics.pictures import Picture
from benchmarks.metrics.wander import follow, wander
from benchmarks.runs.equal_colourfulness import CURVE_FACTORS, Readings, factor_for, read_picture, trace_curve
from featcolor.colour.lab import lab_to_rgb
from featcolor.files import write_json
from featcolor.models.load import ColouringSettings, load_colorizer
from featcolor.parallel.local import run_over
from featcolor.video.options import DEFAULT_EVERY, DEFAULT_VIDEO_PRESET, VIDEO_PRESETS
from featcolor.video.propagation.anchors import colour_from_anchors
from featcolor.video.propagation.model_guess import ModelGuess
from features.base import FloatArray
from refine.upsample import upsample

READ_EVERY: Final = 3
"""Every third frame is compared with the truth: neighbours tell much the same."""

FRAMES: Final = "frame by frame, as a film asks"

Colouring = Callable[[Sequence[FloatArray], str], Iterator[FloatArray]]
"""Lightness (H, W) of the frames of a sequence, and a preset, to the chroma (H, W, 2) of each."""


class Measured(NamedTuple):
    """One way on one sequence: gain, CF and ΔE00 of some frames at each factor, and wander."""

    readings: list[list[tuple[float, ...]]]
    wander: float


def as_a_film_asks(lightness: Sequence[FloatArray], preset: str) -> Iterator[FloatArray]:
    """Each frame by itself, at the working size."""
    guess = ModelGuess(None)
    for plane, working in zip(lightness, at_working_size(lightness, preset), strict=True):
        chroma = guess(working)[0]
        yield chroma if working.shape == plane.shape else upsample(chroma, working, plane)


def as_stills(lightness: Sequence[FloatArray], preset: str) -> Iterator[FloatArray]:
    """Each frame by itself, as `featcolor colorize` colours a picture."""
    colorizer = load_colorizer(None, ColouringSettings())
    for plane in lightness:
        yield colorizer.predict(plane)


def as_a_film(lightness: Sequence[FloatArray], preset: str) -> Iterator[FloatArray]:
    """As `featcolor video` colours a shot without key frames."""
    working = at_working_size(lightness, preset)
    made = colour_from_anchors(working, ModelGuess(None), every=DEFAULT_EVERY, config=VIDEO_PRESETS[preset])
    with made:
        yield from Ours.raised(lightness, working, made)


WAYS: Final[Mapping[str, Colouring]] = {
    FRAMES: as_a_film_asks,
    "frame by frame, as colorize": as_stills,
    "decided once a shot": as_a_film,
}


def measure(sequence: FrameFolder, *, preset: str = DEFAULT_VIDEO_PRESET) -> dict[str, Measured]:
    """Every way on one sequence, and the wander of the truth."""
    truth = Truth(sequence.read())
    tracks = follow(truth.motions)
    found = {"truth": Measured([], wander(tracks, truth.chroma))}
    for name, way in WAYS.items():
        chroma = list(way(truth.lightness, preset))
        readings = []
        for index in range(0, len(truth), READ_EVERY):
            picture = Picture(truth.frames[index])
            pictures = (
                lab_to_rgb(truth.lightness[index], chroma[index] * np.float32(factor)) for factor in CURVE_FACTORS
            )
            readings.append([tuple(read_picture(picture, rgb)) for rgb in pictures])
        found[name] = Measured(readings, wander(tracks, chroma))
    return found


def compare(found: Mapping[str, Mapping[str, Measured]]) -> list[str]:
    """Lines of the table: each way over all sequences, as it is and at the colourfulness of frame by frame."""
    sequences = list(found)
    curves = {name: {each: _readings(found[each][name]) for each in sequences} for name in WAYS}
    whole = {name: trace_curve(_joined(list(own.values()))) for name, own in curves.items()}
    own_place = CURVE_FACTORS.index(1.0)
    wanted = whole[FRAMES][own_place].cf
    at: dict[str, dict[str, float]] = {}
    lines = [f"truth: wander {np.mean([found[each]['truth'].wander for each in sequences]):.2f}"]
    for name in WAYS:
        point, factor = whole[name][own_place], factor_for(whole[name], wanted)
        at[name] = {each: _at(trace_curve(curves[name][each]), factor, "gain") for each in sequences}
        strayed = np.mean([found[each][name].wander for each in sequences])
        lines.append(
            f"{name}: CF {point.cf:.1f}, gain {point.gain:+.2f} dB, dE00 {point.delta_e00:.2f}; at CF {wanted:.1f} "
            f"gain {np.mean(list(at[name].values())):+.2f} dB, dE00 {_at(whole[name], factor, 'delta_e00'):.2f}; "
            f"wander {strayed:.2f}, at that CF {factor * strayed:.2f}"
        )
    for name in WAYS:
        if name != FRAMES:
            mean, low, high = paired(*(list(at[each].values()) for each in (name, FRAMES)), better="higher")[:3]
            lines.append(f"{name} less {FRAMES}, at one CF: {mean:+.2f} dB [{low:+.2f}, {high:+.2f}]")
    return lines


def _readings(measured: Measured) -> Readings:
    names = tuple(str(number) for number in range(len(measured.readings)))
    return Readings(names, CURVE_FACTORS, np.array(measured.readings, np.float64))


def _joined(each: Sequence[Readings]) -> Readings:
    values = np.concatenate([readings.values for readings in each])
    return Readings(tuple(str(number) for number in range(len(values))), CURVE_FACTORS, values)


def _at(curve: Sequence[NamedTuple], factor: float, measure: str) -> float:
    return float(np.interp(factor, CURVE_FACTORS, [getattr(point, measure) for point in curve]))


def main() -> None:
    """Colour every sequence every way, print the table, and keep what it is made of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="DAVIS, or a folder a sequence")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.json", help="what was measured")
    parser.add_argument("--preset", choices=tuple(VIDEO_PRESETS), default=DEFAULT_VIDEO_PRESET)
    parser.add_argument("--jobs", type=int, default=1, help="sequences at once")
    given = parser.parse_args()
    sequences = find_sequences(given.data)
    found: dict[str, dict[str, Measured]] = {}
    for outcome in run_over(partial(measure, preset=given.preset), sequences, jobs=given.jobs):
        if outcome.result is None:
            raise SystemExit(str(outcome.failure and outcome.failure.message))
        found[sequences[outcome.index].name] = outcome.result
        write_json(given.output, {name: {w: m._asdict() for w, m in own.items()} for name, own in found.items()})
    print("\n".join(compare(dict(sorted(found.items())))))


if __name__ == "__main__":
    main()
