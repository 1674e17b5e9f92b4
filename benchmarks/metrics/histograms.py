"""Area under the error curve (AuC), ab histograms and their Jensen-Shannon distance.

ab bins are 10 wide and centred on multiples of 10, as in Zhang, Isola, Efros: Colorful image colorization (ECCV 2016),
section 2.2, so that neutral colours, rounded, fall into one bin and not into four.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

AB_BIN: Final = 10.0
"""Width of a bin in a* and b*."""

AB_SIDE: Final = 23
"""Bins along a* and along b*, centred on -110, -100, ... 110: sRGB reaches from -108 to 99."""

AB_BINS: Final = AB_SIDE**2
"""Bins in all."""

AUC_LIMIT: Final = 150
"""Largest threshold of the AuC, an ab distance (Zhang et al. 2016, section 3.1)."""


def auc(truth: NDArray[Any], output: NDArray[Any]) -> float:
    """Area under the curve of the share of pixels whose ab distance is at most t, for t = 0..150, in %.

    Integer thresholds, trapezoid rule, divided by 150. Plain: every pixel counts the same, so that grey alone scores
    87 to 89 on photographs; show `combine_rebalanced_auc` beside it.

    `truth`, `output`: (H, W, 2), a*, b*.

    Returns 0..100; 100 when equal.

    References
    ----------
    Zhang, Isola, Efros: Colorful image colorization (ECCV 2016), section 3.1; the measure is Deshpande's (ICCV 2015).
    """
    return 100.0 * float(_pixel_auc(truth, output).mean(dtype=np.float64))


def rebalanced_auc_parts(truth: NDArray[Any], output: NDArray[Any]) -> NDArray[np.float32]:
    """What the rebalanced AuC of a set needs of one picture: (2, AB_BINS).

    First the share of its pixels whose true colour lies in each ab bin, then the same with every pixel weighted by its
    own AuC (0..1). Shares, so that pictures of any size count the same.
    """
    scores = _pixel_auc(truth, output)
    index = _ab_index(truth)
    parts = [np.bincount(index, weights, AB_BINS) / scores.size for weights in (None, scores.ravel())]
    return np.asarray(parts, np.float32)


def combine_rebalanced_auc(parts: NDArray[Any]) -> float:
    """AuC of a set of pictures with every pixel weighted by the inverse prior of its true colour's ab bin, in %.

    The weight is eq. 4 of Zhang et al. 2016 with lambda = 0: 1 / p(bin). The prior p is the truth of these very
    pictures and not smoothed (theirs: ImageNet, smoothed), so that each colour that occurs counts the same: the result
    is the mean over occupied bins of the bin's own AuC. Grey scores 62 to 64 on photographs (58.0 there).

    `parts`: (n, 2, AB_BINS), `rebalanced_auc_parts` of every picture.

    Returns 0..100.
    """
    shares, scores = parts.sum(axis=0, dtype=np.float64)
    occupied = shares > 0
    return 100.0 * float(np.mean(scores[occupied] / shares[occupied]))


def ab_shares(chroma: NDArray[Any]) -> NDArray[np.float64]:
    """Share of the pixels of (H, W, 2) in each ab bin: (AB_BINS,), sum 1; colours beyond go to the outermost bins."""
    index = _ab_index(chroma)
    return np.bincount(index, minlength=AB_BINS) / index.size


def jensen_shannon(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Jensen-Shannon distance of two distributions of n bins, each of sum 1: the root of the divergence, base 2.

    0 when equal, 1 when no bin is shared; a metric (Endres, Schindelin: A new metric for probability distributions,
    IEEE Transactions on Information Theory 49, 2003; the divergence is Lin's, the same journal 37, 1991).
    """
    from scipy.special import rel_entr  # of the extra `fit`

    middle = 0.5 * (first + second)
    divergence = 0.5 * (rel_entr(first, middle).sum() + rel_entr(second, middle).sum()) / np.log(2.0)
    return float(np.sqrt(max(divergence, 0.0)))


def _pixel_auc(truth: NDArray[Any], output: NDArray[Any]) -> NDArray[Any]:
    """Each pixel's own AuC, 0..1, (H, W).

    A pixel at ab distance d counts from t = k = ceil(d) on. The trapezoid over 0..150 gives the first and the last
    threshold half a step: 150 + 1/2 - k steps of 150, all of them when k = 0, none beyond.
    """
    if truth.shape != output.shape or truth.shape[-1] != 2:
        raise ValueError(f"chroma must be (H, W, 2) twice, got {truth.shape} and {output.shape}")
    a, b = np.moveaxis(truth - output, -1, 0)
    thresholds = np.ceil(np.sqrt(a * a + b * b))
    return np.clip(AUC_LIMIT + 0.5 - thresholds, 0, AUC_LIMIT) / AUC_LIMIT


def _ab_index(chroma: NDArray[Any]) -> NDArray[np.intp]:
    """Number of each pixel's ab bin, row a*, column b*: (H * W,)."""
    bins = np.rint(chroma.reshape(-1, 2) / AB_BIN).astype(np.intp) + AB_SIDE // 2
    a, b = np.clip(bins, 0, AB_SIDE - 1).T
    return a * AB_SIDE + b
