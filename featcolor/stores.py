"""Stacks of planes, one a frame of a shot: in memory while they are few, in a temporary file when they are many."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from features.base import FloatArray

IN_MEMORY: Final = 96 * 2**20
"""Bytes above which a store is a file."""


class PlaneStore:
    """(n, *shape) numbers, read as float32 and kept in float16 or as the caller says.

    Parameters
    ----------
    count : frames
    shape : of one frame's planes
    dtype : what is kept
    folder : where a large store's file is made; None: the system's temporary folder. The file has no name after it is
        made (or is deleted on `close`, where a system cannot do that), so that nothing stays behind.
    """

    def __init__(
        self, count: int, shape: tuple[int, ...], *, dtype: DTypeLike = np.float16, folder: Path | None = None
    ) -> None:
        size = count * int(np.prod(shape)) * np.dtype(dtype).itemsize
        self._file: Any = None
        self._planes: NDArray[Any]
        if size <= IN_MEMORY:
            self._planes = np.zeros((count, *shape), dtype)
        else:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
            self._file.truncate(size)
            self._planes = np.memmap(self._file, dtype, "r+", shape=(count, *shape))

    def __len__(self) -> int:
        return len(self._planes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one frame's planes."""
        return self._planes.shape[1:]

    def __getitem__(self, index: int) -> FloatArray:
        return np.asarray(self._planes[index], np.float32)

    def __setitem__(self, index: int, planes: NDArray[Any]) -> None:
        self._planes[index] = planes

    def close(self) -> None:
        """Give the memory or the file back."""
        self._planes = np.empty((0, *self.shape), self._planes.dtype)
        if self._file is not None:
            self._file.close()
            self._file = None
