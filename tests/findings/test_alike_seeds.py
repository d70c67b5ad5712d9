"""Seeds that make no difference: a training that sets its own seed has no spread to judge by."""

import dataclasses

import pytest

from tests.findings.claims import FIVE, OFF, ON, claim, finding


def deaf(record, *arms):
    """The record with the first replicate's numbers for all replicates of some trials."""
    reports, keys = record.reports.copy(), ["trial_id", "replicate", record.unit]
    metrics = reports.columns.difference([*keys, "time_s"])
    for arm in arms:
        own = reports["trial_id"] == record.trials["trial_id"].iloc[arm]
        for _, step in reports[own].groupby(record.unit):
            reports.loc[step.index, metrics] = step.iloc[0][metrics].to_numpy()
    return dataclasses.replace(record, reports=reports.astype(record.reports.dtypes))


@pytest.mark.parametrize("arms, verdict", [((), "holds"), ((0,), "holds"), ((0, 1), "undecided")])
def test_two_trials_that_hear_no_seed_are_not_told_apart_by_seeds(planted, arms, verdict):
    record = planted([ON, OFF], [claim()], {"val_acc": [FIVE + 0.1, FIVE + 0.0005 * FIVE[::-1]]})
    row = finding(deaf(record, *arms))
    assert row["verdict"] == verdict, row["detail"] if "detail" in row else row
    assert ("every seed gave exactly the same" in " ".join(map(str, row))) == bool(arms)


def test_a_trial_that_hears_no_seed_is_not_told_from_a_constant(planted):
    alone = claim(kind="threshold", arms=[ON], labels=["on"], target=0.5)
    record = planted([ON], [alone], {"val_acc": [FIVE]})
    assert finding(record)["verdict"] == "holds"
    row = finding(deaf(record, 0))
    assert row["verdict"] == "undecided" and "every seed" in " ".join(map(str, row))


def test_one_metric_that_is_equal_says_nothing_of_the_seeds(planted):
    record = planted([ON, OFF], [claim()], {"val_acc": [0 * FIVE + 0.9, 0 * FIVE + 0.8]})
    assert "every seed gave" not in " ".join(map(str, finding(record)))


def test_seconds_have_a_spread_of_their_own(planted):
    slower = claim(metric="time_s", direction="higher", smallest=0.0)
    seconds = {"time_s": [FIVE + 3.0, FIVE], "val_acc": [0 * FIVE + 0.9, 0 * FIVE + 0.8]}
    row = finding(deaf(planted([ON, OFF], [slower], seconds), 0, 1))
    assert "every seed" not in " ".join(map(str, row)) and row["verdict"] == "holds"
