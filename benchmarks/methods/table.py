"""The methods that the benchmark knows by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from benchmarks.methods.base import Method
from benchmarks.methods.baselines import Constant, Grey
from benchmarks.methods.neighbours import Neighbours
from benchmarks.methods.ours import Default, Featcolor, WithReferences
from benchmarks.methods.superpixels import SuperpixelTransfer
from benchmarks.methods.unet.config import LONG_TRAINING
from benchmarks.methods.unet.method import UNet
from benchmarks.methods.welsh2002 import Welsh2002
from featcolor.errors import UsageError
from featcolor.models.config import PRESETS

BALANCED: Final = PRESETS["balanced"]

METHODS: Final[Mapping[str, Callable[[], Method]]] = MappingProxyType(
    {
        "grey": Grey,
        "constant": Constant,
        "welsh2002": Welsh2002,
        "superpixels": SuperpixelTransfer,
        "neighbours": Neighbours,
        "ridge": partial(Featcolor, replace(BALANCED, solver="ridge", head="mean"), title="ridge regression"),
        "featcolor-mean": partial(Featcolor, replace(BALANCED, head="mean"), title="featcolor, mean head"),
        **{f"featcolor-{name}": partial(Featcolor, PRESETS[name], title=f"featcolor {name}") for name in PRESETS},
        "default": Default,
        "refs": WithReferences,
        "unet": partial(UNet, title="U-Net, our time"),
        "unet-x10": partial(UNet, LONG_TRAINING, title="U-Net, 10 × our time"),
    }
)
"""What builds each method, without work, by its name on the command line, in the order that reports show."""


BUDGETS: Final[Mapping[str, float]] = MappingProxyType({"unet": 1.0, "unet-x10": 10.0})
"""Training time of the methods that take one, in units of our own fitting time."""


def build_method(name: str) -> Method:
    """The method of that name, not yet fitted; "refs-10" is the default model with an album of ten references.

    Raises UsageError: for an unknown name; it lists the choices.
    """
    if album := re.fullmatch(r"refs-([1-9]\d*)", name):
        return WithReferences(int(album[1]))
    if name not in METHODS:
        raise UsageError(f"unknown method {name!r}; the methods are {', '.join(METHODS)}, refs-10, refs-100 ...")
    return METHODS[name]()
