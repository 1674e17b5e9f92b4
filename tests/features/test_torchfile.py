"""Legacy torch files: tables of tensors come back, whatever else is refused in one line and nothing is executed."""

from __future__ import annotations

import os
import pickle
import random
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.torchfile import MAGIC_NUMBER, PROTOCOL_VERSION, TorchFileError, read_torch_file

HEADER = b"".join(
    pickle.dumps(part, protocol=2)
    for part in (MAGIC_NUMBER, PROTOCOL_VERSION, {"protocol_version": 1001, "little_endian": True})
)


def packed(value: Any) -> bytes:
    """Opcodes that push a plain value, without the pickle's begin and end."""
    return pickle.dumps(value, protocol=2)[2:-1]


def tensor(
    name: str,
    key: str,
    size: int,
    shape: Any,
    strides: Any,
    *,
    offset: int = 0,
    kind: str = "FloatStorage",
    rebuild: str = "torch._utils\n_rebuild_tensor_v2",
) -> bytes:
    """Opcodes of one entry of the table, as torch writes them."""
    storage = b"(" + packed("storage") + f"ctorch\n{kind}\n".encode() + packed(key) + packed("cpu") + packed(size)
    call = f"c{rebuild}\n".encode() + b"(" + storage + b"NtQ" + packed(offset) + packed(shape) + packed(strides)
    return packed(name) + call + b"\x89" + b"ccollections\nOrderedDict\n)R" + b"tR"


def torch_file(entries: list[bytes], storages: dict[str, np.ndarray[Any, Any]]) -> bytes:
    table = b"\x80\x02ccollections\nOrderedDict\n)R(" + b"".join(entries) + b"u."
    values = b"".join(struct.pack("<q", array.size) + array.tobytes() for array in storages.values())
    return HEADER + table + pickle.dumps(list(storages), protocol=2) + values


VALUES = np.arange(24, dtype=np.float32)
GOOD = torch_file([tensor("a", "7", 24, (4, 6), (6, 1))], {"7": VALUES})


def test_tensors_come_back_with_their_strides_offsets_and_types() -> None:
    counts = np.array([3, 5], np.int64)
    entries = [
        tensor("matrix", "7", 24, (4, 6), (6, 1)),
        tensor("transposed", "7", 24, (6, 4), (1, 6)),
        tensor("tail", "7", 24, (4,), (1,), offset=20),
        tensor("counts", "8", 2, (2,), (1,), kind="LongStorage"),
        tensor("scalar", "8", 2, (), (), offset=1, kind="LongStorage"),
        tensor("nothing", "9", 0, (0, 3), (3, 1)),
    ]
    storages = {"8": counts, "7": VALUES, "9": np.zeros(0, np.float32)}
    read = read_torch_file(torch_file(entries, storages))
    matrix = VALUES.reshape(4, 6)
    expected = {
        "matrix": matrix,
        "transposed": matrix.T,
        "tail": VALUES[20:],
        "counts": counts,
        "scalar": np.int64(5),
        "nothing": np.zeros((0, 3), np.float32),
    }
    assert list(read) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(read[name], array, strict=True)
        assert read[name].flags.owndata


class Shell:
    """What a hostile file would like to be unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.witness}",)


@pytest.mark.parametrize("place", ["whole file", "table", "in place of the rebuild"])
def test_nothing_is_executed(place: str, tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    data = {
        "whole file": pickle.dumps(Shell(witness), protocol=2),
        "table": HEADER + pickle.dumps(OrderedDict(a=Shell(witness)), protocol=2),
        "in place of the rebuild": torch_file([tensor("a", "7", 24, (4,), (1,), rebuild="posix\nsystem")], {}),
    }[place]
    with pytest.raises(TorchFileError, match=r"posix\.system"):
        read_torch_file(data)
    assert not witness.exists()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(tensor("a", "7", 24, (5, 6), (6, 1)), id="more rows than values"),
        pytest.param(tensor("a", "7", 24, (4, 6), (6, 2)), id="strides lead outside"),
        pytest.param(tensor("a", "7", 24, (4, 6), (6, 1), offset=1), id="offset leads outside"),
        pytest.param(tensor("a", "7", 24, (4, 6), (6, 1), offset=-1), id="negative offset"),
        pytest.param(tensor("a", "7", 24, (4, -6), (6, 1)), id="negative size"),
        pytest.param(tensor("a", "7", 24, (4, 6), (-6, 1)), id="negative stride"),
        pytest.param(tensor("a", "7", 24, (2**20, 2**20), (0, 0)), id="terabytes by stride zero"),
        pytest.param(tensor("a", "7", 2**40, (2**20, 2**20), (2**20, 1)), id="terabytes of storage"),
        pytest.param(tensor("a", "7", 2**70, (1,), (1,)), id="storage beyond 64 bits"),
        pytest.param(tensor("a", "7", 25, (4, 6), (6, 1)), id="storage larger than written"),
        pytest.param(tensor("a", "7", 24, (4, 6), (1,)), id="fewer strides than sizes"),
        pytest.param(tensor("a", "7", 24, (4, 6.0), (6, 1)), id="sizes that are no integers"),
        pytest.param(tensor("a", "7", 24, "46", (6, 1)), id="shape that is no tuple"),
        pytest.param(tensor("a", "8", 24, (4, 6), (6, 1)), id="storage that is not listed"),
        pytest.param(tensor("a", "7", 24, (4, 6), (6, 1), kind="HalfStorage"), id="another storage type"),
        pytest.param(packed("a") + packed(1), id="a number for a tensor"),
        pytest.param(packed(1) + tensor("a", "7", 24, (4, 6), (6, 1))[len(packed("a")) :], id="a number for a name"),
    ],
)
def test_sizes_that_disagree_are_refused(entry: bytes) -> None:
    with pytest.raises(TorchFileError) as caught:
        read_torch_file(torch_file([entry], {"7": VALUES}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="a picture"),
        pytest.param(b"PK\x03\x04" + bytes(100), id="the newer torch format"),
        pytest.param(random.Random(0).randbytes(4096), id="noise"),
        pytest.param(GOOD + b"\0", id="padded"),
        pytest.param(HEADER + b"\x80\x02}r\xff\xff\xff\x7f.", id="a memo index of two thousand million"),
        pytest.param(HEADER + b"\x80\x02}" + b"\x85" * 100_000 + b".", id="deeply nested"),
        pytest.param(HEADER + b"\x80\x02(((((t.", id="marks"),
        pytest.param(HEADER.replace(b"\x88", b"\x89") + GOOD[len(HEADER) :], id="big-endian"),
    ],
)
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(TorchFileError) as caught:
        read_torch_file(data)
    assert "\n" not in str(caught.value)


def test_every_truncation_is_refused() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(TorchFileError):
            read_torch_file(GOOD[:length])


def test_flipped_bits_are_refused_or_read() -> None:
    generator = random.Random(0)
    for _ in range(1500):
        damaged = bytearray(GOOD)
        damaged[generator.randrange(len(GOOD))] ^= 1 << generator.randrange(8)
        try:
            read = read_torch_file(bytes(damaged))
        except TorchFileError:
            continue
        assert all(array.size <= VALUES.size for array in read.values())
