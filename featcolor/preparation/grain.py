"""Grain taken out of a scan: wavelet details weakened where they are no stronger than the grain.

Chosen over non-local means, total variation and the bilateral filter (docs/old-pictures.md); float32 throughout.

Sources: the undecimated "a trous" transform with the B3 spline (Starck, Murtagh and Bijaoui, Image Processing and Data
Analysis, 1998); Wiener filtering of its details with a first pass as pilot (Ghael, Sayeed and Baraniuk, SPIE 3169,
1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from featcolor.colour.lab import FloatArray

LEVELS: Final = 4
"""Scales of detail: the grain of a scan is 1 to 8 pixels wide."""
LEAST_GRAIN: Final = 0.004
"""Grain, standard deviation of L*/100, that nobody sees (one code of 255): the picture stays as it is."""
MAX_GRAIN_RATIOS: Final = (1.0, 1.0, 0.6, 0.3)
"""Grain of each scale as a share of the finest's, at most: more in the coarse ones is the picture itself."""
EVEN: Final = 0.38
"""Evenness from which on detail is grain to `denoise_grainy`: grass, cloth and bark measure as grain too."""
RESIDUE: Final = 0.25
"""Share of the grain that stays everywhere: a picture quite without looks like plastic, and shows what was missed."""
_SPLINE = np.array([1, 4, 6, 4, 1], np.float32) / 16
_PILOT_WINDOWS = (1.9, 3.3, 6.1, 11.7)  # sigma, pixels, of the neighbourhood whose detail is compared with the grain
_WINDOWS = (1.5, 1.6, 2.6, 4.0)
_PILOT_STRENGTH = 1.15
_WIENER_STRENGTH = 0.8  # both by PSNR on grained photographs, grain 0.02 to 0.1, clumped by 0.7 and 1.2 pixels
_MARGIN = 128  # rows that a result depends on: filters of both passes, 30 + 47 + 30 + 16
_BAND_PIXELS = 2**21
_QUIET_PERCENTILE = 2.0
_QUIET_CORRECTION = 1.2  # the quietest fiftieth of blocks of pure noise is this much below all of them
_BLOCK = 8
_PROBE = 512
_PROBES = 4
_MIDDLE_TONES = (0.1, 0.92)
_FEWEST_BLOCKS = 8


def denoise(lightness: FloatArray, strength: float = 1.0) -> FloatArray:
    """The picture (H, W), 0..1, with its grain weakened; edges and texture stronger than the grain stay.

    `strength` is a factor on the grain measured: above 1 is smoother, 0 is the identity. Worked out in bands of
    rows: memory is a dozen planes of 2 megapixels beside the picture's own.
    """
    grain = measure_grain(lightness) * np.float32(strength)
    if grain[0] < LEAST_GRAIN:
        return lightness.copy()
    height, width = lightness.shape
    rows = max(2 * _MARGIN, _BAND_PIXELS // width)
    smooth = np.empty_like(lightness)
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        first, last = max(0, start - _MARGIN), min(height, stop + _MARGIN)
        band = _weaken(lightness[first:last], grain)
        smooth[start:stop] = band[start - first : stop - first]
    return np.clip(smooth, 0.0, 1.0, out=smooth)


def denoise_grainy(lightness: FloatArray) -> FloatArray:
    """`denoise` where the grain lies evenly over the whole picture; any other stays as it is, its texture with it."""
    _, even = evenness(_probes(lightness))
    return denoise(lightness) if even >= EVEN else lightness.copy()


def measure_grain(lightness: FloatArray) -> NDArray[np.float32]:
    """Standard deviation of the grain in each scale of detail, (LEVELS,), L*/100.

    Read off the quietest blocks of the middle tones (black and white show no grain), so that texture hardly counts.
    Large pictures are probed in 16 places.
    """
    quiet: list[list[NDArray[np.float32]]] = [[] for _ in range(LEVELS)]
    for probe in _probes(lightness):
        details, _ = _decompose(probe)
        for level, detail in enumerate(details):
            quiet[level].append(_block_energies(detail, probe, _BLOCK * 2**level))
    grain = np.zeros(LEVELS, np.float32)
    for level, parts in enumerate(quiet):
        energies = np.concatenate(parts)
        if len(energies) >= _FEWEST_BLOCKS or (level == 0 and len(energies)):
            grain[level] = _QUIET_CORRECTION * np.sqrt(np.percentile(energies, _QUIET_PERCENTILE))
        elif level:
            grain[level] = grain[level - 1] / 2  # too small a picture to tell: as if the grain were white
    return np.minimum(grain, grain[0] * np.array(MAX_GRAIN_RATIOS, np.float32))


def _probes(lightness: FloatArray) -> list[FloatArray]:
    axes = []
    for side in lightness.shape:
        starts = [0] if side <= _PROBES * _PROBE else np.linspace(0, side - _PROBE, _PROBES).astype(int).tolist()
        length = side if len(starts) == 1 else _PROBE
        axes.append([slice(start, start + length) for start in starts])
    return [lightness[rows, columns] for rows in axes[0] for columns in axes[1]]


def _block_energies(detail: FloatArray, lightness: FloatArray, side: int) -> NDArray[np.float32]:
    """Mean square of the detail in each block of middle tone."""
    rows, columns = (length // side for length in detail.shape)
    if rows == 0 or columns == 0:
        return np.empty(0, np.float32)
    low, high = _MIDDLE_TONES

    def mean(plane: FloatArray) -> NDArray[np.float32]:
        cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
        return np.asarray(cut.mean((1, 3)), np.float32)

    tone = mean(lightness)
    return mean(detail * detail)[(tone > low) & (tone < high)]


def evenness(probes: Sequence[FloatArray]) -> tuple[float, float]:
    """Deviation of a picture's finest detail where it is quietest, L*/100, and how alike it is elsewhere, 0..1.

    The second is the energy of detail in the quietest fiftieth of the blocks over that in the quietest fifth: near 1
    for grain, which lies over the whole picture; (0, 0) where too few blocks are of middle tone to tell.

    `probes`: parts of one picture, (h, w) each, 0..1.
    """
    energies = np.concatenate([_block_energies(_decompose(probe, 1)[0][0], probe, _BLOCK) for probe in probes])
    if len(energies) < _FEWEST_BLOCKS:
        return 0.0, 0.0
    quietest, quiet = np.percentile(energies, (_QUIET_PERCENTILE, 10 * _QUIET_PERCENTILE))
    return float(np.sqrt(quietest)), float(quietest / quiet) if quiet > 0 else 0.0


def _decompose(plane: FloatArray, levels: int = LEVELS) -> tuple[list[FloatArray], FloatArray]:
    """Details of each scale, finest first, and the rest; together they sum up to the plane."""
    details, rest = [], plane
    for level in range(levels):
        kernel = np.zeros(4 * 2**level + 1, np.float32)
        kernel[:: 2**level] = _SPLINE
        smooth = np.asarray(cv2.sepFilter2D(rest, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101))
        details.append(rest - smooth)
        rest = smooth
    return details, rest


def _weaken(lightness: FloatArray, grain: NDArray[np.float32]) -> FloatArray:
    details, rest = _decompose(lightness)
    pilot = rest.copy()
    for detail, deviation, window in zip(details, grain, _PILOT_WINDOWS, strict=True):
        noise = (_PILOT_STRENGTH * deviation) ** 2
        energy = _blurred(detail * detail, window)
        pilot += detail * (np.maximum(energy - noise, 0) / (energy + np.float32(1e-12)))
    smooth = rest
    for detail, seen, deviation, window in zip(details, _decompose(pilot)[0], grain, _WINDOWS, strict=True):
        noise = (_WIENER_STRENGTH * deviation) ** 2
        energy = _blurred(seen * seen, window)
        share = np.maximum(energy / (energy + noise + np.float32(1e-12)), np.float32(RESIDUE))
        smooth += detail * share
    return smooth


def _blurred(plane: FloatArray, sigma: float) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))
