"""The small grey copy of a film that pages can play: written while the film is read, and sought in by frame number."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Final

import numpy as np

from featcolor.clips.frames import ClipInfo, ClipReader, Codes, Frame
from featcolor.clips.output.writer import FALLBACK_RATE, VideoFileWriter
from featcolor.clips.reader import VideoFileReader
from featcolor.clips.ycbcr import luma_from_codes, luma_to_codes
from featcolor.errors import ClipError
from featcolor.pictures.resize import resize

SHORT_SIDE: Final = 480
LONG_SIDE: Final = 1280
"""Pixels of the proxy at most: some more than films are coloured at, and little to send."""
LEAST_SIDE: Final = 16
"""Pixels that every decoder takes."""
SEEK_STEP: Final = 12
CRF: Final = 23
MOST_RATE: Final = 120
"""Frames a second above which what a film says of its rate is not believed."""
LARGEST_TERM: Final = 1001


class ProxyReader(ClipReader):
    """A reader of a film that writes each frame to the proxy as it passes.

    Parameters
    ----------
    reader : of the whole film
    path : of the proxy, which is there when all frames were read, and not before
    """

    def __init__(self, reader: ClipReader, path: Path) -> None:
        self._reader, self._path = reader, path
        self.info, self.stems, self.problems = reader.info, reader.stems, reader.problems
        self.proxy_info = proxy_info(reader.info)

    def __iter__(self) -> Iterator[Frame]:
        info = self.proxy_info
        with VideoFileWriter(
            self._path, info, source=None, codec="h264", crf=CRF, seek_step=SEEK_STEP, overwrite=True
        ) as writer:
            neutral = np.full(writer.chroma_shape, 128, np.uint8)
            for frame in self._reader:
                small = Frame(index=frame.index, luma=self._small(frame.luma), pts=frame.index, duration=1)
                writer.write(small, neutral, neutral)
                yield frame

    def close(self) -> None:
        self._reader.close()

    def _small(self, luma: Codes) -> Codes:
        small = resize(luma, self.proxy_info.shape)
        if self.info.bits == 8 and not self.info.full_range:
            return small
        return luma_to_codes(luma_from_codes(small, self.info), self.proxy_info)


def proxy_info(film: ClipInfo) -> ClipInfo:
    """Facts of the proxy of a film: 8 bits, even sides, frames at even steps.

    Its matrix is that of a page's grey filter, so that the filter over a coloured frame shows the grey one.
    """
    short, long = sorted(film.shape)
    scale = min(1.0, SHORT_SIDE / short, LONG_SIDE / long)
    height, width = (max(LEAST_SIDE, 2 * round(side * scale / 2)) for side in film.shape)
    rate = film.rate if film.rate is not None and 0 < film.rate <= MOST_RATE else FALLBACK_RATE
    rate = rate.limit_denominator(LARGEST_TERM)
    return ClipInfo(
        name=film.name,
        width=width,
        height=height,
        time_base=1 / rate,
        rate=rate,
        pixel_aspect=film.pixel_aspect,
        rotation=film.rotation,
        matrix="bt709",
    )


def proxy_frames(path: Path, step: Fraction, first: int, last: int) -> Iterator[tuple[ClipInfo, Frame]]:
    """Frames of a proxy whose frames are `step` seconds apart, `last` included; ClipError where it has fewer."""
    with VideoFileReader(path) as reader:
        stamp = ceil(first * step / reader.info.time_base)
        count = 0
        for frame in reader.frames_from(stamp, first):
            if frame.index > last:
                break
            count += 1
            yield reader.info, frame
    if count <= last - first:
        raise ClipError(f"{path}: the small copy of the film is damaged; look for its shots again")
