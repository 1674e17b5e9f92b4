"""The mutation check itself, and that every listed mutation still has its text."""

from __future__ import annotations

import pytest

from tests.mutate import ROOT, Mutation, read_mutations, try_mutations

MUTATIONS = read_mutations(ROOT / "tests" / "mutations")


@pytest.mark.parametrize("file", sorted({mutation.file for mutation in MUTATIONS}))
def test_every_listed_mutation_applies(file):
    source = (ROOT / file).read_text(encoding="utf-8")
    for mutation in MUTATIONS:
        if mutation.file == file:
            compile(mutation.applied(source), mutation.name, "exec")
            assert all((ROOT / test.split("::")[0]).is_file() for test in mutation.tests), mutation.name


@pytest.mark.parametrize("old", ["absent", "a"])
def test_the_text_must_occur_exactly_once(old):
    with pytest.raises(ValueError, match="must occur once"):
        Mutation("wrong", "area.py", old, "b", ()).applied("a = a\n")


def test_a_mutation_must_change_something():
    with pytest.raises(ValueError, match="the same"):
        Mutation("idle", "area.py", "a", "a", ()).applied("a = 1\n")


@pytest.mark.parametrize("table", ['[x]\nfile = "f"\n', '[x]\nfile="f"\nold="a"\nnew="b"\ntests=[]\nnotes="?"\n'])
def test_a_wrong_table_is_named(table, tmp_path):
    (tmp_path / "wrong.toml").write_text(table)
    with pytest.raises(ValueError, match=r"wrong.toml: \[x\]"):
        read_mutations(tmp_path)


def test_caught_survived_and_not_judged_are_told_apart(tmp_path):
    (tmp_path / "area.py").write_text("def area(width, height):\n    return width * height + 0\n")
    (tmp_path / "test_area.py").write_text("from area import area\n\ndef test_it():\n    assert area(2, 3) == 6\n")
    tests = ("test_area.py",)
    mutations = [
        Mutation("product", "area.py", "width * height", "width + height", tests),
        Mutation("zero", "area.py", "+ 0", "- 0", tests),
        Mutation("syntax", "area.py", "return", "retrun", tests),
    ]
    verdicts = [verdict for _, verdict in try_mutations(tmp_path, mutations)]
    assert verdicts[:2] == ["caught", "SURVIVED"]
    assert verdicts[2].startswith("NOT JUDGED")
    assert (tmp_path / "area.py").read_text().count("width * height + 0") == 1
