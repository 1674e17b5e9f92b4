"""A trained colour network as one ONNX file that needs no torch: weights in 16 bits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from torch import Tensor, nn

from featcolor.pretraining.lite0 import INPUT_MEAN, INPUT_SCALE, OUTPUTS
from featcolor.pretraining.network import (
    LEVELS,
    RELU6_TOP,
    Attention,
    ColourNet,
    Decoder,
    FoldedConvolution,
    InvertedResidual,
    ResidualBlock,
    Trunk,
)
from features.base import FloatArray

ONNX_OPSET: Final = 13
ONNX_IR_VERSION: Final = 8
FORMAT_VERSION: Final = 1
"""Of the metadata `featcolor.colour`, see `features.colournet`."""


def export_network(
    network: ColourNet, cells: FloatArray, settings: Mapping[str, Any], card: Mapping[str, Any]
) -> bytes:
    """The network as serialised ONNX.

    Input `grey`: (1, 1, H, W) float32, sRGB grey codes 0..255, H and W multiples of 32. Outputs `embedding`,
    (1, width, H/4, W/4), and `logits`, (1, n_cells, H/4, W/4), float32.

    Parameters
    ----------
    network : folded and rounded, see `featcolor.pretraining.folding`.
    cells : (n_cells, 2), a* and b* of each logit.
    settings : short_side, temperature, saturation.
    card : what the file says of its training, as JSON can hold it.
    """
    graph = Graph()
    embedding, logits = graph.network(network)
    graph.node("Identity", [embedding], "embedding")
    graph.node("Identity", [logits], "logits")
    colour = {"version": FORMAT_VERSION, "cells": np.round(cells, 3).astype(float).tolist(), **settings, "card": card}
    return graph.model(
        "featcolor-colour-network",
        {"embedding": network.decoder.hidden.in_channels, "logits": len(cells)},
        {"featcolor.colour": json.dumps(colour, sort_keys=True, allow_nan=False)},
    )


class Graph:
    """Nodes and constants, gathered layer by layer; methods return the name of a layer's output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def network(self, network: ColourNet) -> tuple[str, str]:
        """Names of the embedding and of the logits."""
        maps = self.trunk(network.trunk)
        return self.decoder(network.decoder, [maps[number] for number in LEVELS])

    def trunk(self, trunk: Trunk) -> dict[int, str]:
        """Name of the map after each stage of `OUTPUTS`."""
        x = self.node("Sub", ["grey", self.number(INPUT_MEAN)])
        x = self.node("Mul", [x, self.number(1 / INPUT_SCALE)])
        x = self.folded(trunk.stem, x)
        maps = {}
        for number, stage in enumerate(trunk.stages):
            for block in stage:
                x = self.inverted_residual(block, x)
            if number in OUTPUTS:
                maps[number] = x
        return maps

    def inverted_residual(self, block: InvertedResidual, x: str) -> str:
        y = x
        for layer in block.layers:
            y = self.folded(layer, y)
        return self.node("Add", [x, y]) if block.shortcut else y

    def folded(self, layer: FoldedConvolution, x: str) -> str:
        before, after = layer.pads
        y = self._convolve(x, layer.weight, layer.bias, layer.stride, (before, before, after, after), layer.groups)
        return self.node("Clip", [y, self.number(0.0), self.number(RELU6_TOP)]) if layer.clipped else y

    def decoder(self, decoder: Decoder, maps: list[str]) -> tuple[str, str]:
        """Names of the embedding and of the logits."""
        scene = self.node("ReduceMean", [maps[0]], axes=[2, 3], keepdims=1)
        reductions = [layers[0] for layers in decoder.reductions]
        x = self.convolution(reductions[0], maps[0])
        # OpenCV takes an addition after a convolution into it, and cannot stretch a summand then
        scene = self.node("Expand", [self.convolution(decoder.scene, scene), self.node("Shape", [x])])
        x = self.node("Add", [x, scene])
        for number, level in enumerate(decoder.levels):
            if number:
                raised = self.node(
                    "Resize",
                    [x, "", self.constant(np.array([1, 1, 2, 2], np.float32))],
                    mode="linear",
                    coordinate_transformation_mode="half_pixel",
                )
                x = self.node("Add", [raised, self.convolution(reductions[number], maps[number])])
            if number < len(decoder.attentions):
                x = self.attention(decoder.attentions[number], x)
            for block in level:
                x = self.residual(block, x)
        embedding = self.node("Relu", [x])
        hidden = self.node("Relu", [self.convolution(decoder.hidden, embedding)])
        return embedding, self.convolution(decoder.cells, hidden)

    def residual(self, block: ResidualBlock, x: str) -> str:
        y = x
        for layer in block.layers:
            if isinstance(layer, nn.Conv2d):
                y = self.convolution(layer, y)
            elif isinstance(layer, nn.ReLU):
                y = self.node("Relu", [y])
        return self.node("Add", [x, y])

    def attention(self, attention: Attention, x: str) -> str:
        """Self-attention of one picture: heads take the place of the batch."""
        width, each = attention.out.in_channels, attention.out.in_channels // attention.heads
        weight, bias = attention.qkv.weight, attention.qkv.bias
        split = self.whole([attention.heads, each, -1])
        q, k, v = (
            self.node("Reshape", [self._convolve(x, weight[part], bias[part]), split])
            for part in (slice(0, width), slice(width, 2 * width), slice(2 * width, 3 * width))
        )
        q = self.node("Mul", [self.node("Transpose", [q], perm=[0, 2, 1]), self.number(1 / math.sqrt(each))])
        shares = self.node("Softmax", [self.node("MatMul", [q, k])], axis=2)
        mixed = self.node("MatMul", [v, self.node("Transpose", [shares], perm=[0, 2, 1])])
        return self.node(
            "Add", [x, self.convolution(attention.out, self.node("Reshape", [mixed, self.node("Shape", [x])]))]
        )

    def convolution(self, layer: nn.Conv2d, x: str) -> str:
        pads = (int(layer.padding[0]),) * 4
        return self._convolve(x, layer.weight, layer.bias, 1, pads, layer.groups)

    def _convolve(
        self,
        x: str,
        weight: Tensor,
        bias: Tensor,
        stride: int = 1,
        pads: tuple[int, ...] = (0, 0, 0, 0),
        groups: int = 1,
    ) -> str:
        shape: dict[str, Any] = {"kernel_shape": list(weight.shape[2:]), "strides": [stride] * 2, "pads": list(pads)}
        return self.node("Conv", [x, self.weights(weight), self.weights(bias)], group=groups, **shape)

    def weights(self, values: Tensor) -> str:
        """Weights in 16 bits, which they are rounded to already, cast to 32 where they are used."""
        return self.node("Cast", [self.constant(values.numpy().astype(np.float16))], to=1)  # TensorProto.FLOAT

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def whole(self, values: list[int]) -> str:
        return self.constant(np.array(values, np.int64))

    def node(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def constant(self, array: Any) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def model(self, name: str, outputs: Mapping[str, int], properties: Mapping[str, str]) -> bytes:
        """The graph as serialised ONNX: from grey codes to outputs of so many channels."""
        from onnx import TensorProto, helper

        picture = helper.make_tensor_value_info("grey", TensorProto.FLOAT, [1, 1, "height", "width"])
        given = [
            helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, channels, f"rows_{each}", f"columns_{each}"])
            for each, channels in outputs.items()
        ]
        proto = helper.make_graph(self.nodes, name, [picture], given, self.constants)
        opset = [helper.make_opsetid("", ONNX_OPSET)]
        model = helper.make_model(proto, opset_imports=opset, producer_name="featcolor", ir_version=ONNX_IR_VERSION)
        helper.set_model_props(model, {"featcolor.input": "codes", **properties})
        return bytes(model.SerializeToString(deterministic=True))
