"""A studio that a test asks, without a socket; its workers are real processes."""

from __future__ import annotations

import secrets
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
from featcolor.studio.config import FOR_STRANGERS, StudioConfig
from featcolor.studio.sessions import Cookies
from featcolor.studio.studio import Studio

ADDRESS = "http://127.0.0.1:8710"
SECRET = "a token of tests"
COOKIES = Cookies(b"key")
PATIENCE_S = 120.0


@contextmanager
def served(home: Path, *sources: Path, **config: Any) -> Iterator[TestClient]:
    """A client of a studio, with its cookie."""
    app = build_app(Studio(StudioConfig(home=home, sources=sources, secret=SECRET, **config)), COOKIES)
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


class Visitors:
    """Visitors of one studio that keeps them apart."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def new(self) -> Visitor:
        """One more."""
        return Visitor(self.client, {COOKIES.name: COOKIES.make(secrets.token_hex(16), time.time())})


class Visitor:
    """One of them."""

    def __init__(self, client: TestClient, cookies: dict[str, str]) -> None:
        self.client, self.cookies = client, cookies

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        """The answer to a request."""
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        return self.client.request(method, path, **more)

    def give(self, content: bytes, name: str = "old.jpg", kind: str = "pictures") -> Any:
        """The answer to a file that is given."""
        return self("PUT", f"/api/{kind}", params={"name": name}, content=content)

    @property
    def id(self) -> str:
        """By which the studio knows the visitor."""
        return next(iter(self.cookies.values())).partition(".")[0]

    def workspace(self) -> dict[str, Any]:
        """What the page shows."""
        answer: dict[str, Any] = self("GET", "/api/workspace").json()
        return answer

    def ended(self, job: dict[str, Any]) -> dict[str, Any]:
        """A job of the visitor's once it has ended."""

        def look() -> dict[str, Any] | None:
            found = {each["id"]: each for each in self.workspace()["jobs"]}[job["id"]]
            return found if found["state"] in ("done", "failed", "cancelled") else None

        found: dict[str, Any] = wait_for(look)
        return found


@contextmanager
def served_apart(home: Path, **config: Any) -> Iterator[Visitors]:
    """A studio as it is for strangers."""
    with served(home, apart=True, **({"limits": FOR_STRANGERS} | config)) as client:
        yield Visitors(client)
