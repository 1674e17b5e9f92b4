"""
Livelier, calmer, warmer, cooler
================================

Two settings change the look and need no new fit: ``saturation`` is a factor on the colours, ``warmth`` moves
the light from a blue sky (-1) to a lamp (1).
"""

import matplotlib.pyplot as plt
from skimage import data

import featcolor
from featcolor.colour.measures import grey_picture

grey = grey_picture(data.chelsea())
model = featcolor.load("default")

# %%
# The model is loaded once. Lightness is the same in all nine.

fig, axes = plt.subplots(3, 3, figsize=(9, 6.4), layout="constrained")
for row, saturation in zip(axes, (0.6, 1.0, 1.6), strict=True):
    for axis, warmth in zip(row, (-0.7, 0.0, 0.7), strict=True):
        axis.imshow(featcolor.colorize(grey, model=model, saturation=saturation, warmth=warmth))
        axis.set_title(f"saturation {saturation:g}, warmth {warmth:g}", fontsize=10)
        axis.axis("off")
