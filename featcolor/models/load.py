"""Models from files, told apart by what is in them: fitted, an album of references, or a colour network."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import FeatcolorError, ModelFileError, NetworkError, UsageError
from featcolor.models.model_file import read_arrays

if TYPE_CHECKING:
    from featcolor.models.base import StillColorizer

ALBUM_SUFFIX: Final = ".album"
NETWORK_SUFFIX: Final = ".onnx"
LARGEST: Final = 1e12
"""Of the numbers in a model: products of larger ones overflow."""
DEFAULT_MODEL: Final = "default"
"""What people call the model that comes along, where no file is called so."""


def named_model(name: str | os.PathLike[str]) -> Path | None:
    """The file of a model that a person names; None for the default model."""
    return None if name == DEFAULT_MODEL and not Path(name).exists() else Path(name)


def is_network(model: Path) -> bool:
    """Whether a file is a colour network by itself: by its name, or as ONNX by its first bytes."""
    if model.suffix.lower() == NETWORK_SUFFIX:
        return True
    try:
        with model.open("rb") as file:
            start = file.read(9)
    except OSError:
        return False
    # The first field of ONNX is the version; our files begin with the length of a header in braces.
    return start.startswith(b"\x08") and not start.endswith(b"{")


def load(path: str | os.PathLike[str]) -> StillColorizer:
    """The model in a file of any kind.

    Parameters
    ----------
    path : what 'featcolor fit', 'featcolor pretrain' or `save` wrote; "default": the colour network that comes along

    Raises
    ------
    ModelFileError, NetworkError : in one line, for every file that is missing, damaged, newer or no model
    """
    return _load(named_model(path))


@dataclass(frozen=True)
class ColouringSettings:
    """What may be chosen at colouring time; None leaves it as the model has it. Saturation is a number or "auto"."""

    size: int | None = None
    refine: str | None = None
    temperature: float | None = None
    saturation: float | str | None = None
    warmth: float | None = None

    def chosen(self) -> dict[str, int | float | str]:
        """The settings that were chosen."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@lru_cache(maxsize=2)
def load_colorizer(model: Path | None, settings: ColouringSettings) -> StillColorizer:
    """The model in a file, None for the default one, with settings (UsageError out of range); read once a process."""
    colorizer = _load(model)
    try:
        return colorizer.with_options(**settings.chosen())
    except ValueError as error:
        raise UsageError(str(error)) from error


def _load(model: Path | None) -> StillColorizer:
    if model is None or is_network(model):
        from featcolor.models.pretrained import PretrainedColorizer

        return PretrainedColorizer() if model is None else PretrainedColorizer(model)
    document, arrays = read_arrays(model)
    header = document["colorizer"]
    if document["format_version"] == 1 and "experts" in header:
        header |= {"followed": 1.0}
    if "album" in header:
        from featcolor.models.album import AlbumColorizer

        build: Callable[..., StillColorizer] = AlbumColorizer.from_arrays
    else:
        from featcolor.models.colorizer import Colorizer

        build = Colorizer.from_arrays
    try:
        _check_values(arrays)
        _check_network(model, header)
        return build(header, arrays)
    except FeatcolorError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(
            f"{model}: the model's parts do not fit together ({type(error).__name__}: {error}); fit it anew"
        ) from error


def _check_values(arrays: Mapping[str, NDArray[Any]]) -> None:
    """ValueError unless all are numbers that can be reckoned with."""
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu" or not np.abs(array, dtype=np.float64).max(initial=0) <= LARGEST:
            raise ValueError(f"{name} holds what is no number, or an endless one")


def _check_network(model: Path, header: Mapping[str, Any]) -> None:
    """NetworkError where the model was fitted with the colour network that came with another featcolor."""
    from featcolor.models.network_errors import DEFAULT, network_errors
    from features.colournet import BUNDLED, ColourNetwork

    parts = header.get("stack", [header])
    fitted_with = {part["sha256"] for part in parts if part.get("network") == BUNDLED}
    if not fitted_with:
        return
    with network_errors("", DEFAULT):
        own = ColourNetwork().info.sha256
    if fitted_with != {own}:
        raise NetworkError(f"{model}: fitted with the colour network of another featcolor; fit it anew")
