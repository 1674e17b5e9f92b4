"""
Colour without references
=========================

The default model colours a grey picture at once. It knows what is usual in photographs, not what was there:
compare with the colours that the camera saw.
"""

import matplotlib.pyplot as plt
from skimage import data

import featcolor
from featcolor.colour.measures import grey_picture

# %%
# `grey_picture` keeps the lightness of a colour picture and nothing else. It is all that the model is given.

fig, axes = plt.subplots(2, 3, figsize=(9, 5.2), layout="constrained")
for row, truth in zip(axes, (data.chelsea(), data.coffee()), strict=True):
    grey = grey_picture(truth)
    coloured = featcolor.colorize(grey)
    for axis, title, picture in zip(row, ("grey", "coloured", "truth"), (grey, coloured, truth), strict=True):
        axis.imshow(picture)
        axis.set_title(title)
        axis.axis("off")

# %%
# The cat is right. The cup is a thing that somebody painted, and no grey picture tells in which colour: see
# :ref:`sphx_glr_generated_gallery_plot_3_hint.py` for what helps.
