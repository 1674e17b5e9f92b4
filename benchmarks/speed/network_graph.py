"""An ONNX network with random weights, put together node by node: what the architectures of others are built with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class NetworkGraph:
    """Nodes and constants as they are gathered; every method adds to them and returns the name of its output.

    What has no name gets a number after the kind of its node. Learned numbers are called "LAYER.weights" and
    "LAYER.biases", those of normalisations "LAYER.scale" and "LAYER.shift", so that they can be counted.

    `part`: what names without one begin with.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.part = ""

    def node(self, operator: str, inputs: Sequence[str], name: str = "", **attributes: Any) -> str:
        """One operator of the ONNX standard with one output."""
        from onnx import helper

        name = name or f"{self.part}{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value: ArrayLike, name: str = "") -> str:
        """An array in the type it has; one with a name is learned."""
        from onnx import numpy_helper

        name = f"{self.part}{name}" if name else f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def normal(self, shape: Sequence[int], deviation: float) -> NDArray[np.float32]:
        """Random weights."""
        return self.generator.standard_normal(tuple(shape), np.float32) * np.float32(deviation)

    def convolution(
        self,
        tensor: str,
        inputs: int,
        outputs: int,
        name: str = "",
        *,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        transposed: bool = False,
        biased: bool = True,
    ) -> str:
        """Convolution with weights that keep the deviation of ReLU's output (He et al. 2015)."""
        taps = kernel**2 // stride**2 if transposed else kernel**2
        shape = (inputs, outputs // groups) if transposed else (outputs, inputs // groups)
        weights = self.normal((*shape, kernel, kernel), (2 * groups / (inputs * taps)) ** 0.5)
        learned = {"weights": weights, **({"biases": np.zeros(outputs, np.float32)} if biased else {})}
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "dilations": [dilation] * 2}
        operator = "ConvTranspose" if transposed else "Conv"
        return self._layer(operator, tensor, learned, name, pads=[padding] * 4, group=groups, **attributes)

    def batch_norm(self, tensor: str, channels: int, name: str = "") -> str:
        """Batch normalisation of an unfitted network: mean 0, variance 1."""
        values = {"scale": 1, "shift": 0, "mean": 0, "variance": 1}
        learned = {part: np.full(channels, value, np.float32) for part, value in values.items()}
        return self._layer("BatchNormalization", tensor, learned, name)

    def layer_norm(self, tensor: str, width: int, name: str = "") -> str:
        """Normalisation of the last axis (Ba et al. 2016)."""
        learned = {"scale": np.ones(width, np.float32), "shift": np.zeros(width, np.float32)}
        return self._layer("LayerNormalization", tensor, learned, name, axis=-1)

    def linear(self, tensor: str, inputs: int, outputs: int, name: str = "") -> str:
        """Affine map of the last axis."""
        name = name or f"linear{len(self.nodes)}"
        product = self.node(
            "MatMul", [tensor, self.constant(self.normal((inputs, outputs), inputs**-0.5), f"{name}.weights")]
        )
        return self.node(
            "Add", [product, self.constant(np.zeros(outputs, np.float32), f"{name}.biases")], f"{self.part}{name}"
        )

    def relu(self, tensor: str) -> str:
        """The positive part."""
        return self.node("Relu", [tensor])

    def transpose(self, tensor: str, *axes: int) -> str:
        """Axes in another order."""
        return self.node("Transpose", [tensor], perm=list(axes))

    def reshape(self, tensor: str, *shape: int) -> str:
        """The same numbers in another shape; -1 for what is left over."""
        return self.node("Reshape", [tensor, self.constant(np.array(shape, np.int64))])

    def affine(self, tensor: str, *, subtract: ArrayLike, divide: ArrayLike = 1.0) -> str:
        """(tensor - subtract) / divide, float32."""
        centred = self.node("Sub", [tensor, self.constant(np.asarray(subtract, np.float32))])
        return self.node("Div", [centred, self.constant(np.asarray(divide, np.float32))])

    def multiply(self, tensor: str, factor: float, name: str = "") -> str:
        """The tensor times a number."""
        return self.node("Mul", [tensor, self.constant(np.float32(factor))], name)

    def _layer(self, operator: str, tensor: str, learned: Mapping[str, Any], name: str, **attributes: Any) -> str:
        name = name or f"{operator}{len(self.nodes)}"
        constants = [self.constant(values, f"{name}.{part}") for part, values in learned.items()]
        return self.node(operator, [tensor, *constants], f"{self.part}{name}", **attributes)

    def serialize(
        self,
        name: str,
        *,
        inputs: Mapping[str, Sequence[int]],
        outputs: Mapping[str, Sequence[int]],
        opset: int = 13,
        ir_version: int = 8,
    ) -> bytes:
        """The network as an ONNX file holds it; inputs and outputs are float32 tensors, by name with their shapes."""
        from onnx import TensorProto, helper

        entries, exits = (
            [helper.make_tensor_value_info(end, TensorProto.FLOAT, list(shape)) for end, shape in tensors.items()]
            for tensors in (inputs, outputs)
        )
        proto = helper.make_graph(self.nodes, name, entries, exits, self.constants)
        model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
        return bytes(model.SerializeToString())

    def write(self, path: Path, name: str, **ends: Any) -> Path:
        """Write the network to a file; the options are those of `serialize`."""
        path.write_bytes(self.serialize(name, **ends))
        return path
