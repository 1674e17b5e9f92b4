"""Training of the U-Net from nothing, within a budget of wall time or of steps.

The target is what featcolor's own regressor learns: the soft encoding of chroma over cells, rebalanced (Zhang, Isola,
Efros: Colorful Image Colorization, ECCV 2016, section 2). This module imports torch: import it where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.methods.unet.config import OUTPUT_STRIDE, Budget, UNetConfig, schedule
from benchmarks.methods.unet.network import Network, fast_precision
from benchmarks.methods.unet.pictures import NEUTRAL, WHITE, LabBytes, batches
from featcolor.regression.bins import SIGMA_IN_WIDTHS, build_cells, cell_width, prior, rebalancing_weights, soft_encode
from features.base import FloatArray

LARGEST_GRADIENT: Final = 1.0
"""Norm that the gradient is clipped to."""
LOSS_MEMORY: Final = 0.97
"""Weight of the past in the running mean of the loss."""
COLOURS: Final = 100_000
"""Pixels of the references, about, that the cells are built from."""
LEVELS: Final = 256
"""Values of a byte."""
SMALLEST_SHARE: Final = 1e-6
"""Cells that no pixel of the sample falls into start at this share."""


class Trained(NamedTuple):
    """A network in evaluation mode, the (n_cells, 2) chroma of its outputs, and how the training went."""

    network: Network
    cells: FloatArray
    steps: int
    loss: float


class Targets(NamedTuple):
    """Soft targets of every (a*, b*) in bytes: cells (65536, k), weights (65536, k), and the prior's logarithm."""

    cells: FloatArray
    indices: Tensor
    weights: Tensor
    log_prior: Tensor


def build_targets(pictures: Sequence[LabBytes], rebalance: float, rng: np.random.Generator) -> Targets:
    """Cells of the references' chroma, and the soft encoding of every colour, weighted by how rare its cells are."""
    each = max(1, COLOURS // len(pictures))
    pixels = [picture.reshape(-1, 3)[rng.integers(0, picture[..., 0].size, each), 1:] for picture in pictures]
    colours = np.concatenate(pixels).astype(np.float32) - NEUTRAL
    cells = build_cells(colours)
    sigma = SIGMA_IN_WIDTHS * cell_width(colours)
    shares = prior(soft_encode(colours, cells, sigma=sigma), len(cells))
    levels = np.arange(LEVELS, dtype=np.float32) - NEUTRAL
    plane = np.stack(np.meshgrid(levels, levels, indexing="ij"), axis=-1)
    every = soft_encode(plane.reshape(-1, 2), cells, sigma=sigma)
    rarity = rebalancing_weights(shares, rebalance)[every.indices]
    weights = every.weights * (every.weights * rarity).sum(axis=1, keepdims=True)
    log_prior = np.log(np.maximum(shares, SMALLEST_SHARE))
    return Targets(cells, *(torch.from_numpy(array) for array in (every.indices.astype(np.int64), weights, log_prior)))


def train(pictures: Sequence[LabBytes], config: UNetConfig, budget: Budget, rng: np.random.Generator) -> Trained:
    """Train a new network until the budget is spent; torch's random numbers are left as they were."""
    targets = build_targets(pictures, config.rebalance, rng)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        sizes = {name: getattr(config, name) for name in ("width", "depth", "widest", "dropout")}
        network = Network(outputs=len(targets.cells), **sizes)
        network.to(memory_format=torch.channels_last)
        # Before the first step the network knows the commonest colours, and nothing of the picture.
        with torch.no_grad():
            network.head.bias.copy_(targets.log_prior)
        budget.begin_training()
        steps, loss = _descend(network, targets, batches(pictures, config.batch, config.side, rng), config, budget)
    return Trained(network.eval(), targets.cells, steps, loss)


def _descend(
    network: Network, targets: Targets, crops: Iterator[LabBytes], config: UNetConfig, budget: Budget
) -> tuple[int, float]:
    """AdamW at the learning rate of the budget's share; the steps made and the running mean of the loss."""
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=config.weight_decay)
    precision = fast_precision()
    done, mean_loss = 0, 0.0
    while (share := budget.share(done)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * schedule(share)
        lightness, colours = to_tensors(next(crops))
        with torch.autocast("cpu", dtype=precision, enabled=precision != torch.float32):
            logits = network(lightness)
        loss = cross_entropy(logits, colours, targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        done += 1
        mean_loss += (loss.item() - mean_loss) * max(1 - LOSS_MEMORY, 1 / done)
    return done, mean_loss


def to_tensors(crops: LabBytes) -> tuple[Tensor, Tensor]:
    """Lightness (N, 1, side, side) 0..1, and the mean a* and b* of each output pixel as one number, 256 a + b."""
    count, side = crops.shape[:2]
    lightness = torch.from_numpy(np.float32(crops[:, None, :, :, 0]) / WHITE).contiguous()
    blocks = crops[..., 1:].reshape(count, side // OUTPUT_STRIDE, OUTPUT_STRIDE, -1, OUTPUT_STRIDE, 2)
    a, b = np.moveaxis(np.rint(blocks.mean(axis=(2, 4))).astype(np.int64), -1, 0)
    return lightness.contiguous(memory_format=torch.channels_last), torch.from_numpy(LEVELS * a + b)


def cross_entropy(logits: Tensor, colours: Tensor, targets: Targets) -> Tensor:
    """Mean over pixels of the weighted cross entropy with the soft targets."""
    flat = colours.flatten()
    log_shares = logits.float().permute(0, 2, 3, 1).flatten(0, 2).log_softmax(dim=1)
    return -(targets.weights[flat] * log_shares.gather(1, targets.indices[flat])).sum() / len(flat)
