"""Pictures, settings and shortcuts of the tests of pretraining."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.pictures import Pictures

TINY: dict[str, Any] = {"width": 12, "blocks": 1, "heads": 2, "hidden": 8, "side": 64, "batch": 2, "epochs": 1}
COUNT = 12


def photograph(seed: int, height: int = 96, width: int = 120) -> NDArray[np.uint8]:
    """Smooth random colours."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def ignore(*_: Any) -> None:
    """No progress."""


@lru_cache
def imagenet() -> dict[str, NDArray[Any]]:
    """The trunk's tensors, read once."""
    from featcolor.pretraining.lite0 import read_weights

    return read_weights()


def train(pictures: Pictures, *, steps: int = 0, clock: Callable[[], float] | None = None, **changes: Any) -> Any:
    """A training on all pictures, advanced by some steps."""
    import torch

    from featcolor.pretraining.network import Trunk
    from featcolor.pretraining.training import Training

    timed = {"seconds": 10.0, "clock": clock} if clock else {}
    trunk = Trunk(imagenet())
    numbers = np.arange(len(pictures))
    training = Training(pictures, numbers, trunk, PretrainConfig(**TINY | changes), torch.device("cpu"), **timed)
    if steps:
        training.advance(steps)
    return training


def pretrain(album: list[Path], output: Path, progress: Any = ignore, **changes: Any) -> dict[str, Any]:
    from featcolor.pretraining import session

    given = TINY | {"held_back": 2} | changes.pop("given", {})
    wish = {"given": given, "threads": 1, "temperature": 0.5, "saturation": 1.0} | changes
    return session.pretrain(album, session.Request(output=output, **wish), progress)


def checkpoint(output: Path) -> Any:
    from featcolor.pretraining.checkpoint import checkpoint_path, read_checkpoint

    return read_checkpoint(checkpoint_path(output))


def same_weights(first: Any, second: Any) -> bool:
    assert first.keys() == second.keys()
    return all(bool((first[name] == second[name]).all()) for name in first)
