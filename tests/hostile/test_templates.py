"""The answers' templates of a record: none leaves the sandbox, and none takes everything."""

import pytest

from sweepbook.findings.finding import Finding
from sweepbook.pages.studies import bounded
from sweepbook.pages.studies.answers import study_answers
from sweepbook.record.load import load_record
from tests.hostile.crafted import BOMBS, ESCAPES, answering, crafted

FINDINGS = [Finding(name="c", verdict="holds")]


@pytest.fixture
def answers(valid, tmp_path):
    """answers(template) -> the paragraphs of the record's study."""

    def render(template):
        record = crafted(valid, valid.with_name("odd"), answering(template), tmp_path / "marker")
        return study_answers(load_record(record), FINDINGS).paragraphs

    return render


@pytest.mark.parametrize("template", ESCAPES)
def test_a_template_cannot_leave_the_sandbox(answers, template, tmp_path):
    with pytest.raises(ValueError, match="the template of study toy"):
        print(answers(template))
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("template", BOMBS)
def test_a_template_cannot_take_all_time_or_memory(answers, template, monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 1)
    with pytest.raises(ValueError, match="the template of study toy"):
        print(len(answers(template)))


def test_a_template_that_asks_for_what_there_is_is_rendered(answers):
    assert answers("It {{ f('c').verdict }}.\n\n{{ f('d').note }}") == [
        "It holds.",
        "the record has no such claim",
    ]
