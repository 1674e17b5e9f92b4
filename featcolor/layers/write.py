"""Layered files, whole or not at all; which kind, the name says."""

from __future__ import annotations

from pathlib import Path

from featcolor.errors import PictureError
from featcolor.files import replacing
from featcolor.layers import openraster
from featcolor.layers.formats import refuse_missing
from featcolor.layers.stack import LayeredPicture


def encode_layers(layered: LayeredPicture, path: Path) -> bytes:
    """The bytes of a layered file of this name.

    UsageError when psd-tools is needed and missing; PictureError when the format cannot hold the picture.
    """
    if path.suffix.lower() == ".ora":
        return openraster.encode(layered)
    refuse_missing([path])
    from featcolor.layers import photoshop

    try:
        return photoshop.encode(layered)
    except ValueError as error:
        raise PictureError(f"{path}: {error}") from None


def write_layers(path: Path, layered: LayeredPicture) -> None:
    """A layered file written beside its place and then renamed."""
    content = encode_layers(layered, path)
    try:
        with replacing(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise PictureError(f"{path}: cannot be written ({error.strerror or error}); is there room, may you?") from error
