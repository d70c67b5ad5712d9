import dataclasses
import json

import pytest

from search_spaces import STUDIES
from sweepbook import Option
from sweepbook.study.read import study_of


def test_an_option_is_spelt_as_its_setting():
    assert Option("skip_corrupt", "flag", "Skip.").flag == "--skip-corrupt"


@pytest.mark.parametrize(
    "values, message",
    [
        (("skip-corrupt", "flag", "Skip."), "^setting .* got 'skip-corrupt'"),
        (("", "flag", "Skip."), "^setting .* got ''"),
        (("skip", "switch", "Skip."), "kind of option --skip must be one of flag, text, name_or"),
        (("skip", "flag", ""), "option --skip needs a help text"),
    ],
)
def test_an_option_that_cannot_be_is_refused_at_its_declaration(values, message):
    with pytest.raises(ValueError, match=message):
        Option(*values)


def test_a_study_declares_an_option_once():
    flag, text = Option("note", "flag", "Note."), Option("note", "text", "Note.")
    with pytest.raises(ValueError, match="epochs declares two options for note"):
        dataclasses.replace(STUDIES["epochs"], options=(flag, text))


def test_options_are_read_back_from_a_manifest():
    study = STUDIES["vision-baselines"]
    content = json.loads(json.dumps(dataclasses.asdict(study)))
    assert study_of(content).options == study.options != ()
    assert study_of({k: v for k, v in content.items() if k != "options"}).options == ()
