"""What a stopped run leaves is whole, is found again, and is never mixed with another run's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featcolor.errors import UsageError
from featcolor.video.checkpoints import FRAMES_A_CHUNK, UNITS, content_hash, file_fingerprint, open_work, work_path
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import ShotColours

FINGERPRINT: dict[str, Any] = {
    "input": {"size": 5},
    "key frames": {"keys/1.png": "aa", "keys/2.png": "bb"},
    "settings": {"--preset": "fast", "--every": 25},
}


def colours(count: int, shape: tuple[int, int], *, seed: int = 0, reach: float = 110.0) -> ShotColours:
    """Random chroma and confidence of a shot."""
    rng = np.random.default_rng(seed)
    made = ShotColours(SpooledPlanes(count, (*shape, 2)), SpooledPlanes(count, (2, 3)))
    for i in range(count):
        made.chroma[i] = rng.uniform(-reach, reach, (*shape, 2))
        made.confidence[i] = rng.uniform(0, 1, (2, 3))
    return made


@given(
    count=st.integers(1, 2 * FRAMES_A_CHUNK + 1),
    height=st.integers(1, 5),
    width=st.integers(1, 6),
    reach=st.sampled_from([0.0, 1.0, 110.0, 900.0]),
)
def test_a_segment_gives_back_what_was_kept(tmp_path: Path, count: int, height: int, width: int, reach: float) -> None:
    work = open_work(tmp_path / "out.mp4.featcolor-work", FINGERPRINT, overwrite=True)
    kept = colours(count, (height, width), reach=reach)
    work.save(3, 100, kept)
    with work.shot(3) as shot_file:
        assert (shot_file.first, shot_file.last) == (100, 99 + count)
        assert shot_file.confidence.shape == (count, 2, 3)
        for i in [count - 1, *range(count)]:
            found = shot_file.chroma(100 + i)
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, kept.chroma[i], atol=0.5 / UNITS + 1e-4)
            np.testing.assert_allclose(shot_file.confidence[i], kept.confidence[i], atol=0.5 / 255 + 1e-3)


def test_a_shot_is_done_only_when_its_file_is_whole_and_of_these_frames(tmp_path: Path) -> None:
    work = open_work(tmp_path / "w", FINGERPRINT)
    assert not work.has(0, 0, 4)
    work.save(0, 0, colours(5, (8, 8)))
    assert work.has(0, 0, 4)
    assert not work.has(0, 0, 5)
    assert not work.has(0, 1, 5)
    assert not work.has(1, 0, 4)
    file = next((tmp_path / "w").glob("shot-*"))
    whole = file.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"\0" * len(whole)):
        file.write_bytes(content)
        assert not work.has(0, 0, 4)


def test_a_failed_save_leaves_no_shot_file(tmp_path: Path) -> None:
    work = open_work(tmp_path / "w", FINGERPRINT)
    with pytest.raises(AttributeError):
        work.save(0, 0, ShotColours(SpooledPlanes(2, (4, 4, 2)), None))
    assert work.n_done == 0
    assert [path.name for path in (tmp_path / "w").iterdir()] == ["fingerprint.json"]


def test_an_unfinished_run_is_not_touched_unasked(tmp_path: Path) -> None:
    path = tmp_path / "w"
    open_work(path, FINGERPRINT).save(0, 0, colours(2, (4, 4)))
    with pytest.raises(UsageError, match=r"--resume goes on, --overwrite starts again"):
        open_work(path, FINGERPRINT)
    again = open_work(path, FINGERPRINT, resume=True)
    assert again.has(0, 0, 1)
    assert open_work(path, FINGERPRINT, overwrite=True).n_done == 0


def test_a_run_that_has_done_nothing_is_in_nobodys_way(tmp_path: Path) -> None:
    open_work(tmp_path / "w", FINGERPRINT)
    open_work(tmp_path / "w", {"input": "another"})
    assert json.loads((tmp_path / "w" / "fingerprint.json").read_text()) == {"input": "another"}


def test_resume_clears_what_a_kill_left_half_written(tmp_path: Path) -> None:
    path = tmp_path / "w"
    open_work(path, FINGERPRINT).save(0, 0, colours(2, (4, 4)))
    part = path / ".shot-00001.zip.0123abcd.part"
    part.write_bytes(b"half")
    open_work(path, FINGERPRINT, resume=True)
    assert not part.exists()
    assert open_work(tmp_path / "new", FINGERPRINT, resume=True).n_done == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"input": {"size": 6}}, ["input"]),
        ({"settings": {"--preset": "balanced", "--every": 25}}, ["--preset (fast)"]),
        ({"settings": {"--preset": "fast", "--every": 25, "--prepare": "dust"}}, ["--prepare (none)"]),
        ({"key frames": {"keys/1.png": "aa"}}, ["keys/2.png"]),
        ({"key frames": {"keys/1.png": "aa", "keys/2.png": "cc"}}, ["keys/2.png"]),
        ({"model": "dd", "input": {"size": 6}}, ["model", "input"]),
    ],
)
def test_resume_says_what_has_changed(tmp_path: Path, changes: dict[str, Any], words: list[str]) -> None:
    path = tmp_path / "w"
    open_work(path, FINGERPRINT).save(0, 0, colours(2, (4, 4)))
    with pytest.raises(UsageError) as refused:
        open_work(path, FINGERPRINT | changes, resume=True)
    assert all(word in str(refused.value) for word in [*words, str(path)])
    assert "\n" not in str(refused.value)
    assert open_work(path, FINGERPRINT, resume=True).n_done == 1


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_foreign_folder_is_left_alone(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "w"
    path.mkdir()
    (path / "letters.txt").write_text("mine")
    if content is not None:
        (path / "fingerprint.json").write_text(content)
    for choice in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(UsageError, match="no work folder"):
            open_work(path, FINGERPRINT, **choice)
    assert (path / "letters.txt").read_text() == "mine"
    with pytest.raises(UsageError, match="in the way"):
        open_work(path / "letters.txt", FINGERPRINT, overwrite=True)


def test_work_lies_beside_the_output_and_goes(tmp_path: Path) -> None:
    path = work_path(str(tmp_path / "reel.mp4"))
    assert path == tmp_path / "reel.mp4.featcolor-work"
    work = open_work(path, FINGERPRINT)
    assert json.loads((path / "fingerprint.json").read_text()) == FINGERPRINT
    work.remove()
    assert not path.exists()
    pipe = open_work(None, FINGERPRINT)
    assert pipe.temporary
    pipe.remove()
    assert not pipe.path.exists()


def test_a_fingerprint_sees_both_ends_of_a_file_and_the_files_of_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "reel.mp4"
    file.write_bytes(b"a" * 3_000_000)
    before, whole = file_fingerprint(file), content_hash(file)
    assert file_fingerprint(file) == before
    for place in (0, 2_999_999):
        content = bytearray(b"a" * 3_000_000)
        content[place] = 0
        file.write_bytes(content)
        assert file_fingerprint(file)["ends"] != before["ends"]
        assert content_hash(file) != whole
    folder = file_fingerprint(tmp_path)
    (tmp_path / "more").write_bytes(b"")
    assert file_fingerprint(tmp_path) != folder
