"""Cores and memory of this machine, and how many processes are worth their start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

START_SECONDS = 1.5
"""What worker processes cost before their first picture: imports and the model (measured, 2 cores)."""
PICTURE_SECONDS = 0.15
"""Colouring at the working size, one thread (measured, preset balanced)."""
MEGAPIXEL_SECONDS = 0.07
"""Decoding, raising the chroma to full size and encoding a million pixels, one thread (measured, JPEG)."""
WORKER_BYTES = 300 * 2**20
"""Libraries, model and the working size (measured: 210 MiB)."""
PIXEL_BYTES = 24
"""Peak memory a full-size pixel; twice what was measured on JPEG, since deeper formats need more."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3)."""
KEPT_FREE = 32 * 2**20, 256 * 2**20
"""Bytes of one array, and of all, that glibc keeps when freed: what it gives back it gets anew, page by page."""


def available_cores() -> int:
    """Cores that this process may use (affinity and container limits respected)."""
    from joblib import cpu_count

    return int(cpu_count())


def default_jobs(n_pictures: int, total_pixels: int, *, cores: int | None = None, memory: int | None = None) -> int:
    """How many processes finish first: one while their start costs more than it saves, then one a core.

    Each must fit into the free memory (bytes) at once.
    """
    cores = available_cores() if cores is None else cores
    memory = free_memory() if memory is None else memory
    if n_pictures < 2 or cores < 2:
        return 1
    work = n_pictures * PICTURE_SECONDS + total_pixels / 1e6 * MEGAPIXEL_SECONDS
    fits = memory // (WORKER_BYTES + PIXEL_BYTES * total_pixels // n_pictures)
    jobs = max(1, min(cores, n_pictures, fits))
    return jobs if START_SECONDS + work / jobs < work else 1


def free_memory() -> int:
    """Bytes that can be had without swapping; a generous guess where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 4 * 2**30


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for the next array, whatever the environment has told it; elsewhere nothing.

    Dask starts its workers with a threshold of 64 KiB (`distributed.nanny.pre-spawn-environ`), which makes each array
    of a picture dear.
    """
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no glibc
        return
    mallopt(_M_MMAP_THRESHOLD, KEPT_FREE[0])
    mallopt(_M_TRIM_THRESHOLD, KEPT_FREE[1])


@contextmanager
def library_threads(threads: int) -> Iterator[None]:
    """Within the block OpenCV, and what runs side by side, has so many threads; BLAS and OpenMP have one."""
    import cv2

    from features.threads import one_blas_thread

    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        with one_blas_thread():
            yield
    finally:
        cv2.setNumThreads(before)
