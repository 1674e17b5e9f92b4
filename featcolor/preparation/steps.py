"""Steps that prepare an old picture before it is coloured, when asked: frame, dust, grain, contrast.

Without it a picture keeps its own lightness. With it the output has the prepared lightness, since that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray, bands, lab_to_rgb
from featcolor.preparation.border import inside_border
from featcolor.preparation.contrast import equalize_locally, restore, stretch
from featcolor.preparation.dust import remove_dust, remove_scratches
from featcolor.preparation.grain import denoise, denoise_grainy

Region = tuple[slice, slice]

BORDER: Final = "border"
AUTO: Final = "auto"
GRAINY: Final = "grainy"
CONTRASTS: Final = MappingProxyType({"percentile": stretch, "clahe": equalize_locally, "faded": restore})
"""Ways to raise the contrast by name; the first is meant where none is named."""


@dataclass(frozen=True)
class StepKind:
    """A row of the table of steps.

    `function` takes lightness (H, W), 0..1, and the value of the option, and gives lightness; `read` gives the value of
    an option's text, "" for its default, ValueError or KeyError for one that there is not; `allowed` says which are.
    """

    function: Callable[[FloatArray, Any], FloatArray]
    read: Callable[[str], Any]
    allowed: str


@dataclass(frozen=True)
class Step:
    """One step of a preparation: a name of `STEPS`, and an option, "" for its default."""

    name: str
    option: str = ""

    def __call__(self, lightness: FloatArray) -> FloatArray:
        kind = STEPS[self.name]
        return kind.function(lightness, kind.read(self.option))

    def __str__(self) -> str:
        return f"{self.name}:{self.option}" if self.option else self.name


def parse_preparation(text: str) -> tuple[Step, ...]:
    """The steps of a comma list, in its order; `auto` stands for `AUTO_STEPS`.

    >>> [str(step) for step in parse_preparation("dust, contrast:clahe")]
    ['dust', 'contrast:clahe']

    Raises
    ------
    ValueError
        For a step or an option that there is not; the message lists those that there are.
    """
    steps: list[Step] = []
    for word in text.split(","):
        name, _, option = (part.strip() for part in word.strip().partition(":"))
        if name == AUTO and not option:
            steps += AUTO_STEPS
            continue
        if name not in STEPS:
            raise ValueError(f"a step of preparation is one of {', '.join((*STEPS, AUTO))}, got {word.strip()!r}")
        try:
            STEPS[name].read(option)
        except (KeyError, ValueError):
            raise ValueError(f"{name} {STEPS[name].allowed}, got {option!r}") from None
        steps.append(Step(name, option))
    return tuple(steps)


def prepare(lightness: FloatArray, steps: Sequence[Step]) -> tuple[FloatArray, Region]:
    """Lightness (H, W), 0..1, after the steps in their order, and the (rows, columns) that they and colour belong in.

    With `border` among the steps, whatever its place, the frame of the scan is outside the region and stays as it is.
    """
    region = (slice(0, lightness.shape[0]), slice(0, lightness.shape[1]))
    if any(step.name == BORDER for step in steps):
        region = inside_border(lightness)
    prepared = np.ascontiguousarray(lightness[region])
    for step in steps:
        prepared = step(prepared)
    whole = lightness.copy()
    whole[region] = prepared
    return whole, region


def grey_picture(lightness: FloatArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The grey picture (H, W) of a lightness (H, W) in a picture's dtype; the inverse of `lightness_of`."""
    grey = np.empty(lightness.shape, dtype)
    for band in bands(len(lightness)):
        part = lightness[band]
        grey[band] = lab_to_rgb(part, np.zeros((*part.shape, 2), np.float32), dtype)[..., 0]
    return grey


def _amount(option: str) -> float:
    if not 0 < (amount := float(option or 1)) < inf:
        raise ValueError
    return amount


_AMOUNT = "takes a number above 0 (1 is as measured)"
STEPS: Final = MappingProxyType(
    {
        BORDER: StepKind(lambda lightness, _: lightness, {"": None}.__getitem__, "takes no option"),
        "dust": StepKind(remove_dust, _amount, _AMOUNT),
        "scratches": StepKind(remove_scratches, _amount, _AMOUNT),
        "denoise": StepKind(
            lambda lightness, amount: denoise_grainy(lightness) if amount is None else denoise(lightness, amount),
            lambda option: None if option == GRAINY else _amount(option),
            f"{_AMOUNT}, or {GRAINY}",
        ),
        "contrast": StepKind(
            lambda lightness, method: method(lightness),
            lambda option: CONTRASTS[option or next(iter(CONTRASTS))],
            f"is one of {', '.join(CONTRASTS)}",
        ),
    }
)
"""Steps by name, in the order in which they serve best: what a stretch has enlarged is harder to take out."""
AUTO_STEPS: Final = (Step(BORDER), Step("dust"), Step("denoise", GRAINY), Step("contrast", "faded"))
"""What `auto` stands for. Each step measures first: a clean picture of full range stays nearly as it is."""
