"""The example of docs/search.md: a search of three cells that can be planned as it stands."""

import re
import sys
from pathlib import Path

from sweepbook.plan.options import Options
from sweepbook.plan.plan import make_plan
from sweepbook.plan.studies import load_studies

DOC = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
(NAME,) = re.findall(r"^    sweepbook run (\w+\.py) ", DOC, re.MULTILINE)


def test_the_example_is_a_search_that_can_be_planned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path(NAME).write_text(CODE, encoding="utf-8")
    (study,) = load_studies([NAME])
    search = make_plan(study, Options()).search
    assert search is not None and study.scheduler is not None
    assert set(search.space) == {"lr", "width"}
    assert [cell["depth"] for cell in search.cells] == [1, 2, 4]
