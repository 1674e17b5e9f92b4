"""Hints: what goes in comes out, whatever their order and whatever the size of the picture; the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featcolor.errors import UsageError
from featcolor.hints.colours import COMMON, parse_colour
from featcolor.hints.hint import MOST_POINTS, Hint, Hints
from featcolor.hints.pixels import MOST_PIXELS

WIDTH, HEIGHT = 60, 40
POINTS = st.tuples(st.floats(0, WIDTH - 0.5, allow_subnormal=False), st.floats(0, HEIGHT - 0.5, allow_subnormal=False))
NAMES = st.sampled_from([name for group in COMMON.values() for name in group])
HINT = st.builds(Hint, st.lists(POINTS, min_size=1, max_size=4).map(tuple), NAMES, st.floats(0, 9))
HINTS = st.lists(HINT, max_size=6).map(tuple)


def dot(x: float, y: float, colour: str = "navy", radius: float = 0.0) -> Hint:
    return Hint(((x, y),), colour, radius)


@given(st.builds(Hints, HINTS, st.sampled_from([None, (WIDTH, HEIGHT)])))
def test_json_gives_back_the_same_hints(hints: Hints) -> None:
    assert Hints.from_dict(json.loads(json.dumps(hints.to_dict()))) == hints


def test_a_file_gives_back_the_same_hints(tmp_path: Path) -> None:
    hints = Hints((dot(3, 4), Hint(((0, 0), (8.5, 9)), "grey", 2)), (WIDTH, HEIGHT))
    hints.write(tmp_path / "a.hints.json")
    assert Hints.read(tmp_path / "a.hints.json") == hints


@given(HINTS, st.randoms(use_true_random=False))
def test_their_order_does_not_matter(hints: tuple[Hint, ...], random: object) -> None:
    mixed = list(hints)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    first, second = (Hints(tuple(each)).pixels((HEIGHT, WIDTH)) for each in (hints, mixed))
    np.testing.assert_array_equal(first.yx, second.yx)
    np.testing.assert_allclose(first.rgb, second.rgb, rtol=1e-6)


@given(HINT)
def test_a_stroke_may_be_drawn_from_either_end(hint: Hint) -> None:
    back = Hint(hint.points[::-1], hint.colour, hint.radius)
    first, second = (Hints((each,)).pixels((HEIGHT, WIDTH)) for each in (hint, back))
    near = np.abs(first.yx[:, None] - second.yx).max(axis=2)  # a line may round to the other of two pixels
    assert near.min(axis=0).max() <= 1
    assert near.min(axis=1).max() <= 1


@given(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, 4), st.floats(0, 6))
def test_hints_of_a_known_size_are_at_the_same_place_of_a_larger_picture(x: int, y: int, scale: int, r: float) -> None:
    """The middle stays in the middle, and the spot grows along."""
    hints = Hints((dot(x, y, radius=r),), (WIDTH, HEIGHT))
    small = hints.pixels((HEIGHT, WIDTH)).yx
    large = hints.pixels((HEIGHT * scale, WIDTH * scale)).yx
    assert {(int(row), int(column)) for row, column in large // scale} <= {
        (row + i, column + j) for row, column in small.tolist() for i in (-1, 0, 1) for j in (-1, 0, 1)
    }
    inside = 8 < x < WIDTH - 8 and 8 < y < HEIGHT - 8
    if inside:
        np.testing.assert_allclose((large.mean(axis=0) + 0.5) / scale, [y + 0.5, x + 0.5], atol=0.51)


@given(HINT)
def test_what_a_hint_covers_is_what_a_plain_search_finds(hint: Hint) -> None:
    """Every pixel within the radius of a point is covered, and none farther than that from the line."""
    found = {(int(row), int(column)) for row, column in Hints((hint,)).pixels((HEIGHT, WIDTH)).yx}
    points = np.minimum(np.rint(np.array(hint.points)), [WIDTH - 1, HEIGHT - 1])
    rows, columns = np.indices((HEIGHT, WIDTH))
    near = np.full((HEIGHT, WIDTH), np.inf)
    for first, second in zip(points, np.concatenate([points[1:], points[-1:]]), strict=True):
        share = np.zeros((HEIGHT, WIDTH))
        if (along := second - first).any():
            share = np.clip(((columns - first[0]) * along[0] + (rows - first[1]) * along[1]) / (along @ along), 0, 1)
        place = first + share[..., None] * along
        near = np.minimum(near, np.hypot(columns - place[..., 0], rows - place[..., 1]))
    for row, column in np.ndindex(HEIGHT, WIDTH):
        if near[row, column] > hint.radius + 0.8:
            assert (row, column) not in found
        elif near[row, column] < hint.radius - 0.8:
            assert (row, column) in found


def test_where_hints_disagree_on_a_pixel_it_is_their_mean() -> None:
    pixels = Hints((dot(5, 5, "#ff0000"), dot(5, 5, "#0000ff"))).pixels((HEIGHT, WIDTH))
    np.testing.assert_allclose(pixels.rgb, [[127.5, 0, 127.5]])


def test_a_large_spot_is_thinned_and_keeps_a_small_one() -> None:
    pixels = Hints((dot(300, 300, "navy", 250), dot(590, 590, "rust"))).pixels((600, 600))
    assert len(pixels) <= MOST_PIXELS
    assert parse_colour("rust") in {tuple(colour) for colour in pixels.rgb.tolist()}


@pytest.mark.parametrize(
    ("text", "hint"),
    {
        "320,410=navy": dot(320, 410),
        " 3.5,4 = Navy ": dot(3.5, 4),
        "3,4,5=#C3B091": dot(3, 4, "khaki", 5),
        "3,4,5=fff": None,
        "3,4 9,8,2=light skin": Hint(((3, 4), (9, 8)), "light skin", 2),
        "3=navy": None,
        "3,4": None,
        "=navy": None,
        "3,4=": None,
        "x,4=navy": None,
        "3,4=nevy": None,
        "nan,4=navy": None,
        "1e9,4=navy": None,
        "-3,4=navy": None,
    }.items(),
)
def test_what_a_person_types(text: str, hint: Hint | None) -> None:
    if hint is not None:
        assert Hint.parse(text) == hint
        return
    with pytest.raises(UsageError, match="--hint"):
        Hint.parse(text)


def test_hints_of_another_shape_and_points_outside_are_refused() -> None:
    with pytest.raises(UsageError, match="another shape"):
        Hints((dot(3, 4),), (WIDTH, HEIGHT)).pixels((WIDTH, HEIGHT))
    with pytest.raises(UsageError, match="outside the picture, which has 60x40"):
        Hints((dot(WIDTH, 4),)).pixels((HEIGHT, WIDTH))
    with pytest.raises(UsageError, match="outside"):
        Hints((dot(WIDTH, 4),), (WIDTH, HEIGHT)).pixels((2 * HEIGHT, 2 * WIDTH))
    with pytest.raises(UsageError, match="10,000 points"):
        Hints(tuple(dot(1, 1) for _ in range(MOST_POINTS + 1)))


@pytest.mark.parametrize("version", [2, 10**400, 0, True, "1"])
def test_another_version_is_refused_in_a_short_line(version: object) -> None:
    with pytest.raises(UsageError, match="version") as caught:
        Hints.from_dict({"version": version, "hints": []})
    assert len(str(caught.value)) < 150


def test_a_stroke_across_and_a_spot_over_all_cover_a_picture_twice() -> None:
    hints = Hints((Hint(((0, 0), (9, 9)), "red"), Hint(((5, 5),), "red", 99.0)))
    assert hints.coverings((10, 10)) == 2.0
    assert Hints().coverings((10, 10)) == 0.0
