"""The output tree mirrors the input's, no input is ever an output, and no output has two inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from featcolor.batch.outputs import Existing, Route, plan_routes
from featcolor.errors import UsageError
from featcolor.pictures.find import find_pictures


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("old/a.jpg", "old/sub/b.png", "twin/a.jpg", "single.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def targets(output: str, *arguments: str, existing: Existing = Existing.REFUSE) -> list[str]:
    routes = plan_routes(find_pictures(arguments, leave_out=Path(output)), output, existing=existing)
    return [route.target.as_posix() for route in routes]


def refusal(output: str, *arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        targets(output, *arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_mirrored(tree: Path) -> None:
    assert targets("new", "old") == ["new/a.jpg", "new/sub/b.png"]
    assert targets("new/", "old/") == ["new/a.jpg", "new/sub/b.png"]
    assert targets("old/coloured", "old") == ["old/coloured/a.jpg", "old/coloured/sub/b.png"]


def test_one_file_goes_to_a_file_or_into_a_folder(tree: Path) -> None:
    assert targets("new.png", "single.jpg") == ["new.png"]
    assert targets("new", "single.jpg") == ["new/single.jpg"]
    assert targets("new.dir/", "single.jpg") == ["new.dir/single.jpg"]
    assert targets("twin", "single.jpg") == ["twin/single.jpg"]


def test_several_files_and_folders(tree: Path) -> None:
    assert targets("new", "old", "single.jpg") == ["new/a.jpg", "new/sub/b.png", "new/single.jpg"]
    assert targets("new", "old", "old/a.jpg") == ["new/a.jpg", "new/sub/b.png"]


def test_two_inputs_with_one_output_are_refused(tree: Path) -> None:
    assert "old/a.jpg and twin/a.jpg" in refusal("new", "old", "twin")


def test_an_input_is_never_an_output(tree: Path) -> None:
    (tree / "links").mkdir()
    (tree / "links/a.jpg").symlink_to(tree / "old/a.jpg")
    (tree / "hard").mkdir()
    (tree / "hard/a.jpg").hardlink_to(tree / "old/a.jpg")
    (tree / "alias").symlink_to(tree / "old", target_is_directory=True)
    for output in ("old", "./old/../old", "links", "hard", "alias", str(tree / "old")):
        assert "overwrite an input" in refusal(output, "old")
        with pytest.raises(UsageError):
            targets(output, "old", existing=Existing.OVERWRITE)
    assert "overwrite an input" in refusal("single.jpg", "single.jpg")
    assert "overwrite an input" in refusal(".", "single.jpg")


def test_an_output_that_exists(tree: Path) -> None:
    (tree / "new").mkdir()
    (tree / "new/a.jpg").touch()
    assert "--skip-existing" in refusal("new", "old")
    pictures = find_pictures(["old"])
    for existing, done in ((Existing.OVERWRITE, False), (Existing.SKIP, True)):
        assert plan_routes(pictures, "new", existing=existing) == (
            Route(Path("old/a.jpg"), Path("new/a.jpg"), done=done),
            Route(Path("old/sub/b.png"), Path("new/sub/b.png")),
        )


def test_an_output_that_cannot_be(tree: Path) -> None:
    assert "need a folder" in refusal("single.jpg", "old")
    assert "looks like one picture" in refusal("new.jpg", "old")
    assert "called .xyz" in refusal("new.xyz", "single.jpg")
    (tree / "new/a.jpg").mkdir(parents=True)
    assert "a folder stands" in refusal("new", "old")
    assert refusal("", "old")
