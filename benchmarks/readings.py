"""The study behind the defaults: one fit, read with several temperatures and saturations.

`python -m benchmarks.readings --help`; to compare methods there is `featcolor benchmark photos`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import PROTOCOLS, read_truth
from featcolor.colorizer import Colorizer
from featcolor.config import DEFAULT_PRESET, PRESETS, ColorizerConfig
from featcolor.measures import colourfulness, is_grey, mean_delta_e00, psnr
from featcolor.modelfile import save_model
from featcolor.parallel import library_threads
from featcolor.references import expand_references
from featcolor.spaces import lab_to_rgb, rgb_to_lab

TEMPERATURES = (1.0, 0.6)
SATURATIONS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.4)
"""One fit is read with each of these."""

LINE = " PSNR {psnr:6.2f}  gain {gain:+5.2f}  CF {cf:5.1f}  dE00 {delta_e00:5.2f}"

Outputs: TypeAlias = Iterator[tuple[str, NDArray[np.uint8]]]


def outputs_of(colorizer: Colorizer, rgb: NDArray[np.uint8], temperatures: tuple[float, ...]) -> Outputs:
    """Grey, constant mean chroma and each reading of the model, by label; those of one temperature share work."""
    lightness, _ = rgb_to_lab(rgb)
    neutral = np.zeros((*lightness.shape, 2), np.float32)
    yield "grey", lab_to_rgb(lightness, neutral)
    yield "constant", lab_to_rgb(lightness, neutral + np.float32(colorizer.card_["mean_chroma"]))
    yield "as set", lab_to_rgb(lightness, colorizer.predict(lightness))
    for temperature in temperatures:
        chroma = colorizer.with_options(temperature=temperature, saturation=1.0).predict(lightness)
        for saturation in SATURATIONS:
            yield reading(temperature, saturation), lab_to_rgb(lightness, chroma * np.float32(saturation))


def reading(temperature: float, saturation: float) -> str:
    """Label of a way to read one model."""
    return f"T {temperature:g}, chroma x {saturation:g}"


def measure(colorizer: Colorizer, pictures: list[NDArray[np.uint8]]) -> dict[str, dict[str, float]]:
    """Mean PSNR, gain over grey, colourfulness and CIEDE2000 by label; pictures whose truth is grey are left out."""
    temperatures = (1.0,) if colorizer.config.head == "mean" else TEMPERATURES

    def one(rgb: NDArray[np.uint8]) -> dict[str, tuple[float, float, float]]:
        return {
            label: (psnr(rgb, output), colourfulness(output), mean_delta_e00(rgb, output))
            for label, output in outputs_of(colorizer, rgb, temperatures)
        }

    with library_threads(1), ThreadPoolExecutor(2) as pool:
        values = list(pool.map(one, [rgb for rgb in pictures if not is_grey(rgb)]))
    means = {label: np.mean([each[label] for each in values], axis=0).tolist() for label in values[0]}
    baseline = means["grey"][0]
    return {
        label: {"psnr": row[0], "gain": row[0] - baseline, "cf": row[1], "delta_e00": row[2]}
        for label, row in means.items()
    }


def gain_at(table: dict[str, dict[str, float]], colourfulness_wanted: float) -> tuple[float, str]:
    """The best gain at a colourfulness, over temperatures, interpolated between saturations; and the temperature."""
    best = (float("-inf"), "")
    for temperature in TEMPERATURES:
        rows = [table[label] for s in SATURATIONS if (label := reading(temperature, s)) in table]
        if rows and rows[0]["cf"] <= colourfulness_wanted <= rows[-1]["cf"]:
            gain = float(np.interp(colourfulness_wanted, [r["cf"] for r in rows], [r["gain"] for r in rows]))
            best = max(best, (gain, f"T {temperature:g}"))
    return best


@contextmanager
def watched_memory() -> Iterator[list[int]]:
    """A list whose one entry grows to the largest proportional set size of this process and its children, bytes."""
    import psutil

    peak, stop = [0], threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not stop.wait(0.2):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], total)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def configured(arguments: argparse.Namespace) -> ColorizerConfig:
    """The preset with what --set changes in it."""
    changes = {}
    for item in arguments.set:
        name, _, value = item.partition("=")
        try:
            changes[name] = json.loads(value)
        except json.JSONDecodeError:
            changes[name] = value
    return replace(PRESETS[arguments.preset], **changes)


def build_parser(description: str | None) -> argparse.ArgumentParser:
    """Arguments that say what to fit on and what to test on."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refs", nargs="+", required=True, help="reference pictures: files, folders, @lists")
    parser.add_argument("--test", nargs="+", action="append", default=[], help="test pictures; may be repeated")
    parser.add_argument("--crop", action="store_true", help="centre-crop test pictures to their short side")
    parser.add_argument("--hold", type=int, default=0, help="also test on this many of --hold-from, and leave them out")
    parser.add_argument("--hold-from", help="folder among --refs that they are drawn from, cropped")
    parser.add_argument("--hold-seed", type=int, default=0, help="seed of the draw")
    parser.add_argument("--not-from", nargs="+", default=[], help="pictures that are never drawn")
    parser.add_argument("--preset", choices=PRESETS, default=DEFAULT_PRESET)
    return parser


def load(arguments: argparse.Namespace) -> tuple[list[Path], dict[str, list[NDArray[np.uint8]]]]:
    """The references, and the test pictures by name of the set."""
    references = expand_references(arguments.refs)
    protocol = PROTOCOLS["crop-256" if arguments.crop else "resize-256"]
    sets = {Path(group[0]).parent.name + "/" + Path(group[0]).name: group for group in arguments.test}
    pictures = {name: [read_truth(path, protocol) for path in expand_references(group)] for name, group in sets.items()}
    if arguments.hold:
        barred = {path.name for path in expand_references(arguments.not_from)} if arguments.not_from else set()
        pool = expand_references([arguments.hold_from])
        order = np.random.default_rng(arguments.hold_seed).permutation(len(pool))
        held = [pool[i] for i in order if pool[i].name not in barred][: arguments.hold]
        references = [path for path in references if path not in set(held)]
        pictures[f"{arguments.hold} held back"] = [read_truth(path, PROTOCOLS["crop-256"]) for path in held]
    tested = {path.resolve() for group in sets.values() for path in expand_references(group)}
    return [path for path in references if path.resolve() not in tested], pictures


def main() -> None:
    """Command line."""
    parser = build_parser(__doc__)
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings that differ from the preset"
    )
    parser.add_argument("--save", help="write the model here")
    arguments = parser.parse_args()
    references, sets = load(arguments)
    config = configured(arguments)
    print(f"{len(references)} references, preset {arguments.preset} {' '.join(arguments.set)}")
    start = time.perf_counter()
    with watched_memory() as peak:
        colorizer = Colorizer(config).fit(references)
    seconds = time.perf_counter() - start
    report = colorizer.report_
    print(f"fit {seconds:.1f} s, {peak[0] / 2**20:.0f} MiB, {len(colorizer.stack_.names)} features", end="; ")
    print(f"held-back references: {json.dumps({k: round(v['gain'], 2) for k, v in report.table.items()})}")
    if arguments.save:
        save_model(arguments.save, colorizer)
    for name, pictures in sets.items():
        truths = [colourfulness(rgb) for rgb in pictures if not is_grey(rgb)]
        print(f"{name}: {len(truths)} of {len(pictures)} pictures in colour, CF {np.mean(truths):.1f}")
        table = measure(colorizer, pictures)
        for label, row in table.items():
            print(f"  {label:20s}" + LINE.format(**row))
        for wanted in (23, 25, 30):
            print("  gain at CF {}: {:+.2f} dB ({})".format(wanted, *gain_at(table, wanted)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
