"""The blocks of docs/notebook.md, run one after the other as a reader would."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "notebook.md"


@pytest.mark.more
@pytest.mark.ray
@pytest.mark.timeout(300)
def test_the_page_s_script_and_what_follows_it_run(tmp_path):
    study, *rest = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(rest) == 3
    (tmp_path / "slopes.py").write_text(study)
    (tmp_path / "rest.py").write_text("import sweepbook\n" + "\n".join(rest))
    for name in ("slopes.py", "rest.py"):
        done = subprocess.run(
            [sys.executable, name], cwd=tmp_path, capture_output=True, text=True, timeout=140
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "records" / "slopes-2").is_dir()
    assert (tmp_path / "report" / "report.html").is_file()
