"""A release says the same of itself everywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_changelog_begins_with_this_version() -> None:
    releases = re.findall(r"^## \[(\d\S*)\] - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert releases[0] == (VERSION, CITATION["date-released"])


def test_a_citation_names_this_version_and_what_the_format_asks_for() -> None:
    """Required keys of the Citation File Format 1.2.0."""
    assert CITATION["version"] == VERSION
    assert CITATION["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(CITATION)


def test_the_container_says_this_version() -> None:
    assert f"ARG VERSION={VERSION}\n" in (ROOT / "Dockerfile").read_text()


def test_models_of_this_version_are_kept() -> None:
    assert (ROOT / "tests" / "releases" / VERSION).is_dir()
