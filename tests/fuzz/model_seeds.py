"""Good models, albums, networks, hints and painted pictures, which the mutations begin from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from featcolor.hints.hint import Hint, Hints
from featcolor.models.album import AlbumColorizer, AlbumConfig
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from tests.fuzz.picture_seeds import SIDE, texture
from tests.networks import colour_network, tiny_network
from tests.samples import quick_config

FITS: tuple[dict[str, Any], ...] = (
    {"features": "patch,context,position"},
    {"features": "daisy:6-1-2-2,words:4-2", "members": 2, "views": 2, "clusters": 2},
    {"features": "patch,position", "head": "mean", "solver": "ridge"},
    {"features": "position,embedding:{network}"},
    {"features": "position,backbone:{backbone}@relu0+relu1#2"},
)
"""Settings of the fitted models; {network} is a small colour network, {backbone} one that was trained for objects."""
SMALL_ALBUM = AlbumConfig(pixels=300, keys=100, pixels_each=100, width=16, folds=2)


def model_seeds(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Kind and content of each; albums name the network that lies in the folder."""
    references = [np.roll(texture(side=48), 7 * k, axis=k % 2) for k in range(4)]
    path, network = folder / "seed", colour_network(folder / "colour.onnx")
    backbone = tiny_network(folder / "backbone.onnx")
    yield "onnx", network.read_bytes()
    for fit in FITS:
        features = fit["features"].format(network=network, backbone=backbone)
        config = quick_config(size=48, hidden=(16,), **{**fit, "features": features})
        Colorizer(config).fit(references, jobs=1).save(path)
        yield "featcolor", path.read_bytes()
    for several in (references, references[:1]):
        AlbumColorizer(network, ColorizerConfig(size=48), SMALL_ALBUM).fit(several).save(path)
        yield "album", path.read_bytes()


def hint_seeds() -> Iterator[tuple[str, bytes]]:
    """JSON of hints, and pictures with paint on them."""
    spots = (Hint(((3, 4),), "navy"), Hint(((9, 9), (20, 12), (25, 30)), "#aa5533", 2.5))
    for hints in (Hints(spots), Hints(spots, (SIDE, SIDE)), Hints(spots[:1], (2 * SIDE, 2 * SIDE))):
        yield "hints.json", json.dumps(hints.to_dict()).encode()
    layer = np.zeros((SIDE, SIDE, 4), np.uint8)
    layer[4:9, 5:12] = (20, 60, 200, 255)
    flat = np.repeat(texture(1)[..., None], 3, axis=2)
    flat[10:16, 8:20] = (30, 160, 40)
    for picture in (layer, flat):
        done, content = cv2.imencode(".png", picture)
        assert done
        yield "painted.png", content.tobytes()
