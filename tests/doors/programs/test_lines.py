"""What a line of output holds."""

import json

import pytest

from sweepbook.doors.programs.lines import Lines, reader, shown


@pytest.mark.parametrize(
    "line, metrics",
    [
        ("epoch=3 val_loss=0.41", {"epoch": 3, "val_loss": 0.41}),
        ("Epoch 3: val_loss: 0.41, val_acc: 9.1e1", {"val_loss": 0.41, "val_acc": 91.0}),
        ("INFO 12:03 [train] epoch = 3 | val_loss = -.5;", {"epoch": 3, "val_loss": -0.5}),
        ("(val/loss=1e-05, n=+7)", {"val/loss": 1e-05, "n": 7}),
        ("{'val_loss': 0.41}", {}),
        ("val_loss=inf", {"val_loss": float("inf")}),
        ("val_loss=tensor(0.4)", {"val_loss": "tensor(0.4"}),
        ("val_acc=93.1% lr=0.1s", {"val_acc": "93.1%", "lr": "0.1s"}),
        ("epoch=3/10 val_loss=1", {"epoch": "3/10", "val_loss": 1}),
        ("replicate=1 state=2 val_loss=1", {"val_loss": 1}),
        ("https://host:80/x?a=1", None),
        ("INFO:root:epoch=10 val_loss=0.5", {"epoch": 10, "val_loss": 0.5}),
        ("INFO: val_loss=0.4", {"val_loss": 0.4}),
        ("WARNING:train:val_loss: 4e-2", {"val_loss": 0.04}),
        ("val_loss=1,234.5 n=2", {"val_loss": "1,234.5", "n": 2}),
        ("n: 1,234.5 val_loss=2", {"val_loss": 2}),
        ("val_acc: 93.1%", {}),
        ("epoch=1,val_loss=0.5,n=3", {"epoch": 1, "val_loss": 0.5, "n": 3}),
        ("val_loss=0.71 (best val_loss=0.8)", {"val_loss": "0.71 and 0.8"}),
        ("val_loss=0.8 (best val_loss=0.80)", {"val_loss": 0.8}),
    ],
)
def test_pairs_are_names_with_numbers(line, metrics):
    found = reader("pairs")(line)
    if metrics is None:
        assert "val_loss" not in (found or {})
    else:
        assert (found or {}) == metrics


def test_a_line_of_json_is_an_object_alone():
    read = reader("json")
    assert read('  {"epoch": 1, "val_loss": NaN, "model": "x"}\r')["epoch"] == 1
    assert read(json.dumps({"val_loss": None})) == {"val_loss": None}
    for line in ("0.5", "[1]", '{"val_loss": 0.', "INFO {}", "{" * 100_000):
        assert read(line) is None


def test_a_regular_expression_gives_its_named_groups():
    read = reader(r"Ep (?P<epoch>\d+) .*?loss (?P<val_loss>\S+)( acc (?P<acc>\S+))?")
    assert read(">> Ep 2 of 9: loss 1e-3") == {"epoch": 2, "val_loss": 0.001}
    assert read("Ep 2 loss nan acc high")["acc"] == "high"
    assert read("loss 1") is None


def test_lines_come_whole_from_pieces_of_any_size():
    lines = Lines()
    text = "ä=1\nb\n\nc".encode()
    found = [line for i in range(len(text)) for line in lines.feed(text[i : i + 1])]
    assert found == [("ä=1".encode(), True), (b"b", True), (b"", True)]
    assert lines.rest() == b"c" and lines.rest() == b""


def test_a_line_without_an_end_takes_bounded_memory_and_is_no_metric_line():
    lines = Lines()
    for _ in range(50):
        found = lines.feed(b"x" * 100_000)
        assert sum(len(line) for line, _ in found) <= 1_200_000
        assert not any(is_whole for _, is_whole in found)
    end, line = lines.feed(b" val_loss=1\nval_loss=2\n")
    assert not end[1] and line == (b"val_loss=2", True)


def test_a_progress_bar_is_gone_where_a_terminal_has_overwritten_it():
    assert shown(b"\r 50%|###   | loss=1\r100%|######|\r          \repoch=1\r") == "epoch=1"
    assert shown(b"\x1b[32mepoch=1\x1b[0m \xff") == "epoch=1 \ufffd"
