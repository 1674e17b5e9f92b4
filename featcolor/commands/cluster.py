"""featcolor cluster [ADDRESS]: how to start a cluster, and whether one is fit to colour."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from featcolor.commands.console import WORK_FAILED, complain, many, print_line, print_text
from featcolor.errors import ClusterError, UsageError

if TYPE_CHECKING:
    from distributed import Client

    from featcolor.parallel.cluster import Cluster

SUMMARY = "colour on many machines: how to start a cluster, and a check of one"
DESCRIPTION = """\
A cluster is a Dask scheduler and workers, which you start; 'featcolor colorize --cluster ADDRESS' (and fit, video,
benchmark photos) then shares its work among them. Without ADDRESS this shows how to start one; with it, it checks
that every worker has the same featcolor, libraries and models, and sends a picture there and back.
"""
EPILOG = """\
examples:
  featcolor cluster                              how to start one
  featcolor cluster tcp://archive:8786           check it
  featcolor cluster tcp://archive:8786 --folder /srv/scans    do all workers see this folder?
"""
GUIDE = """\
On every machine, the same Python and the same featcolor:

  pip install 'featcolor[cluster]=={version}'

On one machine, the scheduler (the settings name a picture that kills workers after two tries, and blame no other):

  export {settings}
  dask scheduler --port 8786 --no-dashboard

On every machine that is to colour, a process of one thread for each core:

  export {worker_settings}
  dask worker tcp://HOST:8786 --nworkers -1 --nthreads 1 --no-dashboard

Then, from any of them:

  featcolor cluster tcp://HOST:8786
  featcolor colorize old/ -o coloured/ --cluster tcp://HOST:8786

Pictures that lie in a folder that all machines see at the same path go as paths, which costs nothing; others are sent
as bytes through the scheduler, up to 256 MB each. Films have to lie in such a folder. A model is sent once a worker.

Whoever reaches the scheduler's port can run programs on every worker. On a network that is not yours alone use TLS:
make a certificate authority and a certificate, copy them to every machine (workers, scheduler, and the one you type
on), and set these for all of them; the address then begins with tls://.

  openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj /CN=colour-ca -keyout ca.key -out ca.pem
  openssl req -newkey rsa:3072 -nodes -subj /CN=colour -keyout key.pem -out colour.csr
  openssl x509 -req -in colour.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -out cert.pem
  export DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=true DASK_DISTRIBUTED__COMM__TLS__CA_FILE=$PWD/ca.pem
  for who in SCHEDULER WORKER CLIENT; do
    tls=DASK_DISTRIBUTED__COMM__TLS__$who
    export ${{tls}}__CERT=$PWD/cert.pem ${{tls}}__KEY=$PWD/key.pem
  done
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `cluster`."""
    parser.add_argument(
        "address", nargs="?", metavar="ADDRESS", help="of the scheduler: tcp://HOST:8786, tls://HOST:8786"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="also check that all workers see this folder")


def run(arguments: argparse.Namespace) -> int:
    """Show how, or check; raises for what is not as it must be."""
    from featcolor.parallel.cluster import SCHEDULER_SETTINGS, WORKER_SETTINGS, Cluster

    if arguments.address is None:
        if arguments.folder is not None:
            raise UsageError("--folder is checked on a cluster; name its scheduler's address too")
        settings, worker_settings = (
            " ".join(f"{name}={value}" for name, value in each.items())
            for each in (SCHEDULER_SETTINGS, WORKER_SETTINGS)
        )
        text = GUIDE.format(version=version("featcolor"), settings=settings, worker_settings=worker_settings)
        print_text(text.rstrip())
        return 0
    with Cluster(arguments.address) as cluster:
        _tell_of_workers(cluster.client, arguments.address)
        _send_a_picture(cluster)
        return 0 if arguments.folder is None else _check_folder(cluster.client, arguments.folder)


def _as_typed(settings: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())


def _tell_of_workers(client: Client, address: str) -> None:
    """How many there are, and what makes them less than they could be."""
    from featcolor.parallel.cluster import SCHEDULER_SETTINGS, scheduler_settings

    threads = client.nthreads()
    hosts = {worker.rpartition(":")[0] for worker in threads}
    print_line(
        f"{address}: {many(len(threads), 'worker')} on {many(len(hosts), 'machine')}, with the same featcolor "
        f"{version('featcolor')}, libraries and models as here"
    )
    if wide := [worker for worker, count in threads.items() if count > 1]:
        complain(
            f"{many(len(wide), 'worker')} of several threads (the first: {wide[0]}), and each does one picture at a "
            "time; start them with --nthreads 1 --nworkers -1",
            kind="note",
        )
    for name, value in scheduler_settings(client).items():
        if (wanted := SCHEDULER_SETTINGS[name]) != value:
            complain(f"the scheduler runs with {name}={value}; {wanted} names what kills workers sooner", kind="note")


def _send_a_picture(cluster: Cluster) -> None:
    """One for every worker, there and back; ClusterError where one comes back otherwise than coloured here."""
    import numpy as np

    from featcolor.batch.colour import ColourPicture, PictureTask
    from featcolor.parallel.local import local_engine
    from featcolor.pictures.io import write_picture

    with tempfile.TemporaryDirectory(prefix="featcolor-") as name:
        folder = Path(name)
        grey = folder / "grey.png"
        ramp = np.add.outer(np.arange(192), np.arange(256)) % 256
        write_picture(grey, np.repeat(ramp[..., None].astype(np.uint8), 3, axis=2))
        tasks = [PictureTask(grey, folder / f"{number}.png") for number in range(len(cluster.client.nthreads()))]
        here = PictureTask(grey, folder / "here.png")
        start = time.perf_counter()
        outcomes = [*cluster.run(ColourPicture(None), tasks), *local_engine(1).run(ColourPicture(None), [here])]
        seconds = time.perf_counter() - start
        for outcome in outcomes:
            if outcome.failure is not None:
                raise ClusterError(f"{cluster.address}: a picture could not be coloured: {outcome.failure.message}")
        if len({task.target.read_bytes() for task in (*tasks, here)}) > 1:
            raise ClusterError(
                f"{cluster.address}: a picture came back otherwise than coloured here; are the processors unlike?"
            )
    print_line(f"a picture went to each and back, the same as coloured here; with loading it took {seconds:.1f} s")


def _check_folder(client: Client, folder: Path) -> int:
    """The exit code: whether all workers see what is written here."""
    from featcolor.parallel.cluster import seeing

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder here")
    seen = seeing(client, folder)
    if blind := [worker for worker, sees in seen.items() if not sees]:
        complain(
            f"{folder}: {len(blind)} of {many(len(seen), 'worker')} cannot work there (the first: {blind[0]}); "
            "pictures there go as bytes, films cannot go",
            kind="note",
        )
        return WORK_FAILED
    print_line(f"{folder}: all workers see it")
    return 0
