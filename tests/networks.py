"""Makers of tiny ONNX networks with random weights, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper


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
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, channels, height, width])
    outputs_info = [
        helper.make_tensor_value_info(tensor, TensorProto.FLOAT, [1, inputs, "h", "w"]),
        helper.make_tensor_value_info("scene", TensorProto.FLOAT, [1, inputs, 1, 1]),
    ]
    return _save(path, helper.make_graph(nodes, "tiny", [picture], outputs_info, constants), metadata)


def ramp_network(path: Path, stride: int, height: int | str = "height", width: int | str = "width") -> Path:
    """One layer `mean`: the mean of each stride x stride block of codes, for a ramp its value at the cell's centre."""
    node = helper.make_node("AveragePool", ["picture"], ["mean"], kernel_shape=[stride] * 2, strides=[stride] * 2)
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 1, height, width])
    mean = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 1, "h", "w"])
    return _save(path, helper.make_graph([node], "ramp", [picture], [mean]), {"featcolor.input": "codes"})


def _save(path: Path, graph: Any, metadata: dict[str, str] | None) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    path.write_bytes(model.SerializeToString())
    return path
