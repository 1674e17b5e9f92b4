"""A compact U-Net from lightness to a distribution over chroma, at a quarter of the picture's size.

Ronneberger, Fischer, Brox: U-Net, MICCAI 2015. Departures, for speed on a CPU and for few pictures: blocks are residual
with batch normalisation (He et al., CVPR 2016), the way down is by strided convolution, and the way up ends at a
quarter of the size, since edge-aware upsampling does the rest. This module imports torch: import it where it is used.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from benchmarks.methods.unet.config import OUTPUT_STRIDE
from features.base import FloatArray


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut; the first one shrinks by `stride`."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shrink = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.project = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        inner = relu(self.first_norm(self.first(x)))
        return relu(self.second_norm(self.second(inner)) + self.project(self.shrink(x)))


class Network(nn.Module):
    """(N, 1, H, W) lightness 0..1 to (N, outputs, H / 4, W / 4) logits; H and W are multiples of `stride`.

    Parameters
    ----------
    width : channels at half of the size; they double with every halving, up to `widest` times `width`.
    depth : halvings below a quarter of the size.
    outputs : cells of chroma.
    dropout : share of the deepest channels, and of the last layer's values, that training leaves out at random.
    """

    def __init__(self, *, width: int, depth: int, widest: int, outputs: int, dropout: float) -> None:
        super().__init__()
        widths = [width * min(2**level, widest) for level in range(depth + 2)]
        self.stride = 2 ** (depth + 2)
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, 2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(Block(above, below, 2) for above, below in pairs)
        self.up = nn.ModuleList(Block(above + below, above) for above, below in reversed(pairs[1:]))
        self.drop_channels, self.drop_values = nn.Dropout2d(dropout), nn.Dropout(dropout)
        self.head = nn.Conv2d(widths[1], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(2 * x - 1)
        levels = []
        for block in self.down:
            x = block(x)
            levels.append(x)
        levels.pop()
        x = self.drop_channels(x)
        for block in self.up:
            x = block(torch.cat([interpolate(x, scale_factor=2.0, mode="nearest"), levels.pop()], dim=1))
        logits: Tensor = self.head(self.drop_values(x))
        return logits


@torch.inference_mode()
def logits_of(network: Network, lightness: FloatArray) -> FloatArray:
    """Logits (h / OUTPUT_STRIDE, w / OUTPUT_STRIDE, outputs) of lightness (h, w), whose sides are multiples of it.

    What is missing to a multiple of the network's stride is mirrored at the right and below.
    """
    height, width = lightness.shape
    padding = [(0, -n % network.stride) for n in (height, width)]
    padded = torch.from_numpy(np.pad(lightness, padding, mode="reflect"))[None, None]
    logits = network(padded.contiguous(memory_format=torch.channels_last))[0]
    inner = logits[:, : height // OUTPUT_STRIDE, : width // OUTPUT_STRIDE]
    return np.ascontiguousarray(inner.permute(1, 2, 0).numpy())


def fast_precision() -> torch.dtype:
    """bfloat16 where this processor multiplies matrices of it (AMX: about four times as fast), else float32."""
    known = getattr(torch.cpu, "get_capabilities", None)  # since torch 2.10
    return torch.bfloat16 if known is not None and known().get("amx_bf16", False) else torch.float32
