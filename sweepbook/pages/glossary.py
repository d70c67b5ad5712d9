"""The few words of a report that need a sentence, and the links from a page's texts to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup, escape

from sweepbook.findings.deciding.other_trials import LEAST_SEEDS
from sweepbook.record.load import Record
from sweepbook.study.texts import one_line

Word = tuple[str, str]  # its forms, apart by ", ", and one sentence

_OF_EVERY_REPORT = (
    ("record", "The folder that a study leaves, with its trials, their metrics and its claims."),
    ("trial", "One combination of settings, trained with one or more seeds."),
)
_REPLICATE = "One training of a trial with one seed, the number from which random numbers start."
_STEP = "One step of a trial's training, after which its metrics are recorded."
_VERDICTS = (
    ("claim", "A statement that the study declares, and that its trials decide."),
    ("holds, does not hold", "The whole interval lies as claimed; or all of it does not."),
    ("undecided", "The interval lies partly as claimed and partly not, or nearly so."),
)
_MIXED = "Some seeds of a trial learn, and others stay no better than chance."
_LOOKS = (
    ("look", "A moment at which all seeds so far are compared, to see which claims are decided."),
    ("repeated interval",
     "An interval that is wide enough to be right in 95 % of studies at all looks together."),
    ("given up",
     "An undecided claim that further seeds would decide with a chance of less than 1 in 10."),
)  # fmt: skip
_REST = (
    ("not available", "The record lacks a trial or a metric that the claim is about."),
    ("smallest difference that matters, smallest difference",
     "A smaller difference would change nobody's choice; each claim declares its own."),
    ("95 % interval, interval",
     "If the study were repeated, 95 % of such intervals would contain the true value."),
    ("weak",
     f"A verdict that errs more often: fewer than {LEAST_SEEDS} seeds of other trials show how "
     "seeds fail."),
)  # fmt: skip


def glossary(records: Sequence[Record]) -> list[Word]:
    """The words that can occur in a report of some records, each with one sentence.

    Those of the studies themselves (`Study(words=...)`) come last; where a study explains one of
    ours, its sentence stands. No two have the same anchor.
    """
    own = [word for record in records for word in record.manifest.study.words.items()]
    explained = {_same(form) for word, _ in own for form in _forms(word)}
    ours = [word for word in _words(records) if not explained & {*map(_same, _forms(word[0]))}]
    words: dict[str, Word] = {}
    for word in [*ours, *own]:
        words.setdefault(anchor_of(word[0]), word)
    return list(words.values())


def _words(records: Sequence[Record]) -> Iterator[Word]:
    """Our own words, in the order in which a reader meets them."""
    yield from _OF_EVERY_REPORT
    if any(record.manifest.n_replicates > 1 for record in records):
        yield "replicate, seed", _REPLICATE
    for unit in dict.fromkeys(record.unit for record in records):
        yield unit, _STEP
    yield from _VERDICTS
    if any(_may_be_mixed(record) for record in records):
        yield "mixed", _MIXED
    if any(record.manifest.decide is not None for record in records):
        yield from _LOOKS
    yield from _REST


def _may_be_mixed(record: Record) -> bool:
    """Whether seeds are counted that learn, as claimed or as asked of every trial."""
    claimed = any(claim.kind == "mixture" for claim in record.manifest.study.claims)
    return record.manifest.n_replicates > 1 and (claimed or "val_acc" in record.reports)


def anchor_of(word: str) -> str:
    """Where on a page a word of the glossary stands.

    >>> anchor_of("replicate, seed"), anchor_of("95 % interval, interval")
    ('word-replicate', 'word-95-interval')
    """
    return "word-" + re.sub(r"\W+", "-", _forms(word)[0].lower()).strip("-")


class Linker:
    """Texts -> markup in which each word of a glossary is a link where it first stands.

    One for each page: it remembers which words have been linked. It is for sentences about
    results; a heading, a file's name or a text inside a link is not to go through it.
    """

    def __init__(self, words: Iterable[Word]) -> None:
        forms = [(form, anchor_of(word)) for word, _ in words for form in _forms(word)]
        forms.sort(key=lambda one: -len(one[0]))
        self._anchors = [anchor for _, anchor in forms]
        any_of = "|".join(rf"({re.escape(form)})".replace(r"\ ", r"\s+") for form, _ in forms)
        # a whole word, also as a plural; "1.95 % interval" has none of ours in it
        self._word = re.compile(rf"(?<![\w.])(?:{any_of})(?:es|s)?(?!\w)", re.I) if forms else None
        self._linked: set[str] = set()

    def __call__(self, text: str) -> Markup:
        """The text, escaped, with the links; what is markup already stays as it is."""
        if isinstance(text, Markup):
            return text
        text, done, parts = one_line(text), 0, list[Markup]()
        for found in self._word.finditer(text) if self._word else ():
            anchor = self._anchors[(found.lastindex or 1) - 1]
            if anchor in self._linked:
                continue
            self._linked.add(anchor)
            parts.append(escape(text[done : found.start()]))
            parts.append(Markup('<a class="term" href="#{}">{}</a>').format(anchor, found[0]))
            done = found.end()
        return Markup("").join([*parts, escape(text[done:])])


def _forms(word: str) -> list[str]:
    """The forms of a word, of which the first one names it."""
    return [form for form in word.split(", ") if form.strip()] or [word]


def _same(form: str) -> str:
    return " ".join(form.lower().split())
