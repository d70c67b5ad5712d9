"""Claims of the MLP studies about training: learning rate, epochs, batch norm, batch size.

The smallest differences were set before any result was seen, from what a reader would act on:
half a point of accuracy (one accuracy on 13,000 test points has a sampling error of 0.2 points)
but a tenth of one, the last digit printed, where something is called best; 5 percent of a loss,
10 percent of a spread, half as long again for a time.
"""

from typing import Any

from sweepbook import Claim, best, higher, lower, same, worst

ACC = 0.005
ACC_REASON = "half a point: more than twice the sampling error of one accuracy on 13,000 points"
DIGIT = 0.001
DIGIT_REASON = "a tenth of a point, the last digit printed: best means best"
LOSS = 0.05
LOSS_REASON = "5 percent of the loss: below it the curves cannot be told apart by eye"

LEARNING_RATE_CLAIMS = (
    same(
        "val_loss",
        {"lr": 1.0},
        3.4,
        within=0.2,
        because="'about 3.4': what rounds to 3.2 .. 3.6, about the loss of guessing by shares",
        name="lr-high-loss",
        title="lr 1: loss near 3.4",
        statement="lr 1: validation loss stays at about 3.4 for all epochs",
        reading="the loss stays within 3.2 and 3.6",
        fidelity="every",
        labels=("lr 1",),
    ),
    Claim(
        name="lr-high-does-not-learn",
        title="lr 1 does not learn",
        statement="lr 1: validation loss stays at about 3.4 for all epochs",
        reading="at least 80 % of its seeds do not learn",
        kind="mixture",
        metric="val_acc",
        smallest=0.05,
        reason="5 points above the largest class's share is the least that we call learning",
        arms=({"lr": 1.0},),
        labels=("lr 1",),
    ),
    lower(
        "val_loss",
        {"lr": 0.00001},
        than=0.0,
        by=0.01,
        because="a converged net does not lose 1 percent of its loss in 10 epochs",
        name="lr-low-still-falls",
        title="lr 0.00001: loss still falls",
        statement="lr 0.00001 does not converge within 50 epochs",
        reading="the loss still falls at the end",
        quantity="change",
        since=40,
        fidelity=50,
        relative=True,
        labels=("lr 0.00001",),
    ),
    higher(
        "val_loss",
        {"lr": 0.00001},
        than={"lr": 0.001},
        by=LOSS,
        because=LOSS_REASON,
        name="lr-low-behind",
        title="lr 0.00001 is too slow",
        statement="lr 0.00001 does not converge within 50 epochs",
        reading="the loss ends above that of lr 0.001",
        relative=True,
        labels=("lr 0.00001", "lr 0.001"),
    ),
)

EPOCHS_CLAIMS = (
    lower(
        "val_loss",
        {"lr": 0.001},
        than=0.0,
        by=0.02,
        because="0.1 percent an epoch, the least fall that is worth training on for",
        name="epochs-still-falling-at-50",
        title="Loss falls at 50 epochs",
        statement="validation loss still falls at 50 epochs",
        quantity="change",
        since=40,
        fidelity=60,
        window=10,
        relative=True,
        labels=("the net",),
    ),
    higher(
        "val_loss",
        {"lr": 0.001},
        than=0.0,
        by=0.01,
        because="'a little': 1 percent is the least rise that a plotted curve shows",
        name="epochs-rise-after-80",
        title="Loss rises after epoch 80",
        statement="after about epoch 80 it fluctuates and rises a little",
        reading="the loss rises",
        quantity="change",
        since=80,
        fidelity=100,
        window=10,
        relative=True,
        labels=("the net",),
    ),
    higher(
        "val_loss",
        {"lr": 0.001},
        than=0.0,
        by=0.01,
        because="0.01 nats from epoch to epoch is the least that a plotted curve shows",
        name="epochs-fluctuates-after-80",
        title="Loss fluctuates after epoch 80",
        statement="after about epoch 80 it fluctuates and rises a little",
        reading="the loss fluctuates",
        quantity="spread",
        since=80,
        fidelity="last",
        labels=("the net",),
    ),
)

_NORM, _PLAIN = {"batch_norm": True}, {"batch_norm": False}
_LABELS = ("with batch norm", "without batch norm")
_NORMS: dict[str, Any] = {"arms": (_NORM, _PLAIN), "labels": _LABELS}

BATCH_NORM_CLAIMS = (
    higher(
        "val_acc",
        _NORM,
        than=_PLAIN,
        by=ACC,
        because=ACC_REASON,
        name="bn-final-accuracy",
        title="Batch norm: final accuracy",
        statement="final accuracy +2.5 points against no batch norm",
        reading="it is higher",
        family="final",
        labels=_LABELS,
    ),
    Claim(
        name="bn-final-accuracy-size",
        title="Final accuracy: +2.5 points",
        statement="final accuracy +2.5 points against no batch norm",
        reading="by this much",
        kind="equivalence",
        single_run=True,
        metric="val_acc",
        target=0.025,
        smallest=0.01,
        reason="a point on either side: single last epochs scatter by that much",
        **_NORMS,
    ),
    lower(
        "val_loss",
        _NORM,
        than=_PLAIN,
        by=0.02,
        because="2 percent: less would not be reported as a difference",
        name="bn-final-loss",
        title="Batch norm: final loss",
        statement="final loss lower by about 5 percent",
        reading="it is lower",
        relative=True,
        family="final",
        labels=_LABELS,
    ),
    Claim(
        name="bn-final-loss-size",
        title="Final loss: 5 % lower",
        statement="final loss lower by about 5 percent",
        reading="by this much",
        kind="equivalence",
        single_run=True,
        metric="val_loss",
        relative=True,
        target=-0.05,
        smallest=0.03,
        reason="'about 5 percent': 2 to 8 percent round to it",
        **_NORMS,
    ),
    higher(
        "val_acc",
        _NORM,
        than=_PLAIN,
        by=0.05,
        because="5 points: the first epoch scatters by several points from seed to seed",
        name="bn-first-epoch",
        title="Batch norm: accuracy, epoch 1",
        statement="validation accuracy after epoch 1 is 0.795 with batch norm, 0.375 without",
        reading="it is higher with batch norm",
        fidelity=1,
        labels=_LABELS,
    ),
    Claim(
        name="bn-first-epoch-size",
        title="Accuracy, epoch 1: +42 points",
        statement="validation accuracy after epoch 1 is 0.795 with batch norm, 0.375 without",
        reading="by the difference of the two",
        kind="equivalence",
        single_run=True,
        metric="val_acc",
        fidelity=1,
        target=0.42,
        smallest=0.05,
        reason="5 points: the first epoch scatters by several points from seed to seed",
        **_NORMS,
    ),
    Claim(
        name="bn-head-start",
        title="Head start of 50 epochs",
        statement=(
            "the net without batch norm reaches the epoch-1 accuracy of the one with it "
            "only at about epoch 50"
        ),
        kind="equivalence",
        single_run=True,
        quantity="steps_to",
        metric="val_acc",
        since=1,
        fidelity="last",
        target=50.0,
        smallest=15.0,
        reason="'about epoch 50': what one would round to 50, and not to 30 or 70",
        arms=(_PLAIN, _NORM),
        labels=("without batch norm", "with batch norm"),
    ),
)


def _sizes(size: int, *others: int, batch_norm: bool) -> dict[str, Any]:
    """The settings and the labels of a batch size, and of those that it is compared with."""
    tail = " with batch norm" if batch_norm else ""
    return {
        "settings": {"batch_size": size, "batch_norm": batch_norm},
        "among": tuple({"batch_size": other, "batch_norm": batch_norm} for other in others),
        "labels": tuple(f"batch size {one}{tail}" for one in (size, *others)),
    }


BATCH_SIZE_CLAIMS = (
    best(
        "val_acc",
        by=DIGIT,
        because=DIGIT_REASON,
        name="batch-size-best",
        title="Size 128 best",
        statement="batch size 128 is best",
        reading="best validation accuracy, without batch norm",
        **_sizes(128, 1, 16, 1024, batch_norm=False),
    ),
    best(
        "val_acc",
        by=DIGIT,
        because=DIGIT_REASON,
        name="batch-size-best-with-batch-norm",
        title="Size 128 best, batch norm",
        statement="batch size 128 is best",
        reading="best validation accuracy, with batch norm",
        **_sizes(128, 16, 1024, batch_norm=True),
    ),
    best(
        "batch_losses",
        by=0.1,
        because="10 percent of the sd of the loss from batch to batch; less is not visible",
        direction="lower",
        name="batch-size-steadiest",
        title="Size 1024 has steadiest loss",
        statement="batch size 1024 has the steadiest loss",
        reading="smallest sd of the loss from batch to batch",
        quantity="spread",
        relative=True,
        **_sizes(1024, 1, 16, 128, batch_norm=False),
    ),
    worst(
        "single_s",
        by=0.5,
        because="half as long again: timings on a shared machine differ by less than that",
        name="batch-size-slowest",
        title="Size 1 is slowest",
        statement="batch size 1 is slowest",
        reading="longest epoch of one model, without batch norm",
        relative=True,
        **_sizes(1, 16, 128, 1024, batch_norm=False),
    ),
)
