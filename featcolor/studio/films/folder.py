"""A film's folder: where the studio keeps what it knows of one film, and which of it may be believed.

film.json         what the scan found; it is written last, so that a scan is whole where it is there
proxy.mp4         a small grey copy: frame n of the film is its frame n, n steps after the start
times.npy         time stamps of the film's frames
frames/           frames as pictures in full size, named as 'featcolor keyframes' names them
hints/            hints on them, for 'featcolor video --hints'
thumbs/           small pictures of frames
shots/            shots as they were tried: a clip, and a JSON file that says what came out
report.json       of the film that was written, and written.json, which says where it is
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

from featcolor.errors import UsageError
from featcolor.files import write_json
from featcolor.hints.hint import SUFFIX, Hints
from featcolor.names import cut_name
from featcolor.video.keyframes.export import hints_beside, key_targets
from featcolor.video.keyframes.match import frame_numbers

FACTS_VERSION: Final = 1
STEM_BYTES: Final = 200
"""Of a film's name, what is kept in the names of its frames."""


@dataclass(frozen=True, kw_only=True)
class ShotFacts:
    """A shot of a film, and the frame that shows best what is in it.

    Attributes
    ----------
    number : its place among the shots, from 0.
    first, last : numbers of its first and last frame.
    kind : how it begins: "start", "cut", "dissolve" or "fade".
    key : number of its most typical frame.
    """

    number: int
    first: int
    last: int
    kind: str
    key: int


@dataclass(frozen=True, kw_only=True)
class FilmFacts:
    """What a scan found out about a film.

    Attributes
    ----------
    source : size and time of change of the film's file, which tell whether it still is the same.
    width, height : of a frame as it is shown, which hints count in.
    frames : their number.
    rate : frames a second, as the proxy has them.
    seconds : length of the proxy.
    shots : in order, without gaps.
    damaged : numbers of the frames that could not be decoded.
    """

    source: Mapping[str, int]
    width: int
    height: int
    frames: int
    rate: str
    seconds: float
    shots: tuple[ShotFacts, ...]
    damaged: tuple[int, ...] = ()

    @property
    def step(self) -> Fraction:
        """Seconds from a frame of the proxy to the next."""
        return 1 / Fraction(self.rate)

    def write(self, path: Path) -> None:
        """One JSON file, whole or not at all."""
        write_json(path, {"version": FACTS_VERSION, **asdict(self)})

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Facts back from their file; None where there is none, or one that another version wrote."""
        content = read_json(path)
        if content is None or content.pop("version", None) != FACTS_VERSION:
            return None
        try:
            shots = tuple(ShotFacts(**shot) for shot in content.pop("shots"))
            return cls(**{**content, "shots": shots, "damaged": tuple(content["damaged"])})
        except (LookupError, TypeError):
            return None


class FilmFolder:
    """The folder of one film, made when something is put into it.

    Attributes
    ----------
    source : the film.
    path : the folder.
    facts_file, proxy, times, report, written, hints, shots : see the top of this file.
    """

    def __init__(self, source: str | Path, path: str | Path) -> None:
        self.source, self.path = Path(source), Path(path)
        self.facts_file = self.path / "film.json"
        self.report, self.written = self.path / "report.json", self.path / "written.json"
        self.proxy, self.times = self.path / "proxy.mp4", self.path / "times.npy"
        self.hints, self.shots = self.path / "hints", self.path / "shots"

    def facts(self) -> FilmFacts | None:
        """What the scan found; None where there was none, or the film has changed since."""
        facts = FilmFacts.read(self.facts_file)
        return facts if facts is not None and facts.source == file_facts(self.source) else None

    def scanned(self) -> FilmFacts:
        """The same; UsageError where there was no scan."""
        facts = self.facts()
        if facts is None:
            raise UsageError(f"{self.source.name}: its shots have not been looked for, or it has changed since")
        return facts

    def shot(self, number: int) -> ShotFacts:
        """A shot by its number; UsageError where there is none."""
        shots = self.scanned().shots
        if not 0 <= number < len(shots):
            raise UsageError(f"{self.source.name}: there is no shot {number}, it has {len(shots)}")
        return shots[number]

    def picture(self, frame: int) -> Path:
        """Path of a frame's picture."""
        named = self.source.with_name(cut_name(self.source.stem, STEM_BYTES) + ".film")
        return key_targets([frame], self.path / "frames", named)[frame]

    def hints_on(self, frame: int) -> Path:
        """Path of the hints on a frame."""
        return self.hints / hints_beside(self.picture(frame)).name

    def thumb(self, frame: int) -> Path:
        """Path of a frame's small picture."""
        return self.path / "thumbs" / f"{frame:06d}.jpg"

    def clip(self, shot: int) -> Path:
        """Path of a shot as it was tried."""
        return self.shots / f"{shot:05d}.mp4"

    def outcome(self, shot: int) -> Path:
        """Path of what came out when a shot was tried."""
        return self.shots / f"{shot:05d}.json"

    def hint_files(self, first: int = 0, last: int | None = None) -> dict[int, Path]:
        """Files with hints in them by their frame, rising; of some frames only, `last` included.

        One that cannot be read counts as well, so that whoever uses it says what is wrong with it.
        """
        names = sorted(path for path in self.hints.glob(f"*{SUFFIX}") if not path.name.startswith("."))
        numbers = frame_numbers([path.name.removesuffix(SUFFIX) for path in names])
        found = {
            number: path
            for number, path in zip(numbers, names, strict=True)
            if number is not None and first <= number and (last is None or number <= last) and _says_something(path)
        }
        return dict(sorted(found.items()))

    def written_film(self) -> Path | None:
        """The film in colour; None where it is not there, or no longer what the studio wrote."""
        content = read_json(self.written) or {}
        target = Path(str(content.get("target")))
        return target if content.get("file") and file_facts(target) == content["file"] else None

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def told(self, model: str | Path | None, first: int = 0, last: int | None = None) -> str:
        """A digest of a model and all hints on some frames, another one when any of them changes."""
        sha = hashlib.sha256()
        if model is not None:
            sha.update(json.dumps([str(model), file_facts(Path(model))]).encode())
        for frame, path in self.hint_files(first, last).items():
            sha.update(f"{frame}\n".encode() + path.read_bytes())
        return sha.hexdigest()


def file_facts(path: Path) -> dict[str, int]:
    """Size and time of change of a file; nothing of one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return {}
    return {"size": status.st_size, "changed": status.st_mtime_ns}


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from a file; None where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _says_something(path: Path) -> bool:
    try:
        return bool(Hints.read(path).hints)
    except UsageError:
        return True
