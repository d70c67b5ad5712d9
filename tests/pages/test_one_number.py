"""One quantity has one number wherever a report tells it: sentence, table, figure, answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sweepbook.pages.report import write_report

ARMS = [{"lr": 0.1, "epochs": 9}, {"lr": 0.01, "epochs": 9}]
CLAIMS = [
    {"name": name, "statement": name, "kind": "winner", "metric": metric, "smallest": 0.0,
     "reason": "any", "arms": [{"lr": 0.1}, {"lr": 0.01}], "labels": ["fast", "slow"]}
    for name, metric in (("acc", "val_acc"), ("time", "single_s"))
]  # fmt: skip
FIGURES: list[dict[str, Any]] = [
    {"kind": "table", "name": "table", "metrics": ["val_acc", "eval_acc"], "at": [2, 9, "last"]},
    {"kind": "against", "name": "against", "metrics": ["val_acc"], "x": "lr"},
    {"kind": "steps", "name": "steps", "by": ["lr"]},
]
ANSWERS = "\n\n".join(
    f"{name} {{{{ level(f('{name}')) }}}} {{{{ against(f('{name}')) }}}}."
    for name in ("acc", "time")
)


@pytest.fixture
def told(make_record: Callable[..., Path], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """told(**study) -> what a report tells of a study of two trials, by where it stands."""

    def make(**study: Any) -> dict[str, Any]:
        study = {"metric": {"name": "val_acc", "mode": "max"}, "answers": ANSWERS} | study
        folder = make_record(ARMS, epochs=9, claims=CLAIMS, figures=FIGURES, study=study)
        reports = pd.read_parquet(folder / "reports.parquet")
        steep = 0.02 * reports["epoch"] + 0.01 * reports["replicate"] ** 3  # means and medians
        is_even = reports["epoch"].isin([2, 9])  # differ, and each step from the next
        seconds = reports["time_s"] + reports["replicate"] ** 3
        reports.assign(
            val_acc=reports["val_acc"] * 0.5 + steep,
            eval_acc=reports["val_acc"].where(is_even),
            single_s=seconds.groupby([reports["trial_id"], reports["replicate"]]).transform("max"),
        ).to_parquet(folder / "reports.parquet")
        out = tmp_path / "out"
        write_report([folder], out)
        csvs = {path.stem: pd.read_csv(path) for path in out.rglob("*.csv")}
        return {"text": (out / "report.md").read_text(), **csvs}

    return make


@pytest.mark.parametrize(
    ("study", "steps"),
    [
        ({}, "5–9"),
        ({"fidelity": {"unit": "epoch", "setting": "epochs", "count": "trainables.mlp:n"}}, "9"),
    ],
    ids=["epochs", "parts of an epoch"],
)
def test_an_accuracy_has_one_number(
    told: Callable[..., dict[str, Any]], study: dict[str, Any], steps: str
) -> None:
    found = told(**study)
    claims = [{**claim, "fidelity": "last"} for claim in CLAIMS] if steps == "9" else CLAIMS
    found = told(**study, claims=claims)
    finding = found["findings"].set_index("name").loc["acc"]
    for lr, value in ((0.1, finding["arm_value"]), (0.01, finding["against_value"])):
        of_trial = {
            name: frame[frame["config/lr"] == lr].iloc[-1]
            for name, frame in (
                ("table", found["table"].query("metric == 'val_acc'")),
                ("against", found["against"]),
                ("trials", found["demo-trials"]),
            )
        }
        assert of_trial["table"]["mean"] == pytest.approx(value)
        assert of_trial["against"]["mean"] == pytest.approx(value)
        assert of_trial["trials"]["val_acc_end"] == pytest.approx(value)
    said = re.search(r"acc ([\d.]+) % ([\d.]+) %", found["text"])
    assert said is not None
    shown = [100 * finding["arm_value"], 100 * finding["against_value"]]
    assert [float(part) for part in said.groups()] == pytest.approx(shown, abs=0.05)
    assert steps in found["text"], "the table says of which steps its number is"
    assert finding["best"] == ("fast" if shown[0] > shown[1] else "slow")


def test_a_time_has_one_number(told: Callable[..., dict[str, Any]]) -> None:
    found = told()
    finding = found["findings"].set_index("name").loc["time"]
    alone = found["steps"].set_index("config/lr")["single_seconds"]
    assert alone.to_dict() == pytest.approx(
        {0.1: finding["arm_value"], 0.01: finding["against_value"]}
    )
    said = re.search(r"time ([\d.]+) ([\d.]+)\.", found["text"])
    assert said is not None
    assert [float(part) for part in said.groups()] == pytest.approx(
        [finding["arm_value"], finding["against_value"]], rel=0.01
    )
    assert "seconds of the trial" in found["text"], "another quantity has another name"


def test_a_step_that_is_asked_for_stands_beside_the_end(
    told: Callable[..., dict[str, Any]],
) -> None:
    table = told()["table"]
    rows = table[(table["config/lr"] == 0.1) & (table["metric"] == "val_acc")]
    assert list(zip(rows["since"], rows["epoch"], strict=True)) == [(2, 2), (9, 9), (5, 9)]
    assert rows["mean"].nunique() == 3
    now_and_then = table[(table["config/lr"] == 0.1) & (table["metric"] == "eval_acc")]
    of_last, of_end = now_and_then.set_index("since").loc[[9, 5], "mean"]
    assert of_last == of_end, "the one of these steps at which it was evaluated"
