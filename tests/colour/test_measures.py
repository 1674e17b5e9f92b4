"""Measures against closed forms, scikit-image and the published table of CIEDE2000."""

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.metrics import peak_signal_noise_ratio

from featcolor.colour import measures

# L1 a1 b1, L2 a2 b2, CIEDE2000: Sharma, Wu, Dalal, Color Research and Application 30 (2005), table 1
SHARMA_2005 = np.array(
    """
    50.0000   2.6772 -79.7751  50.0000   0.0000 -82.7485   2.0425
    50.0000   3.1571 -77.2803  50.0000   0.0000 -82.7485   2.8615
    50.0000   2.8361 -74.0200  50.0000   0.0000 -82.7485   3.4412
    50.0000  -1.3802 -84.2814  50.0000   0.0000 -82.7485   1.0000
    50.0000  -1.1848 -84.8006  50.0000   0.0000 -82.7485   1.0000
    50.0000  -0.9009 -85.5211  50.0000   0.0000 -82.7485   1.0000
    50.0000   0.0000   0.0000  50.0000  -1.0000   2.0000   2.3669
    50.0000  -1.0000   2.0000  50.0000   0.0000   0.0000   2.3669
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0009   7.1792
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0010   7.1792
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0011   7.2195
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0012   7.2195
    50.0000  -0.0010   2.4900  50.0000   0.0009  -2.4900   4.8045
    50.0000  -0.0010   2.4900  50.0000   0.0010  -2.4900   4.8045
    50.0000  -0.0010   2.4900  50.0000   0.0011  -2.4900   4.7461
    50.0000   2.5000   0.0000  50.0000   0.0000  -2.5000   4.3065
    50.0000   2.5000   0.0000  73.0000  25.0000 -18.0000  27.1492
    50.0000   2.5000   0.0000  61.0000  -5.0000  29.0000  22.8977
    50.0000   2.5000   0.0000  56.0000 -27.0000  -3.0000  31.9030
    50.0000   2.5000   0.0000  58.0000  24.0000  15.0000  19.4535
    50.0000   2.5000   0.0000  50.0000   3.1736   0.5854   1.0000
    50.0000   2.5000   0.0000  50.0000   3.2972   0.0000   1.0000
    50.0000   2.5000   0.0000  50.0000   1.8634   0.5757   1.0000
    50.0000   2.5000   0.0000  50.0000   3.2592   0.3350   1.0000
    60.2574 -34.0099  36.2677  60.4626 -34.1751  39.4387   1.2644
    63.0109 -31.0961  -5.8663  62.8187 -29.7946  -4.0864   1.2630
    61.2901   3.7196  -5.3901  61.4292   2.2480  -4.9620   1.8731
    35.0831 -44.1164   3.7933  35.0232 -40.0716   1.5901   1.8645
    22.7233  20.0904 -46.6940  23.0331  14.9730 -42.5619   2.0373
    36.4612  47.8580  18.3852  36.2715  50.5065  21.2231   1.4146
    90.8027  -2.0831   1.4410  91.1528  -1.6435   0.0447   1.4441
    90.9257  -0.5406  -0.9208  88.6381  -0.8985  -0.7239   1.5381
     6.7747  -0.2908  -2.4247   5.8714  -0.0985  -2.2286   0.6377
     2.0776   0.0795  -1.1350   0.9033  -0.0636  -0.5514   0.9082
    """.split(),  # noqa: SIM905
    float,
).reshape(34, 7)


def random_pair(shape=(40, 60), noise=None, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    if noise is None:
        return truth, rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    return truth, np.clip(truth.astype(int) + rng.integers(-noise, noise + 1, truth.shape), 0, 255).astype(np.uint8)


def test_ciede2000_gives_the_published_table():
    for first, second in ((0, 3), (3, 0)):
        found = measures.delta_e00(SHARMA_2005[:, first : first + 3], SHARMA_2005[:, second : second + 3])
        np.testing.assert_allclose(found, SHARMA_2005[:, 6], atol=5e-5, rtol=0)


def test_ciede2000_in_float32_gives_the_published_table_but_for_the_ambiguous_hues():
    table = SHARMA_2005.astype(np.float32)
    opposite = slice(8, 15)  # pairs 9-15 tell hues 180 degrees apart by 1e-4 of a*: below float32
    found = measures.delta_e00(table[:, :3], table[:, 3:6])
    assert found.dtype == np.float32
    keep = np.r_[0 : opposite.start, opposite.stop : 34]
    np.testing.assert_allclose(found[keep], SHARMA_2005[keep, 6], atol=1e-4, rtol=0)


@pytest.mark.parametrize("noise", [None, 3])
def test_mean_ciede2000_is_that_of_exact_lab_in_float64(noise):
    truth, output = random_pair(noise=noise)
    expected = measures.delta_e00(rgb2lab(truth), rgb2lab(output))
    assert expected.dtype == np.float64
    assert measures.mean_delta_e00(truth, output) == pytest.approx(expected.mean(), abs=1e-4)
    assert measures.mean_delta_e00(truth, truth) == 0.0


def test_psnr_closed_form_and_scikit_image():
    truth, output = random_pair()
    assert measures.psnr(truth, output) == pytest.approx(peak_signal_noise_ratio(truth, output, data_range=255))
    black, one = np.zeros((4, 5, 3), np.uint8), np.full((4, 5, 3), 1, np.uint8)
    assert measures.psnr(black, one) == pytest.approx(20 * np.log10(255))
    assert measures.psnr(black, np.full_like(black, 255)) == 0.0
    assert measures.psnr(truth, truth) == float("inf")


def test_colourfulness_closed_forms():
    flat = np.zeros((6, 8, 3), np.uint8)
    flat[..., 0] = 200
    assert measures.colourfulness(flat) == pytest.approx(0.3 * np.hypot(200, 100))
    halves = np.zeros((4, 4, 3), np.uint8)
    halves[:2, :, 2] = 100  # yb is -100 and 0: deviation 50, mean -50
    assert measures.colourfulness(halves) == pytest.approx(50 + 0.3 * 50)
    assert measures.colourfulness(np.full((3, 3, 3), 77, np.uint8)) == 0.0


def test_colourfulness_is_signed_before_the_mean():
    opposed = np.zeros((2, 2, 3), np.uint8)
    opposed[0, :, 0] = opposed[1, :, 1] = 100  # rg is +100 and -100, yb is 50: the mean of rg is 0
    assert measures.colourfulness(opposed) == pytest.approx(100 + 0.3 * 50)


def test_gain_is_over_the_exact_grey_picture():
    truth, output = random_pair(noise=20)
    grey = measures.grey_picture(truth)
    assert (grey == grey[..., :1]).all()
    np.testing.assert_allclose(rgb2lab(grey)[..., 0], rgb2lab(truth)[..., 0], atol=0.27)
    assert measures.gain(truth, grey) == 0.0
    assert measures.gain(truth, output) == pytest.approx(measures.psnr(truth, output) - measures.psnr(truth, grey))
    assert np.isnan(measures.gain(grey, output))


def test_grey_is_told_from_colour_sepia_and_noise():
    rng = np.random.default_rng(0)
    grey = np.repeat(rng.integers(20, 230, (50, 60, 1), dtype=np.uint8), 3, axis=2)
    assert measures.is_grey(grey)
    assert measures.is_grey(grey + rng.integers(0, 4, grey.shape, dtype=np.uint8))
    sepia = grey.copy()
    sepia[..., 2] -= 12
    assert not measures.is_grey(sepia)
    spot = grey.copy()
    spot[:5, :5] = (200, 30, 30)
    assert not measures.is_grey(spot)


def test_grey_ends_at_three_codes_on_all_but_a_thousandth_of_the_pixels():
    picture = np.full((20, 100, 3), 100, np.uint8)
    picture[..., 1] = 103
    assert measures.is_grey(picture)
    picture[0, :2, 1] = 104  # 2 of 2,000
    assert measures.is_grey(picture)
    picture[0, 2, 1] = 104
    assert not measures.is_grey(picture)


@pytest.mark.parametrize("wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_other_pictures_than_8_bit_rgb_and_of_two_shapes_are_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        measures.colourfulness(wrong)
    with pytest.raises(ValueError, match="one shape"):
        measures.psnr(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
