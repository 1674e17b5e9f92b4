"""Measures of pictures and of sets: against scikit-image, SciPy, plain references and hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.spatial.distance import jensenshannon
from skimage.metrics import structural_similarity

from benchmarks.metrics import histograms
from benchmarks.metrics import ssim as fidelity
from benchmarks.metrics import table as metrics
from benchmarks.metrics.pictures import Picture
from benchmarks.metrics.table import PICTURE_METRICS, SET_METRICS, bind_weights
from featcolor.colour import measures
from featcolor.colour.lab import lab_to_rgb, rgb_to_lab
from featcolor.errors import UsageError


def noisy(picture, spread=40, seed=0):
    noise = np.random.default_rng(seed).integers(-spread, spread + 1, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def faded(picture, factor):
    """The picture with its chroma multiplied."""
    lightness, chroma = rgb_to_lab(picture)
    return lab_to_rgb(lightness, chroma * np.float32(factor))


def flat(*codes, shape=(16, 20)):
    return np.full((*shape, 3), codes, np.uint8)


def chroma_of(*colours):
    """A picture of one row from its a*, b*: (1, n, 2)."""
    return np.array([colours], np.float32)


def test_ssim_agrees_with_scikit_image(photographs):
    random = np.random.default_rng(0).integers(0, 256, (2, 30, 41, 3), dtype=np.uint8)
    china = photographs["china"]
    for truth, output in [random, (china, noisy(china)), (china, measures.grey_picture(china))]:
        _, similarities = structural_similarity(
            truth, output, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=-1, full=True
        )
        inside = similarities[5:-5, 5:-5]
        assert fidelity.ssim(truth, output) == pytest.approx(inside.mean(), abs=1e-9)


def test_ssim_of_flat_pictures_is_its_luminance_term():
    x, y, c1 = 100, 140, 2.55**2
    expected = (2 * x * y + c1) / (x * x + y * y + c1)
    assert fidelity.ssim(flat(x, x, x), flat(y, y, y)) == pytest.approx(expected, abs=1e-9)


def test_ssim_looks_only_where_its_window_fits():
    truth = np.random.default_rng(1).integers(0, 256, (11, 11, 3), dtype=np.uint8)
    assert fidelity.ssim(truth, truth) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="11 x 11"):
        fidelity.ssim(truth[1:], truth[1:])


@pytest.mark.parametrize(("error", "counted"), [(1, 1), (15, 225), (17, 33), (20, 144), (200, 64)])
def test_wrapped_psnr_counts_squares_modulo_256(error, counted):
    dark, bright = flat(30, 30, 30), flat(30 + error, 30 + error, 30 + error)
    expected = 10 * np.log10(255**2 / counted)
    assert fidelity.wrapped_psnr(dark, bright) == pytest.approx(expected)
    assert fidelity.wrapped_psnr(bright, dark) == pytest.approx(expected)


def test_wrapped_psnr_is_psnr_while_errors_are_small_and_flatters_beyond(photographs):
    china = photographs["china"]
    assert fidelity.wrapped_psnr(china, noisy(china, 15)) == pytest.approx(measures.psnr(china, noisy(china, 15)))
    assert fidelity.wrapped_psnr(flat(10, 10, 10), flat(26, 10, 42)) == np.inf  # errors of 16 and 32 count as none
    assert fidelity.wrapped_psnr(china, 255 - china) > measures.psnr(china, 255 - china) + 10


def test_wrapped_psnr_has_the_floor_and_the_noise_level_that_its_docstring_names():
    codes = np.arange(256, dtype=np.uint8)[:, None, None].repeat(3, axis=2)
    black = np.zeros_like(codes)
    assert fidelity.wrapped_psnr(black, codes) == pytest.approx(27.9, abs=0.01)
    assert min(fidelity.wrapped_psnr(black[:1], code[None]) for code in codes) == pytest.approx(24.169, abs=1e-3)


def test_cf_abs_takes_sizes_first():
    opposed = np.zeros((2, 2, 3), np.uint8)
    opposed[0, :, 0] = opposed[1, :, 1] = 100  # rg is +100 and -100, yb is 50: sizes do not vary
    assert measures.colourfulness(opposed, signed=False) == pytest.approx(0.3 * np.hypot(100, 50))
    blue = np.zeros((2, 2, 3), np.uint8)
    blue[0, :, 2], blue[1] = 100, (80, 80, 0)  # yb is -100 and 80, rg is 0
    assert measures.colourfulness(blue, signed=False) == pytest.approx(10 + 0.3 * 90)
    assert measures.colourfulness(blue) == pytest.approx(90 + 0.3 * 10)


def test_delta_cf_of_a_picture_and_of_means_differ_when_errors_have_both_signs():
    truth = [flat(100, 0, 0), flat(100, 0, 0)]  # flat: CF is 0.3 of the mean alone, 0.3 hypot(r, r / 2)
    output = [flat(160, 0, 0), flat(60, 0, 0)]
    cf_of_red = 0.3 * np.hypot(1, 0.5)
    each = [PICTURE_METRICS["delta_cf"].of(*pair) for pair in zip(truth, output, strict=True)]
    np.testing.assert_allclose(each, [60 * cf_of_red, 40 * cf_of_red])
    assert set_value("delta_cf_of_means", truth, output) == pytest.approx(10 * cf_of_red)
    assert set_value("delta_cf_of_means", output, truth) == pytest.approx(10 * cf_of_red)


@pytest.mark.parametrize(
    ("distance", "steps"), [(0, 150), (0.5, 149.5), (1, 149.5), (1.5, 148.5), (50, 100.5), (149.5, 0.5), (151, 0)]
)
def test_auc_of_one_pixel_by_hand(distance, steps):
    truth, output = chroma_of((30.0, 80.0)), chroma_of((30.0, 80.0 - distance))
    assert histograms.auc(truth, output) == pytest.approx(100 * steps / 150, rel=1e-6)
    assert histograms.auc(output, truth) == pytest.approx(100 * steps / 150, rel=1e-6)


def test_auc_is_the_trapezoid_under_the_swept_shares():
    truth, output = np.random.default_rng(0).uniform(-90, 90, (2, 40, 50, 2)).astype(np.float32)
    distance = np.hypot(*np.moveaxis(truth - output, -1, 0))
    shares = [np.mean(distance <= threshold) for threshold in range(151)]
    assert histograms.auc(truth, output) == pytest.approx(100 * trapezoid(shares) / 150, rel=1e-6)


def test_auc_refuses_what_is_no_chroma_of_one_shape():
    for other in (np.zeros((4, 6, 2)), np.zeros((4, 5, 3))):
        with pytest.raises(ValueError, match="chroma"):
            histograms.auc(np.zeros((4, 5, other.shape[-1])), other)


def test_rebalanced_auc_counts_each_true_colour_once():
    truth = chroma_of((0, 0), (0, 0), (0, 0), (60, 0))
    output = chroma_of((0, 0), (0, 0), (0, 0), (10, 0))
    parts = histograms.rebalanced_auc_parts(truth, output)
    rare = 100.5 / 150
    assert histograms.auc(truth, output) == pytest.approx(100 * (3 + rare) / 4)
    assert histograms.combine_rebalanced_auc(parts[None]) == pytest.approx(100 * (1 + rare) / 2)


def test_rebalanced_auc_weights_pixels_by_the_inverse_prior_of_the_whole_set():
    rng = np.random.default_rng(0)
    truths = rng.normal(0, 20, (5, 12, 15, 2)).astype(np.float32)
    outputs = (truths + rng.normal(0, 15, truths.shape)).astype(np.float32)
    parts = np.array([histograms.rebalanced_auc_parts(*pair) for pair in zip(truths, outputs, strict=True)])
    colours = [tuple(colour) for colour in np.floor(truths.reshape(-1, 2) / 10 + 0.5)]
    weights = np.array([1 / colours.count(colour) for colour in colours])
    distance = np.hypot(*(truths - outputs).reshape(-1, 2).T)
    shares = [np.sum(weights * (distance <= threshold)) / weights.sum() for threshold in range(151)]
    assert histograms.combine_rebalanced_auc(parts) == pytest.approx(100 * trapezoid(shares) / 150, rel=1e-5)
    pictures = [histograms.combine_rebalanced_auc(part[None]) for part in parts]
    assert abs(np.mean(pictures) - histograms.combine_rebalanced_auc(parts)) > 0.1  # the prior is the set's


def test_pictures_of_any_size_count_the_same_in_a_set():
    small, large = flat(200, 40, 40, shape=(4, 4)), flat(40, 200, 40, shape=(40, 40))
    assert set_value("ab_js_of_set", [small, large], [large, small]) == pytest.approx(0.0, abs=1e-6)
    parts = [histograms.rebalanced_auc_parts(np.zeros((n, n, 2)), np.full((n, n, 2), n / 2)) for n in (4, 40)]
    scores = [150.5 - np.ceil(np.sqrt(2) * n / 2) for n in (4, 40)]
    assert histograms.combine_rebalanced_auc(np.array(parts)) == pytest.approx(100 * np.mean(scores) / 150, rel=1e-6)


def test_bins_are_ten_wide_and_centred_on_tens():
    middle = histograms.AB_BINS // 2
    for colour, bin_ in {
        (0, 0): 0,
        (4.9, -4.9): 0,
        (5.1, 0): 23,
        (-5.1, 0): -23,
        (0, 5.1): 1,
        (0, -14.9): -1,
        (100, -110): 10 * 23 - 11,
        (500, -500): 11 * 23 - 11,
    }.items():
        shares = histograms.ab_shares(chroma_of(colour))
        assert shares.shape == (529,)
        assert np.flatnonzero(shares).tolist() == [middle + bin_]


def test_shares_sum_to_one_and_every_srgb_colour_has_its_own_bin():
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), axis=-1).reshape(1, -1, 3)
    _, chroma = rgb_to_lab(cube)
    assert np.abs(chroma).max() < 115
    assert histograms.ab_shares(chroma).sum() == pytest.approx(1.0)


def test_jensen_shannon_by_hand_and_by_scipy():
    one, half, other = np.array([1.0, 0.0, 0.0]), np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    by_hand = 0.5 * (np.log2(4 / 3) + 0.5 * np.log2(2 / 3) + 0.5 * np.log2(2))
    assert histograms.jensen_shannon(one, half) == pytest.approx(np.sqrt(by_hand))
    assert histograms.jensen_shannon(half, other) == pytest.approx(1.0)
    assert histograms.jensen_shannon(half, half) == 0.0
    first, second = np.random.default_rng(0).dirichlet(np.full(50, 0.3), 2)
    expected = jensenshannon(first, second, base=2)
    assert histograms.jensen_shannon(first, second) == pytest.approx(expected)
    assert histograms.jensen_shannon(second, first) == pytest.approx(expected)


def set_value(key, truths, outputs):
    metric = SET_METRICS[key]
    pairs = [(Picture(truth), Picture(output)) for truth, output in zip(truths, outputs, strict=True)]
    return metric.combine(np.array([metric.statistic(*pair) for pair in pairs]))


def test_tables_are_keyed_in_report_order_and_say_what_is_wrong():
    first = "gain psnr delta_e00 cf delta_cf cf_abs ssim auc ab_js wrapped_psnr"
    assert list(PICTURE_METRICS)[:10] == first.split()
    for table in (PICTURE_METRICS, SET_METRICS):
        assert all(metric.key == key and metric.title and metric.source for key, metric in table.items())
    assert "wrong" in PICTURE_METRICS["wrapped_psnr"].title
    assert not set(PICTURE_METRICS) & set(SET_METRICS)


def test_the_table_measures_what_the_plain_functions_do(photographs):
    truth, output = photographs["coffee"], faded(photographs["coffee"], 0.6)
    _, true_chroma = rgb_to_lab(truth)
    _, chroma = rgb_to_lab(output)
    shares = [histograms.ab_shares(each) for each in (true_chroma, chroma)]
    expected = {
        "gain": measures.gain(truth, output),
        "psnr": measures.psnr(truth, output),
        "delta_e00": measures.mean_delta_e00(truth, output),
        "cf": measures.colourfulness(output),
        "delta_cf": measures.colourfulness(truth) - measures.colourfulness(output),
        "cf_abs": measures.colourfulness(output, signed=False),
        "ssim": fidelity.ssim(truth, output),
        "auc": histograms.auc(true_chroma, chroma),
        "ab_js": jensenshannon(*shares, base=2),
        "wrapped_psnr": fidelity.wrapped_psnr(truth, output),
    }
    pictures = Picture(truth), Picture(output)
    for key, value in expected.items():
        assert PICTURE_METRICS[key].measure(*pictures) == pytest.approx(value, rel=1e-6), key
        assert PICTURE_METRICS[key].of(truth, output) == pytest.approx(value, rel=1e-6), key
    assert expected["delta_cf"] > 0


# The others are other people's, or a network's: test_perceptual.py and test_lpips_fid.py hold what they promise.
CORE_PICTURE, CORE_SET = (
    [key for key, metric in table.items() if metric.group == "core"] for table in (PICTURE_METRICS, SET_METRICS)
)
IDEAL = {"psnr": np.inf, "gain": np.inf, "wrapped_psnr": np.inf, "ssim": 1.0, "auc": 100.0, "auc_rebalanced": 100.0}


@pytest.mark.parametrize("key", [*CORE_PICTURE, *CORE_SET])
def test_truth_is_best_and_less_colour_is_worse(key, photographs):
    truth = photographs["flower"]
    metric = (PICTURE_METRICS | SET_METRICS)[key]
    value = (lambda t, o: set_value(key, [t], [o])) if key in SET_METRICS else metric.of
    perfect, good, poor = (value(truth, output) for output in (truth, faded(truth, 0.8), faded(truth, 0.2)))
    if metric.better == "near truth":
        assert perfect == pytest.approx(value(truth[::-1], truth))
        assert perfect > good > poor
    else:
        assert perfect == pytest.approx(IDEAL.get(key, 0.0), abs=1e-6)
        if key != "wrapped_psnr":  # which no order can be asked of
            assert perfect > good > poor if metric.better == "higher" else perfect < good < poor


@pytest.mark.parametrize("key", [*CORE_PICTURE, *CORE_SET])
def test_mirroring_both_pictures_changes_nothing(key, photographs):
    truth = photographs["chelsea"]
    output = noisy(faded(truth, 0.5), 10)
    metric = (PICTURE_METRICS | SET_METRICS)[key]
    value = (lambda t, o: set_value(key, [t], [o])) if key in SET_METRICS else metric.of
    mirrored = value(np.ascontiguousarray(truth[:, ::-1]), np.ascontiguousarray(output[:, ::-1]))
    assert mirrored == pytest.approx(value(truth, output), rel=1e-6)


@pytest.mark.parametrize("key", ["psnr", "delta_e00", "delta_cf", "ssim", "auc", "ab_js", "wrapped_psnr"])
def test_distances_do_not_ask_which_picture_is_the_truth(key, photographs):
    truth, output = photographs["coffee"], faded(photographs["coffee"], 0.4)
    of = PICTURE_METRICS[key].of
    assert of(output, truth) == pytest.approx(of(truth, output), rel=1e-6)


@pytest.mark.parametrize("key", CORE_SET)
def test_a_set_is_its_pictures_in_any_order_and_within_its_bounds(key, photographs):
    truths = [photographs[name] for name in ("flower", "coffee", "rocket")]
    outputs = [faded(truth, factor) for truth, factor in zip(truths, (0.3, 0.8, 1.3), strict=True)]
    value = set_value(key, truths, outputs)
    assert set_value(key, truths[::-1], outputs[::-1]) == pytest.approx(value, rel=1e-6)
    assert set_value(key, truths * 2, outputs * 2) == pytest.approx(value, rel=1e-6)
    low, high = SET_METRICS[key].bounds
    assert low <= value <= high


def test_a_set_of_one_picture_has_its_histogram_distance(photographs):
    truth, output = photographs["rocket"], faded(photographs["rocket"], 0.5)
    assert set_value("ab_js_of_set", [truth], [output]) == pytest.approx(PICTURE_METRICS["ab_js"].of(truth, output))


def test_a_set_may_have_the_right_colours_in_the_wrong_pictures(photographs):
    pair = [photographs["flower"], photographs["rocket"]]
    assert set_value("ab_js_of_set", pair, pair[::-1]) == pytest.approx(0.0, abs=1e-6)
    assert PICTURE_METRICS["ab_js"].of(*(flat(200, 20, 20), flat(20, 20, 200))) == pytest.approx(1.0)


def test_grey_truth_has_no_gain():
    grey = np.random.default_rng(0).integers(0, 256, (12, 14, 1), dtype=np.uint8).repeat(3, axis=2)
    assert np.isnan(PICTURE_METRICS["gain"].of(grey, noisy(grey)))


def test_a_picture_is_converted_once_and_must_be_8_bit_rgb(photographs):
    picture = Picture(photographs["china"])
    assert picture.lab is picture.lab
    assert np.shares_memory(picture.chroma, picture.lab)
    assert picture.ab_shares is picture.ab_shares
    with pytest.raises(ValueError, match="uint8"):
        Picture(photographs["china"].astype(np.float32))


@pytest.mark.parametrize("key", ["psnr", "ssim", "auc", "wrapped_psnr"])
def test_two_shapes_are_refused(key):
    with pytest.raises(ValueError, match=r"one shape|chroma"):
        PICTURE_METRICS[key].of(flat(1, 2, 3), flat(1, 2, 3, shape=(20, 16)))


def test_plain_functions_fit_the_table():
    measure = metrics.on_rgb(lambda truth, output: float(output[0, 0, 0]) - float(truth[0, 0, 0]))
    assert measure(Picture(flat(1, 2, 3)), Picture(flat(9, 2, 3))) == 8.0


def test_networks_of_the_users_are_asked_for_and_bound(photographs, tmp_path):
    truth, output = photographs["coffee"], faded(photographs["coffee"], 0.4)
    with pytest.raises(UsageError, match="--lpips or --fid"):
        PICTURE_METRICS["lpips"].of(truth, output)
    with pytest.raises(UsageError, match="does not exist"):
        bind_weights({"lpips": tmp_path / "none.onnx"})
    pictures, sets = bind_weights({})
    assert pictures == PICTURE_METRICS
    assert sets == SET_METRICS


def test_delta_cf_of_means_is_there_in_both_scales():
    """Red and green halves: rg is +100 and -100, whose mean is 0 with sign and 100 without; yb is 50 all over."""
    truth = np.zeros((4, 4, 3), np.uint8)
    truth[:2, :, 0] = truth[2:, :, 1] = 100
    grey = flat(50, 50, 50, shape=(4, 4))
    assert set_value("delta_cf_of_means", [truth], [grey]) == pytest.approx(100 + 0.3 * 50)
    assert set_value("delta_cf_abs_of_means", [truth], [grey]) == pytest.approx(0.3 * np.hypot(100, 50))


def test_one_picture_has_no_fid():
    assert np.isnan(SET_METRICS["fid"].combine(np.ones((1, 2, 3))))
    assert SET_METRICS["fid"].combine(np.random.default_rng(0).normal(size=(5, 2, 3))) > 0
