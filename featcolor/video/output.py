"""Output of a run over a film: a file, a folder of frames, or a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from featcolor.clips.frames import ClipInfo, ClipWriter
from featcolor.clips.open import open_clip
from featcolor.clips.output.writer import VideoFileWriter
from featcolor.errors import UsageError
from featcolor.files import PART_SUFFIX, remove_parts
from featcolor.video.checkpoints import work_path
from featcolor.video.options import PIPE, ClipOptions

_PART = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(PART_SUFFIX)}")
"""What `featcolor.files.replacing` calls a file that is not whole yet."""


class Target:
    """An output as a person named it.

    Attributes
    ----------
    name : as it was named.
    is_folder : whether frames go there as pictures: a folder that exists, or a name that ends in / or has no suffix.
    work_path : where the work folder lies.
    """

    def __init__(self, name: str, options: ClipOptions) -> None:
        self.name, self._options = name, options
        self.is_pipe = name == PIPE
        self.is_folder = not self.is_pipe and (
            Path(name).is_dir() or name.endswith(("/", os.sep)) or not Path(name).suffix
        )
        self.work_path = work_path(str(Path(name).resolve()))
        if options.picture_format is not None and not self.is_folder:
            raise UsageError(f"{name}: --format is for a folder of frames; end the name with / to make one")

    def check(self, taken: Mapping[Path, str]) -> None:
        """Refuse a target or a report that cannot be written, or is there already or read."""
        path, report = Path(self.name).resolve(), self._options.report
        if report is not None:
            if not report.resolve().parent.is_dir():
                raise UsageError(f"{report.parent}: no such folder for --report")
            if {report.resolve(), report.with_suffix(".html").resolve()} & {*taken, path} or report.suffix == ".html":
                raise UsageError(
                    f"{report}: --report is a JSON file of its own; its page lies beside it and ends in .html"
                )
        if self.is_pipe:
            return
        if path in taken:
            raise UsageError(f"{self.name} is {taken[path]}; choose another output")
        if not path.parent.is_dir():
            raise UsageError(f"{path.parent}: no such folder; make it first")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise UsageError(
                f"{path.parent}: nothing can be written there; choose another folder or change its permissions"
            )
        if not self.is_folder and path.exists() and not self._options.overwrite:
            raise UsageError(f"{self.name} exists; add --overwrite to replace it")

    def remove_parts(self) -> None:
        """Take away what a run that was killed while it wrote has left, hidden, beside the output or in its folder."""
        path = Path(self.name)
        if self.is_folder and path.is_dir():
            for entry in path.iterdir():
                if _PART.fullmatch(entry.name):
                    entry.unlink(missing_ok=True)
        elif not self.is_folder and not self.is_pipe:
            remove_parts([path])

    def writer(self, info: ClipInfo, source: str, **part: int) -> ClipWriter:
        """A writer, not entered; what does not fit is refused here."""
        options = self._options
        if self.is_pipe:
            from featcolor.clips.y4m import Y4mWriter

            return Y4mWriter(sys.stdout.buffer, info)
        if self.is_folder:
            from featcolor.clips.folders import FrameFolderReader, FrameFolderWriter

            given = open_clip(source, rate=options.rate) if Path(source).is_dir() else None
            return FrameFolderWriter(
                Path(self.name),
                info,
                pictures=given.paths if isinstance(given, FrameFolderReader) else None,
                format=options.picture_format or "png",
                # A run that was killed while it wrote has left some of the frames.
                overwrite=options.overwrite or options.resume,
            )
        return VideoFileWriter(
            self.name,
            info,
            source=source,
            codec=options.codec,
            crf=options.crf,
            pixel_format=options.pixel_format,
            sound=options.sound,
            overwrite=options.overwrite,
            **part,
        )
