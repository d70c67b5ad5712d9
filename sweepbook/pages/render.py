"""From what a report says to its pages: every text in it stands there as it is, no markup."""

from __future__ import annotations

from typing import Any

import jinja2
from markupsafe import Markup

from sweepbook.pages.table import Table
from sweepbook.study.texts import markdown_text, one_line


def render_html(context: dict[str, Any]) -> str:
    """The page as HTML."""
    return _render("report.html.j2", context, _as_html)


def render_markdown(context: dict[str, Any]) -> str:
    """The page as Markdown."""
    return _render("report.md.j2", context | _OF_MARKDOWN, _as_markdown)


def render_comparison(context: dict[str, Any]) -> tuple[str, str]:
    """Two records side by side, as Markdown and as HTML."""
    markdown = _render("compare.md.j2", context | _OF_MARKDOWN, _as_markdown)
    return markdown, _render("compare.html.j2", context, _as_html)


def render_card(context: dict[str, Any]) -> str:
    """The card of a model as Markdown."""
    return _render("model_card.md.j2", context | _OF_MARKDOWN, _as_markdown)


def _render(template: str, context: dict[str, Any], finalize: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sweepbook.pages"),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    return environment.get_template(template).render(context)


def _as_html(value: Any) -> Any:
    """What autoescape then escapes; what is markup already, a macro's, stays."""
    return one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _as_markdown(value: Any) -> Any:
    return value if isinstance(value, Markup) else markdown_text(value)


def _markdown_table(table: Table) -> Markup:
    """A table, one line to each row, whatever is in its cells."""
    marks = [" ---: " if name in table.numeric else " --- " for name in table.columns]
    lines = [table.columns, *table.rows]
    cells = [f"| {' | '.join(map(markdown_text, line))} |" for line in lines]
    return Markup("\n".join([cells[0], f"|{'|'.join(marks)}|", *cells[1:], ""]))


# code shows a line as it is; a log's lines have no line breaks
_OF_MARKDOWN = {"table_of": _markdown_table, "code": Markup}
