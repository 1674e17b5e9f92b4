"""Errors that a person can cause and mend, and the line that tells what went wrong and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from featcolor.names import shown

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
STARVED = ("insufficient memory", "failed to map segment")
"""How OpenCV, and the loader of a shared library, say that memory is short."""
FIT_PACKAGES = {"sklearn": "scikit-learn", "skimage": "scikit-image", "scipy": "SciPy"}
"""Packages of the extra `fit`, as they are imported and as they are called, that no colouring needs."""


class FeatcolorError(Exception):
    """Base of all errors of ours; the message names the file and the remedy."""


class PictureError(FeatcolorError, ValueError):
    """A picture cannot be read, written or used."""


class ClipError(FeatcolorError, ValueError):
    """A film cannot be read, written or used."""


class OutputError(ClipError):
    """A film cannot be written by this encoder into this container; it would fail again."""


class ModelFileError(FeatcolorError, ValueError):
    """A model file is damaged, foreign, or newer than this program."""


class NetworkError(FeatcolorError, ValueError):
    """A backbone network is missing, damaged or not what its hash promises."""


class ReferencesError(FeatcolorError, ValueError):
    """The reference pictures cannot carry a fit (none usable, too few, all grey)."""


class TrainingError(FeatcolorError, ArithmeticError):
    """The training of a colour network has diverged."""


class ClusterError(FeatcolorError, RuntimeError):
    """The machines that share the work have failed it: the scheduler, all workers, or what they see of files."""


class UsageError(FeatcolorError, ValueError):
    """What was asked for contradicts itself or cannot be done; exit code 2."""


def one_line(error: BaseException) -> str:
    """The error and its remedy on one line; errors of ours already carry both, with names as they are."""
    return shown(_words(error))


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The line about a name that there is not: what may have been meant, and all that there are.

    >>> unknown("setting", "sise", ["size", "step"])
    "unknown setting 'sise', perhaps 'size'; the settings are size, step"
    """
    from difflib import get_close_matches

    names = sorted(known)
    near = "".join(f", perhaps {match!r}" for match in get_close_matches(name, names, n=1))
    return f"unknown {kind} {name!r}{near}; the {kind}s are {', '.join(names)}"


def refuse_without_fit(work: str) -> None:
    """UsageError when packages are missing that fitting and measuring need, and colouring does not."""
    from importlib.util import find_spec

    if missing := [name for module, name in FIT_PACKAGES.items() if find_spec(module) is None]:
        raise UsageError(
            f"{work} needs {', '.join(missing)}, which colouring does without: pip install 'featcolor[fit]'"
        )


def reason(error: BaseException) -> str:
    """What the system, or FFmpeg, calls an error."""
    return str(getattr(error, "strerror", None) or error).strip()


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, says that no space is left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return True
        error = error.__cause__
    return False


def _words(error: BaseException) -> str:
    if is_disk_full(error):
        return (
            "the disk is full; free some space and run again (colorize goes on with --skip-existing, video with "
            "--resume)"
        )
    if isinstance(error, FeatcolorError):
        return str(error)
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in STARVED):
        return "not enough memory; use --jobs 1, a smaller --size, or close other programs"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        remedy = "; check its permissions" if isinstance(error, PermissionError) else ""
        return f"{where}{error.strerror or error}{remedy}"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words} (a defect of featcolor; --debug shows where)"
