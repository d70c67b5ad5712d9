"""Claims of the MLP studies about training: learning rate, epochs, batch norm, batch size.

The smallest differences were set before any result was seen, from what a reader would act on:
half a point of accuracy (one accuracy on 13,000 test points has a sampling error of 0.2 points)
but a tenth of one, the last digit printed, where something is called best; 5 percent of a loss,
10 percent of a spread, half as long again for a time.
"""

from typing import Any

from sweepbook import Claim

ACC = 0.005
ACC_REASON = "half a point: more than twice the sampling error of one accuracy on 13,000 points"
DIGIT = 0.001
DIGIT_REASON = "a tenth of a point, the last digit printed: best means best"
LOSS = 0.05
LOSS_REASON = "5 percent of the loss: below it the curves cannot be told apart by eye"

LEARNING_RATE_CLAIMS = (
    Claim(
        name="lr-high-loss",
        statement="lr 1: validation loss stays at about 3.4 for all epochs",
        reading="the loss stays within 3.2 and 3.6",
        kind="equivalence",
        metric="val_loss",
        fidelity="every",
        target=3.4,
        smallest=0.2,
        reason="'about 3.4': what rounds to 3.2 .. 3.6, about the loss of guessing by shares",
        arms=({"lr": 1.0},),
        labels=("lr 1",),
    ),
    Claim(
        name="lr-high-does-not-learn",
        statement="lr 1: validation loss stays at about 3.4 for all epochs",
        reading="no replicate learns",
        kind="mixture",
        metric="val_acc",
        smallest=0.05,
        reason="5 points above the largest class's share is the least that we call learning",
        arms=({"lr": 1.0},),
        labels=("lr 1",),
    ),
    Claim(
        name="lr-low-still-falls",
        statement="lr 0.00001 does not converge within 50 epochs",
        reading="the loss still falls at the end",
        kind="threshold",
        quantity="change",
        metric="val_loss",
        direction="lower",
        since=40,
        fidelity=50,
        target=0.0,
        relative=True,
        smallest=0.01,
        reason="a converged net does not lose 1 percent of its loss in 10 epochs",
        arms=({"lr": 0.00001},),
        labels=("lr 0.00001",),
    ),
    Claim(
        name="lr-low-behind",
        statement="lr 0.00001 does not converge within 50 epochs",
        reading="the loss ends above that of lr 0.001",
        kind="direction",
        metric="val_loss",
        relative=True,
        smallest=LOSS,
        reason=LOSS_REASON,
        arms=({"lr": 0.00001}, {"lr": 0.001}),
        labels=("lr 0.00001", "lr 0.001"),
    ),
)

EPOCHS_CLAIMS = (
    Claim(
        name="epochs-still-falling-at-50",
        statement="validation loss still falls at 50 epochs",
        kind="threshold",
        quantity="change",
        metric="val_loss",
        direction="lower",
        since=40,
        fidelity=60,
        window=10,
        target=0.0,
        relative=True,
        smallest=0.02,
        reason="0.1 percent an epoch, the least fall that is worth training on for",
        arms=({"lr": 0.001},),
        labels=("the net",),
    ),
    Claim(
        name="epochs-rise-after-80",
        statement="after about epoch 80 it fluctuates and rises a little",
        reading="the loss rises",
        kind="threshold",
        quantity="change",
        metric="val_loss",
        since=80,
        fidelity=100,
        window=10,
        target=0.0,
        relative=True,
        smallest=0.01,
        reason="'a little': 1 percent is the least rise that a plotted curve shows",
        arms=({"lr": 0.001},),
        labels=("the net",),
    ),
    Claim(
        name="epochs-fluctuates-after-80",
        statement="after about epoch 80 it fluctuates and rises a little",
        reading="the loss fluctuates",
        kind="threshold",
        quantity="spread",
        metric="val_loss",
        since=80,
        fidelity="last",
        target=0.0,
        smallest=0.01,
        reason="0.01 nats from epoch to epoch is the least that a plotted curve shows",
        arms=({"lr": 0.001},),
        labels=("the net",),
    ),
)

_NORM, _PLAIN = {"batch_norm": True}, {"batch_norm": False}
_NORMS: dict[str, Any] = {
    "arms": (_NORM, _PLAIN),
    "labels": ("with batch norm", "without batch norm"),
}

BATCH_NORM_CLAIMS = (
    Claim(
        name="bn-final-accuracy",
        statement="final accuracy +2.5 points against no batch norm",
        reading="it is higher",
        kind="direction",
        metric="val_acc",
        smallest=ACC,
        reason=ACC_REASON,
        family="final",
        **_NORMS,
    ),
    Claim(
        name="bn-final-accuracy-size",
        statement="final accuracy +2.5 points against no batch norm",
        reading="by this much",
        kind="equivalence",
        metric="val_acc",
        target=0.025,
        smallest=0.01,
        reason="a point on either side: single last epochs scatter by that much",
        **_NORMS,
    ),
    Claim(
        name="bn-final-loss",
        statement="final loss lower by about 5 percent",
        reading="it is lower",
        kind="direction",
        metric="val_loss",
        direction="lower",
        relative=True,
        smallest=0.02,
        reason="2 percent: less would not be reported as a difference",
        family="final",
        **_NORMS,
    ),
    Claim(
        name="bn-final-loss-size",
        statement="final loss lower by about 5 percent",
        reading="by this much",
        kind="equivalence",
        metric="val_loss",
        relative=True,
        target=-0.05,
        smallest=0.03,
        reason="'about 5 percent': 2 to 8 percent round to it",
        **_NORMS,
    ),
    Claim(
        name="bn-first-epoch",
        statement="validation accuracy after epoch 1 is 0.795 with batch norm, 0.375 without",
        reading="it is higher with batch norm",
        kind="direction",
        metric="val_acc",
        fidelity=1,
        smallest=0.05,
        reason="5 points: the first epoch scatters by several points from seed to seed",
        **_NORMS,
    ),
    Claim(
        name="bn-first-epoch-size",
        statement="validation accuracy after epoch 1 is 0.795 with batch norm, 0.375 without",
        reading="by the difference of the two",
        kind="equivalence",
        metric="val_acc",
        fidelity=1,
        target=0.42,
        smallest=0.05,
        reason="5 points: the first epoch scatters by several points from seed to seed",
        **_NORMS,
    ),
    Claim(
        name="bn-head-start",
        statement=(
            "the net without batch norm reaches the epoch-1 accuracy of the one with it "
            "only at about epoch 50"
        ),
        kind="equivalence",
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


def _sizes(*sizes: int, batch_norm: bool) -> dict[str, Any]:
    tail = " with batch norm" if batch_norm else ""
    return {
        "arms": tuple({"batch_size": size, "batch_norm": batch_norm} for size in sizes),
        "labels": tuple(f"batch size {size}{tail}" for size in sizes),
    }


BATCH_SIZE_CLAIMS = (
    Claim(
        name="batch-size-best",
        statement="batch size 128 is best",
        reading="best validation accuracy, without batch norm",
        kind="winner",
        metric="val_acc",
        smallest=DIGIT,
        reason=DIGIT_REASON,
        **_sizes(128, 1, 16, 1024, batch_norm=False),
    ),
    Claim(
        name="batch-size-best-with-batch-norm",
        statement="batch size 128 is best",
        reading="best validation accuracy, with batch norm",
        kind="winner",
        metric="val_acc",
        smallest=DIGIT,
        reason=DIGIT_REASON,
        **_sizes(128, 16, 1024, batch_norm=True),
    ),
    Claim(
        name="batch-size-steadiest",
        statement="batch size 1024 has the steadiest loss",
        reading="smallest sd of the loss from batch to batch",
        kind="winner",
        quantity="spread",
        metric="batch_losses",
        direction="lower",
        relative=True,
        smallest=0.1,
        reason="10 percent of the sd of the loss from batch to batch; less is not visible",
        **_sizes(1024, 1, 16, 128, batch_norm=False),
    ),
    Claim(
        name="batch-size-slowest",
        statement="batch size 1 is slowest",
        reading="longest epoch of one model, without batch norm",
        kind="winner",
        metric="single_s",
        relative=True,
        smallest=0.5,
        reason="half as long again: timings on a shared machine differ by less than that",
        **_sizes(1, 16, 128, 1024, batch_norm=False),
    ),
)
