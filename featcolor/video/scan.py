"""First pass over a film: its shots, time stamps and damage, and a thumbnail of every frame."""

from __future__ import annotations

import tempfile
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, ClipReader, Closing, Codes
from featcolor.clips.ycbcr import lightness_from_luma
from featcolor.errors import UsageError
from featcolor.pictures.resize import resize
from features.base import FloatArray
from refine.shots import Shot, ShotDetector, thumbnail
from refine.transitions import Shares, transition_shares

SCANNING: Final = "finding shots"

IN_MEMORY: Final = 32 * 2**20
"""Bytes of thumbnails, about 14,000 frames, above which they go to a file."""

SCAN_WIDTH: Final = 320
"""Longer side at which a frame is looked at: sharpness needs more than a thumbnail, and less than the frame."""


class Thumbnails(Closing):
    """Small lightness pictures, one a frame, in the order they were added; kept in 8 bits, a large lot in a file.

    `thumbnails[i]` is (h, w) float32, 0..1. The file has no name, so that nothing stays behind.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=None if folder is None else str(folder))  # noqa: SIM115 - closed by close()
        self._count = 0
        self._shape: tuple[int, int] | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of each; (0, 0) while there is none."""
        return self._shape or (0, 0)

    def append(self, picture: FloatArray) -> None:
        """Keep one more, (h, w), 0..1; all must have one shape."""
        if self._shape is None:
            self._shape = picture.shape[0], picture.shape[1]
        if picture.shape != self._shape:
            raise ValueError(f"a thumbnail is {picture.shape}, those before are {self._shape}")
        self._file.seek(0, 2)
        self._file.write(np.rint(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8).tobytes())
        self._count += 1

    def block(self, first: int, end: int) -> FloatArray:
        """Thumbnails `first` up to, not including, `end`: (n, h, w)."""
        if not 0 <= first <= end <= self._count:
            raise IndexError(f"thumbnails {first} to {end} of {self._count}")
        height, width = self.shape
        self._file.seek(first * height * width)
        codes = np.frombuffer(self._file.read((end - first) * height * width), np.uint8)
        return codes.reshape(end - first, height, width).astype(np.float32) / np.float32(255.0)

    def __getitem__(self, index: int) -> FloatArray:
        return np.asarray(self.block(index, index + 1)[0])

    def close(self) -> None:
        self._file.close()
        self._count = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class ClipScan(Closing):
    """Facts of every frame of a film, or of a part of it. Close it, or use it as a context manager.

    Frames are known by their number in the whole file; entry i of every table is frame `first + i`.

    Attributes
    ----------
    first : number of the first frame of the part; 0 for a whole film.
    n_frames : frames in the part, at least 1.
    shots : cover the part without gaps; `first` and `last` of each are frame numbers.
    thumbnails : lightness of every frame, about 64 pixels wide.
    pts : (n_frames,) time stamps in units of the clip's time base.
    checks : (n_frames,) of the luma of every frame, as `frame_check` gives them.
    sharpness : (n_frames,) float32: fine detail as a share of the picture's contrast; comparable within a shot.
    damaged : numbers of the frames that the decoder could not restore.
    fields : frames of each order of fields ("tff", "bff", or "" of whole frames).
    """

    first: int
    n_frames: int
    shots: tuple[Shot, ...]
    thumbnails: Thumbnails
    pts: NDArray[np.int64]
    checks: NDArray[np.uint32]
    sharpness: FloatArray
    damaged: tuple[int, ...] = ()
    fields: Mapping[str, int] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return self.first + self.n_frames - 1

    def close(self) -> None:
        self.thumbnails.close()

    def shares(self) -> dict[int, Shares]:
        """Shares of the frames that show two shots, or one that fades, by their numbers."""
        return transition_shares(self.shots, lambda number: self.thumbnails[number - self.first])

    def cropped(self, first: int, last: int) -> ClipScan:
        """The same of these frames only; this one is closed."""
        low, end = first - self.first, last + 1 - self.first
        thumbnails = Thumbnails()
        for index in range(low, end):
            thumbnails.append(self.thumbnails[index])
        inside = [shot for shot in self.shots if shot.last >= first and shot.first <= last]
        shots = [shot._replace(first=max(shot.first, first), last=min(shot.last, last)) for shot in inside]
        self.close()
        return replace(
            self,
            first=first,
            n_frames=end - low,
            shots=(shots[0]._replace(kind="start"), *shots[1:]),
            thumbnails=thumbnails,
            pts=self.pts[low:end],
            checks=self.checks[low:end],
            sharpness=self.sharpness[low:end],
            damaged=tuple(frame for frame in self.damaged if first <= frame <= last),
        )


def scan_clip(
    reader: ClipReader, *, folder: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> ClipScan:
    """The scan of a film; memory does not grow with its length, but for 21 bytes a frame.

    Parameters
    ----------
    reader : of a film, or of a part of it (`featcolor.clips.trim.TrimmedReader`); read to its end
    folder : for the file of a long film's thumbnails
    progress : called with (number of frames up to the one just read, frames as far as known)

    Raises
    ------
    UsageError : the film has no frames.
    """
    info = reader.info
    detector = ShotDetector()
    thumbnails = Thumbnails(folder)
    pts, checks, sharpness = array("q"), array("I"), array("f")
    damaged: list[int] = []
    first = 0
    fields: Counter[str] = Counter()
    try:
        for frame in reader:
            first = first if pts else frame.index
            lightness = small_lightness(frame.luma, info)
            small = thumbnail(lightness)
            detector.push(small)
            thumbnails.append(small)
            pts.append(frame.pts)
            checks.append(frame_check(frame.luma))
            sharpness.append(_sharpness(lightness))
            fields[frame.fields] += 1
            if frame.damaged:
                damaged.append(frame.index)
            if progress is not None:
                progress(frame.index + 1, max(frame.index + 1, info.n_frames or 0))
        if not pts:
            raise UsageError(f"{info.name}: no frame in it can be decoded; is it a film?")
    except BaseException:
        thumbnails.close()
        raise
    return ClipScan(
        first=first,
        n_frames=len(pts),
        shots=tuple(shot._replace(first=shot.first + first, last=shot.last + first) for shot in detector.finish()),
        thumbnails=thumbnails,
        pts=np.array(pts, np.int64),
        checks=np.array(checks, np.uint32),
        sharpness=np.array(sharpness, np.float32),
        damaged=tuple(damaged),
        fields=fields,
    )


def frame_check(luma: Codes) -> int:
    """A number by which a frame's luma plane is known again (CRC-32)."""
    return zlib.crc32(np.ascontiguousarray(luma).data)


def small_lightness(luma: Codes, info: ClipInfo) -> FloatArray:
    """L* (h, w) float32, 0..1, of a luma plane, its longer side at most `SCAN_WIDTH`.

    The codes are averaged, not their L*: they are within a few units of proportional to it, which is faster.
    """
    height, width = luma.shape
    scale = SCAN_WIDTH / max(height, width)
    if scale < 1.0:
        luma = resize(luma, (max(1, round(height * scale)), max(1, round(width * scale))))
    return lightness_from_luma(luma, info)


def _sharpness(lightness: FloatArray) -> float:
    """Mean size of the Laplacian over the standard deviation; 0 for an even picture."""
    spread = float(lightness.std())
    if spread < 1e-3:
        return 0.0
    return float(np.abs(cv2.Laplacian(lightness, cv2.CV_32F)).mean()) / spread
