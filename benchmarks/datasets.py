"""Test pictures and how they are brought to the size that they are measured at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Protocol:
    """How pictures are brought to one size before anything is measured.

    Attributes
    ----------
    name : what reports call it.
    side : pictures become side x side; None leaves them as they are.
    crop : centre crop to the short side first.
    source : where the protocol is published.
    """

    name: str
    side: int | None
    crop: bool = False
    source: str = ""


@dataclass(frozen=True)
class TestPicture:
    """One picture to measure on.

    `name` is unique in its set, without suffix, and names the picture in every table; `grey` is the grey input where
    the set brings one, else the truth's lightness is.
    """

    __test__ = False  # no test for pytest

    name: str
    truth: Path
    grey: Path | None = None


@dataclass(frozen=True)
class DataSet:
    """Test pictures under one protocol, and the outputs of others that came with them.

    `outputs` maps a method's name to its pictures by test picture's name.
    """

    name: str
    layout: str
    protocol: Protocol
    pictures: tuple[TestPicture, ...]
    outputs: dict[str, dict[str, Path]]


@dataclass(frozen=True)
class Sample:
    """A test picture as it is measured: truth (H, W, 3) and grey (H, W), both uint8."""

    name: str
    truth: NDArray[np.uint8]
    grey: NDArray[np.uint8]
