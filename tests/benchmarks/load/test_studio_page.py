"""The table of how fast the studio's page is."""

from __future__ import annotations

from benchmarks.load.studio_page import build_table


def test_a_row_tells_median_worst_and_count() -> None:
    assert build_table([("one hint", [0.1, 0.3, 0.1004])]).splitlines()[2:] == ["| one hint | 100 | 300 | 3 |"]
