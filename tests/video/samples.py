"""A grey film of two shots whose true colours are known, and coloured frames of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import ClipInfo, Frame
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.ycbcr import luma_to_codes, rgb_to_ycbcr
from featcolor.video.options import ClipOptions
from tests.samples import write_rgb

SIZE = (60, 96)
CUT = 14
"""First frame of the second shot."""
COUNT = 26
INFO = ClipInfo(name="made", width=SIZE[1], height=SIZE[0], time_base=Fraction(1, 1000), rate=Fraction(25))


def scene(number: int) -> NDArray[np.uint8]:
    """A frame's true colours: a reddish texture that moves, after the cut a bluish one of another kind."""
    rng = np.random.default_rng(1 if number < CUT else 2)
    grain = 6 if number < CUT else 2
    texture = cv2.GaussianBlur(rng.uniform(0, 1, (SIZE[0], SIZE[1] + 80)).astype(np.float32), (0, 0), grain)
    texture = cv2.normalize(texture, None, 0.25, 0.75, cv2.NORM_MINMAX)[:, 2 * number : 2 * number + SIZE[1]]
    tint = (0.15, -0.05, -0.1) if number < CUT else (-0.12, -0.02, 0.15)
    return np.rint(255 * (texture[..., None] + np.float32(tint))).clip(0, 255).astype(np.uint8)


def frame_of(number: int) -> Frame:
    luma = luma_to_codes(rgb_to_ycbcr(scene(number), INFO)[0], INFO)
    neutral = np.full((SIZE[0] // 2, SIZE[1] // 2), 128, np.uint8)
    return Frame(index=number, luma=luma, cb=neutral, cr=neutral, pts=40 * number, duration=40)


def make_reel(path: Path, codec: str = "ffv1") -> Path:
    """The film, lossless unless another codec is asked for."""
    with VideoFileWriter(path, INFO, source=None, codec=codec) as writer:
        for number in range(COUNT):
            frame = frame_of(number)
            writer.write(frame, frame.cb, frame.cr)
    return path


def make_keys(folder: Path) -> Path:
    """One coloured frame of each shot, 5 and 20."""
    for number in (5, 20):
        write_rgb(folder / f"key-{number:06d}.png", scene(number))
    return folder


def read(path: str | Path, rate: Fraction | None = None) -> list[Frame]:
    with open_clip(path, rate=rate) as reader:
        return list(reader)


def warmth(frame: Frame) -> float:
    """Mean Cr less mean Cb: above 0 is reddish, below bluish."""
    return float(frame.cr.mean() - frame.cb.mean())


def ffv1(**changes: Any) -> ClipOptions:
    return ClipOptions(**({"codec": "ffv1", "preset": "fast"} | changes))
