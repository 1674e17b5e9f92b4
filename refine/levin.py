"""Least squares seeded by confidence: unsure pixels take the chroma of sure ones that they are joined to by lightness.

Levin, Lischinski, Weiss, "Colorization using optimization", 2004, with a prediction and its confidence in place of
scribbles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from refine.planes import FloatArray, checked_planes

# The paper's width of likeness: a share of the window's variance, and no neighbour at all below this likeness.
VARIANCE_SHARE = 0.6
LEAST_LIKENESS = 0.01
# Residual of the solver beside the right-hand side: the answer is then within some thousandths of a unit of a*, b*.
TOLERANCE = 5e-6
# Steps of the solver: several times what the slowest picture measured took.
MAX_STEPS = 500


class Links(NamedTuple):
    """How alike neighbours are, on rows padded by one pixel and laid end to end, n = H · (W + 1).

    joined : (4, n) float32, of a pixel to its right, lower left, lower, lower right neighbour; 0 where none is.
    steps : how far along each of these is.
    """

    joined: FloatArray
    steps: tuple[int, int, int, int]


def levin(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    data_weight: float = 0.03,
    power: float = 2.0,
    sigma_lightness: float = 0.02,
) -> FloatArray:
    """Chroma near the given one where that is sure, and like that of neighbours of the same lightness elsewhere.

    Minimises ``Σ_p d_p |u_p − chroma_p|² + Σ_pq w_pq |u_p − u_q|²`` over neighbours in 3×3 windows;
    ``w = exp(−(Y_p−Y_q)² / c)``, ``c = max(0.6 var, −min (Y_p−Y_q)² / ln 0.01, 2 sigma_lightness²)`` of the window,
    the eight of a pixel summing to 1, the mean of both directions taken; d goes with confidence^power, of which only
    ratios count, and its mean is data_weight.
    The answer is a weighted mean of the given chroma everywhere: no value leaves its range.

    Parameters
    ----------
    data_weight : float
        Pull to the given chroma beside that of all neighbours together; where lightness is flat the answer decays over
        about 0.6 / √data_weight pixels.
    power : float
        How sharply the pull rises with confidence.
    sigma_lightness : float
        Steps of lightness well below this one hinder nothing; the paper's is 0.001.
    """
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, data_weight=data_weight, power=power, sigma_lightness=sigma_lightness
    )
    height, width = lightness.shape
    sure = np.ones_like(lightness) if confidence is None else confidence ** np.float32(power)
    pull = np.zeros((height, width + 1), np.float32)
    pull[:, :width] = sure * np.float32(data_weight / sure.mean(dtype=np.float64))
    given = np.zeros((2, height, width + 1), np.float32)
    given[..., :width] = np.moveaxis(chroma, 2, 0)
    solved = _solve(_links(lightness, sigma_lightness), pull.ravel(), given.reshape(2, -1))
    return np.ascontiguousarray(np.moveaxis(solved.reshape(given.shape)[..., :width], 0, 2))


def _links(lightness: FloatArray, sigma_lightness: float) -> Links:
    """Likeness of neighbours, by the paper's rule in the window of each pixel, the mean of the two directions."""
    height, width = lightness.shape
    stride = width + 1
    ahead = [(0, 1), (1, -1), (1, 0), (1, 1)]
    padded = np.full((height + 2, width + 2), np.nan, np.float32)
    padded[1:-1, 1:-1] = lightness
    away = np.stack(
        [
            padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] - lightness
            for dy, dx in ahead + [(-dy, -dx) for dy, dx in ahead]
        ]
    )
    there = ~np.isnan(away)
    away[~there] = 0
    squares = away * away
    count = there.sum(0, dtype=np.float32) + 1
    variance = squares.sum(0) / count - (away.sum(0) / count) ** 2
    least = np.where(there, squares, np.inf).min(0)
    least[count == 1] = 0
    width_of_likeness = np.maximum(VARIANCE_SHARE * variance, least * np.float32(-1 / np.log(LEAST_LIKENESS)))
    alike = np.exp(-squares / np.maximum(width_of_likeness, np.float32(2 * sigma_lightness**2))) * there
    alike /= np.maximum(alike.sum(0), np.float32(LEAST_LIKENESS))
    rows = np.zeros((8, height, stride), np.float32)
    rows[..., :width] = alike
    flat = rows.reshape(8, -1)
    steps = (1, stride - 1, stride, stride + 1)
    joined = flat[:4] * np.float32(0.5)
    for k, step in enumerate(steps):
        joined[k, :-step] += 0.5 * flat[4 + k, step:]
    return Links(joined, steps)


def _spread(links: Links, planes: FloatArray) -> FloatArray:
    """Sum of the neighbours, each times its likeness, (..., n)."""
    out = np.zeros_like(planes)
    share = np.empty_like(planes)
    for joined, step in zip(links.joined, links.steps, strict=True):
        joined, part = joined[:-step], share[..., step:]
        out[..., :-step] += np.multiply(joined, planes[..., step:], out=part)
        out[..., step:] += np.multiply(joined, planes[..., :-step], out=part)
    return out


def _solve(links: Links, pull: FloatArray, given: FloatArray) -> FloatArray:
    """Conjugate gradients, scaled by the diagonal, from the given chroma (2, n) on; channels step apart."""
    # The padding is joined to nothing and pulled nowhere.
    diagonal = np.maximum(pull + _spread(links, np.ones_like(pull)), np.float32(np.finfo(np.float32).tiny))
    solved = given.copy()
    residual = pull * given - (diagonal * solved - _spread(links, solved))
    enough = (TOLERANCE * np.linalg.norm(pull * given, axis=1, keepdims=True)) ** 2
    scaled = residual / diagonal
    direction = scaled.copy()
    product = _dot(residual, scaled)
    for _ in range(MAX_STEPS):
        if (_dot(residual, residual) <= enough).all():
            break
        image = diagonal * direction - _spread(links, direction)
        # A channel that is solved exactly has a direction of nothing.
        length = product / np.maximum(_dot(direction, image), np.float32(1e-30))
        solved += length * direction
        residual -= length * image
        scaled = residual / diagonal
        previous, product = product, _dot(residual, scaled)
        direction *= product / np.maximum(previous, np.float32(1e-30))
        direction += scaled
    return solved


def _dot(first: FloatArray, second: FloatArray) -> FloatArray:
    """Inner product of each row, (2, 1)."""
    return np.asarray(np.einsum("kn,kn->k", first, second)[:, None], np.float32)
