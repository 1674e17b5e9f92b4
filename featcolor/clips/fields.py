"""Order of the fields in woven frames, put on each frame: encoders go by it, and PyAV has no name for it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

BOTTOM_FIRST = (3, 4)
"""FFmpeg's field orders whose lower field is shown first."""


class FieldOrder:
    """FFmpeg's filter `setfield` for frames of one kind.

    Parameters
    ----------
    width, height, format, time_base : of the frames
    order : FFmpeg's field order of a film; an unknown one is taken for top first
    """

    def __init__(self, width: int, height: int, format: str, time_base: Fraction, order: int) -> None:
        self.first = "bff" if order in BOTTOM_FIRST else "tff"
        graph: Any = av.filter.Graph()
        source = graph.add_buffer(width=width, height=height, format=format, time_base=time_base)
        source.link_to(mark := graph.add("setfield", self.first))
        mark.link_to(graph.add("buffersink"))
        graph.configure()
        self._graph = graph

    def mark(self, picture: Any) -> Any:
        """A frame with the order on it."""
        self._graph.push(picture)
        return self._graph.pull()
