"""featcolor pretrain PHOTO... -o NETWORK.onnx: train a colour network, as the default model is one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from featcolor.commands.console import name_left_out, print_json, print_line, print_quality, progress_bar
from featcolor.commands.given.options import (
    check_place,
    fraction,
    from_zero,
    not_negative,
    positive,
    seed,
    whole_number,
)
from featcolor.commands.given.references import find
from featcolor.errors import NetworkError, UsageError, refuse_without_fit

SUMMARY = "train a colour network on thousands of photographs (needs torch)"
DESCRIPTION = """\
Train what the default model is: a network that colours any photograph without references, and whose embedding makes
every fit better. It takes thousands of colour photographs and hours; to colour an album, 'featcolor fit' is enough.
"""
EPILOG = """\
examples:
  featcolor pretrain photos/ -o mine.onnx --minutes 120
  featcolor pretrain photos/ -o mine.onnx --resume                  after Ctrl-C or a power cut
  featcolor pretrain photos/ -o better.onnx --from mine.onnx.checkpoint.pt --epochs 5 --rate 6e-4 --trunk-rate 6e-5 \\
    --trunk-stages 2 --dropout 0.2
  featcolor colorize old.jpg -o out.jpg --model mine.onnx

Folders below the one that all photographs share are sources: pictures are drawn and kept back by source. Training
stands on EfficientNet-Lite0 as it was trained on ImageNet. docs/pretraining.md says more.
"""

TORCH_MISSING = "pretraining needs torch, which is not installed: pip install torch==2.13.0 (featcolor's extra 'train')"
NETWORK_SUFFIX = ".onnx"

SETTINGS: tuple[tuple[str, Any, str, str], ...] = (
    ("epochs", whole_number, "N", "passes over the photographs (default: 12)"),
    ("batch", whole_number, "N", "crops a step (default: 32)"),
    ("rate", positive, "X", "largest learning rate of the decoder (default: 0.0015)"),
    ("trunk-rate", not_negative, "X", "the same of the trunk; 0 leaves it as it is (default: 0.00004)"),
    ("trunk-stages", whole_number, "N", "how many of the trunk's last stages, of 7, learn at that rate (default: 2)"),
    ("dropout", fraction, "F", "share of the trunk's channels that are dropped (default: 0.15)"),
    ("width", whole_number, "N", "channels of the embedding (default: 96)"),
    ("blocks", whole_number, "N", "residual blocks at each of four strides (default: 2)"),
    ("heads", from_zero, "N", "heads of the self-attention at strides 32 and 16, 0 for none (default: 4)"),
    ("rebalance", not_negative, "X", "weight of rare colours: 0 as they come, 1 as by Zhang 2016 (default: 0)"),
    ("balance", not_negative, "X", "0 draws sources by their size, 1 all alike (default: 0.35)"),
    ("emphasis", str, "LIST", "factors on that by source, NAME=FACTOR,..., as people=2,food=0.5"),
    ("class-balance", not_negative, "X", "the same of the classes (folders) of a source (default: 0.15)"),
    (
        "ageing",
        not_negative,
        "F",
        "how worn the crops are: stock, blur, grain, fading; 0 not at all (default: 0.4)",
    ),
    ("fine", not_negative, "F", "last share of the training that goes down to stride 4 too (default: 0.3)"),
    ("held-back", from_zero, "N", "photographs kept back to measure on, a tenth at most (default: 200)"),
    ("kept", fraction, "F", "with --from NETWORK, share of its weights in the mean at the end (default: 0)"),
    ("seed", seed, "N", "same seed, photographs, versions and threads: same network (default: 0)"),
)
"""Option without its dashes (a field of `PretrainConfig`), type, name of its value, help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `pretrain`."""
    parser.add_argument(
        "photo", nargs="+", metavar="PHOTO", help="colour photographs, folders (searched through), globs, @list.txt"
    )
    parser.add_argument("-o", "--output", required=True, metavar="NETWORK", help="the network to write, NETWORK.onnx")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint beside NETWORK")
    parser.add_argument(
        "--from",
        dest="start",
        type=Path,
        metavar="FILE",
        help="start from a network or another training's checkpoint",
    )
    parser.add_argument("--minutes", type=positive, metavar="M", help="train so long, whatever --epochs says")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="default: %(default)s")
    parser.add_argument("--threads", type=whole_number, metavar="N", help="threads of torch (default: all cores)")
    use = parser.add_argument_group("use", "what is not given is chosen on the photographs kept back")
    use.add_argument("--temperature", type=positive, metavar="T", help="below 1 sharpens the choice of colours")
    use.add_argument("--saturation", type=not_negative, metavar="X", help="factor on the chroma")
    use.add_argument(
        "--colourful", type=positive, metavar="F", help="share of the truth's colourfulness aimed at (default: 0.75)"
    )
    detail = parser.add_argument_group("in detail", "with --resume and --from some are the checkpoint's")
    for name, kind, value, text in SETTINGS:
        detail.add_argument(f"--{name}", type=kind, metavar=value, help=text)
    parser.add_argument("--json", action="store_true", help="print the network's card as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train and write; raises for what cannot be trained on."""
    from importlib.util import find_spec

    paths = [picture.path for picture in find(arguments.photo, quiet=arguments.quiet)]
    output = _check_output(arguments.output, paths)
    if find_spec("torch") is None:
        raise UsageError(TORCH_MISSING)
    refuse_without_fit("pretraining")

    from featcolor.pretraining.session import Request, pretrain

    names = [name.replace("-", "_") for name, *_ in SETTINGS]
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    chosen = {name: getattr(arguments, name) for name in ("device", "threads", "start", "resume", "minutes")}
    use = {name: getattr(arguments, name) for name in ("temperature", "saturation", "colourful")}
    request = Request(
        output=output, given=given, **chosen, **{name: value for name, value in use.items() if value is not None}
    )
    with progress_bar(quiet=arguments.quiet) as progress:
        card = pretrain(paths, request, progress)
    if not arguments.quiet:
        name_left_out(card["names_left_out"], more="; --json names them all")
    if arguments.json:
        print_json({"network": str(output), "file_bytes": output.stat().st_size, **card})
    elif not arguments.quiet:
        _print_card(card, output)
    return 0


def _check_output(output: str, photographs: list[Path]) -> Path:
    """The network's path, where it can be written without harm."""
    from featcolor.models.pretrained import read_network_card

    path = Path(output)
    check_place(path, photographs, example="mine.onnx")
    if path.suffix.lower() != NETWORK_SUFFIX:
        raise UsageError(f"{path}: -o needs a name that ends with {NETWORK_SUFFIX}, by which networks are known")
    if path.exists():
        try:
            read_network_card(path)
        except NetworkError as error:
            raise UsageError(f"{path} exists and is no colour network; choose another -o or remove it") from error
    return path


def _print_card(card: dict[str, Any], output: Path) -> None:
    if "quality" in card:
        print_quality(card["quality"], card["truth_colourfulness"])
        print_line(f"cross entropy {card['cross_entropy']:.3f}")
    else:
        print_line("no photographs were kept back, so no quality was measured")
    print_line(f"temperature {card['temperature']:g}, saturation {card['saturation']:g}")
    left_out = f", {card['left_out']} left out" if card["left_out"] else ""
    print_line(
        f"{output}: {output.stat().st_size / 1e6:.1f} MB, {card['steps']} steps on {card['pictures']} photographs"
        f"{left_out} in {card['seconds'] / 60:.1f} minutes; its checkpoint beside it is needed for --from only"
    )
