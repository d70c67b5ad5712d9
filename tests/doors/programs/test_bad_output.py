"""What goes wrong in a program is told for what it is."""

import re

import pytest


@pytest.mark.parametrize(
    "script, options, words",
    [
        ("x = 1\ndef f():\n    return 1 / 0\nf()", {},
         ["exit code 1", "ZeroDivisionError", "train.py, line 3, in f", "sweepbook logs RECORD"]),
        ("print('epoch=1 val_loss=1')\nraise SystemExit('no data')", {}, ["code 1", "no data"]),
        ("import os\nos.kill(os.getpid(), 9)", {}, ["SIGKILL", "memory"]),
        ("import os\nos.abort()", {}, ["SIGABRT"]),
        ("", {}, ["without a metric line", "epoch=1 val_loss=0.5", "printed nothing"]),
        ("print('loss is fine')", {}, ["without a metric line", "loss is fine"]),
        ("print('epoch=1 val_loss=1')", {"metrics": "json"}, ['metrics="pairs"']),
        ("print('{\"val_loss\": 1}')", {}, ['metrics="json"']),
        ("import sys\nsys.stderr.write('epoch=1 val_loss=1\\n')", {}, ['stream="stderr"']),
        ("print('epoch=1 val_loss=0.4s')", {}, ["val_loss", "'0.4s'", "regular expression"]),
        ("print('epoch=one val_loss=0.4')", {}, ["epoch", "'one'"]),
        ("print('epoch=1.5 val_loss=0.4')", {}, ["epoch", "1.5", "whole"]),
        ("print('epoch=-1 val_loss=0.4')", {}, ["epoch", "-1"]),
        ("print('epoch=100 val_loss=0.4')", {}, ["100", "end at epoch 3"]),
        ("print('epoch=2 val_loss=0.4')\nprint('epoch=1 val_loss=0.3')", {},
         ["epoch 1 came after epoch 2", "regular expression"]),
        *[(f"print({line!r})", {}, ["names epoch", "epoch=N", "(?P<epoch>"]) for line in (
            "epoch: 10: val_loss: 0.5", "Epoch 3/10: val_loss: 0.5", "Epoch=3 val_loss=1",
            "epoch: 3% val_loss: 1", "[EPOCH 7] val_loss=2")],
        ("print('{\"Epoch\": 5, \"val_loss\": 1}')", {"metrics": "json"}, ["names epoch"]),
        ("print('Epoch 5 loss 1')", {"metrics": r"loss (?P<val_loss>\d)"}, ["(?P<epoch>"]),
        ("print('val_loss=2')\nprint('epoch=1 val_loss=1')", {}, ["names epoch", "epoch=1"]),
        *[(f"print({line!r})", {}, ["without a metric line", repr(line), "metrics=r'"])
          for line in ("val_loss: 0.5.", "val_loss: 0.5s", "Val_loss=0.5", "val_loss 0.5")],
        ("for n in range(4): print(f'[1][{n}/4] val_loss={n}')", {},
         ["4 metric lines", "3 epochs", "epoch=1"]),
        ("print('epoch=1 val_loss=0.4')\nimport time\ntime.sleep(60)", {"timeout_s": 0.3},
         ["timeout_s=0.3", "after epoch 1"]),
    ],
)  # fmt: skip
def test_it_fails_with_a_sentence(rows_of, script, options, words):
    with pytest.raises((OSError, ValueError)) as caught:
        rows_of(script=script, **options)
    text = str(caught.value)
    assert len(text.splitlines()) == 1 and len(text) < 900
    for word in words:
        assert word in text, text


def test_the_time_that_it_stands_still_does_not_count(rows_of, monkeypatch):
    script = (
        "import time\nfor i in (1, 2, 3):\n    end = time.process_time() + 0.1\n"
        "    while time.process_time() < end: pass\n    print(f'epoch={i} val_loss=1')\n"
    )
    rows = rows_of("python train.py {seed}", script=script, replicates=3, timeout_s=5,
                   grid={"epochs": [3]}, fixed={})  # fmt: skip
    assert len(rows) == 9


def test_a_script_that_the_system_cannot_execute_is_told(rows_of, tmp_path):
    (tmp_path / "run").write_text("echo epoch=1 val_loss=1")
    (tmp_path / "run").chmod(0o755)
    with pytest.raises(OSError, match="interpreter first, as in `sh ./run`"):
        rows_of("./run {lr}")


def test_a_folder_that_this_machine_does_not_have_is_told(assigned, tmp_path):
    import dataclasses

    from sweepbook.tune.worker.run import reports

    one = assigned()
    gone = dataclasses.replace(one.trial.trainable, folder=str(tmp_path / "gone"))
    trial = dataclasses.replace(one.trial, trainable=gone)
    with pytest.raises(FileNotFoundError, match="gone does not exist on .*each of them"):
        next(reports(dataclasses.replace(one, trial=trial)))


def test_steps_before_an_error_are_kept(assigned):
    from sweepbook.tune.worker.run import reports

    made = reports(assigned(script="print('epoch=1 val_loss=1')\nraise OSError('disk')"))
    rows = next(made)["rows"]
    assert rows[0]["epoch"] == 1
    with pytest.raises(ChildProcessError, match=re.escape("OSError: disk (train.py, line 2")):
        next(made)


@pytest.mark.parametrize("line", ["val_loss: -5e-1.", "val_loss: -0.5s", "Val_loss=-.5",
                                  "val_loss -0.5", "val_loss -> -0.50 (best)"])  # fmt: skip
def test_the_regular_expression_that_is_advised_reads_the_line(rows_of, line):
    with pytest.raises(ValueError) as caught:
        rows_of(script=f"print({line!r})")
    (pattern,) = re.findall(r"metrics=r'(.*)'", str(caught.value))
    assert rows_of(script=f"print({line!r})", metrics=pattern)[0]["val_loss"] == -0.5
