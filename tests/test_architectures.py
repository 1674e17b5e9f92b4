"""Zhang et al.'s network, built for the comparison of speed, has the published shapes and work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from benchmarks.architectures import ZHANG16_COLOURS, ZHANG16_LAYERS, zhang16_multiply_adds, zhang16_onnx


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = zhang16_onnx(tmp_path_factory.mktemp("zhang") / "zhang16.onnx")
    model = onnx.load(path)
    path.unlink()  # 130 MB
    return model


def test_it_is_a_valid_network_from_256_to_64(model: Any) -> None:
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    shapes = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
        for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
    }
    assert shapes["lightness"] == [1, 1, 256, 256]
    assert shapes["ab"] == [1, 2, 64, 64]
    assert shapes["distribution"] == [1, ZHANG16_COLOURS, 64, 64]
    # Table 4 of the paper: the resolution of each block's output.
    for block, (side, channels) in {
        "conv1_2": (128, 64),
        "conv2_2": (64, 128),
        "conv3_3": (32, 256),
        "conv4_3": (32, 512),
        "conv5_3": (32, 512),
        "conv6_3": (32, 512),
        "conv7_3": (32, 512),
        "conv8_3": (64, 256),
    }.items():
        assert shapes[block] == [1, channels, side, side], block


def test_it_has_the_published_number_of_parameters(model: Any) -> None:
    weights = {constant.name: numpy_helper.to_array(constant) for constant in model.graph.initializer}
    count = sum(array.size for name, array in weights.items() if name.endswith((".weights", ".biases")))
    assert count == pytest.approx(32.2e6, rel=0.01)
    for layer in ZHANG16_LAYERS:
        assert np.isfinite(weights[f"{layer.name}.weights"]).all()


def test_multiply_adds_agree_with_the_graph(model: Any) -> None:
    inferred = onnx.shape_inference.infer_shapes(model)
    sides = {
        value.name: value.type.tensor_type.shape.dim[2].dim_value
        for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
    }
    sizes = {constant.name: int(np.prod(constant.dims)) for constant in model.graph.initializer}
    total = 0
    for node in model.graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            # A transposed convolution uses each of its weights once a pixel of its input.
            at = node.input[0] if node.op_type == "ConvTranspose" else node.output[0]
            total += sizes[node.input[1]] * sides[at] ** 2
    assert zhang16_multiply_adds() == total
