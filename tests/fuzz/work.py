"""A worker process: makes inputs by their numbers, drives each, and tells what became of it."""

from __future__ import annotations

import faulthandler
import os
import random
import tempfile
import time
import traceback
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from tests.fuzz.mutate import mutated

WEIGHTS: Final = {
    **{
        "jpg": 4,
        "png": 5,
        "tif": 8,
        "webp": 3,
        "bmp": 2,
        "gif": 2,
        "pnm": 2,
        "tga": 1,
        "pcx": 1,
        "ico": 1,
        "jp2": 2,
        "avif": 2,
        "heic": 2,
    },
    **{"mp4": 5, "mov": 3, "mkv": 5, "webm": 1, "avi": 3, "ts": 2, "mpg": 1, "wmv": 1, "flv": 1, "mxf": 1, "dv": 1},
    **{"featcolor": 3, "album": 3, "onnx": 2, "hints.json": 4, "painted.png": 3},
}
"""Inputs of a kind in each round."""
ROUND: Final = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]
COMMAND_EVERY: Final = 47
"""Every so many inputs go through the command line; it shares no factor with the round."""
WALL_S: Final = 10.0
"""Seconds after which an input is given up."""
MB: Final = 1 << 20


@dataclass(frozen=True)
class Result:
    """What became of an input; without an outcome it has only begun.

    Attributes
    ----------
    outcome : "taken", "refused" or "traceback"
    words : the traceback
    seconds : that it took
    peak : of the process meanwhile, bytes
    """

    number: int
    kind: str
    outcome: str = ""
    words: str = ""
    seconds: float = 0.0
    peak: int = 0


def read_seeds(folder: Path) -> dict[str, list[bytes]]:
    """The seeds of each kind, as `tests.fuzz.run.write_seeds` left them."""
    seeds: defaultdict[str, list[bytes]] = defaultdict(list)
    for path in sorted((folder / "seeds").iterdir()):
        seeds[path.name.partition("-")[0]].append(path.read_bytes())
    return seeds


def make_input(seeds: dict[str, list[bytes]], seed: int, number: int) -> tuple[str, bytes]:
    """Kind and content of the input of a number; always the same."""
    kind = ROUND[number % len(ROUND)]
    return kind, mutated(kind, seeds[kind], random.Random(f"{seed} {number}"))


def work(connection: Connection, folder: Path, log: Path, seed: int, first: int, step: int) -> None:
    """Drive inputs until the process is ended."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    faulthandler.enable()
    connection.send(Result(-1, ""))
    seeds = read_seeds(folder)
    with suppress(BrokenPipeError), tempfile.TemporaryDirectory(dir=folder) as inside:
        for number in count(first, step):
            kind, content = make_input(seeds, seed, number)
            path = Path(inside) / f"input.{kind}"
            path.write_bytes(content)
            connection.send(Result(number, kind))
            connection.send(tried(kind, path, folder, number))


def tried(kind: str, path: Path, folder: Path, number: int) -> Result:
    """An input driven."""
    from tests.fuzz.drive import drive, drive_command

    _forget_peak()
    faulthandler.dump_traceback_later(WALL_S - 1)  # for the record, should it be killed
    begin, words = time.monotonic(), ""
    try:
        chosen = drive_command if number % COMMAND_EVERY == 0 else drive
        taken = chosen(kind, path, folder, random.Random(number))
        outcome = "taken" if taken else "refused"
    except Exception:  # whatever is none of ours is what is looked for
        outcome, words = "traceback", traceback.format_exc()
    finally:
        faulthandler.cancel_dump_traceback_later()
    return Result(number, kind, outcome, words, time.monotonic() - begin, _peak())


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Largest resident memory since it was forgotten, bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
