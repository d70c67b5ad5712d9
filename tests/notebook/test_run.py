"""Training from a script: what is refused at once, what is returned, and how Ctrl-C ends it."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest

import sweepbook
from sweepbook import Fidelity, Metric, Study

SCRIPT = """
    import sys, time
    import sweepbook
    from sweepbook import Fidelity, Metric, Study

    def train(config, state=None):
        at = state["at"] if state else 0
        for n in range(at + 1, config["rounds"] + 1):
            time.sleep(config["pause"])
            yield {"round": n, "val_acc": config["slope"] * n, "state": lambda n=n: {"at": n}}

    SLOPES = Study(
        name="slopes", question="Which slope?", trainable="slopes:train",
        metric=Metric("val_acc", "max"), fidelity=Fidelity("round", "rounds"),
        grid={"slope": [1.0, 2.0]}, fixed={"rounds": 3, "pause": 0.0}, replicates=2,
    )
"""


def study(**changes):
    content = {
        "name": "slopes",
        "question": "Which slope?",
        "trainable": "slopes:train",
        "metric": Metric("val_acc", "max"),
        "fidelity": Fidelity("round", "rounds"),
        "grid": {"slope": [1.0, 2.0]},
        "fixed": {"rounds": 3},
    }
    return Study(**content | changes)


@pytest.mark.parametrize(
    "wrong, named",
    [
        ({}, "got {}"),
        (None, "got None"),
        ([], "at least one study"),
        ("forest.py", "forest.py"),
        ([study(trainable="__main__:train")], "__main__:train"),
    ],
)
def test_what_is_no_study_that_workers_can_train_is_refused(wrong, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=named):
        sweepbook.run(wrong)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "option, value", [("replicates", 0), ("scale", -1.0), ("max_concurrent", 0), ("seed", -1)]
)
def test_an_option_out_of_its_range_is_refused(option, value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"{option.replace('_', '-')}.*{value}"):
        sweepbook.run(study(), **{option: value})
    with pytest.raises(TypeError, match="replicate"):
        sweepbook.run(study(), replicate=3)
    assert not list(tmp_path.iterdir())


def started(folder, body):
    """A script with the study of SCRIPT and these lines under its guard, started there."""
    guarded = textwrap.indent(textwrap.dedent(body), "    ")
    text = f'{textwrap.dedent(SCRIPT)}\nif __name__ == "__main__":\n{guarded}'
    (folder / "slopes.py").write_text(text)
    return subprocess.Popen(
        [sys.executable, "slopes.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.more
@pytest.mark.ray
@pytest.mark.timeout(200)
def test_a_script_trains_makes_longer_checks_and_reports(tmp_path):
    process = started(
        tmp_path,
        """
        record = sweepbook.run(SLOPES, replicates=3, settings={"slope": 1.0}, name="one")
        both = sweepbook.run([SLOPES], epochs=2, name="two")
        assert isinstance(both, list) and len(both) == 1
        longer = sweepbook.resume(record, replicates=4)
        assert sweepbook.verify(longer, trials=2) == []
        sweepbook.write_report([record, *both], "report")
        for each in (record, *both, longer):
            print(each.path.name, len(each.reports), set(each.trials["status"]))
        """,
    )
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    lines = out.splitlines()[-3:]
    assert lines == ["one 9 {'finished'}", "two 8 {'finished'}", "one-2 12 {'finished'}"]
    assert (tmp_path / "report" / "report.html").is_file()


@pytest.mark.ray
@pytest.mark.timeout(200)
def test_ctrl_c_ends_a_script_with_its_record_closed(tmp_path):
    process = started(tmp_path, 'sweepbook.run(SLOPES, settings={"pause": 0.3}, epochs=40)')
    parts = tmp_path / "records" / "slopes" / "checkpoints"
    end = time.monotonic() + 90
    while not (parts.is_dir() and any(parts.iterdir())) and time.monotonic() < end:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, (out, err)
    assert "sweepbook.resume('records/slopes')" in out and "sweepbook.Interrupted" in err
    record = sweepbook.load_record(tmp_path / "records" / "slopes")
    assert set(record.trials["status"]) == {"interrupted"}
    assert record.manifest.has_ended


def test_a_run_within_a_run_is_refused(tmp_path):
    """A file without a guard calls run again when Sweepbook imports it for its trainable."""
    call = 'sweepbook.run(SLOPES, storage="elsewhere")'
    (tmp_path / "slopes.py").write_text(f"{textwrap.dedent(SCRIPT)}\n{call}\n")
    done = subprocess.run(
        [sys.executable, "slopes.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "__name__" in done.stderr
    assert not (tmp_path / "elsewhere").exists()
