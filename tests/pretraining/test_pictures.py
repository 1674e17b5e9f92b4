"""Pictures of a pretraining: which are taken, kept back and drawn; its settings."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from featcolor.errors import ReferencesError
from featcolor.pretraining.config import PretrainConfig
from featcolor.pretraining.pictures import Pictures, find_copies, hold_back, names_of, read_pictures, shrink, weigh
from tests.pretraining.samples import (
    COUNT,
    TINY,
    ignore,
    photograph,
)
from tests.samples import write_rgb


def test_sources_are_the_folders_below_the_one_that_all_share(album, pictures):
    assert pictures.names[0] == "sea/01.png"
    assert {pictures.source_of(number) for number in range(COUNT)} == {"sea", "wood"}
    assert names_of([Path("a/b.png")]) == ["b.png"]
    np.testing.assert_array_equal(pictures[0], photograph(1))


def test_what_cannot_be_learned_from_is_left_out_with_its_reason(album, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    grey = write_rgb(tmp_path / "grey.png", np.repeat(photograph(1)[..., :1], 3, axis=2))
    copied = write_rgb(tmp_path / "copy.jpg", photograph(0), cv2.IMWRITE_JPEG_QUALITY, 80)
    tiny = write_rgb(tmp_path / "tiny.png", photograph(77, 40, 60))
    paths = [*album, broken, grey, copied, tiny]
    taken, left_out = read_pictures(paths, [path.name for path in paths], progress=ignore)
    assert len(taken) == COUNT
    reasons = dict(left_out)
    assert set(reasons) == {"broken.jpg", "grey.png", "copy.jpg", "tiny.png"}
    assert reasons["copy.jpg"] == "is a copy of 00.png"
    assert reasons["tiny.png"] == "is tiny (60x40)"
    with pytest.raises(ReferencesError, match="3 usable colour pictures; training needs 8"):
        read_pictures(paths[:3], names_of(paths[:3]), progress=ignore)


def test_the_first_of_copies_stays():
    one, other = photograph(1), photograph(2)
    assert find_copies([one, other, one, one]) == {2: 0, 3: 0}
    assert find_copies([]) == {}


def test_large_and_long_pictures_shrink_about_their_middle():
    assert shrink(photograph(1, 400, 300)).shape == (235, 176, 3)
    assert shrink(photograph(1, 100, 1000)).shape == (100, 300, 3)
    assert shrink(photograph(1)).shape == (96, 120, 3)


def test_pictures_are_kept_back_from_every_source_and_drawn_by_weight(pictures):
    many = Pictures.of(
        [photograph(0, 8, 8)] * 100, [f"{'large' if number < 90 else 'small'}/{number}" for number in range(100)]
    )
    held = hold_back(many, 8, 0)
    np.testing.assert_array_equal(held, hold_back(many, 8, 0))
    assert len(set(held)) == 8
    assert {many.source_of(number) for number in held} == {"large", "small"}
    assert len(hold_back(many, 1000, 0)) <= 10
    assert len(hold_back(pictures, 0, 0)) == 0
    weights = weigh(many, np.arange(100), 1.0, 0.0, {})
    assert weights.sum() == pytest.approx(1)
    assert weights[90:].sum() == pytest.approx(0.5, abs=1e-3)
    np.testing.assert_allclose(weigh(many, np.arange(100), 0.0, 0.0, {}), 0.01)
    assert weigh(many, np.arange(100), 1.0, 0.0, {"small": 3.0})[90:].sum() == pytest.approx(0.75, abs=1e-3)


def test_settings_are_checked():
    assert PretrainConfig.from_dict(PretrainConfig(**TINY).to_dict()) == PretrainConfig(**TINY)
    for wrong, message in (
        ({"epochs": 0}, "epochs must be 1 to"),
        ({"side": 70}, "multiple of 32"),
        ({"width": 98, "heads": 4}, "multiple of heads"),
        ({"rate": math.nan}, "rate must be"),
        ({"emphasis": "people"}, "NAME=FACTOR"),
        ({"emphasis": "people=0"}, "positive factors"),
        ({"rate": "much"}, "rate must be a float"),
    ):
        with pytest.raises(ValueError, match=message):
            PretrainConfig(**wrong)
    with pytest.raises(ValueError, match="unknown setting 'size'"):
        PretrainConfig.from_dict({"size": 3})
