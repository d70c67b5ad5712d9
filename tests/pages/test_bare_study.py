"""The page of a study that describes no data and declares no figures, as a first one is."""

import re

import pytest

from sweepbook.pages.report import write_report
from sweepbook.record.load import load_record


@pytest.fixture
def pages(make_record, tmp_path):
    """Both pages of such a record's report."""
    data = {"name": "of the trainable", "path": None, "sha256": None, "rows": {}}
    folder = make_record([{"rate": 0.1}, {"rate": 0.2}], data=data)
    assert not load_record(folder).manifest.study.figures
    write_report([folder], tmp_path / "out")
    return [(tmp_path / "out" / name).read_text() for name in ("report.md", "report.html")]


def test_no_two_parts_of_a_section_have_one_title(pages):
    titles = re.findall(r"^### (.+)$", pages[0].split("## Data")[0], flags=re.MULTILINE)
    assert len(titles) > 3 and len(titles) == len(set(titles))


def test_a_hash_that_there_is_not_is_not_shown(pages):
    for page in pages:
        assert "sha256" not in page
