"""Types of option values that several commands share, with messages that say what is allowed."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

from featcolor.errors import UsageError

if TYPE_CHECKING:
    from featcolor.preparation.steps import Step

# The names in our tables, written out so that --help need not load what implements them; a test compares.
PRESET_NAMES = ("fast", "balanced", "best")
DEFAULT_PRESET = "balanced"
HEAD_NAMES = ("bins", "mean")
FILM_NAMES = ("none", "panchromatic", "orthochromatic", "blue-sensitive")
REFINER_NAMES = (
    "none",
    "joint_bilateral",
    "bilateral_grid",
    "guided",
    "domain_transform",
    "fast_global_smoother",
    "levin",
)

PREPARE_HELP = (
    "auto, or steps with commas between, in the order you name them: border (the frame of a scan stays grey), "
    "dust[:SENSITIVITY], scratches[:SENSITIVITY], denoise[:STRENGTH], contrast[:percentile or :clahe]"
)


def preparation(text: str | None) -> tuple[Step, ...]:
    """The steps that --prepare names, () where it was not given; UsageError for what there is not."""
    if text is None:
        return ()
    from featcolor.preparation.steps import parse_preparation

    try:
        return parse_preparation(text)
    except ValueError as error:
        raise UsageError(f"--prepare: {error}") from error


def whole_number(text: str) -> int:
    """A whole number from 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 is needed, got {text!r}")
    return number


def seed(text: str) -> int:
    """A whole number from 0 to 2**32 - 1, as NumPy's random states take it."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"a whole number from 0 to 4294967295 is needed, got {text!r}")
    return number


def not_negative(text: str) -> float:
    """A finite number from 0."""
    number = _number(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"a number from 0 is needed, got {text!r}")
    return number


def positive(text: str) -> float:
    """A finite number above 0."""
    number = _number(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0 is needed, got {text!r}")
    return number


def fraction(text: str) -> float:
    """A part of a whole: at least 0, below 1."""
    number = _number(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"a fraction from 0 up to (not including) 1 is needed, got {text!r}")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
