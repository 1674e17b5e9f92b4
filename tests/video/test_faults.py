"""What a film's run refuses, and what a stop, a kill or a damaged frame leaves."""

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

import numpy as np
import pytest

import featcolor.video.colorize
from featcolor.clips.frames import ClipReader, Frame
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.timecode import Timecode
from featcolor.errors import UsageError
from featcolor.video.checkpoints import work_path
from featcolor.video.colorize import colorize_video
from featcolor.video.encode import AHEAD
from featcolor.video.options import ClipOptions
from tests.samples import write_rgb
from tests.video.samples import COUNT, CUT, INFO, SIZE, ffv1, frame_of, read, warmth

ROOT = Path(__file__).resolve().parents[2]


def test_a_picture_of_no_frame_is_refused_and_the_rest_go_on(reel: Path, keys: Path, tmp_path: Path) -> None:
    stray = write_rgb(tmp_path / "stray-000003.png", np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8))
    told: list[tuple[str, str]] = []
    said = {"options": ffv1(), "notify": lambda message, kind: told.append((kind, message))}
    report = colorize_video(reel, tmp_path / "out.mkv", keyframes=[keys, stray], **said)
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

    monkeypatch.setattr(featcolor.video.colorize, "scan_clip", never)
    there = tmp_path / "there.mkv"
    there.write_bytes(b"mine")
    cases: list[tuple[Any, Any, dict[str, Any], str]] = [
        (reel, there, {"keyframes": keys}, "--overwrite"),
        (reel, reel, {"keyframes": keys, "options": ffv1(overwrite=True)}, "is the input"),
        (reel, tmp_path / "no" / "out.mkv", {"keyframes": keys}, "no such folder"),
        (reel, tmp_path / "out.xyz", {"keyframes": keys}, "xyz"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(preset="finest")}, "--preset"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(region="90,0,20,20")}, "--region"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(mask=tmp_path / "no.png")}, "no such mask"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(picture_format="png")}, "--format"),
        (reel, tmp_path / "out.mkv", {"keyframes": keys, "options": ffv1(report=tmp_path / "no/r.json")}, "--report"),
        (keys, tmp_path / "out.mkv", {"keyframes": keys}, "--fps"),
        (reel, keys, {"keyframes": keys, "options": ClipOptions(overwrite=True)}, "where the key frames are"),
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


def test_what_a_run_reads_is_never_its_output(reel: Path, keys: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.mkv"
    mask.write_bytes(reel.read_bytes())
    picture = next(keys.glob("*.png"))
    mine = ClipOptions(overwrite=True)
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (mask, {"options": replace(mine, mask=mask)}, "is the mask"),
        (tmp_path / "out.mkv", {"options": replace(mine, mask=mask, report=mask)}, "--report"),
        (tmp_path / "out.mkv", {"options": replace(mine, report=picture)}, "--report"),
        (tmp_path / "out.mkv", {"options": replace(mine, report=reel)}, "--report"),
    ]
    before = mask.read_bytes(), picture.read_bytes(), reel.read_bytes()
    for target, given, word in cases:
        with pytest.raises(UsageError, match=word):
            colorize_video(reel, target, keyframes=keys, **given)
    assert (mask.read_bytes(), picture.read_bytes(), reel.read_bytes()) == before


def test_an_empty_part_is_refused(reel: Path, keys: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose another --start or --end"):
        colorize_video(reel, tmp_path / "out.mkv", keyframes=keys, options=ffv1(start=Timecode(frame=500)))
    assert not list(tmp_path.iterdir())


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


def stop_after(shots: int) -> Callable[[str, int, int], None]:
    """Ctrl-C once the second shot is being coloured."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == featcolor.video.colorize.COLOURING and done > shots:
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
from featcolor.video.colorize import colorize_video
from featcolor.video.options import ClipOptions
from featcolor.video.checkpoints import WorkFolder, ShotFile

wanted, where = int(sys.argv[4]), sys.argv[5]
save, write = WorkFolder.save, ShotFile.chroma
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

WorkFolder.save, ShotFile.chroma = counted, read
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


class Made(ClipReader):
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


def test_frames_are_held_a_few_at_a_time_and_damage_is_reported(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[int] = []

    def opened(source: str, *, rate: Fraction | None = None) -> ClipReader:
        return Made(4 * CUT, alive, damaged=7)

    (tmp_path / "in.mkv").write_bytes(b"stands for a film")
    monkeypatch.setattr(featcolor.video.prepared.film, "open_clip", opened)
    monkeypatch.setattr(
        featcolor.video.output,
        "VideoFileWriter",
        lambda target, info, **rest: VideoFileWriter(target, info, source=None, codec="ffv1"),
    )
    report = colorize_video(tmp_path / "in.mkv", tmp_path / "out.mkv", keyframes=keys / "key-000005.png")
    assert report.damaged == (7,)
    assert any("damaged frames (7)" in note for note in report.notes)
    assert max(alive) <= AHEAD + 4
    after = read(tmp_path / "out.mkv")
    assert len(after) == 4 * CUT
    assert warmth(after[7]) > 10
