"""Stand-ins for the released networks, with random weights: python -m benchmarks.speed.export_networks --help.

A stand-in takes and gives what the released network does, in shape and in range, so that a run or a test goes the same
way through the adapter; it is small and its colours mean nothing. `--official` tells how to get the real one.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from benchmarks.methods.onnx_io import INPUTS, OUTPUTS
from benchmarks.methods.released import IMAGENET_MEAN, IMAGENET_STD, PRETRAINED
from benchmarks.speed.network_graph import NetworkGraph

HIDDEN: Final = 8
"""Channels between the convolutions of a stand-in."""
BINS: Final = 313
"""Colour bins of Zhang 2016."""
AB_NORM: Final = 110.0
"""What the networks of Zhang 2016 and 2017 multiply a*, b* by."""
CENTRING: Final = {"subtract": 50.0, "divide": 100.0}
"""What they do to L*."""
FASTAI_RANGE: Final = 3.0
"""DeOldify's outputs, normalised colours, lie within +- this (its y_range)."""
DDCOLOR_GAIN: Final = 20.0
"""Brings a*, b* of the stand-in of DDColor to some tens; the released network's last layer has no bounds."""
INPUT_GAIN: Final = 8.0
"""On centred lightness, which is within +- 0.5, so that tanh and softmax are driven to where they bend."""
BINS_GAIN: Final = 4.0
"""On the bins' logits: a peaked distribution, whose mean is not grey."""


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
    graph = NetworkGraph(np.random.default_rng([seed, list(PRETRAINED).index(name)]))
    output = BUILDERS[name.partition("-")[0]](graph, *inputs)
    return graph.serialize(
        f"{name}, random weights",
        inputs={tensor: (1, count, *description.size) for tensor, count in zip(inputs, channels, strict=True)},
        outputs={output: (1, OUTPUTS[description.output], *description.size)},
    )


def _zhang16(graph: NetworkGraph, lightness: str) -> str:
    """L* centred inside; bins at a quarter of the size, their mean times 110, 4-fold bilinear upsampling."""
    centred = graph.affine(lightness, **CENTRING)
    hidden = _add_hidden(graph, graph.multiply(centred, INPUT_GAIN), 1, stride=2)
    logits = graph.convolution(hidden, HIDDEN, BINS, kernel=3, stride=2, padding=1)
    shares = graph.node("Softmax", [graph.multiply(logits, BINS_GAIN)], axis=1)
    centres = graph.generator.uniform(-1, 1, (2, BINS, 1, 1)).astype(np.float32)
    mean = graph.multiply(graph.node("Conv", [shares, graph.constant(centres)]), AB_NORM)
    scales = graph.constant(np.float32([1, 1, 4, 4]))
    return graph.node("Resize", [mean, "", scales], mode="linear", coordinate_transformation_mode="half_pixel")


def _siggraph17(graph: NetworkGraph, lightness: str, hints: str, mask: str) -> str:
    """L* centred and hints divided by 110 inside; tanh times 110."""
    centred = graph.affine(lightness, **CENTRING)
    together = graph.node("Concat", [centred, graph.multiply(hints, 1 / AB_NORM), mask], axis=1)
    hidden = _add_hidden(graph, graph.multiply(together, INPUT_GAIN), 4)
    last = graph.convolution(hidden, HIDDEN, 2, kernel=3, padding=1)
    return graph.multiply(graph.node("Tanh", [last]), AB_NORM)


def _deoldify(graph: NetworkGraph, rgb: str) -> str:
    """Normalised colours in, normalised colours of -3 to 3 out; pixel shuffle as in its U-Net."""
    last = graph.convolution(_add_shuffled(graph, rgb), HIDDEN, 3, kernel=3, padding=1)
    return graph.affine(graph.multiply(graph.node("Sigmoid", [last]), 2 * FASTAI_RANGE), subtract=FASTAI_RANGE)


def _ddcolor(graph: NetworkGraph, rgb: str) -> str:
    """RGB in 0..1, normalised inside; a last layer without bounds reads features and picture."""
    mean, std = (np.array(values)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    normal = graph.affine(rgb, subtract=mean, divide=std)
    together = graph.node("Concat", [_add_shuffled(graph, normal), normal], axis=1)
    return graph.multiply(graph.convolution(together, HIDDEN + 3, 2, kernel=1), DDCOLOR_GAIN)


def _add_hidden(graph: NetworkGraph, tensor: str, channels: int, *, stride: int = 1) -> str:
    """A convolution to HIDDEN channels and ReLU."""
    return graph.relu(graph.convolution(tensor, channels, HIDDEN, kernel=3, stride=stride, padding=1))


def _add_shuffled(graph: NetworkGraph, rgb: str) -> str:
    """HIDDEN channels that were worked out at half the size, then brought back by pixel shuffle."""
    fine = graph.convolution(_add_hidden(graph, rgb, 3, stride=2), HIDDEN, 4 * HIDDEN, kernel=3, padding=1)
    return graph.node("DepthToSpace", [fine], blocksize=2, mode="CRD")


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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.export_networks", description=__doc__)
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
