"""Settings of a studio: what it serves, to whom, and bounds on what visitors may give."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

DEFAULT_PORT: Final = 8710
KEEP_HOURS: Final = 24.0
"""Visitors' pictures are deleted so long after they were last looked at."""
MEGABYTE: Final = 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on what a visitor may give; None: none.

    Attributes
    ----------
    bytes : of a file
    pixels : of a picture
    frames : of a film
    pictures : of a workspace, films and references counted
    visitors : workspaces at a time
    waiting : requests of one visitor that are dealt with at a time
    upload_s : seconds that an upload may take, and its silence a tenth of it
    total : bytes of all that a workspace keeps, what is written too
    free : bytes that stay free on the disk
    jobs : of a workspace that have not ended
    streams : of events, of one visitor
    networks : whether models may be ONNX, which another's program reads, or our own files alone, which hold numbers
    """

    bytes: int | None = None
    pixels: int | None = None
    frames: int | None = None
    pictures: int | None = None
    visitors: int | None = None
    waiting: int = 64
    upload_s: float = 600.0
    total: int | None = None
    free: int = 0
    jobs: int | None = None
    streams: int = 64
    networks: bool = True


FOR_STRANGERS: Final = Limits(
    bytes=100 * MEGABYTE,
    pixels=100_000_000,
    frames=30_000,
    pictures=200,
    visitors=200,
    waiting=16,
    upload_s=300.0,
    total=4096 * MEGABYTE,
    free=1024 * MEGABYTE,
    jobs=8,
    streams=16,
    networks=False,
)
"""Where the studio is open to others."""


@dataclass(frozen=True, kw_only=True)
class StudioConfig:
    """Settings of a studio.

    Attributes
    ----------
    home : folder of its own
    sources : pictures and folders to open
    output : folder of what is written; None: beside each picture
    model : that is chosen at first; None: the default model
    secret : token or password, without which nothing is served
    apart : whether each visitor has pictures of their own, which are deleted `keep_hours` after the last visit
    hosts : names by which browsers may call it
    prefix : path below which it is served, "" or "/like/this"
    workers : processes that answer; one more does what takes long
    limits : Limits
    """

    home: Path
    sources: tuple[Path, ...] = ()
    output: Path | None = None
    model: Path | None = None
    secret: str
    apart: bool = False
    keep_hours: float = KEEP_HOURS
    hosts: frozenset[str] = field(default_factory=frozenset)
    prefix: str = ""
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
