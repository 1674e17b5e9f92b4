"""Models from and to files, whatever their kind: fitted, an album, or a colour network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from featcolor.errors import FeatcolorError, ModelFileError, UsageError
from featcolor.models.model_file import read_arrays, write_arrays

if TYPE_CHECKING:
    from featcolor.models.album import AlbumColorizer
    from featcolor.models.base import StillColorizer
    from featcolor.models.colorizer import Colorizer

ALBUM_SUFFIX: Final = ".album"
NETWORK_SUFFIX: Final = ".onnx"
DEFAULT_MODEL: Final = "default"
"""What people call the model that comes along, where no file is called so."""


def named_model(name: str) -> Path | None:
    """The file of a model that a person names; None for the default model."""
    return None if name == DEFAULT_MODEL and not Path(name).exists() else Path(name)


def is_album(model: Path) -> bool:
    """Whether a model's name says that it is an album."""
    return model.suffix == ALBUM_SUFFIX


def save_album(path: str | Path, colorizer: AlbumColorizer) -> None:
    """Write a fitted album; it names the network's file and hash, and does not hold it."""
    header, arrays = colorizer.to_arrays()
    write_arrays(path, header=header, arrays=arrays, card=colorizer.card())


def load_album(path: str | Path) -> AlbumColorizer:
    """Read an album back; ModelFileError, in one line, for every file that is none."""
    from featcolor.models.album import AlbumColorizer

    document, arrays = read_arrays(path)
    try:
        return AlbumColorizer.from_arrays(document["colorizer"], arrays)
    except FeatcolorError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(f"{path}: not a fitted album ({type(error).__name__}: {error})") from error


def save_model(path: str | Path, colorizer: Colorizer) -> None:
    """Write a fitted Colorizer to one file, beside its place and then renamed, so that no half file is ever seen."""
    header, arrays = colorizer.to_arrays()
    write_arrays(path, header=header, arrays=arrays, card=colorizer.card())


def load_model(path: str | Path) -> Colorizer:
    """Read a Colorizer back; raises ModelFileError, in one line, for every file that is not one."""
    from featcolor.models.colorizer import Colorizer

    document, arrays = read_arrays(path)
    try:
        return Colorizer.from_arrays(document["colorizer"], arrays)
    except FeatcolorError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(
            f"{path}: the model's parts do not fit together ({type(error).__name__}: {error}); fit it anew"
        ) from error


@dataclass(frozen=True)
class ColouringSettings:
    """What may be chosen at colouring time; None leaves it as the model has it."""

    size: int | None = None
    refine: str | None = None
    temperature: float | None = None
    saturation: float | None = None

    def chosen(self) -> dict[str, int | float | str]:
        """The settings that were chosen."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@lru_cache(maxsize=2)
def load_colorizer(model: Path | None, settings: ColouringSettings) -> StillColorizer:
    """The model with the settings applied; the same file is read once a process.

    Parameters
    ----------
    model : a file of 'featcolor fit', a colour network (NETWORK_SUFFIX), or None: the colour network that comes with
        the package
    settings : what is chosen at colouring time

    Raises
    ------
    ModelFileError, NetworkError
        When the file is missing, damaged or no model.
    UsageError
        When a setting is out of range.
    """
    colorizer = _load(model)
    try:
        return colorizer.with_options(**settings.chosen())
    except ValueError as error:
        raise UsageError(str(error)) from error


def _load(model: Path | None) -> StillColorizer:
    if model is not None and is_album(model):
        return load_album(model)
    if model is not None and not is_network(model):
        return load_model(model)
    from featcolor.models.pretrained import PretrainedColorizer

    return PretrainedColorizer() if model is None else PretrainedColorizer(model)


def is_network(model: Path) -> bool:
    """Whether a model's name says that it is a colour network by itself."""
    return model.suffix.lower() == NETWORK_SUFFIX
