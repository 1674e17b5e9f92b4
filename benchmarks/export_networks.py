"""Stand-ins for the released networks, with random weights: python -m benchmarks.export_networks --help.

A stand-in takes and gives what the released network does, in shape and in range, so that a run or a test goes the same
way through the adapter; it is small and its colours mean nothing. `--official` tells how to get the real one.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.network_io import INPUTS, OUTPUTS
from benchmarks.pretrained import IMAGENET_MEAN, IMAGENET_STD, PRETRAINED

HIDDEN: Final = 8
"""Channels between the convolutions of a stand-in."""
OPSET: Final = 13
IR_VERSION: Final = 8
"""Of the ONNX files: old enough for every onnxruntime that is supported."""
BINS: Final = 313
"""Colour bins of Zhang 2016."""
AB_NORM: Final = 110.0
"""What the networks of Zhang 2016 and 2017 multiply a*, b* by."""
LIGHTNESS_CENTRE: Final = 50.0
LIGHTNESS_NORM: Final = 100.0
"""What they subtract from L* and divide it by."""
FASTAI_RANGE: Final = 3.0
"""DeOldify's outputs, normalised colours, lie within +- this (its y_range)."""
DDCOLOR_GAIN: Final = 80.0
"""Brings a*, b* of the stand-in of DDColor to some tens; the released network's last layer has no bounds."""
INPUT_GAIN: Final = 8.0
"""On centred lightness, which is within +- 0.5, so that tanh and softmax are driven to where they bend."""
BINS_GAIN: Final = 4.0
"""On the bins' logits: a peaked distribution, whose mean is not grey."""


@dataclass
class _Graph:
    """Nodes and weights as they are added; each method gives the name of the tensor that it makes."""

    generator: np.random.Generator
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: NDArray[Any] | float) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def convolution(self, tensor: str, channels: tuple[int, int], *, side: int = 3, stride: int = 1) -> str:
        """`channels` in and out; weights keep the variance of their input."""
        inputs, outputs = channels
        weights = self.generator.normal(0, (inputs * side**2) ** -0.5, (outputs, inputs, side, side))
        pads = [side // 2] * 4
        return self.node("Conv", tensor, self.constant(weights), pads=pads, strides=[stride] * 2)

    def affine(self, tensor: str, subtract: NDArray[Any] | float, divide: NDArray[Any] | float) -> str:
        return self.node("Div", self.node("Sub", tensor, self.constant(subtract)), self.constant(divide))

    def scaled(self, tensor: str, factor: float) -> str:
        return self.node("Mul", tensor, self.constant(factor))


def random_network(name: str, *, seed: int = 0) -> bytes:
    """A serialised ONNX network with random weights that takes and gives what the released one of this name does.

    The inputs have the size of the description, (1, C, h, w) float32; values are in the same ranges.
    """
    if name not in PRETRAINED:
        raise ValueError(f"name must be one of {', '.join(PRETRAINED)}; got {name!r}")
    description = PRETRAINED[name].description
    assert description.size is not None
    channels = [INPUTS[description.input], *description.zeros]
    inputs = [f"input{index}" for index in range(len(channels))]
    graph = _Graph(np.random.default_rng([seed, list(PRETRAINED).index(name)]))
    output = BUILDERS[name.partition("-")[0]](graph, *inputs)
    values = [
        helper.make_tensor_value_info(tensor, TensorProto.FLOAT, [1, count, *description.size])
        for tensor, count in zip([*inputs, output], [*channels, OUTPUTS[description.output]], strict=True)
    ]
    proto = helper.make_graph(graph.nodes, f"{name}, random weights", values[:-1], values[-1:], graph.constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return bytes(model.SerializeToString())


def _zhang16(graph: _Graph, lightness: str) -> str:
    """L* centred inside; bins at a quarter of the size, their mean times 110, 4-fold bilinear upsampling."""
    centred = graph.affine(lightness, LIGHTNESS_CENTRE, LIGHTNESS_NORM)
    hidden = graph.node("Relu", graph.convolution(graph.scaled(centred, INPUT_GAIN), (1, HIDDEN), stride=2))
    bins = graph.scaled(graph.convolution(hidden, (HIDDEN, BINS), stride=2), BINS_GAIN)
    shares = graph.node("Softmax", bins, axis=1)
    centres = graph.constant(graph.generator.uniform(-1, 1, (2, BINS, 1, 1)))
    ab = graph.scaled(graph.node("Conv", shares, centres), AB_NORM)
    scales = graph.constant(np.array([1, 1, 4, 4]))
    return graph.node("Resize", ab, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")


def _siggraph17(graph: _Graph, lightness: str, hints: str, mask: str) -> str:
    """L* centred and hints divided by 110 inside; tanh times 110."""
    centred = graph.affine(lightness, LIGHTNESS_CENTRE, LIGHTNESS_NORM)
    scaled = graph.affine(hints, 0.0, AB_NORM)
    together = graph.node("Concat", centred, scaled, mask, axis=1)
    hidden = graph.node("Relu", graph.convolution(graph.scaled(together, INPUT_GAIN), (4, HIDDEN)))
    return graph.scaled(graph.node("Tanh", graph.convolution(hidden, (HIDDEN, 2))), AB_NORM)


def _deoldify(graph: _Graph, rgb: str) -> str:
    """Normalised colours in, normalised colours of -3 to 3 out; pixel shuffle as in its U-Net."""
    hidden = graph.node("Relu", graph.convolution(rgb, (3, HIDDEN), stride=2))
    fine = graph.node("DepthToSpace", graph.convolution(hidden, (HIDDEN, 4 * HIDDEN)), blocksize=2, mode="CRD")
    shares = graph.node("Sigmoid", graph.convolution(fine, (HIDDEN, 3)))
    return graph.affine(graph.scaled(shares, 2 * FASTAI_RANGE), FASTAI_RANGE, 1.0)


def _ddcolor(graph: _Graph, rgb: str) -> str:
    """RGB in 0..1, normalised inside; a last layer without bounds reads features and picture."""
    mean, std = (np.array(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    normal = graph.affine(rgb, mean, std)
    hidden = graph.node("Relu", graph.convolution(normal, (3, HIDDEN), stride=2))
    fine = graph.node("DepthToSpace", graph.convolution(hidden, (HIDDEN, 4 * HIDDEN)), blocksize=2, mode="CRD")
    together = graph.node("Concat", fine, normal, axis=1)
    return graph.scaled(graph.convolution(together, (HIDDEN + 3, 2), side=1), DDCOLOR_GAIN)


BUILDERS: Final[Mapping[str, Any]] = MappingProxyType(
    {"zhang16": _zhang16, "siggraph17": _siggraph17, "deoldify": _deoldify, "ddcolor": _ddcolor}
)
"""By the family that a name begins with."""


def official_text(name: str) -> str:
    """Where the released network's weights are and how to export them, as text for people."""
    known = PRETRAINED[name]
    return f"""{known.description.title}
  code     {known.repository}
  weights  {known.weights}
  licence  {known.licence}
  export   in a checkout of the code; {known.notes}:

{known.export_command(f"{name}.onnx")}

The command is written from the released code. It could not be run where this was written, for want of the weights.
What is assumed of the network: {known.description.source}.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export_networks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(PRETRAINED), help="network to write a stand-in of")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.onnx", help="where to write it")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (default %(default)s)")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="list the networks known by name")
    other.add_argument("--official", metavar="NAME", choices=list(PRETRAINED), help="tell how to export the real one")
    other.add_argument("--describe", metavar="NAME", choices=list(PRETRAINED), help="print its description file")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{name:18} {known.description.title}" for name, known in PRETRAINED.items()))
    elif arguments.official:
        print(official_text(arguments.official), end="")
    elif arguments.describe:
        print(PRETRAINED[arguments.describe].description.to_toml(), end="")
    elif arguments.name and arguments.output:
        arguments.output.write_bytes(random_network(arguments.name, seed=arguments.seed))
        print(f"{arguments.output}: {PRETRAINED[arguments.name].description.title}, random weights")
    else:
        parser.error("give NAME and -o FILE.onnx, or --list, --official NAME or --describe NAME")


if __name__ == "__main__":
    main()
