"""What each step of --prepare is worth, on clean pictures that are aged and mended again.

    python -m benchmarks.prepare_measures clean/*.jpg                        grain, dust, scratches, contrast, time
    python -m benchmarks.prepare_measures clean/*.jpg --model town.featcolor and what frames and age do to the colours

Every number is a mean over the pictures. PSNR is of lightness, 0..1, in dB.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.restoration import denoise_tv_chambolle

from benchmarks.prepare_wear import dusty, framed, jpeg, scratched
from featcolor.contrast import equalize_locally, stretch
from featcolor.denoising import denoise, measure_grain
from featcolor.dust import remove_dust, remove_scratches
from featcolor.film import add_grain, fade
from featcolor.images import read_reference
from featcolor.preparation import colorize_prepared, grey_picture, parse_preparation, prepare
from featcolor.scanborder import inside_border
from featcolor.spaces import FloatArray, lightness_of, rgb_to_lab

Method = Callable[[FloatArray], FloatArray]
Wear = Callable[[FloatArray, np.random.Generator], tuple[FloatArray, NDArray[np.bool_]]]

GRAINS: Final = ((0.0, 0.7), (0.02, 0.7), (0.05, 0.7), (0.05, 1.2), (0.1, 0.7), (0.1, 1.2))
"""Standard deviation of the grain, and the sigma in pixels that clumps it."""

SIDE: Final = 480
"""Longest side that pictures are shrunk to, so that they are clean."""

EVEN: Final = 0.15
"""Spread of the clean lightness around a speck, 2nd to 98th percentile, below which it lies on even ground."""

TIMED_PIXELS: Final = 8_000_000


class Colours(NamedTuple):
    """Mean distance of chroma from the true one and from that of the clean grey picture; mean chroma."""

    error: float
    moved: float
    strength: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prepare_measures", description=main.__doc__)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    parser.add_argument("--model", type=Path, help="a model file: colours are measured too")
    options = parser.parse_args(arguments)
    colour = [_shrunk(path) for path in options.pictures]
    clean = [lightness_of(picture) for picture in colour]
    print(f"{len(clean)} pictures, longest side {SIDE}")
    print_grain(clean)
    print_flaws(clean)
    print_time(clean[0])
    if options.model:
        print_colours(colour, options.model)


def denoisers() -> dict[str, Method]:
    """The methods that are compared, each told the grain by the same measure."""

    def nonlocal_means(lightness: FloatArray) -> FloatArray:
        codes = np.rint(lightness * 255).astype(np.uint8)
        strength = 1.3 * 255 * float(measure_grain(lightness)[0])
        return np.asarray(cv2.fastNlMeansDenoising(codes, None, strength, 7, 21), np.float32) / np.float32(255)

    def total_variation(lightness: FloatArray) -> FloatArray:
        weight = 1.2 * float(measure_grain(lightness)[0])
        return np.asarray(denoise_tv_chambolle(lightness, weight=max(weight, 1e-4)), np.float32)

    def bilateral(lightness: FloatArray) -> FloatArray:
        return np.asarray(cv2.bilateralFilter(lightness, 7, 3 * float(measure_grain(lightness)[0]) + 1e-4, 2.0))

    return {
        "grainy": lambda lightness: lightness,
        "ours": denoise,
        "non-local means": nonlocal_means,
        "total variation": total_variation,
        "bilateral": bilateral,
    }


def print_grain(clean: Sequence[FloatArray]) -> None:
    """PSNR after each method, for each grain; saved as JPEG of quality 92 before."""
    print("\ngrain           " + "".join(f"{f'{grain:g}/{size:g}':>10}" for grain, size in GRAINS) + "      s/MP")
    rng = np.random.default_rng(1)
    grainy = [[jpeg(add_grain(each, rng, strength=grain, size=size)) for each in clean] for grain, size in GRAINS]
    for name, method in denoisers().items():
        start = time.perf_counter()
        cells = [np.mean([psnr(method(worn), each) for worn, each in zip(aged, clean, strict=True)]) for aged in grainy]
        pixels = len(GRAINS) * sum(each.size for each in clean)
        seconds = 1e6 * (time.perf_counter() - start) / pixels
        print(f"{name:16}" + "".join(f"{cell:10.2f}" for cell in cells) + f"{seconds:10.2f}")


def print_flaws(clean: Sequence[FloatArray]) -> None:
    """Dust, scratches, fading, frames: what is found, what is wrong, PSNR before and after."""
    rng = np.random.default_rng(2)
    print("\nflaw                 found  on even   wrong px   dB before   dB after")
    flaws_of: dict[str, tuple[Wear, Method]] = {
        "dust": (dusty, remove_dust),
        "scratches": (scratched, remove_scratches),
    }
    for name, (draw, mend) in flaws_of.items():
        hits: list[bool] = []
        on_even: list[bool] = []
        rows = []
        for each in clean:
            worn, flaws = draw(each, rng)
            mended = mend(worn)
            touched = mended != worn
            count, labels = cv2.connectedComponents(flaws.astype(np.uint8))
            hit = {label: bool(touched[labels == label].any()) for label in range(1, count)}
            hits += hit.values()
            on_even += [found for label, found in hit.items() if _ground_spread(each, labels == label) < EVEN]
            far = cv2.dilate(flaws.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
            rows.append((np.mean(touched & far), psnr(worn, each), psnr(mended, each)))
        share = sum(on_even) / max(1, len(on_even))
        print(f"{name:18}{np.mean(hits):8.1%}{share:9.1%}{{:11.4%}}{{:12.2f}}{{:11.2f}}".format(*np.mean(rows, axis=0)))
        wrong = [np.mean(mend(each) != each) for each in clean]
        print(f"  on clean pictures                 {np.mean(wrong):11.4%}")
    for name, raise_contrast in (("percentile", stretch), ("clahe", equalize_locally)):
        faded = [fade(each, strength=0.5) for each in clean]
        before = np.mean([psnr(worn, each) for worn, each in zip(faded, clean, strict=True)])
        after = np.mean([psnr(raise_contrast(worn), each) for worn, each in zip(faded, clean, strict=True)])
        print(f"fading {name:11}                            {before:12.2f}{after:11.2f}")
    frames = [framed(each, value) for each in clean for value in (0.02, 0.97)]
    found = np.mean([inside_border(each)[0].start > 0 and inside_border(each)[1].start > 0 for each in frames])
    none = np.mean([inside_border(each)[0].start + inside_border(each)[1].start > 0 for each in clean])
    print(f"frame: found {found:.1%}; seen in pictures without one {none:.1%}")


def print_time(picture: FloatArray) -> None:
    """Seconds a megapixel of each step on a grainy picture of 8 megapixels."""
    scale = float(np.sqrt(TIMED_PIXELS / picture.size))
    large = np.clip(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), 0, 1)
    large = add_grain(large, np.random.default_rng(0), strength=0.03)
    print(f"\nseconds a megapixel, {large.size / 1e6:.1f} megapixels")
    for text in ("border", "dust", "scratches", "denoise", "contrast:percentile", "contrast:clahe", "auto"):
        start = time.perf_counter()
        prepare(large, parse_preparation(text))
        print(f"{text:20} {1e6 * (time.perf_counter() - start) / large.size:.3f}")


def print_colours(pictures: Sequence[Any], model: Path) -> None:
    """Mean error of chroma and mean chroma when the picture is framed, or aged, with and without the steps."""
    from featcolor.batch import ColouringSettings, load_colorizer

    colorizer = load_colorizer(model, ColouringSettings())
    rng = np.random.default_rng(3)
    cases: dict[str, list[Colours]] = {}

    def coloured(lightness: FloatArray, steps: str, region: tuple[slice, slice]) -> FloatArray:
        grey = grey_picture(lightness, np.dtype(np.uint8))
        rgb = colorize_prepared(colorizer, grey, parse_preparation(steps) if steps else ())
        return rgb_to_lab(np.ascontiguousarray(rgb[region]))[1]

    for rgb in pictures:
        lightness, true = rgb_to_lab(rgb)
        whole = np.s_[: lightness.shape[0], : lightness.shape[1]]
        tries = {"as it is": (lightness, "", whole)}
        for name, value in (("black", 0.02), ("white", 0.97)):
            frame = framed(lightness, value)
            top, left = ((large - small) // 2 for large, small in zip(frame.shape, lightness.shape, strict=True))
            inside = np.s_[top : top + lightness.shape[0], left : left + lightness.shape[1]]
            tries |= {f"{name} frame": (frame, "", inside), f"{name} frame, border": (frame, "border", inside)}
        aged = add_grain(fade(lightness, strength=0.5), rng, strength=0.06)
        for steps in ("", "denoise", "contrast", "denoise,contrast", "denoise,contrast:clahe"):
            tries[f"faded and grainy {steps}"] = (aged, steps, whole)
        usual = coloured(*tries["as it is"])
        for case, each in tries.items():
            chroma = coloured(*each)
            error, moved = (float(np.linalg.norm(chroma - other, axis=2).mean()) for other in (true, usual))
            strength = float(np.linalg.norm(chroma, axis=2).mean())
            cases.setdefault(case, []).append(Colours(error, moved, strength))
    print("\ncolours                                 error    moved   chroma")
    for case, values in cases.items():
        print(f"{case:36}{{:9.2f}}{{:9.2f}}{{:9.2f}}".format(*np.mean(values, axis=0)))


def psnr(picture: FloatArray, true: FloatArray) -> float:
    """Peak signal-to-noise ratio of two lightness planes, dB."""
    return float(-10 * np.log10(max(float(np.mean((picture - true) ** 2)), 1e-10)))


def _ground_spread(clean: FloatArray, flaw: NDArray[np.bool_]) -> float:
    near = cv2.dilate(flaw.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    low, high = np.percentile(clean[near], (2, 98))
    return float(high - low)


def _shrunk(path: Path) -> Any:
    picture = read_reference(path, 4 * SIDE * SIDE)
    scale = SIDE / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture


if __name__ == "__main__":
    main()
