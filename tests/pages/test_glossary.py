"""The words of a report that need a sentence, and the links to them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from search_spaces.vision import VISION_BASELINES
from sweepbook.pages.glossary import Linker, anchor_of, glossary
from sweepbook.record.load import Record, load_record
from sweepbook.study.study import Study
from sweepbook.study.texts import one_line
from tests.records import with_manifest, write_record

WORDS = [("replicate, seed", "One."), ("holds", "Two."), ("95 % interval, interval", "Three.")]
pieces = st.sampled_from(
    ["replicate", "Seeds", "holds", "95 % intervals", "threshold", "intervals", "<b>", "&amp;",
     '"', "'", " ", " ", ".", "ſeed", "\n", "\x00", "精度", "&", "replicate_s"]
)  # fmt: skip
texts = st.one_of(st.text(), st.lists(pieces).map("".join))


class Links(HTMLParser):
    """The text of some markup, its tags, and the text and address of each link."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", list[str](), list[list[str]]()
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links.append([str(dict(attrs)["href"]), ""])

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.links and not self.links[-1][1]:
            self.links[-1][1] = data


def record(folder: Path, **study: object) -> Record:
    return load_record(write_record(folder / "r", [{"width": 1}], study=study))


def test_the_first_of_each_word_is_a_link_also_as_a_plural() -> None:
    linker = Linker(WORDS)
    first = linker("Three Replicates of one seed: it holds, at a threshold, by 195 % intervals")
    assert Links(first).links == [
        ["#word-replicate", "Replicates"], ["#word-holds", "holds"],
        ["#word-95-interval", "intervals"],
    ]  # fmt: skip
    assert linker("seeds, replicates, a 95 % interval") == "seeds, replicates, a 95 % interval"


def test_markup_stays_as_it_is_and_a_text_is_escaped_once() -> None:
    linker = Linker(WORDS)
    assert linker(Markup("<i>holds</i>")) == "<i>holds</i>"
    shown = linker("<b>&amp; holds")
    assert shown == '&lt;b&gt;&amp;amp; <a class="term" href="#word-holds">holds</a>'


@given(st.lists(texts, max_size=4), st.lists(st.tuples(texts.filter(str.strip), texts)))
@example(["ſeed of a<b>"], WORDS)
def test_only_links_are_added_to_any_text(said: list[str], words: list[tuple[str, str]]) -> None:
    linker = Linker([*WORDS, *words])
    pages = [Links(linker(text)) for text in said]
    for text, page in zip(said, pages, strict=True):
        assert page.text == one_line(text)
        assert set(page.tags) <= {"a"}
    links = [link for page in pages for link in page.links]
    anchors = {f"#{anchor_of(word)}" for word, _ in [*WORDS, *words]}
    assert len({address for address, _ in links}) == len(links)
    assert {address for address, _ in links} <= anchors


@given(st.lists(pieces.map(lambda piece: f"{piece} "), max_size=12).map("".join))
def test_a_word_of_the_glossary_that_stands_in_a_text_is_linked(text: str) -> None:
    found = [address for address, _ in Links(Linker(WORDS)(text)).links]
    stands = re.search(r"(?<![\w.])(replicates?|seeds?)(?!\w)", one_line(text), re.I)
    assert ("#word-replicate" in found) == bool(stands)


def test_a_glossary_has_what_can_occur_and_what_the_study_explains(tmp_path: Path) -> None:
    words = dict(glossary([record(tmp_path, words={"pretext": "A task that needs no labels."})]))
    assert words["pretext"] == "A task that needs no labels."
    assert "epoch" in words and "eval" not in words and "undecided" in words and "mixed" in words
    alone = write_record(tmp_path / "alone", [{"width": 1}], n_replicates=1)
    assert not {"mixed", "replicate, seed"} & {word for word, _ in glossary([load_record(alone)])}


def test_a_study_may_explain_one_of_our_words(tmp_path: Path) -> None:
    words = glossary([record(tmp_path, words={"Epoch": "All rows, once.", "trial": "A try."})])
    names = [word.lower() for word, _ in words]
    assert names.count("epoch") == 1 and dict(words)["Epoch"] == "All rows, once."
    assert names.count("trial") == 1 and dict(words)["trial"] == "A try."


def test_the_exercise_has_at_most_fifteen_words_of_one_sentence(tmp_path: Path) -> None:
    first = record(tmp_path)
    words = glossary([first, with_manifest(first, study=VISION_BASELINES)])
    assert {"pretext", "probe"} <= dict(words).keys() and len(words) <= 15
    anchors = [anchor_of(word) for word, _ in words]
    assert len(set(anchors)) == len(anchors)
    for _, sentence in words:
        assert sentence.endswith(".") and sentence.count(". ") == 0 and len(sentence.split()) < 20


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"": "One."}, "''"), ({"-": "One."}, "'-'"), ({"a": ""}, "'a'"), ({"a": 3}, "'a'"),
        ({"a" * 41: "One."}, "40"), ({"a": "b" * 201}, "200"),
        ({f"a{n}": "One." for n in range(6)}, "at most 5"),
    ],
)  # fmt: skip
def test_words_that_no_glossary_can_show_are_refused(words: dict, named: str) -> None:
    fields = {"trainable": "x:y", "metric": VISION_BASELINES.metric}
    with pytest.raises(ValueError, match=re.escape(named)):
        Study(name="s", question="?", fidelity=VISION_BASELINES.fidelity, **fields, words=words)
