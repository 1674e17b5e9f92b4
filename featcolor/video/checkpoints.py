"""Checkpoints of a run over a film, shot by shot, so that a killed run can go on.

The folder `OUT.featcolor-work` lies beside the output. `fingerprint.json` says what the run depends on; a file
`shot-00012.zip` is the colour of one shot: a JSON header, confidence, and chroma in chunks of a few frames, each read
on its own, so that no shot need fit into memory. A shot is written beside its place, then renamed: one that is
there is whole. The folder goes when the output is written.

Chroma is kept in quarters of a unit of a* and b*, 16 bits each, as differences along the rows (a quarter smaller than
the values, a third smaller than differences in time, on clips with grain), compressed by Zstandard.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from featcolor.clips.frames import Closing
from featcolor.errors import UsageError
from featcolor.files import PART_SUFFIX, beside, replacing
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import ShotColours, work_ahead
from features.base import FloatArray

WORK_SUFFIX: Final = ".featcolor-work"
WORK_VERSION: Final = 3
"""Of the layout of shot files and of the way colour is made; goes up with either, so that old work is not mixed in."""

FRAMES_A_CHUNK: Final = 8
UNITS: Final = 4
"""Steps of stored chroma a unit of a* or b*."""
MOST_STORED: Final = 1000
"""Of a* or b*."""
THREADS: Final = 2
"""That compress a shot's chunks."""

_FINGERPRINT: Final = "fingerprint.json"
_HEADER: Final = "header.json"
_CONFIDENCE: Final = "confidence"
_HASHED_BYTES: Final = 2**20
"""Of a long file's head and tail that its fingerprint reads."""


class WorkFolder:
    """A folder in which a run keeps what is done; made by `open_work`.

    Attributes
    ----------
    path : the folder.
    temporary : whether nobody can come back to it.
    """

    def __init__(self, path: Path, *, temporary: bool = False) -> None:
        self.path, self.temporary = path, temporary

    def has(self, number: int, first: int, last: int) -> bool:
        """Whether the shot of this number is done, with these frames of the film."""
        try:
            with ShotFile(self.shot_path(number)) as done:
                return (done.first, done.last) == (first, last)
        except (OSError, ValueError):
            return False

    def save(self, number: int, first: int, colours: ShotColours) -> None:
        """Keep the colour of a shot whose first frame has the number `first` in the film."""
        with replacing(self.shot_path(number)) as part:
            _write_shot(part, first, colours)

    def shot(self, number: int) -> ShotFile:
        """The colour of a shot that is done."""
        return ShotFile(self.shot_path(number))

    @property
    def n_done(self) -> int:
        """Shots that are done."""
        return len(list(self.path.glob("shot-*.zip")))

    def remove(self) -> None:
        """Delete the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def shot_path(self, number: int) -> Path:
        """Where the colour of a shot is kept."""
        return self.path / f"shot-{number:05d}.zip"


class ShotFile(Closing):
    """The file of one shot's colour, read a few frames at a time.

    Attributes
    ----------
    first, last : numbers of its first and last frame in the film.
    confidence : (n, h, w) float32, 0..1.
    told : (n,) float32, 0..1, share of each frame that hints say.
    anchors : numbers of the frames in the film that a model coloured first.

    Raises
    ------
    ValueError : the file is not a shot file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            header = json.loads(self._zip.read(_HEADER))
            self.first, count = int(header["first"]), int(header["count"])
            self._shape: tuple[int, int] = (int(header["shape"][0]), int(header["shape"][1]))
            self.anchors = tuple(self.first + int(position) for position in header.get("anchors", ()))
            raw = np.frombuffer(self._zip.read(_CONFIDENCE), np.uint8)
            self.told = np.array(header.get("told") or [0] * count, np.float32)
            self.confidence: FloatArray = raw.reshape(count, *header["confidence"]).astype(np.float32) / np.float32(255)
        except (zipfile.BadZipFile, LookupError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: not the whole colour of a shot ({error})") from error
        self.last = self.first + count - 1
        self._chunk: tuple[int, FloatArray] = (-1, np.empty(0, np.float32))

    def chroma(self, frame: int) -> FloatArray:
        """(h, w, 2) float32, a* and b*, of a frame by its number in the film; cheapest in rising order."""
        chunk, place = divmod(frame - self.first, FRAMES_A_CHUNK)
        if self._chunk[0] != chunk:
            self._chunk = chunk, _unpack(self._zip.read(f"chroma/{chunk:05d}"), self._shape)
        return self._chunk[1][place]

    def close(self) -> None:
        self._zip.close()


def work_path(target: str) -> Path:
    """Path of the work folder of an output."""
    return beside(Path(target), WORK_SUFFIX)


def open_work(
    path: Path | None, fingerprint: Mapping[str, Any], *, resume: bool = False, overwrite: bool = False
) -> WorkFolder:
    """The work folder at `path`, new or with what an earlier run has done.

    Parameters
    ----------
    path : None: a folder in the system's temporary one
    fingerprint : what the result depends on, in JSON's own types, one level deep or two
    resume : go on where an earlier run stopped, if there was one
    overwrite : without `resume`: throw the earlier run's work away

    Raises
    ------
    UsageError : earlier work is there and neither was asked for, or it was done with something else.
    """
    if path is None:
        return WorkFolder(Path(tempfile.mkdtemp(prefix="featcolor-")), temporary=True)
    earlier = _earlier(path)
    if earlier is not None and resume:
        changed = _differences(earlier, fingerprint)
        if changed:
            raise UsageError(
                f"{path} was begun with another {', another '.join(changed)}: put that back to go on with --resume, or "
                "start again with --overwrite"
            )
        for part in path.glob(f".*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)
        return WorkFolder(path)
    if earlier is not None and not overwrite:
        raise UsageError(f"{path}: an unfinished run is there: --resume goes on, --overwrite starts again")
    if path.exists():
        shutil.rmtree(path)
    path.mkdir()
    with replacing(path / _FINGERPRINT) as part:
        part.write_text(json.dumps(fingerprint, indent=1), encoding="utf-8")
    return WorkFolder(path)


def can_go_on(path: Path, fingerprint: Mapping[str, Any]) -> bool:
    """Whether there is work at `path` that a run with this fingerprint can go on with."""
    earlier = _earlier(path)
    return earlier is not None and not _differences(earlier, fingerprint)


def file_fingerprint(path: Path) -> dict[str, Any]:
    """Size, time of change and a hash of a file's first and last mebibyte; of a folder, of its files' names and sizes.

    A film of many gigabytes is not read through for it.
    """
    sha = hashlib.sha256()
    if path.is_dir():
        for file in sorted(entry for entry in path.iterdir() if entry.is_file()):
            status = file.stat()
            sha.update(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="surrogateescape"))
        return {"folder": sha.hexdigest()}
    status = path.stat()
    with path.open("rb") as content:
        sha.update(content.read(_HASHED_BYTES))
        content.seek(max(0, status.st_size - _HASHED_BYTES))
        sha.update(content.read(_HASHED_BYTES))
    return {"size": status.st_size, "changed": status.st_mtime_ns, "ends": sha.hexdigest()}


def content_hash(path: Path) -> str:
    """SHA-256, in hex, of all of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _earlier(path: Path) -> dict[str, Any] | None:
    """The fingerprint of a run that was here before; None for no folder, or one in which no shot is done."""
    if not path.exists():
        return None
    try:
        fingerprint = json.loads((path / _FINGERPRINT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        fingerprint = None
    if isinstance(fingerprint, dict):
        return fingerprint if any(path.glob("shot-*.zip")) else None
    if path.is_dir() and all(entry.suffix == PART_SUFFIX for entry in path.iterdir()):
        return None
    raise UsageError(f"{path} is in the way and no work folder of featcolor; move it away, or choose another output")


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Differences of two fingerprints, in words."""
    names: list[str] = []
    for name in dict.fromkeys([*now, *earlier]):
        old, new = earlier.get(name), now.get(name)
        if old == new or not (old or new):
            continue
        if name == "settings" and isinstance(old, dict) and isinstance(new, dict):
            names += [
                f"{key} ({_shown(old.get(key))})" for key in dict.fromkeys([*new, *old]) if old.get(key) != new.get(key)
            ]
        elif name in ("key frames", "hints"):
            before, after = (each if isinstance(each, dict) else {} for each in (old, new))
            changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
            names.append(f"set of {name} ({', '.join(changed[:3])}{' ...' if len(changed) > 3 else ''})")
        else:
            names.append(name)
    return names


def _shown(value: Any) -> Any:
    return "none" if value in (None, "", []) else value


def _write_shot(path: Path, first: int, colours: ShotColours) -> None:
    count = len(colours.chroma)
    header = {
        "first": first,
        "count": count,
        "shape": colours.chroma.shape[:2],
        "confidence": colours.confidence.shape,
        "anchors": colours.anchors,
        "told": None if colours.told is None else [round(float(share), 4) for share in colours.told],
    }
    packed = partial(_pack, colours.chroma)
    chunks = (range(start, min(start + FRAMES_A_CHUNK, count)) for start in range(0, count, FRAMES_A_CHUNK))
    with zipfile.ZipFile(path, "w") as file, ThreadPoolExecutor(THREADS) as pool:
        file.writestr(_HEADER, json.dumps(header))
        shares = [np.rint(np.clip(colours.confidence[i], 0, 1) * 255).astype(np.uint8) for i in range(count)]
        file.writestr(_CONFIDENCE, np.stack(shares).tobytes(), zipfile.ZIP_DEFLATED, 1)
        for number, content in enumerate(work_ahead(pool, packed, chunks, THREADS)):
            file.writestr(f"chroma/{number:05d}", content)


def _pack(chroma: SpooledPlanes, frames: range) -> bytes:
    """(n, 2, h, w) little-endian int16: each value less the one to its left."""
    planes = np.stack([chroma[i].transpose(2, 0, 1) for i in frames])
    np.clip(planes, -MOST_STORED, MOST_STORED, out=planes)
    planes *= UNITS
    steps: NDArray[np.int16] = np.rint(planes, out=planes).astype("<i2")
    steps[..., 1:] -= steps[..., :-1].copy()
    return bytes(imagecodecs.zstd_encode(steps.tobytes(), level=1))


def _unpack(content: bytes, shape: tuple[int, int]) -> FloatArray:
    steps = np.frombuffer(imagecodecs.zstd_decode(content), "<i2").reshape(-1, 2, *shape)
    values = np.cumsum(steps, axis=-1, dtype=np.int16).transpose(0, 2, 3, 1)
    return np.multiply(values, np.float32(1 / UNITS), order="C", dtype=np.float32)
