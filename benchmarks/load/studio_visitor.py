"""Visitor of a studio, as the load test has fifty: gives marked pictures, corrects, writes and fetches them.

Every picture carries a row of dark and light cells that says whose it is and which; colouring keeps lightness, so that
every answer can be asked whether it is of the picture that it ought to be of.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import lightness_of

CELLS: Final = 24
"""Of a mark: eight bits of whose it is, eight of which one, eight of a checksum."""
DARK, LIGHT, HALF = 40, 215, 0.5
"""Of its cells, codes, and the lightness between them."""
SIDES: Final = ((240, 320), (480, 640), (768, 1024), (1414, 2121), (2828, 4242))
"""Rows and columns, up to 12 megapixels."""
OFTEN: Final = (30, 30, 24, 12, 4)
"""How often each size comes."""
PATIENCE_S: Final = 300.0
HELD: Final = 5
"""Pictures that a visitor keeps at a time."""
BROKEN, CUT = 0.05, 0.05
"""Shares of the uploads that are no picture, and of all that is sent or fetched that breaks off in the middle."""


def marked(grey: NDArray[np.uint8], whose: int, which: int) -> NDArray[np.uint8]:
    """A grey picture (H, W) with its mark along the upper edge."""
    cell = grey.shape[1] / CELLS
    picture = grey.copy()
    for place, bit in enumerate(_bits(whose, which)):
        picture[: int(cell), int(place * cell) : int((place + 1) * cell)] = LIGHT if bit else DARK
    return picture


def mark_of(picture: NDArray[np.uint8]) -> tuple[int, int] | None:
    """Whose a picture (h, w) or (h, w, 3) of any size is, and which; None where its mark cannot be read."""
    lightness = lightness_of(picture)
    cell = picture.shape[1] / CELLS
    rows = slice(int(cell * 0.3), max(int(cell * 0.3) + 1, int(cell * 0.7)))
    bits = [
        float(
            lightness[
                rows, int((place + 0.3) * cell) : max(int((place + 0.3) * cell) + 1, int((place + 0.7) * cell))
            ].mean()
        )
        > HALF
        for place in range(CELLS)
    ]
    whose, which, check = (int("".join("01"[bit] for bit in bits[n : n + 8]), 2) for n in (0, 8, 16))
    return (whose, which) if check == _check(whose, which) else None


def _check(whose: int, which: int) -> int:
    return zlib.crc32(bytes([whose, which])) & 255


def _bits(whose: int, which: int) -> list[bool]:
    return [bit == "1" for bit in f"{whose:08b}{which:08b}{_check(whose, which):08b}"]


@dataclass
class Tally:
    """What visitors met.

    Attributes
    ----------
    mixed : answers that were of another picture
    lost : pictures that were taken and are not there, or not written by a job that is done
    done : answers by what was asked
    refused : answers that a studio may give where it is full or what it was given is broken, by what and status
    errors : all other answers, by what and status
    seconds : of each answer, by what was asked
    """

    mixed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Held:
    """A picture that a visitor gave."""

    id: str
    which: int
    shape: tuple[int, int]
    written: bool = False


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """An answer that is not what was asked for."""


class Visitor:
    """One visitor, with a session of their own.

    Parameters
    ----------
    number : 0..255, in the marks
    place : host and port of the studio, and its secret
    greys : pictures (H, W) of each size, to be marked
    tally : what all visitors met
    """

    def __init__(
        self, number: int, place: tuple[str, int, str], greys: list[list[NDArray[np.uint8]]], tally: Tally
    ) -> None:
        self.number, self._place, self._greys, self._tally = number, place, greys, tally
        self._chance = random.Random(number)
        self._held: list[Held] = []
        self._given = 0
        self._connection: http.client.HTTPConnection | None = None
        self._headers = {"Origin": f"http://{place[0]}:{place[1]}"}

    def live(self, until: float, think: float) -> None:
        """Do one thing after the other until a time, with a pause of some seconds in the mean before each."""
        self.sign_in()
        acts: tuple[tuple[Callable[[], None], int], ...] = (
            (self.give, 12),
            (self.look, 30),
            (self.suggest, 12),
            (self.ask, 4),
            (self.thumbnail, 14),
            (self.write, 8),
            (self.fetch, 8),
            (self.one_call, 3),
            (self.list, 6),
            (self.cut_upload, 3),
            (self.cut_answer, 3),
        )
        while time.monotonic() < until:
            time.sleep(min(self._chance.expovariate(1 / think), max(0.0, until - time.monotonic())))
            act = self._chance.choices([act for act, _ in acts], [often for _, often in acts])[0]
            with contextlib.suppress(Refused):
                act()
        with contextlib.suppress(Refused):
            self.list()

    def sign_in(self) -> None:
        """Get a cookie."""
        _, headers, _ = self._ask("sign in", "GET", f"/?token={self._place[2]}", wanted=(303,))
        self._headers["Cookie"] = headers["set-cookie"].partition(";")[0]

    def give(self) -> None:
        """A picture given, or something that is none."""
        if self._chance.random() < BROKEN:
            self._give_broken()
            return
        if len(self._held) >= HELD:
            gone = self._held.pop(self._chance.randrange(len(self._held)))
            self._ask("delete", "DELETE", f"/api/pictures/{gone.id}", wanted=(204,))
        content, which, shape = self._picture()
        _, _, answer = self._ask("give", "PUT", f"/api/pictures?name={self.number}-{which}.jpg", content, wanted=(201,))
        self._held.append(Held(json.loads(answer)["id"], which, shape))

    def look(self) -> None:
        """A picture in colour, with hints that are kept."""
        held = self._any()
        hints = [
            {
                "points": [[self._chance.uniform(0, held.shape[1] - 1), self._chance.uniform(0, held.shape[0] - 1)]],
                "colour": f"#{self._chance.randrange(1 << 24):06x}",
            }
            for _ in range(self._chance.randrange(4))
        ]
        body = json.dumps({"hints": hints, "choices": {}, "keep": True}).encode()
        self._check("view", held, self._ask("view", "POST", f"/api/pictures/{held.id}/view", body)[2])
        held.written = False

    def suggest(self) -> None:
        """Likely colours of a place."""
        held = self._any()
        x, y = self._chance.randrange(held.shape[1]), self._chance.randrange(held.shape[0])
        self._ask("suggest", "GET", f"/api/pictures/{held.id}/suggest?x={x}&y={y}")

    def ask(self) -> None:
        """Where a hint would help."""
        self._ask("ask", "GET", f"/api/pictures/{self._any().id}/ask?count=3")

    def thumbnail(self) -> None:
        """A small picture, grey or in colour, or the view as it is."""
        held, rest = self._any(), self._chance.choice(("thumb.jpg", "thumb.jpg?colour=1", "grey.jpg"))
        self._check(rest, held, self._ask("thumbnail", "GET", f"/api/pictures/{held.id}/{rest}")[2])

    def write(self) -> None:
        """Some pictures written in full size."""
        wanted = self._chance.sample(self._held, min(len(self._held), 2))
        if not wanted:
            raise Refused
        body = json.dumps({"pictures": [held.id for held in wanted]}).encode()
        job = json.loads(self._ask("write", "POST", "/api/write", body, wanted=(202,))[2])
        start = time.monotonic()
        while job["state"] not in ("done", "failed", "cancelled"):
            if time.monotonic() - start > PATIENCE_S:
                self._tally.lost.append(f"job {job['title']} is still {job['state']}")
                raise Refused
            time.sleep(1.0)
            jobs = json.loads(self._ask("list", "GET", "/api/workspace")[2])["jobs"]
            found = [each for each in jobs if each["id"] == job["id"]]
            if not found:
                self._tally.lost.append(f"job {job['title']} is not there")
                raise Refused
            job = found[0]
        if job["state"] != "done" or job["errors"]:
            self._tally.errors[f"job {job['state']}: {job['errors']}"] += 1
            raise Refused
        self._tally.seconds["write until done"].append(time.monotonic() - start)
        for held in wanted:
            held.written = True

    def fetch(self) -> None:
        """A written picture."""
        written = [held for held in self._held if held.written]
        if not written:
            raise Refused
        held = self._chance.choice(written)
        self._check("file", held, self._ask("fetch", "GET", f"/api/pictures/{held.id}/file")[2], shape=held.shape)

    def one_call(self) -> None:
        """A picture in one call."""
        content, which, shape = self._picture(largest=3)
        answer = self._ask("one call", "POST", "/api/colorize?hint=5,200=navy", content)[2]
        self._check("one call", Held("", which, shape), answer, shape=shape)

    def list(self) -> None:
        """The workspace, which has what was given and nothing else."""
        there = {
            each["id"]: each["name"] for each in json.loads(self._ask("list", "GET", "/api/workspace")[2])["pictures"]
        }
        self._tally.lost += [
            f"{self.number}: {held.which} is not listed" for held in self._held if held.id not in there
        ]
        self._tally.mixed += [
            f"{self.number}: sees {name}" for name in there.values() if not name.startswith(f"{self.number}-")
        ]

    def cut_upload(self) -> None:
        """An upload that breaks off in the middle."""
        content, which, _ = self._picture()
        head = f"PUT /api/pictures?name={self.number}-{which}.jpg HTTP/1.1\r\nContent-Length: {len(content)}\r\n"
        self._cut(head, content[: self._chance.randrange(len(content))], 0)

    def cut_answer(self) -> None:
        """An answer that nobody reads to its end."""
        held = self._any()
        path = self._chance.choice(("grey.jpg", "thumb.jpg?colour=1", "file", "../../events"))
        path = "/api/events" if path.startswith("..") else f"/api/pictures/{held.id}/{path}"
        self._cut(f"GET {path} HTTP/1.1\r\n", b"", self._chance.randrange(2000))

    def _give_broken(self) -> None:
        content = self._picture(largest=2)[0]
        content = self._chance.choice((b"", b"no picture", content[: len(content) // 2], content[:20] + bytes(2000)))
        with contextlib.suppress(Refused):
            self._ask("broken", "PUT", "/api/pictures?name=broken.jpg", content, wanted=(413, 415, 422))

    def _picture(self, largest: int = len(SIDES)) -> tuple[bytes, int, tuple[int, int]]:
        """A JPEG file, its number and its shape."""
        size = self._chance.choices(range(largest), OFTEN[:largest])[0]
        grey = self._chance.choice(self._greys[size])
        which = self._given = (self._given + 1) % 256
        done, content = cv2.imencode(".jpg", marked(grey, self.number, which), [cv2.IMWRITE_JPEG_QUALITY, 90])
        assert done
        return content.tobytes(), which, (grey.shape[0], grey.shape[1])

    def _any(self) -> Held:
        if not self._held:
            self.give()
        if not self._held:
            raise Refused
        return self._chance.choice(self._held)

    def _check(self, what: str, held: Held, content: bytes, *, shape: tuple[int, int] | None = None) -> None:
        """Note whether an answer is of the picture that it ought to be of."""
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        found = None if picture is None else mark_of(picture)
        if found != (self.number, held.which) or (shape is not None and picture.shape[:2] != shape):
            size = "broken" if picture is None else f"{picture.shape[1]}x{picture.shape[0]}"
            self._tally.mixed.append(f"{what} of {(self.number, held.which)} is {found}, {size}")

    def _ask(
        self, what: str, method: str, path: str, body: bytes | None = None, *, wanted: tuple[int, ...] = (200,)
    ) -> tuple[int, Any, bytes]:
        start = time.monotonic()
        try:
            status, headers, content = self._exchange(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            self._tally.errors[f"{what}: {type(error).__name__}"] += 1
            raise Refused from error
        self._tally.seconds[what].append(time.monotonic() - start)
        if status in wanted:
            self._tally.done[what] += 1
            return status, headers, content
        full = status in (429, 503) or (what == "fetch" and status == 409)
        words = content[:80].decode(errors="replace")
        (self._tally.refused if full else self._tally.errors)[f"{what}: {status} {words}"] += 1
        raise Refused

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, Any, bytes]:
        """An answer over the connection that is open, or over a new one where it was closed meanwhile."""
        for attempt in (1, 2):
            fresh = self._connection is None
            if self._connection is None:
                self._connection = http.client.HTTPConnection(*self._place[:2], timeout=PATIENCE_S)
            try:
                self._connection.request(method, path, body, self._headers)
                answer = self._connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self._connection.close()
                self._connection = None
                if fresh or attempt == 2:
                    raise
        raise AssertionError

    def _cut(self, head: str, body: bytes, read: int) -> None:
        rest = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        host = f"Host: {self._place[0]}:{self._place[1]}\r\n"
        with contextlib.suppress(OSError), socket.create_connection(self._place[:2], timeout=PATIENCE_S) as connection:
            connection.sendall(f"{head}{host}{rest}\r\n".encode() + body)
            if read:
                connection.recv(read)
        self._tally.done["cut off"] += 1
