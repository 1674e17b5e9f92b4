"""Links between the neighbouring frames of a shot, both ways: measured once, for all that asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from featcolor.clips.frames import Closing
from featcolor.pictures.resize import resize
from featcolor.video.spooled import SpooledPlanes
from features.base import FloatArray
from refine.temporal import Link, flow_both, link_confidence


def link_both(before: FloatArray, here: FloatArray, *, method: str) -> tuple[Link, Link]:
    """Links of a frame (h, w) from the one before it, and the other way round."""
    forward, backward = flow_both(before, here, method=method)
    return (
        Link(forward, link_confidence(here, before, forward, backward)),
        Link(backward, link_confidence(before, here, backward, forward)),
    )


class ShotLinks(Closing):
    """Links of each frame of a shot from the one before it, and the other way round.

    Parameters
    ----------
    count : frames of the shot
    shape : (h, w) of its working frame
    grid : (h', w') of a coarser one that the links are kept on as well
    folder : for large temporary files
    """

    def __init__(self, count: int, shape: tuple[int, int], grid: tuple[int, int], *, folder: Path | None) -> None:
        self.shape, self.grid = shape, grid
        self._full, self._coarse = (
            SpooledPlanes(count, (2, 3 * height * width), folder=folder) for height, width in (shape, grid)
        )

    def __len__(self) -> int:
        """Number of frames."""
        return len(self._full)

    def measure(self, index: int, before: FloatArray, here: FloatArray, *, method: str) -> None:
        """Find and keep the links of a frame, which is not the first."""
        links = link_both(before, here, method=method)
        self._full[index] = _packed(links)
        (height, width), (rows, columns) = self.shape, self.grid
        scale = np.array([columns / width, rows / height], np.float32)
        self._coarse[index] = _packed([Link(*(resize(each, self.grid) for each in link)) for link in links], scale)

    def both(self, index: int) -> tuple[Link, Link]:
        """Links of a frame from the one before it, and the other way round."""
        return _unpacked(self._full[index], self.shape)

    def coarse(self, index: int) -> tuple[Link, Link]:
        """The same on the grid, in its pixels."""
        return _unpacked(self._coarse[index], self.grid)

    def close(self) -> None:
        self._full.close()
        self._coarse.close()


def _packed(links: Sequence[Link], scale: FloatArray | float = 1.0) -> FloatArray:
    """Links as rows: flow, then confidence, so that both are read without a copy."""
    return np.stack([np.concatenate([(link.flow * scale).ravel(), link.confidence.ravel()]) for link in links])


def _unpacked(rows: FloatArray, shape: tuple[int, int]) -> tuple[Link, Link]:
    split = 2 * shape[0] * shape[1]
    forward, backward = (Link(row[:split].reshape(*shape, 2), row[split:].reshape(shape)) for row in rows)
    return forward, backward
