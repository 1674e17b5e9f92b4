"""
Colours out of an album
=======================

References are colour pictures that show what the grey picture shows. Here they are two details of the same
cup: the easiest case.
"""

import matplotlib.pyplot as plt
from skimage import data

import featcolor
from featcolor.colour.measures import gain, grey_picture, mean_delta_e00

photograph = data.coffee()
references = [photograph[:300, :360], photograph[120:, 180:]]
truth = photograph[20:380, 70:540]
grey = grey_picture(truth)

# %%
# `featcolor.AlbumColorizer` is the default model with references on top, fitted in seconds. It follows them as far as
# they predict each other, and stays with the default model elsewhere.

album = featcolor.AlbumColorizer().fit(references)
by_default = featcolor.colorize(grey)
by_album = featcolor.colorize(grey, model=album)

# %%
# Gain is PSNR over plain grey; ΔE00 is the difference of colours that a person sees, less is better.

fig, axes = plt.subplots(1, 4, figsize=(11, 2.9), layout="constrained")
for axis, title, picture in zip(
    axes, ("grey", "default model", "with the album", "truth"), (grey, by_default, by_album, truth), strict=True
):
    axis.imshow(picture)
    scores = "" if picture is truth else f"{gain(truth, picture):+.1f} dB, ΔE00 {mean_delta_e00(truth, picture):.1f}"
    axis.set_title(f"{title}\n{scores}", fontsize=10)
    axis.axis("off")

# sphinx_gallery_thumbnail_number = 1
