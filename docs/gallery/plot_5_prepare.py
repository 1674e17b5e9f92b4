"""
A worn print
============

An old scan is faded, grainy, dusty, and has a frame around it. featcolor leaves all that as it is unless it
is asked to mend it first.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import featcolor
from featcolor.colour.measures import grey_picture

# %%
# The wear is made by program: faded to two thirds of the tones, with grain, a few specks, and the white paper
# round it.

rng = np.random.default_rng(7)
worn = grey_picture(data.astronaut())[..., 0] * 0.55 + 70
worn += rng.normal(0, 9, worn.shape)
for row, column in rng.integers(20, 490, (25, 2)):
    worn[row : row + 4, column : column + 4] = 250
worn = np.pad(worn, 34, constant_values=243).clip(0, 255).astype(np.uint8)

# %%
# ``auto`` finds the frame, paints over dust, weakens the grain where it lies over the whole picture, and
# stretches tones that have faded.

fig, axes = plt.subplots(1, 3, figsize=(10, 3.7), layout="constrained")
pictures = (worn, featcolor.colorize(worn), featcolor.colorize(worn, prepare="auto"))
for axis, picture, title in zip(axes, pictures, ("a worn scan", "coloured as it is", 'prepare="auto"'), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axis.set_title(title)
    axis.axis("off")

# sphinx_gallery_thumbnail_number = 1
