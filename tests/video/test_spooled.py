"""Stacks of planes: the same in memory and in a file, for one thread and for many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from featcolor.video.propagation import spooled as stores
from featcolor.video.propagation.spooled import SpooledPlanes

SHAPE = (5, 7, 2)


@pytest.fixture(params=["memory", "file"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        monkeypatch.setattr(stores, "IN_MEMORY", 0)
    return str(request.param)


def plane(number: int) -> np.ndarray:
    return np.random.default_rng(number).uniform(-90, 90, SHAPE).astype(np.float16).astype(np.float32)


def test_what_is_written_is_read_to_the_precision_that_is_kept(kind: str, tmp_path: Path) -> None:
    store = SpooledPlanes(4, SHAPE, folder=tmp_path)
    for index in (2, 0, 3):
        store[index] = plane(index)
    store[0] = plane(9)
    for index, number in ((0, 9), (2, 2), (3, 3)):
        read = store[index]
        assert read.dtype == np.float32
        np.testing.assert_array_equal(read, plane(number))
    np.testing.assert_array_equal(store[1], np.zeros(SHAPE, np.float32))
    assert len(store) == 4
    store.close()


def test_what_is_read_is_the_callers_own(kind: str, tmp_path: Path) -> None:
    store = SpooledPlanes(1, SHAPE, folder=tmp_path)
    given = plane(0)
    store[0] = given
    given[:] = 0
    store[0][:] = 0
    np.testing.assert_array_equal(store[0], plane(0))
    store.close()


def test_parts_of_arrays_and_single_numbers_are_taken(kind: str, tmp_path: Path) -> None:
    store = SpooledPlanes(2, SHAPE, folder=tmp_path)
    wide = np.arange(5 * 14 * 2, dtype=np.float32).reshape(5, 14, 2)
    store[0] = wide[:, ::2]
    store[1] = np.float32(3)
    np.testing.assert_array_equal(store[0], wide[:, ::2])
    assert (store[1] == 3).all()
    with pytest.raises(ValueError, match="broadcast"):
        store[1] = np.zeros((5, 6, 2), np.float32)
    store.close()


def test_what_is_too_large_to_keep_is_the_largest(kind: str, tmp_path: Path) -> None:
    with SpooledPlanes(1, (2,), folder=tmp_path) as store:
        store[0] = np.float32([1e9, -1e9])
        np.testing.assert_array_equal(store[0], [65504, -65504])


@pytest.mark.parametrize(("count", "index"), [(3, -1), (3, 3), (3, 100), (0, 0)])
def test_there_is_no_frame_outside(kind: str, count: int, index: int, tmp_path: Path) -> None:
    store = SpooledPlanes(count, SHAPE, folder=tmp_path)
    with pytest.raises(IndexError):
        store[index]
    with pytest.raises(IndexError):
        store[index] = plane(0)
    assert len(list(store)) == count
    store.close()


def test_many_threads_share_it(kind: str, tmp_path: Path) -> None:
    store = SpooledPlanes(64, SHAPE, folder=tmp_path)

    def work(index: int) -> bool:
        store[index] = plane(index)
        return all(np.array_equal(store[other], plane(other)) for other in (index, index))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(64)))
    assert all(np.array_equal(store[index], plane(index)) for index in range(64))
    store.close()


def test_closed_it_is_empty_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    store = SpooledPlanes(3, SHAPE, folder=tmp_path)
    store[1] = plane(1)
    store.close()
    store.close()
    assert len(store) == 0
    assert not list(tmp_path.iterdir())
    with pytest.raises(IndexError):
        store[1]
    with pytest.raises(IndexError):
        store[1] = plane(1)
