"""LightningReport with the real library: epochs as they were logged, and resumes bit for bit."""

import importlib
import subprocess
import sys
import tempfile

import lightning.pytorch as L
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch import nn

from sweepbook import LightningReport
from tests.doors.modules import Data, Net, NoisyData, ReloadedData
from tests.doors.pushing import Pushing

# Lightning warns of small data, workers, its own code
pytestmark = pytest.mark.filterwarnings("ignore")
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
        own = {"max_epochs": config["epochs"], **QUIET, **options}
        trainer = library.Trainer(callbacks=list(callbacks()), **own)
        report = LightningReport(trainer, state)
        trainer.fit(make(), data(), ckpt_path=report.ckpt_path)

    return train


def test_each_epoch_is_reported_with_what_was_logged_in_it(pushing):
    rows = pushing(fitting()).rows()
    assert list(rows["epoch"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    metrics = {"train_loss", "train_loss_step", "train_loss_epoch", "val_loss", "noise", "lr"}
    assert set(rows) == {"replicate", "epoch", *metrics}
    assert rows.notna().all(axis=None) and rows["val_loss"].nunique() == 8
    assert list(rows["lr"]) == pytest.approx([0.1 / 2**epoch for epoch in rows["epoch"]])


def test_the_progress_bars_of_replicates_do_not_meet(pushing):
    rows = pushing(fitting(enable_progress_bar=True), epochs=2).rows()
    assert list(rows["epoch"]) == [1, 1, 2, 2]


def keeping():
    return [ModelCheckpoint(tempfile.mkdtemp(), monitor="val_loss")]


def more(name):
    return pytest.param(name, marks=pytest.mark.more)


CASES = {
    "a split, a shuffle, dropout, a schedule": {},
    "a process that reads": {"data": NoisyData},
    "data made again": {"data": ReloadedData, "reload_dataloaders_every_n_epochs": 1},
    "files": {"callbacks": keeping, "enable_checkpointing": True},
    "a plateau": {"make": lambda: Net(0.1, plateau=True)},
    "several validations": {"val_check_interval": 0.5},
    "accumulated gradients": {"accumulate_grad_batches": 3},
    "steps": {"max_epochs": -1, "max_steps": 16},
}


@pytest.mark.parametrize("name", [next(iter(CASES)), *map(more, [*CASES][1:])])
def test_a_resumed_training_has_every_bit_of_the_undisturbed_one(pushing, name):
    pushing(fitting(**CASES[name])).check_resumed(1, 3, 4)


def stopping():
    return [EarlyStopping("val_loss", patience=1)]


@pytest.mark.more
def test_a_training_that_ended_early_has_ended_after_a_resume_as_well(pushing):
    train = fitting(callbacks=stopping, make=lambda: Net(3.0))
    whole = pushing(train, epochs=8).rows()
    first = whole.groupby("replicate")["epoch"].max().min()
    assert first < 8
    pushing(train, epochs=8).check_resumed(2, int(first), int(first) + 1)


def bare(library):
    """A module without validation, whose metric is not logged in every epoch, and its data."""

    class Bare(library.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(4, 2)

        def training_step(self, batch, batch_idx):
            loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("loss", loss, on_epoch=True, on_step=False)
            if self.current_epoch % 2:
                self.log("odd", float(self.current_epoch))
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    class OwnData(library.LightningDataModule):
        setup, train_dataloader = Data.setup, Data.train_dataloader

    return {"make": Bare, "data": OwnData, "library": library}


def test_without_validation_each_epoch_is_reported_with_its_own_metrics(pushing):
    rows = pushing(fitting(**bare(L)), metric="loss").check_resumed(2, 3)
    odd = rows[rows["replicate"] == 0].set_index("epoch")["odd"]
    assert odd.isna().tolist() == [True, False, True, False] and odd[2] == 1 and odd[4] == 3


@pytest.mark.more
def test_epochs_without_validation_are_left_out(pushing):
    rows = pushing(fitting(check_val_every_n_epoch=2)).check_resumed(1)
    assert list(rows["epoch"]) == [2, 2, 4, 4]


@pytest.mark.more
def test_both_names_of_the_library_do(pushing):
    ours = pushing(fitting(**bare(L)), metric="loss").rows()
    other = importlib.import_module("pytorch_lightning")
    theirs = pushing(fitting(**bare(other)), metric="loss")
    assert list(theirs.check_resumed(2)["loss"]) == list(ours["loss"])


def test_at_a_stop_the_trainer_is_torn_down_without_a_word(pushing, capsys):
    seen = []

    class Watching(Net):
        def on_exception(self, *_):
            seen.append("module")

    class Watch(L.Callback):
        def on_exception(self, trainer, module, exception):
            seen.append(type(exception))

    train = fitting(lambda: Watching(0.1), callbacks=lambda: [Watch()])
    assert len(pushing(train, replicates=1).rows(steps=2)) == 2
    assert seen == [SystemExit]
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err


WRONG = {
    "max_epochs": (fitting(max_epochs=3), r"Trainer\(max_epochs=3\).* 4 epochs"),
    "no max_epochs": (fitting(max_epochs=None), r"Trainer\(max_epochs=None\).* 4 epochs"),
    "devices": (fitting(devices=2, strategy="ddp"), r"2 processes.*DDP.*devices=1"),
    "no validation": (fitting(check_val_every_n_epoch=9), "validation never ran in 4 epochs"),
    "not logged": (fitting(**bare(L)), "val_loss was not yielded.*loss"),
    "a state": (
        lambda config: LightningReport(L.Trainer(max_epochs=4, **QUIET), state=3),
        r"a int as its state.*LightningReport\(trainer, state\)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused(pushing, name):
    train, text = WRONG[name]
    with pytest.raises(ValueError, match=text):
        pushing(train).rows()


def test_a_state_that_is_not_loaded_is_no_training_from_the_beginning(pushing):
    def train(config, state=None):
        trainer = L.Trainer(max_epochs=config["epochs"], **QUIET)
        LightningReport(trainer, state)
        trainer.fit(Net(0.1), Data())

    job = pushing(train)
    job.rows("stopped", 2)
    with pytest.raises(ValueError, match="ckpt_path=report.ckpt_path"):
        job.rows("stopped")


def test_what_is_no_trainer_is_named():
    with pytest.raises(TypeError, match="given a builtins.dict"):
        LightningReport({})


def test_without_lightning_the_pip_line_is_told():
    code = (
        "import sys; sys.modules['lightning'] = sys.modules['pytorch_lightning'] = None\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if 'lightning' in name else find(name)\n"
        "from sweepbook import LightningReport\n"
        "try: LightningReport(3)\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'sweepbook[lightning]'" in done.stdout, done.stderr
