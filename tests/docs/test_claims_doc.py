"""docs/claims.md: every kind of claim has an example, which gives the sentence below it."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from sweepbook import Claim
from sweepbook.findings.evaluate import evaluate
from sweepbook.study import claim as claims
from tests.records import with_manifest

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(Claim\((?:(?!```).)*)```\n\n> ([^\n]*)", PAGE, re.DOTALL)
CONFIGS = [{"width": width, "batch_norm": on} for width in (16, 32, 64) for on in (False, True)]
EPOCHS, NOISE = 20, np.array([0.0, 0.004, -0.003, 0.001, -0.002])
ENDS = {
    "val_loss": (0.60, 0.50, 0.50, 0.45, 0.40, 0.30),
    "val_acc": (0.78, 0.90, 0.86, 0.932, 0.88, 0.935),
    "train_loss": (0.55, 0.45, 0.40, 0.40, 0.30, 0.25),
}


def read(code):
    return eval(code, {"Claim": Claim})


def test_the_short_forms_are_claims_of_their_kinds():
    (code,) = re.findall(r"```python\n(from sweepbook import .*?)```", PAGE, re.DOTALL)
    names = {}
    exec(code, names)
    rows = re.findall(r"^\| (`\w+\(.*?) \| .*? \| (\[.*\]\(#\w+\)) \|$", PAGE, re.MULTILINE)
    kinds = {
        form: re.findall(r"\[(\w+)\]", said)
        for forms, said in rows
        for form in re.findall(r"`(\w+)\(", forms)
    }
    found = {claim.name.partition("-")[0] for claim in names["CLAIMS"]}
    assert found == kinds.keys() and len(names["CLAIMS"]) > len(kinds)
    for claim in names["CLAIMS"]:
        assert claim.kind in kinds[claim.name.partition("-")[0]]
        assert claim.name in PAGE or not claim.name.startswith("higher-val-acc-width-16")


def curves(metric):
    """(5 replicates, 20 epochs) of each config: from a start to its end, with jumps."""
    epochs, start = np.arange(EPOCHS), 0.1 if metric == "val_acc" else 2.0
    found = []
    for place, end in enumerate(ENDS[metric]):
        has_norm = place % 2 == 1
        mean = end + (start - end) * np.exp(-(0.4 if has_norm else 0.3) * epochs)
        jumps = (0.002 if has_norm else 0.01) * (-1.0) ** epochs
        of_each = np.roll(NOISE, place)[:, None]
        found.append(mean + of_each + jumps * (1 + 40 * of_each))
    return found


@pytest.fixture
def findings(planted):
    """The finding of each example, by the claim's name, and what else the record is asked."""
    declared = [asdict(read(code)) for code, _ in EXAMPLES]
    values = {metric: curves(metric) for metric in ENDS}
    record = planted(CONFIGS, declared, values, epochs=EPOCHS)
    slopes = 0.3 + NOISE[record.reports["replicate"]]
    record.reports["grad_sq_norm"] = [
        list(10.0 ** (slope * np.arange(10) - 4)) for slope in slopes
    ]
    record = with_manifest(record, data={"card": {"class_shares": {"train": {"0": 0.12}}}})
    return {finding.name: finding for finding in evaluate(record)}


def test_every_kind_and_quantity_has_an_example():
    found = [read(code) for code, _ in EXAMPLES]
    assert {claim.kind for claim in found} == set(get_args(claims.Kind))
    assert {claim.quantity for claim in found} == set(get_args(claims.Quantity))


def test_every_field_is_named():
    for field in Claim.__dataclass_fields__:
        assert f"`{field}`" in PAGE or f"{field}=" in PAGE, field
    for choice in (*get_args(claims.Over), *("last", "last5", "every")):
        assert f'"{choice}"' in PAGE, choice


def test_an_example_gives_its_sentence(findings):
    said = {read(code).name: sentence for code, sentence in EXAMPLES}
    assert {name: findings[name].sentence for name in said} == said
