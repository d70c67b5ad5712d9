"""No record has a file written outside of the folder that was asked for."""

import pytest

from sweepbook.commands.models.export import export
from sweepbook.record.checkpoints import save_checkpoint
from sweepbook.record.load import load_record
from tests.hostile.crafted import program


@pytest.mark.parametrize("name", ["../../evil", "/evil", "a/../../../evil", "a//evil"])
def test_an_exported_program_s_files_stay_in_the_folder(valid, home, quiet, tmp_path, name):
    program("python own_program.py")(valid, tmp_path / "marker")
    for trial_id in load_record(valid).trials["trial_id"]:
        state = [{"files": {name: b"evil", "good": b"good"}, "times": {}}] * 2
        save_checkpoint([str(valid)], trial_id, {"fidelity": 3, "state": state, "rows": []})
    before = {path for path in tmp_path.rglob("*")}
    with pytest.raises(ValueError, match="which would lie elsewhere"):
        export(str(valid), home / "model", None, quiet)
    assert {path for path in tmp_path.rglob("*")} == before
