"""Gate: who may ask the studio anything, and what every answer says of how it may be used.

Nothing is served without the token or password of the start: by the address that is printed, which a cookie takes the
place of, or as `Authorization: Bearer`. A page of another site cannot ask in a visitor's name: its `Host` (DNS
rebinding), `Origin` and `Sec-Fetch-Site` give it away.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from collections import deque
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "featcolor-studio"
COOKIE_AGE_S: Final = 30 * 24 * 3600
TOKEN_BYTES: Final = 24
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
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
}
"""Of every answer."""
GUESSES: Final = 10
"""Wrong tokens of one address in `GUESSES_S` seconds, after which it is not listened to."""
GUESSES_S: Final = 60.0
OPEN_PATHS: Final = ("/healthz",)
"""Served to everybody."""
SIGN_IN: Final = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>featcolor studio</title><h1>featcolor studio</h1>
<p>Open the address that <code>featcolor studio</code> printed, or give its token or password here.
<form method="post" action="sign-in"><label>Password <input name="token" type="password" autofocus></label>
<button>Open</button></form></html>
"""


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def key_in(path: Path) -> bytes:
    """The key that cookies are signed with, made where there is none; it outlives the server, and so do they."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


class Cookies:
    """Cookies that name a visitor, signed.

    Parameters
    ----------
    key : the studio's own
    bound_to : a password, with which cookies end; "" for a token that changes at each start
    """

    def __init__(self, key: bytes, bound_to: str = "") -> None:
        self._key = hmac.digest(key, bound_to.encode(), "sha256")

    def make(self, visitor: str, now: float) -> str:
        """A cookie for a visitor."""
        told = f"{visitor}.{int(now)}"
        return f"{told}.{self._sign(told)}"

    def visitor(self, cookie: str, now: float) -> str | None:
        """The visitor that a cookie names; None for one that is forged or too old."""
        told, _, signature = cookie.rpartition(".")
        visitor, _, made = told.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(told).encode()):
            return None
        return visitor if now - int(made) < COOKIE_AGE_S else None

    def _sign(self, told: str) -> str:
        return hmac.new(self._key, told.encode(), sha256).hexdigest()


class Gate:
    """Everything that comes to the studio passes here; `scope["state"]["visitor"]` then says who asks.

    Parameters
    ----------
    app : what is behind it
    secret : token or password
    cookies : Cookies
    hosts : names by which it may be called, beside those of this machine and addresses in numbers
    prefix : path below which it is served, "" or "/like/this"; a proxy may have taken it off or not
    """

    def __init__(
        self,
        app: ASGIApp,
        secret: str,
        cookies: Cookies,
        hosts: frozenset[str] = frozenset(),
        prefix: str = "",
    ) -> None:
        self.app, self._secret, self._cookies, self._prefix = app, secret.encode(), cookies, prefix
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._guesses: dict[str, deque[float]] = {}

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
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = await self._judge(scope, receive)
        await (answer or self.app)(scope, receive, send_with_headers)

    async def _judge(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer to what is refused, or to a person who signs in; None where the way is free."""
        if self._prefix and scope["path"] == self._prefix:
            return RedirectResponse(f"{self._prefix.rpartition('/')[2]}/", 308)
        if self._prefix and scope["path"].startswith(f"{self._prefix}/"):
            scope["root_path"] = self._prefix
        asked = HTTPConnection(scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in OPEN_PATHS:
            return None
        if not self._is_ours(asked.headers.get("host", "")):
            return _refusal(421, "this is not an address of the studio; start it with --allow-host NAME to add one")
        if (refusal := self._judge_origin(asked, scope["method"], path)) is not None:
            return refusal
        if path == "/sign-in" and scope["method"] == "POST":
            return self._sign_in(asked, await _field(receive, "token"))
        if path == "/" and "token" in asked.query_params:
            return self._sign_in(asked, asked.query_params["token"])
        visitor = self._visitor(asked)
        if visitor is None:
            if path == "/" and scope["method"] == "GET":
                return Response(SIGN_IN, 401, media_type="text/html")
            return _refusal(401, "open the address that 'featcolor studio' printed")
        scope.setdefault("state", {})["visitor"] = visitor
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header is one of ours: rebinding needs a name, so that addresses in numbers are safe."""
        name = _without_port(host.lower())
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def _judge_origin(self, asked: HTTPConnection, method: str, path: str) -> Response | None:
        origin = asked.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != asked.headers.get("host", "").lower():
            return _refusal(403, "a page of another site may not ask this")
        site = asked.headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and not (path == "/" and method == "GET"):
            return _refusal(403, "a page of another site may not ask this")
        by_cookie = "authorization" not in asked.headers
        if method not in ("GET", "HEAD") and by_cookie and origin is None:
            return _refusal(403, "the request says not from which page it comes (Origin)")
        return None

    def _visitor(self, asked: HTTPConnection) -> str | None:
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return "bearer" if self._knows(asked, token.strip()) else None
        return self._cookies.visitor(asked.cookies.get(COOKIE, ""), time.time())

    def _sign_in(self, asked: HTTPConnection, token: str) -> Response:
        address = _address(asked)
        if self._has_guessed(address):
            return _refusal(429, "too many wrong tokens; wait a minute")
        if not self._knows(asked, token):
            return Response(SIGN_IN, 401, media_type="text/html")
        now = time.time()
        known = self._cookies.visitor(asked.cookies.get(COOKIE, ""), now)
        answer = RedirectResponse("./", 303)
        answer.set_cookie(
            COOKIE,
            self._cookies.make(known or secrets.token_hex(16), now),
            max_age=COOKIE_AGE_S,
            path=self._prefix or "/",
            secure=asked.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    def _knows(self, asked: HTTPConnection, token: str) -> bool:
        address = _address(asked)
        if self._has_guessed(address):
            return False
        if hmac.compare_digest(token.encode(errors="replace"), self._secret):
            return True
        self._guesses.setdefault(address, deque(maxlen=GUESSES)).append(time.monotonic())
        return False

    def _has_guessed(self, address: str) -> bool:
        guesses = self._guesses.get(address)
        return guesses is not None and len(guesses) == GUESSES and time.monotonic() - guesses[0] < GUESSES_S


def _refusal(status: int, words: str) -> Response:
    return JSONResponse({"error": words}, status)


def _address(asked: HTTPConnection) -> str:
    return asked.client.host if asked.client else ""


def _without_port(host: str) -> str:
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


async def _field(receive: Receive, name: str) -> str:
    """A field of a small form."""
    from urllib.parse import parse_qs

    body = b""
    while len(body) < 4096:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return parse_qs(body.decode(errors="replace")).get(name, [""])[0]
