"""LightningReport with the real library: epochs as they were logged, and resumes bit for bit."""

import importlib
import subprocess
import sys

import lightning.pytorch as L
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch import nn

from sweepbook import LightningReport
from tests.doors.modules import Data, Net
from tests.doors.pushing import Pushing

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Lightning warns of small data, workers, its own code
]
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


@pytest.fixture
def pushing(tmp_path, monkeypatch):
    return lambda train, **options: Pushing(tmp_path, monkeypatch, train, **options)


def fitting(make=lambda: Net(0.1), library=L, callbacks=tuple, data=Data, **options):
    """A training function whose Trainer has these options."""

    def train(config, state=None):
        report = LightningReport(state)
        own = {"max_epochs": config["epochs"], **QUIET, **options}
        trainer = library.Trainer(callbacks=[report, *callbacks()], **own)
        trainer.fit(make(), data(), ckpt_path=report.ckpt_path)

    return train


def test_each_epoch_is_reported_with_what_was_logged_in_it(pushing):
    rows = pushing(fitting()).rows()
    assert list(rows["epoch"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    metrics = {"train_loss", "train_loss_step", "train_loss_epoch", "val_loss", "noise", "lr"}
    assert set(rows) == {"replicate", "epoch", *metrics}
    assert rows.notna().all(axis=None) and rows["val_loss"].nunique() == 8
    assert list(rows["lr"]) == pytest.approx([0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.00625, 0.00625])  # fmt: skip


CASES = {
    "a split, a shuffle, dropout, a schedule": {},
    "a plateau": {"make": lambda: Net(0.1, plateau=True)},
    "several validations": {"val_check_interval": 0.5},
    "accumulated gradients": {"accumulate_grad_batches": 3},
    "steps": {"max_epochs": -1, "max_steps": 16},
}


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_training_has_every_bit_of_the_undisturbed_one(pushing, name):
    pushing(fitting(**CASES[name])).check_resumed(1, 3, 4)
