"""Fixtures of a release: a model of every kind, fitted now, and the picture that each colours.

    python -m tests.releases.make tests/releases/0.2.0

Each model is as small as its kind can be; settings that only cost size are smaller than the preset's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data
from sklearn.datasets import load_sample_image

from featcolor.hints.hint import Hint, Hints
from featcolor.models.album import AlbumColorizer, AlbumConfig
from featcolor.models.base import StillColorizer
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import PRESETS, ColorizerConfig
from featcolor.models.load import load
from featcolor.models.vividness import STATISTICS, Vividness
from featcolor.video.checkpoints import WORK_VERSION, open_work
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import ShotColours
from featcolor.video.report import ClipReport, KeyReport, NextFrame, ShotReport
from features.confidence import EVIDENCE, TERMS, Certainty
from tests.networks import colour_network
from tests.samples import grey, write_rgb

Picture = NDArray[np.uint8]

GREY: Final = "grey.png"
NETWORK: Final = "network.onnx"
WORK: Final = "reel.featcolor-work"
CHANNELS: Final = 6
SMALL: Final[dict[str, Any]] = {"hidden": (8,), "pixels": 200, "holdout": 0.2}
ALBUM: Final = AlbumConfig(pixels=300, keys=30, pixels_each=60, width=8, folds=2)


def small(picture: Picture) -> Picture:
    """A picture whose longer side has 96 pixels."""
    scale = 96 / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def references() -> list[Picture]:
    """Six photographs that come with scikit-image and scikit-learn."""
    taken = [data.coffee(), data.rocket(), data.chelsea(), data.astronaut()[:256], data.astronaut()[256:]]
    return [small(picture) for picture in (*taken, load_sample_image("flower.jpg"))]


def fitted(preset: str, **settings: Any) -> Colorizer:
    """A preset's model with few weights."""
    return Colorizer(replace(PRESETS[preset], **(SMALL | settings))).fit(references(), jobs=1)


def own_network(path: Path) -> Path:
    """A colour network that says all that a network's file may say."""
    rng = np.random.default_rng(1)
    scale = np.ones(len(EVIDENCE), np.float32)
    weights = rng.normal(0, 0.2, TERMS).astype(np.float32)
    certainty = Certainty(np.zeros_like(scale), scale, weights, bias=3.0, half=3.0, power=2.0)
    vividness = Vividness(rng.normal(0, 0.05, CHANNELS + len(STATISTICS)), 3.0, 0.5, 2.0)
    return colour_network(
        path, channels=CHANNELS, confidence=certainty.to_dict(), vividness=vividness.to_dict(), temperature=0.5
    )


MODELS: Final[dict[str, Callable[[], StillColorizer]]] = {
    "fast.featcolor": lambda: fitted("fast"),
    "balanced.featcolor": lambda: fitted("balanced"),
    "best.featcolor": lambda: fitted("best"),
    "many-clusters.featcolor": lambda: fitted(
        "fast", features="patch:5,words:12-4,backbone#4", clusters=2, film="orthochromatic", warmth=0.3
    ),
    "mean.featcolor": lambda: fitted("fast", head="mean", hidden=(), refine="joint_bilateral", upsample="bilinear"),
    "ridge.featcolor": lambda: fitted(
        "fast", features="daisy:7-1-3-4,position", head="mean", solver="ridge", refine="levin"
    ),
    "own-network.featcolor": lambda: fitted("fast", features=f"context,embedding:{NETWORK}"),
    "several.album": lambda: AlbumColorizer(album=ALBUM).fit(references()),
    "one.album": lambda: AlbumColorizer(album=ALBUM).fit(references()[:1]),
    "own-network.album": lambda: AlbumColorizer(NETWORK, ColorizerConfig(size=96), ALBUM).fit(references()),
}
"""Every kind of model by the name of its file: presets, heads, solvers, features, refiners, albums."""


def make(folder: Path) -> None:
    """Write the fixtures into a folder, in which it works: models name their network as it was typed."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    china = small(load_sample_image("china.jpg"))
    write_rgb(Path(GREY), grey(china)[:64, :64])
    own_network(Path(NETWORK))
    for name, model in MODELS.items():
        model().save(name)
    for path in sorted({*map(Path, MODELS), Path(NETWORK)}):
        write_rgb(path.with_name(f"{path.name}.png"), load(path).colorize(grey(china)[:64, :64]))
    hints = Hint(((3, 4),), "#000080"), Hint(((10, 20.5), (40, 25)), "#a03020", radius=3)
    Hints(hints, size=(64, 64)).write(Path("grey.png.hints.json"))
    report().write_json("film-report.json")
    work = open_work(Path(WORK), {"version of featcolor": WORK_VERSION}, overwrite=True)
    with shot() as colours:
        work.save(0, 7, colours)


def shot() -> ShotColours:
    """Two frames of 8 x 16 pixels: a* is the number of the frame, b* 20, and all of the second is a guess."""
    colours = ShotColours(SpooledPlanes(2, (8, 16, 2)), SpooledPlanes(2, (1, 2)))
    for frame in range(2):
        colours.chroma[frame] = np.broadcast_to(np.float32([frame, 20]), (8, 16, 2))
        colours.confidence[frame] = np.full((1, 2), 1 - frame, np.float32)
    return colours


def report() -> ClipReport:
    """A film report with all that one may hold."""
    shots = (
        ShotReport(first=0, last=1, kind="start", key_frames=(0,), hinted=(1,), confidence=(1, 0.5), guessed=(0, 0.25)),
        ShotReport(first=2, last=2, kind="dissolve", confidence=(0,), guessed=(1,), source="model"),
    )
    return ClipReport(
        clip="reel.mp4",
        output="reel-colour.mp4",
        frames=3,
        seconds=1.5,
        shots=shots,
        keys=(KeyReport(path="keys/000000.png", frame=0, correlation=float("nan"), located=True),),
        refused=("keys/000009.png: no such frame",),
        damaged=(2,),
        notes=("a note",),
        next=(NextFrame(frame=2, shot=1, gain=1.0, reason="all of it is a guess"),),
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve())
