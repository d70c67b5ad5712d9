"""Answers drawn over what a study may come to: the words say what the verdict beside them says."""

import functools
import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from search_spaces.mlp_claims import CLAIMS
from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.finding import FAILS, HOLDS, OPEN
from sweepbook.findings.wording.limits import n_words
from sweepbook.pages.studies.answers import study_answers
from sweepbook.record.load import load_record
from tests.pages.test_answers import CONFIGS, sentences_of
from tests.records import declared, write_record

LEAVES_OPEN = (
    r"\b(may|whether|open|undecided|uncertain|perhaps|not told apart|not safely|not shown)\b"
)
DENIES = r"\b(not?|loss|less|instead|worst|ahead of the published|only|still falls|more than)\b"
METRICS = ("val_loss", "train_loss", "val_acc", "train_acc", "train_eval_acc", "test_acc")


@functools.cache
def record_of(study):
    """A record of the study; its numbers are drawn anew by each example."""
    claims = json.loads(json.dumps([asdict(claim) for claim in CLAIMS[study]]))
    with tempfile.TemporaryDirectory() as folder:
        given_of = {"claims": claims, "study": declared(study), "n_replicates": 5}
        return load_record(write_record(Path(folder), CONFIGS[study], **given_of))


@st.composite
def outcomes(draw):
    """How the trials of a study turned out: of each a level, a slope, and how seeds scatter."""
    near = draw(st.floats(0.0, 0.04))  # how far the trials lie apart
    levels = st.lists(st.floats(-1, 1), min_size=8, max_size=8)
    return {
        "levels": near * np.array(draw(levels)),
        "slopes": draw(st.sampled_from((0.0, 0.01, 0.3))) * np.array(draw(levels)),
        "scatter": draw(st.sampled_from((0.0, 0.001, 0.01, 0.05))),
        "fails": draw(st.sets(st.integers(0, 7), max_size=3)),  # trials at chance
        "growth": draw(st.floats(-0.3, 0.3)),  # of the gradients, log10 per layer
        "seed": draw(st.integers(0, 99)),
    }


def with_outcome(record, outcome):
    """The record with metrics as drawn, on the scale on which the exercise's claims are made."""
    random = np.random.default_rng(outcome["seed"])
    place = {trial: i for i, trial in enumerate(record.trials["trial_id"])}
    of = record.reports["trial_id"].map(place).to_numpy()
    shape, epochs = len(of), record.reports["epoch"].to_numpy()
    gain = outcome["levels"][of] + outcome["slopes"][of] * (epochs / epochs.max() - 0.5)
    fails = np.isin(of, list(outcome["fails"]))
    reports = record.reports.copy()
    for name in METRICS:
        own = gain + outcome["scatter"] * random.standard_normal(shape)
        if name.endswith("_acc"):
            reports[name] = np.where(fails, 0.08, np.clip(0.93 + own, 0.0, 1.0))
        else:
            reports[name] = np.where(fails, 3.4, np.clip(0.2 - 3 * own, 1e-3, None))
    if "config/init" in record.trials:  # of the deep nets, whose gradients are tracked
        layers = 2 * outcome["growth"] * np.arange(101)
        noise = outcome["scatter"] * random.standard_normal((shape, 1))
        reports["grad_sq_norm"] = list(10.0 ** (layers * (1 + noise)))
    return type(record)(record.path, record.manifest, record.trials, reports)


@pytest.mark.parametrize("study", sorted(CONFIGS))
@settings(max_examples=15, deadline=None, derandomize=True, phases=(Phase.generate,))
@given(outcome=outcomes())
def test_words_say_what_the_verdict_says_whatever_a_study_came_to(study, outcome):
    findings = evaluate(with_outcome(record_of(study), outcome))
    found = study_answers(record_of(study), findings)
    claims = {finding.name: finding for finding in findings}
    for text in (*found.paragraphs, *(headline.text for headline in found.headlines)):
        assert not re.search(r"None|\bnan\b|  |\{|-0\.0+(?![\d.])|unknown", text), text
        assert all(n_words(one) <= 30 for one in sentences_of(text)), text
    for headline in found.headlines:
        assert n_words(headline.text) <= 25, headline.text
        said = headline.text.lower()
        if headline.verdict == OPEN:
            assert re.search(LEAVES_OPEN, said), headline.text
        if headline.verdict == FAILS:
            assert re.search(DENIES, said), (headline.text, claims[headline.finding].claim)
        if headline.verdict == HOLDS:
            assert not re.search(r"not told apart|not safely|uncertain|whether", said), said
