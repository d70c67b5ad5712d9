"""A template of answers is read before the training: syntax, names, calls, names of claims."""

import pytest

from search_spaces import STUDIES
from sweepbook.checks.answers import answer_problems
from tests.checks.conftest import claim

GOOD = """
{% call headline(f("one")) %}It is {{ amount(f("one")) }}.{% endcall %}
{% set acc = f("one") %}
{% macro missing(row) %}{{ row.note or lacking(row) }}{% endmacro %}
{% if known(acc) and acc.estimate is not none %}
 It is {{ amount(acc) }} {{ judged(acc, "so", "not so", unsettled(acc)) }}.
{% else %}{{ missing(acc) }}{% endif %}
{% for row in every("gap") | rejectattr("verdict", "equalto", "not available") | list %}
{{ loop.index }} {{ row.arm | replace("a", "b") }} {{ range([row]) }}
{% endfor %}
"""


def test_a_sound_template_is_not_refused(problems):
    claims = (claim({"lr": 0.1, "batch_size": 16}),)
    assert problems(answers=GOOD, claims=claims) == ""
    assert problems(answers="Plain words.") == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{% if known(f('a')) %}", ["line 3", "if"]),
        ("{{ known(f('a') }}", ["line 3"]),
        ("{{ knwon(f('a')) }}", ["line 3", "'knwon'", "mean 'known'"]),
        ("{{ accuracy }}", ["line 3", "'accuracy'", "judged"]),
        ("{{ f('a') | amuont }}", ["line 3", "amuont"]),
        ("{{ f('a') is knwon }}", ["line 3", "knwon"]),
        ("{{ judged(f('a'), 'yes') }}", ["line 3", "judged", "still_open"]),
        ("{{ amount(f('a'), signs=True) }}", ["line 3", "signs"]),
        ("{{ headline(f('a')) }}", ["line 3", "headline", "caller"]),
        ("{% call headline() %}So.{% endcall %}", ["line 3", "headline", "row"]),
        ("{{ amount(f('onee-claim')) }}", ["line 3", "'onee-claim'", "mean 'one-claim'"]),
    ],
)
def test_a_fault_is_named_with_its_line(line, words, problems):
    claims = (claim({"lr": 0.1, "batch_size": 16}, name="one-claim"),)
    said = problems(answers=f"First.\n\n{line}\n", claims=claims)
    assert "study grid, answers" in said and all(word in said for word in words), said
    assert len(said.splitlines()) == 1


def test_what_every_record_is_asked_can_be_asked_for(problems):
    assert problems(answers="{{ lacking(f('best-config')) }}{{ lacking(first('gap')) }}") == ""


@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_the_exercise_s_templates_are_sound(study):
    assert answer_problems(study, study.claims) == []
