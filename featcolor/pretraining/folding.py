"""A trained network as it is shipped: batch normalisation folded into the convolutions, weights rounded to 16 bits."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn

from featcolor.errors import TrainingError
from featcolor.pretraining.network import Attention, ColourNet


@torch.no_grad()
def fold(network: ColourNet) -> ColourNet:
    """A copy on the CPU, in evaluation mode, without batch normalisation, that computes the same."""
    folded = copy.deepcopy(network).cpu().eval().requires_grad_(False)
    for module in list(folded.modules()):
        if isinstance(module, nn.Sequential):
            for number, (layer, norm) in enumerate(pairwise(list(module))):
                if isinstance(norm, nn.BatchNorm2d):
                    _fold_after(layer, norm)
                    module[number + 1] = nn.Identity()
        elif isinstance(module, Attention) and isinstance(module.norm, nn.BatchNorm2d):
            _fold_before(module.norm, module.qkv)
            module.norm = nn.Identity()
    return folded


@torch.no_grad()
def round_weights(folded: ColourNet) -> ColourNet:
    """The network itself, every weight rounded to what 16 bits hold; TrainingError for one beyond them.

    It then differs from the exported file by the rounding of 32-bit sums only.
    """
    for parameter in folded.parameters():
        parameter.copy_(parameter.half().float())
        if not parameter.isfinite().all():
            raise TrainingError("the network has weights that 16 bits do not hold: its training has diverged")
    return folded


def _fold_after(layer: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """A batch normalisation that follows a convolution without bias."""
    gain, shift = _affine(norm)
    layer.weight.copy_((layer.weight.double() * gain[:, None, None, None]).float())
    layer.bias = nn.Parameter(shift.float(), requires_grad=False)


def _fold_before(norm: nn.BatchNorm2d, layer: nn.Conv2d) -> None:
    """A batch normalisation that a pointwise convolution with bias follows."""
    gain, shift = _affine(norm)
    weight = layer.weight.double()
    layer.bias.copy_((layer.bias.double() + weight[:, :, 0, 0] @ shift).float())
    layer.weight.copy_((weight * gain[None, :, None, None]).float())


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Gain and shift that a batch normalisation is in evaluation mode."""
    gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    return gain, norm.bias.double() - norm.running_mean.double() * gain
