"""The file that a film is written to."""

from __future__ import annotations

from pathlib import Path

from featcolor.errors import UsageError


def check_target(target: Path, source: Path | None, *, overwrite: bool) -> None:
    """Refuse a target that is the source, exists without `overwrite`, or whose folder does not exist; UsageError."""
    if target.is_dir():
        raise UsageError(f"{target}: a folder; name a film file")
    if target.exists():
        if source is not None and source.exists() and target.samefile(source):
            raise UsageError(f"{target}: is the input itself; name another file")
        if not overwrite:
            raise UsageError(f"{target}: exists already; name another file, or ask for it to be replaced (--overwrite)")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: its folder does not exist; make it first")
