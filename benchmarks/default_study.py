"""The default model measured, one row after the other: python -m benchmarks.default_study ROW... --data DATA -o OUT/

rows:
  bsds, imagenet   photographs of a set: gain over grey, CF, ΔE00, and the same at equal colourfulness
  corpus           pictures held back from training, by source, beside constant mean chroma
  domains          references of one domain: default, fit and --refs, with paired intervals
  refcount         1, 3, 10, 30, 100 references: domains and DAVIS scenes
  davis            references of the same film scene, --apart frames apart
  prokudin         pictures of about 1910 as an orthochromatic plate: fitted with that film stock and others
  speed            whole processes: a picture of a megapixel, start-up, a fit on 300 references
  sheet            contact sheets of held-back pictures and of history/bw
  grid             every temperature and saturation of --grid on every set of --sets
  all              all but grid

DATA holds photos/{bsds/test,imagenet,highres}, corpus/, domains/, film/davis/, history/ and deep-outputs/. Each row
prints Markdown and writes ROW.md, ROW.json (all scores, picture by picture) and PNG files into OUT.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from benchmarks.default_parts import SETS, Clock, Row, RowResult, StudySettings
from benchmarks.default_references import measure_counts, measure_davis, measure_domains, measure_prokudin
from benchmarks.default_rows import measure_bsds, measure_corpus, measure_grid, measure_imagenet
from benchmarks.default_sheets import draw_sheets
from benchmarks.default_speed import measure_speed
from benchmarks.environment import environment_facts
from featcolor.errors import FeatcolorError, UsageError
from featcolor.images import write_picture
from featcolor.modelfile import jsonable, replacing

ROWS: Final[Mapping[str, Row]] = MappingProxyType(
    {
        "bsds": measure_bsds,
        "imagenet": measure_imagenet,
        "corpus": measure_corpus,
        "domains": measure_domains,
        "refcount": measure_counts,
        "davis": measure_davis,
        "prokudin": measure_prokudin,
        "speed": measure_speed,
        "sheet": draw_sheets,
        "grid": measure_grid,
    }
)
ALL: Final = "all"
GRID_KEYS: Final = ("temperature", "saturation")


def build_parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.default_study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="+", choices=(*ROWS, ALL), metavar="ROW")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder that results are written into")
    parser.add_argument("--network", type=Path, help="colour network (.onnx) or fitted model; default: the bundled one")
    parser.add_argument("--limit", type=int, help="at most so many test pictures of a set, for a first look")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap intervals")
    parser.add_argument("--held-back", type=Path, help="list of the corpus' test pictures, where the card has none")
    parser.add_argument("--split-seed", type=int, help="shuffle domains before they are split; default: evenly spaced")
    parser.add_argument("--apart", type=int, default=5, help="davis: frames between references (default: 5)")
    parser.add_argument("--repeats", type=int, default=5, help="speed: runs of each (default: 5)")
    parser.add_argument("--fits", type=int, default=1, help="prokudin: fits of each film stock (default: 1)")
    parser.add_argument("--sets", default="corpus,imagenet", help=f"grid: of {', '.join(SETS)} (default: %(default)s)")
    parser.add_argument("--grid", nargs="+", default=[], metavar="KEY=VALUES", help="temperature=.. saturation=..")
    return parser


def settings_of(arguments: argparse.Namespace) -> StudySettings:
    """What the words mean; UsageError where a folder, a file or a value is not one."""
    if not arguments.data.is_dir():
        raise UsageError(f"{arguments.data}: no such folder (of --data)")
    changes: dict[str, Any] = {}
    for text in arguments.grid:
        key, _, values = text.partition("=")
        if key not in GRID_KEYS:
            raise UsageError(f"--grid {text}: {' or '.join(GRID_KEYS)}=VALUES is needed")
        try:
            changes[f"{key}s"] = tuple(sorted({float(value) for value in values.split(",")}))
        except ValueError as error:
            raise UsageError(f"--grid {text}: {error}") from error
    for name, least in (("limit", 1), ("apart", 1), ("repeats", 1), ("fits", 1)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise UsageError(f"--{name} {value}: must be {least} or more")
    if arguments.held_back is not None:
        try:
            lines = arguments.held_back.read_text().splitlines()
        except OSError as error:
            raise UsageError(f"{arguments.held_back}: cannot be read ({error.strerror})") from error
        changes["held_back"] = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return StudySettings(
        data=arguments.data,
        network=arguments.network,
        limit=arguments.limit,
        seed=arguments.seed,
        split_seed=arguments.split_seed,
        apart=arguments.apart,
        repeats=arguments.repeats,
        fits=arguments.fits,
        sets=tuple(name.strip() for name in arguments.sets.split(",")),
        **changes,
    )


def write_row(folder: Path, name: str, result: RowResult, facts: Mapping[str, Any]) -> str:
    """Write what a row measured into ROW.md, ROW.json and ROW-NAME.png; the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join([f"## {name}", *(table.markdown() for table in result.tables), *result.notes]) + "\n"
    document = {
        "row": name,
        **facts,
        "notes": result.notes,
        "facts": result.facts,
        "tables": [table.to_dict() for table in result.tables],
        "scores": {key: scores.to_dict() for key, scores in result.scores.items()},
    }
    content = json.dumps(jsonable(document), indent=1, ensure_ascii=False, allow_nan=False)
    for suffix, written in ((".md", text), (".json", content)):
        with replacing(folder / f"{name}{suffix}") as part:
            part.write_text(written, encoding="utf-8")
    for key, picture in result.pictures.items():
        write_picture(folder / f"{name}-{key}.png", picture)
    return text


def main(words: Sequence[str] | None = None) -> int:
    """Command line: 0 when every row was measured, 1 when one was not, 2 for a call that makes no sense."""
    arguments = build_parser().parse_args(words)
    try:
        settings = settings_of(arguments)
    except UsageError as error:
        print(f"default_study: {error}", file=sys.stderr)
        return 2
    facts = environment_facts(["python", "-m", "benchmarks.default_study", *(words or sys.argv[1:])], settings.seed)
    names = [name for name in ROWS if name != "grid"] if ALL in arguments.rows else list(dict.fromkeys(arguments.rows))
    failed = False
    for name in names:
        try:
            with Clock() as clock:
                result = ROWS[name](settings)
        except FeatcolorError as error:
            print(f"default_study: {name}: {error}", file=sys.stderr)
            failed = True
            continue
        text = write_row(arguments.output, name, result, {**facts, "seconds": clock.seconds})
        print(f"{text}\n{clock.seconds:.0f} s\n", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
