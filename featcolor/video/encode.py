"""Last pass over a film: every frame gets its colour at full size and is written, its luma as it came."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from featcolor.clips.frames import ClipInfo, ClipWriter, Codes, Frame
from featcolor.clips.ycbcr import (
    chroma_from_codes,
    chroma_to_cbcr,
    code_range,
    lightness_from_luma,
    luma_from_codes,
    subsample,
    upright,
    ycbcr_to_rgb,
)
from featcolor.errors import ClipError
from featcolor.pictures.resize import resize
from featcolor.video.checkpoints import WorkFolder
from featcolor.video.keyframes.pictures import KeyPictures
from featcolor.video.mask import MaskSource, apply_mask
from featcolor.video.options import ClipOptions
from featcolor.video.propagation.sweeps import work_ahead
from featcolor.video.report_page import Tile
from featcolor.video.shots import ShotPlan
from features.base import FloatArray
from refine.guided_upsample import lines_through
from refine.transitions import Shares

THREADS: Final = 2
AHEAD: Final = 6
"""Frames that wait for their colour or for the encoder at once."""

LEAST_CHANGE: Final = 0.5
"""Of a* or b*: what is less comes of how chroma is stored, not of hints."""

TILE_SIDE: Final = 320
"""Longer side of a frame on the report's page."""


_Work = tuple[Frame, FloatArray, FloatArray, FloatArray | None]


class Encoding:
    """A pass that gives frames their colour from the shot files of a work folder, and writes them.

    Parameters
    ----------
    info : of the input
    writer : entered by the caller
    work : with a shot file for every plan
    keys : pictures whose chroma their frames carry unchanged
    options : its saturation; with `chroma_only` every frame's luma becomes one middle grey and Cb and Cr stay: laid
        over the grey film in an editor's blend mode "colour", which keeps the lower layer's luma and the upper one's
        colour differences, the layer gives what the coloured film shows
    mask : where colour is added; None: everywhere
    tiles : numbers of the frames that are kept small for the report's page
    hinted : numbers of the frames that hints were given on: those of key pictures have changed it
    shares : of frames that show two shots, or one that fades
    """

    def __init__(
        self,
        info: ClipInfo,
        writer: ClipWriter,
        work: WorkFolder,
        keys: KeyPictures,
        options: ClipOptions,
        *,
        mask: MaskSource | None = None,
        tiles: Collection[int] = (),
        hinted: Collection[int] = (),
        shares: Mapping[int, Shares] | None = None,
    ) -> None:
        self._info, self._writer, self._work, self._keys, self._mask = info, writer, work, keys, mask
        self._options, self._wanted, self._hinted = options, set(tiles), set(hinted)
        self._shares = shares or {}
        self._out = replace(info, chroma_shift=shift_of(info.shape, writer.chroma_shape))
        self.tiles: list[Tile] = []

    def run(self, frames: Iterable[Frame], plans: Sequence[ShotPlan], progress: Callable[[int, int], None]) -> None:
        """Write all frames of all shots; they are coloured in threads, a few ahead of the encoder."""
        total = sum(map(len, plans))
        with ThreadPoolExecutor(THREADS) as pool:
            coloured = work_ahead(pool, self._coloured, self._matched(iter(frames), plans), AHEAD)
            for done, (frame, cb, cr) in enumerate(coloured, start=1):
                self._writer.write(frame, cb, cr)
                progress(done, total)

    def _matched(self, frames: Iterator[Frame], plans: Sequence[ShotPlan]) -> Iterator[_Work]:
        """Every frame with its chroma and confidence at the working size, and its mask."""
        for plan in plans:
            ends: dict[int, FloatArray] = {}
            with self._work.shot(plan.number) as shot_file:
                for number in range(plan.first, plan.last + 1):
                    frame = next(frames, None)
                    if frame is None or frame.index != number:
                        raise ClipError(
                            f"{self._info.name}: frame {number} could be decoded before and cannot now; is the file "
                            "being written, or the disk failing?"
                        )
                    mask = None if self._mask is None else self._mask.of_frame(number)
                    chroma = shot_file.chroma(number)
                    if number in self._shares and number not in self._keys:
                        chroma = self._mixed(chroma, self._shares[number], plan.number, ends)
                    yield frame, chroma, shot_file.confidence[number - shot_file.first], mask

    def _mixed(self, own: FloatArray, share: Shares, shot: int, ends: dict[int, FloatArray]) -> FloatArray:
        """Chroma of a frame that shows its shot in part, and of its neighbour that one's nearest frame, kept in `ends`.

        A picture that fades to black or white loses its colour as it loses contrast.
        """
        if not share.other:
            return own * np.float32(share.own)
        if share.side not in ends:
            with self._work.shot(shot + share.side) as neighbour:
                ends[share.side] = neighbour.chroma(neighbour.first if share.side > 0 else neighbour.last)
        return own * np.float32(share.own) + ends[share.side] * np.float32(share.other)

    def _coloured(self, work: _Work) -> tuple[Frame, Codes, Codes]:
        frame, low, confidence, mask = work
        if frame.index in self._keys:
            cb, cr = self._keys.planes(frame.index, self._out)
            if frame.index in self._hinted:
                cb, cr = changed_planes((cb, cr), frame.luma, self._keys.chroma(frame), low, self._out)
        else:
            cb, cr = full_planes(frame.luma, low, self._out)
        if self._options.saturation != 1:
            cb, cr = (saturate(plane, self._options.saturation, self._out) for plane in (cb, cr))
        if mask is not None:
            shape = self._out.chroma_shape
            given = [None if plane is None else resize(plane, shape) for plane in (frame.cb, frame.cr)]
            cb, cr = apply_mask(cb, cr, mask, *given, bits=self._info.bits)
        if frame.index in self._wanted:
            rgb, sure = small_rgb(frame.luma, cb, cr, self._info), upright(confidence, self._info.rotation)
            self.tiles.append(Tile(frame.index, rgb, sure))
        if self._options.chroma_only:
            place = code_range(self._info)
            frame = replace(frame, luma=np.full_like(frame.luma, place.black + place.luma_span // 2))
        return frame, cb, cr


def full_planes(luma: Codes, low: FloatArray, info: ClipInfo) -> tuple[Codes, Codes]:
    """Cb and Cr codes of a frame from its chroma at the working size, raised along the edges of its lightness.

    Parameters
    ----------
    luma : (H, W) codes
    low : (h, w, 2), a* and b*
    info : its chroma shift is that of the planes that are returned
    """
    lightness = lightness_from_luma(luma, info)
    height, width = info.chroma_shape
    if low.shape[0] >= height and low.shape[1] >= width:
        chroma = np.asarray(resize(_on_chroma_grid(low, info, (low.shape[0], low.shape[1])), (height, width)))
    else:
        guide = subsample(lightness, info.chroma_shift)
        size = min(low.shape[0], height), min(low.shape[1], width)
        lines = lines_through(*(np.asarray(resize(plane, size)) for plane in (low, lightness)))
        slope, offset = (_on_chroma_grid(plane, info, (height, width)) for plane in lines)
        slope *= cv2.merge([guide, guide])
        chroma = np.add(slope, offset, out=slope)
    return chroma_to_cbcr(subsample(luma, info.chroma_shift), chroma, info)


def changed_planes(
    planes: tuple[Codes, Codes], luma: Codes, given: FloatArray, low: FloatArray, info: ClipInfo
) -> tuple[Codes, Codes]:
    """Cb and Cr codes of a key picture, moved by what hints have changed of its chroma; elsewhere they stay.

    Parameters
    ----------
    planes : of the picture
    luma : (H, W) codes
    given : (H, W, 2), the picture's chroma
    low : (h, w, 2), at the working size, with the hints
    info : its chroma shift is that of the planes
    """
    before = np.asarray(resize(given, (low.shape[0], low.shape[1])))
    told = np.abs(low - before).max(axis=2, keepdims=True) >= LEAST_CHANGE
    old, new = full_planes(luma, before, info), full_planes(luma, np.where(told, low, before), info)
    top = code_range(info).top
    cb, cr = (
        np.clip(plane.astype(np.int32) + after - then, 0, top).astype(plane.dtype)
        for plane, after, then in zip(
            planes, (p.astype(np.int32) for p in new), (p.astype(np.int32) for p in old), strict=True
        )
    )
    return cb, cr


def _on_chroma_grid(plane: FloatArray, info: ClipInfo, shape: tuple[int, int]) -> FloatArray:
    """The plane in another size, linearly, so that its pixels lie as those of `subsample`'s planes do.

    Resizing takes samples for the centres of equal parts of the frame. Chroma lies on even columns instead, and of odd
    sizes the last sample reaches half a pixel beyond the frame.
    """
    height, width = plane.shape[:2]
    rows, columns = (
        (side << shift) / whole * small / wanted
        for side, shift, whole, small, wanted in zip(
            info.chroma_shape, info.chroma_shift, info.shape, (height, width), shape, strict=True
        )
    )
    left = ((1 << info.chroma_shift[1]) - 1) / 2 * width / info.width
    if (rows, columns, left) == (1, 1, 0):
        return plane
    to_source = np.array([[columns, 0, columns / 2 - 0.5 - left], [0, rows, rows / 2 - 0.5]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(plane, to_source, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def saturate(plane: Codes, factor: float, info: ClipInfo) -> Codes:
    """Codes of Cb or Cr moved away from neutral, or toward it, within what the range allows."""
    place = code_range(info)
    half = place.chroma_span / 2
    moved = place.neutral + np.clip((plane.astype(np.float32) - place.neutral) * np.float32(factor), -half, half)
    return np.minimum(np.rint(moved), place.top).astype(plane.dtype)


def shift_of(shape: tuple[int, int], chroma: tuple[int, int]) -> tuple[int, int]:
    """Halvings of rows and columns of a frame that give its chroma planes.

    >>> shift_of((271, 480), (136, 240)), shift_of((90, 120), (90, 120))
    ((1, 1), (0, 0))
    """
    shifts = [
        next((shift for shift in range(4) if -(-whole >> shift) == part), None)
        for whole, part in zip(shape, chroma, strict=True)
    ]
    if shifts[0] is None or shifts[1] is None:
        raise ValueError(f"chroma planes of {chroma} do not go with frames of {shape}")
    return shifts[0], shifts[1]


def small_rgb(luma: Codes, cb: Codes, cr: Codes, info: ClipInfo) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A frame as a player shows it, its longer side at most `TILE_SIDE`, (h, w, 3) uint8."""
    height, width = luma.shape
    scale = min(1.0, TILE_SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    unit = luma_from_codes(resize(luma, size), info)
    unit_cb, unit_cr = (chroma_from_codes(resize(plane, size), info) for plane in (cb, cr))
    return upright(ycbcr_to_rgb(unit, unit_cb, unit_cr, info), info.rotation)
