"""The command keyframes, on small films: what is written, what is refused, what is said."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("featcolor.clips.open")
pytest.importorskip("featcolor.clips.ycbcr")

import av

from featcolor.commands import main
from featcolor.hints.hint import Hints
from featcolor.pictures.io import read_picture, write_picture
from featcolor.video.report import ClipReport, NextFrame, ShotReport

WIDTH, HEIGHT = 96, 64


@pytest.fixture(scope="module")
def frames(photographs: dict[str, NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Three shots of 20 frames."""
    made = []
    for name in ("astronaut", "china", "coffee"):
        large = cv2.resize(photographs[name], (WIDTH + 40, HEIGHT + 20))
        made += [np.ascontiguousarray(large[at // 3 :, at:][:HEIGHT, :WIDTH]) for at in range(20)]
    return made


@pytest.fixture(scope="module")
def reel(frames: list[NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "town reel.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def report(path: Path, reel: Path, *frames: int) -> Path:
    asked = tuple(NextFrame(frame=frame, shot=0, gain=1.0, reason="a guess") for frame in frames)
    shots = (ShotReport(first=0, last=59, confidence=(0.5,) * 60, guessed=(0.5,) * 60),)
    document = ClipReport(clip=str(reel), output="out.mkv", frames=60, shots=shots, next=asked).to_dict()
    path.write_text(json.dumps(document))
    return path


def test_one_grey_picture_a_shot_and_what_to_do_next(
    reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keyframes", str(reel), "-o", str(tmp_path / "keys")]) == 0
    found = names(tmp_path / "keys")
    assert [int(name[-10:-4]) // 20 for name in found] == [0, 1, 2]
    assert all(name.startswith("town reel-") for name in found)
    pixels = read_picture(tmp_path / "keys" / found[0]).pixels
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.ptp(pixels, axis=2).max() == 0
    out, error = capsys.readouterr()
    assert "wrote 3 key frames, grey" in out
    assert f"featcolor video '{reel}'" in out
    assert not error


def test_quiet_says_nothing(reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keyframes", str(reel), "-o", str(tmp_path), "--quiet", "--format", "tiff"]) == 0
    assert capsys.readouterr() == ("", "")
    assert {Path(name).suffix for name in names(tmp_path)} == {".tif"}


def test_a_model_colours_them(reel: Path, tiny_model: Path, default_network: Path, tmp_path: Path) -> None:
    for model in (str(tiny_model), "default"):
        keys = tmp_path / Path(model).name
        assert main(["keyframes", str(reel), "-o", str(keys), "--limit", "1", "--model", model]) == 0
        (name,) = names(keys)
        assert np.ptp(read_picture(keys / name).pixels.astype(int), axis=2).max() > 5


def test_every_and_a_part(reel: Path, tmp_path: Path) -> None:
    assert main(["keyframes", str(reel), "-o", str(tmp_path), "--every", "5", "--start", "20f", "--end", "1.6"]) == 0
    numbers = [int(name[-10:-4]) for name in names(tmp_path)]
    assert len(numbers) >= 3
    assert 20 <= min(numbers) <= max(numbers) < 40


def test_work_is_never_replaced_unasked(reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["keyframes", str(reel), "-o", str(tmp_path)]
    assert main([*call, "--limit", "1"]) == 0
    (name,) = names(tmp_path)
    (tmp_path / name).write_bytes(b"an evening's work")
    capsys.readouterr()
    assert main(call) == 2
    assert f"{name} exists and may hold work" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == b"an evening's work"
    assert names(tmp_path) == [name]
    assert main([*call, "--overwrite"]) == 0
    assert "1 of them replaced" in capsys.readouterr().out


def test_more_exports_what_the_report_asks_for(reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = report(tmp_path / "report.json", reel, 41, 3, 17)
    assert (
        main(["keyframes", str(reel), "-o", str(tmp_path / "keys"), "--more", str(asked), "--limit", "2", "--grey"])
        == 0
    )
    assert names(tmp_path / "keys") == ["town reel-000003.png", "town reel-000041.png"]
    assert "paint a few strokes on them" in (told := capsys.readouterr().out)
    assert " --hints " in told


def test_more_goes_on_in_a_folder_of_finished_ones(
    reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys"
    call = ["keyframes", str(reel), "-o", str(keys), "--grey", "--hints", "--more"]
    assert main([*call, str(report(tmp_path / "a.json", reel, 3, 17))]) == 0
    done = keys / "town reel-000017.hints.json"
    done.write_text("an evening's work")
    assert main([*call, str(report(tmp_path / "b.json", reel, 17, 41))]) == 0
    assert "000017.png exists and is left as it is" in capsys.readouterr().err
    assert done.read_text() == "an evening's work"
    assert [name for name in names(keys) if name.endswith(".png")] == [
        f"town reel-0000{number}.png" for number in ("03", "17", "41")
    ]
    assert main([*call, str(tmp_path / "b.json")]) == 2
    assert "may hold work" in capsys.readouterr().err


def test_more_exports_frames_as_they_are_coloured_now(
    reel: Path, frames: list[NDArray[np.uint8]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call = ["video", str(reel), "-o", "out.mkv", "--codec", "ffv1", "--preset", "fast", "--report", "r.json"]
    (tmp_path / "keys").mkdir()
    for number in (4, 25):
        write_picture(tmp_path / "keys" / f"{number}.png", frames[number])
    assert main([*call, "--keyframes", "keys", "--start", "2f", "--end", "30f"]) == 0
    asked = json.loads(Path("r.json").read_text())
    asked["next"] = [{"frame": number, "shot": 0, "gain": 1.0, "reason": ""} for number in (25, 4, 10)]
    Path("r.json").write_text(json.dumps(asked))
    assert main(["keyframes", str(reel), "-o", "now", "--more", "r.json"]) == 0
    assert names(Path("now")) == [f"town reel-{number:06d}.png" for number in (4, 10, 25)]
    for number in (4, 25):
        shown = read_picture(Path("now", f"town reel-{number:06d}.png")).pixels.astype(float)
        assert np.abs(shown - frames[number]).mean() < 6  # their chroma was halved
    assert np.ptp(read_picture(Path("now", "town reel-000010.png")).pixels.astype(int), axis=2).max() > 20


def test_more_without_the_coloured_film_says_what_to_do(
    reel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = str(report(tmp_path / "r.json", reel, 3))
    assert main(["keyframes", str(reel), "-o", "keys", "--more", asked]) == 2
    error = capsys.readouterr().err
    assert "out.mkv" in error
    assert "--grey or --model" in error
    assert error.count("\n") == 1
    assert not Path("keys").exists()
    Path("out.mkv").write_bytes(reel.read_bytes())
    assert main(["keyframes", str(reel), "-o", "keys", "--more", str(report(tmp_path / "r.json", reel, 3))]) == 0


def test_hints_are_begun_beside_the_pictures(reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["keyframes", str(reel), "-o", str(tmp_path / "hints"), "--hints"]
    assert main([*call, "--limit", "2"]) == 0
    told = capsys.readouterr().out
    assert "--hints" in told
    pictures = [name for name in names(tmp_path / "hints") if name.endswith(".png")]
    files = [name for name in names(tmp_path / "hints") if name.endswith(".hints.json")]
    assert [name.removesuffix(".png") for name in pictures] == [name.removesuffix(".hints.json") for name in files]
    assert len(files) == 2
    for name in files:
        hints = Hints.read(tmp_path / "hints" / name)
        assert hints.hints == ()
        assert hints.size == (WIDTH, HEIGHT)
        (tmp_path / "hints" / name).write_text("an evening's work")
    for name in pictures:
        (tmp_path / "hints" / name).unlink()
    assert main([*call, "--limit", "2"]) == 2
    assert "may hold work" in capsys.readouterr().err
    assert names(tmp_path / "hints") == files


def test_reports_that_do_not_fit_are_told_of(reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = str(tmp_path / "keys")
    call = ["keyframes", str(reel), "--grey", "-o", keys, "--more"]
    assert main([*call, str(report(tmp_path / "a.json", reel, 99))]) == 2
    assert "there is no frame 99, it has 60" in capsys.readouterr().err
    assert main([*call, str(report(tmp_path / "b.json", reel))]) == 2
    assert "asks for no more frames" in capsys.readouterr().err
    other = report(tmp_path / "c.json", reel.with_name("other.mkv"), 1)
    assert main([*call, str(other)]) == 0
    assert "is about" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--more", "r.json", "--every", "5"], "leave out --every"),
        (["--start", "9:99"], "a place is seconds"),
        (["--fps", "0"], "frames a second are"),
        (["--every", "0"], "a whole number from 1"),
        (["--start", "100"], "no frame lies in the part"),
        (["--model", "missing.featcolor"], "missing.featcolor"),
    ],
)
def test_wrong_calls_are_one_line(
    reel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    try:
        code = main(["keyframes", str(reel), "-o", str(tmp_path / "keys"), *options])
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    assert code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "keys").exists()


def test_what_is_no_film_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.mp4").write_text("not a film")
    for source in ("notes.mp4", "missing.mp4", "-"):
        name = source if source == "-" else str(tmp_path / source)
        assert main(["keyframes", name, "-o", str(tmp_path / "keys")]) in (1, 2)
        assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "file").write_text("")
    assert main(["keyframes", "-", "-o", str(tmp_path / "file")]) == 2


def test_ctrl_c_leaves_whole_pictures_alone(
    reel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import featcolor.pictures.io as images

    encode, calls = images._encode, []

    def stop_in_the_second(*arguments: object, **options: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        encode(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "_encode", stop_in_the_second)
    assert main(["keyframes", str(reel), "-o", str(tmp_path)]) == 130
    assert "stopped: 1 of 3 key frames are written; the same command with --overwrite" in capsys.readouterr().err
    assert len(names(tmp_path)) == 1
    read_picture(tmp_path / names(tmp_path)[0])


def test_a_folder_of_frames_keeps_its_names(
    frames: list[NDArray[np.uint8]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("featcolor.clips.folders")
    scans = tmp_path / "scans"
    scans.mkdir()
    for number, picture in enumerate(frames[:20], start=1):
        write_picture(scans / f"page_{number:03d}.png", picture)
    call = ["keyframes", str(scans), "--fps", "18", "-o"]
    assert main([*call, str(tmp_path / "keys")]) == 0
    assert "--fps 18" in capsys.readouterr().out
    (name,) = names(tmp_path / "keys")
    assert (scans / name).exists()
    assert main([*call, str(scans), "--overwrite"]) == 2
    assert "the frames themselves" in capsys.readouterr().err
