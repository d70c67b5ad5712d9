import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from search_spaces.mlp_claims import CLAIMS
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.wording.limits import n_words
from sweepbook.pages.studies.answers import study_answers
from sweepbook.pages.studies.claims import claims_of
from sweepbook.record.load import load_record
from tests.records import declared

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "analysis/answers").glob("*.j2"))
CONFIGS = {
    "learning-rate": [{"lr": lr, "epochs": 50} for lr in (1.0, 0.01, 0.001, 0.00001)],
    "epochs": [{"lr": 0.001, "epochs": 100}],
    "batch-norm": [{"batch_norm": norm, "epochs": 12} for norm in (False, True)],
    "batch-size": [
        {"batch_norm": norm, "batch_size": size, "epochs": 6}
        for norm in (False, True)
        for size in (1, 16, 128, 1024)
        if size > 1 or not norm
    ],
    "architecture": [
        {"depth": depth, "width": width, "epochs": 6}
        for depth, width in ((1, 16), (2, 16), (6, 16), (10, 16), (6, 8), (6, 32), (6, 64))
    ],
    "deep-gradients": [
        {"batch_norm": True, "init": init, "residual": residual, "clip_norm": 0.0, "epochs": 4}
        for init, residual in (("he2", False), ("default", False), ("default", True))
    ],
    "implicit": [{"encoding": name, "epochs": 6} for name in ("raw", "sines")],
}


@pytest.fixture
def record_of(make_record):
    def make(study, **rest):
        claims = json.loads(json.dumps([asdict(c) for c in CLAIMS[study]]))
        path = make_record(CONFIGS[study], claims=claims, study=declared(study), **rest)
        record = load_record(path)
        if study == "deep-gradients":
            layers = np.arange(101)
            record.reports["grad_sq_norm"] = [
                10.0 ** (-0.1 * layers * (1 + 0.01 * r)) for r in record.reports["replicate"]
            ]
        return record

    return make


def sentences_of(text):
    return re.split(r"(?<=[.?!…])\s+(?=[A-Z0-9“])", text)


def answers(record):
    found = study_answers(record, evaluate(record))
    return [*(headline.text for headline in found.headlines), *found.paragraphs]


def told(record):
    return "\n".join(answers(record))


def test_there_is_a_template_for_every_study_of_the_published_part_and_two_of_our_own():
    names = {path.name.removesuffix(".md.j2") for path in TEMPLATES}
    assert names == {*CLAIMS, "vision-baselines", "leak", "variance"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_type_no_numbers(path):
    text = path.read_text(encoding="utf-8")
    called = re.sub(r"\bf\(\"[a-z0-9-]+\"\)", "", text)  # names of claims
    named = re.sub(r"ResNet-18|\b\d+x\d+\b", "", called)
    assert re.findall(r".*\d.*", named) == []
    words = r"\b(two|three|four|five|ten|half|twice|hundred|percent|first epoch is)\b"
    assert re.findall(words, named) == []


@pytest.mark.parametrize("study", sorted(CLAIMS))
def test_every_question_is_answered_in_a_headline_and_a_few_short_sentences(record_of, study):
    claims = claims_of(record_of(study))
    (headline,) = claims.headlines
    assert headline.finding in set(claims.frame["name"]) and n_words(headline.text) <= 25
    told = [headline.text, *claims.answers, *(m.text for m in claims.missing)]
    for text in [*told, *(finding.sentence for finding in claims.declared_findings)]:
        assert text.endswith(".") and "  " not in text and "None" not in text
        assert (
            "nan" not in text.split() and "{" not in text and not re.search(r"-0[.]0+(?!\d)", text)
        )
        assert all(n_words(one) <= 30 for one in sentences_of(text)), text
    assert sum(len(sentences_of(text)) for text in claims.answers) <= 5
    names = [claim.name for claim in CLAIMS[study]]
    assert [finding.name for finding in claims.declared_findings] == names


@pytest.mark.parametrize("study", sorted(CLAIMS))
def test_a_partial_record_says_once_what_is_missing(record_of, study):
    whole = record_of(study)
    for trials in (whole.trials[:0], whole.trials[:1]):
        rows = whole.reports[whole.reports["trial_id"].isin(trials["trial_id"])]
        claims = claims_of(type(whole)(whole.path, whole.manifest, trials, rows))
        text = " ".join([*(one.text for one in claims.headlines), *claims.answers])
        assert "None" not in text and "not available" not in text
        gone = [one.name for one in claims.declared_findings if one.verdict == "not available"]
        assert sorted(gone) == sorted(name for one in claims.missing for name in one.names)


def put(record, metric, **by_setting):
    """Sets a metric by the value of the one varying setting, with a little spread."""
    (setting, values), *_ = by_setting.items()
    of = record.trials.set_index("trial_id")[f"config/{setting}"]
    record.reports[metric] = [
        values[of[t]] + 0.0005 * r
        for t, r in zip(record.reports["trial_id"], record.reports["replicate"], strict=True)
    ]


def test_other_results_lead_to_other_sentences(record_of):
    record = record_of("implicit")
    put(record, "val_acc", encoding={"sines": 0.977, "raw": 0.932})
    first = told(record)
    assert "Sines help: validation accuracy is 97.8 % with sine encoding" in first
    assert "+4.5 points" in first
    put(record, "val_acc", encoding={"sines": 0.912, "raw": 0.932})
    second = told(record)
    assert "-2.0 points" in second and "Sines do not help" in second
    assert "97.8" not in second


def test_the_batch_norm_text_follows_the_record(record_of):
    record = record_of("batch-norm")
    put(record, "val_acc", batch_norm={True: 0.945, False: 0.920})
    helped = told(record)
    assert "94.5 % with batch norm and 92.0 % without" in helped
    assert "+2.5 points" in helped and "points): a gain" in helped or "interval): a gain" in helped
    put(record, "val_acc", batch_norm={True: 0.920, False: 0.920})
    equal = told(record)
    assert "no gain" in equal


def test_the_class_of_gradients_is_told(record_of):
    record = record_of("deep-gradients")
    text = told(record)
    assert "they are exploding instead; the magnitude grows 1.2" in text
    assert "towards the first layers" in text
    record.reports["grad_sq_norm"] = [g[::-1] for g in record.reports["grad_sq_norm"]]
    text = told(record)
    assert "net's gradients vanish; the magnitude grows" in text and "the last layers" in text


@pytest.mark.parametrize("name", ["mine", "architecture", "epochs"])
def test_a_study_of_ones_own_gets_no_published_answers(make_record, name):
    record = load_record(make_record([{"lr": 0.1}, {"lr": 0.2}], name=name))
    assert answers(record) == []


def with_answers(make_record, text):
    path = make_record([{"lr": 0.1}, {"lr": 0.2}], study={"answers": text})
    return claims_of(load_record(path))


def test_a_template_of_ones_own_is_filled_from_the_findings(make_record):
    text = """{% set best = f("best-config") %}
    Best is {{ best.best }}{{ " for sure" if judged(best, true, false, false) }}.

    {{ lacking(f("other")) }}"""
    claims = with_answers(make_record, text)
    assert claims.answers[0].startswith("Best is lr 0.") and not claims.problem
    assert claims.answers[1] == "The record has no finding called 'other'."


def test_headlines_are_declared_by_call_blocks_and_leave_the_paragraphs(make_record):
    text = """{% call headline(f("best-config")) %}
    Take {{ f("best-config").best }}.
    {% endcall %}
    {% call headline(f("other")) %}{% endcall %}
    The rest."""
    claims = with_answers(make_record, text)
    (headline,) = claims.headlines
    assert headline.text.startswith("Take lr 0.") and headline.finding == "best-config"
    verdicts = dict(zip(claims.frame["name"], claims.frame["verdict"], strict=True))
    assert headline.verdict == verdicts["best-config"]
    assert claims.answers == ["The rest."]


def test_without_headlines_of_its_own_a_study_gets_them_from_its_findings(make_record):
    (headline,) = with_answers(make_record, "The rest.").headlines
    assert headline.finding == "best-config" and len(headline.text.split()) <= 25


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ nothing_like_it }}", "UndefinedError: 'nothing_like_it' is undefined"),
        ("{% if %}", "TemplateSyntaxError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ f.__globals__ }}", "SecurityError"),
        ("{{ f('x').__class__.__mro__ }}", "SecurityError"),
        ("{% include 'any.md.j2' %}", "no loader"),
    ],
)
def test_a_template_that_cannot_be_filled_is_said_and_the_findings_stay(make_record, text, reason):
    claims = with_answers(make_record, text)
    assert claims.problem.startswith("The answers could not be written: the template of study ")
    assert reason in claims.problem and claims.asked and not claims.answers


@pytest.mark.parametrize(
    ("sines", "said"),
    [(0.935, "help by less than matters"), (0.9, "do not help"), (0.97, "Sines help:")],
)
def test_a_size_that_does_not_matter_is_no_harm(record_of, sines, said):
    record = record_of("implicit")
    put(record, "val_acc", encoding={"sines": sines, "raw": 0.932})
    assert said in told(record)


def test_seeds_that_learn_are_not_said_to_fail(record_of):
    record = record_of("learning-rate")
    put(record, "val_acc", lr=dict.fromkeys((1.0, 0.01, 0.001, 0.00001), 0.95))
    text = told(record)
    assert "0 of 3 seeds stay at chance" in text and "fails" not in text
    record = record_of("deep-gradients")
    record.reports["val_acc"] = 0.95
    text = told(record)
    assert "Every seed learned" in text and "No seed learned" not in text
