"""What a person types, what comes back, and with which exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import featcolor.batch.colour
from featcolor.commands import main
from featcolor.commands.given import options
from featcolor.models.album import AlbumColorizer, AlbumConfig
from features.colournet import BUNDLED_FILE
from tests.networks import colour_network
from tests.samples import QUICK_OPTIONS, grey, read_rgb, write_rgb, written

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(ROOT / "cli.py")]

Photographs = dict[str, NDArray[np.uint8]]


@pytest.fixture
def album(
    tmp_path: Path, photographs: Photographs, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, NDArray[np.uint8]]:
    """A folder `old` of grey pictures in a fresh working folder, with the model named in the environment."""
    pictures = {
        "old/china.png": grey(photographs["china"]),
        "old/deep/coffee.jpg": grey(photographs["coffee"]),
        "old/deep/er/rocket.tif": grey(photographs["rocket"]),
    }
    for name, picture in pictures.items():
        write_rgb(tmp_path / name, picture)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATCOLOR_MODEL", str(tiny_model))
    return pictures


def chromatic(path: str | Path) -> float:
    """Mean difference between the channels of a picture: 0 for grey."""
    picture = read_rgb(Path(path)).astype(float)
    return float(np.mean(picture.max(axis=-1) - picture.min(axis=-1)))


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr."""
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("featcolor: error: ")
    return lines[0]


def test_the_main_job_in_two_commands(
    tmp_path: Path, references: Path, photographs: Photographs, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rgb(tmp_path / "old/deep/china.png", grey(photographs["china"]))
    model = tmp_path / "town.featcolor"
    assert main(["fit", str(references), "-o", str(model), *QUICK_OPTIONS]) == 0
    report = capsys.readouterr().out
    for word in ("this model", "grey", "one mean colour", "PSNR", "ΔE00", "colourfulness", str(model)):
        assert word in report
    assert main(["colorize", str(tmp_path / "old"), "-o", str(tmp_path / "new"), "--model", str(model)]) == 0
    assert "coloured 1 of 1 pictures" in capsys.readouterr().out
    assert read_rgb(tmp_path / "new/deep/china.png").shape == photographs["china"].shape
    assert chromatic(tmp_path / "new/deep/china.png") > 1
    assert main(["inspect", str(model)]) == 0
    card = capsys.readouterr().out
    for word in ("12", "context", "temperature", "this model", "numpy"):
        assert word in card


def test_fit_again_by_any_number_of_processes_gives_the_same_file(tmp_path: Path, references: Path) -> None:
    models = [tmp_path / f"{jobs}.featcolor" for jobs in (1, 2, 3)]
    for model in models:
        assert main(["fit", str(references), "-o", str(model), "--jobs", model.stem, "-q", *QUICK_OPTIONS]) == 0
    assert models[0].read_bytes() == models[1].read_bytes() == models[2].read_bytes()


def test_fit_reports_as_json_and_names_what_it_left_out(
    tmp_path: Path, references: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rgb(tmp_path / "grey.png", np.full((60, 60, 3), 90, np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "scan.dng").touch()
    model = tmp_path / "m.featcolor"
    assert main(["fit", str(references), str(tmp_path), "-o", str(model), "--json", *QUICK_OPTIONS]) == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert report["model"] == str(model)
    assert set(report["table"]) == {"featcolor", "grey", "constant"}
    left_out = {Path(name).name for name, _ in report["left_out"]}
    assert left_out == {"grey.png", "broken.jpg"}
    for name in (*left_out, "1 dng"):
        assert name in said.err


def test_fit_replaces_a_model_but_nothing_else(
    tmp_path: Path, references: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, diary = tmp_path / "m.featcolor", tmp_path / "diary.txt"
    model.write_bytes(tiny_model.read_bytes())
    diary.write_text("dear diary")
    assert main(["fit", str(references), "-o", str(model), "-q", *QUICK_OPTIONS]) == 0
    capsys.readouterr()
    assert main(["fit", str(references), "-o", str(diary), "-q", *QUICK_OPTIONS]) == 2
    assert "no featcolor model" in complaint(capsys)
    assert diary.read_text() == "dear diary"


def test_a_tree_is_mirrored_in_format_and_size(album: dict[str, NDArray[np.uint8]]) -> None:
    assert main(["colorize", "old", "-o", "new"]) == 0
    assert written("new") == ["china.png", "deep/coffee.jpg", "deep/er/rocket.tif"]
    for name, picture in album.items():
        assert read_rgb(Path("new", Path(name).relative_to("old"))).shape == (*picture.shape, 3)


def test_processes_change_nothing(album: dict[str, NDArray[np.uint8]], references: Path) -> None:
    quick = AlbumConfig(pixels=1200, keys=900, pixels_each=900, width=64, folds=2)
    AlbumColorizer(album=quick).fit(sorted(references.iterdir())).save("references.album")
    for model in (os.environ["FEATCOLOR_MODEL"], str(BUNDLED_FILE), "references.album"):
        for jobs in ("1", "2", "3"):
            assert main(["colorize", "old", "-o", jobs, "--jobs", jobs, "-q", "--overwrite", "--model", model]) == 0
        for name in written("1"):
            assert Path("1", name).read_bytes() == Path("2", name).read_bytes() == Path("3", name).read_bytes()


def test_saturation_zero_is_grey_and_two_is_livelier(album: dict[str, NDArray[np.uint8]]) -> None:
    for factor in ("0", "1", "2"):
        assert main(["colorize", "old/china.png", "-o", f"{factor}.png", "--saturation", factor]) == 0
    assert chromatic("0.png") < 1 < chromatic("1.png") < chromatic("2.png")
    assert np.abs(read_rgb(Path("0.png"))[..., 1].astype(int) - album["old/china.png"]).max() <= 1


def test_confidence_is_a_grey_picture_of_the_same_size(album: dict[str, NDArray[np.uint8]]) -> None:
    assert main(["colorize", "old", "-o", "new", "--confidence", "sure"]) == 0
    assert written("sure") == ["china.png.png", "deep/coffee.jpg.png", "deep/er/rocket.tif.png"]
    picture = cv2.imread("sure/china.png.png", cv2.IMREAD_UNCHANGED)
    assert picture.dtype == np.uint8
    assert picture.shape == album["old/china.png"].shape


def test_an_output_that_exists_stops_before_anything_starts(
    album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new/deep").mkdir(parents=True)
    Path("new/deep/coffee.jpg").write_text("mine")
    assert main(["colorize", "old", "-o", "new"]) == 2
    line = complaint(capsys)
    assert "--overwrite" in line
    assert "--skip-existing" in line
    assert written("new") == ["deep/coffee.jpg"]
    assert main(["colorize", "old", "-o", "new", "--skip-existing"]) == 0
    assert Path("new/deep/coffee.jpg").read_text() == "mine"
    assert len(written("new")) == 3
    assert main(["colorize", "old", "-o", "new", "--overwrite"]) == 0
    assert read_rgb(Path("new/deep/coffee.jpg")).size


def test_limit_and_skip_existing_go_on_step_by_step(album: dict[str, NDArray[np.uint8]]) -> None:
    for count in (1, 2, 3, 3):
        assert main(["colorize", "old", "-o", "new", "--skip-existing", "--limit", "1"]) == 0
        assert len(written("new")) == count


def test_a_dry_run_writes_nothing(album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str]) -> None:
    before = written(".")
    assert main(["colorize", "old", "-o", "new", "--dry-run", "--confidence", "c", "--report", "r.json"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "old/china.png -> new/china.png",
        "old/deep/coffee.jpg -> new/deep/coffee.jpg",
        "old/deep/er/rocket.tif -> new/deep/er/rocket.tif",
    ]
    assert written(".") == before


def test_the_report_tells_what_became_of_each(
    album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("old/broken.png").write_bytes(b"\x89PNG")
    Path("new").mkdir()
    Path("new/china.png").touch()
    assert main(["colorize", "old", "-o", "new", "--skip-existing", "--report", "r.json", "--saturation", "1.5"]) == 1
    assert "old/broken.png" in complaint(capsys)
    report = json.loads(Path("r.json").read_text())
    assert report["counts"] == {"skipped": 1, "failed": 1, "coloured": 2}
    assert report["settings"] == {"saturation": 1.5}
    by_name = {record["input"]: record for record in report["pictures"]}
    assert by_name["old/china.png"]["status"] == "skipped"
    assert "old/broken.png" in by_name["old/broken.png"]["error"]
    coffee = by_name["old/deep/coffee.jpg"]
    assert coffee["output"] == "new/deep/coffee.jpg"
    assert (coffee["height"], coffee["width"]) == album["old/deep/coffee.jpg"].shape
    assert coffee["seconds"] > 0


def test_pictures_go_through_the_pipes(
    album: dict[str, NDArray[np.uint8]],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    for source, expected in (("old/china.png", b"\x89PNG"), ("old/deep/coffee.jpg", b"\xff\xd8"), ("-", b"\x89PNG")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("old/china.png").read_bytes())))
        assert main(["colorize", source, "-o", "-"]) == 0
        content, said = capfdbinary.readouterr()
        assert content.startswith(expected)
        assert not said
        assert cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) is not None
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("old/china.png").read_bytes())))
    assert main(["colorize", "-", "-o", "new.jpg"]) == 0
    assert Path("new.jpg").read_bytes().startswith(b"\xff\xd8")


WRONG_CALLS = {
    "--frobnicate": ["colorize", "old", "-o", "new", "--frobnicate"],
    "COMMAND": ["paint"],
    "add -o and a folder": ["colorize", "old"],
    "a number from 0": ["colorize", "old", "-o", "new", "--saturation", "-1"],
    "0 (mild) to 1 (bold)": ["colorize", "old", "-o", "new", "--boldness", "nan"],
    "-1 (cooler) to 1 (warmer)": ["colorize", "old", "-o", "new", "--warmth", "-1.5"],
    "nothing warmer or cooler, --warmth does": ["colorize", "old", "-o", "new", "--temperature", "6500"],
    "a whole number from 1": ["colorize", "old", "-o", "new", "--jobs", "0"],
    "a fraction": ["fit", "old", "-o", "m", "--holdout", "1"],
    "4294967295": ["fit", "old", "-o", "m", "--seed", "-1"],
    "not allowed with": ["colorize", "old", "-o", "new", "--overwrite", "--skip-existing"],
    "no such file or folder": ["colorize", "missing", "-o", "new"],
    "no pictures in this folder": ["colorize", "empty", "-o", "new"],
    "overwrite an input": ["colorize", "old", "-o", "old"],
    "nothere: the model cannot be read": ["colorize", "old", "-o", "new", "--model", "nothere"],
    "a PNG picture": ["colorize", "old", "-o", "new", "--model", "old/china.png"],
    "cannot be mixed": ["colorize", "-", "old", "-o", "new.png"],
    "no such folder for --report": ["colorize", "old", "-o", "new", "--report", "no/r.json"],
    "do not fit through one pipe": ["colorize", "old", "-o", "-"],
    "such as empty/town.featcolor": ["fit", "old", "-o", "empty"],
    "no such folder; make it": ["fit", "old", "-o", "no/m.featcolor"],
    "one of the references": ["fit", "old", "-o", "old/china.png"],
    "--film": ["fit", "old", "-o", "m", "--film"],
    "technicolor": ["fit", "old", "-o", "m", "--film", "technicolor"],
    "sharpest": ["colorize", "old", "-o", "new", "--refine", "sharpest"],
    "smell": ["fit", "old", "-o", "m", "--features", "smell"],
}


@pytest.mark.parametrize("words", WRONG_CALLS)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    album: dict[str, NDArray[np.uint8]], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    before = written(".")
    try:
        code = main(WRONG_CALLS[words])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert words in complaint(capsys)
    assert written(".") == before


def test_without_a_model_the_default_colours_and_says_so(
    album: dict[str, NDArray[np.uint8]], default_network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "old", "-o", "new", "--jobs", "1", "--report", "r.json"]) == 0
    said = capsys.readouterr()
    assert "coloured 3 of 3" in said.out
    lines = said.err.splitlines()
    assert len(lines) == 1
    assert "the default model colours: likely colours, not known ones" in lines[0]
    assert chromatic("new/china.png") > 1
    assert json.loads(Path("r.json").read_text())["model"] == "default"
    assert main(["colorize", "old/china.png", "-o", "named.png", "--model", str(default_network), "-q"]) == 0
    np.testing.assert_array_equal(read_rgb(Path("named.png")), read_rgb(Path("new/china.png")))
    assert main(["colorize", "old/china.png", "-o", "quiet.png", "--quiet", "--saturation", "1"]) == 0
    np.testing.assert_array_equal(read_rgb(Path("quiet.png")), read_rgb(Path("new/china.png")))
    assert not any(capsys.readouterr())


def test_without_the_default_network_one_line_says_what_helps(
    album: dict[str, NDArray[np.uint8]], default_network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    default_network.unlink()
    for call in (["colorize", "old", "-o", "new"], ["inspect"]):
        assert main(call) == 2
        line = complaint(capsys)
        assert "default colour network is missing" in line
        assert "featcolor fit" in line
    assert not Path("new").exists()


def test_one_picture_goes_beside_itself_by_either_spelling_and_a_film_does_not(
    album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plain").write_bytes(Path("old/china.png").read_bytes())
    assert main(["colourize", "old/china.png", "-q"]) == 0
    assert main(["colorize", "plain", "-q"]) == 0
    assert Path("old/china-colour.png").read_bytes() == Path("plain-colour.png").read_bytes()
    assert main(["colorize", "plain", "-q"]) == 2
    Path("reel.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    for words in ([], ["-o", "new.mp4"]):
        capsys.readouterr()
        assert main(["colorize", "reel.mp4", *words]) == 1
        assert "reel.mp4: is a film; use: featcolor video" in complaint(capsys)


def test_what_is_no_picture_and_what_is_coloured_already_is_left_out_and_told(
    album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featcolor.pictures.find.reads_heic", lambda: False)
    for name in ("a.heic", "b.HEIC", "c.pdf", "deep/notes"):
        Path("old", name).touch()
    assert main(["colorize", "old", "-o", "old/new", "--confidence", "old/sure", "-q", "--prepare", "contrast"]) == 0
    assert main(["colorize", "old/china.png"]) == 0
    capsys.readouterr()
    assert main(["colorize", "old", "-o", "old/new2", "--dry-run"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 3
    foreign, heic, pdf, coloured = said.err.splitlines()
    assert foreign == "featcolor: left out 4 files that featcolor does not read: 2 heic, 1 pdf, 1 without a suffix"
    assert heic.startswith(
        "featcolor: note: heic: a HEIC picture; pip install 'featcolor[heic]' makes featcolor read it"
    )
    assert pdf == "featcolor: note: pdf: a PDF; 'pdfimages -all FILE page' takes the scans out of it"
    assert coloured.startswith("featcolor: left out 7 pictures in old, old/new, old/sure: coloured from others here;")
    assert main(["colorize", "old/new", "-o", "again", "--dry-run"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_boldness_is_the_temperature_turned_round(
    album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str]
) -> None:
    for number, words in enumerate((["--boldness", "0.6"], ["--temperature", "0.4"], ["--boldness", "1"])):
        assert main(["colorize", "old/china.png", "-o", f"{number}.png", "--report", "r.json", *words]) == 0
        assert json.loads(Path("r.json").read_text())["settings"] == {"temperature": 0.05 if number == 2 else 0.4}
    assert Path("0.png").read_bytes() == Path("1.png").read_bytes() != Path("2.png").read_bytes()
    assert capsys.readouterr().err == "featcolor: note: --temperature 0.4 is called --boldness 0.6 now\n"


def test_warmth_moves_the_whole_picture(album: dict[str, NDArray[np.uint8]]) -> None:
    """Towards red with a warmer light, towards blue with a cooler one; 0 is as nothing said."""
    redness = {}
    for warmth in ("none", "-1", "-.5", "0", "0.5", "1"):
        words = [] if warmth == "none" else ["--warmth", warmth]
        assert main(["colorize", "old/china.png", "-o", f"at{warmth}.png", *words]) == 0
        rgb = read_rgb(Path(f"at{warmth}.png")).astype(float)
        redness[warmth] = float(np.mean(rgb[..., 0] - rgb[..., 2]))
    assert Path("at0.png").read_bytes() == Path("atnone.png").read_bytes()
    assert redness["-1"] < redness["-.5"] < redness["0"] < redness["0.5"] < redness["1"]


def test_the_default_model_has_a_name(
    album: dict[str, NDArray[np.uint8]],
    default_network: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FEATCOLOR_MODEL", "nowhere.featcolor")
    assert main(["colorize", "old/china.png", "-o", "named.png", "--model", "default"]) == 0
    assert main(["inspect", "default"]) == 0
    said = capsys.readouterr()
    assert not said.err
    assert "0.6 (--boldness 0.4)" in said.out


def test_references_that_cannot_carry_a_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(4):
        write_rgb(tmp_path / f"refs/{number}.png", np.full((50, 60), 40 * number, np.uint8))
    assert main(["fit", str(tmp_path / "refs"), "-o", str(tmp_path / "m.featcolor"), *QUICK_OPTIONS, "-q"]) == 1
    assert complaint(capsys)
    assert not (tmp_path / "m.featcolor").exists()


def test_a_full_disk_stops_the_batch_with_one_line(
    album: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(featcolor.batch.colour, "write_picture", full)
    assert main(["colorize", "old", "-o", "new", "--jobs", "1", "--report", "r.json"]) == 1
    assert "disk is full" in complaint(capsys)
    assert json.loads(Path("r.json").read_text())["counts"] == {"failed": 1, "not reached": 2}


def test_too_little_memory_is_that_pictures_failure(
    album: dict[str, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(featcolor.batch.colour, "read_picture", lambda path: bytearray(sys.maxsize))
    assert main(["colorize", "old/china.png", "-o", "new.png"]) == 1
    assert re.search("old/china.png: not enough memory", complaint(capsys))


def test_quiet_says_nothing_but_errors_and_debug_shows_where(
    album: dict[str, NDArray[np.uint8]], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("old/broken.png").touch()
    Path("old/b.pdf").touch()
    assert main(["colorize", "old", "-o", "new", "--quiet"]) == 1
    said = capsys.readouterr()
    assert not said.out
    assert len(said.err.splitlines()) == 1
    assert main(["inspect", "old/china.png", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_inspect_prints_the_card(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tiny_model), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["format_version"] == 2
    assert card["file_bytes"] == tiny_model.stat().st_size
    assert main(["inspect", str(tiny_model)]) == 0
    assert card["versions"]["numpy"] in capsys.readouterr().out


def test_inspect_prints_a_colour_networks_card(default_network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect"]) == 0
    shown = capsys.readouterr().out
    for words in ("default", "colour network", "held back", "a.jpg", "temperature  0.6", "sha256"):
        assert words in shown
    colour_network(default_network, card={"held_back": [f"{number}.jpg" for number in range(200)]})
    assert main(["inspect", str(default_network)]) == 0
    assert "199.jpg" not in capsys.readouterr().out
    assert main(["inspect", str(default_network), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_back"][199] == "199.jpg"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_commands_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("colorize", "inspect", "skip-existing", "preset", "balanced"):
        assert word in script


def test_names_in_the_help_are_those_of_the_tables() -> None:
    from featcolor.models import config

    assert tuple(config.PRESETS) == options.PRESET_NAMES
    assert config.DEFAULT_PRESET == options.DEFAULT_PRESET
    assert config.HEADS == options.HEAD_NAMES
    assert tuple(config.FILM_STOCKS) == options.FILM_NAMES
    assert tuple(config.REFINERS) == options.REFINER_NAMES


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for call in (["--version"], ["--help"], ["fit", "--help"], ["colorize", "-h"], ["inspect", "-h"]):
        with pytest.raises(SystemExit) as stop:
            main(call)
        assert stop.value.code == 0
        assert "featcolor" in capsys.readouterr().out
    assert main([]) == 2


def test_a_backbone_that_is_not_there_is_named(references, tmp_path, capsys):
    wrong = "backbone:no-such-network.onnx@layer"
    assert main(["fit", str(references), "-o", str(tmp_path / "m.featcolor"), "--features", wrong]) == 2
    message = capsys.readouterr().err
    assert "no-such-network.onnx" in message
    assert "defect" not in message
    assert not (tmp_path / "m.featcolor").exists()
