"""The notebook of the examples in a real kernel, and the stop button."""

import os
import queue
import time
from pathlib import Path

import pytest

import sweepbook

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
pytestmark = [pytest.mark.more, pytest.mark.ray, pytest.mark.timeout(400)]

STUDY = """
import time

def train(config, state=None):
    at = state["at"] if state else 0
    for n in range(at + 1, 61):
        time.sleep(0.5)
        yield {"round": n, "val_acc": config["slope"] * n, "state": lambda n=n: {"at": n}}
"""
DECLARED = """
import sweepbook
from sweepbook import Fidelity, Metric, Study

SLOPES = Study(
    name="slopes", question="Which slope?", trainable="slopes:train",
    metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
    grid={"slope": [1.0, 2.0]}, fixed={"rounds": 60}, replicates=1,
)
"""


@pytest.fixture(autouse=True)
def quiet_kernels(monkeypatch):
    """A kernel is a process of its own, with this project's code on its path."""
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    assert os.environ["PYTHONPATH"]


@pytest.mark.filterwarnings("default")  # of the clients of Jupyter
def test_the_notebook_runs_and_shows_a_record_a_figure_and_verdicts(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, 4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    shown = [out["data"] for out in outputs if out["output_type"] == "execute_result"]
    assert any("Best trials" in data.get("text/html", "") for data in shown)
    assert any("image/png" in data for data in shown)
    printed = "".join(out["text"] for out in outputs if out["output_type"] == "stream")
    assert "holds: " in printed and "records/digits: 3 finished" in printed
    assert "Warning" not in printed and "INFO" not in printed
    assert (tmp_path / "report" / "report.html").is_file()
    assert len(sweepbook.load_record(tmp_path / "records" / "digits").trials) == 3


@pytest.mark.filterwarnings("default")  # of the clients of Jupyter
def test_the_stop_button_closes_the_record_and_the_next_cell_goes_on(tmp_path):
    from jupyter_client.manager import start_new_kernel

    (tmp_path / "slopes.py").write_text(STUDY)
    manager, client = start_new_kernel(cwd=str(tmp_path))
    try:
        assert _run(client, DECLARED) == []
        stop = tmp_path / "records" / "slopes" / "checkpoints"
        errors = _run(client, "sweepbook.run(SLOPES)", manager, stop)
        assert [name for name, _ in errors] == ["Interrupted"]
        assert all(len(text) < 300 for _, text in errors), "the message alone"
        trials = sweepbook.load_record(stop.parent).trials
        assert set(trials["status"]) == {"interrupted"}
        assert _run(client, "sweepbook.run(SLOPES, epochs=60, name='x', trials=1)") != []
        go_on = "record = sweepbook.resume('records/slopes')\nassert len(record.reports) == 120"
        assert _run(client, go_on) == []
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client, code, manager=None, stop_after=None):
    """Runs a cell, stopped once the folder holds something; returns (name, text) of its errors."""
    client.execute(code)
    errors, end = [], time.monotonic() + 200
    while time.monotonic() < end:
        if manager and stop_after.is_dir() and any(stop_after.iterdir()):
            manager.interrupt_kernel()
            manager = None
        try:
            message = client.get_iopub_msg(timeout=0.5)
        except queue.Empty:
            continue
        content = message["content"]
        if message["msg_type"] == "error":
            errors.append((content["ename"], "\n".join(content["traceback"])))
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return errors
    raise TimeoutError(code)
