"""Measures of film on clips whose distributions, motion and colour changes are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from skimage.color import rgb2lab

from benchmarks.metrics.film import (
    cdc,
    colour_distribution_table,
    mean_cdc,
    temporal_errors,
)
from tests.refine.test_flow import plain_valid, plain_warp

SHAPE = (24, 30)


def warp_error(truth, output, **options):
    return temporal_errors(truth, output, **options).warp_error


def chroma_flicker(truth, output, **options):
    return temporal_errors(truth, output, **options).chroma_flicker


def flat(*rgb: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return np.broadcast_to(np.array(rgb, np.uint8), (*shape, 3)).copy()


def noise(count: int, seed: int = 0, shape: tuple[int, int] = SHAPE) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, *shape, 3), dtype=np.uint8))


def no_motion(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    return np.zeros((*target.shape, 2), np.float32)


def alternating(dx: float, dy: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The known flow of a pan: (dx, dy) to the later frame, the opposite back, as the measures ask in turn."""
    sign = 1

    def flow(target: np.ndarray, source: np.ndarray) -> np.ndarray:
        nonlocal sign
        found = np.broadcast_to(np.float32(sign) * np.array([dx, dy], np.float32), (*target.shape, 2))
        sign = -sign
        return found

    return flow


def pan(picture: np.ndarray, count: int, dx: int, dy: int) -> list[np.ndarray]:
    """What is at (x, y) in a frame is at (x + dx, y + dy) in the next; the picture is a torus."""
    return [np.roll(picture, (index * dy, index * dx), (0, 1)) for index in range(count)]


def test_cdc_of_a_still_clip_is_zero(photographs: dict[str, np.ndarray]) -> None:
    assert cdc([photographs["coffee"]] * 6) == 0.0


def test_cdc_of_disjoint_colours_is_ln_2() -> None:
    frames = [flat(10 * index, 200 - index, 7 + index) for index in range(6)]
    assert cdc(frames) == pytest.approx(np.log(2))


def test_half_of_the_pixels_changed_is_the_worked_divergence() -> None:
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4): (ln(4/3) + 1/2 ln(2/3) + 1/2 ln 2) / 2 = 0.2157616
    before, after = flat(50, 60, 70), flat(50, 60, 70)
    after[: SHAPE[0] // 2, :, 1] = 61
    table = colour_distribution_table([before, after])
    np.testing.assert_allclose(table[0], [0, 0.2157616, 0], atol=1e-7)
    assert np.isnan(table[1:]).all()


def test_gaps_are_one_two_and_four_frames() -> None:
    frames = [flat(0, 0, 0)] * 8
    frames[3] = flat(9, 0, 0)  # differs in 2 of 7 pairs at gap 1, 2 of 6 at gap 2, 1 of 4 at gap 4: (3, 7)
    expected = np.log(2) * np.array([2 / 7, 2 / 6, 1 / 4])
    np.testing.assert_allclose(colour_distribution_table(frames)[:, 0], expected)
    assert cdc(frames) == pytest.approx(expected.mean() / 3)


def test_divergence_agrees_with_scipy_on_every_channel_and_gap() -> None:
    frames = [frame // (index + 1) for index, frame in enumerate(noise(9))]
    shares = [[np.bincount(f[..., c].ravel(), minlength=256) / f[..., c].size for c in range(3)] for f in frames]
    for row, gap in enumerate((1, 2, 4)):
        for channel in range(3):
            pairs = zip(shares, shares[gap:], strict=False)
            expected = np.mean([jensenshannon(p[channel], q[channel]) ** 2 for p, q in pairs])
            assert colour_distribution_table(frames)[row, channel] == pytest.approx(expected)


def test_code_255_has_a_bin_and_positions_do_not_matter() -> None:
    frame = noise(1)[0]
    frame[0, 0] = 255
    assert cdc([frame, frame[::-1], frame[:, ::-1], frame, frame[::-1]]) == 0.0


def test_clips_weigh_the_same_and_short_ones_are_left_out_where_they_have_no_pair() -> None:
    long, short = colour_distribution_table(noise(12)), colour_distribution_table([flat(0, 0, 0), flat(1, 1, 1)])
    assert mean_cdc([long, long]) == pytest.approx(long.mean())
    expected = [(long[0] + np.log(2)).mean() / 2, long[1].mean(), long[2].mean()]
    assert mean_cdc([long, short]) == pytest.approx(np.mean(expected))


def test_too_few_frames_have_no_cdc() -> None:
    frames = noise(4)
    assert np.isnan(cdc(frames))
    assert np.isnan(colour_distribution_table([])).all()
    assert np.isfinite(cdc([*frames, frames[0]]))
    with pytest.raises(ValueError, match="at least one clip"):
        mean_cdc([])


def test_a_still_clip_is_steady(photographs: dict[str, np.ndarray]) -> None:
    errors = temporal_errors([photographs["china"]] * 4, [photographs["flower"][:107]] * 4)
    assert errors == (0.0, 0.0, 1.0, 3)


@pytest.mark.parametrize(("dx", "dy"), [(2, 1), (-3, 0), (0, -2)])
def test_a_pan_of_known_flow_is_steady_inside(dx: int, dy: int) -> None:
    frames = pan(noise(1)[0], 4, dx, dy)
    errors = temporal_errors(frames, frames, flow=alternating(dx, dy))
    height, width = SHAPE
    assert errors.warp_error == 0.0
    assert errors.chroma_flicker == pytest.approx(0, abs=1e-6)  # rounding of a*b* differs along a row
    assert errors.valid_share == pytest.approx((height - abs(dy)) * (width - abs(dx)) / (height * width))
    wrong = temporal_errors(frames, frames, flow=alternating(-dx, -dy))
    assert wrong.warp_error > 0.1
    assert wrong.chroma_flicker > 30


def test_a_change_of_all_codes_has_its_square_and_one_of_one_channel_a_third() -> None:
    truth = [noise(1)[0]] * 3
    output = [flat(100, 100, 100), flat(151, 151, 151), flat(151, 151, 151)]
    assert warp_error(truth, output, flow=no_motion) == pytest.approx(0.2**2 / 2)  # 51 / 255, in one of two pairs
    output = [flat(100, 100, 100), flat(100, 151, 100)]
    assert warp_error(truth[:2], output, flow=no_motion) == pytest.approx(0.2**2 / 3)


def test_flicker_is_the_distance_in_a_and_b_alone() -> None:
    truth = [noise(1)[0]] * 3
    output = [flat(180, 90, 60), flat(60, 120, 150), flat(60, 120, 150)]
    lab = rgb2lab(np.stack([frame[0, 0] for frame in output])[None])[0]
    expected = np.hypot(*(lab[1] - lab[0])[1:]) / 2
    assert chroma_flicker(truth, output, flow=no_motion) == pytest.approx(expected, abs=1e-3)
    greys = [flat(20, 20, 20), flat(220, 220, 220), flat(90, 90, 90)]
    assert chroma_flicker(truth, greys, flow=no_motion) == pytest.approx(0, abs=0.01)  # the white point's digits
    assert warp_error(truth, greys, flow=no_motion) > 0.1


def test_what_the_masks_leave_out_does_not_count() -> None:
    truth = [noise(1)[0]] * 2
    output = [flat(0, 0, 0), flat(0, 0, 0)]
    output[1][5, 7] = 255

    def hidden(target: np.ndarray, source: np.ndarray) -> np.ndarray:
        flow = no_motion(target, source)
        flow[5, 7] = hidden.motion
        hidden.motion = 0.0
        return flow

    hidden.motion = 3.0  # the forward flow alone: there and at the pixels above and before it, motion changes
    errors = temporal_errors(truth, output, flow=hidden)
    assert errors[:2] == (0.0, 0.0)
    assert errors.valid_share == 1 - 3 / (SHAPE[0] * SHAPE[1])
    assert warp_error(truth, output, flow=no_motion) == pytest.approx(1 / (SHAPE[0] * SHAPE[1]))


def test_agrees_with_plain_loops() -> None:
    rng = np.random.default_rng(3)
    shape = (12, 14)
    truth, output = noise(3, 1, shape), noise(3, 2, shape)
    flows = [
        (np.round(32 * (way * np.array([1.25, -0.5]) + rng.normal(0, 0.03, (*shape, 2)))) / 32).astype(np.float32)
        for way in (1, -1, 1, -1)
    ]
    given: Iterator[np.ndarray] = iter(flows)
    found = temporal_errors(truth, output, flow=lambda target, source: next(given))
    errors, flickers, shares = [], [], []
    for (before, after), forward, backward in zip(pairwise(output), flows[::2], flows[1::2], strict=True):
        valid = plain_valid(forward, backward)
        change = plain_warp(after / 255, forward) - before / 255
        errors.append((change**2 * valid[..., None]).sum() / (3 * valid.sum()))
        chroma = plain_warp(rgb2lab(after)[..., 1:], forward) - rgb2lab(before)[..., 1:]
        flickers.append((np.hypot(chroma[..., 0], chroma[..., 1]) * valid).sum() / valid.sum())
        shares.append(valid.mean())
    assert 0.2 < np.mean(shares) < 0.9
    assert found.warp_error == pytest.approx(np.mean(errors), rel=1e-5)
    assert found.chroma_flicker == pytest.approx(np.mean(flickers), rel=1e-4)
    assert found.valid_share == pytest.approx(np.mean(shares))
    assert found.n_pairs == 2


def test_flow_comes_from_the_luma_of_the_truth_in_the_order_target_source() -> None:
    truth = [flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)]
    asked = []

    def flow(target: np.ndarray, source: np.ndarray) -> np.ndarray:
        asked.append((int(target[0, 0]), int(source[0, 0])))
        return no_motion(target, source)

    temporal_errors(truth, noise(3), flow=flow)
    assert asked == [(76, 150), (150, 76), (150, 29), (29, 150)]  # 0.299, 0.587, 0.114 of 255: ITU-R BT.601


def test_a_real_pan_is_nearly_steady_and_flickering_colour_is_not(photographs: dict[str, np.ndarray]) -> None:
    picture = photographs["coffee"]
    truth = [picture[:90, 3 * index : 3 * index + 120] for index in range(4)]
    tinted = [frame // np.array([1, 1, 1 + index % 2], np.uint8) for index, frame in enumerate(truth)]
    steady, flickering = temporal_errors(truth, truth), temporal_errors(truth, tinted)
    assert steady.valid_share > 0.5
    assert steady.warp_error < 0.001 < 0.005 < flickering.warp_error
    assert steady.chroma_flicker < 2 < 8 < flickering.chroma_flicker


def test_clips_without_a_comparable_pixel_have_no_error() -> None:
    frames = noise(3)
    nothing = temporal_errors(frames, frames, flow=alternating(100, 0))
    assert np.isnan(nothing[:2]).all()
    assert nothing[2:] == (0.0, 0)
    single = temporal_errors(frames[:1], frames[:1])
    assert np.isnan(single[:3]).all()
    assert single.n_pairs == 0


def test_frames_are_read_as_a_stream() -> None:
    alive = 0

    class Tracked(np.ndarray):
        def __del__(self) -> None:
            nonlocal alive
            alive -= self.base is None

    def stream() -> Iterator[np.ndarray]:
        nonlocal alive
        for index in range(40):
            frame = Tracked((16, 16, 3), np.uint8)
            frame[...] = index
            alive += 1
            assert alive <= 6
            yield frame

    assert cdc(stream()) == pytest.approx(np.log(2))
    assert temporal_errors(stream(), (np.zeros((16, 16, 3), np.uint8) for _ in range(40))).n_pairs == 39


def test_frames_that_do_not_belong_together_are_refused() -> None:
    frames = noise(3)
    with pytest.raises(ValueError, match="output ended after 2"):
        warp_error(frames, frames[:2])
    with pytest.raises(ValueError, match="truth ended after 2"):
        warp_error(frames[:2], frames)
    with pytest.raises(ValueError, match="one shape"):
        chroma_flicker([frames[0], frames[1][:12]], [frames[0], frames[1][:12]])
    with pytest.raises(ValueError, match="uint8"):
        cdc([frames[0] / 255])
