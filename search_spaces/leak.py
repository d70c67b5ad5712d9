"""The study of the leak: whether test places that also stand in the training rows help a net.

The europe data from CSV files has such places; the embedded data has none, and there both trials
train on the same rows. What the leak adds cannot be read from one training: its test accuracy on
all rows and on the others differ by their mix of countries (a net at chance has 0.8 points).

With 13,363 test rows and these seeds the interval is some tenths of a point wide, so half a point
can be decided and a tenth of one cannot. A learning rate below the others' and batch norm keep
the last epoch calm, on which that depends.
"""

from dataclasses import replace

from search_spaces.mlp_study import ACCURACIES, LOSSES, mlp_study
from search_spaces.mlp_training_claims import ACC
from sweepbook import Claim

LEAK = replace(
    mlp_study(
        "leak",
        "Do test places that also stand in the training rows raise the test accuracy?",
        grid={"leak": ("kept", "removed")},
        fixed={"batch_norm": True, "width": 32, "lr": 0.0001, "epochs": 50},
        replicates=10,
        figures=(
            {
                "kind": "curves",
                "name": "leak-curves",
                "title": "With and without the training rows at the places of test rows",
                "metrics": ["val_acc", "test_acc"],
                "by": ["leak"],
            },
            {
                "kind": "table",
                "name": "leak-table",
                "title": "With and without the training rows at the places of test rows",
                "metrics": [*ACCURACIES, *LOSSES],
                "by": ["leak"],
                "at": ["last"],
            },
        ),
    ),
    trainable="trainables.mlp:train_mlp_leak",
    claims=(
        Claim(
            name="leak-adds-little",
            statement="",
            reading="without the training rows at the places of test rows the net is as good",
            kind="equivalence",
            metric="test_acc",
            fidelity="last",
            over="rows",
            target=0.0,
            smallest=ACC,
            reason="half a point: with these rows and seeds a tenth of one cannot be decided",
            arms=({"leak": "kept"}, {"leak": "removed"}),
            labels=("with these rows", "without them"),
        ),
    ),
)
