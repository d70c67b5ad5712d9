"""Which looks and which budget a command of `decide` asks for."""

import pytest

from sweepbook.commands.deciding.looks import budget_s, looks_of, most_of, numbers_of


def test_a_budget_is_a_time_with_its_unit():
    assert [budget_s(text) for text in (None, "90s", "30m", "1h30m", "1.5h")] == [
        *(None, 90, 1800, 5400, 5400)
    ]
    for text in ("30", "0m", "soon", "1h x", "-5m", ""):
        with pytest.raises(ValueError, match="--budget must be"):
            budget_s(text)


def test_looks_are_rising_whole_numbers():
    assert numbers_of("5,10, 20") == (5, 10, 20)
    for text in ("10,5", "5,5", "0,5", "5,x", "", "5,10.5"):
        with pytest.raises(ValueError, match="--looks"):
            numbers_of(text)


def test_the_first_look_is_at_what_the_record_has():
    assert looks_of(5, None, None).numbers == (5, 10, 15, 20, 30, 40, 60)
    assert looks_of(7, None, 25).numbers == (7, 10, 15, 20, 25)
    assert looks_of(5, (10, 20), None).numbers == (5, 10, 20)
    assert looks_of(5, (5, 10), 30).numbers == (5, 10, 30)
    endless = looks_of(5, (10, 20), most_of("none"))
    assert endless.numbers == (5, 10, 20) and not endless.has_end


@pytest.mark.parametrize(
    "n, given, most, said",
    [
        (5, (3, 10), None, "begin at 5"),
        (5, None, 5, "more than 5"),
        (60, None, None, "more than 60"),
        (5, (10, 40), 20, "end at 40"),
    ],
)
def test_looks_that_cannot_be_are_refused(n, given, most, said):
    with pytest.raises(ValueError, match=said):
        looks_of(n, given, most)


@pytest.mark.parametrize("text", ["0", "-1", "many", "5.5"])
def test_the_most_replicates_are_a_number_or_none(text):
    with pytest.raises(ValueError, match="--most"):
        most_of(text)
