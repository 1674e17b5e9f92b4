"""Who does the work: this machine, in so many processes, or the workers of a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from featcolor.commands.console import complain
from featcolor.commands.given.options import whole_number

if TYPE_CHECKING:
    from featcolor.parallel.engine import Engine

CLUSTER_HELP = "let the workers of a cluster do it: its scheduler, tcp://HOST:8786 (see 'featcolor cluster')"


def add_engine_options(parser: argparse.ArgumentParser, *, default: str = "by the work") -> None:
    """`--jobs`, with its default in words, and `--cluster`, which exclude each other."""
    engine = parser.add_mutually_exclusive_group()
    engine.add_argument("-j", "--jobs", type=whole_number, metavar="N", help=f"processes (default: {default})")
    engine.add_argument("--cluster", metavar="ADDRESS", help=CLUSTER_HELP)


@contextmanager
def chosen_engine(arguments: argparse.Namespace, n_items: int, default_jobs: Callable[[], int]) -> Iterator[Engine]:
    """The engine that was asked for, for so many items; UsageError where the cluster cannot be used."""
    if arguments.cluster is not None:
        from featcolor.parallel.cluster import Cluster

        with Cluster(arguments.cluster, tell=partial(complain, kind="note")) as cluster:
            yield cluster
        return
    from featcolor.parallel.local import local_engine

    yield local_engine(min(arguments.jobs or default_jobs(), n_items))
