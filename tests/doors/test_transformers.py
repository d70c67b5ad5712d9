"""TransformersReport with the real library: evaluations, and resumes bit for bit."""

import subprocess
import sys
import tempfile

import pytest
import torch
from torch import nn

from sweepbook import TransformersReport
from tests.doors.pushing import Pushing

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore")  # transformers and torch warn of their own code


@pytest.fixture
def pushing(tmp_path, monkeypatch):
    return lambda train, **options: Pushing(
        tmp_path, monkeypatch, train, **{"unit": "eval", "metric": "eval_loss", **options}
    )


class Points(torch.utils.data.Dataset):
    """Short texts of made tokens, with a label each."""

    def __init__(self, n, seed):
        made = torch.Generator().manual_seed(seed)
        self.texts = torch.randint(5, 20, (n, 6), generator=made)

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, i):
        return {"input_ids": self.texts[i], "labels": (self.texts[i].sum() > 72).long()}


def tiny():
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=8,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def masking(rows):
    """A collator that draws random numbers, as one that masks words does."""
    batch = {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
    hidden = torch.rand(batch["input_ids"].shape) < 0.2
    return {**batch, "input_ids": batch["input_ids"].masked_fill(hidden, 4)}


def accuracy(given):
    return {"accuracy": float((given.predictions.argmax(-1) == given.label_ids).mean())}


def trainer_of(config, options, **rest):
    args = transformers.TrainingArguments(
        **{
            "output_dir": tempfile.mkdtemp(),
            "num_train_epochs": config["epochs"],
            "per_device_train_batch_size": 8,
            "learning_rate": 0.01,
            "eval_strategy": "epoch",
            "logging_steps": 3,
            "save_strategy": "no",
            "seed": config["seed"] if "seed" in config else 1,
            "report_to": "none",
            "disable_tqdm": True,
            "use_cpu": True,
            **options,
        }
    )
    rest = {"compute_metrics": accuracy, "eval_dataset": Points(16, 1), **rest}
    return transformers.Trainer(tiny(), args, train_dataset=Points(32, 0), **rest)


def training(rest=dict, unit="eval", **options):
    def train(config, state=None):
        trainer = trainer_of(config, options, **rest())
        report = TransformersReport(trainer, state, unit=unit)
        trainer.train(resume_from_checkpoint=report.checkpoint)

    return train


def test_each_evaluation_is_reported_under_the_trainer_s_names(pushing):
    rows = pushing(training()).rows()
    assert list(rows["eval"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    names = {"eval_loss", "eval_accuracy", "train_loss", "epoch"}
    assert set(rows) == {"replicate", "eval", *names}
    assert rows["eval_loss"].nunique() == 8 and list(rows["epoch"]) == [1, 1, 2, 2, 3, 3, 4, 4]


STEPS = {"eval_strategy": "steps", "eval_steps": 3, "max_steps": 12}
CASES = {
    "epochs": {},
    "steps": STEPS,
    "masked": {"rest": lambda: {"data_collator": masking}},
    "masked, steps": {"rest": lambda: {"data_collator": masking}, **STEPS},
    "workers, steps": {"dataloader_num_workers": 1, **STEPS},
    "accumulated, steps": {"gradient_accumulation_steps": 2, **STEPS},
    "a plateau": {
        "lr_scheduler_type": "reduce_lr_on_plateau", "metric_for_best_model": "loss",
        "lr_scheduler_kwargs": {"patience": 0, "threshold": 0.5},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_resumed_training_has_every_bit_of_the_undisturbed_one(pushing, name):
    pushing(training(**CASES[name])).check_resumed(1, 3, 4)
