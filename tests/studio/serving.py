"""A studio that a test asks, without a socket; its workers are real processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.testclient import TestClient

from featcolor.pictures.io import write_picture
from featcolor.pictures.picture import Picture
from featcolor.studio.app import build_app
from featcolor.studio.sessions import Cookies
from featcolor.studio.studio import Studio, StudioConfig

ADDRESS = "http://127.0.0.1:8710"
SECRET = "a token of tests"
PATIENCE_S = 120.0


@contextmanager
def served(home: Path, *sources: Path, **config: Any) -> Iterator[TestClient]:
    """A client of a studio, with its cookie."""
    studio = Studio(StudioConfig(home=home, sources=sources, secret=SECRET, **config))
    app = build_app(studio, Cookies(b"key"))
    with TestClient(app, base_url=ADDRESS, headers={"Origin": ADDRESS}) as client:
        assert client.get("/", params={"token": SECRET}, follow_redirects=False).status_code == 303
        yield client


def grey_album(folder: Path, photographs: dict[str, NDArray[np.uint8]]) -> Path:
    """A folder of grey pictures: JPEG, 16-bit PNG, and TIFF in a folder below."""
    grey = {name: picture.mean(axis=2).astype(np.uint8) for name, picture in photographs.items()}
    (folder / "below").mkdir(parents=True)
    write_picture(folder / "astronaut.jpg", np.repeat(grey["astronaut"][..., None], 3, axis=2))
    deep = np.repeat((grey["coffee"].astype(np.uint16) * 257)[..., None], 3, axis=2)
    write_picture(folder / "coffee.png", deep, like=Picture(deep))
    write_picture(folder / "below" / "chelsea.tif", np.repeat(grey["chelsea"][..., None], 3, axis=2))
    return folder


def by_name(client: TestClient) -> dict[str, dict[str, Any]]:
    """The pictures of the workspace."""
    return {each["name"]: each for each in client.get("/api/workspace").json()["pictures"]}


def wait_for(look: Callable[[], Any]) -> Any:
    """What `look` gives once that is something."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError("it never came")


def ended(client: TestClient, job: dict[str, Any], *states: str) -> dict[str, Any]:
    """A job once it has ended, or is in one of the states."""
    states = states or ("done", "failed", "cancelled")

    def look() -> dict[str, Any] | None:
        jobs = {each["id"]: each for each in client.get("/api/workspace").json()["jobs"]}
        return jobs[job["id"]] if jobs[job["id"]]["state"] in states else None

    found: dict[str, Any] = wait_for(look)
    return found
