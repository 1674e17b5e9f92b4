"""Settings of the U-Net, and how its training is spread over the time that it gets; nothing here needs torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Final

from featcolor.errors import UsageError
from featcolor.models.config import ColorizerConfig

OUTPUT_STRIDE: Final = 4
"""Pixels of lightness a pixel of the network's output, in both directions."""

WARM_UP: Final = 0.15
"""Share of the training in which the learning rate rises; then it falls to zero by a half cosine."""
FIRST_RATE: Final = 0.04
"""Learning rate of the first step as a share of the highest: one-cycle's 1 / 25 (Smith, Topin 2018)."""
READING_SHARE: Final = 0.3
"""References are read for this share of the time budget at most; what was not read by then is left out."""


@dataclass(frozen=True)
class UNetConfig:
    """Settings of the network and of its training.

    Chosen on BSDS, trained on its train part and compared on its val part; most effects drown in the scatter of seeds,
    0.1 dB at 300 steps. The defaults are for budgets of about a minute, `LONG_TRAINING` is for ten times that.

    `width`, `depth`, `widest`, `dropout`: see `benchmarks.methods.unet.network.Network`; `side`: of the square crops;
    `batch`: crops a step; `learning_rate`, `weight_decay`: of AdamW (Loshchilov, Hutter, ICLR 2019), the rate is the
    highest of the schedule; `rebalance`: see `featcolor.regression.bins.rebalancing_weights`; `temperature`: of the
    annealed mean that chroma is read with; `seed`: of everything random.
    """

    width: int = 24
    depth: int = 3
    widest: int = 8
    dropout: float = 0.0
    side: int = 128
    batch: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    rebalance: float = ColorizerConfig.rebalance
    temperature: float = ColorizerConfig.temperature
    seed: int = 0


LONG_TRAINING: Final = UNetConfig(dropout=0.3)
"""Without dropout 1500 steps on 197 references gave a worse result than 300; with it, 150 steps did."""


class Budget:
    """Progress of a training: by steps where `steps` is given, else by wall time since this was made.

    `seconds`: of everything, with what comes before the training; `steps`: of the training; `clock`: gives seconds.
    """

    def __init__(
        self, seconds: float | None, *, steps: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        for name, value in (("seconds", seconds), ("steps", steps)):
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be more than 0, got {value}")
        if seconds is None and steps is None:
            raise UsageError("the U-Net trains for a given time: seconds must be given, got None")
        self.seconds, self.steps, self.clock = seconds, steps, clock
        self.start = self.training_start = clock()

    def spent(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start

    def is_late(self) -> bool:
        """Whether reading must end for the training to get its part."""
        return self.steps is None and self.seconds is not None and self.spent() > READING_SHARE * self.seconds

    def begin_training(self) -> None:
        """Shares count from here."""
        self.training_start = self.clock()

    def share(self, done: int) -> float:
        """Share of the training that is over after `done` steps; 1 or more ends it. The first step is always made."""
        if self.steps is not None or self.seconds is None:
            return done / (self.steps or 1)
        if done == 0:
            return 0.0
        left = self.start + self.seconds - self.training_start
        return (self.clock() - self.training_start) / left if left > 0 else 1.0


def schedule(share: float) -> float:
    """Learning rate, 0..1 of the highest, when this share of the training is over: a rise, then half a cosine."""
    if share < WARM_UP:
        return (share + FIRST_RATE * (WARM_UP - share)) / WARM_UP
    return 0.5 * (1 + cos(pi * (share - WARM_UP) / (1 - WARM_UP)))
