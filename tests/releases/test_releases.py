"""What releases wrote is read, and their models colour as they did.

0.1.0 was never released; its files are of commits of its time: models 876f503 (format 1), network and film report
e7d8080, hints d6d3d38. What is `refused` was fitted with the colour network of before d65d091.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from featcolor.commands import main
from featcolor.errors import NetworkError, UsageError
from featcolor.hints.hint import Hints
from featcolor.models.load import load
from featcolor.models.model_file import FORMAT_VERSION, read_card
from featcolor.video.checkpoints import WORK_VERSION, open_work
from featcolor.video.report import read_report
from tests.releases.make import GREY, MODELS, NETWORK, WORK
from tests.samples import read_rgb

HERE = Path(__file__).parent
RELEASES = [path for path in sorted(HERE.iterdir()) if (path / GREY).exists()]
COLOURED = [path for release in RELEASES for path in sorted(release.glob("*.*.png"))]


def grey_of(release: Path) -> np.ndarray:
    return read_rgb(release / GREY)[..., 0]


@pytest.mark.parametrize("picture", COLOURED, ids=lambda path: str(path.relative_to(HERE)))
def test_a_model_of_a_release_colours_the_same_to_one_code(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(picture.parent)  # where the network of a model is that names one
    coloured = load(picture.stem).colorize(grey_of(picture.parent))
    assert np.abs(coloured.astype(int) - read_rgb(picture)).max() <= 1


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_a_network_of_a_release_colours(release: Path) -> None:
    coloured = load(release / NETWORK).colorize(grey_of(release))
    assert np.ptp(coloured, axis=2).max() > 10


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_hints_of_a_release_are_read(release: Path) -> None:
    hints = Hints.read(release / f"{GREY}.hints.json")
    assert hints.size == (64, 64)
    assert [(hint.points, hint.colour, hint.radius) for hint in hints.hints] == [
        (((3, 4),), "#000080", 0),
        (((10, 20.5), (40, 25)), "#a03020", 3),
    ]


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_a_film_report_of_a_release_is_read(release: Path) -> None:
    report = read_report(release / "film-report.json")
    assert [(shot.first, shot.last, shot.kind, shot.source) for shot in report.shots] == [
        (0, 1, "start", "key frames"),
        (2, 2, "dissolve", "model"),
    ]
    assert report.shots[0].hinted == (() if release.name == "0.1.0" else (1,))
    assert math.isnan(report.keys[0].correlation)
    assert (report.keys[0].located, report.damaged, report.next[0].shot) == (True, (2,), 1)


@pytest.mark.parametrize("release", [release for release in RELEASES if (release / WORK).exists()])
def test_a_film_that_a_release_began_is_gone_on_with_or_begun_anew(release: Path) -> None:
    """What another version of the work began is refused; of the same version, its shots are read."""
    version = json.loads((release / WORK / "fingerprint.json").read_text())["version of featcolor"]
    if version != WORK_VERSION:
        with pytest.raises(UsageError, match="begun with another version of featcolor"):
            open_work(release / WORK, {"version of featcolor": WORK_VERSION}, resume=True)
        return
    work = open_work(release / WORK, {"version of featcolor": version}, resume=True)
    assert work.has(0, 7, 8)
    with work.shot(0) as shot:
        np.testing.assert_array_equal(shot.chroma(8), np.broadcast_to(np.float32([1, 20]), (8, 16, 2)))
        np.testing.assert_array_equal(shot.confidence, np.float32([[[1, 1]], [[0, 0]]]))


@pytest.mark.parametrize("name", ["embedding.featcolor", "one.album"])
def test_a_model_on_a_network_that_is_no_more_is_refused_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = HERE / "0.1.0" / "refused" / name
    with pytest.raises(NetworkError, match="fitted with the colour network of another featcolor; fit it anew"):
        load(model)
    assert main(["colorize", str(HERE / "0.1.0" / GREY), "-o", str(tmp_path / "new.png"), "-m", str(model)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_model_format_and_kind_has_its_fixture() -> None:
    cards = {path: read_card(path) for path in HERE.glob("*/*.featcolor")}
    assert {card["format_version"] for card in cards.values()} == set(range(1, FORMAT_VERSION + 1))
    for release in RELEASES[1:]:
        assert {path.name for path in release.iterdir()} >= {*MODELS, *(f"{name}.png" for name in (*MODELS, NETWORK))}


def test_the_fixtures_are_small() -> None:
    assert sum(path.stat().st_size for path in HERE.rglob("*") if "__pycache__" not in path.parts) < 2**20
