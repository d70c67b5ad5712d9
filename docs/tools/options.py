"""A hook of mkdocs: docs/commands.md gets the help text of each command.

The page marks the place by a comment, `<!-- help of run -->`, so that the options are always those
of the command line itself.
"""

import re

from typer.testing import CliRunner

from sweepbook.cli import app

MARK = re.compile(r"<!-- help of (\w+) -->")


def on_page_markdown(markdown, page, config, files):
    """Replaces each mark by what `sweepbook COMMAND --help` prints."""
    return MARK.sub(lambda mark: f"```text\n{help_of(mark[1])}\n```", markdown)


def help_of(command):
    """The help text of a command, 80 columns wide."""
    result = CliRunner().invoke(app, [command, "--help"], prog_name="sweepbook", color=False)
    if result.exit_code:
        raise ValueError(f"docs/commands.md names {command}, which is no command of sweepbook")
    return result.output.strip()
