"""Settings of the training of a colour network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from featcolor.models.config import Settings

SHORT_SIDE: Final = 176
"""Pixels of the short side of the pictures that the network sees, in training and at work."""


@dataclass(frozen=True, kw_only=True)
class PretrainConfig(Settings):
    """Settings of `featcolor.pretraining.training.train`.

    Attributes
    ----------
    width : channels of the decoder and of the embedding.
    blocks : residual blocks at each of the strides 32, 16, 8 and 4.
    heads : heads of the self-attention at strides 32 and 16; 0 for none.
    hidden : units between the embedding and the cells.
    epochs, batch : passes over the pictures, crops a step.
    rate, trunk_rate : largest learning rates of the decoder and of the trunk; a trunk_rate of 0 leaves the trunk as it
        was trained on ImageNet.
    trunk_stages : how many of the trunk's last stages (of 7) learn at `trunk_rate`.
    decay : weight decay of AdamW.
    dropout : share of the trunk's channels that are dropped.
    rebalance : exponent of the weights of rare colours, see `featcolor.regression.bins.rebalancing_weights`.
    balance : exponent that brings sources (folders) to equal weight: 0 as they are, 1 all alike.
    ageing : share of the crops that are seen as another film stock, with grain, blur and fading.
    average : decay of the running mean of the weights, a step.
    side : pixels of the square crops.
    held_back : pictures kept back from training, drawn evenly by source.
    seed : of everything random.
    """

    width: int = 96
    blocks: int = 2
    heads: int = 4
    hidden: int = 192
    epochs: int = 12
    batch: int = 64
    rate: float = 1.5e-3
    trunk_rate: float = 0.0
    trunk_stages: int = 7
    decay: float = 0.02
    dropout: float = 0.15
    rebalance: float = 0.0
    balance: float = 0.3
    ageing: float = 0.3
    average: float = 0.998
    side: int = 128
    held_back: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        self.check(RANGES)
        if self.side % 32:
            raise ValueError(f"side must be a multiple of 32, got {self.side}")
        if self.heads and self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads, got {self.width} and {self.heads}")


RANGES: Final = (
    ("width", 8, 512),
    ("blocks", 1, 8),
    ("heads", 0, 16),
    ("hidden", 8, 1024),
    ("epochs", 1, 10_000),
    ("batch", 2, 4096),
    ("rate", 1e-6, 1.0),
    ("trunk_rate", 0.0, 1.0),
    ("trunk_stages", 0, 7),
    ("decay", 0.0, 1.0),
    ("dropout", 0.0, 0.9),
    ("rebalance", 0.0, 2.0),
    ("balance", 0.0, 1.0),
    ("ageing", 0.0, 1.0),
    ("average", 0.0, 0.99999),
    ("side", 64, 512),
    ("held_back", 0, 100_000),
)
"""Setting, smallest and largest value."""
