"""Weights of a colour network read back from its file, so that a training can go on from that alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from featcolor.errors import UsageError
from featcolor.pretraining.export import Graph
from featcolor.pretraining.network import ColourNet

HALF: Final = 10
"""ONNX's number of 16-bit floats, which weights are and nothing else in the file is."""


class _Order(Graph):
    """Weights of a network in the order in which they stand in its file, as they lie in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[Tensor] = []

    def weights(self, values: Tensor) -> str:
        self.order.append(values)
        return super().weights(values)


@torch.no_grad()
def read_into(network: ColourNet, path: Path) -> None:
    """Give a folded network the weights of the exported one at `path`; UsageError where those are of another shape."""
    import onnx
    from onnx import numpy_helper

    graph = _Order()
    graph.network(network)
    constants = [each for each in onnx.load(str(path)).graph.initializer if each.data_type == HALF]
    given = [torch.from_numpy(numpy_helper.to_array(each).astype("float32")) for each in constants]
    if [each.shape for each in given] != [each.shape for each in graph.order]:
        raise UsageError(f"{path}: its weights do not fit the settings that its card tells")
    for place, values in zip(graph.order, given, strict=True):
        place.copy_(values)
