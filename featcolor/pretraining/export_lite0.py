"""EfficientNet-Lite0's trunk as the ONNX file that `features.backbone` reads.

Departures from the original: batch normalisation is folded into the convolutions, the three input channels are summed
into one grey one, the classifier is left out, and the input's sides must be multiples of 32, where TensorFlow's "SAME"
padding is a constant. `python -m featcolor.pretraining.export_lite0` writes features/models/lite0.onnx.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from torch import Tensor

from featcolor.pretraining.export import Graph
from featcolor.pretraining.lite0 import OUTPUTS, read_weights
from featcolor.pretraining.network import InvertedResidual, Trunk

EXACT_BLOCKS: Final = 11
"""Blocks whose weights stay as they are: down to stride 16, which the key frames of film are read by."""
HALVED_BLOCKS: Final = 1
"""Blocks after these whose weights are in 16 bits: an error here goes through all that follows."""
LARGEST_CODE: Final = 127


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
    """The trunk's weights in 32 bits, then 16, and the many of the last pointwise convolutions in 8."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = 0

    def inverted_residual(self, block: InvertedResidual, x: str) -> str:
        y = super().inverted_residual(block, x)
        self.blocks += 1
        return y

    def weights(self, values: Tensor) -> str:
        if self.blocks < EXACT_BLOCKS:
            return self.constant(values.numpy())
        if self.blocks < EXACT_BLOCKS + HALVED_BLOCKS or values.ndim == 1 or values.shape[1] == 1:
            return super().weights(values)
        # Cast and Mul rather than DequantizeLinear: onnxruntime works those out once, this one at every run.
        steps = values.abs().amax(dim=(1, 2, 3), keepdim=True) / LARGEST_CODE
        codes = self.node("Cast", [self.constant((values / steps).round().numpy().astype(np.int8))], to=1)
        return self.node("Mul", [codes, self.constant(steps.numpy())])


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "features/models/lite0.onnx")
    print(path, path.write_bytes(export_lite0(Trunk(read_weights()))), "bytes")
