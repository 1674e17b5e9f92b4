"""A network to train further from its file alone: weights read back by name, batch normalisation put in again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from featcolor.errors import UsageError
from featcolor.pretraining.export import PART
from featcolor.pretraining.network import Attention, ColourNet
from features.base import FloatArray

OLDER: Final = "its weights have no names, so it comes from an older featcolor; train from a checkpoint or anew"


def read_weights(path: Path) -> dict[str, FloatArray]:
    """Weights of an exported network by the name of the folded network's parameter; UsageError when it has none."""
    import onnx
    from onnx import numpy_helper

    parts: dict[str, dict[int, NDArray[Any]]] = defaultdict(dict)
    for constant in onnx.load(str(path)).graph.initializer:
        name, _, offset = constant.name.partition(PART)
        if "." in name:
            parts[name][int(offset or 0)] = numpy_helper.to_array(constant)
    if not parts:
        raise UsageError(f"{path}: {OLDER}")
    return {
        name: np.concatenate([pieces[offset] for offset in sorted(pieces)]).astype(np.float32)
        for name, pieces in parts.items()
    }


@torch.no_grad()
def unfold(network: ColourNet, weights: dict[str, FloatArray], pictures: Iterable[Tensor]) -> None:
    """Give a network the weights of a folded one, so that both compute the same.

    A normalisation gets the mean and the variance that its input has over `pictures`, grey codes (N, 1, H, W), and the
    gain and the shift that undo them: it changes nothing at first, and is there for the training to come.
    UsageError when the weights are of another network.
    """
    shifts: dict[nn.BatchNorm2d, Tensor] = {}
    names = {id(module): name for name, module in network.named_modules()}
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            for layer, norm in pairwise(module):
                if isinstance(norm, nn.BatchNorm2d):
                    shifts[norm] = _taken(weights, f"{names[id(layer)]}.bias", norm.bias)
        elif isinstance(module, Attention):
            shifts[module.norm] = torch.zeros_like(module.norm.bias)
    inside = {f"{names[id(norm)]}.{part}" for norm in shifts for part in ("weight", "bias")}
    for name, parameter in network.named_parameters():
        if name not in inside:
            parameter.copy_(_taken(weights, name, parameter))
    if weights:
        raise UsageError(f"the network has weights that its settings do not know: {next(iter(weights))}")
    sums: dict[nn.BatchNorm2d, list[Tensor]] = {norm: [] for norm in shifts}
    hooks = []
    for norm, shift in shifts.items():
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1)
        norm.bias.copy_(shift)

        def note(module: nn.Module, inputs: tuple[Tensor, ...], kept: list[Tensor] = sums[norm]) -> None:
            x = inputs[0].float()
            kept.append(torch.stack([x.mean(dim=(0, 2, 3)), (x * x).mean(dim=(0, 2, 3))]))

        hooks.append(norm.register_forward_pre_hook(note))
    network.eval()
    for codes in pictures:
        network(codes)
    for hook in hooks:
        hook.remove()
    for norm, shift in shifts.items():
        mean, square = torch.stack(sums[norm]).mean(dim=0)
        variance = (square - mean * mean).clamp_min(0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(shift + mean)


def _taken(weights: dict[str, FloatArray], name: str, like: Tensor) -> Tensor:
    value = weights.pop(name, None)
    if value is None or value.shape != tuple(like.shape):
        raise UsageError(f"the network has no weights {name} of {tuple(like.shape)}")
    return torch.from_numpy(value)
