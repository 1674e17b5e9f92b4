"""Gathers the nodes and random weights of an ONNX network: what the architectures of others are built with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class NetworkGraph:
    """Nodes and constants as they are gathered; every method adds to them and returns the name of its output.

    Learned numbers are named "LAYER.weights" and "LAYER.biases", so that they can be counted; normalisations have
    "LAYER.scale" and "LAYER.shift" beside them.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """One operator of the ONNX standard with one output."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: ArrayLike) -> str:
        """A named array, in the type it has."""
        from onnx import numpy_helper

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
        name: str,
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
        sources = [tensor, self.constant(f"{name}.weights", weights)]
        if biased:
            sources.append(self.constant(f"{name}.biases", np.zeros(outputs, np.float32)))
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "dilations": [dilation] * 2}
        operator = "ConvTranspose" if transposed else "Conv"
        return self.node(operator, sources, name, pads=[padding] * 4, group=groups, **attributes)

    def batch_norm(self, tensor: str, channels: int, name: str) -> str:
        """Batch normalisation of an unfitted network: mean 0, variance 1."""
        values = {"scale": 1, "shift": 0, "mean": 0, "variance": 1}
        constants = [
            self.constant(f"{name}.{part}", np.full(channels, value, np.float32)) for part, value in values.items()
        ]
        return self.node("BatchNormalization", [tensor, *constants], name)

    def linear(self, tensor: str, inputs: int, outputs: int, name: str) -> str:
        """Affine map of the last axis."""
        weights = self.constant(f"{name}.weights", self.normal((inputs, outputs), inputs**-0.5))
        product = self.node("MatMul", [tensor, weights], f"{name}.product")
        return self.node("Add", [product, self.constant(f"{name}.biases", np.zeros(outputs, np.float32))], name)

    def layer_norm(self, tensor: str, width: int, name: str) -> str:
        """Normalisation of the last axis (Ba et al. 2016)."""
        scale = self.constant(f"{name}.scale", np.ones(width, np.float32))
        shift = self.constant(f"{name}.shift", np.zeros(width, np.float32))
        return self.node("LayerNormalization", [tensor, scale, shift], name, axis=-1)

    def transpose(self, tensor: str, name: str, *axes: int) -> str:
        """Axes in another order."""
        return self.node("Transpose", [tensor], name, perm=list(axes))

    def reshape(self, tensor: str, name: str, *shape: int) -> str:
        """The same numbers in another shape; -1 for what is left over."""
        return self.node("Reshape", [tensor, self.constant(f"{name}.shape", np.array(shape, np.int64))], name)

    def affine(self, tensor: str, name: str, *, subtract: ArrayLike, divide: ArrayLike) -> str:
        """(tensor - subtract) / divide, float32."""
        centre = self.constant(f"{name}.centre", np.asarray(subtract, np.float32))
        divisor = self.constant(f"{name}.divisor", np.asarray(divide, np.float32))
        return self.node("Div", [self.node("Sub", [tensor, centre], f"{name}.centred"), divisor], name)

    def multiply(self, tensor: str, factor: float, name: str) -> str:
        """The tensor times a number."""
        return self.node("Mul", [tensor, self.constant(f"{name}.factor", np.float32(factor))], name)

    def serialize(
        self,
        name: str,
        *,
        inputs: Mapping[str, Sequence[int]],
        outputs: Mapping[str, Sequence[int]],
        opset: int,
        ir_version: int,
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
