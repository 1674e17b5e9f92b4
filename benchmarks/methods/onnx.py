"""Pretrained deep colorizers from ONNX files: `--onnx NAME=PATH`, by a built-in or a written description."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import file_hash
from benchmarks.data.onnx_files import open_session, run_session
from benchmarks.methods.base import Group, Method
from benchmarks.methods.onnx_io import (
    INPUTS,
    OUTPUTS,
    NetworkDescription,
    colour_picture,
    network_inputs,
    read_description,
)
from benchmarks.methods.released import PRETRAINED
from featcolor.errors import UsageError
from featcolor.parallel.cores import available_cores

ONNX_FLOAT: Final = "tensor(float)"
"""How onnxruntime calls float32."""

DESCRIPTION_SUFFIX: Final = ".toml"


class OnnxMethod(Method):
    """A network in an ONNX file as a method; pickles, each process opens the file itself.

    Parameters
    ----------
    name : what the method is called; a key of `PRETRAINED` makes a missing file's message say where the weights are.
    path : the ONNX file.
    description : how grey pictures go in and colours come out.
    threads : of one run; by default one a core.

    Raises UsageError from `fit` and `colorize`: no such file, no network, or one that does not fit the description.
    """

    group: ClassVar[Group] = "pretrained"

    def __init__(self, name: str, path: Path, description: NetworkDescription, *, threads: int | None = None) -> None:
        self.name = name
        self.path = path
        self.description = description
        self.threads = threads
        self.title = description.title or name
        self._session: tuple[int, Any, str] | None = None

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Learn nothing, but open the network, so that its loading does not count as colouring."""
        self._open()
        return self

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The grey picture (H, W) uint8 as the network colours it, (H, W, 3) uint8."""
        return self.colorize_told(grey, ())

    def colorize_told(self, grey: NDArray[np.uint8], further: Sequence[NDArray[np.float32]]) -> NDArray[np.uint8]:
        """The grey picture as the network colours it by its further inputs, (1, C, h, w) each; zeros without any.

        UsageError also where further inputs are given to a network without.
        """
        session, output_name = self._open()
        inputs = network_inputs(grey, self.description)
        if further:
            inputs[1:] = further
        names = [value.name for value in session.get_inputs()]
        if further and len(names) != len(inputs):
            raise UsageError(f"{self.path}: the network was exported without the inputs of its hints; export it anew")
        # a network exported without hints has the picture's input alone
        feed = dict(zip(names, inputs, strict=False))
        output = run_session(self.path, session, output_name, feed)
        try:
            return colour_picture(output, grey, self.description)
        except ValueError as error:
            raise UsageError(f"{self.path}: {error}; correct the description or the network") from error

    def settings(self) -> dict[str, Any]:
        """The description and the SHA-256 of the network's files."""
        check_file(self.name, self.path)
        return {"network": network_hash(self.path), "description": self.description.to_dict()}

    def _open(self) -> tuple[Any, str]:
        """The session of this process and the name of the output; one made before a fork would wait for ever."""
        if self._session is None or self._session[0] != os.getpid():
            check_file(self.name, self.path)
            session = open_session(self.path, self.threads or available_cores())
            _check_inputs(self.path, session.get_inputs(), self.description)
            self._session = (os.getpid(), session, _find_output(self.path, session.get_outputs(), self.description))
        return self._session[1:]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}


def parse_onnx(text: str) -> OnnxMethod:
    """The method of `NAME=PATH` or `NAME=PATH,DESCRIPTION.toml`.

    Without a description named, it is the file beside the network (net.onnx.toml or net.toml), else NAME's of
    `PRETRAINED`.

    Raises UsageError: the text is not of this form, a file is missing, or nothing describes the network.
    """
    name, equals, rest = text.partition("=")
    path_text, comma, last = rest.rpartition(",")
    named = Path(last).expanduser() if comma and last.endswith(DESCRIPTION_SUFFIX) else None
    path = Path(path_text if named else rest).expanduser()
    if not equals or not re.fullmatch(r"[\w.+-]+", name) or not path.name:
        raise UsageError(f"--onnx takes NAME=PATH or NAME=PATH,DESCRIPTION.toml, got {text!r}")
    check_file(name, path)
    beside = (path.with_name(path.name + DESCRIPTION_SUFFIX), path.with_suffix(DESCRIPTION_SUFFIX))
    described_by = named or next((file for file in beside if file.is_file()), None)
    if described_by is not None:
        return OnnxMethod(name, path, read_description(described_by))
    if name in PRETRAINED:
        return OnnxMethod(name, path, PRETRAINED[name].description)
    raise UsageError(
        f"{name} is none of the networks known by name ({', '.join(PRETRAINED)}); describe it in {beside[0]} "
        f"(python -m benchmarks.speed.export_networks --describe zhang16 prints an example)"
    )


def check_file(name: str, path: Path) -> None:
    """Raise UsageError unless the network's file is there; for a known name it says where to get one."""
    if path.is_file():
        return
    message = f"{name}: there is no ONNX file {path}"
    if known := PRETRAINED.get(name):
        message += (
            f"; official weights: {known.weights}; export them in a checkout of {known.repository}: "
            f"{known.export_command(path.name)}"
        )
    raise UsageError(message)


def network_hash(path: Path) -> str:
    """SHA-256 of the ONNX file and of the weights beside it, which exporters name after it (net.onnx.data)."""
    beside = (file for file in path.parent.iterdir() if file.name.startswith(path.name) and file.is_file())
    files = sorted(file for file in beside if file.suffix != DESCRIPTION_SUFFIX)
    return _hash_files(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=16)
def _hash_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Over name and contents; size and time are there for the cache: large networks are read once."""
    total = hashlib.sha256()
    for path, _, _ in files:
        total.update(os.fsencode(path.name) + bytes.fromhex(file_hash(path)))
    return total.hexdigest()


def _check_inputs(path: Path, inputs: Sequence[Any], description: NetworkDescription) -> None:
    channels = [INPUTS[description.input], *description.zeros]
    sides = description.size or (None, None)
    fits = len(inputs) in (1, len(channels)) and all(
        value.type == ONNX_FLOAT and _matches(value.shape, (1, wanted, *sides))
        for value, wanted in zip(inputs, channels, strict=False)
    )
    if not fits:
        shown = " and ".join(f"1 x {c} x {sides[0] or 'h'} x {sides[1] or 'w'}" for c in channels)
        raise UsageError(f"{path}: the network takes {_shown(inputs)}; the description says {shown} float32")


def _matches(shape: Sequence[Any], wanted: Sequence[int | None]) -> bool:
    """Whether a shape, whose free sides are names or None, can be the one wanted, whose None must be free."""
    return len(shape) == len(wanted) and all(
        not isinstance(have, int) or have == want for have, want in zip(shape, wanted, strict=True)
    )


def _find_output(path: Path, outputs: Sequence[Any], description: NetworkDescription) -> str:
    """Name of the one output with the right channels; outputs that declare no channels are second choice."""
    wanted = OUTPUTS[description.output]
    maps = [value for value in outputs if value.type == ONNX_FLOAT and len(value.shape) == 4]
    declared = [value for value in maps if value.shape[1] == wanted]
    found = declared or [value for value in maps if not isinstance(value.shape[1], int)]
    if len(found) != 1:
        raise UsageError(
            f"{path}: the network gives {_shown(outputs)}; the description says one 1 x {wanted} x h x w float32"
        )
    return str(found[0].name)


def _shown(values: Sequence[Any]) -> str:
    shown = (
        f"{value.name} {' x '.join(str(side or '?') for side in value.shape)} {value.type}".replace(
            ONNX_FLOAT, "float32"
        )
        for value in values
    )
    return " and ".join(shown) or "nothing"
