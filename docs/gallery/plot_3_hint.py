"""
One click
=========

A hint is a pixel and the colour that it had. What looks alike nearby follows, the rest mostly stays as it
was.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage import data

from featcolor import Hint, HintablePicture, Hints, load
from featcolor.colour.measures import grey_picture

grey = grey_picture(data.astronaut())

# %%
# `featcolor.HintablePicture` does once what is costly. Each set of hints is answered quickly then, as the studio needs
# it.

picture = HintablePicture(load("default"), grey)
suit, flag = Hint(points=((110, 330),), colour="#e07020"), Hint(points=((60, 160),), colour="crimson")


def coloured(*hints: Hint) -> np.ndarray:
    """The picture with these hints."""
    return picture.colorize(Hints(hints).pixels(grey.shape[:2]))


fig, axes = plt.subplots(1, 3, figsize=(10, 3.7), layout="constrained")
for axis, hints, title in zip(
    axes, ((), (suit,), (suit, flag)), ("no hint", "the suit: #e07020", "and the flag: crimson"), strict=True
):
    axis.imshow(coloured(*hints))
    axis.set_title(title)
    axis.axis("off")
    for hint in hints:
        axis.plot(*hint.points[0], "o", markersize=9, markerfacecolor=hint.colour, markeredgecolor="white")

# %%
# Which places are worth a hint? Those whose colour would take away most of the error that the model expects.

fig, axis = plt.subplots(figsize=(4, 4), layout="constrained")
axis.imshow(grey)
axis.axis("off")
for number, question in enumerate(picture.ask(4), 1):
    likely = picture.suggest(question.x, question.y, 1)[0].colour
    axis.text(question.x, question.y, str(number), color="white", ha="center", va="center", bbox={"facecolor": likely})

# sphinx_gallery_thumbnail_number = 1
