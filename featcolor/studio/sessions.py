"""Sessions: how a visitor is known again by a cookie that nobody else can make, and how nobody guesses a way in."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections import OrderedDict, deque
from hashlib import sha256
from pathlib import Path
from typing import Final

from featcolor.files import replacing

COOKIE: Final = "featcolor-studio"
"""Of a cookie's name, the beginning."""
COOKIE_AGE_S: Final = 30 * 24 * 3600
TOKEN_BYTES: Final = 24
KEY_BYTES: Final = 32
MOST_ADDRESSES: Final = 10_000
"""Of which is kept what they did; those that did nothing for longest are forgotten first."""
NETWORK_BITS: Final = 64
"""Of an IPv6 address: one household has so many that only its network tells who it is."""


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def key_in(path: Path) -> bytes:
    """The key that cookies are signed with, made where there is none; it outlives the server, and so do they."""
    key = path.read_bytes() if path.exists() else b""
    if len(key) != KEY_BYTES:
        key = secrets.token_bytes(KEY_BYTES)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.touch(mode=0o600)
            part.write_bytes(key)
    return key


class Cookies:
    """Cookies that name a visitor, signed.

    Parameters
    ----------
    key : the studio's own
    bound_to : what cookies end with when it changes: what is shown, and a password, but not a token, which changes at
        each start

    Attributes
    ----------
    name : of the cookie; two studios of one machine have two, since browsers send a host's cookies to all its ports
    """

    def __init__(self, key: bytes, *bound_to: str) -> None:
        self._key = hmac.digest(key, "\0".join(bound_to).encode(errors="surrogateescape"), "sha256")
        self.name = f"{COOKIE}-{self._sign('name')[:8]}"

    def make(self, visitor: str, now: float) -> str:
        """A cookie for a visitor."""
        told = f"{visitor}.{int(now)}"
        return f"{told}.{self._sign(told)}"

    def visitor(self, cookie: str, now: float) -> str | None:
        """The visitor that a cookie names; None for one that is forged or too old."""
        told, _, signature = cookie.rpartition(".")
        visitor, _, made = told.partition(".")
        if not made or not hmac.compare_digest(signature.encode(), self._sign(told).encode()):
            return None
        return visitor if now - int(made) < COOKIE_AGE_S else None

    def _sign(self, told: str) -> str:
        return hmac.new(self._key, told.encode(), sha256).hexdigest()


class RateLimit:
    """What each address did of late, of what it may do only so often.

    Parameters
    ----------
    most : times
    seconds : within which
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, address: str, now: float) -> None:
        """Note that it did it now."""
        address = network_of(address)
        self._times.setdefault(address, deque(maxlen=self._most)).append(now)
        self._times.move_to_end(address)
        while len(self._times) > MOST_ADDRESSES:
            self._times.popitem(last=False)

    def is_full(self, address: str, now: float) -> bool:
        """Whether it may not do it again yet."""
        times = self._times.get(network_of(address))
        return times is not None and len(times) == self._most and now - times[0] < self._seconds

    def __len__(self) -> int:
        return len(self._times)


def network_of(address: str) -> str:
    """What tells one household from another: an IPv4 address, or the network of an IPv6 address.

    >>> network_of("2001:db8:1:2:3:4:5:6"), network_of("::ffff:192.0.2.7")
    ('2001:db8:1:2::', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), NETWORK_BITS), strict=False).network_address)
