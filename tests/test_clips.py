"""A film comes out as it went in, with colour: what is kept, where colour comes from, and what a stop leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import featcolor.clips
from featcolor.clipencode import AHEAD, full_planes, saturate
from featcolor.clipoptions import ClipOptions, Place
from featcolor.clips import colorize_video, plan_video
from featcolor.clipshots import spread_keys
from featcolor.clipwork import work_path
from featcolor.errors import UsageError
from featcolor.frames import ClipInfo, ClipReader, Frame
from featcolor.videos import create_clip, open_clip
from featcolor.ycbcr import key_planes, luma_to_codes, rgb_to_ycbcr, upright
from tests.clip_samples import VARIABLE_STAMPS, make_clip
from tests.samples import write_rgb

ROOT = Path(__file__).resolve().parent.parent
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


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey film of two shots, lossless."""
    path = tmp_path_factory.mktemp("reel") / "reel.mkv"
    with create_clip(path, INFO, source=None, codec="ffv1") as writer:
        for number in range(COUNT):
            frame = frame_of(number)
            assert frame.cb is not None
            assert frame.cr is not None
            writer.write(frame, frame.cb, frame.cr)
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One coloured frame of each shot."""
    folder = tmp_path_factory.mktemp("keys")
    for number in (5, 20):
        write_rgb(folder / f"key-{number:06d}.png", scene(number))
    return folder


def read(path: str | Path, rate: Fraction | None = None) -> list[Frame]:
    with open_clip(path, rate=rate) as reader:
        return list(reader)


def warmth(frame: Frame) -> float:
    """Mean Cr less mean Cb: above 0 is reddish, below bluish."""
    assert frame.cb is not None
    assert frame.cr is not None
    return float(frame.cr.mean() - frame.cb.mean())


def ffv1(**changes: Any) -> ClipOptions:
    return ClipOptions(**({"codec": "ffv1", "preset": "fast"} | changes))


def test_luma_number_and_time_of_every_frame_stay(reel: Path, keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    report = colorize_video(reel, out, keyframes=keys, options=ffv1())
    before, after = read(reel), read(out)
    assert len(after) == COUNT == report.frames
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
        assert one.pts == other.pts
    assert list(tmp_path.iterdir()) == [out]


def test_a_key_frame_carries_its_own_chroma(reel: Path, keys: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1())
    after = read(tmp_path / "out.mkv")
    for number in (5, 20):
        cb, cr = key_planes(scene(number), INFO)
        np.testing.assert_array_equal(after[number].cb, cb)
        np.testing.assert_array_equal(after[number].cr, cr)


def test_nothing_is_carried_across_a_cut(reel: Path, keys: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1())
    assert [(shot.first, shot.last, shot.key_frames) for shot in report.shots] == [
        (0, CUT - 1, (5,)),
        (CUT, COUNT - 1, (20,)),
    ]
    after = read(tmp_path / "out.mkv")
    assert all(warmth(frame) > 10 for frame in after[:CUT])
    assert all(warmth(frame) < -10 for frame in after[CUT:])


def test_a_shot_without_a_key_frame_learns_from_the_others(reel: Path, keys: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys / "key-000005.png", options=ffv1())
    assert [shot.source for shot in report.shots] == ["key frames", "clip's other key frames"]
    assert warmth(read(tmp_path / "out.mkv")[-1]) > 5


def test_a_model_alone_colours_every_shot(reel: Path, tiny_model: Path, tmp_path: Path) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", model=tiny_model, options=ffv1(every=6))
    assert {shot.source for shot in report.shots} == {"model"}
    assert not report.keys
    assert any(np.ptp(frame.cb) > 0 for frame in read(tmp_path / "out.mkv") if frame.cb is not None)


def test_a_model_may_colour_every_frame_and_be_steadied(reel: Path, tiny_model: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "each.mkv", model=tiny_model, options=ffv1(steady=1))
    colorize_video(reel, tmp_path / "out.mkv", model=tiny_model, options=ffv1(steady=5))

    def flicker(path: Path) -> float:
        frames = read(path)[:CUT]
        tints = [
            (float(frame.cb.mean()), float(frame.cr.mean()))
            for frame in frames
            if frame.cb is not None and frame.cr is not None
        ]
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
        (Place(frame=3), Place(frame=18), range(3, 18)),
        (Place(Fraction("0.2")), Place(Fraction("0.4")), range(5, 10)),
        (None, Place(frame=8), range(8)),
        (Place(frame=20), None, range(20, COUNT)),
    ],
)
def test_a_part_is_what_lies_from_start_up_to_end(
    reel: Path, keys: Path, tmp_path: Path, start: Place | None, end: Place | None, numbers: range
) -> None:
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(start=start, end=end))
    after = read(tmp_path / "out.mkv")
    assert report.frames == len(after) == len(numbers)
    for frame, number in zip(after, numbers, strict=True):
        np.testing.assert_array_equal(frame.luma, frame_of(number).luma)
    assert after[0].pts == 0
    assert {key.frame for key in report.keys} == {5, 20} & set(numbers)


def test_outside_a_region_the_inputs_chroma_stays(reel: Path, keys: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "all.mkv", keyframes=keys, options=ffv1())
    colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(region="16,8,32,20"))
    inside = np.zeros((SIZE[0] // 2, SIZE[1] // 2), bool)
    inside[4:14, 8:24] = True
    for whole, part in zip(read(tmp_path / "all.mkv"), read(tmp_path / "out.mkv"), strict=True):
        for ours, masked in ((whole.cb, part.cb), (whole.cr, part.cr)):
            assert ours is not None
            assert masked is not None
            np.testing.assert_array_equal(masked[inside], ours[inside])
            assert (masked[~inside] == 128).all()


def test_a_mask_picture_says_where_colour_goes(reel: Path, keys: Path, tmp_path: Path) -> None:
    mask = np.zeros(SIZE, np.uint8)
    mask[:, 48:] = 255
    write_rgb(tmp_path / "mask.png", mask)
    colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(mask=tmp_path / "mask.png"))
    for frame in read(tmp_path / "out.mkv"):
        assert frame.cb is not None
        assert (frame.cb[:, :24] == 128).all()
        assert (frame.cb[:, 24:] != 128).any()


def test_the_colour_layer_has_the_films_chroma_on_one_grey(reel: Path, keys: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "film.mkv", keyframes=keys, options=ffv1())
    colorize_video(reel, tmp_path / "layer.mkv", keyframes=keys, options=ffv1(chroma_only=True))
    for film, layer in zip(read(tmp_path / "film.mkv"), read(tmp_path / "layer.mkv"), strict=True):
        assert (layer.luma == 16 + 219 // 2).all()
        np.testing.assert_array_equal(film.cb, layer.cb)
        np.testing.assert_array_equal(film.cr, layer.cr)


def test_saturation_acts_on_all_frames_alike(reel: Path, keys: Path, tmp_path: Path) -> None:
    colorize_video(reel, tmp_path / "grey.mkv", keyframes=keys, options=ffv1(saturation=0.0))
    for frame in read(tmp_path / "grey.mkv"):
        assert (frame.cb == 128).all()
        assert (frame.cr == 128).all()
    codes = np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(saturate(codes[:, 16:241], 1.0, INFO), codes[:, 16:241])
    stretched = saturate(codes, 5.0, INFO)
    assert (stretched.min(), stretched.max(), stretched[0, 128]) == (16, 240, 128)
    assert saturate(codes, 5.0, replace(INFO, full_range=True)).max() == 255


def test_a_picture_of_no_frame_is_refused_and_the_rest_go_on(reel: Path, keys: Path, tmp_path: Path) -> None:
    stray = write_rgb(tmp_path / "stray-000003.png", np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8))
    told: list[tuple[str, str]] = []
    report = colorize_video(
        reel,
        tmp_path / "out.mkv",
        keyframes=[keys, stray],
        options=ffv1(),
        tell=lambda message, kind: told.append((kind, message)),
    )
    assert len(report.refused) == 1
    assert str(stray) in report.refused[0]
    assert ("error", report.refused[0]) in told
    assert [key.frame for key in report.keys] == [5, 20]
    with pytest.raises(UsageError, match="no key frame is left"):
        colorize_video(reel, tmp_path / "none.mkv", keyframes=stray, options=ffv1())
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("none")]


def test_what_cannot_be_done_is_refused_before_any_work(
    reel: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("the film was scanned")

    monkeypatch.setattr(featcolor.clips, "scan_clip", never)
    there = tmp_path / "there.mkv"
    there.write_bytes(b"mine")
    cases: list[tuple[Any, Any, dict[str, Any], str]] = [
        (reel, tmp_path / "out.mkv", {}, "--model"),
        (reel, there, {"keyframes": keys}, "--overwrite"),
        (reel, reel, {"keyframes": keys, "options": ffv1(overwrite=True)}, "is the input"),
        (reel, tmp_path / "no" / "out.mkv", {"keyframes": keys}, "no such folder"),
        (reel, tmp_path / "out.xyz", {"keyframes": keys}, "xyz"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(preset="best")}, "--preset"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(region="90,0,20,20")}, "--region"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(mask=tmp_path / "no.png")}, "no such mask"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(picture_format="png")}, "--format"),
        (
            reel,
            tmp_path / "out.mkv",
            {"keyframes": keys, "options": ffv1(report=tmp_path / "no" / "r.json")},
            "--report",
        ),
        (keys, tmp_path / "out.mkv", {"keyframes": keys}, "--fps"),
        (reel, keys, {"keyframes": keys, "options": ClipOptions(overwrite=True)}, "holds the key frames"),
        (reel, tmp_path / "out.mkv", {"keyframes": tmp_path / "no"}, "no"),
    ]
    for source, target, given, word in cases:
        options = given.pop("options", None) or ClipOptions()
        with pytest.raises(UsageError) as refused:
            colorize_video(source, target, options=replace(options), **given)
        assert word in str(refused.value)
        assert "\n" not in str(refused.value)
    assert there.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [there]


def test_an_empty_part_is_refused(reel: Path, keys: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose another --start or --end"):
        colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(start=Place(frame=500)))
    assert not list(tmp_path.iterdir())


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


def test_a_folder_that_a_killed_run_has_half_filled_is_filled(reel: Path, keys: Path, tmp_path: Path) -> None:
    out = tmp_path / "coloured"
    with pytest.raises(KeyboardInterrupt):
        colorize_video(reel, out, keyframes=keys, options=ClipOptions(preset="fast"), progress=stop_after(CUT))
    out.mkdir()
    for name in ("000000.png", ".000001.png.0123abcd.part", "mine.txt"):
        (out / name).write_bytes(b"half")
    colorize_video(reel, out, keyframes=keys, options=ClipOptions(preset="fast", resume=True))
    assert sorted(path.name for path in out.iterdir()) == [*(f"{n:06d}.png" for n in range(COUNT)), "mine.txt"]
    assert (out / "000000.png").stat().st_size > 100


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
    with create_clip(tmp_path / "in.mkv", info, source=None, codec="ffv1") as writer:
        for number in range(4):
            luma = luma_to_codes(rgb_to_ycbcr(scene(number), info)[0], info)
            neutral = np.full(writer.chroma_shape, 1 << info.bits - 1, luma.dtype)
            writer.write(Frame(index=number, luma=luma, pts=40 * number, duration=40), neutral, neutral)
    write_rgb(tmp_path / "keys" / "2.png", upright(scene(2), info.rotation))
    colorize_video(tmp_path / "in.mkv", tmp_path / "out.mkv", keyframes=tmp_path / "keys", options=ffv1(**options))
    with open_clip(tmp_path / "out.mkv") as reader:
        found = reader.info
        after = list(reader)
    assert (found.bits, found.rotation, found.full_range, found.matrix) == (
        info.bits,
        info.rotation,
        info.full_range,
        info.matrix,
    )
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
    assert sound_of(tmp_path / "out.mp4") == sound_of(film)


def sound_of(path: Path) -> list[tuple[float, bytes]]:
    """Time and bytes of every packet of sound."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        return [(float(packet.pts * packet.time_base), bytes(packet)) for packet in packets]


def stop_after(shots: int) -> Callable[[str, int, int], None]:
    """Ctrl-C once the second shot is being coloured."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == featcolor.clips.COLOURING and done > shots:
            raise KeyboardInterrupt

    return progress


def test_a_stopped_run_goes_on_and_ends_as_if_it_had_not_stopped(reel: Path, keys: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    colorize_video(reel, whole, keyframes=keys, options=ffv1())
    with pytest.raises(KeyboardInterrupt):
        colorize_video(reel, out, keyframes=keys, options=ffv1(), progress=stop_after(CUT))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mkv.featcolor-work", "whole.mkv"]
    with pytest.raises(UsageError, match="--resume"):
        colorize_video(reel, out, keyframes=keys, options=ffv1())
    with pytest.raises(UsageError, match=r"--every \(25\)"):
        colorize_video(reel, out, keyframes=keys, options=ffv1(resume=True, every=7))
    colorize_video(reel, out, keyframes=keys, options=ffv1(resume=True))
    assert out.read_bytes() == whole.read_bytes()
    assert not work_path(str(out)).exists()


def test_a_run_stopped_before_any_shot_leaves_nothing(reel: Path, keys: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(), progress=stop_after(0))
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
from featcolor.clips import colorize_video
from featcolor.clipoptions import ClipOptions
from featcolor.clipwork import WorkFolder, Segment

wanted, where = int(sys.argv[4]), sys.argv[5]
save, write = WorkFolder.save, Segment.chroma
done = [0]

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def counted(self, *rest):
    save(self, *rest)
    done[0] += 1
    if where == "colouring" and done[0] == wanted:
        kill()

def read(self, frame):
    if where == "writing" and frame == wanted:
        kill()
    return write(self, frame)

WorkFolder.save, Segment.chroma = counted, read
colorize_video(sys.argv[1], sys.argv[2], keyframes=sys.argv[3], options=ClipOptions(codec="ffv1", preset="fast"))
"""


@pytest.mark.parametrize(("wanted", "where"), [(1, "colouring"), (2, "colouring"), (19, "writing")])
def test_a_killed_run_resumes_to_the_same_file(reel: Path, keys: Path, tmp_path: Path, wanted: int, where: str) -> None:
    out, whole = tmp_path / "out.mkv", tmp_path / "whole.mkv"
    call = [sys.executable, "-c", KILLED, str(reel), str(out), str(keys), str(wanted), where]
    done = subprocess.run(call, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    colorize_video(reel, out, keyframes=keys, options=ffv1(resume=True))
    colorize_video(reel, whole, keyframes=keys, options=ffv1())
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == [out, whole]


class Made:
    """A reader of frames that are made as they are asked for, and counted while somebody holds them."""

    def __init__(self, count: int, alive: list[int], *, damaged: int | None = None) -> None:
        self.info, self.count, self.alive, self.damaged = INFO, count, alive, damaged

    def __iter__(self) -> Iterator[Frame]:
        living: weakref.WeakSet[Frame] = weakref.WeakSet()
        for number in range(self.count):
            frame = replace(frame_of(number % CUT), index=number, pts=40 * number, damaged=number == self.damaged)
            living.add(frame)
            self.alive.append(len(living))
            yield frame
            del frame

    def __enter__(self) -> Made:
        return self

    def __exit__(self, *error: object) -> None:
        return None


def test_frames_are_held_a_few_at_a_time_and_damage_is_reported(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[int] = []

    def opened(source: str, *, rate: Fraction | None = None) -> ClipReader:
        return Made(4 * CUT, alive, damaged=7)  # type: ignore[return-value]

    (tmp_path / "in.mkv").write_bytes(b"stands for a film")
    monkeypatch.setattr(featcolor.clipinputs, "open_clip", opened)
    monkeypatch.setattr(
        featcolor.cliptargets,
        "create_clip",
        lambda target, info, **rest: create_clip(target, info, source=None, codec="ffv1"),
    )
    report = colorize_video(tmp_path / "in.mkv", tmp_path / "out.mkv", keyframes=keys / "key-000005.png")
    assert report.damaged == (7,)
    assert any("damaged frames (7)" in note for note in report.notes)
    assert max(alive) <= AHEAD + 4
    after = read(tmp_path / "out.mkv")
    assert len(after) == 4 * CUT
    assert warmth(after[7]) > 10


def test_a_plan_shows_shots_and_keys_and_writes_nothing(reel: Path, keys: Path, tmp_path: Path) -> None:
    plan = plan_video(reel, tmp_path / "out.mkv", keyframes=keys)
    assert [shot.keys for shot in plan.shots] == [(5,), (20,)]
    assert plan.n_frames == COUNT
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "every"), [(1, 25), (25, 25), (26, 25), (100, 25), (7, 1), (60, 7)])
def test_guessed_key_frames_lie_no_further_apart_than_asked(count: int, every: int) -> None:
    chosen = spread_keys(40, 39 + count, every)
    assert list(chosen) == sorted(set(chosen))
    assert chosen[0] >= 40
    assert chosen[-1] <= 39 + count
    gaps = np.diff([40 - every // 2 - 1, *chosen, 39 + count + every // 2 + 1])
    assert gaps.max() <= every + 1
    assert len(chosen) == -(-count // every)
