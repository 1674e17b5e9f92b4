"""Architectures of others with random weights, to compare speed where their trained weights are not at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np


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
    from onnx import TensorProto, helper

    graph = _Graph(np.random.default_rng(seed))
    tensor, channels = "lightness", 1
    for layer in ZHANG16_LAYERS:
        tensor = graph.layer(tensor, channels, layer)
        channels = layer.channels
    logits = graph.convolution(tensor, channels, ZHANG16_COLOURS, "conv8_313", kernel=1)
    graph.constants.append(_constant("sharpness", np.float32(ZHANG16_SHARPNESS)))
    graph.nodes.append(helper.make_node("Mul", [logits, "sharpness"], ["sharp"]))
    graph.nodes.append(helper.make_node("Softmax", ["sharp"], ["distribution"], axis=1))
    graph.convolution("distribution", ZHANG16_COLOURS, 2, "ab", kernel=1)
    shapes = {"lightness": [1, 1, ZHANG16_SIZE, ZHANG16_SIZE], "ab": [1, 2, ZHANG16_SIZE // 4, ZHANG16_SIZE // 4]}
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    proto = helper.make_graph(graph.nodes, "zhang16", ends[:1], ends[1:], graph.constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


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


class _Graph:
    """Nodes and constants as they are gathered."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def layer(self, tensor: str, inputs: int, layer: Layer) -> str:
        """A convolution of the table with what follows it."""
        from onnx import helper

        if layer.name == ZHANG16_UPSAMPLED:
            linear = self.convolution(tensor, inputs, layer.channels, layer.name, kernel=4, stride=2, transposed=True)
        else:
            size: dict[str, Any] = {"kernel": 3, "stride": layer.stride, "dilation": layer.dilation}
            linear = self.convolution(tensor, inputs, layer.channels, layer.name, **size)
        relu = f"{layer.name}.relu"
        self.nodes.append(helper.make_node("Relu", [linear], [relu]))
        if not layer.norm:
            return relu
        statistics = {"scale": 1, "bias": 0, "mean": 0, "variance": 1}
        names = [f"{layer.name}.{name}" for name in statistics]
        for name, value in zip(names, statistics.values(), strict=True):
            self.constants.append(_constant(name, np.full(layer.channels, value, np.float32)))
        self.nodes.append(helper.make_node("BatchNormalization", [relu, *names], [f"{layer.name}.norm"]))
        return f"{layer.name}.norm"

    def convolution(
        self,
        tensor: str,
        inputs: int,
        outputs: int,
        name: str,
        *,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        transposed: bool = False,
    ) -> str:
        """Convolution with weights that keep the deviation of ReLU's output (He et al. 2015)."""
        from onnx import helper

        taps = kernel**2 // stride**2 if transposed else kernel**2
        shape = (inputs, outputs) if transposed else (outputs, inputs)
        weights = self.generator.normal(0, (2 / (inputs * taps)) ** 0.5, (*shape, kernel, kernel))
        self.constants.append(_constant(f"{name}.weights", weights.astype(np.float32)))
        self.constants.append(_constant(f"{name}.biases", np.zeros(outputs, np.float32)))
        attributes: dict[str, Any] = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2}
        attributes |= {"dilations": [dilation] * 2, "pads": [dilation if kernel > 1 else 0] * 4}
        operator = "ConvTranspose" if transposed else "Conv"
        inputs_ = [tensor, f"{name}.weights", f"{name}.biases"]
        self.nodes.append(helper.make_node(operator, inputs_, [name], **attributes))
        return name


def _constant(name: str, value: Any) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.asarray(value), name)
