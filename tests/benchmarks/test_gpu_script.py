"""benchmarks/gpu.py: runs with torch alone, goes on after a failure, hides no missed goal."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.gpu import run
from benchmarks.gpu_blocks import synthetic_points
from benchmarks.gpu_card import Bench
from benchmarks.gpu_cnn import LOOP, STACK, measure_cnn
from benchmarks.gpu_floor import fused_bytes, layered_bytes, n_parameters, operations
from benchmarks.gpu_goals import say_goals
from benchmarks.gpu_report import Report, TimeUp, at_most
from benchmarks.gpu_resnet import ResNet18
from benchmarks.gpu_stacks import PLAIN
from benchmarks.measure import Timing

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
ABSENT = "numpy pandas pyarrow ray sklearn scipy torchvision matplotlib optuna xgboost triton"
RUN = """
import runpy, sys
sys.modules.update(dict.fromkeys({absent!r}.split()))  # an import of one fails
sys.argv = [{script!r}, *{arguments!r}]
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(torch.device("cpu"), quick=False, report=Report(tmp_path / "rows.jsonl"))
    yield bench
    bench.report.close()


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.timeout(180)
def test_runs_every_section_from_elsewhere_with_torch_alone(tmp_path: Path) -> None:
    arguments = ["--device", "cpu", "--limit", "170", "--out", "rows.jsonl"]
    code = RUN.format(absent=ABSENT, script=str(SCRIPT), arguments=arguments)
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = _rows(tmp_path / "rows.jsonl")
    titles = list(dict.fromkeys(row["section"] for row in rows))
    assert [f"## {title}" for title in titles] == [
        line for line in ended.stdout.splitlines() if line.startswith("## ")
    ]
    assert not [row for row in rows if "failed" in row]
    compared = [row for row in rows if row["section"] == "Equality with the CPU"]
    assert [row["within"] for row in compared if "within" in row] == ["yes"] * 4
    ways = {(row["way"], row["models"]) for row in rows if "step" in row}
    assert {(PLAIN, 1), ("stack, op by op", 8), ("compiled stack, op by op", 2)} <= ways
    n_images = [row["images / s"]["median"] for row in rows if "images / s" in row]
    assert len(n_images) == 12 and min(n_images) > 0
    assert any("needs numpy" in row.get("note", "") for row in rows)
    *goals, note = [row for row in rows if row["section"] == "Goals"]
    assert len(goals) == 6 and not {row["verdict"] for row in goals} - {"not measured", None}
    assert "measures nothing" in note["note"] and "No GPU was used" in note["note"]


def test_says_where_there_is_no_gpu() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    ended = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert ended.returncode == 2 and "--device cpu" in ended.stdout


def test_goes_on_after_a_failure_and_after_a_limit(bench: Bench, tmp_path: Path) -> None:
    def fail(bench: Bench) -> None:
        bench.report.table("way", "value", "unit")
        bench.report.row("one", 1.5, None)
        raise ValueError("a|b")

    def never_end(bench: Bench) -> None:
        while True:
            try:
                time.sleep(10)
            except Exception:
                continue

    def measure(bench: Bench) -> None:
        bench.report.note("measured")

    until = time.perf_counter() + 60
    sections = [("A", 9, fail), ("B", 0.2, never_end), ("C", 9, measure)]
    run(bench, sections, until)
    run(bench, [("D", 9, measure)], time.perf_counter() + 1)
    rows = _rows(tmp_path / "rows.jsonl")
    assert [(row["section"], row["error"]) for row in rows if "failed" in row] == [
        ("A", "ValueError: a|b"),
        ("B", "TimeUp: stopped at its limit of 0 s"),
        ("D", "TimeUp: left out: no time was left"),
    ]
    assert [row["section"] for row in rows if row.get("note") == "measured"] == ["C"]
    assert len(bench.report.failures) == 3


def test_the_limit_is_no_exception_and_is_lifted() -> None:
    with pytest.raises(TimeUp), at_most(0.05):
        time.sleep(5)
    with at_most(0.05):
        pass
    time.sleep(0.1)


def test_goals_are_reached_missed_or_not_measured(bench: Bench, tmp_path: Path) -> None:
    bench.differences = {"float32": [1e-6, 2e-5], "float64": [1e-12, float("nan"), 1e-12]}
    bench.step_s = {
        (PLAIN, 1): 1.0,
        ("stack, op by op", 8): 1.0,
        ("stack, op by op", 512): 3.0,
        ("stack, CUDA graph", 8): 1.0,
        ("stack, CUDA graph", 512): 3.1,
    }
    bench.images_per_s = {
        ("ours, bf16, channels_last", 224): 140.0,
        ("plain loop, fp32", 224): 100,
    }
    say_goals(bench)
    rows = _rows(tmp_path / "rows.jsonl")
    assert [(row["measured"], row["verdict"]) for row in rows] == [
        (2e-5, "reached"),
        ("nan", "NOT reached"),
        (3.1, "NOT reached"),
        (3.0, "reached"),
        (1.4, "NOT reached"),
        (None, None),
        (None, None),
    ]


def test_the_stack_of_small_cnns_trains_as_the_loop_does(tmp_path: Path) -> None:
    bench = Bench(torch.device("cpu"), quick=True, report=Report(tmp_path / "rows.jsonl"))
    measure_cnn(bench)
    bench.report.close()
    loop, stack, _ = _rows(tmp_path / "rows.jsonl")
    assert (loop["way"], stack["way"], stack["nets"]) == (LOOP, STACK, 2)
    assert stack["losses apart from the loop"] < 1e-4


def test_the_short_form_reaches_no_goal(bench: Bench, tmp_path: Path) -> None:
    bench.quick = True
    bench.differences = {"float32": [0.0], "float64": [0.0]}
    say_goals(bench)
    rows = _rows(tmp_path / "rows.jsonl")
    assert {row.get("verdict") for row in rows} == {"not measured", None}


def test_goals_say_what_was_not_measured(bench: Bench, tmp_path: Path) -> None:
    say_goals(bench)
    verdicts = [row["verdict"] for row in _rows(tmp_path / "rows.jsonl")]
    assert verdicts == ["not measured"] * 4 + [None] * 2


def test_rows_are_printed_and_written(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.report.section("S")
    bench.report.table("way", "step")
    bench.report.row("a", Timing((3.0, 1.0, 2.0), " ms"))
    bench.report.row("b", 123_456.7)
    bench.report.row("c", float("inf"))
    printed = capsys.readouterr().out.splitlines()
    assert printed[2:] == [
        "| way | step |",
        "| --- | --- |",
        "| a | 2 ms (1..3) |",
        "| b | 123,457 |",
        "| c | inf |",
    ]
    first, _, last = _rows(tmp_path / "rows.jsonl")
    step = {"median": 2.0, "values": [3.0, 1.0, 2.0], "unit": "ms"}
    assert first == {"section": "S", "way": "a", "step": step} and last["step"] == "inf"


def test_floors_of_a_tiny_net_counted_by_hand() -> None:
    sizes = [2, 3, 4]  # 6 + 12 weights, 3 + 4 biases; 5 rows
    assert n_parameters(sizes) == 25
    # forward 2 (6 + 12), weights 2 (6 + 12), inputs 2 * 12, a row
    assert operations(sizes, 5) == 5 * (36 + 36 + 24)
    assert fused_bytes(sizes, 5) == 24 * 25 + 5 * (8 + 8)
    # a row: product 2 + 3, ReLU 6, product 3 + 4; loss 10 * 4; products and sum 4 + 3, 4, 4 + 3;
    # ReLU's gradient 9, weights 3 + 2, bias 3. Parameters ten times.
    a_row = 5 + 6 + 7 + 40 + 18 + 9 + 5 + 3
    assert layered_bytes(sizes, 5) == 4 * (5 * a_row + 10 * 25)


def test_the_plain_resnet_is_torchvisions() -> None:
    from torchvision.models import resnet18

    torch.manual_seed(0)
    theirs, ours = resnet18(weights=None, num_classes=1).eval(), ResNet18().eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))


def test_synthetic_points_repeat_and_have_many_classes() -> None:
    x, y = synthetic_points(2000, seed=0)
    again, other = synthetic_points(2000, seed=0)[0], synthetic_points(2000, seed=1)[0]
    assert x.shape == (2, 2000) and torch.equal(x, again) and not torch.equal(x, other)
    assert 25 < len(y.unique()) <= 33
