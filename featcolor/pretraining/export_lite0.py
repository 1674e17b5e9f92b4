"""EfficientNet-Lite0's trunk as the ONNX file that `features.backbone` reads.

Departures from the original: batch normalisation is folded into the convolutions, the three input channels are summed
into one grey one, the classifier is left out, and the input's sides must be multiples of 32, where TensorFlow's "SAME"
padding is a constant. `python -m featcolor.pretraining.export_lite0` writes features/models/lite0.onnx.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from torch import Tensor

from featcolor.pretraining.export import Graph
from featcolor.pretraining.lite0 import OUTPUTS, read_weights
from featcolor.pretraining.network import InvertedResidual, Trunk

EXACT_BLOCKS: Final = 11
"""Blocks whose weights stay as they are: down to stride 16, which the key frames of film are read by."""


def export_lite0(trunk: Trunk) -> bytes:
    """The trunk as serialised ONNX.

    Input `grey`: (1, 1, H, W) float32, sRGB grey codes 0..255, H and W multiples of 32. Outputs `stride2` .. `stride32`
    with 16, 24, 40, 112, 320 channels.
    """
    graph = _Lite0Graph()
    for number, tensor in graph.trunk(trunk.requires_grad_(False)).items():
        graph.node("Identity", [tensor], OUTPUTS[number])
    return graph.model("efficientnet-lite0-trunk", {name: trunk.channels[n] for n, name in OUTPUTS.items()}, {})


class _Lite0Graph(Graph):
    """The trunk's weights in 32 bits, and those behind stride 16 in 16."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = 0

    def inverted_residual(self, block: InvertedResidual, x: str) -> str:
        y = super().inverted_residual(block, x)
        self.blocks += 1
        return y

    def weights(self, values: Tensor) -> str:
        return self.constant(values.numpy()) if self.blocks < EXACT_BLOCKS else super().weights(values)


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "features/models/lite0.onnx")
    print(path, path.write_bytes(export_lite0(Trunk(read_weights()))), "bytes")
