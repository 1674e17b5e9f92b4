"""How well shots are found: random joins of pieces of DAVIS, hard and dissolved, clean and worn; real cuts.

    python -m benchmarks.shots_study $DAVIS                     200 joins of each kind
    python -m benchmarks.shots_study $DAVIS --clips $CLIPS      and the clips of cuts.json, labelled by eye

$DAVIS holds a folder of frames a sequence.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from refine.shots import Shot, ShotDetector, thumbnail

Luma = NDArray[np.float32]

PIECE_FRAMES: Final = (8, 30)
DISSOLVE_FRAMES: Final = (6, 16)
GRAIN, EXPOSURE, WEAVE = 8.0, 0.1, 2.0
"""Wear: deviation of the grain in codes, share of exposure flicker, pixels that the gate weaves."""

LABELS: Final = Path(__file__).with_name("cuts.json")


class Boundary(NamedTuple):
    """A true boundary: a found one within first..last is right."""

    first: int
    last: int


class Count(NamedTuple):
    """True boundaries, those found, boundaries reported, those that are right."""

    true: int
    hit: int
    reported: int
    right: int

    def __str__(self) -> str:
        recall = self.hit / self.true if self.true else float("nan")
        precision = self.right / self.reported if self.reported else float("nan")
        missed, wrong = self.true - self.hit, self.reported - self.right
        return f"recall {recall:.3f} ({missed} of {self.true} missed), precision {precision:.3f} ({wrong} wrong)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print recall and precision of each kind of film."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shots_study", description=main.__doc__)
    parser.add_argument("davis", type=Path, help="folder with a folder of frames a sequence")
    parser.add_argument("--joins", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="0 is what thresholds were set on")
    parser.add_argument("--clips", type=Path, help="folder of the clips that cuts.json names")
    options = parser.parse_args(arguments)
    sequences = read_sequences(options.davis)
    for kind in ("hard", "dissolve"):
        for worn in (False, True):
            frames, truth = joined(sequences, options.joins, kind, worn, np.random.default_rng(options.seed))
            print(f"{kind:9} {'worn' if worn else 'clean':6} {count(find(frames), truth)}", flush=True)
    if options.clips:
        for name, label in json.loads(LABELS.read_text(encoding="utf-8"))["clips"].items():
            truth = [Boundary(at - 1, at + 1) for at in label["cuts"]]
            truth += [Boundary(*span) for span in label.get("dissolves", [])]
            print(f"{name} {count(find(clip_frames(options.clips / name)), truth)}", flush=True)


def find(frames: Iterable[Luma]) -> list[Shot]:
    """Shots of lightness frames (H, W), 0..1."""
    detector = ShotDetector()
    for frame in frames:
        detector.push(thumbnail(frame))
    return detector.finish()


def count(shots: Sequence[Shot], truth: Sequence[Boundary]) -> Count:
    """Each true boundary takes at most one of those found."""
    found = [shot.first for shot in shots[1:]]
    free = set(found)
    for boundary in truth:
        match = next((at for at in sorted(free) if boundary.first <= at <= boundary.last), None)
        free -= {match} if match is not None else set()
    right = len(found) - len(free)
    return Count(len(truth), right, len(found), right)


def read_sequences(folder: Path) -> list[list[NDArray[np.uint8]]]:
    """Luma of the frames of each folder."""
    found = []
    for each in sorted(path for path in folder.iterdir() if path.is_dir()):
        luma = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(each.glob("*.[jp][pn]g"))]
        if len(luma) >= PIECE_FRAMES[1]:
            found.append(luma)
    return found


def joined(
    sequences: Sequence[Sequence[NDArray[np.uint8]]], joins: int, kind: str, worn: bool, rng: np.random.Generator
) -> tuple[Iterator[Luma], list[Boundary]]:
    """A film of random pieces, made frame by frame, and its boundaries; neighbours are of different sequences."""
    plan, truth, at, last = [], [], 0, -1
    for index in range(joins + 1):
        which = int(rng.choice([each for each in range(len(sequences)) if each != last]))
        length = int(rng.integers(PIECE_FRAMES[0], PIECE_FRAMES[1] + 1))
        blend = int(rng.integers(DISSOLVE_FRAMES[0], DISSOLVE_FRAMES[1] + 1)) if kind == "dissolve" and index else 0
        length = min(length + 2 * blend, len(sequences[which]))  # room for the dissolves at both ends
        start = int(rng.integers(len(sequences[which]) - length + 1))
        if index:
            at -= blend
            truth.append(Boundary(at, at + blend) if blend else Boundary(at - 1, at + 1))
        plan.append((which, start, length, blend))
        at, last = at + length, which
    return _made(sequences, plan, worn, rng), truth


def _made(
    sequences: Sequence[Sequence[NDArray[np.uint8]]],
    plan: Sequence[tuple[int, int, int, int]],
    worn: bool,
    rng: np.random.Generator,
) -> Iterator[Luma]:
    shape = sequences[0][0].shape
    tail: list[Luma] = []
    for index, (which, start, length, blend) in enumerate(plan):
        piece = [_fitted(sequences[which][start + each], shape) for each in range(length)]
        for each in range(blend):
            share = (each + 1) / (blend + 1)
            piece[each] = (1 - share) * tail[each] + share * piece[each]
        following = plan[index + 1][3] if index + 1 < len(plan) else 0
        tail = piece[length - following :]
        yield from (_worn(frame, rng) if worn else frame for frame in piece[: length - following])


def _fitted(luma: NDArray[np.uint8], shape: tuple[int, int]) -> Luma:
    if luma.shape != shape:
        luma = cv2.resize(luma, shape[::-1], interpolation=cv2.INTER_AREA)
    return luma.astype(np.float32) / np.float32(255)


def _worn(frame: Luma, rng: np.random.Generator) -> Luma:
    shift = np.array([[1, 0, rng.uniform(-WEAVE, WEAVE)], [0, 1, rng.uniform(-WEAVE, WEAVE)]])
    moved = cv2.warpAffine(frame, shift, frame.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    grain = rng.standard_normal(frame.shape, np.float32) * np.float32(GRAIN / 255)
    return np.clip(moved * np.float32(1 + rng.uniform(-EXPOSURE, EXPOSURE)) + grain, 0, 1)


def clip_frames(path: Path) -> Iterator[Any]:
    """Lightness of a clip's frames in decode order, (H, W), 0..1."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray").astype(np.float32) / np.float32(255)


if __name__ == "__main__":
    main()
