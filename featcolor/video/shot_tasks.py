"""Second pass over a film by an engine: its shots are tasks, and each comes to its place in the film by itself.

Every frame of a task must be the one in which the first pass found its shots: where seeking brings another, as it does
in some films, the task reads from the start.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import dropwhile, islice
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipReader, Frame
from featcolor.clips.kept import KeptFilm
from featcolor.clips.open import open_clip
from featcolor.errors import ClipError
from featcolor.parallel.engine import Engine, Failure
from featcolor.video.checkpoints import WorkFolder
from featcolor.video.hint_files import FrameHints
from featcolor.video.scan import ClipScan, frame_check
from featcolor.video.shots import ShotColouring, ShotPlan

LEAST_FRAMES: Final = 48
"""Frames of a task, where neighbouring shots have so many: some seconds of work, beside which coming there is cheap."""
MOST_PARTS: Final = 16
"""Tasks of a film that cannot be sought in: each reads from the start, which costs a tenth of colouring or less."""


class OtherFramesError(ClipError):
    """Frames are not those in which the first pass found the shots."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ShotTask:
    """Neighbouring shots that are coloured together.

    Attributes
    ----------
    plans : in order
    targets : paths of their shot files
    keys, hints : of their frames
    pts : time stamp of their first frame
    checks : of all their frames, see `featcolor.video.scan.frame_check`
    """

    plans: tuple[ShotPlan, ...]
    targets: tuple[Path, ...]
    keys: Mapping[int, Path]
    hints: FrameHints
    pts: int
    checks: NDArray[np.uint32]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.checks)


@dataclass(frozen=True, kw_only=True)
class ColourShots:
    """The work of one task. Picklable.

    Attributes
    ----------
    film : its path; `rate` of a folder of frames
    kept : what was made of it, to be read instead
    colouring : of the film; a task has the keys and hints
    """

    film: Path
    rate: Fraction | None
    colouring: ShotColouring
    kept: KeptFilm | None = None

    def without_own(self) -> Self:
        """The same without the keys and hints of all tasks, which need not go along with each."""
        keys = replace(self.colouring.keys, paths={})
        return replace(self, colouring=replace(self.colouring, keys=keys, hints=FrameHints()))

    def outputs(self, task: ShotTask) -> tuple[Path, ...]:
        """What is written for a task (`featcolor.parallel.cluster.Writes`)."""
        return task.targets

    def __call__(self, task: ShotTask) -> None:
        first = task.plans[0].first
        try:
            with self._open() as reader:
                self._colour(task, self._proven(reader.frames_from(task.pts, first), task))
        except OtherFramesError:
            with self._open() as reader:
                self._colour(task, self._proven(dropwhile(lambda frame: frame.index < first, reader), task))

    def _open(self) -> ClipReader:
        return open_clip(self.film, rate=self.rate) if self.kept is None else self.kept.open()

    def _colour(self, task: ShotTask, frames: Iterator[Frame]) -> None:
        colouring = replace(self.colouring, keys=replace(self.colouring.keys, paths=task.keys), hints=task.hints)
        for plan, target in zip(task.plans, task.targets, strict=True):
            work, shot = WorkFolder(target.parent), islice(frames, len(plan))
            # What a worker that was killed has done of a task is there.
            if not work.has(plan.number, plan.first, plan.last):
                colouring.colour(plan, shot, work, lambda done, total: None)
            deque(shot, maxlen=0)

    def _proven(self, frames: Iterator[Frame], task: ShotTask) -> Iterator[Frame]:
        for number, check in enumerate(task.checks, start=task.plans[0].first):
            frame = next(frames, None)
            if frame is None or frame.index != number or frame_check(frame.luma) != check:
                raise OtherFramesError(
                    f"{self.colouring.info.name}: frame {number} is another than when its shots were looked for; is "
                    "the file being written, or the disk failing?"
                )
            yield frame


def shot_tasks(
    plans: Iterable[ShotPlan],
    scan: ClipScan,
    work: WorkFolder,
    *,
    keys: Mapping[int, Path],
    hints: FrameHints,
    least: int = LEAST_FRAMES,
) -> list[ShotTask]:
    """Tasks of some shots, the longest first: they would keep one worker alone at the end."""
    tasks = []
    for group in in_groups(plans, least):
        first, end = group[0].first - scan.first, group[-1].last + 1 - scan.first
        told = {frame for plan in group for frame in (*plan.keys, *plan.hinted)}
        tasks.append(
            ShotTask(
                plans=group,
                targets=tuple(work.shot_path(plan.number) for plan in group),
                keys={frame: path for frame, path in keys.items() if frame in told},
                hints=replace(hints, by_frame={f: each for f, each in hints.by_frame.items() if f in told}),
                pts=int(scan.pts[first]),
                checks=scan.checks[first:end],
            )
        )
    return sorted(tasks, key=len, reverse=True)


def in_groups(plans: Iterable[ShotPlan], least: int) -> list[tuple[ShotPlan, ...]]:
    """Neighbouring shots together until they have so many frames."""
    groups: list[list[ShotPlan]] = []
    for plan in plans:
        group = groups[-1] if groups else []
        if group and group[-1].number + 1 == plan.number and sum(map(len, group)) < least:
            group.append(plan)
        else:
            groups.append([plan])
    return [tuple(group) for group in groups]


def least_frames(reader: ClipReader, plans: Sequence[ShotPlan], scan: ClipScan) -> int:
    """How many frames a task should have, by whether the film can be sought in."""
    number = plans[len(plans) // 2].first
    place = number - scan.first
    frame = next(reader.frames_from(int(scan.pts[place]), number), None)
    if frame is not None and frame_check(frame.luma) == scan.checks[place]:
        return LEAST_FRAMES
    return max(LEAST_FRAMES, scan.n_frames // MOST_PARTS)


def run_tasks(
    engine: Engine, work: ColourShots, tasks: Sequence[ShotTask], progress: Callable[[int, int], None], total: int
) -> None:
    """Colour the shots of all tasks; the first that fails ends it. `total`: frames, with those of shots done before."""
    done = total - sum(map(len, tasks))
    with closing(engine.run(work.without_own(), tasks)) as outcomes:
        for outcome in outcomes:
            task = tasks[outcome.index]
            if outcome.failure is not None:
                raise _error(outcome.failure, task, work.colouring.info.name)
            done += len(task)
            progress(done, total)


def _error(failure: Failure, task: ShotTask, name: str) -> ClipError:
    message = failure.message
    if failure.killed:
        frames = f"frames {task.plans[0].first} to {task.plans[-1].last}"
        message = (
            f"{name}: each process that was given {frames} was killed, most likely for want of memory; use "
            "--preset fast, or fewer processes at once"
        )
    error = ClipError(message)
    error.add_note(failure.trace)
    return error
