"""A film comes out as it went in, with colour: what is kept, and where colour comes from."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from featcolor.clips.frames import Frame
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.timecode import Timecode
from featcolor.clips.ycbcr import key_planes, luma_to_codes, rgb_to_ycbcr, subsample, upright
from featcolor.errors import UsageError
from featcolor.pictures.resize import resize
from featcolor.video.colorize import colorize_video, plan_video
from featcolor.video.encode import changed_planes, full_planes, saturate
from featcolor.video.options import ClipOptions
from featcolor.video.report import ClipReport, read_report
from tests.clips.samples import VARIABLE_STAMPS, make_clip, packet_hashes, packet_times
from tests.samples import write_rgb
from tests.video.samples import COUNT, CUT, INFO, SIZE, ffv1, frame_of, read, scene, warmth


@pytest.fixture(scope="module")
def coloured(reel: Path, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Frame], ClipReport]:
    """The film from both key frames, and the report."""
    out = tmp_path_factory.mktemp("coloured") / "out.mkv"
    report = colorize_video(reel, out, keyframes=keys, options=ffv1())
    assert list(out.parent.iterdir()) == [out]
    return read(out), report


def test_luma_number_and_time_of_every_frame_stay(reel: Path, coloured: tuple[list[Frame], ClipReport]) -> None:
    after, report = coloured
    assert len(after) == COUNT == report.frames
    for one, other in zip(read(reel), after, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
        assert one.pts == other.pts


def test_a_key_frame_carries_its_own_chroma(coloured: tuple[list[Frame], ClipReport]) -> None:
    for number in (5, 20):
        np.testing.assert_array_equal([coloured[0][number].cb, coloured[0][number].cr], key_planes(scene(number), INFO))


def test_nothing_is_carried_across_a_cut(coloured: tuple[list[Frame], ClipReport]) -> None:
    after, report = coloured
    shots = [(shot.first, shot.last, shot.key_frames) for shot in report.shots]
    assert shots == [(0, CUT - 1, (5,)), (CUT, COUNT - 1, (20,))]
    assert all(warmth(frame) > 10 for frame in after[:CUT])
    assert all(warmth(frame) < -10 for frame in after[CUT:])


def test_a_shot_without_a_key_frame_learns_from_the_others(reel: Path, keys: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys / "key-000005.png", options=ffv1())
    assert [shot.source for shot in report.shots] == ["key frames", "clip's other key frames"]
    assert report.shots[1].guessed == (1,) * (COUNT - CUT)
    assert f"{reel}: the shot of frames 14 to 25 has no key frame; guessed after the key frames of other shots" in (
        report.notes
    )
    assert warmth(read(tmp_path / "out.mkv")[-1]) > 5


def test_a_model_alone_colours_every_shot(reel: Path, tiny_model: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", model=tiny_model, options=ffv1(every=6))
    assert {shot.source for shot in report.shots} == {"model"}
    assert not report.keys
    assert all(shot.first <= anchor <= shot.last for shot in report.shots for anchor in shot.anchors)
    assert all(shot.anchors for shot in report.shots)
    assert any(np.ptp(frame.cb) > 0 for frame in read(tmp_path / "out.mkv"))


def test_a_model_may_colour_every_frame_and_be_steadied(reel: Path, tiny_model: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "each.mkv", model=tiny_model, options=ffv1(steady=1))
    colorize_video(reel, tmp_path / "out.mkv", model=tiny_model, options=ffv1(steady=5))

    def flicker(path: Path) -> float:
        tints = [[np.mean(plane) for plane in (frame.cb, frame.cr)] for frame in read(path)[:CUT]]
        return float(np.abs(np.diff(np.array(tints), axis=0)).mean())

    assert flicker(tmp_path / "out.mkv") < flicker(tmp_path / "each.mkv")


def test_key_frames_win_over_the_model(reel: Path, keys: Path, tiny_model: Path, tmp_path: Path) -> None:
    report = colorize_video(
        reel, tmp_path / "out.mkv", keyframes=keys / "key-000020.png", model=tiny_model, options=ffv1()
    )
    assert [shot.source for shot in report.shots] == ["model", "key frames"]
    after = read(tmp_path / "out.mkv")
    np.testing.assert_array_equal(after[20].cb, key_planes(scene(20), INFO)[0])


@pytest.mark.parametrize(
    ("start", "end", "numbers"),
    [
        (Timecode(frame=3), Timecode(frame=18), range(3, 18)),
        (Timecode(Fraction("0.2")), Timecode(Fraction("0.4")), range(5, 10)),
        (None, Timecode(frame=8), range(8)),
        (Timecode(frame=20), None, range(20, COUNT)),
    ],
)
def test_a_part_is_what_lies_from_start_up_to_end(
    reel: Path, keys: Path, tmp_path: Path, start: Timecode | None, end: Timecode | None, numbers: range
) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(start=start, end=end))
    after = read(tmp_path / "out.mkv")
    assert report.frames == len(after) == len(numbers)
    for frame, number in zip(after, numbers, strict=True):
        np.testing.assert_array_equal(frame.luma, frame_of(number).luma)
    assert after[0].pts == 0
    in_shots = [range(CUT), range(CUT, COUNT)]  # a key frame outside the part colours its shot's frames in it
    used = {key for key, shot in zip((5, 20), in_shots, strict=True) if set(shot) & set(numbers)}
    assert {key.frame for key in report.keys} == used


@pytest.mark.parametrize(("start", "end"), [(8, 12), (0, 4)], ids=["key before", "key behind"])
def test_a_part_has_its_colour_from_key_frames_of_its_shot_outside_it(
    reel: Path, keys: Path, coloured: tuple[list[Frame], ClipReport], tmp_path: Path, start: int, end: int
) -> None:
    told: list[str] = []
    given = {"keyframes": keys, "notify": lambda line, kind: told.append(line)}
    options = ffv1(start=Timecode(frame=start), end=Timecode(frame=end), report=tmp_path / "r.json")
    report = colorize_video(reel, tmp_path / "out.mkv", **given, options=options)
    (shot,) = report.shots
    assert (report.frames, shot.first, shot.last, shot.key_frames) == (end - start, start, end - 1, (5,))
    assert len(shot.guessed) == len(read(tmp_path / "out.mkv")) == end - start
    assert report.percents()["key frames"] > 50
    assert any(line.endswith("key frames of the part's shots outside it (frame 5)") for line in told)
    assert any("frame 20 is outside the part" in line for line in told)
    for whole, part in zip(coloured[0][start:end], read(tmp_path / "out.mkv"), strict=True):
        np.testing.assert_array_equal(part.luma, whole.luma)
        np.testing.assert_allclose(part.cb, whole.cb, atol=3)
    assert read_report(tmp_path / "r.json") == report


def test_a_part_without_a_key_frame_in_its_shot_has_none_of_another(reel: Path, keys: Path, tmp_path: Path) -> None:
    options = ffv1(start=Timecode(frame=8), end=Timecode(frame=12))
    with pytest.raises(UsageError, match="no key frame is left"):
        colorize_video(reel, tmp_path / "out.mkv", keyframes=keys / "key-000020.png", options=options)


def test_of_a_film_without_key_frames_all_is_the_models_guess(reel: Path, tiny_model: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", model=tiny_model, options=ffv1(every=6))
    assert report.percents() == {"model": 100}
    assert report.next[0].reason.endswith("100 % of its colour is a guess")


def test_outside_a_region_the_inputs_chroma_stays(
    reel: Path, keys: Path, coloured: tuple[list[Frame], ClipReport], tmp_path: Path
) -> None:
    colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(region="16,8,32,20"))
    inside = np.zeros((SIZE[0] // 2, SIZE[1] // 2), bool)
    inside[4:14, 8:24] = True
    for whole, part in zip(coloured[0], read(tmp_path / "out.mkv"), strict=True):
        for ours, masked in ((whole.cb, part.cb), (whole.cr, part.cr)):
            np.testing.assert_array_equal(masked[inside], ours[inside])
            assert (masked[~inside] == 128).all()


def test_a_mask_picture_says_where_colour_goes(reel: Path, keys: Path, tmp_path: Path) -> None:
    mask = np.zeros(SIZE, np.uint8)
    mask[:, 48:] = 255
    write_rgb(tmp_path / "mask.png", mask)
    colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(mask=tmp_path / "mask.png"))
    for frame in read(tmp_path / "out.mkv"):
        assert (frame.cb[:, :24] == 128).all()
        assert (frame.cb[:, 24:] != 128).any()


def test_the_colour_layer_has_the_films_chroma_on_one_grey(
    reel: Path, keys: Path, coloured: tuple[list[Frame], ClipReport], tmp_path: Path
) -> None:
    colorize_video(reel, tmp_path / "layer.mkv", keyframes=keys, options=ffv1(chroma_only=True))
    for film, layer in zip(coloured[0], read(tmp_path / "layer.mkv"), strict=True):
        assert (layer.luma == 16 + 219 // 2).all()
        np.testing.assert_array_equal([film.cb, film.cr], [layer.cb, layer.cr])


def test_saturation_acts_on_all_frames_alike(reel: Path, keys: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "grey.mkv", keyframes=keys, options=ffv1(saturation=0.0))
    assert all((plane == 128).all() for frame in read(tmp_path / "grey.mkv") for plane in (frame.cb, frame.cr))
    codes = np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(saturate(codes[:, 16:241], 1.0, INFO), codes[:, 16:241])
    stretched = saturate(codes, 5.0, INFO)
    assert (stretched.min(), stretched.max(), stretched[0, 128]) == (16, 240, 128)
    assert saturate(codes, 5.0, replace(INFO, full_range=True)).max() == 255


def test_a_folder_in_and_a_folder_out_keep_the_names(keys: Path, tmp_path: Path) -> None:
    for number in range(4, 9):
        write_rgb(tmp_path / "scans" / f"scan_{number}.png", cv2.cvtColor(scene(number), cv2.COLOR_RGB2GRAY))
    write_rgb(tmp_path / "keys" / "scan_5.png", scene(5))
    out = tmp_path / "coloured"
    report = colorize_video(
        tmp_path / "scans", out, keyframes=tmp_path / "keys", options=ClipOptions(rate=Fraction(18), preset="fast")
    )
    assert [key.frame for key in report.keys] == [1]
    assert sorted(path.name for path in out.iterdir()) == [f"scan_{number}.png" for number in range(4, 9)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coloured", "keys", "scans"]


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"bits": 10}, {}),
        ({"full_range": True, "matrix": "bt601"}, {}),
        ({"chroma_shift": (0, 1)}, {}),
        ({"rotation": 90}, {}),
        ({}, {"pixel_format": "yuv444p"}),
        ({"colour": False}, {"region": "10,10,20,20"}),
    ],
)
def test_films_of_all_kinds_keep_their_luma_and_their_key_frames(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any]
) -> None:
    info = replace(INFO, **changes)
    with VideoFileWriter(tmp_path / "in.mkv", info, source=None, codec="ffv1") as writer:
        for number in range(4):
            luma = luma_to_codes(rgb_to_ycbcr(scene(number), info)[0], info)
            neutral = np.full(writer.chroma_shape, 1 << info.bits - 1, luma.dtype)
            writer.write(Frame(index=number, luma=luma, pts=40 * number, duration=40), neutral, neutral)
    write_rgb(tmp_path / "keys" / "2.png", upright(scene(2), info.rotation))
    colorize_video(tmp_path / "in.mkv", tmp_path / "out.mkv", keyframes=tmp_path / "keys", options=ffv1(**options))
    found, after = open_clip(tmp_path / "out.mkv").info, read(tmp_path / "out.mkv")
    for fact in ("bits", "rotation", "full_range", "matrix"):
        assert getattr(found, fact) == getattr(info, fact)
    for one, other in zip(read(tmp_path / "in.mkv"), after, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
    if "region" not in options:
        np.testing.assert_array_equal(after[2].cr, key_planes(scene(2), found)[1])
    assert all(warmth(frame) > 0 for frame in after)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (33, 47), (48, 64)])
@pytest.mark.parametrize("low", [(1, 1), (16, 24), (33, 64)])
@pytest.mark.parametrize("shift", [(0, 0), (0, 1), (1, 1)])
def test_colour_is_raised_to_planes_of_any_size(
    size: tuple[int, int], low: tuple[int, int], shift: tuple[int, int]
) -> None:
    info = replace(INFO, height=size[0], width=size[1], chroma_shift=shift)
    luma = np.random.default_rng(0).integers(16, 236, size).astype(np.uint8)
    kept = luma.copy()
    shape = -(-size[0] >> shift[0]), -(-size[1] >> shift[1])
    for plane in full_planes(luma, np.zeros((*low, 2), np.float32), info):
        assert plane.shape == shape
        assert (plane == 128).all()
    red = np.full((*low, 2), (30.0, 10.0), np.float32)
    cb, cr = full_planes(np.full(size, 126, np.uint8), red, info)
    assert (cr > 128).all()
    assert np.ptp(cr) <= 1
    assert np.ptp(cb) <= 1
    np.testing.assert_array_equal(luma, kept)


@pytest.mark.parametrize("size", [(48, 96), (90, 160), (63, 97)])
@pytest.mark.parametrize("share", [1, 0.5])
@pytest.mark.parametrize("axis", [0, 1])
def test_colour_lies_where_the_chroma_samples_are(size: tuple[int, int], share: float, axis: int) -> None:
    """As key pictures have it: on even columns and between rows. 16 bits, since 8 would hide half a pixel."""
    whole = replace(INFO, height=size[0], width=size[1], bits=16, chroma_shift=(0, 0))
    low = round(size[0] * share), round(size[1] * share)
    ramp = np.linspace(-20, 20, low[axis], dtype=np.float32)
    chroma = np.zeros((*low, 2), np.float32)
    chroma[..., 0] = ramp[:, None] if axis == 0 else ramp
    luma = np.full(size, 30_000, np.uint16)
    every = full_planes(luma, chroma, whole)[1]
    sampled = full_planes(luma, chroma, replace(whole, chroma_shift=(1, 1)))[1]
    wanted = subsample(every, (1, 1))
    one_pixel = np.abs(np.diff(every.astype(np.float32), axis=axis)).max()
    inner = (slice(3, -3), slice(3, -3))
    assert np.abs(sampled - wanted)[inner].max() < 0.1 * one_pixel


def test_variable_rate_and_sound_stay(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.mp4", stamps=VARIABLE_STAMPS, sound=("aac",), sound_start=0.1)
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    write_rgb(tmp_path / "keys" / "4.png", pictures[4])
    colorize_video(film, tmp_path / "out.mp4", keyframes=tmp_path / "keys", options=ClipOptions(crf=0))
    before, after = read(film), read(tmp_path / "out.mp4")
    assert [frame.pts for frame in after] == [frame.pts for frame in before] == list(VARIABLE_STAMPS)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
    assert packet_hashes(tmp_path / "out.mp4") == packet_hashes(film)
    assert packet_times(tmp_path / "out.mp4") == packet_times(film)


def test_a_plan_shows_shots_and_keys_and_writes_nothing(reel: Path, keys: Path, tmp_path: Path) -> None:
    plan = plan_video(reel, tmp_path / "out.mkv", keyframes=keys)
    assert [shot.keys for shot in plan.shots] == [(5,), (20,)]
    assert plan.n_frames == COUNT
    assert not list(tmp_path.iterdir())


def test_key_pictures_keep_their_codes_where_hints_change_nothing() -> None:
    rng = np.random.default_rng(0)
    luma = rng.integers(60, 180, SIZE, np.uint8)
    planes = tuple(rng.integers(100, 150, (SIZE[0] // 2, SIZE[1] // 2), np.uint8) for _ in range(2))
    given = rng.uniform(-20, 20, (*SIZE, 2)).astype(np.float32)
    low = np.asarray(resize(given, (30, 48)))
    for one, other in zip(changed_planes(planes, luma, given, low + np.float32(0.2), INFO), planes, strict=True):
        np.testing.assert_array_equal(one, other)
    low[:, 30:, 1] -= 30
    for changed, plane in zip(changed_planes(planes, luma, given, low, INFO), planes, strict=True):
        np.testing.assert_array_equal(changed[:, :27], plane[:, :27])
    assert (changed_planes(planes, luma, given, low, INFO)[0][:, 33:] > planes[0][:, 33:]).mean() > 0.95
