"""Opens and runs the ONNX files that users bring; whatever is wrong with one is one clear line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import UsageError
from features.network import onnxruntime_alone

LONGEST_REASON: Final = 300
"""Characters of onnxruntime's message that are shown."""


def open_session(path: Path, threads: int, *, spinning: bool = False) -> Any:
    """An onnxruntime session on the CPU.

    `path`: the ONNX file; `threads`: of one run; `spinning`: whether waiting threads spin, onnxruntime's default: a
    little faster alone, but it takes the core from whatever works beside this process.

    Raises UsageError: the file cannot be loaded.
    """
    onnxruntime = onnxruntime_alone()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's classes share no other base
        raise UsageError(f"{path}: is not an ONNX network that can be loaded ({_first_line(error)})") from error


def run_session(path: Path, session: Any, output: str, feed: Mapping[str, NDArray[np.float32]]) -> NDArray[Any]:
    """The output of that name for inputs by name; UsageError, which names the file, when the network cannot be run."""
    try:
        (answer,) = session.run([output], feed)
    except Exception as error:  # as above
        raise UsageError(f"{path}: onnxruntime cannot run the network ({_first_line(error)})") from error
    return np.asarray(answer)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:LONGEST_REASON]
