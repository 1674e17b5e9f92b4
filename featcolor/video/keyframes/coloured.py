"""A film that was coloured, from which single frames are taken as they came out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, Closing, Frame
from featcolor.clips.open import open_clip
from featcolor.clips.ycbcr import chroma_from_codes, luma_from_codes, upright, ycbcr_to_rgb
from featcolor.errors import UsageError
from featcolor.video.options import PIPE
from featcolor.video.report import ClipReport
from features.base import FloatArray


class ColouredFilm(Closing):
    """The output of a run, beside its input; frames are asked for in rising order.

    Parameters
    ----------
    report : of the run
    place : of the report, beside which the output is looked for where it is not at its path
    rate : frames a second of an output that is a folder

    Raises
    ------
    UsageError : the output is not there.
    """

    def __init__(self, report: ClipReport, place: Path, *, rate: Fraction | None = None) -> None:
        path = Path(report.output)
        places = [] if report.output == PIPE else [path, place.parent / path.name]
        self.path = next((each for each in places if each.exists()), path)
        if not any(each.exists() for each in places):
            what = "was written to a pipe" if report.output == PIPE else "is not there"
            raise UsageError(
                f"{report.output}: the coloured film that {place} tells of {what}; put it back, or choose --grey or "
                "--model for the colour of the frames"
            )
        self._first = report.shots[0].first if report.shots else 0
        self._reader = open_clip(str(self.path), rate=rate or Fraction(25))
        self._frames = iter(self._reader)

    def close(self) -> None:
        self._reader.close()

    def picture(self, frame: Frame, info: ClipInfo) -> NDArray[Any]:
        """A frame of the input in the colours that it has now: (H, W, 3), upright, uint8 or, above 8 bits, uint16.

        Its luma is the input's, since that of the output may be compressed, or one even grey. UsageError for an output
        that is not the input coloured.
        """
        number = frame.index - self._first
        found = next((each for each in self._frames if each.index == number), None)
        out = self._reader.info
        if found is None or found.cb is None or found.cr is None or out.shape != info.shape:
            raise UsageError(
                f"{self.path}: frame {number} of it is not frame {frame.index} of {info.name} in colour; was it "
                "made anew since the report?"
            )
        same = out.matrix == info.matrix
        luma = luma_from_codes(frame.luma, info) if same else luma_from_codes(found.luma, out)
        cb, cr = (raised(chroma_from_codes(plane, out), out) for plane in (found.cb, found.cr))
        return upright(ycbcr_to_rgb(luma, cb, cr, out, info.dtype), info.rotation)


def raised(plane: FloatArray, info: ClipInfo) -> FloatArray:
    """A chroma plane (h, w) at the size of the luma plane, linear between the places that `subsample` puts samples."""
    rows, columns = (1 << shift for shift in info.chroma_shift)
    to_source = np.array([[1 / columns, 0, 0], [0, 1 / rows, (1 - rows) / (2 * rows)]])
    size, flags = (info.width, info.height), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(plane, to_source, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
