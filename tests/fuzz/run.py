"""The run: seeds made once, workers watched and begun again, and what broke a promise saved."""

from __future__ import annotations

import multiprocessing
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np

from tests.fuzz.film_seeds import film_seeds
from tests.fuzz.model_seeds import hint_seeds, model_seeds
from tests.fuzz.picture_seeds import picture_seeds, texture
from tests.fuzz.work import MB, WALL_S, Result, make_input, read_seeds, work

PEAK_MB: Final = 2048
START_S: Final = 120.0
"""Seconds that a worker has for its imports."""
Work: TypeAlias = Callable[[Connection, Path, Path, int, int, int], None]
"""What a worker runs: as `tests.fuzz.work.work`."""
LOOK_S: Final = 0.05
SAVED_OF_A_KIND: Final = 3
"""Inputs that are kept of those that break the same promise in the same place."""
FAULTS: Final = ("crash", "traceback", "hang", "memory")


@dataclass
class Tally:
    """What became of the inputs of one kind."""

    inputs: int = 0
    taken: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak: int = 0


def write_seeds(folder: Path) -> None:
    """Good files for the mutations, and the model and pictures that stand beside them on command lines."""
    for name in ("seeds", "good", "references"):
        (folder / name).mkdir()
    for make in (picture_seeds(), film_seeds(folder), model_seeds(folder), hint_seeds()):
        for number, (kind, content) in enumerate(make):
            (folder / "seeds" / f"{kind}-{number:03}").write_bytes(content)
    first = min((folder / "seeds").glob("featcolor-*"))
    (folder / "model.featcolor").write_bytes(first.read_bytes())
    for name in ("first.png", "second.jpg"):
        cv2.imwrite(str(folder / "good" / name), texture(1))
    for shift in range(3):
        cv2.imwrite(str(folder / "references" / f"{shift}.png"), np.roll(texture(), 9 * shift, axis=1))


class Run:
    """A run of so many workers.

    Attributes
    ----------
    tallies : by kind
    places : how often a promise was broken in each place
    """

    def __init__(
        self, folder: Path, saved: Path, *, seed: int, workers: int, wall: float = WALL_S, target: Work = work
    ) -> None:
        self._saved, self._seed, self._wall = saved, seed, wall
        self._seeds = read_seeds(folder)
        self.tallies: dict[str, Tally] = {}
        self.places: Counter[str] = Counter()
        self._workers = [_Worker(target, folder, seed, first, workers) for first in range(workers)]

    def watch(self, seconds: float) -> Iterator[int]:
        """Let the workers work so long; yields now and then how many inputs have been tried."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                for worker in self._workers:
                    self._look_at(worker)
                yield sum(tally.inputs for tally in self.tallies.values())
                wait([worker.connection for worker in self._workers], LOOK_S)
        finally:
            for worker in self._workers:
                worker.stop()
            for worker in self._workers:
                worker.end()

    def _look_at(self, worker: _Worker) -> None:
        try:
            while worker.connection.poll():
                result = worker.connection.recv()
                worker.heard(result)
                if result.outcome:
                    self._count(result)
        except EOFError:
            self._lost(worker, "crash")
            return
        if worker.waited() > (self._wall if worker.now.kind else START_S):
            self._lost(worker, "hang")
        elif worker.resident() > PEAK_MB * MB:
            self._lost(worker, "memory")

    def _count(self, result: Result) -> None:
        tally = self.tallies.setdefault(result.kind, Tally())
        tally.inputs += 1
        tally.taken += result.outcome == "taken"
        tally.slowest, tally.peak = max(tally.slowest, result.seconds), max(tally.peak, result.peak)
        if result.peak > PEAK_MB * MB:
            self._fault(result, "memory", f"memory: {result.peak // MB} MB")
        elif result.seconds > self._wall:
            self._fault(result, "hang", f"hang: {result.seconds:.1f} s")
        elif result.outcome == "traceback":
            self._fault(result, "traceback", result.words)

    def _lost(self, worker: _Worker, fault: str) -> None:
        """A worker that has died, or is ended, in the middle of an input: another takes its place after it."""
        words = worker.end()
        if not worker.now.kind:
            raise RuntimeError(f"a worker did not start ({fault}): {words}")
        tally = self.tallies.setdefault(worker.now.kind, Tally())
        tally.inputs += 1
        self._fault(worker.now, fault, f"{fault}\n{words}")
        worker.begin(worker.now.number)

    def _fault(self, result: Result, fault: str, words: str) -> None:
        self.tallies[result.kind].faults[fault] += 1
        place = f"{result.kind} {fault}: {_place(words)}"
        self.places[place] += 1
        if self.places[place] <= SAVED_OF_A_KIND:
            self._saved.mkdir(exist_ok=True)
            kind, content = make_input(self._seeds, self._seed, result.number)
            name = self._saved / f"{fault}-{self._seed}-{result.number}.{kind}"
            name.write_bytes(content)
            name.with_name(f"{name.name}.txt").write_text(words, errors="backslashreplace")


class _Worker:
    """A worker process as the run sees it."""

    def __init__(self, target: Work, folder: Path, seed: int, first: int, step: int) -> None:
        self._target, self._folder, self._seed, self._step = target, folder, seed, step
        self._log = folder / f"worker-{first}.log"
        self.begin(first - step)

    def begin(self, after: int) -> None:
        """Begin with the input after this one."""
        self._log.unlink(missing_ok=True)
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe(duplex=False)
        arguments = (theirs, self._folder, self._log, self._seed, after + self._step, self._step)
        self._process = context.Process(target=self._target, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self.heard(Result(after, ""))

    def heard(self, result: Result) -> None:
        """Note that it works on an input, or has done it."""
        self.now, self._since = result, time.monotonic()

    def waited(self) -> float:
        """Seconds since it was heard of."""
        return time.monotonic() - self._since

    def resident(self) -> int:
        """Bytes of memory that it has now; 0 when it is gone."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except (OSError, IndexError):
            return 0
        return 4096 * int(pages)

    def stop(self) -> None:
        """Let it end by itself, at its next word, so that it leaves nothing behind."""
        self.connection.close()
        self._process.join(WALL_S)

    def end(self) -> str:
        """Kill it; what it last wrote, and how it ended."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        written = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
        return f"exit code {self._process.exitcode}\n{written}"


def _place(words: str) -> str:
    """Where in our code something went wrong, and what: what tells one fault from another."""
    frames = re.findall(r'File "[^"]*?/((?:featcolor|features|refine)/[^"]+)", line (\d+)', words)
    last = [line for line in words.splitlines() if line and not line.startswith(" ")][-1:]
    return f"{':'.join(frames[-1]) if frames else '?'} {re.sub(r'[0-9]+', 'N', last[0])[:110] if last else ''}"


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for the seeds and the workers' files."""
    return tempfile.TemporaryDirectory(prefix="featcolor-fuzz-")
