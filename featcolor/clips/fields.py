"""Fields of woven frames: which comes first, read from each frame and put on each.

PyAV has no name for it, FFmpeg's filters have; and x264 has none for whole frames in a film of fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
from av.error import BlockingIOError

from featcolor.clips.frames import ClipInfo

TOP_FIRST, BOTTOM_FIRST, WHOLE = "tff", "bff", ""
"""FFmpeg's names of the orders of a frame's fields; of a frame that was taken at once."""

CONTAINER_ORDERS = {2: TOP_FIRST, 3: BOTTOM_FIRST, 4: BOTTOM_FIRST, 5: TOP_FIRST}
"""By FFmpeg's `AVFieldOrder`, by what is shown first: 4 is coded top first and shown bottom first."""

ORDER_CODES = {TOP_FIRST: 2, BOTTOM_FIRST: 3}
"""The other way."""

SAYING_CODECS = ("mpeg2video", "h264", "prores", "dvvideo", "vc1", "mpeg4", "hevc", "mpeg1video")
"""Codecs whose every frame says whether it is woven; of others the container may."""

PICTURE_TIMING = {TOP_FIRST: b"\0\0\1\x06\1\1\x32\x80", BOTTOM_FIRST: b"\0\0\1\x06\1\1\x42\x80"}
"""H.264's message of picture timing as x264 writes it: type 1, one byte, `pic_struct` 3 or 4 (ITU-T H.264, D.1.3)."""

WHOLE_TIMING = b"\0\0\1\x06\1\1\x04\x80"
"""The same with `pic_struct` 0, a progressive frame."""


def with_fields(info: ClipInfo, counts: Mapping[str, int]) -> ClipInfo:
    """A film's facts with what its frames say of their fields: how many there are of each order."""
    woven = {order: counts[order] for order in ORDER_CODES if counts.get(order)}
    if not woven:
        return replace(info, interlaced=False) if counts else info
    usual = max(woven, key=woven.__getitem__)
    return replace(info, interlaced=True, tags={**info.tags, "field_order": ORDER_CODES[usual]})


class FieldReader:
    """A reader of the order of fields in frames of one film.

    Parameters
    ----------
    codec : FFmpeg's name
    container_order : FFmpeg's field order of the film; 0 or 1 where it says nothing or progressive
    """

    def __init__(self, codec: str, container_order: int) -> None:
        self._silent = WHOLE if codec in SAYING_CODECS else CONTAINER_ORDERS.get(container_order, WHOLE)
        self._top_first: Any = None

    def of(self, picture: Any) -> str:
        """`TOP_FIRST`, `BOTTOM_FIRST` or `WHOLE`."""
        if not picture.interlaced_frame:
            return self._silent
        if self._top_first is None:
            self._top_first = filter_graph(
                ("select", r"eq(interlace_type\,TOPFIRST)"),
                width=picture.width,
                height=picture.height,
                format=picture.format.name,
                time_base=picture.time_base or Fraction(1, 1000),
            )
        self._top_first.push(picture)
        try:
            self._top_first.pull()
        except BlockingIOError:
            return BOTTOM_FIRST
        return TOP_FIRST


class FieldMarker:
    """A marker of frames of one kind by the order of their fields, as a codec keeps it.

    FFV1 keeps that of every frame. ProRes has no whole frames among woven ones: they are marked like the one before.
    x264 has one order in a film: frames of the other, and whole ones, are marked as whole.

    Parameters
    ----------
    width, height, format, time_base : of the frames
    codec : "h264", "prores" or "ffv1"
    usual : order of most of the woven frames
    """

    def __init__(
        self, width: int, height: int, format: str, time_base: Fraction, *, codec: str, usual: str = TOP_FIRST
    ) -> None:
        kind = {"width": width, "height": height, "format": format, "time_base": time_base}
        self._graphs = {order: filter_graph(("setfield", order), **kind) for order in ORDER_CODES}
        self._codec, self._usual, self._last = codec, usual, usual
        self._whole: set[int] = set()  # time stamps of whole frames that the encoder still holds

    def mark(self, picture: Any, order: str) -> Any:
        """The frame with its order on it."""
        if self._codec == "h264" and order != self._usual:
            self._whole.add(picture.pts)
            order = self._usual
        elif order == WHOLE:
            if self._codec == "ffv1":
                return picture
            order = self._last
        self._last = order
        self._graphs[order].push(picture)
        return self._graphs[order].pull()

    def mark_packet(self, packet: Any) -> Any:
        """The packet of a frame, its message of timing changed where the frame is whole."""
        if packet.pts in self._whole:
            self._whole.remove(packet.pts)
            packet.update(bytes(packet).replace(PICTURE_TIMING[self._usual], WHOLE_TIMING, 1))
        return packet


def filter_graph(step: tuple[str, str], **kind: Any) -> Any:
    """A graph of one of FFmpeg's filters, by its name and options, for frames of this kind."""
    graph: Any = av.filter.Graph()
    source = graph.add_buffer(**kind)
    source.link_to(made := graph.add(*step))
    made.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
