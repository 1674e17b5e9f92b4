"""A film that is made ready before it is coloured: whole frames of woven ones."""

from __future__ import annotations

import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from featcolor.clips.deinterlace import whole_frames
from featcolor.clips.frames import Frame
from featcolor.clips.kept import keep_film
from featcolor.clips.open import open_clip
from featcolor.clips.timecode import Timecode
from featcolor.errors import UsageError
from featcolor.video.colorize import colorize_video
from featcolor.video.prepared.film import Film, Preparation
from tests.clips.samples import VARIABLE_STAMPS, frames_of, make_clip, planes
from tests.clips.test_fields import mixed, orders, scene, woven
from tests.video.samples import ffv1, read


def prepared(path: Path, how: Preparation, **part: Timecode) -> tuple[list[Frame], list[str]]:
    """The frames that are made of a film, and what is told."""
    notes: list[str] = []
    with Film(path, **part) as film:
        film.prepare(how, progress=lambda stage, done, total: None, note=notes.append)
        with film.open() as reader:
            return list(reader), notes


def error(frame: Frame) -> float:
    """By how many codes a frame's luma misses what its first field shows, on average; the border left out."""
    return float(np.abs(frame.luma.astype(int) - scene(2 * frame.index))[4:-4, 4:-4].mean())


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_woven_frames_become_whole_ones_of_their_first_field(order: str, tmp_path: Path) -> None:
    film = woven(tmp_path / "in.mkv", order, "libx264")
    before = frames_of(film)
    after, _ = prepared(film, Preparation(deinterlace=True))
    assert [(frame.index, frame.pts, frame.duration, frame.fields) for frame in after] == [
        (frame.index, frame.pts, frame.duration, "") for frame in before
    ]
    assert all(error(frame) > 5 for frame in before)
    assert all(error(frame) < 1 for frame in after)


def test_of_a_mixed_film_whole_frames_stay(tmp_path: Path) -> None:
    film = mixed(tmp_path / "in.ts", ("", "", "tff"))
    for one, other in zip(frames_of(film), prepared(film, Preparation(deinterlace=True))[0], strict=True):
        assert (one.pts, other.fields) == (other.pts, "")
        assert np.array_equal(one.luma, other.luma) == np.array_equal(one.cb, other.cb) == (one.index % 3 != 2)


def test_a_film_of_whole_frames_stays_with_a_note(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mp4", stamps=VARIABLE_STAMPS)
    after, notes = prepared(film, Preparation(deinterlace=True))
    assert notes == ["in.mp4: its frames are whole already; --deinterlace changes nothing"]
    for number, frame in enumerate(after):
        np.testing.assert_array_equal(frame.luma, planes(number, (64, 48), "yuv420p")[0])


def test_what_is_kept_is_gone_into_anywhere(tmp_path: Path) -> None:
    path = mixed(tmp_path / "in.ts", ("tff",))
    with Film(path, start=Timecode(frame=3)) as film:
        film.prepare(Preparation(deinterlace=True), progress=lambda *done: None, note=print)
        whole = list(film.open())
        with film.open_whole() as reader:
            assert list(reader.frames_from(whole[4].pts, 7))
        # As a process gets it.
        found = list(pickle.loads(pickle.dumps(film.kept)).open().frames_from(whole[4].pts, 7))
    assert [frame.index for frame in whole] == list(range(3, 12))
    for one, other in zip(whole[4:], found, strict=True):
        assert (one.index, one.pts, one.duration) == (other.index, other.pts, other.duration)
        np.testing.assert_array_equal(one.luma, other.luma)


@pytest.mark.parametrize("pix_fmt", ["gray", "gray10le", "yuv422p10le", "yuv444p"])
def test_samples_of_every_kind_go_through(pix_fmt: str, tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mkv", codec="ffv1", pix_fmt=pix_fmt, n=4, interlaced=True)
    with open_clip(film) as reader:
        given = [replace(frame, fields="tff") for frame in reader]
        made = list(whole_frames(given, reader.info.bits))
        kept = keep_film(given, reader.info, tmp_path, like=reader)
        for one, whole, again in zip(given, made, kept.open(), strict=True):
            np.testing.assert_array_equal(one.luma, again.luma)
            np.testing.assert_array_equal(one.luma[::2], whole.luma[::2])
            assert (one.cb is None) == (whole.cb is None) == (again.cb is None)
            assert one.cb is None or np.array_equal(one.cb, again.cb)
            assert whole.luma.dtype == one.luma.dtype
            assert not np.array_equal(one.luma, whole.luma)


def test_a_folder_of_grey_frames_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(scene(number).astype(np.uint8)).save(folder / f"{number}.png")
    with Film(folder, rate=Fraction(18)) as film:
        film.prepare(Preparation(repairs=("dust",)), progress=lambda *done: None, note=print)
        after = list(film.open())
    assert film.kept is not None
    assert [(frame.index, frame.cb) for frame in after] == [(0, None), (1, None), (2, None)]


def test_a_woven_film_is_coloured_and_written_whole(tiny_model: Path, tmp_path: Path) -> None:
    film = woven(tmp_path / "in.mkv", "bff", "libx264")
    made, _ = prepared(film, Preparation(deinterlace=True))
    notes: list[str] = []
    options, out = ffv1(deinterlace=True, start=Timecode(frame=2)), tmp_path / "out.mkv"
    colorize_video(film, out, model=tiny_model, options=options, notify=lambda line, kind: notes.append(line))
    assert not open_clip(out).info.interlaced
    assert orders(out) == [""] * 4
    assert notes == []
    # The first has no frame before it in the part.
    for one, other in zip(made[3:], read(out)[1:], strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)


def test_a_film_that_is_made_here_does_not_go_to_a_cluster(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mkv", n=4)
    with pytest.raises(UsageError, match="--cluster does not go with --deinterlace and --prepare"):
        colorize_video(film, tmp_path / "out.mkv", options=ffv1(cluster="tcp://nobody:1", deinterlace=True))


def test_a_woven_film_is_told_what_makes_it_whole(tiny_model: Path, tmp_path: Path) -> None:
    film = woven(tmp_path / "in.mkv", "tff", "libx264", n=2)
    notes: list[str] = []
    colorize_video(
        film, tmp_path / "out.mkv", model=tiny_model, options=ffv1(), notify=lambda line, kind: notes.append(line)
    )
    assert "in.mkv: colour lies better on whole frames; --deinterlace makes them of fields" in notes
