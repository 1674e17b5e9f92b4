"""The documentation site: links, completeness, and what a browser says of every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import featcolor
from featcolor.commands.program import build_parser
from tests.docs.pages import Page, broken, leads_elsewhere, read_page
from tests.docs.spelling import unknown_words

pytestmark = pytest.mark.docs

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
BROKEN_PICTURES = "[...document.images].filter(image => image.complete && !image.naturalWidth).length"
IN_SIGHT = "document.documentElement.scrollWidth <= window.innerWidth"


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Page]) -> None:
    assert not broken(pages)


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="top">A</h1><a href="b.html"></a><a href="#top"></a><a href="#end"></a>')
    (tmp_path / "c.html").write_text('<img src="x.png"><a href="a.html#end"></a><a href="https://example.org/"></a>')
    pages = {path: read_page(path) for path in sorted(tmp_path.iterdir())}
    assert broken(pages) == ["a.html: #end", "a.html: b.html", "c.html: a.html#end", "c.html: x.png"]


def test_links_to_elsewhere_are_links_only(pages: dict[Path, Page], record_property: Any) -> None:
    """They are listed, not fetched; nothing but a person's click follows one."""
    elsewhere = sorted({link for page in pages.values() for link in page.links if leads_elsewhere(link)})
    record_property("elsewhere", elsewhere)
    print("\n".join(elsewhere))
    for path in pages:
        embedded = re.findall(r'<(?:script|img|link|iframe)\b[^>]*(?:src|href)="(https?:[^"]*)"', path.read_text())
        assert not embedded, path.name


def test_every_command_and_option_has_its_place(site: Path) -> None:
    for name, parser in build_parser()._subparsers._group_actions[0].choices.items():  # type: ignore[union-attr]
        if name == "colourize":
            continue
        page = (site / "generated" / "commands" / f"{name}.html").read_text()
        for action in parser._actions:
            for option in action.option_strings:
                if action.help != "==SUPPRESS==" and option not in ("-h", "--help"):
                    assert f'id="cmdoption-featcolor-{name}{option[option.startswith("--") :]}"' in page, (name, option)


def test_every_public_name_has_its_page(site: Path) -> None:
    for name in featcolor.__all__:
        assert (site / "generated" / "api" / f"featcolor.{name}.html").exists(), name


def test_docstrings_and_help_are_spelled_right(site: Path, pages: dict[Path, Page]) -> None:
    unknown = {path.name: unknown_words(page.text) for path, page in pages.items() if path.stem != "genindex"}
    assert not {name: words for name, words in unknown.items() if words}


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A tab of the browser. What it complains of or asks of other hosts are its `complaints`: none at the end."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: said.type in ("error", "warning") and page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: leads_elsewhere(request.url) and page.complaints.append(request.url))
    yield page
    context.close()
    assert not page.complaints


def test_no_page_complains_or_asks_another_host_and_all_fit_a_phone(page: Any, pages: dict[Path, Page]) -> None:
    for path in pages:
        page.goto(path.as_uri())
        assert not page.complaints, path.name
        assert not page.evaluate(BROKEN_PICTURES), path.name
        page.set_viewport_size(PHONE)
        assert page.evaluate(IN_SIGHT), path.name
        page.set_viewport_size(DESK)


def test_complaints_and_foreign_requests_are_noticed(page: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.html"
    wrong.write_text(
        '<script>console.error("oh")</script><p style="width: 900px">x</p><img src="http://127.0.0.1:9/x.png">'
    )
    page.set_viewport_size(PHONE)
    page.goto(wrong.as_uri())
    assert {"oh", "http://127.0.0.1:9/x.png"} <= set(page.complaints)
    assert page.evaluate(BROKEN_PICTURES)
    assert not page.evaluate(IN_SIGHT)
    page.complaints.clear()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("scratches", "Old pictures"),
        ("--saturation", "featcolor-colorize.--saturation"),
        ("HintablePicture", "featcolor.HintablePicture"),
        ("confidence key frame", "A film from one frame a shot"),
    ],
)
def test_search_works_without_a_server(page: Any, site: Path, asked: str, found: str) -> None:
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type(asked)
    page.keyboard.press("Enter")
    page.wait_for_selector(".search li a")
    page.wait_for_function("document.querySelector('.search-summary')?.innerText.includes('finished')")
    assert found in page.locator("ul.search li a").all_inner_texts()
