"""Gate: who may ask the studio anything, and what every answer says of how it may be used.

Nothing is served without the token or password of the start: by the address that is printed, which a cookie takes the
place of, or as `Authorization: Bearer`. A page of another site cannot ask in a visitor's name: its `Host` (DNS
rebinding), `Origin` and `Sec-Fetch-Site` give it away. Whoever asks for much at a time waits at the gate.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import secrets
import time
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featcolor.studio.concurrency import ConcurrencyLimit
from featcolor.studio.sessions import COOKIE_AGE_S, Cookies, RateLimit

NOBODY: Final = ""
"""The visitor who shows a token and no cookie: a program; it has no workspace where visitors are apart."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[0-9a-z_.-]+)(:[0-9]{1,5})?", re.ASCII)
"""A Host header in lower case; a zone, a user or a path has no place in it."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""Of every answer that does not say otherwise itself."""
GUESSES, GUESSES_S = 10, 60.0
"""Wrong tokens of one address, and in how many seconds, after which it is not listened to."""
SESSIONS, SESSIONS_S = 100, 3600.0
"""New visitors from one address, and in how many seconds, after which there are no more."""
FORM_BYTES, FORM_S = 4096, 10.0
"""Of the form that a person signs in with: its length, and how long it may take to come."""
OPEN_PATHS: Final = ("/healthz",)
"""Served to everybody."""
ENDLESS_PATHS: Final = ("/api/events",)
"""Answers that last as long as the page, and have a bound of their own."""
SIGN_IN: Final = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>featcolor studio</title><h1>featcolor studio</h1>
<p>{words}
<form method="post" action="sign-in"><label>Password <input name="token" type="password" autofocus></label>
<button>Open</button></form></html>
"""
ASKED: Final = "Open the address that <code>featcolor studio</code> printed, or give its token or password here."
WRONG: Final = "That is not the token or password of this studio. Try again."
TOO_OFTEN: Final = "Too many wrong tokens came from here. Wait a minute, then try again."


class Gate:
    """Everything that comes to the studio passes here; `scope["state"]["visitor"]` then says who asks.

    Parameters
    ----------
    app : what is behind it
    secret : token or password
    cookies : Cookies
    hosts : names by which it may be called, beside those of this machine and addresses in numbers
    prefix : path below which it is served, "" or "/like/this"; a proxy may have taken it off or not
    at_a_time : requests of one visitor that are dealt with at a time
    """

    def __init__(
        self,
        app: ASGIApp,
        secret: str,
        cookies: Cookies,
        hosts: frozenset[str] = frozenset(),
        prefix: str = "",
        at_a_time: int = 64,
    ) -> None:
        self.app, self._secret, self._cookies, self._prefix = app, secret.encode(), cookies, prefix
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._guesses, self._sessions = RateLimit(GUESSES, GUESSES_S), RateLimit(SESSIONS, SESSIONS_S)
        self._turns = ConcurrencyLimit(at_a_time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = await self._judge(scope, receive)
        if answer is not None or _path(scope) in (*OPEN_PATHS, *ENDLESS_PATHS):
            await (answer or self.app)(scope, receive, send_with_headers)
            return
        who = scope["state"]["visitor"] or _address(HTTPConnection(scope))
        if self._turns.is_full(who):
            await _refusal(429, "too many requests at a time; wait for the answers to those before")(
                scope, receive, send_with_headers
            )
            return
        async with self._turns.turn(who):
            await self.app(scope, receive, send_with_headers)

    async def _judge(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer to what is refused, or to a person who signs in; None where the way is free."""
        if self._prefix and scope["path"] == self._prefix:
            return RedirectResponse(f"{self._prefix.rpartition('/')[2]}/", 308)
        if self._prefix and scope["path"].startswith(f"{self._prefix}/"):
            scope["root_path"] = self._prefix
        asked, path = HTTPConnection(scope), _path(scope)
        if path in OPEN_PATHS:
            return None
        if not self._is_ours(asked.headers.get("host", "")):
            return _refusal(421, "this is not an address of the studio; start it with --allow-host NAME to add one")
        bearer = _bearer(asked)
        if not self._may_ask(asked, scope["method"], path, by_cookie=bearer is None):
            return _refusal(403, "a page of another site may not ask this")
        if path == "/sign-in" and scope["method"] == "POST":
            return self._sign_in(asked, await _field(receive, "token"))
        if path == "/" and "token" in asked.query_params:
            return self._sign_in(asked, asked.query_params["token"])
        visitor = self._cookies.visitor(asked.cookies.get(self._cookies.name, ""), time.time())
        if bearer is not None:
            if self._guesses.is_full(_address(asked), time.monotonic()):
                return _refusal(429, "too many wrong tokens; wait a minute")
            visitor = (visitor or NOBODY) if self._knows(asked, bearer) else None
        if visitor is None:
            if path == "/" and scope["method"] == "GET":
                return _page(401, ASKED)
            return _refusal(401, "open the address that 'featcolor studio' printed")
        scope.setdefault("state", {})["visitor"] = visitor
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header is one of ours: rebinding needs a name, so that addresses in numbers are safe."""
        match = HOST.fullmatch(host.lower())
        if match is None:
            return False
        if match["name"] in self._hosts:
            return True
        try:
            ipaddress.ip_address(match["name"].strip("[]"))
        except ValueError:
            return False
        return True

    def _may_ask(self, asked: HTTPConnection, method: str, path: str, *, by_cookie: bool) -> bool:
        """Whether it is the studio's own page that asks, a program, or a person who follows a link to the page."""
        origin = asked.headers.get("origin")
        if origin is not None and _host_in(origin) != asked.headers.get("host", "").lower():
            return False
        site = asked.headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and not (path == "/" and method == "GET"):
            return False
        # A browser sends a cookie whoever made it ask, and then tells from which page.
        shows_cookie = by_cookie and self._cookies.name in asked.cookies
        return origin is not None or method in ("GET", "HEAD") or not shows_cookie

    def _sign_in(self, asked: HTTPConnection, token: str) -> Response:
        address, now = _address(asked), time.monotonic()
        if self._guesses.is_full(address, now):
            return _page(429, TOO_OFTEN)
        if not self._knows(asked, token):
            return _page(401, WRONG)
        visitor = self._cookies.visitor(asked.cookies.get(self._cookies.name, ""), time.time())
        if visitor is None:
            if self._sessions.is_full(address, now):
                return _refusal(429, "too many people came from this address; try again in an hour")
            self._sessions.add(address, now)
        answer = RedirectResponse("./", 303)
        answer.set_cookie(
            self._cookies.name,
            self._cookies.make(visitor or secrets.token_hex(16), time.time()),
            max_age=COOKIE_AGE_S,
            path=self._prefix or "/",
            secure=asked.scope["scheme"] == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    def _knows(self, asked: HTTPConnection, token: str) -> bool:
        """Whether a token is the one; a wrong one is counted."""
        if hmac.compare_digest(token.encode(errors="replace"), self._secret):
            return True
        self._guesses.add(_address(asked), time.monotonic())
        return False


def _refusal(status: int, words: str) -> Response:
    return JSONResponse({"error": words}, status)


def _page(status: int, words: str) -> Response:
    """The page to sign in on; without a referrer, browsers would not say either from which page its form comes."""
    headers = {"Referrer-Policy": "same-origin"}
    return Response(SIGN_IN.format(words=words), status, media_type="text/html", headers=headers)


def _path(scope: Scope) -> str:
    """What is asked for, below the prefix."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _address(asked: HTTPConnection) -> str:
    return asked.client.host if asked.client else ""


def _bearer(asked: HTTPConnection) -> str | None:
    """The token that a program shows, if it is one."""
    kind, _, token = asked.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _host_in(origin: str) -> str:
    """Of an Origin header; "" for "null" and what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def _field(receive: Receive, name: str) -> str:
    """A field of a small form, "" where it does not come."""
    body = b""
    try:
        async with asyncio.timeout(FORM_S):
            while len(body) < FORM_BYTES:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
    except TimeoutError:
        return ""
    try:
        return parse_qs(body.decode(errors="replace"), max_num_fields=8).get(name, [""])[0]
    except ValueError:
        return ""
