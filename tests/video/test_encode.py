"""Frames that show two shots, or one that fades: their colour is mixed as the picture is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from featcolor.clips.frames import ClipWriter, Codes, Frame
from featcolor.video.checkpoints import WorkFolder
from featcolor.video.encode import Encoding
from featcolor.video.keyframes.pictures import KeyPictures
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import ShotColours
from featcolor.video.shots import ShotPlan
from refine.transitions import Shares
from tests.samples import write_rgb
from tests.video.samples import INFO, SIZE, ffv1, frame_of

RED, BLUE = (12.0, 8.0), (-5.0, -12.0)


class Heard(ClipWriter):
    """A writer that keeps what it is given."""

    chroma_shape = INFO.chroma_shape

    def __init__(self) -> None:
        self.frames: list[tuple[Frame, Codes, Codes]] = []

    def write(self, frame: Frame, cb: Codes, cr: Codes) -> None:
        self.frames.append((frame, cb, cr))


def encoded(work: WorkFolder, keys: dict[int, Path], shares: dict[int, Shares]) -> list[tuple[float, float]]:
    """Mean Cb and Cr, from neutral, of each frame of two shots of four frames."""
    for number, colour in enumerate((RED, BLUE)):
        chroma = SpooledPlanes(4, (*SIZE, 2))
        sure = SpooledPlanes(4, (4, 4))
        for place in range(4):
            chroma[place] = np.broadcast_to(np.float32(colour), (*SIZE, 2))
        work.save(number, 4 * number, ShotColours(chroma, sure))
    plans = [ShotPlan(number=0, first=0, last=3), ShotPlan(number=1, first=4, last=7)]
    writer = Heard()
    # One frame's picture all along: its colours differ only as the chroma does.
    frames: Any = (Frame(index=number, luma=frame_of(0).luma) for number in range(8))
    Encoding(INFO, writer, work, KeyPictures(keys, INFO), ffv1(), shares=shares).run(frames, plans, lambda *_: None)
    for frame, _, _ in writer.frames:
        np.testing.assert_array_equal(frame.luma, frame_of(0).luma)
    return [(float(cb.mean()) - 128, float(cr.mean()) - 128) for _, cb, cr in writer.frames]


def test_a_dissolves_colour_goes_from_one_shots_to_the_others(tmp_path: Path) -> None:
    plain = encoded(WorkFolder(tmp_path), {}, {})
    shares = {2: Shares(0.75, 0.25), 3: Shares(0.5, 0.5), 4: Shares(0.75, 0.25, -1)}
    mixed = encoded(WorkFolder(tmp_path), {}, shares)
    for place, later in enumerate((0, 0, 0.25, 0.5, 0.75, 1, 1, 1)):
        expected = (1 - later) * np.array(plain[0]) + later * np.array(plain[7])
        np.testing.assert_allclose(mixed[place], expected, atol=2)
    assert [mixed[place] == plain[place] for place in range(8)] == [True] * 2 + [False] * 3 + [True] * 3


def test_what_fades_loses_its_colour(tmp_path: Path) -> None:
    plain = encoded(WorkFolder(tmp_path), {}, {})
    faded = encoded(WorkFolder(tmp_path), {}, {2: Shares(0.5), 3: Shares(0.0), 4: Shares(0.0), 5: Shares(0.5)})
    for place, share in enumerate((1, 1, 0.5, 0, 0, 0.5, 1, 1)):
        np.testing.assert_allclose(faded[place], share * np.array(plain[place]), atol=1.5)


def test_a_key_frame_in_a_dissolve_keeps_its_picture(tmp_path: Path) -> None:
    write_rgb(tmp_path / "key.png", np.full((*SIZE, 3), (60, 160, 60), np.uint8))
    keys = {3: tmp_path / "key.png"}
    (work := tmp_path / "work").mkdir()
    plain, mixed = (encoded(WorkFolder(work), keys, shares) for shares in ({}, {3: Shares(0.5, 0.5)}))
    assert mixed == plain
