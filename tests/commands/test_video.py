"""featcolor video: what a person types, what comes back, and with which exit code."""

from __future__ import annotations

import html
import io
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import featcolor.batch.colour
import featcolor.video.colorize
from featcolor.clips.output import containers
from featcolor.commands import main
from featcolor.commands.program import build_parser
from featcolor.commands.video import _options
from featcolor.video import options
from featcolor.video.report import in_words
from tests.clips.samples import damaged_copy, make_clip
from tests.samples import write_rgb

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(ROOT / "cli.py")]


@pytest.fixture
def reel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small film in a fresh working folder, with a key picture of frame 3 in `keys`."""
    make_clip(tmp_path / "reel.mp4", n=12)
    with av.open(str(tmp_path / "reel.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    write_rgb(tmp_path / "keys" / "reel-000003.png", frames[3])
    monkeypatch.chdir(tmp_path)
    return "reel.mp4"


def lines(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    said = capsys.readouterr()
    return said.out.splitlines(), said.err.splitlines()


@pytest.mark.parametrize("name", ["12:30.mp4", "写" * 83 + ".mkv", "http:--reel.mp4"])
def test_a_film_may_have_any_name(reel: str, name: str) -> None:
    assert main(["video", reel, "-o", name, "--keyframes", "keys", "--crf", "30", "-q"]) == 0
    assert Path(name).stat().st_size > 0


def test_a_film_from_key_frames_with_its_report(reel: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", reel, "-o", "out.mp4", "--keyframes", "keys", "--report", "r.json", "--crf", "30"]) == 0
    out, err = lines(capsys)
    assert len(out) == 1
    assert "12 frames" in out[0]
    assert "1 key frame" in out[0]
    shares = json.loads(Path("r.json").read_text())["percent"]
    assert sum(shares.values()) == 100
    assert f"; colour: {in_words(shares)}" in out[0]
    assert not err
    report = json.loads(Path("r.json").read_text())
    assert report["frames"] == 12
    assert report["keys"][0]["frame"] == 3
    assert "<html" in Path("r.html").read_text()
    with av.open("out.mp4") as film:
        assert len(list(film.decode(video=0))) == 12
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys", "-q", "--overwrite"]) == 0
    assert lines(capsys) == ([], [])


def test_the_command_on_the_report_page_reads_the_film_as_it_was_read(reel: str) -> None:
    Path("out").mkdir()
    given = ["--fps", "18", "--prepare", "dust,deflicker"]
    assert main(["video", reel, "-o", "first/", "--preset", "fast", "--end", "4f", "-q"]) == 0
    assert main(["video", "first", *given, "-o", "out.mp4", "--preset", "fast", "--report", "out/r.json", "-q"]) == 0
    page = html.unescape(Path("out/r.html").read_text())
    words = shlex.split(page.split("<code>")[1].split("</code>")[0])
    assert words[:-3] == ["featcolor", "keyframes", "first", "--fps", "18", "--prepare", "deflicker,dust", "-o"]
    assert main([*words[1:], "-q"]) == 0
    assert list(Path("keys").iterdir())


def test_a_refused_key_picture_is_named_and_the_exit_code_tells(reel: str, capsys: pytest.CaptureFixture[str]) -> None:
    stray = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    write_rgb(Path("keys/stray-000007.png"), cv2.GaussianBlur(stray, (0, 0), 5))
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys"]) == 1
    out, err = lines(capsys)
    assert sum("stray-000007.png" in line for line in err) == 1
    assert "1 key picture refused" in out[0]
    assert Path("out.mp4").exists()


def test_a_dry_run_shows_shots_and_key_frames_and_writes_nothing(reel: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(Path().rglob("*"))
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys", "--dry-run"]) == 0
    out, _ = lines(capsys)
    assert any("3 (reel-000003.png)" in line and "0-11" in line for line in out)
    assert sorted(Path().rglob("*")) == before


def test_hints_from_the_report_to_the_film(reel: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["video", reel, "-o", "out.mp4", "--report", "r.json", "--preset", "fast"]
    assert main(call) == 0
    assert main(["keyframes", reel, "-o", "hints", "--more", "r.json", "--limit", "1", "--hints"]) == 0
    path = next(Path("hints").glob("*.hints.json"))
    capsys.readouterr()
    assert main([*call, "--hints", "hints", "--overwrite"]) == 2
    assert f"hints: no hint is left ({path}: no hint in it yet; left out)" in lines(capsys)[1][-1]
    content = json.loads(path.read_text())
    width, height = content["size"]
    content["hints"] = [{"points": [[width // 2, height // 2]], "colour": "navy", "radius": 3}]
    path.write_text(json.dumps(content))
    before = Path("out.mp4").read_bytes()
    assert main([*call, "--hints", "hints", "--overwrite", "--dry-run"]) == 0
    number = int(path.name.removesuffix(".hints.json")[-6:])
    assert any(f"hints on {number}" in line for line in lines(capsys)[0])
    assert main([*call, "--hints", "hints", "--overwrite"]) == 0
    assert "hints on 1 frame" in lines(capsys)[0][0]
    assert Path("out.mp4").read_bytes() != before
    assert json.loads(Path("r.json").read_text())["shots"][0]["hinted"] == [number]
    content["hints"][0]["points"] = [[width, 0]]
    path.write_text(json.dumps(content))
    before = Path("out.mp4").read_bytes()
    assert main([*call, "--hints", "hints", "--overwrite"]) == 2
    error = lines(capsys)[1][-1]
    assert str(path) in error
    assert "outside the picture" in error
    assert Path("out.mp4").read_bytes() == before


def test_without_key_frames_and_model_the_default_colours(
    reel: str, default_network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["video", reel, "-o", "out.mp4", "--every", "6", "--report", "r.json"]) == 0
    out, err = lines(capsys)
    assert "12 frames" in out[0]
    assert len(err) == 1
    assert "the default model colours" in err[0]
    report = json.loads(Path("r.json").read_text())
    assert {shot["source"] for shot in report["shots"]} == {"model"}
    for model in (str(default_network), "default"):
        assert main(["video", reel, "-o", "named.mp4", "--every", "6", "--model", model, "--overwrite"]) == 0
        assert not lines(capsys)[1]
    default_network.unlink()
    featcolor.models.load.load_colorizer.cache_clear()
    assert main(["video", reel, "-o", "other.mp4"]) == 2
    assert "default colour network is missing" in lines(capsys)[1][0]
    assert not Path("other.mp4").exists()


def test_who_colours_shots_is_chosen_and_one_process_is_the_default() -> None:
    for words, chosen in (([], (1, None)), (["-j", "3"], (3, None)), (["--cluster", "tcp://a:1"], (1, "tcp://a:1"))):
        given = _options(build_parser().parse_args(["video", "in.mp4", "-o", "out.mp4", *words]))
        assert (given.jobs, given.cluster) == chosen


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (["reel.mp4", "-o", "out.mp4", "-k", "keys", "--start", "soon"], "a place is"),
        (["reel.mp4", "-o", "out.mp4", "-k", "keys", "--fps", "fast"], "frames a second"),
        (["reel.mp4", "-o", "out.mp4", "-k", "keys", "--region", "a"], "--region"),
        (["reel.mp4", "-o", "out.mp4", "-k", "keys", "--report", "r.html"], "JSON"),
        (["reel.mp4", "-o", "-", "-k", "keys", "--resume"], "--resume"),
        (["no.mp4", "-o", "out.mp4", "-k", "keys"], "no.mp4"),
        (["reel.mp4", "-o", "out.mp4", "-k", "keys", "--start", "9f", "--end", "4f"], "--start"),
        (["reel.mp4", "-o", "out.mp4", "-k", "keys", "--model", "no.featcolor"], "no.featcolor"),
    ],
)
def test_a_wrong_call_is_one_line_and_leaves_nothing(
    reel: str, capsys: pytest.CaptureFixture[str], call: list[str], word: str
) -> None:
    before = sorted(Path().rglob("*"))
    try:
        code = main(["video", *call])
    except SystemExit as stop:
        code = int(str(stop.code))
    out, err = lines(capsys)
    assert code in (1, 2)
    assert not out
    assert len(err) == 1
    assert word in err[0]
    assert sorted(Path().rglob("*")) == before


def test_ctrl_c_says_how_to_go_on(
    reel: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(featcolor.video.colorize.Encoding, "run", stop)
        assert main(["video", reel, "-o", "out.mp4", "-k", "keys"]) == 130
    _, err = lines(capsys)
    assert len(err) == 1
    assert "stopped" in err[0]
    assert "--resume goes on" in err[0]
    assert sorted(path.name for path in Path().iterdir()) == ["keys", "out.mp4.featcolor-work", "reel.mp4"]
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys"]) == 2
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys", "--resume"]) == 0
    assert sorted(path.name for path in Path().iterdir()) == ["keys", "out.mp4", "reel.mp4"]


def test_what_was_wrong_with_the_file_is_told_at_the_end(reel: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = make_clip(Path("whole.mkv"), codec="ffv1", options={"slicecrc": "1", "g": "1"})
    damaged_copy(whole, Path("worn.mkv"), 5)
    assert main(["video", "worn.mkv", "-o", "out.mkv", "-k", "keys", "--report", "r.json"]) == 0
    _, err = lines(capsys)
    assert err[-1].startswith("featcolor: note: worn.mkv: a packet at 0.20 s cannot be decoded")
    notes = json.loads(Path("r.json").read_text())["notes"]
    assert [f"featcolor: note: {note}" for note in notes] == err
    assert any("worn.mkv: damaged frames (5) are coloured like their neighbours" in line for line in err)


def test_a_full_disk_is_one_line_and_leaves_no_film(
    reel: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(featcolor.video.colorize.Encoding, "run", full)
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys"]) == 1
    _, err = lines(capsys)
    assert "the disk is full" in err[-1]
    assert "--resume" in err[-1]
    assert not Path("out.mp4").exists()


def test_the_bar_says_how_fast_it_goes(reel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(["video", reel, "-o", "out.mp4", "-k", "keys"]) == 0
    for words in ("finding shots", "colouring shots", "writing", "12/12", "frames/s", "left"):
        assert words in screen.getvalue()


def test_y4m_goes_through_the_pipes(reel: str) -> None:
    made = subprocess.run(
        [*PROGRAM, "video", reel, "-o", "-", "-k", "keys", "--end", "6f"], capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(b"YUV4MPEG2 W64 H48 F25:1")
    assert made.stdout.count(b"FRAME\n") == 6
    again = subprocess.run(
        [*PROGRAM, "video", "-", "-o", "-", "-k", "keys"], input=made.stdout, capture_output=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.count(b"FRAME\n") == 6
    size = 64 * 48 * 3 // 2 + 6
    start = made.stdout.index(b"FRAME")
    for number in range(6):
        place = start + number * size + 6
        assert made.stdout[place : place + 64 * 48] == again.stdout[place : place + 64 * 48]
    assert sorted(path.name for path in Path().iterdir()) == ["keys", "reel.mp4"]


def test_sigterm_keeps_the_work(reel: str) -> None:
    code = (
        "import os, signal, featcolor.video.colorize as clips\n"
        "from featcolor.commands import main\n"
        "clips.Encoding.run = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "raise SystemExit(main(['video', 'reel.mp4', '-o', 'out.mp4', '-k', 'keys']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128 + signal.SIGTERM
    assert "--resume goes on" in done.stderr
    assert sorted(path.name for path in Path().iterdir()) == ["keys", "out.mp4.featcolor-work", "reel.mp4"]


def test_every_codec_can_be_asked_for() -> None:
    assert tuple(containers.CODECS) == options.CODECS
