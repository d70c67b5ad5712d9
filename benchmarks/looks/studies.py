"""Whole studies with planted effects, put through `design_of` and `judge` as the command does."""

from __future__ import annotations

import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.looks.comparison import LOOKS
from benchmarks.verdicts.errors import draw
from sweepbook.findings.finding import FAILS, HOLDS
from sweepbook.findings.question import Question
from sweepbook.findings.sequential.design import design_of
from sweepbook.findings.sequential.judge import Judged, judge
from sweepbook.record.load import Record
from sweepbook.record.manifest import manifest_of
from sweepbook.study.claim import Claim

FAR = 4.0
# The true mean of each arm, in standard deviations of a seed; every claim lies at its edge.
MEANS = (1.0, 0.0, -FAR, -FAR, 1.0, 0.0, 1.0, 0.0, 9.0, 9.0, 5.0, 5.0, 5.0)
_ARMS = range(len(MEANS))
_BEST = range(8, 13)  # the arms among which the best one is chosen at the first look
SHARE = 0.8  # of the seeds of one more arm stay at chance, which is the edge of "mixture"


def _claim(name: str, arms: list[int], **fields: Any) -> Claim:
    known: dict[str, Any] = {"kind": "direction", "smallest": 1.0, **fields}
    return Claim(
        name=name,
        statement="",
        metric=known.pop("metric", "val_score"),
        reason="the unit of the simulation",
        arms=tuple({"arm": arm} for arm in arms),
        fidelity="last",
        **known,
    )


CLAIMS = (
    _claim("direction", [0, 1]),
    _claim("threshold", [0], kind="threshold", target=0.0),
    _claim("equivalence", [0, 1], kind="equivalence", target=0.0),
    _claim("winner", [0, 1, 2, 3], kind="winner"),
    _claim("family-1", [0, 1], family="family"),
    _claim("family-2", [4, 5], family="family"),
    _claim("family-3", [6, 7], family="family"),
)
KINDS = ("direction", "threshold", "equivalence", "winner", "family", "chosen winner", "mixture")


def endings_of(errors: str, rng: np.random.Generator) -> tuple[dict[str, str], int]:
    """The last state of each claim of one drawn study, and the seeds that it trained."""
    values = np.array(MEANS)[:, None] + draw(rng, errors, (len(MEANS), LOOKS[-1]))
    learns = np.where(rng.random(LOOKS[-1]) < SHARE, 0.1, 0.9)
    first = values[list(_BEST), : LOOKS[0]].mean(axis=1)
    order = [_BEST[place] for place in np.argsort(-first)]
    chosen = _claim("chosen", order, kind="winner", smallest=0.0)
    counted = _claim(
        "mixture", [len(MEANS)], kind="mixture", metric="val_acc", smallest=0.05, expected="fails"
    )
    asked = [*(Question(claim=claim) for claim in (*CLAIMS, counted))]
    questions = [*asked, Question(claim=chosen, chosen=True)]
    design, past = None, list[Judged]()
    n_of = {f"t{arm:02d}": LOOKS[0] for arm in [*_ARMS, len(MEANS)]}
    for n in LOOKS:
        record = _record(values, learns, n_of, [*CLAIMS, counted])
        design = design or design_of(record, questions, looks=LOOKS)
        past.append(judge(record, design, past))
        if not past[-1].wanted:
            break
        following = LOOKS[LOOKS.index(n) + 1]
        n_of |= dict.fromkeys(past[-1].wanted, following)
    states = {name: str(one["state"]) for name, one in past[-1].endings.items()}
    return states, sum(n_of.values())


def study_rows(errors: str, n_studies: int) -> list[dict[str, Any]]:
    """One row per kind of claim: how many studies got a false verdict, each at its edge."""
    rng = np.random.default_rng([20, zlib.crc32(errors.encode())])
    ends = [endings_of(errors, rng) for _ in range(n_studies)]
    rows = []
    for kind in KINDS:
        names = [kind.replace("chosen winner", "chosen")]
        if kind == "family":
            names = ["family-1", "family-2", "family-3"]
        wrong = [any(states[name] in (HOLDS, FAILS) for name in names) for states, _ in ends]
        given = [states[name] == "given up" for states, _ in ends for name in names]
        rows.append(
            {
                "kind": kind,
                "errors": errors,
                "false": float(np.mean(wrong)),
                "given_up": float(np.mean(given)),
                "mean_seeds": float(np.mean([n for _, n in ends])),
                "n_studies": n_studies,
            }
        )
    return rows


def _record(
    values: np.ndarray, learns: np.ndarray, n_of: dict[str, int], claims: list[Claim]
) -> Record:
    trials, reports = [], []
    for arm, (trial_id, n) in enumerate(n_of.items()):
        trials.append(
            {"trial_id": trial_id, "study": "planted", "status": "finished", "reason": "",
             "seed": 0.0, "n_replicates": float(n), "n_diverged": 0, "max_fidelity": 1,
             "last_fidelity": 1.0, "time_total_s": 1.0, "config/arm": arm}
        )  # fmt: skip
        own = values[arm] if arm < len(values) else np.zeros(n)
        accuracy = learns if arm == len(values) else np.full(n, 0.9)
        reports.append(
            pd.DataFrame(
                {"trial_id": trial_id, "replicate": np.arange(n), "epoch": 1,
                 "val_score": own[:n], "val_acc": accuracy[:n]}
            )
        )  # fmt: skip
    manifest = manifest_of(
        {
            "schema_version": 1,
            "study": {
                "name": "planted",
                "question": "?",
                "trainable": "x:y",
                "metric": {"name": "val_score", "mode": "max"},
                "fidelity": {"unit": "epoch", "setting": "epochs"},
                "claims": [asdict(claim) for claim in claims],
            },
            "n_replicates": LOOKS[0],
            "data": {
                "name": "planted",
                "paired": True,
                "card": {"class_shares": {"train": {"0": 0.5, "1": 0.5}}},
            },
            "status": "complete",
        }
    )
    frame = pd.concat(reports, ignore_index=True)
    return Record(Path("planted"), manifest, pd.DataFrame(trials), frame)
