"""
A film from one frame a shot
============================

Somebody colours one frame of each shot. Its colour is carried along the motion to all others, and never
across a cut.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import featcolor
from benchmarks.demo.film import make_film, read_frames

folder = tempfile.TemporaryDirectory()

# %%
# The film has two shots of 30 frames: a camera moves over a photograph while a cup is carried across. It is
# written in grey, together with the two true frames that play the part of those that somebody has coloured.

film = make_film(Path(folder.name))
output = Path(folder.name) / "coloured.mp4"
report = featcolor.colorize_video(film.path, output, keyframes=film.keys)
grey, coloured = read_frames(film.path), read_frames(output)

# %%
# No frame of this strip was given in colour.

moments = (4, 22, 34, 54)
fig, axes = plt.subplots(3, len(moments), figsize=(10, 5), layout="constrained")
for row, title, frames in zip(axes, ("grey", "coloured", "truth"), (grey, coloured, film.truth), strict=True):
    for axis, moment in zip(row, moments, strict=True):
        axis.imshow(frames[moment])
        axis.set_title(f"{title}, frame {moment}", fontsize=10)
        axis.axis("off")

# %%
# The report says of each frame how far its colour can be believed: 1 is a key frame, below one half it is a
# guess.

fig, axis = plt.subplots(figsize=(8, 2.6), layout="constrained")
for shot in report.shots:
    axis.plot(range(shot.first, shot.last + 1), shot.confidence, color="tab:blue")
axis.plot(film.key_frames, [1.0] * len(film.key_frames), "o", color="tab:orange", label="key frames")
axis.set(xlabel="frame", ylabel="confidence", ylim=(0, 1.05))
axis.legend(loc="lower right")
folder.cleanup()

# sphinx_gallery_thumbnail_number = 1
