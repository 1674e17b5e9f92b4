"""OpenRaster (.ora): a zip archive of PNG layers and their order (openraster.org, version 0.0.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any, Final
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from featcolor.layers.stack import Layer, LayeredPicture
from featcolor.pictures.io import encode_picture
from featcolor.pictures.picture import Metadata, Picture, as_depth
from featcolor.pictures.resize import shrink

MIMETYPE: Final = b"image/openraster"
THUMBNAIL_SIDE: Final = 256
"""Longest side of the thumbnail that the specification allows, in pixels."""
_OPERATIONS: Final = {
    "normal": "svg:src-over",
    "luminosity": "svg:luminosity",
    "color": "svg:color",
    "cut": "svg:dst-in",
}


def encode(layered: LayeredPicture) -> bytes:
    """The bytes of an OpenRaster file: profile and resolution in every PNG, EXIF in the merged picture.

    The layers are opaque. Alpha is a layer of its own that cuts the picture out of what is below it: opaque layers over
    one with soft edges would fill them.
    """
    layers = [layer for layer in layered.layers if layer.visible]
    if layered.alpha is not None:
        layers.append(Layer("Cut-out", "what shows", np.zeros_like(layered.flat), "cut"))
    layers += [layer for layer in layered.layers if not layer.visible]
    parts = {"stack.xml": _stack(layers, layered)}
    for layer in layers:
        alpha = layered.alpha if layer.mode == "cut" else None
        parts[_path(layer)] = _png(layer.pixels, alpha, replace(layered.metadata, exif=None))
    small = None if layered.alpha is None else _thumbnail(layered.alpha)
    parts["mergedimage.png"] = _png(layered.flat, layered.alpha, layered.metadata)
    parts["Thumbnails/thumbnail.png"] = _png(_thumbnail(layered.flat), small, Metadata("PNG"))
    return _archive(parts)


def _stack(layers: Iterable[Layer], layered: LayeredPicture) -> bytes:
    """stack.xml; the topmost layer comes first in it."""
    height, width = layered.flat.shape[:2]
    image = ElementTree.Element("image", version="0.0.5", w=str(width), h=str(height))
    if layered.metadata.dpi is not None:
        across, down = layered.metadata.dpi
        image.attrib |= {"xres": str(round(across)), "yres": str(round(down))}
    stack = ElementTree.SubElement(image, "stack")
    for layer in layers:
        attributes = {
            "name": layer.title,
            "src": _path(layer),
            "x": "0",
            "y": "0",
            "opacity": "1.0",
            "visibility": "visible" if layer.visible else "hidden",
            "composite-op": _OPERATIONS[layer.mode],
        }
        stack.insert(0, ElementTree.Element("layer", attributes))
    return bytes(ElementTree.tostring(image, "UTF-8", xml_declaration=True))


def _path(layer: Layer) -> str:
    return f"data/{layer.name.lower()}.png"


def _thumbnail(plane: NDArray[Any]) -> NDArray[Any]:
    return as_depth(shrink(plane, THUMBNAIL_SIDE), np.uint8)


def _png(pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: Metadata) -> bytes:
    return encode_picture(pixels, format="PNG", like=Picture(pixels, alpha, metadata))


def _archive(parts: Mapping[str, bytes]) -> bytes:
    """The zip archive: its type first and stored, so that it stands at a fixed place; no date, for the same bytes."""
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr(ZipInfo("mimetype"), MIMETYPE, ZIP_STORED)
        for path, content in parts.items():
            archive.writestr(ZipInfo(path), content, ZIP_STORED if path.endswith(".png") else ZIP_DEFLATED)
    return stream.getvalue()
