"""Films in the studio: scanned, looked into, tried shot by shot, written, and known again from their files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from signal import SIGKILL

import numpy as np
import pytest

from featcolor.clips.open import open_clip
from featcolor.errors import ClipError, UsageError
from featcolor.hints.hint import Hint, Hints
from featcolor.pictures.io import read_picture
from featcolor.studio.films.card import film_card
from featcolor.studio.films.colour import fitting_target, play_shot, write_film
from featcolor.studio.films.folder import FilmFolder
from featcolor.studio.films.frames import write_frame, write_thumb
from featcolor.studio.films.scan import scan_film
from featcolor.studio.films.shelf import Shelf, find_films
from featcolor.video.colorize import colorize_video
from featcolor.video.keyframes.choose import choose_frames
from featcolor.video.keyframes.export import frame_picture
from featcolor.video.options import ClipOptions
from featcolor.video.scan import scan_clip
from tests.clips.samples import make_clip, packet_hashes
from tests.video.samples import COUNT, CUT, SIZE, make_reel, read, warmth

FAST = {"preset": "fast"}


class StoppedError(Exception):
    """What a test stops a run with, as the end of its process would."""


def write_and_die(reel: Path, target: Path, folder: Path) -> None:
    """Ends its process in the middle of writing."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "writing" and done >= 3:
            os.kill(os.getpid(), SIGKILL)

    write_film(reel, target, folder, settings=FAST, progress=progress)


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reel(tmp_path_factory.mktemp("reel") / "reel.mkv")


@pytest.fixture(scope="module")
def scanned(reel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scanned") / "film"
    scan_film(reel, folder)
    return folder


@pytest.fixture
def folder(scanned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(scanned, tmp_path / "film"))


def give_hint(reel: Path, folder: Path, frame: int, colour: str = "#c04020") -> Path:
    path = FilmFolder(reel, folder).hints_on(frame)
    path.parent.mkdir(exist_ok=True)
    Hints((Hint(((40, 30),), colour),), size=(SIZE[1], SIZE[0])).write(path)
    return path


def stop_at(stage: str, done: int) -> Callable[[str, int, int], None]:
    def progress(now: str, count: int, total: int) -> None:
        if now == stage and count >= done:
            raise StoppedError

    return progress


def test_shots_and_key_frames_are_those_of_the_command_line(reel: Path, scanned: Path) -> None:
    facts = FilmFolder(reel, scanned).facts()
    with open_clip(reel) as reader, scan_clip(reader) as scan:
        assert [(shot.first, shot.last, shot.kind) for shot in facts.shots] == [tuple(shot) for shot in scan.shots]
        assert [shot.key for shot in facts.shots] == choose_frames(scan)
    assert [(shot.first, shot.last) for shot in facts.shots] == [(0, CUT - 1), (CUT, COUNT - 1)]
    assert (facts.width, facts.height, facts.frames, facts.rate) == (SIZE[1], SIZE[0], COUNT, "25")


def test_the_proxy_is_what_browsers_play_and_shows_frame_by_frame_what_the_film_shows(
    reel: Path, scanned: Path
) -> None:
    with open_clip(FilmFolder(reel, scanned).proxy) as reader:
        info, copies = reader.info, list(reader)
    assert (info.tags["pix_fmt"], info.bits, info.rate) == ("yuv420p", 8, 25)
    films = read(reel)
    assert len(copies) == len(films)
    for film, copy in zip(films, copies, strict=True):
        assert np.abs(film.luma.astype(int) - copy.luma).mean() < 4
        assert (copy.cb == 128).all()
        assert (copy.cr == 128).all()
        assert copy.pts * info.time_base * 25 == copy.index


@pytest.mark.parametrize(
    ("size", "pix_fmt", "rotation"), [((71, 49), "yuv444p", 0), ((64, 48), "yuv420p10le", 90), ((1296, 32), "gray", 0)]
)
def test_films_that_browsers_do_not_play_get_a_proxy_too(
    tmp_path: Path, size: tuple[int, int], pix_fmt: str, rotation: int
) -> None:
    codec = "ffv1" if pix_fmt == "gray" else "libx264"
    film = make_clip(tmp_path / "film.mov" if rotation else tmp_path / "film.mkv", size=size, pix_fmt=pix_fmt,
                     codec=codec, rotation=rotation)  # fmt: skip
    facts = scan_film(film, tmp_path / "folder")
    with open_clip(film) as whole, open_clip(tmp_path / "folder/proxy.mp4") as reader:
        info, shown = reader.info, whole.info.shown_size
        assert len(list(reader)) == facts.frames == 12
    assert info.tags["pix_fmt"] == "yuv420p"
    assert (facts.width, facts.height) == shown
    assert info.shown_size[0] / info.shown_size[1] == pytest.approx(shown[0] / shown[1], rel=0.05)
    assert info.width % 2 == info.height % 2 == 0
    assert max(info.shape) <= 1280


def test_a_frames_picture_is_the_frame_wherever_it_is(reel: Path, folder: Path) -> None:
    with open_clip(reel) as reader:
        frames = [frame_picture(frame, reader.info) for frame in reader]
    for number in (COUNT - 1, 0, CUT, 7):
        path = write_frame(reel, folder, number)
        assert path.name == f"reel-{number:06d}.png"
        np.testing.assert_array_equal(read_picture(path).pixels, frames[number])
        assert path.parent == folder / "frames"
    with pytest.raises(UsageError, match="no frame 26"):
        write_frame(reel, folder, COUNT)


def test_a_film_that_cannot_be_sought_in_gives_its_frames_too(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.h264", options={"bf": "0"})
    scan_film(film, tmp_path / "folder")
    with open_clip(film) as reader:
        frames = [frame_picture(frame, reader.info) for frame in reader]
    picture = read_picture(write_frame(film, tmp_path / "folder", 9)).pixels
    np.testing.assert_array_equal(picture, frames[9])


def test_small_pictures_of_any_frame(reel: Path, scanned: Path) -> None:
    film = FilmFolder(reel, scanned)
    assert {path.name for path in (scanned / "thumbs").iterdir()} >= {
        film.thumb(shot.key).name for shot in film.facts().shots
    }
    picture = read_picture(write_thumb(reel, scanned, 3)).pixels
    assert picture.shape[:2] == SIZE


def test_a_shot_is_tried_with_the_hints_on_it_and_only_those(reel: Path, folder: Path) -> None:
    plain = play_shot(reel, folder, 1, settings={"saturation": 1.0})
    give_hint(reel, folder, 3)
    before = read(FilmFolder(reel, folder).clip(1))
    assert len(before) == COUNT - CUT
    play_shot(reel, folder, 1)
    same = read(FilmFolder(reel, folder).clip(1))
    assert all((one.cb == other.cb).all() for one, other in zip(before, same, strict=True))
    give_hint(reel, folder, 20, "#e03010")
    outcome = play_shot(reel, folder, 1)
    after = read(FilmFolder(reel, folder).clip(1))
    assert warmth(after[20 - CUT]) > warmth(before[20 - CUT]) + 2
    assert outcome.told != plain.told
    assert 0 <= outcome.guessed <= 1
    assert all(CUT <= each.frame < COUNT and each.shot == 1 for each in outcome.next)
    assert [path.name for path in (folder / "shots").iterdir() if path.is_dir()] == []


def test_a_shot_that_was_stopped_is_not_taken_for_tried(reel: Path, folder: Path) -> None:
    with pytest.raises(StoppedError):
        play_shot(reel, folder, 0, progress=stop_at("writing", 3))
    assert film_card(reel, folder)["shots"][0]["playable"] is None
    (folder / "shots/00000.work").mkdir()
    (folder / "shots/00000.work/grey.mp4").write_bytes(b"half")
    (folder / "shots/00000.mp4").write_bytes(b"of another run")
    assert film_card(reel, folder)["shots"][0]["playable"] is None
    play_shot(reel, folder, 0)
    assert film_card(reel, folder)["shots"][0]["playable"]


def test_a_scan_that_was_stopped_leaves_a_film_new(reel: Path, folder: Path) -> None:
    assert film_card(reel, folder)["state"] == "ready"
    with pytest.raises(StoppedError):
        scan_film(reel, folder, progress=stop_at("finding shots", 10))
    assert film_card(reel, folder)["state"] == "new"
    with pytest.raises(UsageError, match="have not been looked for"):
        play_shot(reel, folder, 0)


def test_a_film_of_too_many_frames_is_refused(reel: Path, tmp_path: Path) -> None:
    scan_film(reel, tmp_path / "folder", COUNT)
    with pytest.raises(ClipError, match="more than the 20 frames"):
        scan_film(reel, tmp_path / "folder", 20)
    assert film_card(reel, tmp_path / "folder")["state"] == "new"


def test_another_model_is_a_change_too(reel: Path, folder: Path, tmp_path: Path) -> None:
    play_shot(reel, folder, 0)
    (tmp_path / "model").touch()
    assert not film_card(reel, folder)["shots"][0]["changed"]
    assert film_card(reel, folder, tmp_path / "model")["shots"][0]["changed"]


def test_a_film_that_was_replaced_is_new_again(folder: Path, reel: Path, tmp_path: Path) -> None:
    film = Path(shutil.copy(reel, tmp_path / "reel.mkv"))
    scan_film(film, folder)
    assert film_card(film, folder)["state"] == "ready"
    picture, hints = write_frame(film, folder, 3), give_hint(film, folder, 3)
    make_reel(tmp_path / "other.mkv", "h264").replace(film)
    assert film_card(film, folder)["state"] == "new"
    scan_film(film, folder)
    assert not picture.exists()
    assert hints.exists()


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("none")
    with pytest.raises(ClipError, match="not a film"):
        scan_film(tmp_path / "film.mp4", tmp_path / "folder")
    assert film_card(tmp_path / "film.mp4", tmp_path / "folder")["state"] == "new"


def test_the_film_is_written_as_the_command_line_writes_it(reel: Path, folder: Path, tmp_path: Path) -> None:
    give_hint(reel, folder, 20)
    target = tmp_path / "reel-colour.mkv"
    report = write_film(reel, target, folder, settings=FAST)
    colorize_video(reel, tmp_path / "other.mkv", hints=folder / "hints", options=ClipOptions(preset="fast"))
    assert target.read_bytes() == (tmp_path / "other.mkv").read_bytes()
    card = film_card(reel, folder)
    assert card["written"] == target.name
    assert card["corrected"] == [20]
    assert [shot["confidence"] for shot in card["shots"]] == [
        pytest.approx(float(np.mean(shot.confidence)), abs=0.002) for shot in report.shots
    ]
    json.dumps(card, allow_nan=False)
    target.write_bytes(b"somebody else's")
    assert film_card(reel, folder)["written"] is None


def test_a_film_whose_process_was_killed_goes_on_where_it_stopped(reel: Path, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "reel-colour.mkv"
    process = get_context("spawn").Process(target=write_and_die, args=(reel, target, folder))
    process.start()
    process.join()
    assert process.exitcode == -SIGKILL
    assert not target.exists()
    assert film_card(reel, folder)["written"] is None
    seen = []
    write_film(reel, target, folder, settings=FAST, progress=lambda stage, done, total: seen.append((stage, done)))
    # Shots that are done are passed over, not gone through.
    assert {done for stage, done in seen if stage == "colouring shots"} <= {0, CUT, COUNT}
    write_film(reel, tmp_path / "whole.mkv", folder, settings=FAST)
    assert target.read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith((".part", ".featcolor-work"))]


def test_hints_that_changed_meanwhile_begin_the_film_anew(reel: Path, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "reel-colour.mkv"
    with pytest.raises(StoppedError):
        write_film(reel, target, folder, settings=FAST, progress=stop_at("writing", 3))
    give_hint(reel, folder, 20)
    write_film(reel, target, folder, settings=FAST)
    write_film(reel, tmp_path / "whole.mkv", folder, settings=FAST)
    assert target.read_bytes() == (tmp_path / "whole.mkv").read_bytes()


def test_a_film_of_somebody_else_is_not_replaced(reel: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "reel-colour.mkv").write_bytes(b"theirs")
    with pytest.raises(UsageError, match="exists"):
        write_film(reel, tmp_path / "reel-colour.mkv", folder)
    assert (tmp_path / "reel-colour.mkv").read_bytes() == b"theirs"


def test_sound_that_a_container_does_not_hold_goes_to_one_that_does(tmp_path: Path) -> None:
    targets = [tmp_path / "a.mp4", tmp_path / "a.mkv"]
    assert fitting_target(make_clip(tmp_path / "film.mp4", sound=["aac"]), targets) == targets[0]
    assert fitting_target(make_clip(tmp_path / "film.mkv", sound=["pcm_s16le"]), targets) == targets[1]


def test_sound_that_no_container_holds_is_encoded_in_the_last(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "in.vob", codec="mpeg2video", time_base=Fraction(1, 25), sound=("pcm_dvd",))
    target = fitting_target(film, [tmp_path / "out.mkv"])
    write_film(film, target, tmp_path / "reel", settings={"preset": "fast"})
    assert [codec for _, codec, _ in packet_hashes(target)] == ["aac"]


def test_the_frame_to_correct_next_is_not_one_that_was_corrected(reel: Path, folder: Path) -> None:
    outcome = play_shot(reel, folder, 0)
    card = film_card(reel, folder)
    if not outcome.next:
        assert card["next"] is None
        return
    assert card["next"]["frame"] == outcome.next[0].frame
    give_hint(reel, folder, outcome.next[0].frame)
    later = film_card(reel, folder)
    assert later["shots"][0]["changed"]
    assert later["next"] is None or later["next"]["frame"] != outcome.next[0].frame


def test_a_file_without_hints_in_it_is_no_correction(reel: Path, folder: Path) -> None:
    path = give_hint(reel, folder, 3)
    assert film_card(reel, folder)["corrected"] == [3]
    Hints(size=(SIZE[1], SIZE[0])).write(path)
    assert film_card(reel, folder)["corrected"] == []
    play_shot(reel, folder, 0)


def test_the_films_of_a_folder_are_found_but_for_those_that_were_written(tmp_path: Path) -> None:
    for name in ("a.mp4", "a-colour.mp4", "b-colour.mkv", "below/c.AVI", ".hidden.mp4", "out/a.mp4", "picture.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = find_films(tmp_path, tmp_path / "out")
    assert [each.relative.as_posix() for each in found] == ["a.mp4", "b-colour.mkv", "below/c.AVI"]
    assert [each.relative.as_posix() for each in find_films(tmp_path / "a.mp4")] == ["a.mp4"]
    assert not find_films(tmp_path / "picture.png")


def test_films_of_a_workspace_and_where_their_colour_goes(tmp_path: Path) -> None:
    for name in ("album/a.mp4", "album/b.avi", "space/films/c.mov"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    shelf = Shelf(tmp_path / "space", [tmp_path / "album"], None)
    shelf.refresh()
    films = {film.name: film for film in shelf.films.values()}
    assert [(name, film.dropped) for name, film in films.items()] == [
        ("a.mp4", False),
        ("b.avi", False),
        ("c.mov", True),
    ]
    assert shelf.targets(films["a.mp4"])[0] == tmp_path / "album/a-colour.mp4"
    assert shelf.targets(films["b.avi"]) == [tmp_path / "album/b-colour.mkv"]
    assert shelf.targets(films["c.mov"])[0] == tmp_path / "space/coloured/c-colour.mov"
    with pytest.raises(UsageError, match="your own folder"):
        shelf.forget(films["a.mp4"])
    shelf.folder(films["c.mov"]).path.mkdir(parents=True)
    shelf.forget(films["c.mov"])
    assert not (tmp_path / "space/films/c.mov").exists()
