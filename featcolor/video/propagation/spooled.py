"""Spooled planes, one stack a shot: in memory while they are few, in a temporary file when they are many."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import Closing
from features.base import FloatArray

KEPT: Final = np.dtype(np.float16)
MOST_KEPT: Final = float(np.finfo(KEPT).max)
IN_MEMORY: Final = 64 * 2**20
"""Bytes above which a store is a file."""


class SpooledPlanes(Closing):
    """Planes of n frames, each of one shape, read as float32 and kept in float16; zero where never written.

    A file is read and written, not mapped: mapped pages would count as this process's memory. Threads may share it.

    Parameters
    ----------
    count : frames
    shape : of one frame's planes
    folder : where a large store's file is made; None: the system's temporary folder. The system deletes the file
        when it is closed, or when the process ends.
    """

    def __init__(self, count: int, shape: tuple[int, ...], *, folder: Path | None = None) -> None:
        self.shape, self._count = shape, count
        self._stride = int(np.prod(shape)) * KEPT.itemsize
        self._lock = threading.Lock()
        self._file: Any = None
        self._planes: NDArray[Any] | None = None
        if count * self._stride <= IN_MEMORY:
            self._planes = np.zeros((count, *shape), KEPT)
        else:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed by close()
            self._file.truncate(count * self._stride)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> FloatArray:
        place = self._place(index)
        if self._planes is not None:
            return np.array(self._planes[index], np.float32)
        planes = np.empty(self.shape, KEPT)
        self._moved(self._file.readinto, place, planes.reshape(-1).view(np.uint8).data)
        return planes.astype(np.float32)

    def __setitem__(self, index: int, planes: NDArray[Any]) -> None:
        place = self._place(index)
        planes = np.clip(planes, -MOST_KEPT, MOST_KEPT)  # a model's file may say anything
        if self._planes is not None:
            self._planes[index] = planes
            return
        kept = np.empty(self.shape, KEPT)
        kept[...] = planes
        self._moved(self._file.write, place, kept.reshape(-1).view(np.uint8).data)

    def close(self) -> None:
        self._planes, self._count = None, 0
        if self._file is not None:
            self._file.close()

    def _place(self, index: int) -> int:
        if not 0 <= index < self._count:
            raise IndexError(f"frame {index} of {self._count}")
        return index * self._stride

    def _moved(self, move: Callable[[memoryview], int], place: int, view: memoryview) -> None:
        """All of the bytes to or from the file: the system may take a part at a time."""
        with self._lock:
            self._file.seek(place)
            while view:
                view = view[move(view) :]
