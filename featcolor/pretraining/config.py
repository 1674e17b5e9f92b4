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
    emphasis : factors on that by source, as "NAME=FACTOR,..."; others have 1.
    class_balance : the same for classes (folders within a source).
    ageing : how worn the crops are, `featcolor.pretraining.negatives`: 0 not at all, 1 most of them.
    average : decay of the running mean of the weights, a step.
    side : pixels of the square crops.
    large : share of the steps with fewer, larger crops.
    fine : last share of the training, of which every second step goes down to stride 4; the others stop at stride 8.
    held_back : pictures kept back from training, drawn evenly by source.
    folded : whether batch normalisation is folded away already, as in a network's file that is trained further.
    kept : share of the weights that a folded network began with in the mean that it ends with (Wortsman et al., "Robust
        fine-tuning of zero-shot models", CVPR 2022): what it learns is often worse on pictures of other kinds.
    seed : of everything random.
    """

    width: int = 96
    blocks: int = 2
    heads: int = 4
    hidden: int = 192
    epochs: int = 12
    batch: int = 32
    rate: float = 1.5e-3
    trunk_rate: float = 4e-5
    trunk_stages: int = 2
    decay: float = 0.02
    dropout: float = 0.15
    rebalance: float = 0.0
    balance: float = 0.35
    emphasis: str = ""
    class_balance: float = 0.15
    ageing: float = 0.4
    average: float = 0.998
    side: int = 128
    large: float = 0.1
    fine: float = 0.3
    held_back: int = 200
    folded: bool = False
    kept: float = 0.0
    seed: int = 0

    @property
    def factors(self) -> dict[str, float]:
        """The emphasis by source; ValueError where it is none."""
        try:
            pairs = [each.rsplit("=", 1) for each in self.emphasis.split(",") if each]
            return {name.strip(): float(factor) for name, factor in pairs}
        except ValueError as error:
            raise ValueError(f"emphasis must be NAME=FACTOR,..., got {self.emphasis!r}") from error

    def __post_init__(self) -> None:
        self.check(RANGES)
        if not all(0 < factor < float("inf") for factor in self.factors.values()):
            raise ValueError(f"emphasis must have positive factors, got {self.emphasis!r}")
        if self.kept and not self.folded:
            raise ValueError("kept needs a network's file to begin with")
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
    ("class_balance", 0.0, 1.0),
    ("ageing", 0.0, 1.0),
    ("large", 0.0, 1.0),
    ("fine", 0.0, 1.0),
    ("kept", 0.0, 1.0),
    ("average", 0.0, 0.99999),
    ("side", 64, 512),
    ("held_back", 0, 100_000),
)
"""Setting, smallest and largest value."""
