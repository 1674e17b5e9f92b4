"""featcolor beside the architectures of others, with random weights, on one runtime and as many threads.

Theirs is the forward pass alone, ours the whole picture: grey in, RGB out. Theirs run on onnxruntime, which our
backbone uses too; it may keep its threads spinning for them, as it does by default, but not for us.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from benchmarks.data.onnx_files import open_session
from benchmarks.speed.architectures import ZHANG16_SIZE, DDColorSizes, ddcolor_onnx, zhang16_onnx
from benchmarks.speed.inputs import MODEL_NAME, TimedWithModel, in_turn, make_picture
from featcolor.models.load import load

OURS: Final = "featcolor"
SMALLEST_DDCOLOR: Final = DDColorSizes(
    depths=(1, 1, 1, 1), widths=(8, 8, 8, 8), channels=16, hidden=16, heads=2, feedforward=16, queries=4, layers=3
)


def _write_zhang16(path: Path, side: int) -> Path:
    """Zhang et al.'s network, which works at one size whatever the picture's."""
    if side != ZHANG16_SIZE:
        raise NotImplementedError(f"zhang16 works at {ZHANG16_SIZE} x {ZHANG16_SIZE}")
    return zhang16_onnx(path)


NETWORKS: Final = MappingProxyType(
    {
        "zhang16": _write_zhang16,
        "ddcolor-tiny": lambda path, side: ddcolor_onnx(path, size=side),
        "ddcolor-smallest": lambda path, side: ddcolor_onnx(path, SMALLEST_DDCOLOR, size=side),
    }
)
"""What writes each network for pictures of a side; the last has all of DDColor's parts, to see whether they work."""


class Networks(TimedWithModel):
    """A square picture in a warm process: Zhang et al. 2016 at its 256 x 256, DDColor-tiny at both sizes of its use.

    Random weights: the time does not depend on them. Of the networks the forward pass alone, of featcolor the whole
    picture, grey in and RGB out.
    """

    params = ((OURS, "zhang16", "ddcolor-tiny"), (256, 512), (1, 2))
    quick_params = ((OURS, "zhang16", "ddcolor-tiny"), (256,), (1, 2))
    smoke_params = ((OURS, "ddcolor-smallest"), (64,), (1,))
    param_names = ("network", "side", "threads")

    def setup(self, folder: Path, network: str, side: int, threads: int) -> None:
        self.bound(threads)
        picture = make_picture(side, side)
        if network == OURS:
            self.colour: Callable[[Any], Any] = load(folder / MODEL_NAME).colorize
            self.inputs = in_turn(picture)
        else:
            self.colour, channels = open_network(network_file(folder, network, side), threads)
            self.inputs = in_turn(np.repeat(picture[None, None] / np.float32(255), channels, axis=1))

    def time_colorize(self, *_: Any) -> None:
        self.colour(next(self.inputs))


def network_file(folder: Path, network: str, side: int) -> Path:
    """The network's file in the folder, written when it is asked for; it takes the place of others, which are large."""
    path = folder / f"{network}-{side}.onnx"
    if path.exists():
        return path
    for other in folder.glob("*.onnx"):
        other.unlink()
    return NETWORKS[network](path, side)


def open_network(path: Path, threads: int) -> tuple[Callable[[Any], Any], int]:
    """A network's forward pass on onnxruntime, and the channels of its input."""
    session = open_session(path, threads, spinning=True)
    entry = session.get_inputs()[0]
    return lambda tensor: session.run(None, {entry.name: tensor}), entry.shape[1]
