"""Anchors of a shot that nobody coloured: the frames that a model colours first, all of them by one decision.

A model that is asked about frame after frame answers each time a little differently. So it is asked about some frames
of the shot, its witnesses, and what it says of a place is gathered: along the motion, from all witnesses that see the
same place, then along likeness, from what looks alike anywhere in the shot. It is decided once, on the few witnesses
that together see the most of the shot: its anchors. From there on they are key frames like any other.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from featcolor.clips.frames import Closing
from featcolor.models.vividness import scale_chroma
from featcolor.parallel.cores import library_threads
from featcolor.pictures.resize import resize
from featcolor.regression.kernel import KernelRegression
from featcolor.video.options import VideoConfig
from featcolor.video.propagation.links import LinkPairs, ShotLinks
from featcolor.video.propagation.model_guess import ModelGuess, Votes
from featcolor.video.propagation.spooled import SpooledPlanes
from featcolor.video.propagation.sweeps import KeyChroma, Lightnesses, ShotColours, colour_shot, work_ahead
from features.base import FloatArray, IndexArray
from refine.refiners import refine
from refine.temporal import Link, chain

GRID: Final = 56
"""Cells of the shorter side of the grid on which votes are gathered: the network's own at its finer view."""

REACH: Final = 2
"""Allowed distances between anchors over which votes are gathered along the motion."""

COARSER: Final = 4
"""Cells of the grid, in each direction, over which it is judged together what a frame sees of another."""

LEAST_SEEN: Final = 0.05
"""Mean confidence of the way between two witnesses below which neither sees anything of the other."""

LEAST_GAIN: Final = 0.4
"""Frames' worth of sight, in witnesses, that one more anchor must bring."""

BLURRED: Final = 0.25
"""Sharpness beside the shot's median below which a frame counts no less for being blurred more."""

ALIKE: Final = 1500
"""Places of a shot that all others are compared with; up to twice as many, so that witnesses give equally many."""

BANDWIDTH: Final = 0.1
"""Squared distance of embeddings, in their mean square, at which a place counts 1/e."""


@dataclass(frozen=True)
class Anchors:
    """What was decided of a shot.

    Attributes
    ----------
    keys : the anchors' chroma, by position.
    factor : of `featcolor.models.vividness.scale_chroma`, which a guess at any other frame of the shot is to be given.
    """

    keys: tuple[KeyChroma, ...]
    factor: float


def grid_of(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of the grid of a working frame (h, w)."""
    scale = min(1.0, GRID / min(shape))
    rows, columns = (max(1, round(side * scale)) for side in shape)
    return rows, columns


def spread_keys(first: int, last: int, every: int) -> tuple[int, ...]:
    """Middle frames of equal pieces, each at most `every` frames long.

    >>> spread_keys(100, 149, 25), spread_keys(7, 7, 25)
    ((112, 137), (7,))
    """
    count = last - first + 1
    pieces = -(-count // every)
    ends = [first + count * piece // pieces for piece in range(pieces + 1)]
    return tuple((low + high - 1) // 2 for low, high in pairwise(ends))


def find_anchors(
    lightness: Lightnesses,
    guess: ModelGuess,
    links: ShotLinks,
    *,
    every: int,
    config: VideoConfig,
    pool: Executor,
    folder: Path | None,
) -> Anchors:
    """Anchors of a shot, and their colour.

    Parameters
    ----------
    lightness : frames of one shot, all of one size
    links : between them
    every : frames between anchors, about; where less of the shot is new there are fewer
    config : how many witnesses there are, and what makes chroma follow edges
    pool : that asks the model about several frames at once
    folder : for large temporary files
    """
    spacing = max(1, every // config.witnesses)
    places = spread_keys(0, len(lightness) - 1, spacing)
    most = -(-len(lightness) // every)
    with _Votes(len(places), folder) as votes:

        def ask(number: int) -> None:
            votes.keep(number, guess.votes(lightness[places[number]], links.grid))

        for _ in work_ahead(pool, ask, range(len(places)), len(places)):
            pass
        with _Hops(links, places, REACH * every // spacing, folder) as hops:
            alike = _Alike(votes, hops)
            chosen = choose(seen_by_others(hops), sharpness(lightness[place] for place in places), most)
        grey = {number: resize(lightness[places[number]], links.grid) for number in chosen}
        decided = {number: guess.decide(alike.shares(votes[number].likeness), grey[number]) for number in chosen}
    chroma, sure = (np.concatenate(each) for each in zip(*decided.values(), strict=True))
    factor = guess.vividness(chroma, sure, np.concatenate(list(grey.values())), alike.scene)
    keys = []
    for number in chosen:
        frame = lightness[places[number]]
        chroma = refine(resize(decided[number][0], (frame.shape[0], frame.shape[1])), frame, method=config.guess_refine)
        keys.append(KeyChroma(places[number], scale_chroma(chroma, frame, factor)))
    return Anchors(tuple(keys), factor)


def colour_from_anchors(
    lightness: Lightnesses,
    guess: ModelGuess,
    *,
    every: int,
    config: VideoConfig | None = None,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ShotColours:
    """Chroma of every frame of a shot that nobody coloured, carried from its anchors.

    Parameters
    ----------
    every : as of `find_anchors`
    lightness, config, folder, progress : as of `featcolor.video.propagation.sweeps.colour_shot`
    """
    config = replace(config or VideoConfig(), guess_embedding=False)
    count, (height, width) = len(lightness), lightness[0].shape
    tell = progress or (lambda done, total: None)
    threads = cv2.getNumThreads()
    with ShotLinks(count, (height, width), grid_of((height, width)), folder=folder) as links:
        with library_threads(1), ThreadPoolExecutor(threads) as pool:
            # What is carried is a guess: a finer flow would carry it no better.
            def measure(index: int) -> None:
                links.measure(index, lightness[index - 1], lightness[index], method=config.checking_flow)

            for done, _ in enumerate(work_ahead(pool, measure, range(1, count), 2 * threads), start=1):
                tell(done // 2, count)
            anchors = find_anchors(lightness, guess, links, every=every, config=config, pool=pool, folder=folder)

        def carried(done: int, total: int) -> None:
            tell((total + done) // 2, total)

        def vivid(frame: FloatArray) -> tuple[FloatArray, FloatArray]:
            chroma, sure = guess(frame)
            return scale_chroma(chroma, frame, anchors.factor), sure

        made = colour_shot(
            lightness, anchors.keys, config=config, guess=vivid, links=links, folder=folder, progress=carried
        )
    made.anchors = tuple(key.position for key in anchors.keys)
    return made


def sharpness(frames: Iterable[FloatArray]) -> FloatArray:
    """How sharp frames (h, w) are beside the sharpest half of them, (n,), `BLURRED`..1."""
    edges = np.array([cv2.Laplacian(frame, cv2.CV_32F).std() for frame in frames], np.float32)
    return np.clip(edges / max(float(np.median(edges)), 1e-6), BLURRED, 1)


def choose(seen: FloatArray, quality: FloatArray, most: int) -> list[int]:
    """Numbers of the witnesses that together see the most of all of them, rising; one at least.

    Each is the one that brings most to those before it (Nemhauser, Wolsey, Fisher 1978).

    Parameters
    ----------
    seen : (n, 2 r + 1, m), 0..1: what places of witness i are seen in witness i + d - r, by d
    quality : (n,), factor on what is seen in each
    most : how many are chosen at most
    """
    count, width, _ = seen.shape
    reach = width // 2
    known = np.zeros((count, seen.shape[2]), np.float32)
    chosen: list[int] = []
    # Of what the witness i - r .. i + r see in witness i: rows of `seen` whose distance leads there.
    who = np.arange(count)[:, None] + np.arange(-reach, reach + 1)
    inside = (who >= 0) & (who < count)
    rows, distances = np.clip(who, 0, count - 1), np.broadcast_to(np.arange(width)[::-1], who.shape)
    gains, changed = np.zeros(count, np.float32), slice(0, count)
    while len(chosen) < most:
        gains[changed] = 0
        for row, distance, there in zip(*(each[changed].T for each in (rows, distances, inside)), strict=True):
            gain = np.maximum(quality[changed, None] * seen[row, distance] - known[row], 0).mean(axis=1)
            gains[changed] += gain * there
        best = int(np.argmax(gains))
        if chosen and gains[best] < LEAST_GAIN:
            break
        chosen.append(best)
        mine = inside[best]
        row = rows[best, mine]
        known[row] = np.maximum(known[row], quality[best] * seen[row, distances[best, mine]])
        changed = slice(max(0, best - 2 * reach), best + 2 * reach + 1)
    return sorted(chosen)


def seen_by_others(hops: _Hops) -> FloatArray:
    """What of each witness is seen in those around it, as `choose` takes it."""
    rows, columns = hops.grid
    coarse = max(1, rows // COARSER), max(1, columns // COARSER)
    seen = np.zeros((len(hops), 2 * hops.reach + 1, coarse[0] * coarse[1]), np.float32)
    seen[:, hops.reach] = 1
    for number in range(len(hops)):
        for other, link in hops.around(number):
            seen[number, other - number + hops.reach] = resize(link.confidence, coarse).ravel()
    return seen


class _Hops(Closing):
    """Ways between the witnesses of a shot, on the grid.

    `reach`: how many witnesses away a way may lead.
    """

    def __init__(self, links: ShotLinks, places: Sequence[int], reach: int, folder: Path | None) -> None:
        self.grid, self.reach = links.grid, reach
        self._hops = LinkPairs(len(places) - 1, links.grid, folder=folder)
        for number, (low, high) in enumerate(pairwise(places)):
            pairs = [links.coarse(index) for index in range(low + 1, high + 1)]
            back = _chained([forward for forward, _ in reversed(pairs)])
            self._hops[number] = back, _chained([backward for _, backward in pairs])

    def __len__(self) -> int:
        """Number of witnesses."""
        return len(self._hops) + 1

    def around(self, number: int) -> Iterator[tuple[int, Link]]:
        """Witnesses within reach that see anything of this one, and where its places are there."""
        for way, step in enumerate((-1, 1)):
            link: Link | None = None
            for other in range(number + step, number + step * (self.reach + 1), step):
                if not 0 <= other < len(self):
                    break
                hop = self._hops[min(other, other - step)][way]
                link = hop if link is None else chain(link, hop)
                if link.confidence.mean() < LEAST_SEEN:
                    break
                yield other, link

    def close(self) -> None:
        self._hops.close()


def _chained(links: Sequence[Link]) -> Link:
    whole = links[0]
    for link in links[1:]:
        whole = chain(whole, link)
    return whole


class _Votes(Closing):
    """Votes of all witnesses, their planes in memory while they are few."""

    def __init__(self, count: int, folder: Path | None) -> None:
        self._folder = folder
        self._planes: SpooledPlanes | None = None
        self._weights = np.ones(count, np.float32)
        self._split = 0
        self._lock = threading.Lock()

    def keep(self, number: int, votes: Votes) -> None:
        """Take in what is said of a witness."""
        planes = np.dstack([votes.shares, votes.likeness])
        with self._lock:
            if self._planes is None:
                self._split = votes.shares.shape[2]
                self._planes = SpooledPlanes(len(self._weights), planes.shape, folder=self._folder)
        self._planes[number], self._weights[number] = planes, votes.weight

    def __getitem__(self, number: int) -> Votes:
        assert self._planes is not None, "every witness is asked first"
        planes = self._planes[number]
        return Votes(planes[..., : self._split], float(self._weights[number]), planes[..., self._split :])

    def close(self) -> None:
        if self._planes is not None:
            self._planes.close()


class _Alike:
    """Places of a shot that others are compared with, by kernel regression.

    What is said of each is gathered along the motion from all witnesses that see it.

    `scene`: (c,), mean likeness of all of them.
    """

    def __init__(self, votes: _Votes, hops: _Hops) -> None:
        rows, columns = hops.grid
        rng = np.random.default_rng(0)
        step = -(-len(hops) // ALIKE)
        each = -(-ALIKE * step // len(hops))
        some = {number: rng.permutation(rows * columns)[:each].copy() for number in range(0, len(hops), step)}
        seen_in: defaultdict[int, list[tuple[int, IndexArray, FloatArray]]] = defaultdict(list)
        for number, own in some.items():
            seen_in[number].append((number, own, np.ones(len(own), np.float32)))
            for other, link in hops.around(number):
                x, y = np.rint(link.flow.reshape(-1, 2)[own].T).astype(np.intp)
                row, column = np.clip(own // columns + y, 0, rows - 1), np.clip(own % columns + x, 0, columns - 1)
                seen_in[other].append((number, row * columns + column, link.confidence.ravel()[own]))
        sums = {number: np.zeros((len(own), 1), np.float32) for number, own in some.items()}
        weights, likeness = dict(sums), []
        for source, seen in sorted(seen_in.items()):
            theirs = votes[source]
            shares, alike = (plane.reshape(rows * columns, -1) for plane in (theirs.shares, theirs.likeness))
            if source in some:
                likeness.append(alike[some[source]])
            for number, at, confidence in seen:
                counts = confidence[:, None] * np.float32(theirs.weight)
                sums[number] = sums[number] + shares[at] * counts
                weights[number] = weights[number] + counts
        weight, alike = np.concatenate(list(weights.values())), np.concatenate(likeness)
        self.scene = alike.mean(axis=0)
        scale = np.float32(1 / max(float(np.linalg.norm(alike - self.scene) / np.sqrt(len(alike))), 1e-6))
        self._kernel = KernelRegression(
            self.scene,
            np.full(alike.shape[1], scale, np.float32),
            (alike - self.scene) * scale,
            np.concatenate(list(sums.values())) / weight,
            bandwidths=(BANDWIDTH,),
            bias=np.log(weight[:, 0]),
        )

    def shares(self, likeness: FloatArray) -> FloatArray:
        """Shares (h, w, k) of the places of a frame, each a mean over what looks alike."""
        (shares,), _ = self._kernel.predict(likeness.reshape(-1, likeness.shape[-1]))
        return shares.reshape(*likeness.shape[:2], -1)
