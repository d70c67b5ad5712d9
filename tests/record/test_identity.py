"""A planned trial's id says what its config, seed and data are; another one is not its own."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from sweepbook.record.load import read_manifest
from sweepbook.record.schema.identity import is_own_id
from sweepbook.record.storage.places import place

BEFORE = Path(__file__).parent / "version_before"


def test_ids_of_the_version_before_are_those_of_their_configs() -> None:
    manifest = read_manifest(place(BEFORE))
    assert manifest.trials and all(is_own_id(trial, manifest) for trial in manifest.trials)


@pytest.mark.parametrize(
    "changed", [{"seed": 5}, {"n_replicates": 7}, {"config": "other"}, {"trainable": "x:y"}]
)
def test_a_changed_trial_does_not_have_its_id_any_more(changed: dict[str, Any]) -> None:
    manifest = read_manifest(place(BEFORE))
    trial = manifest.trials[0]
    if "config" in changed:
        changed = {"config": trial.config | {"slope": 7.5}}
    assert not is_own_id(dataclasses.replace(trial, **changed), manifest)


def test_a_setting_that_a_config_class_got_later_may_be_left_out() -> None:
    manifest = read_manifest(place(BEFORE))
    trial = manifest.trials[0]
    grown = dataclasses.replace(trial, config=trial.config | {"later": None})
    assert is_own_id(grown, manifest)
