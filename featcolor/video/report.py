"""Report of a run over a film: where its colour is a guess, and which frames to correct next."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from featcolor.errors import UsageError
from featcolor.files import jsonable, write_json
from features.base import FloatArray

REPORT_FORMAT: Final = "featcolor film report"
REPORT_VERSION: Final = 1

GUESS_BELOW: Final = 0.5
"""A place whose confidence is lower is called a guess."""

DIGITS: Final = 3
"""Of shares and confidences that are kept."""

Source = Literal["key frames", "model", "clip's other key frames"]
"""Where a shot's colour comes from."""

Guess = Literal["likeness", "model", "likeness and model"]
"""What says the colour of places that it is not carried to: what looks alike in key frames, a model, or, in shots with
key frames, a model where nothing in them looks alike."""

ORIGINS: Final = {
    "key frames": "from key frames",
    "hints": "from hints",
    "likeness": "guessed by likeness to key frames",
    "model": "the model's guess",
    "likeness and model": "guessed by likeness to key frames or by the model",
}
"""Where colour comes from, as a report's shares call it, and in words. What is given on a frame and what is carried
from there count alike."""


@dataclass(frozen=True, kw_only=True)
class ShotReport:
    """A shot as it was coloured.

    Attributes
    ----------
    first, last : zero-based numbers of its first and last frame.
    kind : how it begins: "cut", "dissolve", "fade", or "start".
    key_frames : numbers of the frames whose colour was given, rising.
    hinted : numbers of the frames that hints were given on, rising.
    confidence : mean over the picture, one a frame, 0..1; in a shot without key frames what hints say of it.
    guessed : share of the picture that is a guess, one a frame, 0..1: where the confidence is below `GUESS_BELOW`; in a
        shot without key frames all that hints do not say.
    source : where the colour comes from.
    told : share of the picture that hints say, one a frame, 0..1; empty: none.
    guess : what guesses.
    anchors : numbers of the frames that the model coloured first, rising; from there colour was carried to the others.
    """

    first: int
    last: int
    kind: str = "cut"
    key_frames: tuple[int, ...] = ()
    hinted: tuple[int, ...] = ()
    confidence: tuple[float, ...] = ()
    guessed: tuple[float, ...] = ()
    source: Source = "key frames"
    told: tuple[float, ...] = ()
    guess: Guess = "likeness"
    anchors: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Number of frames."""
        return self.last - self.first + 1

    def guess_shares(self) -> NDArray[np.float64]:
        """`guessed` as numbers within 0..1; what is not known counts as a guess."""
        return np.clip(np.nan_to_num(np.array(self.guessed, np.float64), nan=1.0), 0, 1)

    def origins(self) -> dict[str, float]:
        """Frames' worth of colour of each of `ORIGINS`; together as many as there are frames."""
        guessed, told = float(self.guess_shares().sum()), sum(self.told)
        worth = dict.fromkeys(ORIGINS, 0.0)
        worth |= {"key frames": max(0.0, len(self) - guessed - told), "hints": told, self.guess: guessed}
        return worth


@dataclass(frozen=True, kw_only=True)
class KeyReport:
    """A key frame that was used.

    Attributes
    ----------
    path : of its picture; empty where a model coloured it.
    frame : its zero-based number in the film.
    correlation : of the picture's lightness with the frame's, -1..1.
    located : whether the number was found by lightness, not read off the name.
    """

    path: str
    frame: int
    correlation: float = 1.0
    located: bool = False


@dataclass(frozen=True, kw_only=True)
class NextFrame:
    """A frame that a person should correct.

    Attributes
    ----------
    frame : its zero-based number in the film.
    shot : place of its shot in the report, from 0.
    gain : frames' worth of colour that would no longer be a guess, those before it in the list being corrected too.
    reason : for a person.
    """

    frame: int
    shot: int
    gain: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class ClipReport:
    """A run over a film: what was coloured from what, and what went wrong.

    Attributes
    ----------
    clip, output : as the person named them.
    frames : coloured.
    seconds : wall time of the run.
    shots : in order.
    keys : key frames used, by frame.
    refused : key-frame pictures that were not used, each with the reason.
    damaged : numbers of frames that the decoder could not restore.
    notes : anything else a person should know.
    next : frames to correct, the most useful first.
    """

    clip: str
    output: str
    frames: int
    seconds: float = 0.0
    shots: tuple[ShotReport, ...] = ()
    keys: tuple[KeyReport, ...] = ()
    refused: tuple[str, ...] = ()
    damaged: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[NextFrame, ...] = ()

    def percents(self) -> dict[str, int]:
        """Hundredths of all colour that come from each of `ORIGINS`, those with none left out; 100 together."""
        return in_percent([shot.origins() for shot in self.shots])

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's own types; confidences are rounded to three digits."""
        document = {"format": REPORT_FORMAT, "version": REPORT_VERSION, **asdict(self), "percent": self.percents()}
        for shot, own in zip(document["shots"], self.shots, strict=True):
            shot["percent"] = in_percent([own.origins()])
            for curve in ("confidence", "guessed", "told"):
                shot[curve] = [round(float(value), DIGITS) for value in shot[curve]]
        return dict(jsonable(document))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The report that `to_dict` wrote; ValueError, in one line, for anything else."""
        if not isinstance(document, Mapping) or document.get("format") != REPORT_FORMAT:
            raise ValueError("not a film report of featcolor")
        if document.get("version") != REPORT_VERSION:
            raise ValueError(f"a report of version {document.get('version')!r:.20}; this featcolor reads 1")
        try:
            # Earlier reports say nothing of hints, of what guessed, nor of anchors.
            shots = [
                {"hinted": [], "told": [], "anchors": [], "guess": _guess_of(shot), **shot}
                for shot in document["shots"]
            ]
            report: Self = _read(cls, {**document, "shots": shots})
            for shot in report.shots:
                if not len(shot.confidence) == len(shot.guessed) == len(shot) or len(shot.told) not in (0, len(shot)):
                    raise TypeError(f"shot {shot.first} to {shot.last}: a confidence and a share a frame are wanted")
                if not all(0 <= share <= 1 for share in (*shot.confidence, *shot.guessed, *shot.told)):
                    raise TypeError(f"shot {shot.first} to {shot.last}: a share that is not within 0..1")
            return report
        except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"a film report with a part missing or wrong ({error})") from error

    def write_json(self, path: str | Path) -> None:
        """Write it beside the place, then rename it."""
        write_json(path, self.to_dict())


def curves_of(planes: FloatArray, told: FloatArray | None = None, source: Source = "key frames") -> dict[str, Any]:
    """The curves of a `ShotReport` from the confidence (n, h, w) of its frames, and the share that hints say, (n,)."""
    rows = planes.reshape(len(planes), -1)
    said = np.zeros(len(planes), np.float32) if told is None else told
    # Without key frames confidence is about how steady a guess is, not about how true.
    sure, guessed = (
        (rows.mean(axis=1), (rows < GUESS_BELOW).mean(axis=1)) if source == "key frames" else (said, 1 - said)
    )
    curves = {"confidence": sure, "guessed": guessed, "told": said if said.any() else ()}
    # As the JSON keeps them, so that shares are the same when it is read.
    return {name: tuple(round(float(value), DIGITS) for value in values) for name, values in curves.items()}


def in_percent(worths: Iterable[Mapping[str, float]]) -> dict[str, int]:
    """Whole percents of the sums, in the order of `ORIGINS`, those of nothing left out; 100 together.

    >>> in_percent([{"key frames": 1.0, "hints": 1.0, "model": 1.0}, {"likeness": 0.0}])
    {'key frames': 34, 'hints': 33, 'model': 33}
    """
    sums = np.array([math.fsum(worth.get(name, 0.0) for worth in worths) for name in ORIGINS])
    if not sums.any():
        return {}
    exact = 100 * sums / sums.sum()
    whole = np.floor(exact + 1e-9).astype(int)
    # What is lacking goes to those that were cut most.
    whole[np.argsort(whole - exact, kind="stable")[: 100 - whole.sum()]] += 1
    return {name: int(share) for name, share in zip(ORIGINS, whole, strict=True) if share}


def in_words(percents: Mapping[str, int]) -> str:
    """Shares in one line.

    >>> in_words({"key frames": 62, "model": 38}), in_words({"model": 100}), in_words({})
    ("62 % from key frames, 38 % the model's guess", "all of it the model's guess", 'none')
    """
    if len(percents) == 1:
        return f"all of it {ORIGINS[next(iter(percents))]}"
    return ", ".join(f"{share} % {ORIGINS[name]}" for name, share in percents.items()) or "none"


def read_report(path: str | Path) -> ClipReport:
    """A report back from its JSON file; UsageError, naming the file, for one that cannot be read."""
    try:
        return ClipReport.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, RecursionError, ValueError) as error:
        what = f"the report cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
            what = f"not JSON that can be read ({what})"
        raise UsageError(f"{path}: {what}; name the file that 'featcolor video --report' wrote") from error


def _guess_of(shot: Mapping[str, Any]) -> Guess:
    return "model" if shot.get("source") == "model" else "likeness"


def _read(kind: Any, value: Any) -> Any:
    """A value of this type out of what `jsonable` made of it; TypeError for anything else."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _read(hint, value[name]) for name, hint in hints.items()})  # type: ignore[operator]
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in value)
    if kind is float and value is None:
        return math.nan  # JSON has none
    if kind is float:
        fits = type(value) in (int, float)
    elif kind is int:
        fits = type(value) is int and value >= 0
    else:
        fits = value in get_args(kind) if get_origin(kind) is Literal else type(value) is kind
    if not fits:
        raise TypeError(f"{value!r:.40} where {getattr(kind, '__name__', kind)} is wanted")
    return float(value) if kind is float else value
