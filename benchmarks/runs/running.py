"""Runs of methods, each in a process of its own: fitted, timed, its pictures kept; a crash or a leak is its own.

Outputs are kept as `FOLDER/METHOD/PICTURE.png` beside `FOLDER/gt` and `FOLDER/gray`: the gallery layout that
`featcolor benchmark outputs` reads. What made them is kept as a fingerprint, so that a later run uses them again only
when nothing has changed.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.runs.environment import environment_facts
from benchmarks.runs.output_folder import OutputFolder
from benchmarks.runs.results import MethodRecord
from featcolor.errors import FeatcolorError, one_line
from featcolor.parallel.cores import available_cores, library_threads
from featcolor.parallel.engine import Engine, Progress, silent
from featcolor.parallel.processes import end_workers

PATIENCE: Final = 10.0
"""Seconds that a process has to end its own workers before it is killed."""
_MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Job:
    """One method's work.

    `name`: of the method, and of the folder of its outputs; `method`: not fitted; `references`: what it is fitted on,
    empty for a method that is not; `seconds`: its time budget, for a method that takes one; `data`: fingerprint of the
    samples, and of the references where the method learns from them.
    """

    name: str
    method: Method
    references: tuple[Path, ...] = ()
    seconds: float | None = None
    data: str = ""


@dataclass(frozen=True)
class RunJob:
    """A method's work by an engine: its record, with the times of the machine that did it.

    `folder`: of outputs, which all machines see; `pictures`: names of samples in it; `here`: the current folder of who
    asked, from which methods' own files are named.
    """

    folder: Path
    pictures: tuple[str, ...]
    here: str

    def __call__(self, job: Job) -> MethodRecord:
        return run_job(job, self.pictures, OutputFolder(self.folder), progress=silent, here=self.here)


def run_jobs(
    jobs: Sequence[Job],
    pictures: Sequence[str],
    outputs: OutputFolder,
    *,
    progress: Progress,
    engine: Engine | None = None,
) -> Iterator[MethodRecord]:
    """The record of each as it comes; without an engine they run here, one after the other."""
    if engine is None:
        for job in jobs:
            yield run_job(job, pictures, outputs, progress=progress)
        return
    work = RunJob(outputs.folder, tuple(pictures), str(Path.cwd()))
    with closing(engine.run(work, jobs)) as outcomes:
        for done, outcome in enumerate(outcomes, start=1):
            job = jobs[outcome.index]
            progress("running methods", done, len(jobs))
            if outcome.failure is not None:
                yield MethodRecord(job.name, job.method.title, job.method.group, failure=outcome.failure.message)
            elif outcome.result is not None:
                yield outcome.result


def run_job(
    job: Job, pictures: Sequence[str], outputs: OutputFolder, *, progress: Progress, here: str | None = None
) -> MethodRecord:
    """Fit a method, colour every picture, and say what it took; outputs of an equal earlier run are used again.

    `job`: the method; `pictures`: names of samples in `outputs`; `progress`: called with (stage, steps done, steps in
    all); `here`: the folder where the method runs, for one of several machines: an earlier run of any of them counts.

    Returns the record; its `failure` says what went wrong. A method that fails, or whose process dies, never ends the
    run.
    """
    record = outputs.record(job.name)
    machine = environment_facts("", 0)["machine"]
    if here is not None and record.get("fingerprint") == fingerprint(job, record.get("machine", machine)):
        machine = record.get("machine", machine)
    wanted = fingerprint(job, machine)
    if record.get("fingerprint") != wanted:
        record = {}
    if not record:
        # A fitted method starts anew: pictures of two fits would be mixed, and not every fit repeats itself exactly.
        if job.references or outputs.record(job.name).get("started") != wanted:
            outputs.clear(job.name)
        outputs.write_record(job.name, {"started": wanted})
        record = _in_child(job, pictures, outputs, progress, here)
        if record.get("finished"):
            outputs.write_record(job.name, {**record, "fingerprint": wanted, "machine": machine})
    settings = job.method.settings() | ({"budget_seconds": job.seconds} if job.seconds else {})
    if record.get("fit"):
        settings["fit"] = record["fit"]
    if here is not None:
        settings["machine"] = machine
    kept = ("fit_seconds", "fit_memory", "picture_seconds", "picture_memory", "failure")
    known = {key: record[key] for key in kept if record.get(key) is not None}
    return MethodRecord(job.name, job.method.title, job.method.group, settings, **known)


def fingerprint(job: Job, machine: Mapping[str, Any]) -> str:
    """Hash of everything that outputs and times depend on: settings, data, budget, our code, libraries, the machine."""
    facts = {
        "versions": environment_facts("", 0)["versions"],
        "machine": machine,
        "method": type(job.method).__name__,
        "settings": job.method.settings(),
        "references": len(job.references),
        "seconds": job.seconds,
        "data": job.data,
        "code": code_hash(Path(inspect.getfile(type(job.method)))),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def code_hash(module: Path) -> str:
    """Hash of the packages that colour, and of what a method's module takes from its own package, wherever it does."""
    packages = (_package_root(Path(__file__)) / name for name in ("featcolor", "features", "refine"))
    files = {path for package in packages for path in package.rglob("*.py") if "commands" not in path.parts}
    root = _package_root(module)
    waiting = [module]
    while waiting:
        path = waiting.pop()
        if path.is_file() and path not in files:
            files.add(path)
            waiting += _imported_files(path, root)
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _package_root(module: Path) -> Path:
    """The folder above the outermost package that a module is in."""
    folder = module.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _imported_files(path: Path, root: Path) -> Iterator[Path]:
    """Where the modules of an import anywhere in a file would be, were they below this root."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            place = root.joinpath(*name.split("."))
            yield from (place.with_suffix(".py"), place / "__init__.py")


def _in_child(
    job: Job, pictures: Sequence[str], outputs: OutputFolder, progress: Progress, here: str | None
) -> dict[str, Any]:
    """The work in a fresh process, which tells its progress through a pipe and its record at the end."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, tuple(pictures), outputs.folder, sender, here), name=job.name)
    # Dask's workers are daemons, which Python lets have no children; the end of this one's is seen to below.
    multiprocessing.current_process().daemon = False
    record: dict[str, Any] | None = None
    process.start()
    sender.close()
    try:
        while True:
            try:
                message = receiver.recv()
            except EOFError:
                break
            if isinstance(message, dict):
                record = message
            else:
                progress(*message)
        process.join()
    finally:
        if process.is_alive():
            process.terminate()
            process.join(PATIENCE)
            process.kill()
            process.join()
        receiver.close()
    if record is not None:
        return record
    return {"failure": f"its process died (exit code {process.exitcode}); too little memory?"}


def _child(job: Job, pictures: tuple[str, ...], folder: Path, sender: Connection, here: str | None) -> None:
    """What the process does; Ctrl-C reaches the parent, which ends it by SIGTERM and so through `finally`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if here is not None:
        with suppress(OSError):  # a machine without this folder has no files of that name either
            os.chdir(here)
    record: dict[str, Any] = {"failure": ""}
    try:
        record |= _work(job, pictures, OutputFolder(folder), lambda *step: sender.send(step))
    except Exception as error:  # whatever a method raises belongs to that method: it is named in the report
        record["failure"] = one_line(error)
    finally:
        end_workers()
    sender.send(record)
    sender.close()


def _end_with_parent() -> None:
    """Nothing is left running where a worker of a cluster is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


def _work(job: Job, pictures: Sequence[str], outputs: OutputFolder, progress: Progress) -> dict[str, Any]:
    """Fit and colour; seconds a picture is the median, the first one left out as warm-up where there are more."""
    record: dict[str, Any] = {"fit": {}}
    start = time.perf_counter()
    progress(f"{job.name}: fitting", 0, 1)
    job.method.fit(job.references, seconds=job.seconds)
    progress(f"{job.name}: fitting", 1, 1)
    if job.references:
        record = {"fit_seconds": time.perf_counter() - start, "fit": job.method.fit_facts()}
        end_workers()
        record["fit_memory"] = peak_memory() + largest_child()
    forget_peak_memory()
    seconds, missing = [], []
    todo = [picture for picture in pictures if not outputs.has(job.name, picture)]
    with library_threads(available_cores()):
        for done, picture in enumerate(todo, start=1):
            sample = outputs.sample(picture)
            begin = time.perf_counter()
            try:
                rgb = job.method.output(sample)
            except FeatcolorError as error:
                missing.append(one_line(error))
                continue
            seconds.append(time.perf_counter() - begin)
            if rgb.shape != sample.truth.shape or rgb.dtype != np.uint8:
                missing.append(f"{picture}: it gave {rgb.shape} {rgb.dtype}, not {sample.truth.shape} uint8")
                continue
            outputs.write(job.name, picture, rgb)
            progress(job.name, done, len(todo))
    failure = f"no output of {len(missing)} of {len(pictures)} pictures; the first: {missing[0]}" if missing else ""
    record |= {"finished": len(missing) < len(pictures), "failure": failure}
    if job.method.group == "precomputed" or not seconds:
        return record  # reading a file is no colouring
    return record | {"picture_seconds": float(np.median(seconds[1:] or seconds)), "picture_memory": peak_memory()}


def peak_memory() -> int:
    """The most memory that this process has held, in bytes; 0 where the system does not tell.

    Linux's own high-water mark: `ru_maxrss` of a young process still holds its parent's.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
    except (OSError, StopIteration):
        return _max_rss("RUSAGE_SELF")


def largest_child() -> int:
    """The most memory that any ended worker of this process has held, in bytes; 0 where the system does not tell."""
    return _max_rss("RUSAGE_CHILDREN")


def _max_rss(whose: str) -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(getattr(resource, whose)).ru_maxrss * _MAXRSS_UNIT


def forget_peak_memory() -> None:
    """Let `peak_memory` count from here, where the system can (Linux: proc_pid_clear_refs(5), value 5)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return
