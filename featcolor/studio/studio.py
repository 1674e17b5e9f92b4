"""Studio: the workspaces that it serves, the workers that colour for them, and who is told of what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from featcolor.errors import FeatcolorError
from featcolor.studio import filming
from featcolor.studio.config import StudioConfig
from featcolor.studio.desk import warm_up
from featcolor.studio.jobs import Jobs, Kind
from featcolor.studio.references import fit_references
from featcolor.studio.workers import WorkerPool
from featcolor.studio.workspace import DROPPED, Workspace
from featcolor.studio.writing import write_pictures

EMPTY_S: Final = 600.0
"""After which a visitor who gave nothing makes room for another, where the studio is full."""
SWEEP_S: Final = 60.0
"""Between two looks for what is to be deleted."""
EVENTS: Final = 500
"""Messages that may wait for one page; one that is slower is told to load all again."""
KINDS: Final[dict[str, Kind]] = {
    "write": write_pictures,
    "fit": fit_references,
    "scan": filming.scan,
    "play": filming.play,
    "film": filming.write,
}
"""What does the jobs of each kind."""


class Studio:
    """What is served; started and ended by `running`.

    Parameters
    ----------
    config : StudioConfig

    Attributes
    ----------
    desk : workers that answer at once
    single : the worker for pictures in full size that are coloured in one request, so that no page waits for them
    jobs : long work
    coming : bytes of each file that is being given, by the folder of the workspace
    streams : of events, by visitor
    stopping : whether the server is about to end, which open streams look at
    """

    def __init__(self, config: StudioConfig) -> None:
        self.config = config
        self.desk = WorkerPool(config.workers)
        self.single = WorkerPool(1)
        self.jobs = Jobs(WorkerPool(1), KINDS, self.publish, most=config.limits.jobs)
        own = json.dumps(os.fspath(config.home / "visitors"))[1:-1]
        self._own_folders = re.compile(rf"{re.escape(own)}[/\\]+[0-9a-f]+[/\\]+(?:{DROPPED}[/\\]+)?")
        self.coming: dict[Path, list[int]] = {}
        self.streams: Counter[str] = Counter()
        self.version = version("featcolor")
        self.stopping: Callable[[], bool] = lambda: False
        self._workspaces: dict[str, Workspace] = {}
        self._seen: dict[str, float] = {}
        self._listeners: dict[Workspace, set[asyncio.Queue[dict[str, Any]]]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Workers and jobs, for as long as it is served."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.desk.start()
        self.jobs.pool.start()
        self.single.start(warm=False)
        tasks = [asyncio.create_task(self.jobs.work()), asyncio.create_task(self.desk.call(warm_up))]
        if self.config.apart:
            self._find_visitors()
            tasks.append(asyncio.create_task(self._sweep()))
        else:
            self.workspace("")
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.desk.close()
            await self.jobs.pool.close()
            await self.single.close()

    def dismiss(self) -> None:
        """Tell whoever waits for an answer that the studio ends; jobs go on at the next start."""
        for pool in (self.desk, self.single):
            pool.dismiss()

    @property
    def incoming(self) -> Path:
        """The folder of pictures that are coloured in one request and belong to no workspace."""
        return self.config.home / "incoming"

    def plainly(self, text: str) -> str:
        """JSON without the studio's own folders, where strangers read it: a name says enough of a file of theirs."""
        return self._own_folders.sub("", text) if self.config.apart else text

    def workspace(self, visitor: str) -> Workspace:
        """The workspace of a visitor, the same for all unless they are apart."""
        key = visitor if self.config.apart else ""
        self._seen[key] = time.time()
        if key not in self._workspaces:
            config = self.config
            if config.apart:
                made = Workspace(config.home / "visitors" / key)
                (made.folder / "seen").touch()
            else:
                made = Workspace(
                    config.home / "albums" / album_of(config), config.sources, output=config.output, model=config.model
                )
            self._workspaces[key] = made
            self.jobs.take_up(made)
        return self._workspaces[key]

    def see(self, visitor: str) -> None:
        """Note that a visitor is still there."""
        if self.config.apart and visitor in self._workspaces:
            self._seen[visitor] = time.time()

    def has_room(self, visitor: str) -> bool:
        """Whether a visitor is known, or there may be one more, if need be in the place of one who gave nothing."""
        most = self.config.limits.visitors
        if not self.config.apart or visitor in self._workspaces or most is None or len(self._workspaces) < most:
            return True
        empty = [each for each, workspace in self._workspaces.items() if not len(workspace.given)]
        return bool(self._delete_unseen(empty, time.time() - EMPTY_S))

    def publish(self, workspace: Workspace, message: dict[str, Any]) -> None:
        """Tell every page that shows a workspace."""
        for queue in self._listeners.get(workspace, ()):
            if queue.qsize() < EVENTS:
                queue.put_nowait(message)
            else:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"kind": "workspace"})

    @contextlib.contextmanager
    def listening(self, workspace: Workspace, visitor: str) -> Any:
        """A queue of what is published of a workspace, for a visitor."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        listeners = self._listeners.setdefault(workspace, set())
        listeners.add(queue)
        self.streams[visitor] += 1
        try:
            yield queue
        finally:
            self.streams[visitor] -= 1
            if not self.streams[visitor]:
                del self.streams[visitor]
            listeners.discard(queue)
            if not listeners:
                self._listeners.pop(workspace, None)

    def sweep(self, now: float) -> list[str]:
        """Delete the workspaces of visitors who have not been seen for long; who they were."""
        return self._delete_unseen(list(self._workspaces), now - self.config.keep_hours * 3600)

    def _delete_unseen(self, visitors: Sequence[str], since: float) -> list[str]:
        gone = []
        for visitor in visitors:
            workspace = self._workspaces[visitor]
            if self._seen[visitor] > since or self._is_busy(workspace):
                continue
            self.jobs.drop(workspace)
            workspace.delete()
            del self._workspaces[visitor], self._seen[visitor]
            gone.append(visitor)
        return gone

    def _is_busy(self, workspace: Workspace) -> bool:
        """Whether somebody looks at it, gives a file, or waits for work that goes on."""
        looked_at, given = self._listeners.get(workspace), self.coming.get(workspace.folder)
        return bool(looked_at or given or self.jobs.n_active(workspace))

    def _find_visitors(self) -> None:
        """Take up the workspaces of an earlier run, whose time goes on; a broken one is deleted."""
        folder = self.config.home / "visitors"
        for path in list(folder.iterdir()) if folder.is_dir() else ():
            mark = path / "seen"
            seen = mark.stat().st_mtime if mark.exists() else 0.0
            try:
                self.workspace(path.name)
            except (FeatcolorError, OSError):
                shutil.rmtree(path, ignore_errors=True)
            else:
                self._seen[path.name] = seen

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for visitor, workspace in self._workspaces.items():
                with contextlib.suppress(OSError):
                    os.utime(workspace.folder / "seen", (self._seen[visitor],) * 2)
            self.sweep(time.time())


def album_of(config: StudioConfig) -> str:
    """The name of the folder that keeps what is chosen for these sources."""
    sources = [os.fspath(path.resolve()) for path in config.sources]
    stem = config.sources[0].resolve().name[:40] if sources else "dropped"
    return f"{stem}-{blake2b(json.dumps(sources).encode(errors='surrogateescape'), digest_size=4).hexdigest()}"
