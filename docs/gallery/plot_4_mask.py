"""
Colour here and not there
=========================

A mask says where colour goes: one is colour, zero is grey, and soft edges stay soft. Since lightness is the
same in both, to mix the two pictures is to turn the colour up and down. The command line does it by
``--mask`` and ``--region``.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import featcolor
from featcolor.colour.measures import grey_picture

grey = grey_picture(data.chelsea())
coloured = featcolor.colorize(grey)

# %%
# An ellipse round the face, soft at its rim.

rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
distance = np.hypot((rows - 130) / 130, (columns - 215) / 150)
mask = np.clip((1.15 - distance) / 0.3, 0, 1)[..., None]
mixed = np.rint(mask * coloured + (1 - mask) * grey).astype(np.uint8)

fig, axes = plt.subplots(1, 3, figsize=(10, 2.6), layout="constrained")
for axis, picture, title in zip(
    axes, (coloured, mask, mixed), ("coloured", "mask", "coloured where it is white"), strict=True
):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.axis("off")

# sphinx_gallery_thumbnail_number = 1
