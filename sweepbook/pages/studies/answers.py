"""The question of a study answered in a headline and a few sentences, from the findings alone.

A template holds words; each number, label and verdict in the text is a finding's. It is part of
the study's record (Study.answers). A template is a text that somebody wrote: it is rendered in
Jinja's sandbox, with the functions of `functions` and nothing else. A headline is declared by a
call block with the finding that it rests on: {% call headline(f("name")) %}...{% endcall %}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sweepbook.findings.finding import Finding
from sweepbook.findings.forest import is_weak
from sweepbook.pages.studies.bounded import bounded
from sweepbook.pages.studies.words import WORDS
from sweepbook.record.load import Record


@dataclass(frozen=True)
class Headline:
    """What a study found, for a reader who sees only this line.

    verdict: of the finding it rests on. finding: the name of that finding, "" if there is none.
    text: one sentence of at most 25 words; the page shows the verdict beside it. is_weak: few
    seeds of other trials show how seeds fail.
    """

    verdict: str
    finding: str
    text: str
    is_weak: bool = False


@dataclass(frozen=True)
class Answers:
    """A study's question answered: headlines, then paragraphs that do not repeat them."""

    headlines: list[Headline]
    paragraphs: list[str]


def study_answers(record: Record, findings: Sequence[Finding]) -> Answers:
    """The answers by the template that the record's study declares; empty without one.

    findings: as `evaluate` returns them. The same findings give the same text. The template is
    rendered in a process of its own, with bounded time and memory.

    Raises:
        ValueError: the template cannot be rendered, saying why.
    """
    template = record.manifest.study.answers
    if not template:
        return Answers([], [])
    try:
        found = bounded(lambda: asdict(_rendered(template, findings)))
    except ValueError as error:
        raise ValueError(f"the template of study {record.study}: {error}") from error
    headlines = [Headline(**headline) for headline in found["headlines"]]
    return Answers(headlines, found["paragraphs"])


def environment() -> ImmutableSandboxedEnvironment:
    """Jinja's sandbox, in which a template is read and rendered."""
    return ImmutableSandboxedEnvironment(
        autoescape=False,  # plain text: the report's own templates escape it
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=False,
    )


def _rendered(template: str, findings: Sequence[Finding]) -> Answers:
    headlines: list[Headline] = []
    text = environment().from_string(template).render(functions(findings, headlines))
    paragraphs = map(_one_line, re.split(r"\n\s*\n", text))
    return Answers(headlines, [paragraph for paragraph in paragraphs if paragraph])


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def functions(
    findings: Sequence[Finding], headlines: list[Headline] | None = None
) -> dict[str, Any]:
    """What templates may call, by name; rows are findings. Headlines are added to the list."""
    by_name = {finding.name: finding for finding in findings}

    def find(name: str) -> Finding:
        return by_name.get(name, Finding(name=name, note="the record has no such claim"))

    def every(kind: str) -> list[Finding]:
        beginning = re.compile(rf"{re.escape(kind)}-(?!evaluation)")
        return [finding for finding in findings if beginning.match(finding.name)]

    def first(kind: str) -> Finding:
        return next(iter(every(kind)), Finding(name=kind, note=f"there is no {kind}"))

    def headline(row: Finding, caller: Callable[[], str]) -> str:
        if headlines is not None and (text := _one_line(caller())):
            headlines.append(Headline(row.verdict, row.name, text, is_weak(row)))
        return ""

    return {
        "headline": headline,
        "f": find,
        "every": every,
        "first": first,
        **WORDS,
    }
