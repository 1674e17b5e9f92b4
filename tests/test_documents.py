"""What the documents promise: examples run, command lines parse, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpy.typing import NDArray

from featcolor.commands import main
from featcolor.commands.program import build_parser
from tests.samples import grey, write_rgb
from tests.video.samples import make_keys, make_reel

ROOT = Path(__file__).parents[1]
MEASURED_ONCE = "history-of-measurements.md"
"""Its commands are those of their day."""
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "benchmarks/README.md",
    ROOT / "features/models/README.md",
]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
GUIDES = [path for path in DOCUMENTS if path.name != MEASURED_ONCE]
PROGRAMS = ("featcolor", "python", ".venv/bin/python")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(path: Path) -> Iterator[list[str]]:
    """Each command of the indented blocks, as words; pipes and redirections part them."""
    for line in re.sub(r"\\\n\s*", "", path.read_text()).splitlines():
        if not line.startswith("    ") or not re.search(rf"(^|\| )({'|'.join(PROGRAMS)}) ", line.strip()):
            continue
        words = shlex.shlex(line, posix=True, punctuation_chars="|>&")
        words.whitespace_split, words.commenters = True, "#"
        command: list[str] = []
        for word in [*words, "|"]:
            if re.fullmatch(r"[|>&]+", word):
                if command and command[0] in PROGRAMS:
                    yield command
                command = []
            else:
                command.append(word)


@pytest.fixture
def desk(tmp_path: Path, photographs: dict[str, NDArray], tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the examples: what they name, small."""
    for name in ("astronaut", "coffee", "china"):
        write_rgb(tmp_path / "refs" / f"{name}.jpg", photographs[name])
    for name in ("chelsea", "flower"):
        write_rgb(tmp_path / "old" / f"{name}.jpg", grey(photographs[name]))
    # As large as the points in the examples ask for.
    write_rgb(tmp_path / "old.jpg", grey(photographs["astronaut"]).repeat(3, axis=0).repeat(3, axis=1))
    write_rgb(tmp_path / "kept-apart.jpg", photographs["rocket"])
    shutil.copy(tiny_model, tmp_path / "town.featcolor")
    make_reel(tmp_path / "reel.mp4", codec="h264")
    make_keys(tmp_path / "keys")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FEATCOLOR_MODEL", raising=False)
    return tmp_path


@pytest.mark.parametrize("path", [p for p in GUIDES if "```python" in p.read_text()], ids=name_of)
def test_python_examples_run(path: Path, desk: Path) -> None:
    names: dict[str, object] = {}
    for number, example in enumerate(re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL), 1):
        exec(compile(example, f"<example {number} of {name_of(path)}>", "exec"), names)


def test_readme_commands_run(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "town.featcolor").unlink()
    shutil.rmtree(desk / "keys")
    for words in commands(ROOT / "README.md"):
        if words[1] == "studio":  # which serves until somebody stops it
            continue
        assert main(words[1:]) == 0, f"{shlex.join(words)}: {capsys.readouterr().err}"
        if words[1] == "keyframes":  # what the reader does in a picture editor
            shutil.rmtree(desk / "keys")
            make_keys(desk / "keys")
    assert {"new.jpg", "coloured", "sheet.html", "town.featcolor", "reel-colour.mp4"} <= {
        p.name for p in desk.iterdir()
    }


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_commands_parse(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(path):
        if words[0] != "featcolor":
            there = importlib.util.find_spec(words[2]) if words[1] == "-m" else (ROOT / words[1]).exists()
            assert there, shlex.join(words)
            continue
        try:
            build_parser().parse_args(words[1:])
        except SystemExit:
            pytest.fail(f"{shlex.join(words)}: {capsys.readouterr().err}")


def anchors(path: Path) -> set[str]:
    """Anchors of the headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", path.read_text()):
        if target.startswith("generated/"):  # made by `make docs`, and followed by its own tests
            continue
        linked = path.parent / target if target else path
        assert linked.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(linked), f"{target} has no heading {anchor}"


def test_readmes_are_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
    assert len((ROOT / "benchmarks/README.md").read_text().splitlines()) <= 250
