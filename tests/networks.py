"""Makers of tiny ONNX networks with random weights, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

GREY = [1, 1, "height", "width"]


def save_network(
    path: Path,
    nodes: Sequence[Any],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    constants: Sequence[Any] = (),
    *,
    kind: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """The ONNX file of these nodes; inputs and outputs are {name: shape, or None}, of one kind of number."""
    values = ([helper.make_tensor_value_info(name, kind, of[name]) for name in of] for of in (inputs, outputs))
    graph = helper.make_graph(nodes, "tiny", *values, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def tiny_network(
    path: Path,
    *,
    channels: int = 1,
    height: int | str = "height",
    width: int | str = "width",
    strides: tuple[int, ...] = (2, 2),
    metadata: dict[str, str] | None = None,
    seed: int = 0,
) -> Path:
    """Convolutions 3 x 3 with ReLU, `conv0`, `relu0`, `conv1` .., 4, 8, .. channels, then a global mean `scene`.

    The graph's outputs are the last ReLU and `scene` (1, C, 1, 1); the nodes have names unlike their tensors.
    """
    generator = np.random.default_rng(seed)
    nodes, constants = [], []
    tensor, inputs = "picture", channels
    for index, stride in enumerate(strides):
        outputs = 4 * 2**index
        weights = generator.normal(0, (9 * inputs) ** -0.5, (outputs, inputs, 3, 3)).astype(np.float32)
        bias = generator.normal(0, 0.1, outputs).astype(np.float32)
        constants += [numpy_helper.from_array(weights, f"w{index}"), numpy_helper.from_array(bias, f"b{index}")]
        attributes: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [stride] * 2, "pads": [1] * 4}
        nodes.append(
            helper.make_node("Conv", [tensor, f"w{index}", f"b{index}"], [f"conv{index}"], f"/c/{index}", **attributes)
        )
        nodes.append(helper.make_node("Relu", [f"conv{index}"], [f"relu{index}"], name=f"/r/{index}"))
        tensor, inputs = f"relu{index}", outputs
    nodes.append(helper.make_node("GlobalAveragePool", [tensor], ["scene"], name="/pool"))
    shapes = {tensor: [1, inputs, "h", "w"], "scene": [1, inputs, 1, 1]}
    return save_network(path, nodes, {"picture": [1, channels, height, width]}, shapes, constants, metadata=metadata)


def ramp_network(path: Path, stride: int, height: int | str = "height", width: int | str = "width") -> Path:
    """One layer `mean`: the mean of each stride x stride block of codes, for a ramp its value at the cell's centre."""
    node = helper.make_node("AveragePool", ["picture"], ["mean"], kernel_shape=[stride] * 2, strides=[stride] * 2)
    metadata = {"featcolor.input": "codes"}
    return save_network(path, [node], {"picture": [1, 1, height, width]}, {"mean": [1, 1, "h", "w"]}, metadata=metadata)


def colour_network(
    path: Path,
    *,
    channels: int = 6,
    reach: int = 30,
    seed: int = 0,
    properties: dict[str, str] | None = None,
    **settings: Any,
) -> Path:
    """A small random colour network: two convolutions at stride 2 with ReLU, then 1 x 1 to embedding and logits.

    Weights are 16-bit floats widened by Casts, as `featcolor pretrain` writes them. The cells are a grid 10 apart from
    -reach to reach; `settings` are put over the JSON of `featcolor.colour`, `properties` over the metadata.
    """
    generator = np.random.default_rng(seed)
    steps = np.arange(-reach, reach + 1, 10)
    cells = [[int(a), int(b)] for a in steps for b in steps]
    nodes: list[Any] = []
    constants: list[Any] = []

    def convolve(source: str, target: str, shape: tuple[int, ...], stride: int, scale: float = 1.0) -> None:
        weights = generator.normal(0, scale * np.prod(shape[1:]) ** -0.5, shape).astype(np.float16)
        bias = generator.normal(0, 0.1 * scale, shape[0]).astype(np.float16)
        for name, values in ((f"{target}.w", weights), (f"{target}.b", bias)):
            constants.append(numpy_helper.from_array(values, f"{name}16"))
            nodes.append(helper.make_node("Cast", [f"{name}16"], [name], f"/{name}", to=TensorProto.FLOAT))
        pad = shape[2] // 2
        attributes: dict[str, Any] = {"kernel_shape": shape[2:], "strides": [stride] * 2, "pads": [pad] * 4}
        nodes.append(
            helper.make_node("Conv", [source, f"{target}.w", f"{target}.b"], [target], f"/{target}", **attributes)
        )

    constants.append(numpy_helper.from_array(np.float32(1 / 128), "scale"))
    nodes.append(helper.make_node("Mul", ["grey", "scale"], ["scaled"], "/scaled"))
    convolve("scaled", "first", (8, 1, 3, 3), 2)
    nodes.append(helper.make_node("Relu", ["first"], ["first.relu"], "/first.relu"))
    convolve("first.relu", "embedding", (channels, 8, 3, 3), 2)
    nodes.append(helper.make_node("Relu", ["embedding"], ["embedding.relu"], "/embedding.relu"))
    convolve("embedding.relu", "logits", (len(cells), channels, 1, 1), 1, scale=8.0)
    outputs = {"embedding": [1, channels, "h", "w"], "logits": [1, len(cells), "h", "w"]}
    colour = {
        "version": 1,
        "cells": cells,
        "short_side": 64,
        "temperature": 0.6,
        "saturation": 1.25,
        "card": {"pictures": 3, "held_back": ["a.jpg"]},
    }
    metadata = {"featcolor.input": "codes", "featcolor.colour": json.dumps({**colour, **settings})}
    return save_network(path, nodes, {"grey": GREY}, outputs, constants, metadata=metadata | (properties or {}))


def mean_colour_network(path: Path, short_side: int) -> Path:
    """A colour network whose embedding is the mean of each 4 x 4 block of codes, for a ramp its value at the centre.

    The logits of its cells, (-50, 0) and (50, 0), are that mean over 8, falling and rising.
    """
    constants = [numpy_helper.from_array(np.float32([-1 / 8, 1 / 8]).reshape(2, 1, 1, 1), "slopes")]
    nodes = [
        helper.make_node("AveragePool", ["grey"], ["embedding"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["embedding", "slopes"], ["logits"], kernel_shape=[1, 1]),
    ]
    outputs = {"embedding": [1, 1, "h", "w"], "logits": [1, 2, "h", "w"]}
    colour = {"version": 1, "cells": [[-50, 0], [50, 0]], "short_side": short_side, "temperature": 1, "saturation": 1}
    metadata = {"featcolor.input": "codes", "featcolor.colour": json.dumps(colour)}
    return save_network(path, nodes, {"grey": GREY}, outputs, constants, metadata=metadata)


def likeness_of_network(path: Path, channels: int = 6) -> Path:
    """The file of a likeness kernel that looks at an embedding of so many channels, as the learned one does at its."""
    from featcolor.hints.kernel import BUNDLED_FILE

    with np.load(BUNDLED_FILE) as learned:
        np.savez(path, **{**learned, "axes": np.eye(channels, 4), "mean": np.zeros(4)})
    return path
