"""The film of two shots and its two key pictures, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.video.samples import make_keys, make_reel


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reel(tmp_path_factory.mktemp("reel") / "reel.mkv")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))
