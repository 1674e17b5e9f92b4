"""Links between the neighbouring frames of a shot, both ways: measured once, for all that asks for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featcolor.clips.frames import Closing
from featcolor.pictures.resize import resize
from featcolor.video.propagation.spooled import SpooledPlanes
from features.base import FloatArray
from refine.temporal import Link, flow_both, link_confidence


def link_both(before: FloatArray, here: FloatArray, *, method: str) -> tuple[Link, Link]:
    """Links of a frame (h, w) from the one before it, and the other way round."""
    forward, backward = flow_both(before, here, method=method)
    return (
        Link(forward, link_confidence(here, before, forward, backward)),
        Link(backward, link_confidence(before, here, backward, forward)),
    )


class LinkPairs(Closing):
    """Links both ways, by number, all of one shape (h, w): in memory while they are few.

    Parameters
    ----------
    count, folder : as of `SpooledPlanes`
    """

    def __init__(self, count: int, shape: tuple[int, int], *, folder: Path | None) -> None:
        self.shape = shape
        self._planes = SpooledPlanes(count, (2, 3 * shape[0] * shape[1]), folder=folder)

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self._planes)

    def __setitem__(self, index: int, links: tuple[Link, Link]) -> None:
        # Flow, then confidence, so that both are read without a copy.
        self._planes[index] = np.stack([np.concatenate([plane.ravel() for plane in link]) for link in links])

    def __getitem__(self, index: int) -> tuple[Link, Link]:
        split = 2 * self.shape[0] * self.shape[1]
        one, other = (
            Link(row[:split].reshape(*self.shape, 2), row[split:].reshape(self.shape)) for row in self._planes[index]
        )
        return one, other

    def close(self) -> None:
        self._planes.close()


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
        self.grid = grid
        self._full, self._coarse = (LinkPairs(count, each, folder=folder) for each in (shape, grid))

    def measure(self, index: int, before: FloatArray, here: FloatArray, *, method: str) -> None:
        """Find and keep the links of a frame, which is not the first."""
        forward, backward = self._full[index] = link_both(before, here, method=method)
        self._coarse[index] = self._coarser(forward), self._coarser(backward)

    def both(self, index: int) -> tuple[Link, Link]:
        """Links of a frame from the one before it, and the other way round."""
        return self._full[index]

    def coarse(self, index: int) -> tuple[Link, Link]:
        """The same on the grid, in its pixels."""
        return self._coarse[index]

    def close(self) -> None:
        self._full.close()
        self._coarse.close()

    def _coarser(self, link: Link) -> Link:
        (height, width), (rows, columns) = self._full.shape, self.grid
        scale = np.array([columns / width, rows / height], np.float32)
        return Link(resize(link.flow, self.grid) * scale, resize(link.confidence, self.grid))
