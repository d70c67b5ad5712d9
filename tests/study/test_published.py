"""Published values are checked where they are declared, and come back from a manifest."""

import dataclasses
import json
import math

import pytest

from search_spaces import STUDIES
from sweepbook import Published, PublishedValue
from sweepbook.study.read import study_of


def value(**changes):
    return PublishedValue(
        **({"settings": {"lr": 0.1}, "fidelity": 3, "metric": "acc", "value": 0.5} | changes)
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fidelity": 0}, "must be a whole number >= 1, got 0"),
        ({"fidelity": 1.5}, "must be a whole number >= 1, got 1.5"),
        ({"metric": ""}, "^metric .* got ''"),
        ({"value": math.nan}, "of acc must be a finite number, got nan"),
    ],
)
def test_an_impossible_value_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        value(**changes)


def test_values_need_a_source_and_the_data_that_they_are_of():
    assert Published(source="a report", data="cities", values=[value()]).unit == "epoch"
    for changes in ({"source": " "}, {"data": ""}):
        given = {"source": "a report", "data": "cities", "values": [value()]} | changes
        with pytest.raises(ValueError, match=f"{next(iter(changes))} of published values"):
            Published(**given)


@pytest.mark.parametrize("study", STUDIES.values(), ids=list(STUDIES))
def test_what_a_study_declares_comes_back_from_its_manifest(study):
    content = json.loads(json.dumps(dataclasses.asdict(study)))
    again = study_of(content)
    assert again.answers == study.answers
    assert json.loads(json.dumps(dataclasses.asdict(again))) == content
    assert isinstance(again.published, type(study.published))


def test_every_printed_number_is_declared():
    declared = {name: s.published for name, s in STUDIES.items() if s.published}
    # of a net 6 metrics a row, and minutes for two batch sizes
    assert {name: len(published.values) for name, published in declared.items()} == {
        "batch-norm": 30,
        "batch-size": 26,
        "architecture": 42,
        "deep-gradients": 12,
        "implicit": 2,
        "vision-baselines": 5,
    }
    tuned = STUDIES["tuned-architecture"].search
    assert tuned.confirm_published == declared["architecture"]


def test_every_published_question_has_words_for_its_answers():
    answered = {name for name, study in STUDIES.items() if study.answers}
    asked = {name for name, study in STUDIES.items() if study.claims}
    assert answered == asked - {"pretext"} | {"variance"}
