"""The networks of others, built for the comparison of speed, have the published shapes, sizes and work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from benchmarks.speed.architectures import (
    DDCOLOR_TINY,
    ZHANG16_COLOURS,
    DDColorSizes,
    ddcolor_onnx,
    encode_positions,
    zhang16_onnx,
)
from benchmarks.speed.networks import SMALLEST_DDCOLOR

LEARNED = (".weights", ".biases", ".scale", ".shift")
"""How the numbers are called that training would change."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = zhang16_onnx(tmp_path_factory.mktemp("zhang") / "zhang16.onnx")
    model = onnx.load(path)
    path.unlink()  # 130 MB
    return model


def test_it_is_a_valid_network_from_256_to_64(model: Any) -> None:
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    shapes = shapes_of(inferred)
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
    assert all(np.isfinite(array).all() for array in weights.values())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """DDColor-tiny with the shapes of its tensors; at 224, the size that ConvNeXt's work is published for."""
    path = ddcolor_onnx(tmp_path_factory.mktemp("ddcolor") / "tiny.onnx", size=224)
    model = onnx.load(path)
    path.unlink()  # 220 MB
    return onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)


def learned(model: Any, prefix: str = "") -> int:
    names = [constant for constant in model.graph.initializer if constant.name.endswith(LEARNED)]
    return sum(int(np.prod(constant.dims)) for constant in names if constant.name.startswith(prefix))


def shapes_of(model: Any) -> dict[str, list[int]]:
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    return {value.name: [side.dim_value for side in value.type.tensor_type.shape.dim] for value in values}


def test_ddcolor_tiny_has_the_published_number_of_parameters(tiny: Any) -> None:
    assert learned(tiny) == pytest.approx(55.0e6, rel=0.002)  # published
    # ConvNeXt-T: 28.6 million (Liu et al. 2022, table 1), of which 769,000 are the classifier's, left out here.
    assert learned(tiny, "encoder.") == pytest.approx(28.6e6 - 769e3, rel=0.002)


def test_ddcolor_tiny_has_the_published_shapes(tiny: Any) -> None:
    shapes, side = shapes_of(tiny), 224
    assert shapes["rgb"] == [1, 3, side, side]
    assert shapes["ab"] == [1, 2, side, side]
    maps = [shape for name, shape in shapes.items() if name.startswith("encoder.")]
    for stage, width in enumerate(DDCOLOR_TINY.widths):
        at = side // 4 // 2**stage
        assert [1, width, at, at] in maps
    for step, (channels, stride) in enumerate(((512, 16), (512, 8), (256, 4))):
        assert shapes[f"pixels.{step}"] == [1, channels, side // stride, side // stride]
    assert [1, 256, side, side] in shapes.values()
    assert shapes["colours"] == [100, 256]
    assert sum(node.op_type == "Softmax" for node in tiny.graph.node) == 2 * DDCOLOR_TINY.layers


def test_ddcolor_tinys_encoder_has_the_published_work(tiny: Any) -> None:
    shapes = shapes_of(tiny)
    sizes = {constant.name: list(constant.dims) for constant in tiny.graph.initializer}
    total = 0
    for node in tiny.graph.node:
        if node.name.startswith("encoder.") and node.op_type in ("Conv", "MatMul"):
            weights = sizes[node.input[1]]
            outputs = weights[0] if node.op_type == "Conv" else weights[1]
            total += int(np.prod(shapes[node.output[0]])) // outputs * int(np.prod(weights))
    # 4.5 thousand million multiplications with addition at 224 x 224 (Liu et al. 2022, table 1).
    assert total == pytest.approx(4.5e9, rel=0.02)


def test_ddcolor_runs_and_looks_at_its_input(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    path = ddcolor_onnx(tmp_path / "smallest.onnx", SMALLEST_DDCOLOR, size=64)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(0).random((2, 1, 3, 64, 64), np.float32)
    first, second = (session.run(None, {"rgb": picture})[0] for picture in pictures)
    assert first.shape == (1, 2, 64, 64)
    assert np.isfinite(first).all()
    assert np.abs(first - second).max() > 1e-3
    assert np.array_equal(first, session.run(None, {"rgb": pictures[0]})[0])


def test_attention_is_that_of_a_plain_computation(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    model = onnx.load(ddcolor_onnx(tmp_path / "net.onnx", SMALLEST_DDCOLOR, size=64))
    names = ["placed0", "keys0", "memory0", "cross0.mix"]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, 1, None) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    queries, keys, memory, mixed = session.run(names, {"rgb": picture})
    weights = {constant.name: numpy_helper.to_array(constant) for constant in model.graph.initializer}

    def affine(rows: Any, part: str) -> Any:
        name = f"cross0.{part}"
        return rows @ weights[f"{name}.weights"] + weights[f"{name}.biases"]

    q, k, v = affine(queries, "q"), affine(keys, "k"), affine(memory, "v")
    depth = SMALLEST_DDCOLOR.hidden // SMALLEST_DDCOLOR.heads
    heads = []
    for head in range(SMALLEST_DDCOLOR.heads):
        columns = slice(head * depth, (head + 1) * depth)
        shares = np.exp(q[:, columns] @ k[:, columns].T / depth**0.5)
        heads.append(shares / shares.sum(axis=1, keepdims=True) @ v[:, columns])
    np.testing.assert_allclose(mixed, affine(np.hstack(heads), "mix"), rtol=1e-3, atol=1e-4)


def test_positions_are_sines_of_row_and_column() -> None:
    side, width = 6, 16
    waves = encode_positions(side, width).reshape(side, side, 2, width // 4, 2)
    np.testing.assert_allclose((waves**2).sum(axis=-1), 1, atol=1e-6)
    assert np.ptp(waves[:, :, 0], axis=1).max() == 0  # the first half knows the row alone
    assert np.ptp(waves[:, :, 1], axis=0).max() == 0
    np.testing.assert_allclose(waves[-1, 0, 0, 0], [0, 1], atol=1e-6)  # the last row is at 2 pi


def test_impossible_sizes_are_refused(tmp_path: Path) -> None:
    for sizes, size in ((SMALLEST_DDCOLOR, 100), (SMALLEST_DDCOLOR, 0), (DDColorSizes(heads=7), 64)):
        with pytest.raises(ValueError, match="must be a multiple of"):
            ddcolor_onnx(tmp_path / "never.onnx", sizes, size=size)
    assert not list(tmp_path.iterdir())
