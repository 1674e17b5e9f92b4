"""Are the tests awake? Change one sign or constant of a formula at a time, and see that a test fails.

    python -m tests.mutate                    every mutation of tests/mutations/*.toml
    python -m tests.mutate --only ssim        those whose name contains "ssim"

A mutation is a table, named for what it breaks:

    [psnr_peak]
    file = "featcolor/colour/measures.py"            from the root of the checkout
    old = "255.0**2"                          must occur exactly once
    new = "256.0**2"
    tests = ["tests/colour/test_measures.py"]        files, or test ids, as pytest takes them
    note = "..."                              optional

The checkout itself is not touched: its packages are copied once into a temporary folder. Exit code 1 when a mutation
survives or cannot be judged (the text is not there once, the tests fail without it, the changed file does not load).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

COPIED = ("featcolor", "features", "refine", "benchmarks", "tests", "pyproject.toml")

# pytest's exit codes; any other means that no test was judged
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Mutation:
    """One textual change of one file, and the tests that must see it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    note: str = ""

    def applied(self, source: str) -> str:
        """The source with the change; ValueError unless `old` occurs exactly once and differs from `new`."""
        count = source.count(self.old)
        if count != 1:
            raise ValueError(f"{self.name}: {self.old!r} must occur once in {self.file}, occurs {count} times")
        if self.old == self.new:
            raise ValueError(f"{self.name}: old and new are the same")
        return source.replace(self.old, self.new)


def read_mutations(folder: Path) -> list[Mutation]:
    """The mutations of every TOML file in a folder; ValueError when two have one name or a key is wrong."""
    found: dict[str, Mutation] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"{path.name}: a mutation named {name} exists already")
            try:
                found[name] = Mutation(name, **{**table, "tests": tuple(table["tests"])})
            except (KeyError, TypeError) as error:
                raise ValueError(f"{path.name}: [{name}] needs file, old, new, tests and at most a note") from error
    return list(found.values())


def copy_checkout(root: Path, target: Path) -> None:
    """Copy what the tests need, without byte code: a change within one second would not be seen through it."""
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target / name)


def run_tests(folder: Path, tests: Iterable[str]) -> int:
    """pytest's exit code for these tests of the copy in `folder`."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment = os.environ | one_thread | {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


def try_mutations(folder: Path, mutations: Sequence[Mutation]) -> Iterator[tuple[Mutation, str]]:
    """Each mutation with its verdict, "caught", "SURVIVED" or why it could not be judged, on a copy of the checkout."""
    unchanged: dict[tuple[str, ...], int] = {}
    for mutation in mutations:
        path = folder / mutation.file
        source = path.read_text(encoding="utf-8")
        changed = mutation.applied(source)
        if mutation.tests not in unchanged:
            unchanged[mutation.tests] = run_tests(folder, mutation.tests)
        if unchanged[mutation.tests] != PASSED:
            yield mutation, "NOT JUDGED: the tests do not pass without it"
            continue
        path.write_text(changed, encoding="utf-8")
        try:
            code = run_tests(folder, mutation.tests)
        finally:
            path.write_text(source, encoding="utf-8")
        yield mutation, {PASSED: "SURVIVED", FAILED: "caught"}.get(code, f"NOT JUDGED: pytest ended with {code}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutations that are asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate", description="Check that tests see wrong formulas.")
    parser.add_argument("--only", metavar="NAME", default="", help="mutations whose name contains NAME")
    only = parser.parse_args(arguments).only
    mutations = [mutation for mutation in read_mutations(ROOT / "tests" / "mutations") if only in mutation.name]
    if not mutations:
        parser.error(f"no mutation is named like {only!r}")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        copy_checkout(ROOT, Path(folder))
        for mutation, verdict in try_mutations(Path(folder), mutations):
            print(f"{verdict:9} {mutation.name}  {mutation.old!r} -> {mutation.new!r}", flush=True)
            bad += verdict != "caught"
    print(f"{len(mutations) - bad} of {len(mutations)} mutations caught")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
