"""Rows that chose a config flatter it with fresh seeds, too; test rows do not."""

from benchmarks.confirmed_rows import simulate


def test_a_part_of_the_flattery_stays_on_the_rows_that_chose():
    found = simulate(0.5, n_rows=1500, n_runs=80)
    assert found.search > found.before > 0.2, "points"
    assert abs(found.after) < 0.15
    assert found.covers_before < 0.9
