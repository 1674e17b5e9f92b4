"""Reader of the legacy torch file format (before 1.6) that executes nothing: for tables of named tensors.

Layout: five pickles one after the other (magic number, protocol version, system information, the object, the list of
storage keys), then for each key the number of elements (int64) and the raw values. The pickles are walked by a
machine of our own that knows the opcodes such a table needs and four global names; `pickle` itself is not used.
"""

from __future__ import annotations

import io
import math
import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: The first pickle of every legacy torch file.
MAGIC_NUMBER: Final = 0x1950A86A20F9469CFC6C
#: The second pickle: the only version of the legacy format there ever was.
PROTOCOL_VERSION: Final = 1001
#: More opcodes or pickled bytes than any table of weights needs (EfficientNet-Lite0: 10,696 opcodes, 47 kB).
MAX_OPCODES: Final = 2_000_000

ORDERED_DICT: Final = "collections OrderedDict"
REBUILD_TENSOR: Final = "torch._utils _rebuild_tensor_v2"
STORAGE_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
ALLOWED_NAMES: Final = frozenset({ORDERED_DICT, REBUILD_TENSOR, *STORAGE_DTYPES})


class TorchFileError(ValueError):
    """The bytes are not a table of tensors in the legacy torch format, or ask for more than that."""


@dataclass(frozen=True)
class _Name:
    """A global name met in a pickle; never looked up."""

    text: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    size: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_MARK: Final = object()


def read_torch_file(data: bytes) -> dict[str, NDArray[Any]]:
    """Named tensors of a legacy torch file.

    Parameters
    ----------
    data : the whole file.

    Returns
    -------
    dict from tensor name to a new array, float32 or int64, in the file's order.

    Raises
    ------
    TorchFileError
        Truncated, padded or foreign bytes, any other global name, or sizes that do not agree with one another.
    """
    stream = io.BytesIO(data)
    try:
        header = [_load(stream) for _ in range(5)]
    except TorchFileError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, struct.error) as error:
        raise TorchFileError(f"not a legacy torch file: {error}") from error
    magic, protocol, system, table, keys = header
    if magic != MAGIC_NUMBER or protocol != PROTOCOL_VERSION:
        raise TorchFileError("not a legacy torch file: magic number or protocol version differs")
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise TorchFileError("torch file of a big-endian machine: not supported")
    if not isinstance(table, dict) or not all(isinstance(value, _Tensor) for value in table.values()):
        raise TorchFileError("torch file holds something other than a table of tensors")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise TorchFileError("torch file: the list of storages is damaged")
    storages = _read_storages(memoryview(data)[stream.tell() :], keys, table)
    return {name: _view(tensor, storages[tensor.storage.key]).copy() for name, tensor in table.items()}


def _read_storages(tail: memoryview, keys: list[str], table: dict[str, _Tensor]) -> dict[str, NDArray[Any]]:
    """Raw values behind the pickles, as views: nothing is allocated for a size that the file only claims."""
    declared: dict[str, _Storage] = {}
    for tensor in table.values():
        if declared.setdefault(tensor.storage.key, tensor.storage) != tensor.storage:
            raise TorchFileError(f"torch file: storage {tensor.storage.key!r} is declared twice")
    if set(declared) != set(keys):
        raise TorchFileError("torch file: the list of storages and the tensors disagree")
    storages = {}
    position = 0
    for key in keys:
        storage = declared[key]
        end = position + 8 + storage.size * storage.dtype.itemsize
        if end > len(tail):
            raise TorchFileError("torch file is truncated")
        if struct.unpack_from("<q", tail, position)[0] != storage.size:
            raise TorchFileError(f"torch file: storage {key!r} has another size than declared")
        storages[key] = np.frombuffer(tail[position + 8 : end], storage.dtype)
        position = end
    if position != len(tail):
        raise TorchFileError(f"torch file has {len(tail) - position} bytes too many")
    return storages


def _view(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    strides = tuple(stride * values.itemsize for stride in tensor.strides)
    return np.ndarray(tensor.shape, values.dtype, values, tensor.offset * values.itemsize, strides)


def _load(stream: io.BytesIO) -> Any:
    """One pickle, walked without executing anything."""
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if count > MAX_OPCODES:
            raise TorchFileError("torch file: pickle is too long")
        name = opcode.name
        if name == "STOP":
            return stack.pop()
        if name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name](argument))
        elif name in _STEPS:
            _STEPS[name](stack)
        elif name != "PROTO":
            raise TorchFileError(f"torch file: pickle opcode {name} is not allowed")
    raise TorchFileError("torch file is truncated")


def _allowed(text: str) -> _Name:
    if text not in ALLOWED_NAMES:
        raise TorchFileError(f"torch file asks for {text.replace(' ', '.', 1)!r}: refused")
    return _Name(text)


def _pop_to_mark(stack: list[Any]) -> list[Any]:
    items = []
    while (item := stack.pop()) is not _MARK:
        items.append(item)
    return items[::-1]


def _pop_tuple(count: int) -> Callable[[list[Any]], None]:
    def step(stack: list[Any]) -> None:
        items = tuple(stack.pop() for _ in range(count))
        stack.append(items[::-1])

    return step


def _set_items(stack: list[Any]) -> None:
    items = _pop_to_mark(stack)
    _put(stack[-1], items)


def _set_item(stack: list[Any]) -> None:
    value, key = stack.pop(), stack.pop()
    _put(stack[-1], [key, value])


def _put(table: Any, items: list[Any]) -> None:
    keys = items[::2]
    if not isinstance(table, dict) or len(items) % 2 or not all(isinstance(key, str) for key in keys):
        raise TorchFileError("torch file: a table's keys are not all text")
    table.update(zip(keys, items[1::2], strict=True))


def _append(stack: list[Any]) -> None:
    items = _pop_to_mark(stack)
    if not isinstance(stack[-1], list):
        raise TorchFileError("torch file: damaged list")
    stack[-1].extend(items)


def _build(stack: list[Any]) -> None:
    """State of an OrderedDict (torch's `_metadata` of module versions): not needed, dropped."""
    stack.pop()
    if not isinstance(stack[-1], dict):
        raise TorchFileError("torch file: state for something other than a table")


def _reduce(stack: list[Any]) -> None:
    arguments, function = stack.pop(), stack.pop()
    if function == _Name(ORDERED_DICT) and arguments == ():
        stack.append({})
    elif function == _Name(REBUILD_TENSOR) and isinstance(arguments, tuple) and len(arguments) == 6:
        stack.append(_tensor(*arguments[:4]))
    else:
        raise TorchFileError("torch file: a call that no table of tensors needs")


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> _Tensor:
    """Checks that every element lies inside the storage and that no tensor has more elements than it."""
    counts = [offset, *shape, *strides] if isinstance(shape, tuple) and isinstance(strides, tuple) else [None]
    if not isinstance(storage, _Storage) or not all(type(n) is int and 0 <= n < 2**48 for n in counts):
        raise TorchFileError("torch file: damaged tensor")
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    if len(shape) > 8 or math.prod(shape) > storage.size or (math.prod(shape) > 0 and last >= storage.size):
        raise TorchFileError(f"torch file: a tensor of shape {shape} does not fit its storage of {storage.size} values")
    return _Tensor(storage, offset if math.prod(shape) else 0, shape, strides)


def _persistent(stack: list[Any]) -> None:
    """Storage reference: ('storage', type, key, device, number of elements, None)."""
    reference = stack.pop()
    if not isinstance(reference, tuple) or len(reference) != 6:
        raise TorchFileError("torch file: damaged storage reference")
    kind, dtype, key, _, size, view = reference
    sound = kind == "storage" and isinstance(dtype, _Name) and isinstance(key, str) and view is None
    if not sound or dtype.text not in STORAGE_DTYPES or type(size) is not int or not 0 <= size < 2**48:
        raise TorchFileError("torch file: damaged storage reference")
    stack.append(_Storage(key, STORAGE_DTYPES[dtype.text], size))


_CONSTANTS: Final[dict[str, Callable[[Any], Any]]] = {
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "BININT": int,
    "BININT1": int,
    "BININT2": int,
    "LONG1": int,
    "BINUNICODE": str,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
    "MARK": lambda _: _MARK,
    "GLOBAL": _allowed,
}
_STEPS: Final[dict[str, Callable[[list[Any]], None]]] = {
    "TUPLE": lambda stack: stack.append(tuple(_pop_to_mark(stack))),
    "TUPLE1": _pop_tuple(1),
    "TUPLE2": _pop_tuple(2),
    "TUPLE3": _pop_tuple(3),
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "APPENDS": _append,
    "REDUCE": _reduce,
    "BUILD": _build,
    "BINPERSID": _persistent,
}
