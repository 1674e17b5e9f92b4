"""Zhang et al. 2016's architecture with random weights, to compare speed where its trained weights are not at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.speed.network_graph import NetworkGraph


class Layer(NamedTuple):
    """One convolution of Zhang et al.'s network, followed by ReLU, and by batch normalisation where `norm`."""

    name: str
    channels: int
    stride: int = 1
    dilation: int = 1
    norm: bool = False


#: Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016, table 4; 3 x 3 convolutions but for conv8_1,
#: a 4 x 4 transposed one of stride 2 (as released, `colorization_deploy_v2.prototxt`).
ZHANG16_LAYERS: Final = (
    Layer("conv1_1", 64),
    Layer("conv1_2", 64, stride=2, norm=True),
    Layer("conv2_1", 128),
    Layer("conv2_2", 128, stride=2, norm=True),
    Layer("conv3_1", 256),
    Layer("conv3_2", 256),
    Layer("conv3_3", 256, stride=2, norm=True),
    Layer("conv4_1", 512),
    Layer("conv4_2", 512),
    Layer("conv4_3", 512, norm=True),
    Layer("conv5_1", 512, dilation=2),
    Layer("conv5_2", 512, dilation=2),
    Layer("conv5_3", 512, dilation=2, norm=True),
    Layer("conv6_1", 512, dilation=2),
    Layer("conv6_2", 512, dilation=2),
    Layer("conv6_3", 512, dilation=2, norm=True),
    Layer("conv7_1", 512),
    Layer("conv7_2", 512),
    Layer("conv7_3", 512, norm=True),
    Layer("conv8_1", 256),
    Layer("conv8_2", 256),
    Layer("conv8_3", 256),
)
ZHANG16_UPSAMPLED: Final = "conv8_1"
#: Colours of the quantised a*b* plane that lie in the sRGB gamut (the paper's Q).
ZHANG16_COLOURS: Final = 313
#: What the logits are multiplied by before the softmax: the annealed mean at T = 0.38 (the paper's section 2.3).
ZHANG16_SHARPNESS: Final = 2.606
ZHANG16_SIZE: Final = 256


def zhang16_onnx(path: Path, seed: int = 0) -> Path:
    """Writes Zhang et al.'s network with random weights: `lightness` (1, 1, 256, 256) to `ab` (1, 2, 64, 64)."""
    graph = NetworkGraph(np.random.default_rng(seed))
    tensor, channels = "lightness", 1
    for layer in ZHANG16_LAYERS:
        tensor = _add_layer(graph, tensor, channels, layer)
        channels = layer.channels
    logits = graph.convolution(tensor, channels, ZHANG16_COLOURS, "conv8_313", kernel=1)
    sharpness = graph.constant("sharpness", np.float32(ZHANG16_SHARPNESS))
    graph.node("Softmax", [graph.node("Mul", [logits, sharpness], "sharp")], "distribution", axis=1)
    graph.convolution("distribution", ZHANG16_COLOURS, 2, "ab", kernel=1)
    return graph.write(
        path,
        "zhang16",
        inputs={"lightness": (1, 1, ZHANG16_SIZE, ZHANG16_SIZE)},
        outputs={"ab": (1, 2, ZHANG16_SIZE // 4, ZHANG16_SIZE // 4)},
        opset=13,
        ir_version=8,
    )


def zhang16_multiply_adds(size: int = ZHANG16_SIZE) -> int:
    """Multiplications with addition of one run at size x size, convolutions only."""
    total, channels, side = 0, 1, size
    for layer in ZHANG16_LAYERS:
        if layer.name == ZHANG16_UPSAMPLED:
            total += side**2 * channels * layer.channels * 16
            side *= 2
        else:
            side //= layer.stride
            total += side**2 * channels * layer.channels * 9
        channels = layer.channels
    return total + side**2 * ZHANG16_COLOURS * (channels + 2)


def _add_layer(graph: NetworkGraph, tensor: str, inputs: int, layer: Layer) -> str:
    """A convolution of the table with what follows it."""
    if layer.name == ZHANG16_UPSAMPLED:
        size: dict[str, Any] = {"kernel": 4, "stride": 2, "padding": 1, "transposed": True}
    else:
        size = {"kernel": 3, "stride": layer.stride, "padding": layer.dilation, "dilation": layer.dilation}
    linear = graph.convolution(tensor, inputs, layer.channels, layer.name, **size)
    relu = graph.node("Relu", [linear], f"{layer.name}.relu")
    return graph.batch_norm(relu, layer.channels, f"{layer.name}.norm") if layer.norm else relu
