"""An album that is fitted, as a file: what worker processes read. The same container as a model's, without code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from featcolor.errors import FeatcolorError, ModelFileError
from featcolor.modelfile import read_arrays, write_arrays

if TYPE_CHECKING:
    from featcolor.album import AlbumColorizer

ALBUM_SUFFIX: Final = ".album"


def is_album(model: Path) -> bool:
    """Whether a model's name says that it is an album."""
    return model.suffix == ALBUM_SUFFIX


def save_album(path: str | Path, colorizer: AlbumColorizer) -> None:
    """Write a fitted album; it names the network's file and hash, and does not hold it."""
    header, arrays = colorizer.to_arrays()
    write_arrays(path, header=header, arrays=arrays, card=colorizer.card())


def load_album(path: str | Path) -> AlbumColorizer:
    """Read an album back; ModelFileError, in one line, for every file that is none."""
    from featcolor.album import AlbumColorizer

    document, arrays = read_arrays(path)
    try:
        return AlbumColorizer.from_arrays(document["colorizer"], arrays)
    except FeatcolorError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(f"{path}: not a fitted album ({type(error).__name__}: {error})") from error
