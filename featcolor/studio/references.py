"""References: the album of a workspace, on which the default model is fitted in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from featcolor.errors import ReferencesError
from featcolor.models.album import AlbumColorizer
from featcolor.studio.given import REFERENCES
from featcolor.studio.jobs import Running
from featcolor.studio.workspace import ALBUM


def fit_album(references: Sequence[Path], target: Path, *, progress: Callable[[str, int, int], None]) -> list[str]:
    """An album fitted on pictures and saved, in a worker; lines on those that could not be used."""
    colorizer = AlbumColorizer()
    colorizer.fit(references, progress=progress)
    colorizer.save(target)
    return [f"{Path(name).name}: {reason}" for name, reason in colorizer.left_out]


async def fit_references(running: Running) -> None:
    """The job of fitting an album; its model is then the workspace's choice."""
    workspace = running.workspace
    references = workspace.given.of(REFERENCES)
    if not references:
        raise ReferencesError("there are no references yet; drop a few colour pictures of the same things")
    running.job.errors += await running.call(fit_album, references, workspace.folder / "references.album")
    workspace.settle(model=ALBUM)
    running.tell({"kind": "workspace"})
