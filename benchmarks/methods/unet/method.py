"""The deep rival that learns from the same references: a compact U-Net, trained from nothing for a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.methods.base import Group, Method, check_grey
from benchmarks.methods.unet.config import OUTPUT_STRIDE, Budget, UNetConfig
from benchmarks.methods.unet.pictures import WORKING_SIZE, read_references
from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.errors import UsageError
from featcolor.parallel.cores import available_cores
from featcolor.pictures.resize import resize, working_size
from features.annealed import annealed_mean
from features.base import FloatArray
from refine.upsample import upsample_bands

if TYPE_CHECKING:
    from benchmarks.methods.unet.training import Trained

TORCH_MISSING: Final = "the U-Net needs torch, which is not installed; install it by: pip install torch"


class UNet(Method):
    """Chroma by a U-Net that has seen the references and nothing else.

    After `steps` steps of training the same seed, references, versions and number of cores give the same network; after
    a time budget they do not, since the number of steps then depends on what else the machine does.

    Parameters
    ----------
    config : settings of the network and its training; `unet_config.LONG_TRAINING` where there are many minutes.
    steps : train for so many steps instead of a time, for studies and tests.
    clock : gives seconds; the budget is measured by it.

    `steps_`: steps of training that were made; `loss_`: running mean of the training loss at the end; `seconds_`: wall
    time of `fit`, with imports and reading; `references_`: references that were learned from.
    """

    group: ClassVar[Group] = "same references"
    learns: ClassVar[bool] = True
    steps_: int
    loss_: float
    seconds_: float
    references_: int

    def __init__(
        self,
        config: UNetConfig | None = None,
        *,
        steps: int | None = None,
        title: str = "U-Net",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config or UNetConfig()
        self.steps = steps
        self.title = title
        self.clock = clock
        self._trained: Trained | None = None

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Read the references, then train until `seconds` of wall time are over, both together, to within a step.

        Raises
        ------
        UsageError : when torch is not installed, or there is neither a time nor a number of steps.
        ReferencesError : when none of the references can be used.
        """
        budget = Budget(seconds, steps=self.steps, clock=self.clock)
        with _torch_threads():
            from benchmarks.methods.unet.training import train

            rng = np.random.default_rng(self.config.seed)
            pictures = read_references(references, rng, late=budget.is_late)
            self._trained = train(pictures, self.config, budget, rng)
        self.references_ = len(pictures)
        self.steps_, self.loss_, self.seconds_ = self._trained.steps, self._trained.loss, budget.spent()
        return self

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Colour a grey picture (H, W) uint8 of any size; its lightness stays."""
        check_grey(grey)
        lightness = lightness_of(grey)
        chroma, low = self.predict_low(lightness)
        if lightness.shape[0] < low.shape[0] or lightness.shape[1] < low.shape[1]:
            chroma, low = resize(chroma, lightness.shape), resize(low, lightness.shape)
        rgb = np.empty((*lightness.shape, 3), np.uint8)
        for rows, band in upsample_bands(chroma, low, lightness):
            rgb[rows] = lab_to_rgb(lightness[rows], band)
        return rgb

    def predict_low(self, lightness: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Chroma (h, w, 2) on the grid of the network's output, and the lightness (H, W) brought to the same grid.

        The picture is brought to featcolor's own working size, to whole pixels of the output.
        """
        if self._trained is None:
            raise ValueError("this U-Net is not trained; call fit first")
        with _torch_threads():
            from benchmarks.methods.unet.network import logits_of

            working = resize(lightness, _working_shape(lightness.shape))
            logits = logits_of(self._trained.network, working)
        grid = (logits.shape[0], logits.shape[1])
        chroma, _ = annealed_mean(
            logits.reshape(-1, logits.shape[2]), self._trained.cells, temperature=self.config.temperature
        )
        return chroma.reshape(*grid, 2), resize(working, grid)

    def fit_facts(self) -> dict[str, Any]:
        """Steps, references that were read in time, and the loss at the end."""
        return {"steps": self.steps_, "references": self.references_, "loss": round(self.loss_, 4)}

    def settings(self) -> dict[str, Any]:
        """Of the network, the training, and the reading."""
        return {**asdict(self.config), "steps": self.steps}


def _working_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """featcolor's working size in whole pixels of the output."""
    height, width = (OUTPUT_STRIDE * max(1, round(n / OUTPUT_STRIDE)) for n in working_size(shape, WORKING_SIZE))
    return height, width


@contextmanager
def _torch_threads() -> Iterator[None]:
    """Torch on every core that this process may use, within the block."""
    try:
        import torch
    except ImportError as error:
        raise UsageError(TORCH_MISSING) from error
    before = torch.get_num_threads()
    torch.set_num_threads(available_cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)
