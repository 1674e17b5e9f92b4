"""The table of spatial refiners: chroma in, chroma out, lightness as guide."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, TypeAlias

from refine.bilateral_grid import bilateral_grid
from refine.domain_transform import domain_transform
from refine.fast_global_smoother import fast_global_smoother
from refine.guided import guided
from refine.interior import interior
from refine.joint_bilateral import joint_bilateral
from refine.levin import levin
from refine.planes import FloatArray, checked_planes

DEFAULT_REFINER = "bilateral_grid"

# The arrays and errors of every refiner are those of `refine`; it is linear in chroma, keeps constant chroma, changes
# none of its inputs and takes any size from 1×1.
Refiner: TypeAlias = Callable[..., FloatArray]


def unrefined(chroma: FloatArray, lightness: FloatArray, confidence: FloatArray | None = None) -> FloatArray:
    """Chroma as it came, (H, W, 2) float32, in an array of its own."""
    return checked_planes(chroma, lightness, confidence)[0].copy()


REFINERS: MappingProxyType[str, Refiner] = MappingProxyType(
    {
        "none": unrefined,
        "joint_bilateral": joint_bilateral,
        "bilateral_grid": bilateral_grid,
        "guided": guided,
        "domain_transform": domain_transform,
        "fast_global_smoother": fast_global_smoother,
        "levin": levin,
        "interior": interior,
    }
)

# Those that a prediction's own confidence is given to. A model is surest of grey, so weighing by its confidence takes
# colour away: measured, the other refiners are no better for it, and a little worse at equal colourfulness.
SEEDED = frozenset({"levin"})


def refine(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    method: str = DEFAULT_REFINER,
    **options: Any,
) -> FloatArray:
    """Filter chroma by the named refiner.

    Parameters
    ----------
    chroma : (H, W, 2) float32
        CIELAB a*, b*.
    lightness : (H, W) float32, 0..1
    confidence : (H, W) float32, 0..1, optional
        How much each pixel's chroma is to be believed.
    method : str
        A key of REFINERS.
    **options
        The refiner's own, see its docstring.

    Returns
    -------
    (H, W, 2) float32

    Raises
    ------
    ValueError
        Unknown method, shapes that do not fit, an option out of range.

    Examples
    --------
    >>> import numpy as np
    >>> refine(np.full((4, 5, 2), 7, np.float32), np.zeros((4, 5), np.float32)).shape
    (4, 5, 2)
    """
    if method not in REFINERS:
        raise ValueError(f"refiner must be one of {', '.join(REFINERS)}; got {method!r}")
    return REFINERS[method](chroma, lightness, confidence, **options)
