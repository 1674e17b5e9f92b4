"""A worker does a parcel only with the sender's own files, and asks for those that it lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from featcolor.parallel import parcels
from featcolor.parallel.alike import difference, facts
from featcolor.parallel.cluster import _parcel, sent
from featcolor.parallel.parcels import Done, Lacking, Parcel, Token, Unlike, perform, with_contents
from featcolor.parallel.paths import moved, paths_in, told_as


class Pair(NamedTuple):
    path: Path
    number: int


@dataclass(frozen=True)
class Nested:
    pair: Pair
    more: tuple[Path, ...]
    named: dict[str, Path]
    array: np.ndarray


@dataclass(frozen=True)
class Join:
    """What is in the model's file, and in the item's; also written."""

    model: Path

    def __call__(self, item: Pair) -> str:
        text = f"{self.model.read_text()} {item.path.read_text()}"
        item.path.with_suffix(".out").write_text(text)
        return text


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "worker").mkdir()
    monkeypatch.setattr(parcels, "_own_folder", lambda: tmp_path / "worker")
    monkeypatch.setattr(parcels, "_address", lambda: "tcp://here:1")
    monkeypatch.setattr(parcels, "UNLIKE_SECONDS", 0)
    return tmp_path / "worker"


@pytest.fixture
def parcel(tmp_path: Path) -> Parcel[Pair, str]:
    (tmp_path / "model").write_text("model")
    (tmp_path / "item").write_text("item")
    token = Token(tmp_path / "token", "seen")
    token.path.write_text(token.content)
    item, output = Pair(tmp_path / "item", 7), tmp_path / "item.out"
    return _parcel(Join(tmp_path / "model"), 3, item, (output,), tokens=(token,))


def test_files_that_are_seen_stay_where_they_are(parcel: Parcel[Pair, str], tmp_path: Path) -> None:
    reply = perform(parcel)
    assert isinstance(reply, Done)
    assert (reply.outcome.index, reply.outcome.result, reply.files) == (3, "model item", {})
    assert (tmp_path / "item.out").read_text() == "model item"


def test_another_file_of_the_same_name_is_not_taken(parcel: Parcel[Pair, str], tmp_path: Path) -> None:
    (tmp_path / "item").write_text("a strange machine's own")
    assert perform(parcel) == Lacking((tmp_path / "item",))


def test_a_place_of_the_same_name_is_not_written_to(parcel: Parcel[Pair, str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("another run's")
    assert perform(parcel) == Lacking((tmp_path / "item.out",))
    assert not (tmp_path / "item.out").exists()


def test_a_model_is_asked_for_once(parcel: Parcel[Pair, str], tmp_path: Path) -> None:
    (tmp_path / "model").write_text("another")
    assert perform(parcel) == Lacking((tmp_path / "model",))
    assert perform(with_contents(parcel, {tmp_path / "model": b"model"})).outcome.result == "model item"  # type: ignore[union-attr]
    assert perform(parcel).outcome.result == "model item"  # type: ignore[union-attr]


def test_files_that_are_sent_come_back(parcel: Parcel[Pair, str], tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Upper:
        def __call__(self, item: tuple[Path, Path]) -> str:
            item[1].write_text(item[0].read_text().upper())
            return f"{item[0]} is done"

    source, target = tmp_path / "item", tmp_path / "new" / "item.up"
    away = sent(_parcel(Upper(), 0, (source, target), (target,), tokens=parcel.tokens))
    source.unlink()
    reply = perform(away)
    assert isinstance(reply, Done)
    assert reply.files == {target: b"ITEM"}
    assert reply.outcome.result == f"{source} is done"
    assert not target.exists()


def test_another_version_is_refused(parcel: Parcel[Pair, str]) -> None:
    older = replace(parcel, facts={**facts(), "numpy": "1.0"})
    assert perform(older) == Unlike("tcp://here:1", f"has numpy {facts()['numpy']}, this machine 1.0")
    assert difference({"featcolor": "2", "code of featcolor": "b"}, {"featcolor": "1", "code of featcolor": "a"}) == (
        "has featcolor 1, this machine 2"
    )
    assert difference(facts(), facts()) is None


def test_paths_are_found_and_moved_wherever_they_are() -> None:
    a, b, c = map(Path, ("a", "x/b", "/c"))
    value = Nested(Pair(a, 1), (b, a), {"c": c}, np.zeros(3))
    assert paths_in([value, value]) == [a, b, c]
    there = moved(value, {a: Path("/tmp/a"), c: Path("/tmp/c")})
    assert (there.pair.path, there.more, there.named["c"]) == (Path("/tmp/a"), (b, Path("/tmp/a")), Path("/tmp/c"))
    assert there.array is value.array
    assert moved(value, {}) is value


def test_words_name_files_as_the_sender_does() -> None:
    places = {Path("old/a.jpg"): Path("/tmp/1/a.jpg"), Path("b.jpg"): Path("/tmp/12/b.jpg")}
    words = ("/tmp/1/a.jpg: cut short", ["see /tmp/12/b.jpg and /tmp/1/a.hints.json"])
    assert told_as(words, places) == ("old/a.jpg: cut short", ["see b.jpg and old/a.hints.json"])
