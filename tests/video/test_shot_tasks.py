"""Shots coloured by an engine are those of one pass: the same frames, the same colour, the same file."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.load.local_cluster import local_cluster
from featcolor.clips.folders import FrameFolderReader
from featcolor.clips.frames import ClipInfo, ClipReader, Frame
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.clips.reader import VideoFileReader
from featcolor.clips.timecode import Timecode
from featcolor.clips.ycbcr import luma_to_codes
from featcolor.errors import ClipError, ClusterError, UsageError
from featcolor.hints.hint import Hint, Hints
from featcolor.parallel.engine import Engine, Failure, Outcome
from featcolor.parallel.here import Here
from featcolor.parallel.processes import Processes
from featcolor.video import shot_tasks as module
from featcolor.video.checkpoints import WorkFolder, work_path
from featcolor.video.colorize import COLOURING, colorize_video
from featcolor.video.hint_files import FrameHints
from featcolor.video.keyframes.pictures import KeyPictures
from featcolor.video.options import VIDEO_PRESETS, ClipOptions
from featcolor.video.scan import scan_clip
from featcolor.video.shot_tasks import ColourShots, in_groups, least_frames, run_tasks, shot_tasks
from featcolor.video.shots import ShotColouring, ShotPlan
from tests.clips.samples import VARIABLE_STAMPS, damaged_copy, frames_of, make_clip
from tests.samples import write_rgb
from tests.video.samples import INFO, SIZE, ffv1

SHOTS = ((0, 9), (10, 15), (16, 27), (28, 35))
"""First and last frame of each shot of the film."""


def texture(shot: int, place: int) -> np.ndarray:
    """A texture of its shot's own that moves, (H, W), 0..1."""
    rng = np.random.default_rng(shot)
    wide = cv2.GaussianBlur(rng.uniform(0, 1, (SIZE[0], SIZE[1] + 40)).astype(np.float32), (0, 0), 2 + 2 * shot)
    return cv2.normalize(wide, None, 0.1 + 0.1 * shot, 0.9, cv2.NORM_MINMAX)[:, 2 * place : 2 * place + SIZE[1]]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four shots, with B-frames and one key frame at their beginning, so that seeking has to read on."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    neutral = np.full((SIZE[0] // 2, SIZE[1] // 2), 128, np.uint8)
    with VideoFileWriter(path, INFO, source=None, codec="h264") as writer:
        for shot, (first, last) in enumerate(SHOTS):
            for number in range(first, last + 1):
                luma = luma_to_codes(texture(shot, number - first), INFO)
                frame = Frame(index=number, luma=luma, pts=40 * number, duration=40)
                writer.write(frame, neutral, neutral)
    return path


@pytest.fixture(scope="module")
def given(film: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A key picture in the first shot, and hints in the third."""
    folder = tmp_path_factory.mktemp("given")
    grey = np.rint(255 * texture(0, 4)).astype(np.uint8)
    write_rgb(folder / "key-000004.png", np.dstack([grey, grey // 2, grey // 3]))
    Hints((Hint(((40, 30),), "#1e3cc8"),), size=(SIZE[1], SIZE[0])).write(folder / "film-000020.hints.json")
    return {"keyframes": folder / "key-000004.png", "hints": folder / "film-000020.hints.json"}


@pytest.fixture(autouse=True)
def _a_shot_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_FRAMES", 1)


def test_a_film_by_processes_is_that_of_one_pass_byte_for_byte(
    film: Path, given: dict[str, Path], tiny_model: Path, tmp_path: Path
) -> None:
    """Shots with a key picture, with hints on the model's colour, and with the model's alone; a part of the film."""
    for name, jobs in (("one.mkv", 1), ("two.mkv", 2)):
        part = ffv1(jobs=jobs, start=Timecode(frame=2))
        report = colorize_video(film, tmp_path / name, model=tiny_model, **given, options=part)
        assert [(shot.first, shot.last) for shot in report.shots] == [(2, 9), *SHOTS[1:]]
    assert (tmp_path / "one.mkv").read_bytes() == (tmp_path / "two.mkv").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_a_film_by_a_cluster_is_that_of_one_pass_byte_for_byte(
    film: Path,
    given: dict[str, Path],
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shared: bool,
) -> None:
    """By workers that see the files, and by some that do not."""
    if not shared:
        unlike = {True: (-1, 1), False: (1, 1)}
        monkeypatch.setattr(
            "featcolor.parallel.cluster.signature", lambda path: unlike[path.is_dir()] if path.exists() else None
        )
    colorize_video(film, tmp_path / "one.mkv", model=tiny_model, **given, options=ffv1())
    (tmp_path / "cluster").mkdir()
    with local_cluster(tmp_path / "cluster") as cluster:
        told = ffv1(cluster=cluster.address)
        colorize_video(film, tmp_path / "two.mkv", model=tiny_model, **given, options=told)
        frames = tmp_path / "frames"
        colorize_video(film, frames, **given, options=ClipOptions(preset="fast"))
        by_cluster = ClipOptions(preset="fast", cluster=cluster.address, rate=Fraction(25))
        if shared:
            colorize_video(frames, tmp_path / "again", options=by_cluster)
            assert len(list((tmp_path / "again").iterdir())) == 36
        else:
            with pytest.raises(ClusterError, match=r"frames: a worker of .* does not see it"):
                colorize_video(frames, tmp_path / "again", options=by_cluster)
    assert (tmp_path / "one.mkv").read_bytes() == (tmp_path / "two.mkv").read_bytes()


def test_a_film_on_stdin_does_not_go_to_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: Path) -> None:
    monkeypatch.setattr("featcolor.clips.y4m.spool_stdin", lambda stream, folder: film)
    with pytest.raises(UsageError, match="--cluster does not go with - "):
        colorize_video("-", tmp_path / "out.mkv", options=ffv1(cluster="tcp://nobody:1"))


def test_what_processes_have_done_when_stopped_is_gone_on_with(
    film: Path, given: dict[str, Path], tmp_path: Path
) -> None:
    """By one process: shots without a key picture learn their colour from the one that has it."""
    seen = []

    def stop(stage: str, done: int, total: int) -> None:
        if stage == COLOURING:
            seen.append((done, total))
            raise KeyboardInterrupt

    whole, target, key = tmp_path / "whole.mkv", tmp_path / "out.mkv", {"keyframes": given["keyframes"]}
    colorize_video(film, whole, **key, options=ffv1())
    with pytest.raises(KeyboardInterrupt):
        colorize_video(film, target, **key, options=ffv1(jobs=2), progress=stop)
    assert WorkFolder(work_path(str(target))).n_done >= 1
    assert all(0 < done <= total == 36 for done, total in seen)
    colorize_video(film, target, **key, options=ffv1(resume=True))
    assert target.read_bytes() == whole.read_bytes()


@dataclass(frozen=True)
class Tinted:
    """What colours every frame one colour, once it has killed a process where that is asked for."""

    kills: Path | None = None

    def __call__(self, lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.kills is not None and not self.kills.exists():
            self.kills.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((*lightness.shape, 2), 7, np.float32), np.ones_like(lightness)


def by_a_tint(engine: Engine, film: Path, folder: Path, guess: Tinted, least: int = 1) -> WorkFolder:
    """The second pass over a film, every shot from a guess at its first frame."""
    folder.mkdir(exist_ok=True)
    work, plans = WorkFolder(folder), plans_of(SHOTS)
    with open_clip(film) as reader, scan_clip(reader) as scan:
        info = reader.info
        colouring = ShotColouring(info=info, config=VIDEO_PRESETS["fast"], keys=KeyPictures({}, info), guess=guess)
        tasks = shot_tasks(plans, scan, work, keys={}, hints=FrameHints(), least=least)
        do = ColourShots(film=film, rate=None, colouring=colouring)
        run_tasks(engine, do, tasks, lambda done, total: None, scan.n_frames)
    return work


def plans_of(shots: Iterable[tuple[int, int]]) -> list[ShotPlan]:
    return [ShotPlan(number=n, first=first, last=last) for n, (first, last) in enumerate(shots)]


def test_what_was_done_of_a_task_is_not_done_again(film: Path, tmp_path: Path) -> None:
    work = by_a_tint(Here(1), film, tmp_path / "work", Tinted(), least=99)
    before = [work.shot_path(number).stat().st_mtime_ns for number in range(4)]
    work.shot_path(2).unlink()
    by_a_tint(Here(1), film, work.path, Tinted(), least=99)
    after = [work.shot_path(number).stat().st_mtime_ns for number in range(4)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False, True]


@pytest.mark.slow
def test_a_killed_process_costs_time_alone(film: Path, tmp_path: Path) -> None:
    work = by_a_tint(Processes(2, 1), film, tmp_path / "work", Tinted(kills=tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    for number, (first, last) in enumerate(SHOTS):
        with work.shot(number) as done:
            assert (done.first, done.last) == (first, last)
            np.testing.assert_allclose(done.chroma(last), 7, atol=0.2)


class Fails:
    """An engine whose every item fails so."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure

    def run(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Generator[Outcome[Any], None, None]:
        for index, _ in enumerate(items):
            yield Outcome(index, failure=self.failure)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (Failure("killed", killed=True), r"film\.mp4: .*frames 16 to 27 was killed.*--preset fast"),
        (Failure("keys/a.png: cut short; copy it again", "its trace"), r"^keys/a\.png: cut short; copy it again"),
    ],
)
def test_a_shot_that_cannot_be_coloured_ends_the_film_with_a_line(
    film: Path, tmp_path: Path, failure: Failure, told: str
) -> None:
    with pytest.raises(ClipError, match=told) as raised:
        by_a_tint(Fails(failure), film, tmp_path / "work", Tinted())
    assert failure.trace in raised.value.__notes__


@dataclass(frozen=True)
class Listening:
    """In place of what colours: notes the frames that it is given."""

    info: ClipInfo
    keys: KeyPictures
    hints: FrameHints = field(default_factory=FrameHints)
    heard: list[Frame] = field(default_factory=list)

    def colour(self, plan: ShotPlan, frames: Iterator[Frame], *_: Any) -> None:
        self.heard.extend(frames)


def pass_over(film: Path, folder: Path, rate: Fraction | None = None, scanned: Path | None = None) -> list[Frame]:
    """The frames that tasks of four frames each are given, in the film's order."""
    with open_clip(scanned or film, rate=rate) as reader, scan_clip(reader) as scan:
        listening = Listening(reader.info, KeyPictures({}, reader.info))
        plans = plans_of((first, min(first + 3, scan.n_frames - 1)) for first in range(0, scan.n_frames, 4))
        tasks = shot_tasks(plans, scan, WorkFolder(folder), keys={}, hints=FrameHints(), least=1)
        do = ColourShots(film=film, rate=rate, colouring=listening)  # type: ignore[arg-type]
        run_tasks(Here(1), do, tasks, lambda done, total: None, scan.n_frames)
    return sorted(listening.heard, key=lambda frame: frame.index)


FILMS: dict[str, dict[str, Any]] = {
    "b-frames.mp4": {"options": {"g": "6", "bf": "3"}},
    "open-gop.mkv": {"options": {"g": "5", "bf": "2", "x264-params": "open-gop=1"}},
    "one-key.mkv": {"options": {"g": "250", "bf": "2"}},
    "variable.mp4": {"stamps": VARIABLE_STAMPS},
    "later.mkv": {"stamps": [90_000 + 512 * k for k in range(12)]},
    "woven.mp4": {"interlaced": True},
    "stream.ts": {"options": {"g": "5", "bf": "2"}},
    "mpeg.mpg": {"codec": "mpeg2video", "options": {"g": "5", "bf": "2"}, "time_base": Fraction(1, 25)},
    "vp9.webm": {"codec": "libvpx-vp9", "size": (96, 64)},
}


@pytest.mark.parametrize("name", FILMS)
def test_a_task_has_the_frames_of_the_whole_film_without_reading_all_before(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_clip(tmp_path / name, **FILMS[name])
    whole = frames_of(path)
    times = readings_of(VideoFileReader, monkeypatch)
    found = pass_over(path, tmp_path)
    assert len(times) == 1  # the first pass
    assert [frame.index for frame in found] == list(range(len(whole)))
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)


def readings_of(kind: type[ClipReader], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever a film is read from its start."""
    times: list[int] = []
    read = kind.__iter__

    def counted(reader: ClipReader) -> Iterator[Frame]:
        times.append(1)
        return read(reader)

    monkeypatch.setattr(kind, "__iter__", counted)
    return times


def test_where_seeking_brings_another_frame_a_task_reads_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, or later in a shot: some decoders need what stands before, and give noise without an error."""
    path = make_clip(tmp_path / "in.mkv")
    whole = frames_of(path)

    def mistaken(reader: VideoFileReader, pts: int, number: int) -> Iterator[Frame]:
        later = range(number + (number == 8), len(whole))
        yield from (replace(whole[place], index=number + n) for n, place in enumerate(later))

    monkeypatch.setattr(VideoFileReader, "frames_from", mistaken)
    times = readings_of(VideoFileReader, monkeypatch)
    for one, other in zip(pass_over(path, tmp_path)[-4:], whole[-4:], strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
    assert len(times) == 2


@pytest.mark.parametrize("packet", [2, 5, 6])
def test_a_task_has_the_frames_of_a_damaged_film(packet: int, tmp_path: Path) -> None:
    path = damaged_copy(make_clip(tmp_path / "in.mkv", options={"g": "4"}), tmp_path / "bad.mkv", packet)
    whole = frames_of(path)
    assert any(frame.damaged for frame in whole)
    for one, other in zip(pass_over(path, tmp_path), whole, strict=True):
        assert (one.index, one.damaged) == (other.index, other.damaged)
        np.testing.assert_array_equal(one.luma, other.luma)


@pytest.mark.parametrize(("name", "codec"), [("raw.h264", "libx264"), ("packed.avi", "mpeg4")])
def test_a_film_that_cannot_be_sought_in_is_read_from_its_start_in_few_parts(
    name: str, codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"g": "10", "bf": "2"}
    path = make_clip(tmp_path / name, codec=codec, options=options, n=40, time_base=Fraction(1, 25))
    for one, other in zip(pass_over(path, tmp_path), frames_of(path), strict=True):
        np.testing.assert_array_equal(one.luma, other.luma)
    plans = plans_of((number, number) for number in range(40))
    for least, parts in ((1, 40 // module.MOST_PARTS), (9, 9)):
        monkeypatch.setattr(module, "LEAST_FRAMES", least)
        with open_clip(path) as reader, scan_clip(reader) as scan:
            assert least_frames(reader, plans, scan) == parts
    assert [len(group) for group in in_groups(plans, 9)] == [9, 9, 9, 9, 4]
    # What is done already parts them: its frames would be read for nothing.
    assert [len(group) for group in in_groups([*plans[:2], *plans[3:10]], 9)] == [2, 7]


def test_a_folder_of_frames_is_gone_into_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But where a task begins with a picture that cannot be read, which repeats the one before."""
    for number in range(10):
        write_rgb(tmp_path / "in" / f"{number:03d}.png", np.full((16, 24, 3), 20 * number, np.uint8))
    (tmp_path / "in" / "004.png").write_bytes(b"no picture")
    times = readings_of(FrameFolderReader, monkeypatch)
    found = pass_over(tmp_path / "in", tmp_path, Fraction(25))
    assert len(times) == 2
    assert [int(frame.luma[0, 0]) for frame in found] == [0, 20, 40, 60, 60, 100, 120, 140, 160, 180]
    assert [frame.damaged for frame in found] == [number == 4 for number in range(10)]


def test_another_film_in_its_place_is_told(tmp_path: Path) -> None:
    one = make_clip(tmp_path / "one.mkv")
    other = make_clip(tmp_path / "other.mkv", options={"qp": "40"})
    with pytest.raises(ClipError, match=r"one\.mkv: frame \d+ is another than"):
        pass_over(other, tmp_path, scanned=one)
