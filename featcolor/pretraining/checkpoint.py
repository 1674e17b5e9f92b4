"""Checkpoints of a training: one file beside the network, from which it goes on or another one starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from featcolor.errors import ModelFileError
from featcolor.files import beside, replacing
from featcolor.pretraining.config import PretrainConfig
from features.base import FloatArray

SUFFIX: Final = ".checkpoint.pt"
FORMAT: Final = "featcolor-pretraining-1"
"""Also told in the file; another number is another layout."""
AVERAGED: Final = "module."
"""Before the names of the averaged network's weights."""


@dataclass(frozen=True)
class Checkpoint:
    """A training at one step.

    Attributes
    ----------
    config : settings.
    cells : (n_cells, 2) float32.
    pictures : one hash of all pictures and their names.
    held_back : of each picture kept back its hash, `featcolor.pretraining.pictures.Pictures.prints`.
    seconds : time that the training gets, None for `config.epochs`.
    finished : whether nothing is left to do.
    history : what led here: for each training before this one, its settings and steps.
    state : `featcolor.pretraining.training.Training.state`.
    """

    config: PretrainConfig
    cells: FloatArray
    pictures: str
    held_back: tuple[str, ...]
    seconds: float | None
    finished: bool
    history: tuple[dict[str, Any], ...]
    state: Mapping[str, Any]

    @property
    def weights(self) -> dict[str, Any]:
        """Weights of the averaged network, by name."""
        averaged = self.state["averaged"]
        return {key.removeprefix(AVERAGED): value for key, value in averaged.items() if key.startswith(AVERAGED)}


def checkpoint_path(output: Path) -> Path:
    """Place of the checkpoint of a network's training."""
    return beside(output, SUFFIX)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """A checkpoint's file, whole or not at all."""
    content = {
        **{name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__},
        "format": FORMAT,
        "config": asdict(checkpoint.config),
        "cells": torch.from_numpy(np.array(checkpoint.cells)),
        "held_back": list(checkpoint.held_back),
        "history": list(checkpoint.history),
    }
    with replacing(path) as part:
        torch.save(content, part)


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint from its file; nothing in it is run. ModelFileError when it is missing, damaged or none of ours."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelFileError(f"{path}: the checkpoint cannot be read ({error.strerror or error})") from error
    except Exception as error:  # torch raises what its zip reader and its unpickler do: no common base
        raise ModelFileError(f"{path}: damaged, or no checkpoint of featcolor pretrain") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise ModelFileError(f"{path}: no checkpoint of this version of featcolor pretrain")
    try:
        return Checkpoint(
            **{
                **content,
                "config": PretrainConfig.from_dict(content["config"]),
                "cells": content["cells"].numpy(),
                "held_back": tuple(content["held_back"]),
                "history": tuple(content["history"]),
            }
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: damaged checkpoint ({error})") from error
