"""
Where to look for mistakes
==========================

The model says how sure it is of each pixel. Bright places need no second look; dark ones are where a hint or
a reference helps.
"""

import matplotlib.pyplot as plt
from skimage import data

import featcolor
from featcolor.colour.measures import delta_e00, grey_picture

truth = data.coffee()
coloured, confidence = featcolor.load("default").colorize(grey_picture(truth), return_confidence=True)

# %%
# Confidence is given at the size that colour is worked out on. The last picture is what it tries to foretell:
# the difference from the truth that a person sees.

fig, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
axes[0].imshow(coloured)
axes[0].set_title("coloured")
sure = axes[1].imshow(confidence, cmap="gray", vmin=0, vmax=1)
axes[1].set_title("confidence")
error = axes[2].imshow(delta_e00(truth, coloured), cmap="magma", vmin=0, vmax=40)
axes[2].set_title("error, ΔE00")
for axis, image in ((axes[1], sure), (axes[2], error)):
    fig.colorbar(image, ax=axis, shrink=0.8)
for axis in axes:
    axis.axis("off")
