"""Jobs: long work, workspaces in turn, with progress, pause and cancel; what is left of it survives a restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from featcolor.errors import UsageError, one_line
from featcolor.files import write_json
from featcolor.studio.workers import WorkerPool, WorkError
from featcolor.studio.workspace import Workspace

State = Literal["waiting", "running", "paused", "done", "failed", "cancelled"]
ENDED: Final = ("done", "failed", "cancelled")
TOLD_EVERY_S: Final = 0.2
"""Between two reports of progress on one job, at least."""
LONGEST_S: Final = 24 * 3600.0
"""Of one call of a job."""
KEPT: Final = 20
"""Jobs that have ended which a workspace still tells of."""


@dataclass
class Job:
    """One piece of long work.

    Attributes
    ----------
    kind : a key of the table of kinds
    title : for a person
    what : of its kind's own, as JSON can hold it; what is done already is noted there
    stage, done, total : progress
    errors : lines for a person, of what did not work while the rest went on
    """

    id: str
    kind: str
    title: str
    what: dict[str, Any] = field(default_factory=dict)
    state: State = "waiting"
    stage: str = ""
    done: int = 0
    total: int = 0
    errors: list[str] = field(default_factory=list)
    started: float | None = None
    seconds: float = 0.0

    def to_dict(self, place: int = 0) -> dict[str, Any]:
        """As the page knows it; `place` is the number of jobs before it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "state": self.state,
            "place": place,
            "stage": self.stage,
            "done": self.done,
            "total": self.total,
            "errors": self.errors,
            "seconds": round(self.seconds, 1),
            "film": self.what.get("film"),
            "shot": self.what.get("shot"),
        }


class Running:
    """A job while it runs, for the function that does it.

    Attributes
    ----------
    workspace, job : whose, and what
    """

    def __init__(self, jobs: Jobs, workspace: Workspace, job: Job) -> None:
        self._jobs, self.workspace, self.job = jobs, workspace, job
        self._told = 0.0

    @property
    def interrupted(self) -> bool:
        """Whether a person asked it to stop."""
        return self._jobs.wanted is not None

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function, which takes `progress`, gives in the worker for long work."""
        return await self._jobs.pool.call(function, *arguments, progress=self.progress, limit_s=LONGEST_S)

    async def call_plainly(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The same for a function that tells of no progress."""
        return await self._jobs.pool.call(function, *arguments, limit_s=LONGEST_S)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Tell how far it is."""
        self.job.stage, self.job.done, self.job.total = stage, done, total
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY_S or done == total:
            self._told = now
            self._jobs.tell(self.workspace, self.job)

    def tell(self, message: dict[str, Any]) -> None:
        """Tell the page of something else that has changed."""
        self._jobs.publish(self.workspace, message)

    def keep(self) -> None:
        """Note in a file how far it is, for a restart."""
        self._jobs.keep(self.workspace, self.job)


Kind = Callable[[Running], Awaitable[None]]
"""What does the jobs of one kind. It may be stopped anywhere, and is then called again to go on."""


class TooManyJobsError(UsageError):
    """More of them than one workspace may have."""


class Jobs:
    """All jobs of all workspaces, done one after the other by a worker of their own.

    Parameters
    ----------
    pool : the worker, started by the caller
    kinds : what does each kind
    publish : tells whoever looks at a workspace
    most : jobs of a workspace that have not ended; None: no bound

    Attributes
    ----------
    wanted : what a person wants the running job to be instead, if that
    """

    def __init__(
        self,
        pool: WorkerPool,
        kinds: dict[str, Kind],
        publish: Callable[[Workspace, dict[str, Any]], None],
        *,
        most: int | None = None,
    ) -> None:
        self.pool, self._kinds, self.publish, self._most = pool, kinds, publish, most
        self._queue: list[tuple[Workspace, Job]] = []
        self._jobs: dict[Workspace, dict[str, Job]] = {}
        self._running: Job | None = None
        self._served: Workspace | None = None
        self._more = asyncio.Event()
        self.wanted: State | None = None

    def take_up(self, workspace: Workspace) -> None:
        """Go on with what a workspace's files say was not finished."""
        jobs = self._jobs[workspace] = {}
        for path in sorted(_folder(workspace).glob("*.json")):
            with contextlib.suppress(OSError, ValueError, TypeError):
                job = Job(**json.loads(path.read_text(encoding="utf-8")))
                if job.kind in self._kinds:
                    jobs[job.id] = job
                    if job.state != "paused":
                        self._enqueue(workspace, job)

    def add(self, workspace: Workspace, kind: str, title: str, **what: Any) -> Job:
        """A new job, at the end of the queue; TooManyJobsError where there is no room for one more."""
        if self._most is not None and self.n_unfinished(workspace) >= self._most:
            raise TooManyJobsError(f"{self._most} jobs wait already; cancel one, or wait")
        job = Job(f"{time.time_ns():x}{secrets.token_hex(2)}", kind, title, what)
        known = self._jobs.setdefault(workspace, {})
        for old in [each for each in known.values() if each.state in ENDED][:-KEPT]:
            del known[old.id]
        known[job.id] = job
        self._enqueue(workspace, job)
        self.tell(workspace, job)
        return job

    def of(self, workspace: Workspace) -> list[dict[str, Any]]:
        """The jobs of a workspace as the page knows them, the newest last."""
        return [job.to_dict(self._place(job)) for job in self._jobs.get(workspace, {}).values()]

    def describe(self, job: Job) -> dict[str, Any]:
        """A job as the page knows it."""
        return job.to_dict(self._place(job))

    def find(self, workspace: Workspace, job_id: str) -> Job:
        """The job of an identifier; KeyError where the workspace has none such."""
        return self._jobs.get(workspace, {})[job_id]

    def n_unfinished(self, workspace: Workspace) -> int:
        """Jobs of a workspace that have not ended."""
        return sum(job.state not in ENDED for job in self._jobs.get(workspace, {}).values())

    def n_active(self, workspace: Workspace) -> int:
        """Those of them that wait or run; what is paused may never go on."""
        return sum(job.state in ("waiting", "running") for job in self._jobs.get(workspace, {}).values())

    def pause(self, workspace: Workspace, job: Job) -> None:
        """Stop it where it is; it goes on from there when asked to."""
        self._stop(workspace, job, "paused")

    def cancel(self, workspace: Workspace, job: Job) -> None:
        """Stop it for good; what is done stays."""
        self._stop(workspace, job, "cancelled")

    def resume(self, workspace: Workspace, job: Job) -> None:
        """Go on with one that is paused, or try again one that failed."""
        if job.state in ("paused", "failed"):
            job.errors.clear()
            self._enqueue(workspace, job)
            self.tell(workspace, job)

    def drop(self, workspace: Workspace) -> None:
        """Forget all jobs of a workspace that goes."""
        for job in list(self._jobs.get(workspace, {}).values()):
            if job.state not in ENDED:
                self.cancel(workspace, job)
        self._jobs.pop(workspace, None)

    async def work(self) -> None:
        """Do jobs in turn, for ever."""
        while True:
            while not self._queue:
                self._more.clear()
                await self._more.wait()
            workspace, job = self._queue.pop(0)
            self._tell_places()
            await self._do(workspace, job)

    def tell(self, workspace: Workspace, job: Job) -> None:
        """Tell the page of a job."""
        if job.started is not None:
            job.seconds = time.monotonic() - job.started
        self.publish(workspace, {"kind": "job", "job": self.describe(job)})

    def keep(self, workspace: Workspace, job: Job) -> None:
        """A job's file; none once it has ended."""
        path = _folder(workspace) / f"{job.id}.json"
        if job.state in ENDED:
            path.unlink(missing_ok=True)
        elif workspace.folder.is_dir():
            path.parent.mkdir(exist_ok=True)
            write_json(path, vars(job) | {"started": None})

    async def _do(self, workspace: Workspace, job: Job) -> None:
        self._running, self._served, self.wanted, job.state = job, workspace, None, "running"
        job.started = time.monotonic() - job.seconds
        self.tell(workspace, job)
        state: State
        try:
            await self._kinds[job.kind](Running(self, workspace, job))
            state = "done"
        except Exception as error:  # one job's defect must not end all others
            if self.wanted is None:
                job.errors.append(str(error) if isinstance(error, WorkError) else one_line(error))
            state = "failed"
        finally:
            self._running = self._served = None
        job.state = self.wanted or state
        self.tell(workspace, job)
        self.keep(workspace, job)
        job.started = None

    def _stop(self, workspace: Workspace, job: Job, state: State) -> None:
        if job.state in ENDED:
            return
        if job is self._running:
            self.wanted = state
            self.pool.interrupt()
            return
        self._queue = [pair for pair in self._queue if pair[1] is not job]
        job.state = state
        self.tell(workspace, job)
        self.keep(workspace, job)
        self._tell_places()

    def _enqueue(self, workspace: Workspace, job: Job) -> None:
        job.state = "waiting"
        self._queue.insert(self._turn_of(workspace), (workspace, job))
        self.keep(workspace, job)
        self._more.set()
        self._tell_places()

    def _turn_of(self, workspace: Workspace) -> int:
        """Where a new job stands in the queue: workspaces take turns, so that who has many waits for who has few."""
        before = Counter() if self._served is None else Counter([self._served])
        mine = before[workspace] + sum(each is workspace for each, _ in self._queue)
        for place, (other, _) in enumerate(self._queue):
            if before[other] > mine:
                return place
            before[other] += 1
        return len(self._queue)

    def _place(self, job: Job) -> int:
        waiting = [each for _, each in self._queue]
        return waiting.index(job) + (self._running is not None) if job in waiting else 0

    def _tell_places(self) -> None:
        for workspace, job in self._queue:
            self.tell(workspace, job)


def _folder(workspace: Workspace) -> Path:
    return workspace.folder / "jobs"
