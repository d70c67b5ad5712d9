import math

import numpy as np
import pytest

from sweepbook.findings.evaluate import evaluate
from sweepbook.findings.forest import SHARE, SMALLEST, forest_frame, how_sure
from tests.findings.claims import FIVE, OFF, ON, claim

NOISE = np.array([0.0, 0.001, -0.001, 0.0005, -0.0005])


def forest(record):
    return forest_frame(record, evaluate(record)).set_index("name")


def test_claims_stand_on_one_scale_in_units_of_the_smallest_difference(planted):
    both = [
        claim(name="points"),
        claim(name="level", kind="threshold", arms=[OFF], labels=[], target=0.9, smallest=0.01),
        claim(name="percent", metric="val_loss", direction="lower", relative=True, smallest=0.05),
        claim(name="same", kind="equivalence", target=0.0, smallest=0.02),
        claim(name="any", smallest=0.0),
    ]
    values = {
        "val_acc": [FIVE + 0.02 + NOISE, FIVE],
        "val_loss": [np.full(5, 0.45) + NOISE, np.full(5, 0.5)],
    }
    table = forest(planted([ON, OFF], both, values))
    assert list(table.index) == ["points", "level", "percent", "same", "any"]
    assert table.loc["points", "estimate"] == pytest.approx(4.0, abs=0.01)
    assert table.loc["level", "estimate"] == pytest.approx(0.0, abs=0.01)
    assert table.loc["percent", "estimate"] == pytest.approx(-2.0, abs=0.05)
    assert table.loc["same", "estimate"] == pytest.approx(1.0, abs=0.01)
    assert math.isnan(table.loc["any", "estimate"]) and table.loc["any", "scale"] == ""
    assert table.loc["any", "raw_estimate"] == pytest.approx(2.0, abs=0.01)
    assert (table.loc["points", "band_low"], table.loc["points", "band_high"]) == (1, math.inf)
    assert (table.loc["percent", "band_low"], table.loc["percent", "band_high"]) == (-math.inf, -1)
    assert (table.loc["same", "band_low"], table.loc["same", "band_high"]) == (-1, 1)
    for row in table[table["scale"] == SMALLEST].to_dict("records"):
        inside = row["band_low"] <= row["low"] and row["high"] <= row["band_high"]
        assert (row["verdict"] == "holds") <= inside


def test_a_count_stands_on_the_scale_of_shares(planted):
    chance = claim(kind="mixture", arms=[{}], labels=["the net"], smallest=0.05)
    row = forest(planted([{"lr": 1.0}], [chance], {"val_acc": [np.full(17, 0.75)]})).loc["it"]
    assert (row["scale"], row["estimate"], row["band_low"], row["band_high"]) == (SHARE, 1, 0.8, 1)
    assert row["verdict"] == "holds" and row["low"] > 0.8


def test_how_sure_counts_each_family_once(planted):
    values = {"val_acc": [FIVE + 0.1 + NOISE, FIVE], "test_acc": [FIVE + NOISE, FIVE]}
    claims = [claim(name=f"c{i}", family="together") for i in range(3)] + [claim(name="alone")]
    record = planted([ON, OFF], claims, values)
    said = how_sure([forest_frame(record, evaluate(record))])
    assert "4 of 4 claims are decided" in said and "t most 0.1 " in said
    assert how_sure([]) == ""
    late = forest_frame(record, evaluate(record)).assign(declared="after")
    assert how_sure([late]) == ""
