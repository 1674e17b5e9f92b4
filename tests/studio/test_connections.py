"""Connections of the studio over a real socket: slow ones, those that break off, and nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from featcolor.studio import connections
from featcolor.studio.app import build_app
from featcolor.studio.config import FOR_STRANGERS, StudioConfig
from featcolor.studio.serve import server_config
from featcolor.studio.studio import Studio
from tests.studio.serving import COOKIES, SECRET, wait_for
from tests.studio.test_uploads import small

LIMITS = replace(FOR_STRANGERS, bytes=2_000_000, upload_s=5.0, free=0)
HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {SECRET}\r\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def studio(home: Path) -> Studio:
    return Studio(StudioConfig(home=home, secret=SECRET, limits=LIMITS))


@pytest.fixture(scope="module")
def port(studio: Studio) -> Iterator[int]:
    """Of a real server in a thread."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(build_app(studio, COOKIES)))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])))
    thread.start()
    wait_for(lambda: server.started)
    yield bound.getsockname()[1]
    server.should_exit = True
    thread.join()


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        yield connection


def answer_of(connection: socket.socket) -> str:
    """All that comes until the connection is closed."""
    content = b""
    try:
        while piece := connection.recv(65536):
            content += piece
    except ConnectionResetError:
        pass
    return content.decode("latin-1")


def asked(port: int, request: str | bytes) -> str:
    with connected(port) as connection:
        connection.sendall(request.encode() if isinstance(request, str) else request)
        connection.shutdown(socket.SHUT_WR)
        return answer_of(connection)


def status_of(answer: str) -> int:
    match = re.match(r"HTTP/1.1 (\d+)", answer)
    return int(match[1]) if match else 0


@pytest.mark.parametrize("beginning", ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_who_does_not_say_what_he_wants_is_not_waited_for(
    port: int, monkeypatch: pytest.MonkeyPatch, beginning: str
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    with connected(port) as connection:
        connection.sendall(beginning.encode())
        assert answer_of(connection) == ""


def test_a_head_by_the_letter_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    with connected(port) as connection:
        connection.settimeout(0.01)
        for _ in range(10_000):
            try:
                connection.sendall(b"G")
                assert connection.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                return
            return
        raise AssertionError("it never ended")


def test_the_second_head_is_waited_for_no_longer(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.3)
    with connected(port) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\n")
        assert answer_of(connection).count("HTTP/1.1 200") == 1


def test_an_upload_that_stops_is_not_waited_for(port: int, home: Path) -> None:
    with connected(port) as connection:
        connection.sendall(f"PUT /api/pictures?name=a.jpg HTTP/1.1\r\n{HEAD}Content-Length: 1000\r\n\r\nabc".encode())
        assert "408" in connection.recv(100).decode()
    with connected(port) as connection:
        connection.sendall(f"POST /api/write HTTP/1.1\r\n{HEAD}Content-Length: 1000\r\n\r\n".encode())
        assert "408" in connection.recv(100).decode()
    wait_for(lambda: not list(home.rglob("*.part")))


@pytest.mark.parametrize("path", ["PUT /api/pictures?name=a.jpg", "POST /api/colorize", "PUT /api/models?name=a"])
def test_an_upload_that_breaks_off_leaves_nothing(port: int, home: Path, studio: Studio, path: str) -> None:
    content = small()
    with connected(port) as connection:
        head = f"{path} HTTP/1.1\r\n{HEAD}Content-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content[:-5])
    wait_for(lambda: not studio.coming and not list(home.rglob("*.part")) and not list(home.rglob("*.given")))


def test_a_body_without_a_length_is_counted_while_it_comes(port: int) -> None:
    piece = b"10000\r\n" + b"\0" * 65536 + b"\r\n"
    head = f"PUT /api/pictures?name=a.jpg HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n"
    with connected(port) as connection:
        connection.sendall(head.encode())
        try:
            for _ in range(40):
                connection.sendall(piece)
        except ConnectionError:
            pass
        assert "413" in connection.recv(100).decode()


NONSENSE: dict[str, str | bytes] = {
    "nothing of http": "\x16\x03\x01\x02\x00\x01\x00",
    "another protocol": "SSH-2.0-evil\r\n\r\n",
    "a negative length": f"PUT /api/pictures HTTP/1.1\r\n{HEAD}Content-Length: -1\r\n\r\n",
    "two lengths": f"PUT /api/pictures HTTP/1.1\r\n{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length in digits of another script": f"PUT /x HTTP/1.1\r\n{HEAD}Content-Length: \u0661\r\n\r\n",
    "a length of 30 digits": f"PUT /x HTTP/1.1\r\n{HEAD}Content-Length: {'9' * 30}\r\n\r\n",
    "an odd encoding": f"PUT /x HTTP/1.1\r\n{HEAD}Transfer-Encoding: xchunked\r\n\r\n",
    "two encodings": f"PUT /x HTTP/1.1\r\n{HEAD}Transfer-Encoding: identity, chunked\r\n\r\n",
    "two hosts": f"GET / HTTP/1.1\r\nHost: evil.example\r\n{HEAD}\r\n",
    "no host": "GET /api/workspace HTTP/1.1\r\n\r\n",
    "an old protocol": "GET /api/workspace HTTP/0.9\r\n\r\n",
    "a folded header": f"GET / HTTP/1.1\r\n{HEAD}X: a\r\n Host: evil.example\r\n\r\n",
    "a space before the colon": "GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    "a header with a zero": f"GET / HTTP/1.1\r\n{HEAD}X: a\0b\r\n\r\n",
    "a line end in the path": f"GET /\rX: y HTTP/1.1\r\n{HEAD}\r\n",
    "a large head": f"GET / HTTP/1.1\r\n{HEAD}X: {'x' * 100_000}\r\n\r\n",
    "a long path": f"GET /{'x' * 100_000} HTTP/1.1\r\n{HEAD}\r\n",
    "bad pieces": f"PUT /api/pictures?name=a HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_refused_and_the_next_is_served(port: int, what: str) -> None:
    assert status_of(asked(port, NONSENSE[what])) in (0, 400, 401, 404, 421)
    assert status_of(asked(port, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 200


def test_a_request_hidden_in_another_is_none(port: int) -> None:
    hidden = f"GET /api/workspace HTTP/1.1\r\n{HEAD}\r\n"
    body = f"0\r\n\r\n{hidden}"
    head = f"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n"
    # What comes after is read as its own sender's, and shown to nobody else.
    assert '"pictures"' not in asked(port, head + body).partition("\r\n\r\n")[0]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:80@evil.example"])
def test_the_host_of_the_line_does_not_count(port: int, host: str) -> None:
    request = f"GET http://127.0.0.1/api/workspace HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
    assert status_of(asked(port, request)) == 421


def test_there_is_no_way_to_another_protocol(port: int) -> None:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
    answer = asked(port, f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}\r\n")
    assert status_of(answer) == 401
    assert "upgrade" not in answer.lower().partition("\r\n\r\n")[0]


def test_an_answer_that_nobody_reads_ends_nothing(port: int, studio: Studio) -> None:
    for _ in range(20):
        with connected(port) as connection:
            connection.sendall(f"GET /api/events HTTP/1.1\r\n{HEAD}\r\n".encode())
            connection.recv(10)
    wait_for(lambda: not studio.streams)


def test_an_answer_that_takes_long_is_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(connections, "HEAD_S", 0.5)
        connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        connection.sendall(f"GET /api/events HTTP/1.1\r\n{HEAD}\r\n".encode())
        while b": here" not in connection.recv(65536):
            pass
    with connection:
        time.sleep(0.6)  # after which the head of a request would have taken too long
        asked(port, f"PUT /api/workspace HTTP/1.1\r\n{HEAD}Content-Length: 2\r\n\r\n{{}}")
        assert b"workspace" in connection.recv(65536)


@pytest.mark.parametrize(("bound", "local"), [("MOST", connections.LOCAL), ("MOST_OF_ONE", ())])
def test_connections_have_a_bound(
    port: int, monkeypatch: pytest.MonkeyPatch, bound: str, local: tuple[str, ...]
) -> None:
    monkeypatch.setattr(connections, bound, 5)
    monkeypatch.setattr(connections, "LOCAL", local)
    opened: list[Any] = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(8)]
    try:
        for each in opened[5:]:
            with contextlib.suppress(ConnectionError):
                each.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert answer_of(each) == ""
    finally:
        for each in opened:
            each.close()
    wait_for(lambda: status_of(asked(port, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 200)
    assert not connections.PatientConnection._by_address or sum(connections.PatientConnection._by_address.values()) < 8
