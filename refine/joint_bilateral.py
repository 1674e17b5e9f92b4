"""Joint bilateral filter: mean chroma of the near pixels that are alike in lightness.

Petschnigg et al., "Digital photography with flash and no-flash image pairs", 2004; Eisemann and Durand 2004.
In colorization: Cheng, Yang, Sheng, "Deep Colorization", 2015, section 3.4.
"""

from __future__ import annotations

import cv2
import numpy as np

from refine.planes import FloatArray, checked_planes, weighted, ximgproc

# Half the window over sigma_space, as OpenCV chooses it: a Gaussian is 0.32 of its peak there.
WINDOW_SIGMAS = 1.5


def joint_bilateral(
    chroma: FloatArray,
    lightness: FloatArray,
    confidence: FloatArray | None = None,
    *,
    sigma_space: float = 6.0,
    sigma_lightness: float = 0.1,
) -> FloatArray:
    """Filter chroma with lightness as guide.

    ``out(p) = Σ_q f(|p−q|) g(L_p−L_q) w_q chroma_q / Σ_q f(|p−q|) g(L_p−L_q) w_q`` over a disc of radius
    round(1.5 sigma_space), at least 1; f and g are Gaussians, w is confidence, or 1. The picture is
    mirrored at its border.

    Parameters
    ----------
    sigma_space : float
        In pixels. Time grows with its square.
    sigma_lightness : float
        In units of lightness, 0..1. OpenCV's float filter takes it unscaled (its 8-bit one would want it times 255).
    """
    chroma, lightness, confidence = checked_planes(
        chroma, lightness, confidence, sigma_space=sigma_space, sigma_lightness=sigma_lightness
    )
    diameter = 2 * max(1, round(WINDOW_SIGMAS * sigma_space)) + 1
    bilateral = ximgproc().jointBilateralFilter

    def smooth(planes: FloatArray) -> FloatArray:
        # OpenCV tabulates g over the range of the guide before it pads: a constant border would read past the table.
        return bilateral(lightness, planes, diameter, sigma_lightness, sigma_space, borderType=cv2.BORDER_REFLECT)

    return weighted(smooth, chroma, np.ones_like(lightness) if confidence is None else confidence)
