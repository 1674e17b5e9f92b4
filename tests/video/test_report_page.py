"""The film report's page needs nothing else, escapes what it shows, and stays small for a reel of two hours."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from featcolor.video.keyframes.next_frames import frames_to_correct
from featcolor.video.report import ClipReport, NextFrame, ShotReport
from featcolor.video.report_page import SHOTS_SHOWN, TILES, TILES_A_SHOT, Tile, build_page, choose_tiles, write_page
from tests.benchmarks.demo.test_demo import Outline

EVIL = "<script>alert('&')</script>\".mp4"


def film(lengths: Sequence[int], *, keys: int = 1) -> ClipReport:
    shots, at = [], 0
    for length in lengths:
        share = tuple(np.linspace(0, 0.9, length))
        shots.append(
            ShotReport(
                first=at,
                last=at + length - 1,
                key_frames=tuple(range(at, at + min(keys, length))),
                confidence=tuple(1 - value for value in share),
                guessed=share,
            )
        )
        at += length
    return ClipReport(clip=EVIL, output=EVIL, frames=at, seconds=2.0, shots=tuple(shots))


def tile(frame: int, *, guess: float = 0.5, size: tuple[int, int] = (270, 480)) -> Tile:
    rng = np.random.default_rng(frame)
    confidence = np.ones((34, 60), np.float32)
    confidence[:, : round(60 * guess)] = 0
    return Tile(frame, rng.integers(0, 256, (*size, 3), np.uint8), confidence)


def checked_outline(page: str) -> Outline:
    """Of a page that is well formed and asks nothing of anybody."""
    outline = Outline(re.sub(r"<(?:link|meta|path|input)[^>]*>", "", page))
    assert not outline.wrong
    assert not outline.open
    assert "default-src 'none'" in page
    assert not re.search(r"https?:|@import|url\(|<script", page)
    assert all(value.startswith("data:image/") for value in outline.values("src", "srcset"))
    assert "prefers-color-scheme: dark" in page
    return outline


def test_the_page_asks_nothing_of_anybody_and_is_well_formed() -> None:
    report = film([30, 40])
    outline = checked_outline(build_page(report, [tile(frame) for frame in choose_tiles(report)]))
    assert outline.values("src")


def test_everything_that_others_named_is_escaped() -> None:
    shot = ShotReport(first=0, last=0, kind=EVIL, confidence=(0.0,), guessed=(1.0,))
    page = build_page(
        ClipReport(
            clip=EVIL,
            output=EVIL,
            frames=1,
            shots=(shot,),
            refused=(EVIL,),
            notes=(EVIL,),
            next=(NextFrame(frame=0, shot=0, gain=1, reason=EVIL),),
        ),
        [],
        json_name=EVIL,
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 7


def test_the_command_can_be_typed() -> None:
    report = film([20])
    chosen = ClipReport(**{**report.__dict__, "clip": "my reel.mp4", "next": tuple(frames_to_correct(report.shots))})
    page = build_page(chosen, [], json_name="my report.json", reading=["--fps", "18"])
    assert "featcolor keyframes &#x27;my reel.mp4&#x27; --fps 18 -o keys/ --more &#x27;my report.json&#x27;" in page


def test_tiles_are_few_rising_and_show_every_shot_and_key_frame() -> None:
    report = film([1, 2, 8, 100])
    frames = choose_tiles(report)
    assert frames == sorted(set(frames))
    for shot in report.shots:
        shown = [frame for frame in frames if shot.first <= frame <= shot.last]
        assert len(shown) == min(TILES_A_SHOT, len(shot))
        assert shot.key_frames[0] in shown


def test_guesses_are_shaded_where_they_are() -> None:
    report = film([1])
    page = build_page(report, [tile(0, guess=0.5)])
    (data,) = re.findall(r'<img class=guess alt="" src="data:image/png;base64,([^"]+)"', page)
    shading = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_UNCHANGED)
    opacity = shading[..., 3]
    width = opacity.shape[1]
    assert opacity[:, : width // 2 - 3].all()
    assert not opacity[:, width // 2 + 3 :].any()


@pytest.mark.parametrize(
    ("confidence", "shaded"), [(None, False), (np.ones((3, 3), np.float32), False), (np.float32([[np.nan]]), True)]
)
def test_what_is_sure_or_unknown_is_not_shaded_and_no_number_is(confidence: np.ndarray | None, shaded: bool) -> None:
    page = build_page(film([1]), [Tile(0, np.zeros((9, 9, 3), np.uint8), confidence)])
    assert ("class=guess " in page) == shaded


@pytest.mark.parametrize("lengths", [[130] * 1000, [130_000], [3] * 5000], ids=["shots", "one shot", "flashes"])
def test_a_long_reel_makes_a_small_page(lengths: list[int]) -> None:
    report = film(lengths)
    frames = choose_tiles(report)
    assert len(frames) <= TILES
    one = tile(0)  # noise, which JPEG likes least
    page = build_page(report, [one._replace(frame=frame) for frame in frames])
    assert page.count("<article") == min(len(lengths), SHOTS_SHOWN)
    assert len(page.encode()) < 12e6  # of noise; pictures take a third
    assert len(build_page(report, []).encode()) < 2e6


def test_pictures_take_less_than_five_megabytes(photographs: dict[str, np.ndarray]) -> None:
    report = film([130] * 1000)
    picture = photographs["coffee"]
    tiles = [Tile(frame, picture, np.zeros((30, 40), np.float32)) for frame in choose_tiles(report)]
    assert len(build_page(report, tiles).encode()) < 5e6


def test_odd_tiles_and_empty_reports_do_no_harm(tmp_path: Path) -> None:
    thin = Tile(0, np.zeros((2000, 1, 3), np.uint8), np.zeros((1, 1), np.float32))
    stranger = tile(10**6)
    write_page(tmp_path / "page.html", film([1]), [thin, stranger])
    write_page(tmp_path / "empty.html", ClipReport(clip="a", output="b", frames=0), [])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty.html", "page.html"]
    assert "frame 1000000" not in (tmp_path / "page.html").read_text()


def test_curves_that_are_missing_or_not_numbers_do_no_harm() -> None:
    shots = (
        ShotReport(first=0, last=3),
        ShotReport(first=4, last=5, confidence=(np.nan, 2.0), guessed=(-1.0, np.nan), key_frames=(4, 99)),
    )
    page = build_page(ClipReport(clip="a", output="b", frames=6, shots=shots), [])
    assert page.count("<svg") == 1
    assert not re.search(r"\bnan\b", page)
