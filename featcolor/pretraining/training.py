"""The training itself: soft cross entropy over a*b* cells, AdamW, one cosine cycle, averaged weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from featcolor.cells import build_cells
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.crops import Deck, Targets, build_targets, cell_shares, chroma_of, colour_numbers, see
from featcolor.pretraining.network import ColourNet, Trunk
from featcolor.pretraining.pictures import Pictures, weigh
from features.base import FloatArray, IndexArray

WARM_UP: Final = 0.05
"""Share of the steps in which the rate rises."""
LAST_RATE: Final = 0.01
"""What is left of the rate at the end."""
LARGEST_GRADIENT: Final = 1.0
"""Norm that the gradient is clipped to."""
COLOURS: Final = 400_000
"""Pixels, about, that the cells are built from."""
LOSS_MEMORY: Final = 0.98
"""Weight of the past in the running mean of the loss."""


class Training:
    """A training that can be stopped after any step and taken up again.

    Parameters
    ----------
    pictures : all pictures.
    numbers : those to train on.
    trunk : with ImageNet's weights.
    config : PretrainConfig
    device : where the crops are made and the network runs.
    teachers : networks over the same cells whose mean distribution is taught beside the true colour, half and half.
    """

    def __init__(
        self,
        pictures: Pictures,
        numbers: IndexArray,
        trunk: Trunk,
        config: PretrainConfig,
        device: torch.device,
        teachers: Sequence[ColourNet] = (),
    ) -> None:
        self.config, self.device, self.teachers = config, device, teachers
        self.generator = torch.Generator().manual_seed(config.seed)
        self.deck = Deck(pictures, device)
        self.numbers = torch.from_numpy(np.asarray(numbers, np.int64))
        self.weights = torch.from_numpy(weigh(pictures, numbers, config.balance))
        chroma = sample_chroma(pictures, numbers)
        self.cells = build_cells(chroma)
        shares = cell_shares(chroma, self.cells)
        self.mean_chroma = chroma.mean(axis=0)
        self.targets = build_targets(self.cells, shares, config.rebalance, device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = ColourNet(trunk, config, len(self.cells))
        with torch.no_grad():  # before the first step the network knows the commonest colours, and nothing of pictures
            self.network.decoder.cells.bias.copy_(torch.from_numpy(np.log(np.maximum(shares, 1e-6))))
        self.network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(config.average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(self._groups(), weight_decay=config.decay)
        self.step = 0
        self.steps = config.epochs * max(1, len(numbers) // config.batch)
        self.loss = math.nan

    def advance(self, until: int, progress: Callable[[int, int], None] | None = None) -> None:
        """Train up to a step."""
        self.network.train()
        while self.step < min(until, self.steps):
            factor = schedule((self.step + 0.5) / self.steps)
            for group in self.optimizer.param_groups:
                group["lr"] = factor * group["largest"]
            chosen = torch.multinomial(self.weights, self.config.batch, replacement=True, generator=self.generator)
            linear = self.deck.draw(self.numbers[chosen], self.config.side, self.generator)
            codes, chroma = see(linear, self.config, self.generator)
            loss = self._loss(codes.to(memory_format=torch.channels_last), chroma)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
            self.optimizer.step()
            # the mean forgets its first steps: early on it would hold the network back
            self.averaged.multi_avg_fn = get_ema_multi_avg_fn(
                min(self.config.average, (1 + self.step) / (10 + self.step))
            )
            self.averaged.update_parameters(self.network)
            self.step += 1
            if self.step % 10 == 1 or self.step == self.steps:  # reading the loss waits for the device
                value = float(loss.detach())
                self.loss = value if math.isnan(self.loss) else self.loss + (1 - LOSS_MEMORY) * 10 * (value - self.loss)
                if progress is not None:
                    progress(self.step, self.steps)

    def result(self) -> ColourNet:
        """The averaged network, in evaluation mode."""
        network: ColourNet = self.averaged.module
        return network.eval()

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs to go on as if nothing had happened."""
        return {
            "config": self.config.to_dict(),
            "step": self.step,
            "loss": self.loss,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of `state`."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        self.step, self.loss = state["step"], state["loss"]

    def _groups(self) -> list[dict[str, Any]]:
        trunk = [each for each in self.network.trunk.parameters() if each.requires_grad]
        groups = [{"params": list(self.network.decoder.parameters()), "largest": self.config.rate}]
        if trunk:
            groups.append({"params": trunk, "largest": self.config.trunk_rate})
        return groups

    def _loss(self, codes: Tensor, chroma: Tensor) -> Tensor:
        with self._precision():
            _, logits = self.network(codes)
        shares = logits.float().permute(0, 2, 3, 1).flatten(0, 2).log_softmax(dim=1)
        loss = cross_entropy(shares, colour_numbers(chroma).flatten(), self.targets)
        if not self.teachers:
            return loss
        with torch.no_grad(), self._precision():
            taught = sum(teacher(codes)[1].float().softmax(dim=1) for teacher in self.teachers) / len(self.teachers)
        taught = taught.permute(0, 2, 3, 1).flatten(0, 2)
        return 0.5 * loss - 0.5 * (taught * shares).sum(dim=1).mean()

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")


def sample_chroma(pictures: Pictures, numbers: IndexArray) -> FloatArray:
    """a*, b* of random pixels of the pictures, (n, 2)."""
    rng = np.random.default_rng(len(numbers))
    each = max(1, COLOURS // len(numbers))
    sizes = pictures.sizes[numbers].prod(axis=1)
    places = pictures.starts[numbers, None] + (rng.random((len(numbers), each)) * sizes[:, None]).astype(np.int64)
    codes = torch.from_numpy(pictures.pixels[places.ravel()]).float() / 255
    linear = torch.where(codes > 0.04045, ((codes + 0.055) / 1.055) ** 2.4, codes / 12.92)
    return np.asarray(chroma_of(linear).numpy(), np.float32)


def cross_entropy(log_shares: Tensor, colours: Tensor, targets: Targets) -> Tensor:
    """Mean over pixels of the (weighted) cross entropy of log shares (n, n_cells) with soft targets."""
    return -(targets.weights[colours] * log_shares.gather(1, targets.indices[colours])).sum() / len(colours)


def schedule(share: float) -> float:
    """Factor on the rate when a share 0..1 of the steps is done: a short linear rise, then half a cosine."""
    if share < WARM_UP:
        return share / WARM_UP
    cosine = 0.5 + 0.5 * math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))
    return LAST_RATE + (1 - LAST_RATE) * cosine
