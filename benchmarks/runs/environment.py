"""Environment of a run: machine, versions, command, without saying whose machine it is."""

from __future__ import annotations

import getpass
import os
import platform
import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from featcolor.models.fit_report import library_versions

OPTIONAL_PACKAGES: Final = ("scipy", "scikit-image", "pillow", "matplotlib", "torch", "flip-evaluator", "ssimulacra2")
"""Packages besides those of a model's card that a benchmark's numbers can depend on."""


def environment_facts(command: str | Sequence[str], seed: int) -> dict[str, Any]:
    """Date, machine, versions, command and seed of a run, as `Results.environment` holds them.

    `command`: str or words As typed, words are quoted as a shell wants them. Paths of this person's folders are
    shortened; `seed`: what every random draw of the run began with.

    Returns dict: `date` (UTC), `command`, `seed`, `machine` (cpu, cores, memory, system, python) and `versions` by
    package.
    """
    typed = command if isinstance(command, str) else shlex.join(command)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": hide_person(typed),
        "seed": seed,
        "machine": {
            "cpu": _cpu(),
            "cores": _cores(),
            "memory": _memory(),
            "system": _system(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
        },
        "versions": library_versions() | _optional_versions(),
    }


def hide_person(value: Any) -> Any:
    """The value with folders of this person shortened in every text within.

    Paths below the current folder become relative, those below the home folder begin with `~`, and a folder that
    bears the name of the user or of the home folder becomes `…`, wherever it stands in a path. Mappings and lists are
    walked; tuples come back as lists.
    """
    if isinstance(value, str):
        return _hide_person(value)
    if isinstance(value, Mapping):
        return {key: hide_person(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_person(item) for item in value]
    return value


def _hide_person(text: str) -> str:
    here = str(Path.cwd())
    if here != os.sep:
        text = re.sub(rf"(?<![\w.~-]){re.escape(here + os.sep)}", "", text)
    home_folder = Path("~").expanduser()
    home = str(home_folder)
    if home != os.sep:
        text = re.sub(rf"(?<![\w.~-]){re.escape(home)}(?=[/\\\s'\":;,]|$)", "~", text)
    persons = {home_folder.name}
    with suppress(OSError, KeyError):
        persons.add(getpass.getuser())
    for person in map(re.escape, sorted(persons - {"", "~"})):
        text = re.sub(rf"(?<![\w.~-]){person}(?=[/\\])|(?<=[/\\]){person}(?![\w.-])", "…", text)
    return text


def _optional_versions() -> dict[str, str]:
    found = {}
    for name in OPTIONAL_PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _cpu() -> str:
    """The processor's model as Linux tells it, else the architecture."""
    with suppress(OSError):
        match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        if match:
            return match[1].strip()
    return platform.processor() or platform.machine() or "unknown"


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> str:
    """Main memory in GiB."""
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
    except (AttributeError, OSError, ValueError):
        return "unknown"


def _system() -> str:
    with suppress(OSError):
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} {platform.release()}"
    return f"{platform.system()} {platform.release()}"
