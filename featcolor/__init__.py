"""Colour for black-and-white photographs and film, learned from reference pictures.

What is listed here is loaded when it is first used, so that `import featcolor` costs nothing (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from featcolor.errors import FeatcolorError, unknown

if TYPE_CHECKING:
    from featcolor.facade import colorize
    from featcolor.hints.hint import Hint, Hints
    from featcolor.hints.picture import HintablePicture
    from featcolor.models.album import AlbumColorizer
    from featcolor.models.colorizer import Colorizer
    from featcolor.models.load import load
    from featcolor.pictures.io import read_picture, write_picture
    from featcolor.video.colorize import colorize_video

__all__ = [
    "AlbumColorizer",
    "Colorizer",
    "FeatcolorError",
    "Hint",
    "HintablePicture",
    "Hints",
    "colorize",
    "colorize_video",
    "load",
    "read_picture",
    "write_picture",
]

_MODULES = {
    "AlbumColorizer": "featcolor.models.album",
    "Colorizer": "featcolor.models.colorizer",
    "Hint": "featcolor.hints.hint",
    "HintablePicture": "featcolor.hints.picture",
    "Hints": "featcolor.hints.hint",
    "colorize": "featcolor.facade",
    "colorize_video": "featcolor.video.colorize",
    "load": "featcolor.models.load",
    "read_picture": "featcolor.pictures.io",
    "write_picture": "featcolor.pictures.io",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return globals().setdefault(name, getattr(import_module(_MODULES[name]), name))
    if name.startswith("_"):
        raise AttributeError(name)
    raise AttributeError(f"featcolor: {unknown('name', name, __all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
