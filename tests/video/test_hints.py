"""Hints on frames of a film: what they change, what they leave, and which files of them are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import featcolor.video.colorize
import featcolor.video.hint_colour
from featcolor.clips.frames import Frame
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.timecode import Timecode
from featcolor.clips.ycbcr import key_planes, luma_to_codes, rgb_to_ycbcr, upright
from featcolor.colour.lab import lab_to_rgb, lightness_of
from featcolor.errors import UsageError
from featcolor.hints.hint import Hint, Hints
from featcolor.video.colorize import colorize_video, plan_video
from featcolor.video.report import read_report
from tests.samples import write_rgb
from tests.video.samples import COUNT, CUT, INFO, SIZE, ffv1, frame_of, read, scene, warmth

HEIGHT, WIDTH = SIZE
BLUE = (32, 64, 192)


def write_hints(folder: Path, number: int, *hints: Hint, size: tuple[int, int] | None = (WIDTH, HEIGHT)) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"reel-{number:06d}.hints.json"
    Hints(hints, size=size).write(path)
    return path


def paint(folder: Path, number: int, place: tuple[slice, slice] | None, rgb: tuple[int, int, int] = BLUE) -> Path:
    """The grey frame as an editor saves it, with paint where a place is given."""
    picture = np.repeat(lightness_codes(number)[..., None], 3, axis=2)
    if place is not None:
        picture[place] = rgb
    path = folder / f"reel-{number:06d}.png"
    write_rgb(path, picture)
    return path


def lightness_codes(number: int) -> np.ndarray:
    return cv2.cvtColor(scene(number), cv2.COLOR_RGB2GRAY)


def all_over(colour: str, y: Sequence[int] = (8, 22, 36, 50)) -> Hint:
    """A stroke to and fro over the whole frame."""
    points = [(x, row) for place, row in enumerate(y) for x in ((4, WIDTH - 5) if place % 2 else (WIDTH - 5, 4))]
    return Hint(tuple(points), colour, 3)


def around(frame: Frame, x: int, y: int, reach: int = 2) -> tuple[float, float]:
    """Mean Cb and Cr, off neutral, about a place."""
    rows, columns = (slice(at // 2 - reach, at // 2 + reach + 1) for at in (y, x))
    return float(frame.cb[rows, columns].mean()) - 128, float(frame.cr[rows, columns].mean()) - 128


@pytest.fixture(scope="module")
def plain(reel: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    """The film as the model colours it."""
    out = tmp_path_factory.mktemp("plain") / "out.mkv"
    colorize_video(reel, out, model=tiny_model, options=ffv1())
    return read(out)


def test_hints_colour_their_frame_and_are_carried_over_their_shot_alone(
    reel: Path, tiny_model: Path, plain: list[Frame], tmp_path: Path
) -> None:
    write_hints(tmp_path / "hints", 3, all_over("#2040c0"))
    report = colorize_video(
        reel, tmp_path / "out.mkv", hints=tmp_path / "hints", model=tiny_model, options=ffv1(report=tmp_path / "r.json")
    )
    after = read(tmp_path / "out.mkv")
    for one, other in zip(read(reel), after, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
    assert warmth(after[3]) < -15
    assert all(warmth(frame) < warmth(before) - 10 for frame, before in zip(after[:CUT], plain, strict=False))
    for frame, before in zip(after[CUT:], plain[CUT:], strict=True):
        np.testing.assert_array_equal([frame.cb, frame.cr], [before.cb, before.cr])
    assert [shot.hinted for shot in report.shots] == [(3,), ()]
    assert report.shots[0].told[3] > 0.9
    assert set(report.percents()) == {"hints", "model"}
    assert read_report(tmp_path / "r.json").to_dict() == report.to_dict()
    page = (tmp_path / "r.html").read_text()
    assert "hints on 1 frame (3)" in page
    assert "<figcaption>3 hints</figcaption>" in page


def test_two_frames_with_hints_on_other_places_do_not_undo_each_other(
    reel: Path, tiny_model: Path, tmp_path: Path
) -> None:
    write_hints(tmp_path / "hints", 1, Hint(((20, 30),), "#2040c0", 6))
    write_hints(tmp_path / "hints", 8, Hint(((84, 30),), "#20a030", 6))
    colorize_video(reel, tmp_path / "out.mkv", hints=tmp_path / "hints", model=tiny_model, options=ffv1())
    after = read(tmp_path / "out.mkv")
    for number, (x, y) in ((1, (20, 30)), (3, (16, 30))):  # the texture moves by two pixels a frame
        cb, _ = around(after[number], x, y)
        assert cb > 12
    for number, (x, y) in ((8, (84, 30)), (6, (88, 30))):
        cb, cr = around(after[number], x, y)
        assert cr < -8
        assert cb < 4


def test_hints_go_on_top_of_a_key_picture_and_the_rest_of_it_stays(reel: Path, keys: Path, tmp_path: Path) -> None:
    write_hints(tmp_path / "hints", 5, Hint(((84, 50),), "#2040c0", 3))
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, hints=tmp_path / "hints", options=ffv1())
    after = read(tmp_path / "out.mkv")
    assert report.shots[0].key_frames == report.shots[0].hinted == (5,)
    given = key_planes(scene(5), INFO)
    cb, cr = around(after[5], 84, 50, 1)
    assert cb > 12
    assert cb > cr + 10
    np.testing.assert_array_equal([after[20].cb, after[20].cr], key_planes(scene(20), INFO))
    moved = np.abs(after[5].cb.astype(int) - given[0])
    assert moved[22:28, 39:45].min() > 12
    assert moved[:, :16].mean() < moved[22:28, 39:45].mean()


def test_a_key_frame_stays_as_it_is_where_another_frame_has_hints(reel: Path, keys: Path, tmp_path: Path) -> None:
    write_hints(tmp_path / "hints", 1, all_over("#2040c0"))
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, hints=tmp_path / "hints", options=ffv1())
    assert (report.shots[0].told[1] > 0.9, report.shots[0].told[5]) == (True, 0)
    after = read(tmp_path / "out.mkv")
    np.testing.assert_array_equal([after[5].cb, after[5].cr], key_planes(scene(5), INFO))
    assert warmth(after[1]) < 0 < warmth(after[4])
    assert warmth(after[1]) < warmth(after[2]) < warmth(after[4])


@pytest.mark.parametrize("rotation", [90, 180])
def test_hints_are_on_the_frame_as_it_is_shown(tmp_path: Path, tiny_model: Path, rotation: int) -> None:
    info = replace(INFO, rotation=rotation)
    with VideoFileWriter(tmp_path / "in.mkv", info, source=None, codec="ffv1") as writer:
        for number in range(3):
            frame = frame_of(number)
            writer.write(
                replace(frame, luma=luma_to_codes(rgb_to_ycbcr(scene(number), info)[0], info)), frame.cb, frame.cr
            )
    shown = upright(np.indices(SIZE).transpose(1, 2, 0), rotation)
    y, x = (int(value) for value in np.argwhere((shown == (46, 80)).all(axis=2))[0])
    write_hints(tmp_path / "hints", 1, Hint(((x, y),), "#2040c0", 3), size=None)
    colorize_video(
        tmp_path / "in.mkv", tmp_path / "out.mkv", hints=tmp_path / "hints", model=tiny_model, options=ffv1()
    )
    frame = read(tmp_path / "out.mkv")[1]
    assert around(frame, 80, 46, 1)[0] > 12
    assert around(frame, 80, 46, 1)[0] > around(frame, 12, 12)[0] + 5


def test_files_without_a_hint_are_none(reel: Path, keys: Path, tmp_path: Path) -> None:
    told: list[str] = []
    said = {"options": ffv1(), "notify": lambda message, kind: told.append(message)}
    write_hints(tmp_path / "hints", 7)
    write_hints(tmp_path / "hints", 8)
    with pytest.raises(UsageError, match="no hint is left"):
        colorize_video(reel, tmp_path / "none.mkv", keyframes=keys, hints=tmp_path / "hints", **said)
    assert [path.name for path in tmp_path.iterdir()] == ["hints"]
    write_hints(tmp_path / "hints", 3, all_over("red"))
    plan = plan_video(reel, tmp_path / "out.mkv", keyframes=keys, hints=tmp_path / "hints", **said)
    assert plan.hints.frames == (3,)
    assert [shot.hinted for shot in plan.shots] == [(3,), ()]
    assert any("reel-000007.hints.json (and 1 more): no hint in it yet" in line for line in told)


def test_hints_outside_the_part_are_left_out_with_a_word(reel: Path, keys: Path, tmp_path: Path) -> None:
    for number in (2, 6, 12):
        write_hints(tmp_path / "hints", number, all_over("red"))
    told: list[str] = []
    options = ffv1(start=Timecode(frame=4), end=Timecode(frame=10))
    plan = plan_video(
        reel,
        tmp_path / "out.mkv",
        keyframes=keys,
        hints=tmp_path / "hints",
        options=options,
        notify=lambda message, kind: told.append(message),
    )
    assert plan.hints.frames == (6,)
    assert any("frame 2 is outside the part that is coloured, frames 4 to 9" in line for line in told)
    assert any("frame 12 is outside the part" in line for line in told)


def test_paint_on_a_grey_frame_is_hints_as_json_is(reel: Path, tiny_model: Path, tmp_path: Path) -> None:
    place = slice(20, 30), slice(40, 56)
    paint(tmp_path / "painted", 3, place)
    points = tuple((x, y) for y in range(21, 29) for x in (41, 54))
    write_hints(tmp_path / "told", 3, Hint(points, "#{:02x}{:02x}{:02x}".format(*BLUE)))
    films = []
    for name in ("painted", "told"):
        out = tmp_path / f"{name}.mkv"
        report = colorize_video(reel, out, hints=tmp_path / name, model=tiny_model, options=ffv1())
        assert [shot.hinted for shot in report.shots] == [(3,), ()]
        films.append(read(out))
    for one, other in zip(*films, strict=True):
        assert np.abs(one.cb.astype(int) - other.cb).mean() < 4
    cb, cr = around(films[0][3], 48, 25)
    assert cb > max(12, cr + 10)


def test_a_picture_beside_its_json_only_shows_the_frame(reel: Path, keys: Path, tmp_path: Path) -> None:
    paint(tmp_path / "hints", 3, None)
    write_rgb(tmp_path / "hints" / "reel-000004.png", scene(4))
    for number in (3, 4):
        write_hints(tmp_path / "hints", number, all_over("red"))
    paint(tmp_path / "hints", 6, None)
    told: list[str] = []
    plan = plan_video(
        reel,
        tmp_path / "out.mkv",
        keyframes=keys,
        hints=tmp_path / "hints",
        options=ffv1(),
        notify=lambda message, kind: told.append(message),
    )
    assert plan.hints.frames == (3, 4)
    assert sum("no colour in it" in line and "reel-000006.png" in line for line in told) == 1


@pytest.mark.parametrize(
    ("shown", "word"), [(20, "shows another picture"), (None, "full colour"), ("cropped", "another shape")]
)
def test_pictures_that_are_not_paint_on_their_frame_are_refused(
    reel: Path, tiny_model: Path, tmp_path: Path, shown: int | str | None, word: str
) -> None:
    path = tmp_path / "hints" / "reel-000003.png"
    if shown is None:
        rows, columns = np.indices(SIZE)
        chroma = 40 * np.stack([np.sin(columns / 5), np.cos(rows / 7)], axis=2).astype(np.float32)
        write_rgb(path, lab_to_rgb(lightness_of(scene(3)), chroma))
    elif shown == "cropped":
        write_rgb(path, scene(3)[:40])
    else:
        paint(tmp_path / "hints", 20, (slice(20, 30), slice(40, 56))).rename(path)
    with pytest.raises(UsageError, match=word) as refused:
        colorize_video(reel, tmp_path / "out.mkv", hints=path.parent, model=tiny_model, options=ffv1())
    assert str(path) in str(refused.value)
    assert [each.name for each in tmp_path.iterdir()] == ["hints"]


def test_of_many_pixels_some_tell_other_frames_all_that_there_is(
    reel: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(featcolor.video.hint_colour, "MOST_PLACES", 8)
    for number in (2, 9):
        paint(tmp_path / "hints", number, (slice(20, 40), slice(40, 56)))
    colorize_video(reel, tmp_path / "out.mkv", hints=tmp_path / "hints", model=tiny_model, options=ffv1())
    assert all(around(frame, 48, 30)[0] > 12 for frame in read(tmp_path / "out.mkv")[:CUT])


BEFORE_THE_SCAN: list[tuple[str, str, str]] = [
    ("reel-000003.hints.json", '{"version": 1, "hints": [{"points": [[96, 5]], "colour": "red"}]}', "outside"),
    ("reel-000003.hints.json", '{"version": 1, "hints": [{"points": [[5, 5]], "colour": "red"}]', "000003"),
    ("reel-000003.hints.json", '{"version": 1, "size": [50, 50], "hints": []}', "96x60"),
    ("reel.hints.json", '{"version": 1, "hints": []}', "no frame number"),
    ("notes.txt", "", "no hints in this folder"),
]


@pytest.mark.parametrize(("name", "content", "word"), BEFORE_THE_SCAN)
def test_files_that_are_no_hints_on_a_frame_are_refused_before_any_work(
    reel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, word: str
) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("the film was scanned")

    monkeypatch.setattr(featcolor.video.colorize, "scan_clip", never)
    (tmp_path / "hints").mkdir()
    (tmp_path / "hints" / name).write_text(content)
    with pytest.raises(UsageError, match=word) as refused:
        colorize_video(reel, tmp_path / "out.mkv", hints=tmp_path / "hints", options=ffv1())
    assert str(tmp_path / "hints") in str(refused.value)
    assert "\n" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["hints"]


def test_a_frame_that_there_is_not_and_two_files_of_one_are_refused(reel: Path, tmp_path: Path) -> None:
    path = write_hints(tmp_path / "hints", COUNT, all_over("red"))
    with pytest.raises(UsageError, match=rf"{path.name}: there is no frame {COUNT}, the last is {COUNT - 1}"):
        colorize_video(reel, tmp_path / "out.mkv", hints=[path], options=ffv1())
    path.rename(path.with_name("reel-000003.hints.json"))
    write_hints(tmp_path / "more", 3, all_over("red"))
    with pytest.raises(UsageError, match="already gives hints on frame 3"):
        colorize_video(reel, tmp_path / "out.mkv", hints=[tmp_path / "hints", tmp_path / "more"], options=ffv1())
    with pytest.raises(UsageError, match="no such file or folder"):
        colorize_video(reel, tmp_path / "out.mkv", hints=[tmp_path / "none"], options=ffv1())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["hints", "more"]


def test_a_file_of_hints_is_never_written_over(reel: Path, keys: Path, tmp_path: Path) -> None:
    path = write_hints(tmp_path / "hints", 3, all_over("red"))
    before = path.read_bytes()
    for target, options in ((tmp_path / "out.mkv", ffv1(report=path)), (tmp_path / "hints", ffv1(codec=None))):
        with pytest.raises(UsageError):
            colorize_video(reel, target, keyframes=keys, hints=path.parent, options=replace(options, overwrite=True))
    assert path.read_bytes() == before


def test_resume_takes_other_hints_for_another_run(reel: Path, keys: Path, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == featcolor.video.colorize.WRITING:
            raise KeyboardInterrupt

    path = write_hints(tmp_path / "hints", 3, all_over("red"))
    given: dict[str, Any] = {"keyframes": keys, "hints": path.parent}
    whole, out = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    colorize_video(reel, whole, **given, options=ffv1())
    with pytest.raises(KeyboardInterrupt):
        colorize_video(reel, out, **given, options=ffv1(), progress=stop)
    right = path.read_text()
    write_hints(tmp_path / "hints", 3, all_over("navy"))
    with pytest.raises(UsageError, match=r"set of hints \(hints/reel-000003\.hints\.json\)"):
        colorize_video(reel, out, **given, options=ffv1(resume=True))
    with pytest.raises(UsageError, match="set of hints"):
        colorize_video(reel, out, keyframes=keys, options=ffv1(resume=True))
    path.write_text(right)
    colorize_video(reel, out, **given, options=ffv1(resume=True))
    assert out.read_bytes() == whole.read_bytes()


def test_a_folder_of_frames_has_hints_by_their_names(tmp_path: Path, tiny_model: Path) -> None:
    for number in range(4, 8):
        write_rgb(tmp_path / "scans" / f"scan_{number}.png", scene(number)[..., :1].repeat(3, axis=2))
    (tmp_path / "hints").mkdir()
    content = {"version": 1, "hints": [{"points": [[5, 5]], "colour": "red"}]}
    (tmp_path / "hints" / "scan_6.hints.json").write_text(json.dumps(content))
    options = ffv1(codec=None, rate=18)
    plan = plan_video(tmp_path / "scans", tmp_path / "out", hints=tmp_path / "hints", model=tiny_model, options=options)
    assert plan.hints.frames == (2,)


def test_old_reports_that_say_nothing_of_hints_can_be_read(reel: Path, keys: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(report=tmp_path / "r.json"))
    document = json.loads((tmp_path / "r.json").read_text())
    for shot in document["shots"]:
        del shot["hinted"]
    (tmp_path / "r.json").write_text(json.dumps(document))
    assert read_report(tmp_path / "r.json").to_dict() == report.to_dict()
