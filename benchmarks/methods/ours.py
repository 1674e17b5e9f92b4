"""featcolor itself as a method: fitted on the references, read from a model file, its default, with an album."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.data.datasets import file_hash
from benchmarks.methods.base import Group, Method, check_grey
from featcolor.errors import ModelFileError, PictureError
from featcolor.models.base import StillColorizer
from featcolor.models.colorizer import Colorizer
from featcolor.models.config import ColorizerConfig
from featcolor.models.load import ColouringSettings, load_colorizer


class FittedColorizer(Method):
    """A method whose `fit` leaves a colorizer, which then colours the pictures."""

    colorizer_: StillColorizer

    def colorize(self, grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
        check_grey(grey)
        rgb: NDArray[np.uint8] = self.colorizer_.colorize(grey)
        return rgb


class Featcolor(FittedColorizer):
    """A `Colorizer` with given settings, fitted on the references as `featcolor fit` does.

    `config`: optional.
    """

    group: ClassVar[Group] = "same references"
    learns: ClassVar[bool] = True

    def __init__(self, config: ColorizerConfig | None = None, *, title: str = "featcolor") -> None:
        self.config = config or ColorizerConfig()
        self.title = title

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Fit; ReferencesError when no reference is usable. The settings decide how long it takes, not `seconds`."""
        self.colorizer_ = Colorizer(self.config).fit(references)
        return self

    def settings(self) -> dict[str, Any]:
        return {"config": self.config.to_dict()}


class FeatcolorModel(FittedColorizer):
    """A model file of the user's, or a colour network; the references of the run are not looked at.

    `path`: path of the file; `title`: by default "featcolor" and the file's name.
    """

    group: ClassVar[Group] = "pretrained"

    def __init__(self, path: str | Path, *, title: str | None = None) -> None:
        self.path = Path(path)
        self.title = title or f"featcolor {self.path.stem}"

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Read the model; ModelFileError when the file is none."""
        self.colorizer_ = load_colorizer(self.path, ColouringSettings())
        return self

    def settings(self) -> dict[str, Any]:
        """The file's SHA-256, wherever it lies; ModelFileError when it cannot be read."""
        try:
            return {"model_sha256": file_hash(self.path)}
        except PictureError as error:
            raise ModelFileError(str(error)) from error


class Default(FittedColorizer):
    """The default model, as `featcolor colorize` without --model: the bundled colour network, or one of the user's.

    `network`: path of a colour network, optional, by default the bundled one.
    """

    group: ClassVar[Group] = "pretrained"

    def __init__(self, network: str | Path | None = None, *, title: str = "featcolor default") -> None:
        self.network = None if network is None else Path(network)
        self.title = title

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Open the network; NetworkError when it is missing or none."""
        self.colorizer_ = load_colorizer(self.network, ColouringSettings())
        return self

    def settings(self) -> dict[str, Any]:
        """The network's SHA-256 and how it is read; NetworkError when it is missing or none."""
        card = load_colorizer(self.network, ColouringSettings()).card()
        return {"network_sha256": card["sha256"], "config": card["settings"]}


class WithReferences(Default):
    """The default model with an album of the references, or of `count` of them, as `featcolor colorize --refs`.

    References of fewer are drawn; the same seed draws the same.
    """

    learns: ClassVar[bool] = True

    def __init__(self, count: int | None = None, *, seed: int = 0) -> None:
        super().__init__(title=f"featcolor, {count or 'all'} references")
        self.count, self.seed = count, seed

    def fit(self, references: Sequence[Path], *, seconds: float | None = None) -> Self:
        """Fit the album; ReferencesError when no reference is usable. `seconds` is not looked at."""
        from featcolor.models.album import AlbumColorizer

        drawn = np.random.default_rng(self.seed).permutation(len(references))[: self.count]
        self.colorizer_ = AlbumColorizer().fit([references[i] for i in sorted(drawn)])
        return self

    def settings(self) -> dict[str, Any]:
        """How many references, and what the default model has."""
        return {"count": self.count, "seed": self.seed, **super().settings()}
