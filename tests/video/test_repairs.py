"""Repairs of an old reel: what each takes out, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from featcolor.clips.frames import Frame
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.timecode import Timecode
from featcolor.commands import main
from featcolor.errors import UsageError
from featcolor.pictures.io import read_picture
from featcolor.video.colorize import colorize_video
from featcolor.video.options import parse_repairs
from featcolor.video.prepared.along_motion import without_grain, without_spots
from featcolor.video.prepared.drift import deflickered, shaking, stabilised, steps_between
from featcolor.video.prepared.film import MEASURING, PREPARING, Film, Preparation
from featcolor.video.scan import SCANNING
from tests.clips.test_fields import woven
from tests.video.samples import INFO, SIZE, ffv1, frame_of, make_reel, read

COUNT = 16
INSIDE = slice(12, -12), slice(12, -12)


def panned(speed: float, *, shakes: Sequence[tuple[float, float]] = ((0, 0),) * COUNT) -> list[np.ndarray]:
    """A texture behind a camera that moves to the right, and shakes: (120, 160) each, codes."""
    rng = np.random.default_rng(0)
    coarse = cv2.GaussianBlur(rng.uniform(0, 1, (200, 320)).astype(np.float32), (0, 0), 3)
    scene = cv2.normalize(coarse, None, 40, 200, cv2.NORM_MINMAX)
    frames = []
    for number, (right, down) in enumerate(shakes):
        place = np.array([[1, 0, right - 40 - speed * number], [0, 1, down - 40]], np.float32)
        frames.append(cv2.warpAffine(scene, place, (160, 120), flags=cv2.INTER_CUBIC))
    return frames


def error(frame: np.ndarray, truth: np.ndarray) -> float:
    """Root mean squared difference of two frames, their borders left out."""
    return float(np.sqrt(np.mean(np.square((frame - truth)[INSIDE]))))


def test_weave_goes_and_the_cameras_way_stays() -> None:
    shakes = np.random.default_rng(1).uniform(-2, 2, (COUNT, 2))
    for given in (shakes, np.zeros_like(shakes)):
        frames = panned(1.5, shakes=given)
        offsets, _ = shaking(list(steps_between(frames)))
        moved = [stabilised(frame, offset, 160) for frame, offset in zip(frames, offsets, strict=True)]
        steps = np.stack([step.moved for step in steps_between(moved)])[1:]
        assert np.abs(np.diff(given - offsets, axis=0)).max() < 0.9
        assert np.abs(np.diff(given - offsets, axis=0)).mean() < 0.3
        np.testing.assert_allclose(steps.mean(axis=0), (-1.5, 0), atol=0.25)
    assert np.abs(offsets).max() < 0.15


def test_no_frame_is_moved_far_whatever_the_camera_did() -> None:
    frame = panned(0)[0]
    far, farthest = (stabilised(frame, np.float32([right, 0]), 160) for right in (50, 3.2))
    np.testing.assert_array_equal(far, farthest)


def test_flicker_goes_and_slow_light_stays() -> None:
    gains = np.random.default_rng(2).uniform(0.88, 1.12, COUNT)
    slow = np.linspace(1, 1.2, COUNT)
    for given in (gains, slow):
        clean = panned(1.0)
        frames = [np.float32(gain) * frame for gain, frame in zip(given, clean, strict=True)]
        _, tones = shaking(list(steps_between(frames)))
        mended = [deflickered(frame, off) for frame, off in zip(frames, tones, strict=True)]
        left = np.array([np.median(one / other) for one, other in zip(mended, clean, strict=True)])
        if given is slow:
            np.testing.assert_allclose(left, slow, rtol=0.01)
        else:
            assert np.abs(np.diff(left)).mean() < 0.15 * np.abs(np.diff(gains)).mean()


def test_spots_go_and_grain_stays() -> None:
    rng = np.random.default_rng(3)
    clean = [frame + rng.normal(0, 3, frame.shape).astype(np.float32) for frame in panned(1.5)]
    spotted = [frame.copy() for frame in clean]
    for number, frame in enumerate(spotted):
        cv2.circle(frame, (30 + 97 * number % 100, 30 + 41 * number % 60), 2, 250.0 if number % 2 else 5.0, -1)
    mended = list(without_spots(spotted))
    for place in range(1, COUNT - 1):
        assert error(mended[place], clean[place]) < 0.25 * error(spotted[place], clean[place])
        assert np.mean(mended[place] == clean[place]) > 0.98
    for place in (0, COUNT - 1):
        np.testing.assert_array_equal(mended[place], spotted[place])


def test_a_thing_that_moves_is_no_spot() -> None:
    frames = panned(0.5)
    for number, frame in enumerate(frames):
        cv2.circle(frame, (20 + 8 * number, 60), 4, 250.0, -1)
    for one, other in zip(frames, without_spots(frames), strict=True):
        np.testing.assert_array_equal(one, other)


def test_grain_goes_and_edges_stay() -> None:
    rng = np.random.default_rng(4)
    clean = [frame.copy() for frame in panned(1.0)]
    for number, frame in enumerate(clean):
        frame[:, 100 - 2 * number : 110 - 2 * number] = 230
    grainy = [frame + rng.normal(0, 8, frame.shape).astype(np.float32) for frame in clean]
    mended = list(without_grain(grainy))
    for place in range(2, COUNT - 2):
        assert error(mended[place], clean[place]) < 0.62 * error(grainy[place], clean[place])
        edge = clean[place][60, 12:-12], mended[place][20:100, 12:-12].mean(axis=0)
        assert abs(float(np.abs(np.diff(edge[0])).max()) - float(np.abs(np.diff(edge[1])).max())) < 30


@pytest.mark.parametrize("step", [without_spots, without_grain])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_short_shots_keep_their_frames(step: Callable[..., object], count: int) -> None:
    frames = panned(0)[:count]
    for one, other in zip(frames, step(frames), strict=True):  # type: ignore[call-overload]
        np.testing.assert_allclose(one, other, atol=1)


def prepared(path: Path, *repairs: str, **part: Timecode) -> list[Frame]:
    """The frames of a film with repairs."""
    with Film(path, start=part.get("start"), end=part.get("end")) as film:
        film.prepare(Preparation(repairs=repairs), progress=lambda *done: None, note=print)
        with film.open() as reader:
            return list(reader)


@pytest.fixture(scope="module")
def unsteady(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reel of two shots with flicker and grain."""
    path, rng = tmp_path_factory.mktemp("unsteady") / "reel.mkv", np.random.default_rng(5)
    with VideoFileWriter(path, INFO, source=None, codec="ffv1") as writer:
        for number in range(26):
            frame = frame_of(number)
            luma = frame.luma * rng.uniform(0.9, 1.1) + rng.normal(0, 4, SIZE)
            writer.write(replace(frame, luma=np.rint(luma).clip(0, 255).astype(np.uint8)), frame.cb, frame.cr)
    return path


def test_repairs_go_on_top_of_each_other_and_nothing_crosses_a_cut(unsteady: Path) -> None:
    """What the second shot shows changes nothing of the first."""
    every = prepared(unsteady, *parse_repairs("denoise,dust,deflicker,stabilise"))
    first = prepared(unsteady, *parse_repairs("stabilise,deflicker,dust,denoise"), end=Timecode(frame=14))
    before = read(unsteady)
    assert [(frame.index, frame.pts) for frame in every] == [(frame.index, frame.pts) for frame in before]
    for one, other in zip(every, first, strict=False):
        np.testing.assert_array_equal(one.luma, other.luma)
    light = [np.array([float(frame.luma.mean()) for frame in frames[:14]]) for frames in (before, every)]
    assert np.abs(np.diff(light[1])).mean() < 0.4 * np.abs(np.diff(light[0])).mean()


def test_a_repaired_film_is_coloured_and_written_so(unsteady: Path, tiny_model: Path, tmp_path: Path) -> None:
    """And `keyframes` writes the same frames."""
    made = prepared(unsteady, "deflicker")
    colorize_video(unsteady, tmp_path / "out.mkv", model=tiny_model, options=ffv1(prepare=("deflicker",)))
    for one, other in zip(made, read(tmp_path / "out.mkv"), strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
    keys = tmp_path / "keys"
    assert main(["keyframes", str(unsteady), "-o", str(keys), "--prepare", "deflicker", "--quiet"]) == 0
    for path in keys.iterdir():
        number, picture = int(path.stem[-6:]), read_picture(path).pixels
        given, wanted = (luma[number].luma.astype(float).ravel() for luma in (read(unsteady), made))
        seen = picture[..., 0].astype(float).ravel()
        assert np.corrcoef(seen, wanted)[0, 1] >= np.corrcoef(seen, given)[0, 1]
        # Narrow range to full, whatever the picture's own rounding.
        np.testing.assert_allclose((wanted - 16) * 255 / 219, seen, atol=2)


def test_what_cannot_be_prepared_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of stabilise, deflicker, dust, denoise, got 'scratches'"):
        parse_repairs("dust,scratches")
    film = woven(tmp_path / "in.mkv", "tff", "libx264", n=2)
    with pytest.raises(UsageError, match="--prepare needs whole frames, and these are woven; add --deinterlace"):
        colorize_video(film, tmp_path / "out.mkv", options=ffv1(prepare=("dust",)))


def test_each_pass_of_a_preparation_tells_how_far_it_is(tmp_path: Path) -> None:
    told: dict[str, list[int]] = {}
    with Film(make_reel(tmp_path / "reel.mkv"), end=Timecode(frame=4)) as film:
        film.prepare(
            Preparation(repairs=("deflicker",)),
            progress=lambda stage, done, total: told.setdefault(stage, []).append(done),
            note=print,
        )
    assert told == {stage: [1, 2, 3, 4] for stage in (SCANNING, MEASURING, PREPARING)}


def test_a_run_goes_on_with_the_same_repairs_only(tmp_path: Path, tiny_model: Path) -> None:
    from featcolor.video.inputs import ClipInputs

    reel = make_reel(tmp_path / "reel.mkv")
    prints = []
    for repairs in ((), ("dust",)):
        with ClipInputs(reel, None, None, tiny_model, ffv1(prepare=repairs)) as inputs:
            prints.append(inputs.fingerprint()["settings"])
    assert {key for key in prints[0] if prints[0][key] != prints[1][key]} == {"--prepare"}
