"""The template of a study's answers, read before anything is trained: without any finding."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jinja2
from jinja2 import meta, nodes

from sweepbook.aggregates.labels import listing
from sweepbook.pages.studies.answers import environment, functions
from sweepbook.study.claim import Claim
from sweepbook.study.study import Study

_FIND = "f"  # the function that finds a finding by its name


def answer_problems(study: Study, claims: Sequence[Claim]) -> list[str]:
    """Sentences about the template, each with its line; [] where it has no fault.

    Args:
        claims: of the study, whose names the template may ask for.
    """
    reads = environment()
    try:
        tree = reads.parse(study.answers)
        reads.compile(study.answers)  # finds filters and tests that do not exist
    except jinja2.TemplateSyntaxError as error:
        return [f"study {study.name}, answers, line {error.lineno}: {error.message}"]
    known = {**reads.globals, **functions([])}
    found = [
        *_unknown_names(tree, known),
        *_wrong_calls(tree, functions([])),
        *_unknown_claims(tree, study, claims),
    ]
    return [f"study {study.name}, answers, line {line}: {text}" for line, text in sorted(found)]


def _unknown_names(tree: nodes.Template, known: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    unknown = meta.find_undeclared_variables(tree) - known.keys()
    for node in tree.find_all(nodes.Name):
        if node.name in unknown and node.ctx == "load":
            unknown.discard(node.name)
            yield (
                node.lineno,
                f"nothing is called {node.name!r}{_near(node.name, [*functions([])])}",
            )


def _wrong_calls(tree: nodes.Template, known: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Calls of our functions with too few arguments or too many."""
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    own |= {node.name for node in tree.find_all(nodes.Macro)}
    blocks = {id(node.call): {"caller": node.body} for node in tree.find_all(nodes.CallBlock)}
    for call in tree.find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        if name not in known or name in own or call.dyn_args or call.dyn_kwargs:
            continue
        signature = inspect.signature(known[name])
        given = {pair.key: pair.value for pair in call.kwargs} | blocks.get(id(call), {})
        try:
            signature.bind(*call.args, **given)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            yield call.lineno, f"{name} takes ({takes}), and this call does not fit: {error}"


def _unknown_claims(
    tree: nodes.Template, study: Study, claims: Sequence[Claim]
) -> Iterator[tuple[int, str]]:
    """Names that are nearly a claim's; which other findings there will be, nobody knows yet."""
    names = [claim.name for claim in claims]
    for call in tree.find_all(nodes.Call):
        is_find = isinstance(call.node, nodes.Name) and call.node.name == _FIND
        asked = call.args[0] if is_find and len(call.args) == 1 else None
        if study.claims_of or not isinstance(asked, nodes.Const) or asked.value in names:
            continue
        near = difflib.get_close_matches(str(asked.value), names, n=1, cutoff=0.85)
        if near:
            yield call.lineno, f"no claim is called {asked.value!r}: did you mean {near[0]!r}?"


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f": {hint}A template may use {listing(list(known), most=40)}"
