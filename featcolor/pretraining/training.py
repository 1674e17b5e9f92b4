"""The training itself: soft cross entropy over a*b* cells, AdamW, one cosine cycle, averaged weights."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from featcolor.colour.lab import rgb_to_lab
from featcolor.errors import TrainingError
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.crops import Crops, Deck, Targets, build_targets, cell_shares, colour_numbers
from featcolor.pretraining.folding import fold
from featcolor.pretraining.network import ColourNet, Trunk
from featcolor.pretraining.pictures import Pictures, weigh
from featcolor.pretraining.reading import read_into
from featcolor.regression.bins import build_cells
from features.base import FloatArray, IndexArray

WARM_UP: Final = 0.03
"""Share of the training in which the rate rises."""
PLACES: Final = 144
"""Places of a crop, drawn anew each step, that the loss is taken at."""
COARSE_LEVELS: Final = 3
"""Levels of the decoder down to stride 8."""
LAST_RATE: Final = 0.01
"""What is left of the rate at the end."""
LARGEST_GRADIENT: Final = 1.0
"""Norm that the gradient is clipped to."""
COLOURS: Final = 400_000
"""Pixels, about, that the cells are built from."""
LOSS_MEMORY: Final = 0.98
"""Weight of the past in the running mean of the loss."""
MOST_SKIPPED: Final = 20
"""Steps in a row whose gradient is not finite, after which there is no hope."""


class Training:
    """A training that can be stopped after any step and taken up again.

    The same pictures, settings, torch and number of threads give the same weights on a CPU, however often the training
    is stopped, unless it is bound by time.

    Parameters
    ----------
    pictures : all pictures.
    numbers : those to train on.
    trunk : with ImageNet's weights.
    config : PretrainConfig
    device : where the crops are made and the network runs.
    cells : (n_cells, 2), of an earlier training that is continued; None: of these pictures.
    network : file whose weights it begins with, where `config.folded`.
    seconds : time that the training gets; None: `config.epochs`.
    clock : seconds, for `seconds`.
    """

    def __init__(
        self,
        pictures: Pictures,
        numbers: IndexArray,
        trunk: Trunk,
        config: PretrainConfig,
        device: torch.device,
        *,
        cells: FloatArray | None = None,
        network: Path | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config, self.device, self.seconds = config, device, seconds
        self.numbers = np.asarray(numbers, np.int64)
        weights = weigh(pictures, self.numbers, config.balance, config.class_balance, config.factors)
        self.deck = Deck(pictures, self.numbers, weights, config)
        self._pool = ThreadPoolExecutor(1)
        self._drawn: tuple[int, Future[Crops]] | None = None
        chroma = sample_chroma(pictures, numbers)
        self.cells = build_cells(chroma) if cells is None else cells
        shares = cell_shares(chroma, self.cells)
        self.mean_chroma = chroma.mean(axis=0)
        self.targets = build_targets(self.cells, shares, config.rebalance)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = ColourNet(trunk, config, len(self.cells))
            self._random = torch.get_rng_state()
        with torch.no_grad():  # before the first step the network knows the commonest colours, and nothing of pictures
            self.network.decoder.cells.bias.copy_(torch.from_numpy(np.log(np.maximum(shares, 1e-6))))
        if config.folded:
            self.network = fold(self.network)
            self.network.learn(config)
        if network is not None:
            read_into(self.network, network)
        self.before = {name: value.clone() for name, value in self.network.state_dict().items()} if config.kept else {}
        self.network.to(device, memory_format=torch.channels_last)
        self.averaged = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(config.average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(self._groups(), weight_decay=config.decay)
        self.step = self.skipped = 0
        self.steps = config.epochs * max(1, len(numbers) // config.batch)
        self.loss = math.nan
        self._clock, self._before, self._begun = clock, 0.0, clock()

    @property
    def spent(self) -> float:
        """Seconds of training so far, those before a restart included."""
        return self._before + self._clock() - self._begun

    @property
    def share(self) -> float:
        """How much of the training is done, 0..1."""
        done = self.step / self.steps if self.seconds is None else self.spent / self.seconds
        return min(1.0, done)

    def advance(self, until: int | None = None) -> None:
        """The steps up to one, or to the end.

        A step without a finite gradient changes nothing; `MOST_SKIPPED` of them in a row are a TrainingError.
        """
        self.network.train()
        with torch.random.fork_rng(devices=[]):  # dropout draws from the global generator
            torch.set_rng_state(self._random)
            while self.share < 1 and (until is None or self.step < until):
                self._advance()
            self._random = torch.get_rng_state()

    def result(self) -> ColourNet:
        """The averaged network, in evaluation mode, with `config.kept` of what it began with."""
        network: ColourNet = self.averaged.module
        if self.before:
            network = copy.deepcopy(network)
            with torch.no_grad():
                for name, value in network.state_dict().items():
                    value.lerp_(self.before[name].to(value.device), self.config.kept)
        return network.eval()

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin at the weights of an earlier training's averaged network; the schedule begins anew."""
        self.network.load_state_dict(weights)
        self.averaged.module.load_state_dict(weights)

    def state(self) -> dict[str, Any]:
        """State from which `restore` goes on as if nothing had happened, for a safe `torch.load`."""
        return {
            "step": self.step,
            "skipped": self.skipped,
            "loss": self.loss,
            "spent": self.spent,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "before": self.before,
            "random": self._random,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """The inverse of `state`."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.before = state["before"]
        self._random = state["random"]
        self.step, self.skipped, self.loss = state["step"], state["skipped"], state["loss"]
        self._before, self._begun = state["spent"], self._clock()

    def _advance(self) -> None:
        ahead = 0.5 / self.steps if self.seconds is None else 0.0
        factor = schedule(self.share + ahead)
        for group in self.optimizer.param_groups:
            group["lr"] = factor * group["largest"]
        crops = self._crops()
        levels = COARSE_LEVELS + (self.share >= 1 - self.config.fine and self.step % 2)
        loss = self._loss(crops, levels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.step += 1
        value = float(loss.detach())
        if not math.isfinite(value) or not math.isfinite(float(norm)):
            self._skip()
            return
        self.skipped = 0
        self.optimizer.step()
        # the mean forgets its first steps: early on it would hold the network back
        average = min(self.config.average, self.step / (self.step + 9))
        self.averaged.multi_avg_fn = get_ema_multi_avg_fn(average)
        self.averaged.update_parameters(self.network)
        memory = min(LOSS_MEMORY, (self.step - 1) / self.step)
        self.loss = value if math.isnan(self.loss) else memory * self.loss + (1 - memory) * value

    def _skip(self) -> None:
        """Leave the weights; the statistics that the forward pass has spoiled are the mean's again."""
        self.skipped += 1
        for buffer, mean in zip(self.network.buffers(), self.averaged.module.buffers(), strict=True):
            if not buffer.isfinite().all():
                buffer.copy_(mean)
        if self.skipped >= MOST_SKIPPED:
            raise TrainingError(
                f"the training has diverged: {self.skipped} steps up to step {self.step} gave no finite gradient; "
                "begin anew with a smaller --rate or --trunk-rate"
            )

    def _groups(self) -> list[dict[str, Any]]:
        trunk = [each for each in self.network.trunk.parameters() if each.requires_grad]
        groups = [
            {
                "params": [each for each in self.network.decoder.parameters() if each.requires_grad],
                "largest": self.config.rate,
            }
        ]
        if trunk:
            groups.append({"params": trunk, "largest": self.config.trunk_rate})
        return groups

    def _crops(self) -> Crops:
        """The crops of this step; those of the next are drawn meanwhile."""
        if self._drawn is None or self._drawn[0] != self.step:
            self._drawn = (self.step, self._pool.submit(self.deck.draw, self.step))
        crops = self._drawn[1].result()
        self._drawn = (self.step + 1, self._pool.submit(self.deck.draw, self.step + 1))
        return crops

    def _loss(self, crops: Crops, levels: int) -> Tensor:
        """Soft cross entropy at some places of the map that leaves the decoder after so many levels.

        Where a place is wider than a value of the chroma, one of those within it is drawn: their mean would be greyer.
        """
        codes = torch.from_numpy(crops.codes)[:, None].to(self.device)
        with self._precision():
            embedding = self.network.decoder(self.network.trunk(codes), levels)
            rows, columns = embedding.shape[2:]
            places = torch.randperm(rows * columns)[:PLACES]
            chosen = embedding.flatten(2)[:, :, places.to(self.device), None]
            logits = self.network.decoder.logits(chosen)
        step = crops.chroma.shape[1] // rows
        top, left = torch.randint(step, (2,)).tolist()
        colours = colour_numbers(crops.chroma[:, top::step, left::step]).reshape(len(codes), -1)[:, places.numpy()]
        log_shares = logits.float().squeeze(3).transpose(1, 2).flatten(0, 1).log_softmax(dim=1)
        return cross_entropy(log_shares, torch.from_numpy(colours.reshape(-1)), self.targets)

    def _precision(self) -> AbstractContextManager[Any]:
        """16-bit floats where the device multiplies them faster than 32-bit ones."""
        kind = self.device.type
        quick = torch.cpu._is_avx512_bf16_supported() if kind == "cpu" else True  # torch has no public name for it
        return torch.autocast(kind, torch.bfloat16, enabled=quick)


def sample_chroma(pictures: Pictures, numbers: IndexArray) -> FloatArray:
    """a*, b* of random pixels of the pictures, (n, 2)."""
    rng = np.random.default_rng(len(numbers))
    each = max(1, COLOURS // len(numbers))
    sizes = pictures.sizes[numbers].prod(axis=1)
    places = pictures.starts[numbers, None] + (rng.random((len(numbers), each)) * sizes[:, None]).astype(np.int64)
    return rgb_to_lab(pictures.pixels[places.ravel()][None])[1][0]


def cross_entropy(log_shares: Tensor, colours: Tensor, targets: Targets) -> Tensor:
    """Mean over pixels of the (weighted) cross entropy of log shares (n, n_cells) with soft targets."""
    indices, weights = (each[colours].to(log_shares.device) for each in targets)
    return -(weights * log_shares.gather(1, indices)).sum() / len(colours)


def schedule(share: float) -> float:
    """Factor on the rate when a share 0..1 of the training is done: a short linear rise, then half a cosine."""
    if share < WARM_UP:
        return share / WARM_UP
    cosine = 0.5 + 0.5 * math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP))
    return LAST_RATE + (1 - LAST_RATE) * cosine
