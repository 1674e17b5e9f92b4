"""An ONNX network on onnxruntime: any of its tensors by name, as a function of its input.

The graph is first cut down to what the chosen tensors need, so that these are computed and nothing else.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from features.base import FloatArray
from features.onnxfile import OnnxSummary, cut_down, nodes_of, summarise

Runner: TypeAlias = Callable[[FloatArray], list[Any]]

#: Longest list of layer names that an error shows.
SHOWN_LAYERS: Final = 24
#: `TensorProto.FLOAT` and `.INT64` of the ONNX specification.
ONNX_FLOAT: Final = 1
ONNX_INT64: Final = 7
#: What brings the onnx package, which takes in the weights that a network keeps in other files.
INSTALL: Final = "pip install 'featcolor[fit]'"
#: Held while a network is opened: of threads that want it at once one opens it, and the others wait.
OPENING: Final = threading.RLock()


class NetworkError(ValueError):
    """A network file cannot be read or run, or lacks the layer asked for."""


class MissingPackageError(NetworkError):
    """A package that reading a network needs is not installed; the message names the command that installs it."""


@dataclass(frozen=True)
class NetworkInput:
    """What a network takes: (1, channels, height, width) float32; height and width are None where it takes any."""

    name: str
    channels: int
    height: int | None
    width: int | None


class Network:
    """Some tensors of an ONNX network as a function of its input, on one thread: by more the runtime may sum otherwise.

    Runs may go side by side. It pickles, and each process opens its own session.

    Parameters
    ----------
    model : serialised ONNX.
    layers : names of tensors, outputs or inner ones; for all outputs the graph stays as it is, unparsed.
    """

    def __init__(self, model: bytes, layers: Sequence[str]) -> None:
        self.layers = tuple(layers)
        try:
            summary = summarise(model)
        except ValueError as error:
            raise NetworkError(f"not an ONNX network: {error}") from error
        self.input = _input_of(summary)
        self.properties = summary.properties
        self._model = model if summary.outputs.keys() == set(self.layers) else _cut(model, self.layers)
        self._open()

    def run(self, tensor: FloatArray) -> list[FloatArray]:
        """The layers for one input (1, channels, H, W): a list of (C, h, w) float32, vectors as (C, 1, 1)."""
        outputs = self._runner()(np.ascontiguousarray(tensor, np.float32))
        return [_as_map(output, name) for output, name in zip(outputs, self.layers, strict=True)]

    def _open(self) -> None:
        self._session: tuple[int, Runner] | None = None

    def _runner(self) -> Runner:
        """The session of this process: one made before a fork would wait for threads that do not exist here."""
        with OPENING:
            if self._session is None or self._session[0] != os.getpid():
                self._session = (os.getpid(), _open_session(self._model, self.input.name, self.layers))
            return self._session[1]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_session"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()


def read_network(path: Path) -> bytes:
    """The ONNX file at a path, weights that it keeps beside it taken in."""
    try:
        import onnx
    except ImportError as error:
        raise MissingPackageError(f"{path}: needs onnx, which is not installed: {INSTALL}") from error

    try:
        if path.stat().st_size == 0:
            raise NetworkError(f"{path} is empty")
        return bytes(onnx.load(path).SerializeToString())
    except OSError as error:
        raise NetworkError(f"{path} cannot be read: {error.strerror or error}") from error
    except NetworkError:
        raise
    except Exception as error:  # protobuf's and onnx's own classes share no other base
        raise NetworkError(f"{path} is not an ONNX network") from error


def _input_of(summary: OnnxSummary) -> NetworkInput:
    inputs = {name: tensor for name, tensor in summary.inputs.items() if name not in summary.constants}
    if len(inputs) != 1:
        raise NetworkError(f"a backbone takes one picture, this network takes {len(inputs)} inputs")
    [(name, tensor)] = inputs.items()
    sides = tensor.sides
    channels = sides[1] or 3 if len(sides) == 4 else None
    if tensor.kind != ONNX_FLOAT or channels not in (1, 3) or sides[0] not in (None, 1):
        shape = " x ".join(str(side or "?") for side in sides)
        raise NetworkError(f"a backbone takes 1 x 1 x H x W or 1 x 3 x H x W float32, this network takes {shape}")
    return NetworkInput(name, channels, sides[2], sides[3])


def _cut(model: bytes, layers: tuple[str, ...]) -> bytes:
    """The model reduced to the nodes that the layers need, with the layers as its outputs."""
    try:
        nodes = nodes_of(model)
    except ValueError as error:
        raise NetworkError(f"not an ONNX network: {error}") from error
    producers = {name: number for number, node in enumerate(nodes) for name in node.outputs if name}
    missing = [name for name in layers if name not in producers]
    if missing or not layers:
        raise NetworkError(
            f"the network has no layer {', '.join(missing) or '(none given)'}; it has {_shown(producers)}"
        )
    needed: set[int] = set()
    waiting = list(layers)
    while waiting:
        number = producers.get(waiting.pop())
        if number is not None and number not in needed:
            needed.add(number)
            waiting.extend(nodes[number].inputs)
    used = {name for number in needed for name in nodes[number].inputs}
    return cut_down(model, needed, used, layers)


def _shown(names: Iterable[str]) -> str:
    every = list(names)
    if len(every) <= SHOWN_LAYERS:
        return ", ".join(every)
    half = SHOWN_LAYERS // 2
    return f"{', '.join(every[:half])}, ... {len(every) - 2 * half} more ..., {', '.join(every[-half:])}"


def _as_map(output: Any, name: str) -> FloatArray:
    array = np.asarray(output)
    if array.ndim == 2:
        array = array[..., None, None]
    if array.ndim != 4 or array.shape[0] != 1 or array.dtype != np.float32 or 0 in array.shape:
        raise NetworkError(f"layer {name} gives {array.dtype} of shape {array.shape}, not a map 1 x C x h x w")
    return array[0]


def onnxruntime_alone() -> Any:
    """The module onnxruntime, which keeps what it does to itself.

    Its wheels number the device and note each session below the home, and send that to their maker, unless they are
    told before they are imported.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # here: the command line's help needs none of it

    return onnxruntime


def open_session(model: bytes) -> Any:
    """An onnxruntime session of a serialised network, on one thread; NetworkError where it cannot be loaded."""
    onnxruntime = onnxruntime_alone()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        # Its fallback would print, and try the same once more.
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # onnxruntime's classes share no other base
        raise NetworkError(f"onnxruntime cannot load the network: {_first_line(error)}") from error


def _open_session(model: bytes, input_name: str, layers: tuple[str, ...]) -> Runner:
    session = open_session(model)

    def run(tensor: FloatArray) -> list[Any]:
        try:
            return list(session.run(list(layers), {input_name: tensor}))
        except Exception as error:  # as above
            raise NetworkError(f"onnxruntime cannot run the network: {_first_line(error)}") from error

    return run


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
