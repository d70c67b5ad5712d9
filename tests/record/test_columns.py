"""A column holds one kind of value: what differs is named, and what is there already is read."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweepbook.record.columns import Columns, check_value, fitting, kind_of
from sweepbook.record.load import load_record

CELLS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


def is_fit(cells):
    """Whether a list of cells is taken: by values themselves, then by their column."""
    columns = Columns()
    try:
        return not any(columns.misfit([{"x": check_value("x", cell)}]) for cell in cells)
    except TypeError:
        return False


@given(st.lists(CELLS, min_size=1, max_size=4))
def test_what_is_taken_can_be_written_and_read(cells):
    if not is_fit(cells):
        return
    parts = [pa.Table.from_pandas(pd.DataFrame([{"x": cell}])) for cell in cells]
    table = pa.concat_tables(fitting(parts), promote_options="permissive")
    assert len(table) == len(cells)
    assert len(pa.Table.from_pandas(pd.DataFrame([{"x": cell} for cell in cells]))) == len(cells)


@pytest.mark.parametrize(
    "first, second, kinds",
    [
        ("n/a", 0.8, "x is a number, '0.8', and was a text"),
        ([0.1], 0.8, "and was a list of numbers"),
        (True, 0.5, "and was a flag"),
        (
            [["a"]],
            [[1]],
            "x is a list of lists of numbers, '[[1]]', and was a list of lists of texts",
        ),
    ],
)
def test_another_kind_than_before_is_named_with_both(first, second, kinds):
    columns = Columns()
    assert columns.misfit([{"x": first}]) is None
    assert kinds in str(columns.misfit([{"x": second}]))
    assert columns.misfit([{"x": first}, {"x": None}]) is None, "and nothing was learnt from it"


def test_a_misfit_is_told_on_one_line():
    columns = Columns()
    assert columns.misfit([{"x\ny": "n/a"}]) is None
    assert len(str(columns.misfit([{"x\ny": 0.5}])).splitlines()) == 1


def test_numbers_and_missing_values_fit():
    columns = Columns()
    for value in (1, 0.5, None, float("nan")):
        assert columns.misfit([{"x": value, "g": [] if value else [0.5]}]) is None
    assert kind_of([None]) == kind_of([]) == "a list"


def test_what_a_record_holds_settles_its_kinds():
    columns = Columns()
    reports = pd.DataFrame({"n": [1, 2], "s": [None, "a"], "g": [[0.5], None], "b": [True, False]})
    columns.take_over(reports)
    assert columns.misfit([{"n": 0.5, "s": "b", "g": [1.0], "b": True}]) is None
    for bad in ({"n": "a"}, {"s": 1.0}, {"g": 1.0}, {"b": 1.0}):
        assert columns.misfit([bad])


@pytest.mark.parametrize(
    "cells", [[None, [[1.0], [2.0]]], [[], [0.5]], [[], ["a"]], [[None], [True]], [[[]], [[1]]],
              [float("nan"), None], [None, 2**62]]
)  # fmt: skip
def test_a_record_that_is_read_again_refuses_what_it_refused_before(cells, tmp_path):
    pd.DataFrame({"x": cells}).to_parquet(tmp_path / "x.parquet")
    for value in (0.5, True, "a", [], [0.5], [True], ["a"], [[1.0]], [["a"]], *cells):
        before, after, rows = Columns(), Columns(), [{"x": value}]
        assert before.misfit([{"x": cell} for cell in cells]) is None
        after.take_over(pq.read_table(tmp_path / "x.parquet").to_pandas())
        assert bool(after.misfit(rows)) == bool(before.misfit(rows)), value


def test_a_record_that_holds_two_kinds_already_is_read(make_record):
    folder = make_record([{"depth": 1}, {"depth": 2}])
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    known = pq.read_table(folder / "reports.parquet")
    for number, value in enumerate(("n/a", 0.8)):
        part = known.slice(0, 1).append_column("auc", pa.array([value]))
        row = known.column_names.index("trial_id")
        part = part.set_column(row, "trial_id", pa.array([f"new{number}"]))
        pq.write_table(part, parts / f"{number:05d}.parquet")
    reports = load_record(folder).reports
    assert reports["auc"].dropna().tolist() == ['"n/a"', "0.8"]
