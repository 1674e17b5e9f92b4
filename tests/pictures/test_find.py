"""What is typed leads to the pictures that are meant: each once, in a stable order, or to one clear line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from featcolor.errors import UsageError
from featcolor.pictures.find import earlier_outputs, expand_references, find_pictures
from tests.samples import grey, write_rgb


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of empty files, made the working folder."""
    names = """refs/b.jpg refs/a.PNG refs/notes.txt refs/.hidden.jpg refs/.git/x.jpg refs/deep/er/c.tif refs/[odd]*.jpg
               other/d.webp empty/readme.txt lists/e.jpg"""
    for name in names.split():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def expanded(*arguments: str) -> list[str]:
    return [path.as_posix() for path in expand_references(arguments)]


def test_a_folder_is_searched_through_in_order_without_hidden_files(tree: Path) -> None:
    assert expanded("refs") == ["refs/[odd]*.jpg", "refs/a.PNG", "refs/b.jpg", "refs/deep/er/c.tif"]


def test_each_picture_comes_once_where_it_was_named_first(tree: Path) -> None:
    (tree / "refs/link.jpg").symlink_to(tree / "refs/b.jpg")
    assert expanded("refs/b.jpg", "refs", "./refs/../refs/a.PNG")[0] == "refs/b.jpg"
    assert len(expanded("refs/b.jpg", "refs", "./refs/../refs/a.PNG")) == 4


def test_a_file_is_taken_by_its_name_whatever_its_suffix_and_though_it_looks_like_a_glob(tree: Path) -> None:
    names = ["refs/notes.txt", "refs/.hidden.jpg", "refs/[odd]*.jpg"]
    assert expanded(*names) == names


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("refs/?.*", ["refs/a.PNG", "refs/b.jpg"]),
        ("refs/**/*.tif", ["refs/deep/er/c.tif"]),
        ("*/d.webp", ["other/d.webp"]),
        ("re*", ["refs/[odd]*.jpg", "refs/a.PNG", "refs/b.jpg", "refs/deep/er/c.tif"]),
        ("refs/**", ["refs/[odd]*.jpg", "refs/a.PNG", "refs/b.jpg", "refs/deep/er/c.tif"]),
    ],
)
def test_globs(tree: Path, pattern: str, names: list[str]) -> None:
    assert expanded(pattern) == names
    assert expanded(str(tree / pattern)) == [(tree / name).as_posix() for name in names]


def test_a_list_is_relative_to_itself_with_comments_and_windows_line_ends(tree: Path) -> None:
    (tree / "lists/todo.txt").write_bytes(b"\xef\xbb\xbfe.jpg\r\n\r\n# not this\r\n  ../refs/b.jpg  \r\n../other\r\n")
    assert expanded("@lists/todo.txt") == ["lists/e.jpg", "lists/../refs/b.jpg", "lists/../other/d.webp"]
    assert expand_references([f"@{tree / 'lists/todo.txt'}"])[0] == tree / "lists/e.jpg"


def test_a_list_holds_names_that_are_no_utf8(tree: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    (tree / name).touch()
    (tree / "todo.txt").write_bytes(b"caf\xe9.jpg\n")
    assert expand_references(["@todo.txt"]) == [Path(name)]


def test_a_list_holds_names_with_spaces_around_and_odd_line_ends_in_them(tree: Path) -> None:
    names = [" lead.jpg", "trail.jpg ", "a\x85b\u2028c\x0bd.jpg"]
    for name in names:
        (tree / name).touch()
    (tree / "todo.txt").write_text("\n".join([names[0], names[1] + "\r", names[2], "  refs/b.jpg "]))
    assert expanded("@todo.txt") == [*names, "refs/b.jpg"]


def test_places_below_the_named_folder(tree: Path) -> None:
    (tree / "todo.txt").write_text(f"refs/deep/er/c.tif\n{tree / 'refs/b.jpg'}\nrefs/deep\n")
    relatives = {
        "refs": ["[odd]*.jpg", "a.PNG", "b.jpg", "deep/er/c.tif"],
        "refs/deep/er/c.tif": ["c.tif"],
        "refs/**/*.tif": ["deep/er/c.tif"],
        "re*": ["refs/[odd]*.jpg", "refs/a.PNG", "refs/b.jpg", "refs/deep/er/c.tif"],
        "@todo.txt": ["refs/deep/er/c.tif", "b.jpg"],
    }
    for argument, expected in relatives.items():
        assert [found.relative.as_posix() for found in find_pictures([argument])] == expected


def test_the_output_folder_is_not_searched(tree: Path) -> None:
    inside = tree / "refs/coloured"
    inside.mkdir()
    (inside / "b.jpg").touch()
    for argument in ("refs", "refs/**/*.jpg", "re*"):
        found = find_pictures([argument], leave_out=inside)
        assert "b.jpg" in {picture.path.name for picture in found}
        assert not any("coloured" in picture.path.parts for picture in found)
    assert find_pictures(["refs"], leave_out=tree / "refs")


def test_only_what_shows_the_same_in_other_colours_is_an_earlier_output(tmp_path: Path, photographs: Any) -> None:
    pictures = {
        "1.png": grey(photographs["china"]),
        "2.png": grey(photographs["flower"]),
        "a/1.png": grey(photographs["coffee"]),  # another camera counts from 1 again
        "a/2.png": grey(photographs["flower"]),  # a copy
        "b/c/1.png": photographs["china"],
        "b/c/3.png": photographs["china"],
        "b/c/a/1.png": photographs["coffee"],
        "b/2.png": photographs["chelsea"],
        "2-colour.png": photographs["flower"],
        "3-colour.png": photographs["flower"],
        "sure/2.png.png": grey(photographs["flower"]),
    }
    for name, picture in pictures.items():
        write_rgb(tmp_path / name, picture)
    assert earlier_outputs(find_pictures([tmp_path])) == {
        tmp_path / "2-colour.png": tmp_path,
        tmp_path / "b/c/1.png": tmp_path / "b/c",
        tmp_path / "b/c/a/1.png": tmp_path / "b/c",
        tmp_path / "sure/2.png.png": tmp_path / "sure",
    }
    assert not earlier_outputs(find_pictures([tmp_path / "b"]))


def test_a_name_with_a_space_behind_it_is_a_picture_too(tree: Path) -> None:
    (tree / "empty/pier.JPG ").touch()
    assert expanded("empty") == ["empty/pier.JPG "]


def test_a_loop_of_links_ends(tree: Path) -> None:
    (tree / "refs/deep/loop").symlink_to(tree / "refs", target_is_directory=True)
    assert len(expanded("refs")) == 4
    (tree / "refs/ring.jpg").symlink_to("ring.jpg")
    assert len(expanded("refs")) == len(expanded("refs/*.jpg", "refs/*.PNG", "refs/deep")) == 4


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("missing", "missing: no such file or folder"),
        ("empty", "empty: no pictures in this folder; looked for .avif, .bmp, .dib, .gif, .heic"),
        ("empty", ", found 1 txt"),
        ("no*thing", "no*thing: no picture matches"),
        ("camera", ", found 1 nef; nef: a camera's raw file; develop it into a TIFF first"),
        ("camera/*.nef", ", found 1 nef; nef: a camera's raw file; develop it into a TIFF first"),
        ("@missing.txt", "missing.txt: the list cannot be read"),
        ("@refs", "refs: the list cannot be read"),
        ("@blank.txt", "blank.txt: the list names no picture"),
        ("@wrong.txt", "wrong.txt, line 2: gone.jpg: no such file"),
        ("@loop.txt", "loop.txt, line 1"),
        ("@binary.txt", "line 1 is no path"),
        ("", "an empty path"),
        ("pipe", "pipe: not a file or folder"),
        ("dangling.jpg", "dangling.jpg: no such file"),
    ],
)
def test_what_leads_nowhere_is_one_clear_line(tree: Path, argument: str, words: str) -> None:
    (tree / "blank.txt").write_text("\n# nothing\n")
    (tree / "wrong.txt").write_text("refs/b.jpg\ngone.jpg\n")
    (tree / "loop.txt").write_text("@loop.txt\n")
    (tree / "binary.txt").write_bytes(b"\0\1\2")
    os.mkfifo(tree / "pipe")
    (tree / "camera").mkdir()
    (tree / "camera/a.nef").touch()
    (tree / "dangling.jpg").symlink_to("gone")
    with pytest.raises(UsageError) as caught:
        expand_references([argument])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
