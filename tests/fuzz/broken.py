"""A worker that breaks promises, for the test of the run that watches it; imports little, since it starts thrice."""

from __future__ import annotations

import os
import time
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fuzz.work import Result

ENDINGS = ("crash", "hang", "traceback", "taken")


def break_promises(connection: Connection, folder: Path, log: Path, seed: int, first: int, step: int) -> None:
    """A worker that breaks one promise after the other."""
    for number in count(first, step):
        ending = ENDINGS[min(number, len(ENDINGS) - 1)]
        connection.send(Result(number, "jpg"))
        if ending == "crash":
            os.abort()
        if ending == "hang":
            time.sleep(60)
        connection.send(Result(number, "jpg", ending, "ValueError: no" if ending == "traceback" else ""))
        if number == len(ENDINGS):
            time.sleep(0.2)
