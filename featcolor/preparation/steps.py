"""What may be done to an old picture before it is coloured, when asked: frame, dust, grain, contrast.

Without it a picture keeps its own lightness. With it the output has the prepared lightness, since that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray, bands, lab_to_rgb
from featcolor.preparation.border import inside_border
from featcolor.preparation.contrast import equalize_locally, stretch
from featcolor.preparation.dust import remove_dust, remove_scratches
from featcolor.preparation.grain import denoise

if TYPE_CHECKING:
    pass

Region = tuple[slice, slice]

BORDER: Final = "border"
AUTO: Final = "auto"
CONTRASTS: Final = MappingProxyType({"percentile": stretch, "clahe": equalize_locally})
"""Ways to raise the contrast by name; the first is meant where none is named."""


@dataclass(frozen=True)
class StepKind:
    """A row of the table of steps.

    Attributes
    ----------
    function : callable
        (lightness (H, W) float32 0..1, option) to the same shape and range; "" is the default option.
    check : callable
        Raises ValueError, saying what is allowed, for an option that the step does not have.
    help : str
    """

    function: Callable[[FloatArray, str], FloatArray]
    check: Callable[[str], None]
    help: str


@dataclass(frozen=True)
class Step:
    """One step of a preparation: a name of `STEPS`, and an option, "" for its default."""

    name: str
    option: str = ""

    def __call__(self, lightness: FloatArray) -> FloatArray:
        return STEPS[self.name].function(lightness, self.option)

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
        STEPS[name].check(option)
        steps.append(Step(name, option))
    return tuple(steps)


def prepare(lightness: FloatArray, steps: Sequence[Step]) -> tuple[FloatArray, Region]:
    """Lightness after the steps, in their order, and the region that they were applied to and colour belongs in.

    With `border` among the steps, whatever its place, the frame of the scan is outside the region and stays as it is.

    Parameters
    ----------
    lightness : (H, W) float32, 0..1

    Returns
    -------
    (H, W) float32, 0..1, and (rows, columns)
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


def _contrast(lightness: FloatArray, option: str) -> FloatArray:
    return CONTRASTS[option or next(iter(CONTRASTS))](lightness)


def _check_contrast(option: str) -> None:
    if option and option not in CONTRASTS:
        raise ValueError(f"contrast is one of {', '.join(CONTRASTS)}, got {option!r}")


def _check_number(name: str) -> Callable[[str], None]:
    def check(option: str) -> None:
        try:
            number = float(option or 1)
        except ValueError:
            number = 0.0
        if not (isfinite(number) and number > 0):
            raise ValueError(f"{name} takes a number above 0 (1 is as measured), got {option!r}")

    return check


def _check_border(option: str) -> None:
    if option:
        raise ValueError(f"border takes no option, got {option!r}")


STEPS: Final = MappingProxyType(
    {
        BORDER: StepKind(
            lambda lightness, _: lightness, _check_border, "colour only what is inside the frame of the scan"
        ),
        "dust": StepKind(
            lambda lightness, option: remove_dust(lightness, sensitivity=float(option or 1)),
            _check_number("dust"),
            "paint over specks; dust:2 finds fainter ones",
        ),
        "scratches": StepKind(
            lambda lightness, option: remove_scratches(lightness, sensitivity=float(option or 1)),
            _check_number("scratches"),
            "paint over thin upright lines; not part of auto, since joints of a wall are some too",
        ),
        "denoise": StepKind(
            lambda lightness, option: denoise(lightness, strength=float(option or 1)),
            _check_number("denoise"),
            "weaken the grain; denoise:0.5 by half, denoise:2 more than was measured",
        ),
        "contrast": StepKind(
            _contrast, _check_contrast, "stretch faded tones to the full range; contrast:clahe place by place as well"
        ),
    }
)
"""Steps by name, in the order in which they serve best: what a stretch has enlarged is harder to take out."""

AUTO_STEPS: Final = tuple(Step(name) for name in STEPS if name != "scratches")
"""What `auto` stands for. Each step measures first: a clean picture of full range stays nearly as it is."""
