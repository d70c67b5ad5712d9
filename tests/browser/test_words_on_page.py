"""What a reader has to read: the visible words of a report of the exercise's eight studies."""

import json
import re
from dataclasses import asdict

import pytest

from search_spaces import STUDIES
from sweepbook.pages.report import write_report
from tests.records import declared, write_record

pytestmark = pytest.mark.more
MOST_WORDS, MOST_OF_SENTENCE, MOST_OF_PARAGRAPH = 6000, 30, 5
NAMES = (
    *("learning-rate", "epochs", "batch-norm", "batch-size", "architecture"),
    *("deep-gradients", "implicit", "vision-baselines"),
)


def plain(value):
    return json.loads(json.dumps(value, default=dict))


def write(folder, name):
    """A record of a study of the exercise, with what it declares and made-up curves."""
    study = STUDIES[name]
    space = [
        dict(zip(study.grid, values, strict=True))
        for values in ([(v,) for v in next(iter(study.grid.values()))] if study.grid else [])
    ]
    configs = [{**study.fixed, **point} for point in (*space, *study.points)] or [study.fixed]
    if name == "vision-baselines":
        configs = [{"weights": "pretext", **config} for config in configs]
    figures = [spec for spec in study.figures if ":" not in spec["kind"]]
    content = {**declared(name), "question": study.question, "metric": asdict(study.metric)}
    return write_record(
        folder / name,
        [{key: value for key, value in config.items() if key != "epochs"} for config in configs],
        name=name,
        figures=plain(figures),
        claims=plain([asdict(claim) for claim in study.claims]),
        study=content,
        n_replicates=5,
        epochs=12,
    )


@pytest.fixture(scope="module")
def opened(driver, tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    page = write_report([write(folder, name) for name in NAMES], folder / "out")
    driver.get(page.as_uri())
    return driver


def test_a_report_of_eight_studies_is_read_in_half_an_hour(opened):
    text = opened.execute_script("return document.body.innerText")
    assert 1000 < len(text.split()) <= MOST_WORDS


def test_no_sentence_is_long_and_no_paragraph_either(opened):
    paragraphs = opened.execute_script(
        "return [...document.querySelectorAll('p, li, figcaption, summary')]"
        ".filter((one) => one.checkVisibility()).map((one) => one.innerText)"
    )
    assert len(paragraphs) > 100
    for paragraph in paragraphs:
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z“0-9])", paragraph)
        assert len(sentences) <= MOST_OF_PARAGRAPH, paragraph
        for sentence in sentences:
            assert len(sentence.split()) <= MOST_OF_SENTENCE, sentence


def test_every_declared_claim_is_seen_with_its_verdict(opened):
    seen = opened.execute_script(
        "return [...document.querySelectorAll('tr[id^=claim-]')]"
        ".filter((one) => one.checkVisibility())"
        ".map((one) => [one.id, one.querySelector('summary').innerText,"
        " one.querySelector('.verdict').innerText])"
    )
    told = {place: (claim, verdict) for place, claim, verdict in seen}
    for name in NAMES:
        for claim in STUDIES[name].claims:
            shown, verdict = told[f"claim-{name}-{claim.name}"]
            assert (claim.statement or claim.reading)[:20] in shown
            assert re.search("holds|does not hold|undecided|mixed|not available", verdict)


def test_the_first_screen_has_a_line_of_each_study_and_a_way_to_each_claim(opened):
    """1,280 x 900 pixels: the headlines stand whole on it."""
    opened.set_window_size(1280, 900)
    ends = opened.execute_script(
        "return [...document.querySelectorAll('.headlines li')]"
        ".map((one) => one.getBoundingClientRect().bottom + scrollY)"
    )
    assert 6 <= len(ends) <= 8 and max(ends) <= 900
    for link in opened.execute_script(
        "return [...document.querySelectorAll('.forest a')].map((one) => one.hash)"
    ):
        assert opened.execute_script("return !!document.querySelector(arguments[0])", link)
