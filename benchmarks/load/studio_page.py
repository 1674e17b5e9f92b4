"""How fast the studio is for who looks at it, in Chromium: python -m benchmarks.load.studio_page.

Start to page: from the command to a page that can be used, and what of it Python takes to load modules. One hint: from
the click on a likely colour to the frame of the screen that shows it, on a view of a megapixel, and what of it is the
studio's own work.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.speed.inputs import CLI, ROOT, make_picture, sides_of
from featcolor.errors import UsageError
from featcolor.pictures.io import write_picture

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run")
LOADED: Final = "import featcolor.commands.studio, featcolor.studio.serve, featcolor.models.load"
"""What the command loads before it does anything."""
WATCH: Final = """(() => {
  const told = (window.told = { clicked: 0, shown: 0, studio: 0 });
  addEventListener("click", ({ target }) => {
    if (target.closest?.(".suggestion")) Object.assign(told, { clicked: performance.now(), shown: 0, studio: 0 });
  }, true);
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...what) {
    draw.apply(this, what);
    if (this.canvas.id === "colour") requestAnimationFrame(() => { told.shown = performance.now(); });
  };
  new PerformanceObserver((list) => {
    for (const { name, serverTiming } of list.getEntries())
      if (name.endsWith("/view")) told.studio = serverTiming[0]?.duration ?? -1;
  }).observe({ type: "resource" });
})();"""
MARGIN: Final = 0.1
"""Share of the picture's sides in which no hint is told."""


@contextmanager
def started(home: Path, *words: str | Path) -> Iterator[tuple[str, float]]:
    """A studio, and the seconds until it said its address."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, CLI, "studio", *map(str, words), "--no-browser", "--home", home, "--port", "0", "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def seconds_of_start(browser: Any, folder: Path) -> dict[str, float]:
    """Seconds of loading modules, to the address, and to the page."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, check=True)
    loaded = time.perf_counter() - begun
    with started(Path(tempfile.mkdtemp(dir=folder))) as (address, answered), browser.new_context() as context:
        page = context.new_page()
        begun = time.perf_counter()
        page.goto(address)
        page.locator("#welcome").wait_for()
        opened = time.perf_counter() - begun
    return {
        "modules loaded": loaded,
        "start to address": answered,
        "address to page": opened,
        "start to page, beyond modules": answered + opened - loaded,
    }


def seconds_of_hints(browser: Any, folder: Path, count: int) -> dict[str, list[float]]:
    """Seconds of `count` single hints on a picture of a megapixel, each taken back before the next."""
    height, width = sides_of(1)
    path = folder / "old.jpg"
    write_picture(path, np.repeat(make_picture(height, width, colour=False)[..., None], 3, axis=2))
    draw = np.random.default_rng(0)
    timed: dict[str, list[float]] = {"click to new pixels": [], "of it the studio": [], "place to likely colours": []}
    with started(folder / "home", path) as (address, _), browser.new_context() as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(address)
        colour = page.locator("#colour:not([data-picture=''])")
        colour.wait_for()
        page.locator("#status", has_text="Coloured in").wait_for()
        for _ in range(count):
            box = colour.bounding_box()
            x, y = draw.uniform(MARGIN, 1 - MARGIN, 2)
            begun = time.perf_counter()
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.locator("#palette .suggestion").first.wait_for()
            timed["place to likely colours"].append(time.perf_counter() - begun)
            page.locator("#palette .suggestion").first.click()
            page.locator("#status", has_text="with 1 hint").wait_for()
            told = _shown(page)
            timed["click to new pixels"].append((told["shown"] - told["clicked"]) / 1000)
            timed["of it the studio"].append(told["studio"] / 1000)
            page.locator("#undo").click()
            page.locator("#status", has_text="Coloured in").wait_for()
    return timed


def _shown(page: Any) -> dict[str, float]:
    """Milliseconds of the last hint, once its frame of the screen has come."""
    while True:
        told: dict[str, float] = page.evaluate(
            "() => new Promise((come) => requestAnimationFrame(() => setTimeout(() => come({ ...told }))))"
        )
        if told["shown"] > told["clicked"] and told["studio"]:
            return told


def build_table(rows: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Median and worst of each, in milliseconds, as Markdown."""
    lines = ["| what | median, ms | worst, ms | of |", "|---|---:|---:|---:|"]
    for name, seconds in rows:
        lines.append(
            f"| {name} | {1000 * statistics.median(seconds):.0f} | {1000 * max(seconds):.0f} | {len(seconds)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, metavar="N", help="of the studio (default: %(default)s)")
    parser.add_argument("--hints", type=int, default=30, metavar="N", help="on one picture (default: %(default)s)")
    arguments = parser.parse_args()
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if executable is None:
        raise UsageError("there is no Chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        starts = [seconds_of_start(browser, Path(folder)) for _ in range(arguments.starts)]
        hints = seconds_of_hints(browser, Path(folder), arguments.hints)
        browser.close()
    print(build_table([*((name, [start[name] for start in starts]) for name in starts[0]), *hints.items()]))


if __name__ == "__main__":
    main()
