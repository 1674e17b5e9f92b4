"""Threads that change no bit: our own, over parts that are cut without regard to their number, and one for BLAS.

A library that shares out one sum among its threads rounds it by their number: OpenBLAS does (a matrix product in
float32 differs by 1e-5 of its size between one thread and two), onnxruntime may. OpenCV's functions that are used here
give the same bits by any number, but for one (`refine.fast_global_smoother`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import cv2

Result = TypeVar("Result")

_LOCK: Final = threading.Lock()
_blocks = 0
_held: list[tuple[Any, int]] = []
"""BLAS libraries that have one thread for now, and how many each had before."""


def side_by_side(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each call gives, in order; as many of them run at once as OpenCV has threads, the last first."""
    threads = min(cv2.getNumThreads(), len(calls))
    if threads < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(threads) as pool:
        # The last, commonly a network, takes longest.
        running = [pool.submit(call) for call in reversed(calls)]
        return [each.result() for each in reversed(running)]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within the block BLAS has one thread, and so has OpenMP as far as the calling thread starts it.

    The number of BLAS is the whole process's: of blocks that overlap, in several threads too, the last to end gives it
    back.
    """
    from threadpoolctl import ThreadpoolController

    global _blocks
    controller = ThreadpoolController()
    with controller.select(user_api="openmp").limit(limits=1):
        with _LOCK:
            _blocks += 1
            # Every time: what computes within may have been loaded since an outer block began.
            for library in controller.select(user_api="blas").lib_controllers:
                if library.num_threads not in (None, 1):
                    _held.append((library, library.num_threads))
                    library.set_num_threads(1)
        try:
            yield
        finally:
            with _LOCK:
                _blocks -= 1
                while _held and not _blocks:
                    library, threads = _held.pop()
                    library.set_num_threads(threads)
