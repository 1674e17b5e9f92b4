"""Photoshop's format (.psd), by psd-tools: layers of 8 or 16 bits (Adobe, Photoshop File Formats Specification)."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psd_tools.constants import BlendMode, ChannelID, Clipping, ColorMode, Compression, Resource, Tag
from psd_tools.psd import PSD
from psd_tools.psd.header import FileHeader
from psd_tools.psd.image_data import ImageData
from psd_tools.psd.image_resources import ImageResource, ImageResources, ResoulutionInfo
from psd_tools.psd.layer_and_mask import (
    ChannelData,
    ChannelDataList,
    ChannelImageData,
    ChannelInfo,
    GlobalLayerMaskInfo,
    LayerAndMaskInformation,
    LayerFlags,
    LayerInfo,
    LayerRecord,
    LayerRecords,
)
from psd_tools.psd.tagged_blocks import TaggedBlocks

from featcolor.layers.stack import Layer, LayeredPicture
from featcolor.pictures.picture import Metadata

MAX_SIDE: Final = 30_000
"""Longest side of a PSD file, in pixels."""
_MODES: Final = {"normal": BlendMode.NORMAL, "luminosity": BlendMode.LUMINOSITY, "color": BlendMode.COLOR}
_PIXELS_AN_INCH, _INCHES = 1, 1  # units of resolution and of what it is shown in


def encode(layered: LayeredPicture) -> bytes:
    """The bytes of a PSD file; ValueError for a picture that is too large.

    Alpha is the lowest layer's; the others are clipped to it. In a 16-bit file the layers stand where Photoshop puts
    them, in a block of their own.
    """
    height, width = layered.flat.shape[:2]
    if max(height, width) > MAX_SIDE:
        raise ValueError(f"{width}x{height} pixels, but a PSD file holds {MAX_SIDE} a side; write .ora")
    planes = _planes(layered.flat, layered.alpha)
    depth = 8 * layered.flat.itemsize
    header = FileHeader(width=width, height=height, depth=depth, channels=len(planes), color_mode=ColorMode.RGB)
    merged = ImageData(Compression.RLE)
    merged.set_data(planes, header)
    stream = BytesIO()
    PSD(
        header=header,
        image_resources=_resources(layered.metadata),
        layer_and_mask_information=_layers(layered, header),
        image_data=merged,
    ).write(stream)
    return stream.getvalue()


def _layers(layered: LayeredPicture, header: FileHeader) -> LayerAndMaskInformation:
    pairs = [_layer(layer, layered.alpha, header, lowest=not at) for at, layer in enumerate(layered.layers)]
    count = len(pairs) if layered.alpha is None else -len(pairs)  # negative: the merged picture's fourth plane is alpha
    records, data = LayerRecords(), ChannelImageData()
    for record, channels in pairs:
        records.append(record)
        data.append(channels)
    if header.depth == 8:
        return LayerAndMaskInformation(LayerInfo(count, records, data), GlobalLayerMaskInfo())
    blocks = TaggedBlocks()
    blocks.set_data(Tag.LAYER_16, count, records, data)
    return LayerAndMaskInformation(LayerInfo(), GlobalLayerMaskInfo(), blocks)


def _layer(
    layer: Layer, alpha: NDArray[Any] | None, header: FileHeader, *, lowest: bool
) -> tuple[LayerRecord, ChannelDataList]:
    opacity = alpha if lowest else None
    if opacity is None:
        opacity = np.full(layer.pixels.shape[:2], np.iinfo(layer.pixels.dtype).max, layer.pixels.dtype)
    channels = ChannelDataList()
    infos = []
    identities = (ChannelID.CHANNEL_0, ChannelID.CHANNEL_1, ChannelID.CHANNEL_2, ChannelID.TRANSPARENCY_MASK)
    for identity, plane in zip(identities, _planes(layer.pixels, opacity), strict=True):
        data = ChannelData(Compression.RLE)
        data.set_data(plane, header.width, header.height, header.depth, header.version)
        infos.append(ChannelInfo(identity, len(data.data) + 2))
        channels.append(data)
    record = LayerRecord(
        bottom=header.height,
        right=header.width,
        channel_info=infos,
        blend_mode=_MODES[layer.mode],
        clipping=Clipping.BASE if lowest or alpha is None else Clipping.NON_BASE,
        flags=LayerFlags(visible=layer.visible),
        name=layer.title,
    )
    return record, channels


def _planes(pixels: NDArray[Any], alpha: NDArray[Any] | None) -> list[bytes]:
    """Red, green, blue and alpha, each by itself, most significant byte first."""
    planes = [*np.moveaxis(pixels, -1, 0), *([] if alpha is None else [alpha])]
    return [plane.astype(plane.dtype.newbyteorder(">")).tobytes() for plane in planes]


def _resources(metadata: Metadata) -> ImageResources:
    resources = ImageResources.new()
    for key, data in _resource_data(metadata):
        resources[key] = ImageResource(key=key, data=data)
    return resources


def _resource_data(metadata: Metadata) -> Iterable[tuple[Resource, Any]]:
    if metadata.icc is not None:
        yield Resource.ICC_PROFILE, metadata.icc
    if metadata.exif is not None:
        yield Resource.EXIF_DATA_1, metadata.exif
    if metadata.dpi is not None:
        across, down = (round(value * 2**16) for value in metadata.dpi)  # fixed point
        units = _PIXELS_AN_INCH, _INCHES
        yield Resource.RESOLUTION_INFO, ResoulutionInfo(across, *units, down, *units)
