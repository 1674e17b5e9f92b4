"""The demo's page is one file that needs nothing else, shows what it counted, and counts everything."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.bundled import PHOTOGRAPHS, load
from benchmarks.demo.__main__ import STRIP, strip
from benchmarks.demo.hints import CLICKS, HintedPicture
from benchmarks.demo.page import BEST_SHOWN, Command, Page, build_page
from benchmarks.demo.results import ColouredFilm, Result
from featcolor.colour.measures import colourfulness, gain, grey_picture, mean_delta_e00
from tests.benchmarks.report.samples import Outline


def picture_of(name: str, truth: NDArray[np.uint8], *, strength: float) -> Result:
    grey = grey_picture(truth)
    coloured = np.uint8(np.rint((1 - strength) * grey + strength * truth))
    return Result(name, grey, grey, coloured, truth, confidence=truth[..., 0])


@pytest.fixture(scope="module")
def page(photographs: dict[str, NDArray[np.uint8]]) -> Page:
    strengths = {"coffee": 0.9, "astronaut": 0.5, "chelsea": 0.3, "rocket": 0.2, "china": 0.1, "flower": -0.3}
    wholes = [picture_of(name, photographs[name], strength=value) for name, value in strengths.items()]
    halves = [
        picture_of(name, np.ascontiguousarray(photographs[name][:, 80:]), strength=0.8)
        for name in ("coffee", "rocket", "china")
    ]
    return Page(
        halves=halves,
        unseen=wholes,
        failure="Here it guesses &lt;a flower&gt; wrong.",
        commands=[Command("python cli.py fit refs -o 'a & b.featcolor'", 4.25), Command("python cli.py colorize", 1.5)],
        picture_seconds=0.2,
        seconds=60.4,
        credits=["Somebody, CC0"],
        versions={"numpy": "1.2.3"},
        preview_address="out/preview.html",
    )


@pytest.fixture(scope="module")
def html(page: Page) -> str:
    return build_page(page)


def test_the_page_asks_nothing_of_anybody_and_is_well_formed(html: str) -> None:
    outline = Outline(html, loose=True)
    assert not re.search(r"https?:|//[a-z]|@import|<link|<script|url\(", html)
    sources = outline.values("src", "href", "srcset")
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") or source == "out/preview.html" for source in sources)
    assert not outline.wrong + outline.open
    assert html.startswith("<!DOCTYPE html>")
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html


def test_every_figure_has_its_three_pictures_and_its_label(html: str, page: Page) -> None:
    figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
    assert len(figures) == len(page.halves) + BEST_SHOWN + 1 + 2  # and two maps of confidence
    for figure in figures:
        assert figure.count("<img ") == 3
        assert re.search(r"class=tag>(unseen half|default model|failure)<", figure)
    assert sum("unseen half" in figure for figure in figures) == len(page.halves)


def test_the_best_and_the_worst_are_shown_and_the_table_leaves_none_out(html: str, page: Page) -> None:
    shown = [re.search(r"<b>(\w+)</b>", figure).group(1) for figure in re.findall(r"<figure.*?</figure>", html)]
    assert shown[: BEST_SHOWN + 1] == ["Coffee", "Astronaut", "Chelsea", "Rocket", "Flower"]
    for result in page.unseen:
        assert f"{result.name.title()}, whole" in html
    for result in page.halves:
        assert f"{result.name.title()}, half" in html


def test_the_numbers_are_those_of_the_measures(html: str, page: Page) -> None:
    for result in page.halves + page.unseen:
        wanted = f"{gain(result.truth, result.coloured):+.2f}".replace("-", "−")
        assert f"<td>{wanted}</td>" in html
        assert f"<td>{mean_delta_e00(result.truth, result.coloured):.1f} / " in html
        assert f" / {colourfulness(result.truth):.0f}</td>" in html


def test_commands_times_versions_and_credits_are_named(html: str) -> None:
    for text in ("fit refs -o &#x27;a &amp; b.featcolor&#x27;", "4.2 s", "60 s", "numpy 1.2.3", "Somebody, CC0"):
        assert text in html


def test_photographs_come_with_the_packages() -> None:
    for photograph in PHOTOGRAPHS:
        rgb = load(photograph)
        assert (rgb.dtype, rgb.shape[2:]) == (np.uint8, (3,))
        assert min(rgb.shape[:2]) >= 256


def test_the_film_lies_beside_the_page_and_its_strip_inside(page: Page) -> None:
    strip = np.zeros((60, 80, 3), np.uint8)
    film = ColouredFilm(
        Path("film.mp4"), grey_psnr=20.0, psnr=27.5, flicker=1.25, true_flicker=1.5, frames_a_second=12.3, strip=strip
    )
    shown = build_page(replace(page, film=film, film_address='out/"film".mp4'))
    outline = Outline(shown, loose=True)
    assert not outline.wrong + outline.open
    assert [source for source in outline.values("src") if not source.startswith("data:")] == ['out/"film".mp4']
    assert "+7.5 dB" in shown
    assert "12.3 frames a second" in shown


def test_the_strip_shows_three_pictures_of_each_result(page: Page) -> None:
    results = page.halves[: len(STRIP)]
    picture = strip(results)
    blank = (picture == 255).all(axis=(0, 2))
    starts = np.flatnonzero(np.diff(blank.astype(int)) == 1)
    assert picture.shape[2] == 3
    assert len(starts) == 3 * len(results) - 1


def test_a_hint_is_shown_with_what_was_typed(page: Page) -> None:
    before, after = page.unseen[1].grey, page.unseen[1].coloured
    hinted = HintedPicture(CLICKS[0], before, before, after)
    html = build_page(replace(page, hinted=[hinted]))
    assert CLICKS[0].typed in html
    assert html.count("<img ") == build_page(page).count("<img ") + 3


def test_clicks_are_inside_their_photographs(photographs: dict[str, NDArray[np.uint8]]) -> None:
    for click in CLICKS:
        height, width = next(load(each) for each in PHOTOGRAPHS if each.name == click.photograph).shape[:2]
        assert 0 <= click.x < width
        assert 0 <= click.y < height
