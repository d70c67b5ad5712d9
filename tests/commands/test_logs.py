"""`sweepbook logs`: which trials have printed what, and one trial's log."""

import sys

import pytest

from sweepbook import cli
from sweepbook.record.load import load_record

CONFIGS = [{"lr": 0.1}, {"lr": 0.2}, {"lr": 0.3}]


@pytest.fixture
def record(make_record):
    """A record of three trials: the first has printed 30 lines, the last failed in silence."""
    folder = make_record(CONFIGS, endings={2: {"status": "failed", "reason": "it broke"}})
    ids = dict(load_record(folder).trials[["config/lr", "trial_id"]].to_numpy().tolist())
    logs = folder / "logs"
    logs.mkdir()
    lines = "".join(f"line {n}\n" for n in range(29))
    (logs / f"{ids[0.1]}.txt").write_text(lines + "\r50%\r\x1b[2Jdone\n")
    return folder, [ids[lr] for lr in (0.1, 0.2, 0.3)]


@pytest.fixture
def command(monkeypatch, capsys):
    """command(words of `sweepbook logs`) -> exit code, standard output and error."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sweepbook", "logs", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            cli.main()
        printed = capsys.readouterr()
        return ending.value.code or 0, printed.out, " ".join(printed.err.split())

    return call


def test_the_table_has_every_trial_with_its_status_size_and_last_line(command, record):
    folder, ids = record
    code, printed, _ = command(folder)
    rows = {line.split()[0]: line for line in printed.splitlines()[1:]}
    assert code == 0 and rows.keys() == set(ids)
    assert "finished" in rows[ids[0]] and "0.2" in rows[ids[0]]
    assert rows[ids[0]].rstrip().endswith(r"\x1b[2Jdone")
    assert "failed" in rows[ids[2]] and rows[ids[2]].rstrip().endswith("–")


def test_a_trial_s_log_is_shown_by_any_beginning_of_its_id(command, record):
    folder, ids = record
    code, whole, _ = command(folder, ids[0])
    assert code == 0
    assert whole.splitlines() == [*(f"line {n}" for n in range(29)), r"\x1b[2Jdone"]
    beginning = next(
        ids[0][:n] for n in range(1, 13) if sum(i.startswith(ids[0][:n]) for i in ids) == 1
    )
    assert command(folder, beginning)[1] == whole
    code, end, _ = command(folder, ids[0], "--tail", 2)
    assert (code, end.splitlines()) == (0, ["line 28", r"\x1b[2Jdone"])


def test_a_trial_that_has_printed_nothing_is_told_as_such(command, record):
    folder, ids = record
    code, printed, _ = command(folder, ids[2])
    assert code == 0
    assert "printed nothing" in printed and "failed" in printed


def test_a_record_of_silent_trials_is_no_failure(command, make_record):
    code, printed, _ = command(make_record(CONFIGS))
    assert code == 0
    assert "has no logs" in printed


def test_what_is_no_trial_is_refused_with_the_nearest(command, record):
    folder, ids = record
    typo = ids[1][:5] + ("0" if ids[1][5] != "0" else "1") + ids[1][6:]
    code, printed, message = command(folder, typo)
    assert (code, printed) == (2, "")
    assert typo in message and f"did you mean {ids[1]}?" in message


def test_a_beginning_of_several_ids_is_refused_with_them(command, record):
    folder, ids = record
    code, printed, message = command(folder, "")
    assert (code, printed) == (2, "")
    assert "3 trials" in message and all(trial_id in message for trial_id in ids)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tail", 2], "name a TRIAL"),
        (["x", "--tail", 0], "--tail must be at least 1, got 0"),
    ],
)
def test_a_tail_out_of_place_is_refused(command, record, words, message):
    code, printed, said = command(record[0], *words)
    assert (code, printed) == (2, "")
    assert message in said


def test_a_folder_that_is_no_record_is_refused(command, tmp_path):
    code, _, message = command(tmp_path / "nowhere")
    assert code == 2
    assert "no such folder" in message


def test_a_trial_of_another_record_is_told_with_it(command, make_record):
    trial_id = load_record(make_record(CONFIGS[:1])).trials["trial_id"][0]
    folder = make_record(CONFIGS[:1], taken={trial_id: "earlier"})
    (folder / "logs").mkdir()
    (folder / "logs" / f"{trial_id}.txt").write_text("printed\n")
    _, printed, _ = command(folder, trial_id)
    assert "from record earlier" in printed and printed.endswith("\nprinted\n")
