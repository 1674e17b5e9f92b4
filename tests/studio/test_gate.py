"""Gate of the studio: who is let in, by which address, from which page, and what every answer says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from featcolor.studio import gate, sessions
from featcolor.studio.concurrency import IN_LINE, ConcurrencyLimit
from featcolor.studio.gate import GUESSES, HEADERS, SESSIONS, Gate
from featcolor.studio.sessions import COOKIE_AGE_S, KEY_BYTES, MOST_ADDRESSES, Cookies, RateLimit, key_in, network_of

SECRET = "a token of tests"
HOST = "127.0.0.1:8710"
ADDRESS = f"http://{HOST}"
COOKIES = Cookies(b"key of tests")


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    """What is behind the gate: tells who asks."""
    await JSONResponse({"visitor": scope["state"].get("visitor")})(scope, receive, send)


def client_of(base: str = ADDRESS, *, address: str = "192.0.2.7", **options: Any) -> TestClient:
    made = Gate(behind, SECRET, COOKIES, **options)
    return TestClient(made, base_url=base, client=(address, 50000), follow_redirects=False)


@pytest.fixture
def client() -> TestClient:
    """One that has signed in."""
    client = client_of()
    assert client.get("/", params={"token": SECRET}).status_code == 303
    return client


def visitor_of(client: TestClient) -> str:
    visitor: str = client.get("/api/workspace").json()["visitor"]
    return visitor


@pytest.mark.parametrize("path", ["/", "/api/workspace", "/page/app.js", "/api/pictures/1/file", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"])
def test_nothing_is_served_without_the_token(method: str, path: str) -> None:
    assert client_of().request(method, path, headers={"Origin": ADDRESS}).status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.evil.example:8710",
        "localhost.evil.example",
        "evil.example:127.0.0.1",
        "localhost.",
        "127.0.0.1.",
        "user@localhost",
        "localhost:80@evil.example",
        "localhost/evil",
        "localhost#evil",
        "localhost:port",
        "localhost:",
        "",
        ":8710",
        "::1",
        "[::1%eth0]",
        "[fe80::1%25eth0]:8710",
        "[::1].evil.example",
        "[::1",
        "]127.0.0.1[",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1, evil.example",
        "127.0.0.1\tevil",
        "l\u00f6calhost".encode().decode("latin-1"),
        "x" * 4000,
    ],
)
def test_a_foreign_name_is_no_address_of_the_studio(client: TestClient, host: str) -> None:
    answer = client.get("/api/workspace", headers=[(b"host", host.encode("latin-1"))])
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8710", "127.0.0.1", "[::1]:8710", "192.0.2.9:80", "archive.example", "Archive.Example"],
)
def test_this_machine_its_numbers_and_names_that_were_allowed_are_its_addresses(host: str) -> None:
    client = client_of(hosts=frozenset({"archive.example"}))
    assert client.get("/api/workspace", headers={"Host": host, "Authorization": f"Bearer {SECRET}"}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host"])
def test_only_the_host_header_says_the_host(client: TestClient, header: str) -> None:
    headers = {"Host": "evil.example", header: "host=localhost" if header == "Forwarded" else "localhost"}
    assert client.get("/api/workspace", headers=headers).status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:9999",
        "http://localhost:8710",
        "http://127.0.0.1:8710.evil.example",
        "http://evil.example@127.0.0.1:8710",
        "null",
        "",
        "file://",
        "http://[",
        "http://[::1",
        "chrome-extension://127.0.0.1:8710.evil",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_of_another_site_may_not_ask(client: TestClient, method: str, origin: str) -> None:
    answer = client.request(method, "/api/workspace", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_browser_that_tells_of_another_site_gets_the_page_alone(client: TestClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    assert client.get("/api/written.zip", headers=headers).status_code == 403
    assert client.get("/api/pictures/1/view", headers=headers).status_code == 403
    assert client.post("/", headers=headers | {"Origin": ADDRESS}).status_code == 403
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_cookie_counts_only_with_the_page_it_comes_from(client: TestClient, method: str) -> None:
    assert client.request(method, "/api/write").status_code == 403
    for kind in ("Basic YTpi", "nonsense", ""):
        assert client.request(method, "/api/write", headers={"Authorization": kind}).status_code == 403
    assert client.request(method, "/api/write", headers={"Origin": ADDRESS}).status_code == 200


def test_a_wrong_token_is_not_made_good_by_a_cookie(client: TestClient) -> None:
    assert client.get("/api/workspace", headers={"Authorization": "Bearer no"}).status_code == 401


@pytest.mark.parametrize("kind", ["Bearer ", "bearer ", "BEARER  "])
def test_a_program_shows_the_token(kind: str) -> None:
    client = client_of()
    assert client.post("/api/write", headers={"Authorization": kind + SECRET}).json() == {"visitor": ""}


@pytest.mark.parametrize("kind", [f"Basic {SECRET}", SECRET, f"Bearer{SECRET}", "Bearer", "Bearer "])
def test_nothing_else_is_a_token(kind: str) -> None:
    assert client_of().post("/api/write", headers={"Authorization": kind}).status_code == 401


def sign_in_by_address(client: TestClient, token: str) -> int:
    return client.get("/", params={"token": token}).status_code


def sign_in_by_form(client: TestClient, token: str) -> int:
    return client.post("/sign-in", data={"token": token}, headers={"Origin": ADDRESS}).status_code


def sign_in_by_header(client: TestClient, token: str) -> int:
    answer = client.get("/api/workspace", headers={"Authorization": f"Bearer {token}"}).status_code
    return 303 if answer == 200 else answer


@pytest.mark.parametrize("way", [sign_in_by_address, sign_in_by_form, sign_in_by_header])
def test_who_guesses_is_not_listened_to(monkeypatch: pytest.MonkeyPatch, way: Callable[[TestClient, str], int]) -> None:
    now = [1000.0]
    monkeypatch.setattr(gate.time, "monotonic", lambda: now[0])
    client = client_of()
    assert [way(client, f"guess {n}") for n in range(GUESSES + 2)] == [401] * GUESSES + [429] * 2
    assert way(client, SECRET) == 429  # else the last guess would tell
    now[0] += gate.GUESSES_S + 1
    assert way(client, SECRET) == 303


@pytest.mark.parametrize("token", ["", SECRET[:-1], SECRET + " ", SECRET.upper(), "\u0000", "%00", "\u00fc" * 3000])
def test_nearly_the_token_is_none(token: str) -> None:
    assert sign_in_by_address(client_of(), token) == 401


def test_a_form_is_small_and_a_form() -> None:
    client = client_of()
    for body in (b"", b"token", b"\xff\xfe", b"&" * 4000, b"token=" + b"x" * 1_000_000, b'{"token": "x"}'):
        assert client.post("/sign-in", content=body, headers={"Origin": ADDRESS}).status_code == 401


def test_a_form_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FORM_S", 0.01)
    sent: list[Message] = []

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", HOST.encode()), (b"origin", ADDRESS.encode())]
    scope = {"type": "http", "method": "POST", "path": "/sign-in", "headers": headers, "query_string": b""}
    asyncio.run(Gate(behind, SECRET, COOKIES)(scope, never, send))
    assert sent[0]["status"] == 401


def test_the_token_leaves_the_address_at_once(client: TestClient) -> None:
    answer = client.get("/", params={"token": SECRET})
    assert answer.headers["location"] == "./"
    assert SECRET not in str(answer.headers)
    assert SECRET.encode() not in answer.content


def test_the_cookie_is_for_this_site_and_no_script() -> None:
    cookie = client_of().get("/", params={"token": SECRET}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    cookie = (
        client_of("https://127.0.0.1:8710", prefix="/colour")
        .get("/colour/", params={"token": SECRET})
        .headers["set-cookie"]
    )
    assert "secure" in cookie.lower()
    assert "Path=/colour" in cookie


def _forged(good: str) -> list[str]:
    visitor, made, signature = good.split(".")
    return [
        "",
        ".",
        "..",
        "...",
        visitor,
        f"{visitor}.{made}",
        f"{visitor}.{made}.",
        f"{visitor}.{made}.{'0' * 64}",
        f"{'0' * 32}.{made}.{signature}",
        f"{visitor}.{int(made) + 1}.{signature}",
        f"../../etc.{made}.{signature}",
        f"{visitor}.{made}.{signature[:-1]}",
        f"{visitor}.{made}.{signature}0",
        f"{visitor}.{made}.{signature.upper()}",
        f"{visitor}.nan.{signature}",
        f"{visitor}.-1.{signature}",
        "\u00fc.\u00fc.\u00fc".encode().decode("latin-1"),
        "x" * 3000,
        Cookies(b"another studio's key").make(visitor, time.time()),
        Cookies(b"key of tests", "a password since").make(visitor, time.time()),
        COOKIES.make(visitor, time.time() - COOKIE_AGE_S - 1),
    ]


@pytest.mark.parametrize("number", range(21))
def test_a_forged_or_old_cookie_opens_nothing(number: int) -> None:
    forged = _forged(COOKIES.make("a" * 32, time.time()))
    assert len(forged) == 21
    client = client_of()
    header = f"{COOKIES.name}={forged[number]}".encode("latin-1")
    assert client.get("/api/workspace", headers=[(b"cookie", header)]).status_code == 401


def test_nobody_is_given_a_session_of_anothers_choice() -> None:
    client = client_of()
    client.cookies.set(COOKIES.name, "b" * 32)
    client.get("/", params={"token": SECRET})
    assert visitor_of(client) != "b" * 32
    visitor = visitor_of(client)
    client.get("/", params={"token": SECRET})
    assert visitor_of(client) == visitor  # who opens the address again finds the same pictures


def test_visitors_have_names_that_nobody_guesses() -> None:
    seen = set()
    for _ in range(5):
        client = client_of()
        client.get("/", params={"token": SECRET})
        seen.add(visitor_of(client))
    assert len(seen) == 5
    assert all(len(each) == 32 for each in seen)


def test_one_address_does_not_make_visitors_without_end() -> None:
    made = Gate(behind, SECRET, COOKIES)
    statuses = []
    for _ in range(SESSIONS + 1):
        client = TestClient(made, base_url=ADDRESS, follow_redirects=False)
        statuses.append(client.get("/", params={"token": SECRET}).status_code)
    assert statuses == [303] * SESSIONS + [429]


def test_two_studios_of_one_machine_have_two_cookies() -> None:
    # Browsers send what they keep of a host to all of its ports.
    names = {Cookies(b"a").name, Cookies(b"b").name, Cookies(b"a", "secret").name, Cookies(b"a", "", "album").name}
    assert len(names) == 4


def test_every_answer_says_how_it_may_be_used(client: TestClient) -> None:
    answers = [
        client.get("/api/workspace"),
        client.get("/healthz"),
        client.get("/", params={"token": SECRET}),
        client.get("/", params={"token": "wrong"}),
        client.get("/", headers={"Host": "evil.example"}),
        client.get("/", headers={"Origin": "http://evil.example"}),
        client_of().get("/"),
        client_of().get("/api/workspace"),
        client_of(prefix="/colour").get("/colour"),
    ]
    for answer in answers:
        for name in HEADERS:
            assert name in answer.headers, (answer, name)
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "http" not in policy


def test_the_page_to_sign_in_on_says_from_where_its_form_comes() -> None:
    # With "no-referrer", browsers send Origin: null with a form (Fetch, "append a request Origin header").
    answer = client_of().get("/")
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "<script" not in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/colour/api/workspace", 200),
        ("/api/workspace", 200),
        ("/colour", 308),
        ("/colourful/api", 200),
        ("/colour/healthz", 200),
        ("/healthz", 200),
    ],
)
def test_a_prefix_may_be_taken_off_by_the_proxy_or_not(path: str, status: int) -> None:
    client = client_of(prefix="/colour")
    answer = client.get(path, headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code == status
    if status == 308:
        assert answer.headers["location"] == "colour/"


@pytest.mark.parametrize(
    "path",
    [
        "/colour/../healthz",
        "/healthz/",
        "/healthz/../api/workspace",
        "//healthz",
        "/HEALTHZ",
        "/healthz%00",
        "/healthz;x",
    ],
)
def test_nothing_that_only_looks_open_is_open(path: str) -> None:
    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", HOST.encode())], "query_string": b""}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(Gate(behind, SECRET, COOKIES, prefix="/colour")(scope, receive, send))
    assert sent[0]["status"] == 401


def test_there_are_no_web_sockets() -> None:
    async def never(*_: Any) -> None:
        raise AssertionError

    asyncio.run(Gate(never, SECRET, COOKIES)({"type": "websocket"}, never, never))


def test_a_visitors_many_requests_take_turns() -> None:
    async def run() -> None:
        turns, done = ConcurrencyLimit(2), []
        gates = [asyncio.Event() for _ in range(4)]

        async def ask(number: int, who: str) -> None:
            async with turns.turn(who):
                done.append(number)
                await gates[number].wait()

        tasks = [asyncio.create_task(ask(number, "much" if number < 3 else "little")) for number in range(4)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert sorted(done) == [0, 1, 3]  # the third waits for one of the first two, but nobody else does
        for each in gates:
            each.set()
        await asyncio.gather(*tasks)
        assert sorted(done) == [0, 1, 2, 3]
        assert not turns._there
        assert not turns._doors

    asyncio.run(run())


def test_not_even_the_line_is_endless() -> None:
    async def run() -> list[int]:
        hold = asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await hold.wait()
            await behind(scope, receive, send)

        made, statuses = Gate(slow, SECRET, COOKIES, at_a_time=1), []

        async def ask() -> None:
            async def send(message: Message) -> None:
                if "status" in message:
                    statuses.append(message["status"])

            headers = [(b"host", HOST.encode()), (b"authorization", f"Bearer {SECRET}".encode())]
            scope = {"type": "http", "method": "GET", "path": "/api/x", "headers": headers, "query_string": b""}
            scope |= {"client": ("192.0.2.7", 1)}

            async def receive() -> Message:
                return {"type": "http.request"}

            await made(scope, receive, send)

        tasks = [asyncio.create_task(ask()) for _ in range(IN_LINE + 3)]
        while len(statuses) < 2:
            await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(*tasks)
        return statuses

    assert asyncio.run(run()) == [429] * 2 + [200] * (IN_LINE + 1)


def test_what_is_known_of_addresses_has_a_bound() -> None:
    tally = RateLimit(3, 60.0)
    for number in range(MOST_ADDRESSES + 500):
        tally.add(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert len(tally) == MOST_ADDRESSES


def test_a_household_is_one_address() -> None:
    tally = RateLimit(3, 60.0)
    for number in range(3):
        tally.add(f"2001:db8::{number}", 0.0)
    assert tally.is_full("2001:db8::ffff", 1.0)
    assert not tally.is_full("2001:db8:0:1::", 1.0)
    assert not tally.is_full("2001:db8::ffff", 61.0)
    assert network_of("no address") == "no address"


def test_the_key_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key"
    key = key_in(path)
    assert len(key) == KEY_BYTES
    assert key_in(path) == key
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"")  # a start that was cut off; who knows an empty key makes cookies
    assert len(key_in(path)) == KEY_BYTES
    assert sessions.new_token() != sessions.new_token()
