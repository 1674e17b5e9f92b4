"""A person signs in by the form, in a browser that holds to the page's own policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from featcolor.commands.studio import PASSWORD_VARIABLE
from tests.studio.command import Command


@pytest.mark.parametrize("prefix", ["", "/colour"])
def test_a_password_opens_the_studio(browser: Any, tmp_path: Path, prefix: str) -> None:
    words = ["--prefix", prefix] if prefix else []
    studio = Command(tmp_path / "home", "--apart", *words, environment={PASSWORD_VARIABLE: "a password"})
    context = browser.new_context()
    try:
        assert "token" not in studio.address
        page = context.new_page()
        assert page.goto(studio.address).status == 401
        page.get_by_label("Password").fill("no password")
        page.get_by_role("button", name="Open").click()
        page.get_by_text("That is not the token").wait_for()
        page.get_by_label("Password").fill("a password")
        page.get_by_role("button", name="Open").click()
        page.get_by_role("heading", name="featcolor studio").wait_for()
        page.wait_for_selector("body:not(.loading)")
        assert page.url == f"{studio.origin}{prefix}/"
        assert context.cookies()[0]["path"] == (prefix or "/")
    finally:
        context.close()
        studio.press_ctrl_c()
