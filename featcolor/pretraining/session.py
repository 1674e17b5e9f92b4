"""One training from pictures to a network file: checkpoints, stops, and what the file says of itself."""

from __future__ import annotations

import hashlib
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from featcolor.errors import UsageError
from featcolor.files import replacing
from featcolor.models.fit_report import library_versions
from featcolor.parallel.cores import available_cores
from featcolor.parallel.engine import Progress
from featcolor.pretraining.calibration import calibrate
from featcolor.pretraining.checkpoint import Checkpoint, checkpoint_path, read_checkpoint, write_checkpoint
from featcolor.pretraining.config import SHORT_SIDE, PretrainConfig
from featcolor.pretraining.export import export_network
from featcolor.pretraining.folding import fold, round_weights
from featcolor.pretraining.lite0 import read_weights as read_trunk
from featcolor.pretraining.network import Trunk
from featcolor.pretraining.pictures import Pictures, hold_back, names_of, read_pictures
from featcolor.pretraining.quality import COLOURFUL, Look, choose_settings, measure, pick, temperatures_for
from featcolor.pretraining.training import Training
from features.base import IndexArray
from features.colournet import ColourNetwork

CHECKPOINT_EVERY: Final = 300.0
"""Seconds between checkpoints."""
ARCHITECTURE: Final = ("width", "blocks", "heads", "hidden", "folded")
"""Settings that a training started from another one's checkpoint has in common with it."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Options of a training, as a person gives them.

    Attributes
    ----------
    output : the network file.
    given : settings of PretrainConfig that were given; others are the defaults, or the checkpoint's.
    device : auto, cpu or cuda.
    threads : of torch; None: all cores.
    start : what the training starts from: a checkpoint, whose averaged weights it takes, or a network's file.
    resume : go on from the checkpoint beside the output.
    minutes : how long to train; None: for `epochs`.
    temperature, saturation : None: chosen on the pictures kept back.
    colourful : share of the truth's colourfulness that the saturation is chosen for.
    """

    output: Path
    given: Mapping[str, Any]
    device: str = "auto"
    threads: int | None = None
    start: Path | None = None
    resume: bool = False
    minutes: float | None = None
    temperature: float | None = None
    saturation: float | None = None
    colourful: float = COLOURFUL


def pretrain(paths: Sequence[Path], request: Request, progress: Progress) -> dict[str, Any]:
    """A colour network trained on pictures and written: its card, with the names left out.

    Raises
    ------
    UsageError, ModelFileError, ReferencesError, TrainingError
    KeyboardInterrupt
        At Ctrl-C, after a checkpoint was written.
    """
    plan = make_plan(request)
    device = _device(request.device)
    threads = torch.get_num_threads()
    torch.set_num_threads(request.threads or available_cores())
    try:
        pictures, left_out = read_pictures(paths, names_of(paths), progress=progress)
        training, plan, held = _prepare(pictures, plan, request, device)
        _train(training, plan, request, progress)
        card = _card(pictures, held, plan, training, len(left_out))
        card = _write(training, pictures, pick(held), card, request, progress)
        calibrate(request.output, [pictures[number] for number in held], progress)
    finally:
        torch.set_num_threads(threads)
    return {**card, "names_left_out": left_out}


def make_plan(request: Request) -> Checkpoint:
    """Settings and what to start from, checked before the pictures are read.

    `pictures` is empty, and so is `cells`, in the plan of a training that starts with nothing; `state` is empty unless
    there is a training to go on with or to start from.
    """
    beside = checkpoint_path(request.output)
    if request.resume:
        return _resumed(beside, request)
    if beside.exists() and not read_checkpoint(beside).finished:
        raise UsageError(f"{beside}: a training was stopped here; add --resume to go on with it, or remove the file")
    seconds = None if request.minutes is None else 60 * request.minutes
    try:
        if request.start is None:
            config = PretrainConfig.from_dict(request.given)
            return Checkpoint(config, np.zeros((0, 2), np.float32), "", (), seconds, False, (), {})
        earlier = _network_plan(request.start) if request.start.suffix == ".onnx" else read_checkpoint(request.start)
        kept = {name: getattr(earlier.config, name) for name in ARCHITECTURE}
        config = PretrainConfig.from_dict({**kept, **request.given})
    except ValueError as error:
        raise error if isinstance(error, UsageError) else UsageError(str(error)) from error
    if other := [name for name in ARCHITECTURE if getattr(config, name) != kept[name]]:
        raise UsageError(f"{request.start}: its network has {other[0]} {kept[other[0]]}; leave --{other[0]} out")
    history = (*earlier.history, {**earlier.config.to_dict(), "steps": earlier.state.get("step", 0)})
    return replace(earlier, config=config, pictures="", seconds=seconds, finished=False, history=history)


def _network_plan(path: Path) -> Checkpoint:
    """What a network's file tells of its training; its weights are read once there is a network to put them into."""
    info = ColourNetwork(path).info
    card = info.card
    if "training" not in card:
        raise UsageError(f"{path}: its card does not tell the settings of its training; start from a checkpoint")
    config = PretrainConfig.from_dict({**card["training"], "folded": True})
    held_back, history = (tuple(card.get(name, ())) for name in ("held_back", "earlier_trainings"))
    return Checkpoint(config, info.cells, "", held_back, None, True, history, {"step": card.get("steps", 0)})


def _resumed(path: Path, request: Request) -> Checkpoint:
    if not path.exists():
        raise UsageError(f"{path}: no checkpoint, so nothing to go on with; leave --resume out")
    if request.start is not None:
        raise UsageError("--resume and --from exclude each other: what is resumed has its own beginning")
    plan = read_checkpoint(path)
    for name, value in request.given.items():
        if (before := getattr(plan.config, name)) != value:
            option = name.replace("_", "-")
            raise UsageError(f"{path}: this training began with --{option} {before}; leave --{option} out")
    if request.minutes is None:
        return plan
    if plan.seconds is None:
        raise UsageError(f"{path}: this training began with --epochs; leave --minutes out")
    return replace(plan, seconds=60 * request.minutes, finished=False)


def _prepare(
    pictures: Pictures, plan: Checkpoint, request: Request, device: torch.device
) -> tuple[Training, Checkpoint, IndexArray]:
    """The training in the state that it starts or goes on from, the plan with everything known, who is kept back."""
    prints = pictures.prints()
    digest = hashlib.sha256("\n".join([*prints, *pictures.names]).encode(errors="surrogatepass")).hexdigest()
    if request.resume and digest != plan.pictures:
        beside = checkpoint_path(request.output)
        raise UsageError(
            f"{beside}: its pictures were others; name those, or begin anew with --from a copy of this file"
        )
    kept = set(plan.held_back)
    names = pictures.names
    held = np.array([number for number, each in enumerate(prints) if {each, names[number]} & kept], np.intp)
    if not request.resume and not len(held):  # pictures that an earlier training kept back stay unseen
        held = hold_back(pictures, plan.config.held_back, plan.config.seed)
    trunk = Trunk(read_trunk())
    numbers = np.setdiff1d(np.arange(len(pictures)), held)
    cells = plan.cells if len(plan.cells) else None
    network = None if request.resume or "averaged" in plan.state else request.start
    training = Training(
        pictures, numbers, trunk, plan.config, device, cells=cells, network=network, seconds=plan.seconds
    )
    try:
        if request.resume:
            training.restore(plan.state)
        elif "averaged" in plan.state:
            training.start_from(plan.weights)
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        source = checkpoint_path(request.output) if request.resume else request.start
        raise UsageError(f"{source}: damaged checkpoint; its weights do not fit its settings") from error
    held_prints = tuple(prints[number] for number in held)
    return training, replace(plan, cells=training.cells, pictures=digest, held_back=held_prints), held


def _train(training: Training, plan: Checkpoint, request: Request, progress: Progress) -> None:
    """The steps to the end, or to Ctrl-C; a checkpoint is there in both cases."""
    path = checkpoint_path(request.output)

    def save(finished: bool) -> None:
        write_checkpoint(path, replace(plan, finished=finished, state=training.state()))

    saved = time.monotonic()
    with _stop_at_step() as stopped:
        while training.share < 1:
            training.advance(training.step + 1)
            stage = f"training, loss {training.loss:.3f}"
            if plan.seconds is None:
                progress(stage, training.step, training.steps)
            else:
                progress(stage, round(min(training.spent, plan.seconds)), round(plan.seconds))
            if stopped:
                break
            if time.monotonic() - saved > CHECKPOINT_EVERY:
                save(finished=False)
                saved = time.monotonic()
        save(finished=training.share >= 1)
    if stopped:
        # The program learns which signal it was, and a process without a handler ends by it.
        with suppress(KeyboardInterrupt):
            signal.raise_signal(stopped[0])
        raise KeyboardInterrupt(f"stopped after step {training.step}; the same command with --resume goes on")


def _write(
    training: Training, pictures: Pictures, held: IndexArray, card: dict[str, Any], request: Request, progress: Progress
) -> dict[str, Any]:
    """The network exported, measured as the file itself, given its settings, and put in its place: the card."""
    network = round_weights(fold(training.result()))
    settings: dict[str, Any] = {"short_side": SHORT_SIDE, "temperature": 1.0, "saturation": 1.0}
    with replacing(request.output) as part:
        part.write_bytes(export_network(network, training.cells, settings, card))
        reader = ColourNetwork(part)
        looks = []
        for done, number in enumerate(held, start=1):
            looks.append(Look.at(pictures[number], reader, temperatures_for(request.temperature)))
            progress("measuring", done, len(held))
        temperature, saturation = choose_settings(
            looks,
            temperature=request.temperature,
            saturation=request.saturation,
            share=request.colourful,
            progress=partial(progress, "choosing settings"),
        )
        settings |= {"temperature": temperature, "saturation": saturation}
        sources = [pictures.source_of(number) for number in held]
        card |= measure(looks, sources, training.mean_chroma, temperature, saturation)
        part.write_bytes(export_network(network, training.cells, settings, card))
    return {**settings, **card}


def _card(pictures: Pictures, held: IndexArray, plan: Checkpoint, training: Training, left_out: int) -> dict[str, Any]:
    """Card of the training in the network's file, as JSON can hold it."""
    sources = Counter(pictures.source_of(number) for number in training.numbers.tolist())
    return {
        "pictures": len(training.numbers),
        "left_out": left_out,
        "sources": {name or ".": sources[name] for name in sorted(sources)},
        "held_back": [pictures.names[number] for number in held],
        "mean_chroma": [round(float(value), 3) for value in training.mean_chroma],
        "training": plan.config.to_dict(),
        "earlier_trainings": list(plan.history),
        "steps": training.step,
        "seconds": round(training.spent, 1),
        "device": str(training.device),
        "versions": {**library_versions(), "torch": str(torch.__version__)},
    }


def _device(name: str) -> torch.device:
    there = bool(torch.cuda.is_available())
    if name == "cuda" and not there:
        raise UsageError("--device cuda: torch finds no CUDA device; leave --device out to train on the CPU")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


@contextmanager
def _stop_at_step() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM are noted and wait for the end of a step; a second one works at once."""
    noted: list[int] = []
    before: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _: Any) -> None:
        noted.append(number)
        restore()

    with suppress(ValueError):  # not the main thread: somebody else's program, which keeps its own handlers
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, note)
    try:
        yield noted
    finally:
        restore()
