"""The page's files: little to load, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from featcolor.studio.api.page import FOLDER, TYPES

MOST_BYTES = 150_000
FILES = sorted(FOLDER.iterdir())
ELSEWHERE = re.compile(r"""(?:https?:)?//[\w.-]+\.\w+|@import|\beval\(|new Function|innerHTML|insertAdjacentHTML""")
NAMESPACE = "http://www.w3.org/2000/svg"


def test_the_page_is_light() -> None:
    assert sum(path.stat().st_size for path in FILES) <= MOST_BYTES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_served_and_asks_for_nothing_elsewhere(path: Path) -> None:
    assert path.suffix in TYPES
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert not ELSEWHERE.findall(text)


def test_the_page_has_no_script_or_style_within_itself() -> None:
    """The policy that it is served with allows none."""
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
    used = {each for each in re.findall(r'(?:src|href)="([^"#]+)"', page) if not each.startswith("data:")}
    assert used == {"page/app.js", *(f"page/{path.name}" for path in FILES if path.suffix == ".css")}


def test_every_module_is_found_and_used() -> None:
    modules = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".js"}
    used = {name for text in modules.values() for name in re.findall(r'from "\./([\w.-]+)"', text)}
    assert used | {"app.js"} == set(modules)
