"""TransformersReport with the real library: evaluations, and resumes bit for bit."""

import subprocess
import sys
import tempfile

import pytest
import torch

from sweepbook import TransformersReport
from sweepbook.record.planned import replicate_seed
from tests.doors.pushing import Pushing

transformers = pytest.importorskip("transformers")
pytestmark = [
    pytest.mark.more,  # transformers alone takes seconds to import
    pytest.mark.filterwarnings("ignore"),  # transformers and torch warn of their own code
]


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


def test_a_checkpoint_within_an_epoch_is_made_where_its_batches_are_sure(pushing):
    def has_checkpoint(name, **options):
        job = pushing(training(**{**STEPS, **options}), replicates=1)
        job.rows(name, 1)  # 3 of 4 steps of an epoch
        return any((job.folder / name / "checkpoints").iterdir())

    assert has_checkpoint("plain")
    assert not has_checkpoint("masked", rest=lambda: {"data_collator": masking})
    assert not has_checkpoint("workers", dataloader_num_workers=1)


def test_a_replicate_has_the_numbers_that_it_has_alone(pushing, monkeypatch):
    """accelerate keeps much in its process, which all replicates share."""
    rows = pushing(training(**STEPS)).rows("both")
    other = rows[rows["replicate"] == 1]
    train, seed = training(**STEPS), replicate_seed(pushing(training()).trial.seed, 1)
    alone = pushing(lambda config: train({**config, "seed": seed}), replicates=1)
    monkeypatch.setattr("sweepbook.tune.worker.generator.replicate_seed", lambda *_: seed)
    names = ["eval_loss", "train_loss"]
    assert alone.rows("alone")[names].values.tolist() == other[names].values.tolist()


def test_a_training_that_ended_early_has_ended_after_a_resume_as_well(pushing):
    def patient():
        return {"callbacks": [transformers.EarlyStoppingCallback(2, 0.02)]}

    options = {"metric_for_best_model": "loss", "greater_is_better": False}
    train = training(patient, learning_rate=0.05, **options)
    whole = pushing(train, epochs=9).rows()
    first = int(whole.groupby("replicate")["eval"].max().min())
    assert 2 < first < 9
    pushing(train, epochs=9).check_resumed(first - 1, first)


def test_several_data_sets_are_one_evaluation(pushing):
    two = training(lambda: {"eval_dataset": {"near": Points(8, 1), "far": Points(8, 2)}})
    rows = pushing(two, metric="eval_near_loss").rows()
    assert list(rows["eval"]) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert rows[["eval_near_loss", "eval_far_loss"]].notna().all(axis=None)


def test_at_a_stop_the_call_raises_system_exit_without_a_word(pushing, capsys):
    seen = []

    def train(config, state=None):
        try:
            training()(config, state)
        except SystemExit:
            seen.append("exit")
            raise

    assert len(pushing(train, replicates=1).rows(steps=2)) == 2
    told = capsys.readouterr()
    assert seen == ["exit"] and "Traceback" not in told.out + told.err


def not_loaded(config, state=None):
    trainer = trainer_of(config, {})
    TransformersReport(trainer, state)
    trainer.train()


WRONG = {
    "no evaluation": (training(eval_strategy="no"), {}, "never evaluates"),
    "the default seed": (training(seed=42), {}, r"seed=42.*seed=config\['seed'\]"),
    "length": (training(num_train_epochs=3), {}, "evaluates 3 times in 3 epochs.* 4 evals"),
    "steps": (training(**{**STEPS, "max_steps": 7}), {}, "evaluates 3 times in 7 steps"),
    "no epochs": (training(unit="epoch", **STEPS), {"unit": "epoch"}, "unit cannot be 'epoch'"),
    "a name": (training(), {"metric": "accuracy"}, "accuracy was not yielded.*eval_accuracy"),
    "a state": (
        lambda config: TransformersReport(trainer_of(config, {}), state=3), {},
        r"a int as its state.*TransformersReport\(trainer, state\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_meant_is_refused(pushing, name):
    train, options, text = WRONG[name]
    with pytest.raises(ValueError, match=text):
        pushing(train, **options).rows()


def test_a_state_that_is_not_loaded_is_no_training_from_the_beginning(pushing):
    job = pushing(not_loaded)
    job.rows("stopped", 2)
    with pytest.raises(ValueError, match="resume_from_checkpoint=report.checkpoint"):
        job.rows("stopped")


def test_what_is_no_trainer_is_named():
    with pytest.raises(TypeError, match="given a builtins.dict"):
        TransformersReport({})


def test_without_transformers_the_pip_line_is_told():
    code = (
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda n, *p: None if n == 'transformers' else find(n, *p)\n"
        "from sweepbook import TransformersReport\n"
        "try: TransformersReport(3)\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'sweepbook[transformers]'" in done.stdout, done.stderr
