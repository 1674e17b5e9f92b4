"""The released networks that the benchmark knows by name: what they take and give, where their weights are, licences.

Written from the released programs, read as stored public copies; no weights were at hand, so nothing here has been run
with them. The export commands are for a checkout of the official repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from benchmarks.methods.onnx_io import NetworkDescription

IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_STD: Final = (0.229, 0.224, 0.225)
"""Mean and deviation of ImageNet's red, green and blue in 0..1, as torchvision and fastai have them."""

DEOLDIFY_RENDER_BASE: Final = 16
"""Pixels of a side for each step of DeOldify's render factor (`ColorizerFilter.render_base`)."""


@dataclass(frozen=True)
class Pretrained:
    """A released network.

    `description`: how it is run; `repository`: of the official code; `weights`: where the official weights are;
    `export`: shell command, one line, run in a checkout of the repository, writes `{file}`; `licence`: of code and
    weights, as far as known; `notes`: what the command needs.
    """

    description: NetworkDescription
    repository: str
    weights: str
    export: str
    licence: str
    notes: str = ""

    def export_command(self, file: str) -> str:
        """The export command that writes the ONNX network `file`."""
        return self.export.replace("{file}", file)


_ZHANG16 = NetworkDescription(
    title="Zhang 2016 (ECCV16)",
    input="lightness",
    output="ab",
    size=(256, 256),
    interpolation="bicubic antialiased",
    output_interpolation="bilinear",
    source="richzhang/colorization: colorizers/util.py (Pillow's bicubic to 256 x 256 on 8-bit codes; L* 0..100 by "
    "scikit-image; ab resized by F.interpolate, bilinear; lab2rgb), base_color.py (centring of L* and the scale 110 of "
    "ab are inside the network), eccv16.py (so are the 313 bins, their annealed mean and the 4-fold upsampling)",
)
_SIGGRAPH17 = replace(
    _ZHANG16,
    title="Zhang 2017 (SIGGRAPH17, no hints)",
    zeros=(2, 1),
    source="richzhang/colorization: colorizers/util.py as for zhang16; siggraph17.py (ab hints and their mask are "
    "zeros where none are given; tanh times 110 inside the network)",
)
_DEOLDIFY = NetworkDescription(
    input="rgb",
    mean=IMAGENET_MEAN,
    std=IMAGENET_STD,
    size=(35 * DEOLDIFY_RENDER_BASE,) * 2,
    interpolation="bilinear antialiased",
    output="rgb",
    output_mean=IMAGENET_MEAN,
    output_std=IMAGENET_STD,
    output_interpolation="bilinear antialiased",
    recombine="yuv",
    source="jantic/DeOldify: deoldify/filters.py (Pillow's bilinear to a square of render factor x 16 pixels, ImageNet "
    "normalisation, output cast to 8 bits, Pillow's bilinear back, U and V of cv2.COLOR_RGB2YUV on the input's Y), "
    "visualize.py (render factors), dataset.py and fastai 1's pred_batch (output denormalised, then clipped to 0..1). "
    "Releases of 2019 had BGR2YUV there, which weighs red as blue",
)
_DDCOLOR = NetworkDescription(
    input="rgb",
    output="ab",
    size=(512, 512),
    interpolation="bilinear",
    output_interpolation="nearest",
    source="piddnad/DDColor: ddcolor/pipeline.py (cv2.resize, bilinear, of codes in 0..1; Lab with a = b = 0 back to "
    "RGB, which for a grey picture is the picture itself; ab resized by F.interpolate without a mode, hence nearest, "
    "and put on the full-size L*), ddcolor/model.py (ImageNet normalisation is inside the network)",
)

_RICHZHANG_EXPORT = (
    'python -c "import torch, colorizers; torch.onnx.export(colorizers.{model}().eval(), {inputs}, '
    "'{file}', opset_version=17, dynamo=False)\""
)

_DEOLDIFY_EXPORT = (
    'python -c "import torch; from pathlib import Path; from deoldify import device; from deoldify.device_id import '
    "DeviceId; device.set(device=DeviceId.CPU); from deoldify.generators import {maker}; "
    "model = {maker}(root_folder=Path('.'), weights_name='{weights}').model.cpu().eval(); "
    "torch.onnx.export(model, torch.zeros(1, 3, {side}, {side}), '{file}', opset_version=11)\""
)


def _richzhang(description: NetworkDescription, *, model: str, inputs: str, weights: str) -> Pretrained:
    return Pretrained(
        description,
        "https://github.com/richzhang/colorization",
        f"https://colorizers.s3.us-east-2.amazonaws.com/{weights} (the command fetches it)",
        _RICHZHANG_EXPORT.format(model=model, inputs=inputs, file="{file}"),
        "code BSD-2-Clause; the weights come with it, no licence of their own is stated",
        "needs torch, scikit-image and IPython; with torch older than 2.5 leave dynamo=False out",
    )


def _deoldify(title: str, *, maker: str, weights: str, render_factor: int, address: str) -> Pretrained:
    side = render_factor * DEOLDIFY_RENDER_BASE
    export = _DEOLDIFY_EXPORT.format(maker=maker, weights=weights, side=side, file="{file}")
    return Pretrained(
        replace(_DEOLDIFY, title=title, size=(side, side)),
        "https://github.com/jantic/DeOldify",
        address,
        export,
        "code and weights MIT (the repository's README says so)",
        f"put {weights}.pth into models/; needs the environment of the checkout's environment.yml (fastai 1)",
    )


def _ddcolor(title: str, *, model_size: str, weights: str, address: str) -> Pretrained:
    return Pretrained(
        replace(_DDCOLOR, title=title),
        "https://github.com/piddnad/DDColor",
        address,
        f"python scripts/export_onnx.py --model_path {weights} --model_size {model_size} --export_path {{file}}",
        "code Apache-2.0; the weights come with it, no other licence is known",
        "needs the checkout's requirements, basicsr (python setup.py develop), onnx, onnxruntime and onnxsim",
    )


PRETRAINED: Final[Mapping[str, Pretrained]] = MappingProxyType(
    {
        "zhang16": _richzhang(
            _ZHANG16,
            model="eccv16",
            inputs="torch.zeros(1, 1, 256, 256)",
            weights="colorization_release_v2-9b330a0b.pth",
        ),
        "siggraph17": _richzhang(
            _SIGGRAPH17,
            model="siggraph17",
            inputs="tuple(torch.zeros(1, c, 256, 256) for c in (1, 2, 1))",
            weights="siggraph17-df00044c.pth",
        ),
        "deoldify-artistic": _deoldify(
            "DeOldify artistic",
            maker="gen_inference_deep",
            weights="ColorizeArtistic_gen",
            render_factor=35,
            address="https://data.deepai.org/deoldify/ColorizeArtistic_gen.pth",
        ),
        "deoldify-stable": _deoldify(
            "DeOldify stable",
            maker="gen_inference_wide",
            weights="ColorizeStable_gen",
            render_factor=35,
            address="https://github.com/jantic/DeOldify#completed-generator-weights (ColorizeStable_gen.pth)",
        ),
        "deoldify-video": _deoldify(
            "DeOldify video",
            maker="gen_inference_wide",
            weights="ColorizeVideo_gen",
            render_factor=21,
            address="https://data.deepai.org/deoldify/ColorizeVideo_gen.pth",
        ),
        "ddcolor-tiny": _ddcolor(
            "DDColor tiny",
            model_size="tiny",
            weights="pretrain/ddcolor_paper_tiny.pth",
            address="https://huggingface.co/piddnad/ddcolor_paper_tiny",
        ),
        "ddcolor-large": _ddcolor(
            "DDColor large",
            model_size="large",
            weights="pretrain/ddcolor_paper.pth",
            address="https://huggingface.co/piddnad/ddcolor_paper (as published; ddcolor_modelscope is the default of "
            "its programs)",
        ),
    }
)
"""By the name that `--onnx NAME=PATH` knows."""
